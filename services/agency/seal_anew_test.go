package agency

import (
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/events/seal"
)

const testProvider events.AgencyID = "hillside-shelter"

// asksProvider brings a case of the agency to the point at which a provider that
// joined later is asked.
func (l *aLog) asksProvider(a *Agency, provider ownKeys) (events.CaseID, events.ReferralID) {
	l.t.Helper()
	l.gives(a, l.delivers(l.joins(a, provider.listing)))
	of, now := newCaseID(l.t), time.Now()
	consent := a.book.memo.Profile.Bundles["bed"].Consent(now)
	consent.Recorded, consent.Channel = events.At(now), events.InPerson
	consent.By, consent.Capacity, consent.Language, consent.Interpreter = events.ByPerson, events.Clear, "ron", events.Independent
	consent.Present = events.Set[events.Present]{"person-alone"}
	request, err := newID("", now)
	l.must(err)
	for _, s := range []Statement{
		{Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}},
		{Payload: &events.RightsInformed{Said: justNow(), Language: "ron", Interpreter: events.Independent}},
		{Payload: &consent},
		{ID: request, Payload: &events.ReferralRequested{
			Said: justNow(), To: events.Set[events.AgencyID]{testProvider}, Purpose: events.PurposeAccommodation,
			Sections: events.Set[events.Section]{events.SectionContact}, Needs: events.Set[events.Need]{"emergency-shelter"}, Urgency: events.Standard, Age: events.Adult,
		}},
	} {
		s.Case = of
		l.admitted(a, s)
	}
	return of, request
}

// records lists what the agency's outbox holds for the provider, as the provider
// would read it.
func (l *aLog) records(a *Agency, key seal.SealingKey) (texts []string) {
	l.t.Helper()
	for _, s := range l.said(a) {
		if s.event.Type != events.TypeRecordSealed {
			continue
		}
		if text, err := key.Open(s.event.Data, s.event.PlainCommit); err == nil {
			texts = append(texts, string(text))
		}
	}
	return texts
}

// revoked ends the provider's keys at the hub, which erases what waits.
func (l *aLog) revoked(a *Agency, of events.CaseID, referral events.ReferralID) {
	l.t.Helper()
	var record events.EventID
	for _, s := range l.said(a) {
		if s.event.Type == events.TypeRecordSealed {
			record = s.event.ID
		}
	}
	l.gives(a, l.delivers(l.event(events.HubAgency, l.hub, string(testProvider), "", &events.DirectoryRevoked{Because: "keys-stolen"})),
		l.delivers(l.event(events.HubAgency, l.hub, string(of), referral, &events.RecordErased{Said: justNow(), Record: record, Reason: events.ErasedKeyEnded})))
}

func TestWhatIsHeldBackIsSealedAnewByItself(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	first, second := l.newKeys(testProvider, events.Shelter), l.newKeys(testProvider, events.Shelter)
	of, referral := l.asksProvider(a, first)
	l.holdsBack(a, of, time.Now())
	wish := Sealing{Case: of, Referral: referral, To: testProvider, Sections: events.Set[events.Section]{events.SectionContact}}
	_, err := a.SealTo(t.Context(), wish)
	if rule, _ := ruleAndReason(err); rule != RuleKeyUnwitnessed {
		t.Fatalf("before its key is witnessed: %v", err)
	}
	a.witnessed = l.tree.Size()
	l.must(errOf(a.SealTo(t.Context(), wish)))
	l.answersAll(a)
	if texts := l.records(a, first.sealing); len(texts) != 1 {
		t.Fatalf("sealed %d times", len(texts))
	}
	l.revoked(a, of, referral)
	a.sealAnew(t.Context())
	tasks, err := a.Tasks(t.Context())
	if l.must(err); len(tasks) != 1 || tasks[0].Kind != SealAnew || tasks[0].Ready {
		t.Errorf("while it has no key: %+v", tasks)
	}
	l.gives(a, l.delivers(l.joins(a, second.listing)))
	a.sealAnew(t.Context())
	if texts := l.records(a, second.sealing); len(texts) != 0 {
		t.Error("it is sealed to a key that nobody witnessed")
	}
	a.witnessed = l.tree.Size()
	a.sealAnew(t.Context())
	if texts := l.records(a, second.sealing); len(texts) != 1 || texts[0] != `{"phone":"`+marker+`"}` {
		t.Errorf("sealed anew: %v", texts)
	}
	l.answersAll(a)
	a.sealAnew(t.Context())
	tasks, err = a.Tasks(t.Context())
	if l.must(err); len(tasks) != 0 || len(l.records(a, second.sealing)) != 1 || len(a.alarms.list()) != 0 {
		t.Errorf("%+v %+v", tasks, a.alarms.list())
	}
}

func TestPeopleAreAskedForWhatIsNotHeldBack(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	first, second := l.newKeys(testProvider, events.Shelter), l.newKeys(testProvider, events.Shelter)
	of, referral := l.asksProvider(a, first)
	a.witnessed = l.tree.Size()
	l.must(errOf(a.SealTo(t.Context(), Sealing{
		Case: of, Referral: referral, To: testProvider, Sections: events.Set[events.Section]{events.SectionContact},
		Values: map[events.Section]jsontext.Value{events.SectionContact: jsontext.Value(`{"phone":"first"}`)},
	})))
	l.answersAll(a)
	l.revoked(a, of, referral)
	l.gives(a, l.delivers(l.joins(a, second.listing)))
	a.witnessed = l.tree.Size()
	a.sealAnew(t.Context())
	l.must(a.Close())
	b := l.opened()
	b.witnessed = l.tree.Size()
	tasks, err := b.Tasks(t.Context())
	if l.must(err); len(tasks) != 1 || tasks[0].Kind != SealAnew || !tasks[0].Ready {
		t.Fatalf("%+v", tasks)
	}
	if _, err := b.AnswerTask(t.Context(), tasks[0].ID, []byte(`{}`)); err == nil {
		t.Error("an answer that says nothing was taken")
	}
	l.must(errOf(b.AnswerTask(t.Context(), tasks[0].ID, []byte(`{"values":{"contact":{"phone":"second"}}}`))))
	if texts := l.records(b, second.sealing); len(texts) != 1 || texts[0] != `{"phone":"second"}` {
		t.Errorf("%v", texts)
	}
	l.answersAll(b)
	tasks, err = b.Tasks(t.Context())
	if l.must(err); len(tasks) != 0 {
		t.Errorf("it is asked again: %+v", tasks)
	}
}

// The recipient replaced its key while the record was on its way: the hub refuses
// it, and it is sealed anew to the new one.
func TestARecordThatCameTooLateForAKeyIsSealedAnew(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	provider, next := l.newKeys(testProvider, events.Shelter), l.newKeys(testProvider, events.Shelter)
	of, referral := l.asksProvider(a, provider)
	l.holdsBack(a, of, time.Now())
	a.witnessed = l.tree.Size()
	ids, err := a.SealTo(t.Context(), Sealing{Case: of, Referral: referral, To: testProvider, Sections: events.Set[events.Section]{events.SectionContact}})
	l.must(err)
	keyed := l.event(testProvider, provider.signing, string(testProvider), "", &events.DirectoryKeyed{
		Listing: seal.NewListing(testProvider, events.Shelter, provider.signing, next.sealing, provider.listing.Witness, testHub.Origin()),
	})
	l.gives(a, l.delivers(keyed))
	for _, s := range l.said(a) {
		if s.event.ID == ids[0] {
			l.gives(a, l.refuses(s.event, events.RuleKeyReplaced))
		}
	}
	a.witnessed = l.tree.Size()
	a.sealAnew(t.Context())
	if texts := l.records(a, next.sealing); len(texts) != 1 {
		t.Errorf("sealed anew %d times; %+v", len(texts), a.alarms.list())
	}
}

// The recipient came back with new keys and rests: what is to be sealed anew waits
// until it takes part, and is not given up.
func TestWhatIsToBeSealedAnewWaitsForARecipientThatRests(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	first, second := l.newKeys(testProvider, events.Shelter), l.newKeys(testProvider, events.Shelter)
	of, referral := l.asksProvider(a, first)
	l.holdsBack(a, of, time.Now())
	a.witnessed = l.tree.Size()
	l.must(errOf(a.SealTo(t.Context(), Sealing{Case: of, Referral: referral, To: testProvider, Sections: events.Set[events.Section]{events.SectionContact}})))
	l.answersAll(a)
	l.revoked(a, of, referral)
	l.gives(a, l.delivers(l.joins(a, second.listing)),
		l.delivers(l.event(events.HubAgency, l.hub, string(testProvider), "", &events.DirectorySuspended{Because: "device-lost"})))
	a.witnessed = l.tree.Size()
	a.sealAnew(t.Context())
	if tasks, err := a.Tasks(t.Context()); err != nil || len(tasks) != 1 || tasks[0].Kind != SealAnew {
		t.Errorf("while it rests: %+v, %v", tasks, err)
	}
	l.gives(a, l.delivers(l.event(events.HubAgency, l.hub, string(testProvider), "", &events.DirectoryResumed{})))
	a.sealAnew(t.Context())
	if texts := l.records(a, second.sealing); len(texts) != 1 {
		t.Errorf("once it takes part again it is sealed anew %d times", len(texts))
	}
}
