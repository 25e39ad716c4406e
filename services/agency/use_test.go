package agency

import (
	"testing"
	"time"

	"handrail/events"
)

// taken brings a person into the shelter's care: one record is released, and
// the person has arrived.
func (l *aLog) taken(a *Agency) (events.CaseID, events.ReferralID, Opening) {
	l.t.Helper()
	of, referral, record := l.accepted(a, same)
	l.gives(a, l.delivers(l.agrees(of, 30*day)), l.delivers(record), l.delivers(l.releases(record)))
	l.admitted(a, Statement{Case: of, Referral: referral, Payload: &events.HandoverCompleted{Said: justNow()}})
	return of, referral, Opening{Case: of, Record: record.ID, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent", Reader: "duty-1"}
}

// agrees is the person's consent to a shelter, as the police record it.
func (l *aLog) agrees(of events.CaseID, lasting time.Duration) events.Event {
	return l.says(of, "", &events.ConsentGiven{
		Said: justNow(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation,
		Sections: events.Set[events.Section]{events.SectionIdentity}, Expires: events.At(time.Now().Add(lasting)),
		By: events.ByPerson, Capacity: events.Clear, Language: "ron", Interpreter: events.Independent, Present: events.Set[events.Present]{"person-alone"},
	})
}

func (l *aLog) withdraws(of events.CaseID) events.Event {
	return l.says(of, "", &events.ConsentWithdrawn{Said: justNow(), Recipient: events.Recipient{Class: events.Shelter}})
}

// reads says which rule stands against reading, and checks that the list of
// sections says the same.
func (l *aLog) reads(a *Agency, wish Opening) events.Rule {
	l.t.Helper()
	_, err := a.Open(l.t.Context(), wish)
	var rule events.Rule
	if err != nil {
		rule, _ = ruleAndReason(err)
	}
	sections, err := a.Sections(wish.Case)
	l.must(err)
	if len(sections) != 1 || sections[0].Open != (rule == "") || sections[0].Rule != rule {
		l.t.Errorf("opening says %q, the list %+v", rule, sections)
	}
	return rule
}

func TestAWithdrawalAfterTheArrivalEndsUseWhateverIsAnswered(t *testing.T) {
	for answer, after := range map[events.ErasureAnswer]events.Rule{
		events.Restricted: RuleUseEnded, events.Kept: RuleUseEnded, events.Erased: RuleRecordErased,
	} {
		l := newLog(t)
		a := l.joined()
		of, referral, wish := l.taken(a)
		if rule := l.reads(a, wish); rule != "" {
			t.Fatalf("in the shelter's care: %s", rule)
		}
		l.gives(a, l.delivers(l.withdraws(of)))
		if rule := l.reads(a, wish); rule != RuleUseEnded {
			t.Errorf("after the withdrawal: %q", rule)
		}
		l.gives(a, l.delivers(l.agrees(of, 30*day)))
		if rule := l.reads(a, wish); rule != RuleUseEnded {
			t.Errorf("after a new consent, with the answer outstanding: %q", rule)
		}
		confirmed := &events.ErasureConfirmed{Said: justNow(), Answer: answer}
		if answer != events.Erased {
			confirmed.Ground, confirmed.Until = "court-order", events.At(time.Now().Add(day))
		}
		l.admitted(a, Statement{Case: of, Referral: referral, Payload: confirmed})
		if rule := l.reads(a, wish); rule != after {
			t.Errorf("after the answer %s: %q", answer, rule)
		}
		// A new yes opens what is sealed anew, not what was answered for.
		l.gives(a, l.delivers(l.agrees(of, 30*day)))
		if rule := l.reads(a, wish); rule != after {
			t.Errorf("after the answer %s and one more consent: %q", answer, rule)
		}
	}
}

func TestConsentThatRanOutEndsUse(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, _, wish := l.taken(a)
	a.now = func() time.Time { return time.Now().Add(31 * day) }
	if rule := l.reads(a, wish); rule != RuleUseEnded {
		t.Errorf("after the consent ran out: %q", rule)
	}
	a.now = time.Now
	l.gives(a, l.delivers(l.agrees(of, 90*day)))
	a.now = func() time.Time { return time.Now().Add(31 * day) }
	if rule := l.reads(a, wish); rule != "" {
		t.Errorf("the person was asked again and said yes: %q", rule)
	}
}

// What the ledger has not admitted may still be refused: then the log says that
// the shelter holds the record, and it must be there.
func TestARecordIsErasedWhenTheLedgerHasAdmittedItNotBefore(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, referral, wish := l.taken(a)
	l.gives(a, l.delivers(l.withdraws(of)))
	confirm := func() events.Event {
		ids, err := a.Say(t.Context(), Statement{Case: of, Referral: referral, Payload: &events.ErasureConfirmed{Said: justNow(), Answer: events.Erased}})
		l.must(err)
		rows, err := readOutbox(t.Context(), a.journal.reader, a.keys, `WHERE id = ?`, string(ids[0]))
		l.must(err)
		return rows[0].event
	}
	held := func() (bytes int) {
		l.must(a.journal.reader.QueryRowContext(t.Context(), `SELECT length(data) FROM inbox WHERE record = ?`, string(wish.Record)).Scan(&bytes))
		return bytes
	}
	first := confirm()
	if held() == 0 {
		t.Fatal("the record was destroyed before the ledger answered")
	}
	if rule := l.reads(a, wish); rule != RuleRecordErased {
		t.Errorf("while the answer waits: %q", rule)
	}
	l.gives(a, l.refuses(first, "not-permitted"))
	if rule := l.reads(a, wish); held() == 0 || rule != RuleUseEnded {
		t.Errorf("after a refusal: %d bytes, %q", held(), rule)
	}
	l.gives(a, l.receipts(confirm()))
	if rule := l.reads(a, wish); held() != 0 || rule != RuleRecordErased {
		t.Errorf("after the receipt: %d bytes, %q", held(), rule)
	}
	if left, err := a.journal.residue(t.Context()); left || err != nil {
		t.Errorf("the journal's files were not purged: %v", err)
	}
}
