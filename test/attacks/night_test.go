package attacks

import (
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/exchange"
)

// night is a police district, two shelters, a duty, the coordinator and a foreign
// mission, none of which runs our code.
type night struct {
	*arena

	t                      *testing.T
	police, first, second  *site
	social, chief, embassy *site
}

// night goes the ways of a night, with everybody trying for more than their part.
func (a *arena) night(t *testing.T, police *site) {
	n := &night{
		arena: a, police: police, first: police.neighbour, second: a.enter(t, rival),
		social: a.enter(t, duty), chief: a.enter(t, coordination), embassy: a.enter(t, mission),
	}
	for _, attempt := range []struct {
		name string
		try  func(*testing.T)
	}{
		{"a candidate before its turn", n.beforeItsTurn},
		{"a provider that lost", n.lost},
		{"whom the hub turns to when nobody can", n.turnedTo},
		{"an acceptance by telephone that somebody else confirms", n.telephone},
		{"a question and its answer, taken elsewhere", n.questions},
		{"an emergency confirmed by who signed it", n.sameStaff},
		{"capacity", n.capacity},
		{"a mission in an ordinary case", n.missionInOrdinaryCase},
		{"a foreign mission", n.foreignMission},
	} {
		t.Run(attempt.name, func(t *testing.T) {
			during(t, n.police, n.first, n.second, n.social, n.chief, n.embassy)
			n.t = t
			attempt.try(t)
			n.healthy(t)
		})
	}
}

// bed is a request for tonight of an agency of these tests.
type bed struct {
	of       events.CaseID
	referral events.ReferralID
}

// about is a statement of a referral.
func (b bed) about(s *site, p events.Payload) events.Event {
	e := s.draft(p, b.of)
	if b.referral != "" {
		e.CorrelationID = b.referral
	}
	return e
}

func bedSections() events.Set[events.Section] {
	return events.Set[events.Section]{events.SectionIdentity, events.SectionContact, events.SectionNeeds, events.SectionRisk, events.SectionQuestion}
}

// tonight has the police ask for a bed, with a consent to any shelter.
func (n *night) tonight(order events.AskOrder, to ...events.AgencyID) bed {
	n.t.Helper()
	s, id := n.police, events.CaseID(uuid(n.t))
	s.admits(s.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, id))
	s.admits(s.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, id))
	s.admits(s.draft(agreed(events.Recipient{Class: events.Shelter}, events.PurposeAccommodation, bedSections()), id))
	slices.Sort(to)
	request := s.draft(&events.ReferralRequested{
		Said: now(), To: to, Purpose: events.PurposeAccommodation, Sections: bedSections(), Needs: events.Set[events.Need]{"emergency-shelter"},
		Urgency: events.Tonight, Order: order, Age: events.Adult,
	}, id)
	s.admits(request)
	return bed{id, request.ID}
}

func agreed(to events.Recipient, purpose events.Purpose, sections events.Set[events.Section]) *events.ConsentGiven {
	return &events.ConsentGiven{
		Said: now(), Recipient: to, Purpose: purpose, Sections: sections,
		Expires: events.At(time.Now().Add(240 * time.Hour)), By: events.ByPerson, Capacity: events.Clear,
		Language: "eng", Interpreter: events.NoInterpreter, Present: events.Set[events.Present]{"person-alone"},
	}
}

// seals has the police seal a section of the bed for a provider.
func (n *night) seals(b bed, to events.AgencyID, section events.Section) events.Event {
	n.t.Helper()
	return n.police.record(events.RecordHeader{
		To: to, Case: b.of, Referral: b.referral, Purpose: events.PurposeAccommodation, Type: events.TypeRecordSealed, Section: section,
	}, to)
}

// asking is a sealed question of a provider, or the answer to one.
func (b bed) asking(s *site, t events.Type, to, keyOf events.AgencyID) events.Event {
	return s.record(events.RecordHeader{
		To: to, Case: b.of, Referral: b.referral, Purpose: events.PurposeAccommodation, Type: t, Section: events.SectionQuestion,
	}, keyOf)
}

// in gives the agency that stands at a place of the order in which a request asks.
func (n *night) in(place int) *site {
	return []*site{n.second, n.first}[place] // beacon before harbour, as the set is written
}

// beforeItsTurn: who is not asked yet is sent nothing, and is told nothing when
// it tries: for it there is no such case.
func (n *night) beforeItsTurn(t *testing.T) {
	asked, later := n.in(0), n.in(1)
	before, heard := n.doctor(t).Agencies[later.id].Assigned, later.count()
	b := n.tonight(events.InTurn, provider, rival)
	for _, to := range []events.AgencyID{asked.id, later.id} {
		n.police.admits(n.seals(b, to, events.SectionIdentity))
		n.police.admits(n.seals(b, to, events.SectionNeeds))
	}
	asked.admits(b.about(asked, &events.ReferralAcknowledged{Said: now(), Duty: "duty-1"}))
	if after := n.doctor(t).Agencies[later.id].Assigned; after != before {
		t.Errorf("%s was sent %d things before its turn", later.id, after-before)
	}
	nowhere := bed{events.CaseID(uuid(t)), events.ReferralID(uuid(t))}
	for _, p := range []events.Payload{
		&events.ReferralAcknowledged{Said: now(), Duty: "duty-1"}, &events.ReferralAccepted{Said: now()}, &events.ReferralDeclined{Said: now(), Reason: "full"},
		&events.ErasureConfirmed{Said: now(), Answer: events.Erased}, &events.ConsentWithdrawn{Said: now(), Recipient: events.Recipient{Class: events.Shelter}},
	} {
		here, there := later.denied(mou.RuleCaseUnknown, b.about(later, p)), later.denied(mou.RuleCaseUnknown, nowhere.about(later, p))
		if here.Reason != there.Reason || here.entry.Pointer != there.entry.Pointer {
			t.Errorf("the answers to %s tell that the case exists: %q, %q", p.Type().Name(), here.Reason, there.Reason)
		}
	}
	later.denied(mou.RuleCaseUnknown, b.asking(later, events.TypeReferralAsked, thief, thief))
	tries := later.count()
	for _, name := range names(later.since(heard)) {
		if name != "refusal" {
			t.Errorf("%s was sent %s before its turn", later.id, name)
		}
	}
	asked.admits(b.about(asked, &events.ReferralDeclined{Said: now(), Reason: "full"}))
	later.hears(tries, "case.opened", "rights.informed", "referral.requested", "referral.escalated")
}

// lost: the other provider is told that it is no longer needed, and nothing after.
func (n *night) lost(t *testing.T) {
	b := n.tonight(events.AtOnce, provider, rival)
	for _, to := range []events.AgencyID{provider, rival} {
		n.police.admits(n.seals(b, to, events.SectionIdentity))
		n.police.admits(n.seals(b, to, events.SectionNeeds))
	}
	n.second.admits(b.about(n.second, &events.ReferralAcknowledged{Said: now(), Duty: "duty-1"}))
	n.second.settles(t)
	before := n.second.count()
	n.first.admits(b.about(n.first, &events.ReferralAccepted{Said: now()}))
	n.notNeeded(n.second, before, b)
	before = n.second.count()
	n.first.admits(b.about(n.first, &events.HandoverCompleted{Said: now()}))
	n.first.admits(b.about(n.first, &events.ServiceStarted{Said: now(), Need: "emergency-shelter"}))
	n.first.admits(b.about(n.first, &events.ReferralFeedback{Said: now(), Outcome: "completed"}))
	n.police.admits(n.police.draft(&events.RiskAssessed{Said: now(), WithPerson: true}, b.of))
	n.police.admits(n.police.draft(&events.ConsentWithdrawn{Said: now(), Recipient: events.Recipient{Agency: provider}}, b.of))
	for _, p := range []events.Payload{
		&events.ReferralAccepted{Said: now()}, &events.ReferralAcknowledged{Said: now(), Duty: "duty-2"}, &events.HandoverCompleted{Said: now()},
		&events.ReferralFeedback{Said: now(), Outcome: "completed"}, &events.ReferralConfirmed{Said: now(), Provider: provider},
	} {
		n.second.denied("", b.about(n.second, p))
	}
	n.second.denied("", b.asking(n.second, events.TypeReferralAsked, thief, thief))
	for _, name := range names(n.second.since(before)) {
		if name != "refusal" {
			t.Errorf("%s lost and was then sent %s", rival, name)
		}
	}
	n.police.admits(n.police.draft(&events.CaseClosed{Said: now(), Reason: "completed"}, b.of))
	n.second.admits(b.about(n.second, &events.ErasureConfirmed{Said: now(), Answer: events.Erased}))
}

// notNeeded checks the words with which somebody is told that it is no longer
// needed: that, besides the fate of a record that had been opened to it alone,
// and nothing of why or of whom.
func (n *night) notNeeded(s *site, before int, b bed) {
	n.t.Helper()
	told := 0
	for _, g := range s.since(before) {
		n.namesNobody(g, s.id)
		if g.event == nil || g.event.Agency() != events.HubAgency || g.event.Case() != b.of || g.event.Referral() != b.referral {
			n.t.Errorf("%s is told %v", s.id, names([]got{g}))
			continue
		}
		payload, err := events.Decode(g.event.Type, g.event.Data)
		must(n.t, err)
		switch p := payload.(type) {
		case *events.ReferralNotNeeded:
			told++
			if p.To != s.id {
				n.t.Errorf("%s is told that %s is no longer needed", s.id, p.To)
			}
		case *events.RecordErased: // recalled on its way
			if p.Reason != events.ErasedNotChosen && p.Reason != events.ErasedWithdrawn {
				n.t.Errorf("%s is told why a record was erased: %s", s.id, p.Reason)
			}
		default:
			n.t.Errorf("%s is told %s", s.id, p.Type().Name())
		}
	}
	if told != 1 {
		n.t.Errorf("%s is told %d times that it is no longer needed", s.id, told)
	}
}

// namesNobody checks that all of a delivery names no agency but those given.
func (n *night) namesNobody(g got, but ...events.AgencyID) {
	n.t.Helper()
	for id := range n.doctor(n.t).Agencies {
		if !slices.Contains(but, id) && contains(g.body, id) {
			n.t.Errorf("delivery %d, %v, names %s", g.Number, names([]got{g}), id)
		}
	}
}

// telephone: an acceptance by telephone opens nothing until the agency that
// asked says so too, whoever else does.
func (n *night) telephone(t *testing.T) {
	b := n.tonight(events.AtOnce, provider, rival)
	n.police.admits(n.seals(b, provider, events.SectionIdentity))
	n.first.settles(t)
	before := n.first.count()
	said := now()
	said.Channel = events.Telephone
	n.first.admits(b.about(n.first, &events.ReferralAccepted{Said: said}))
	confirmed := func(s *site) events.Event {
		return b.about(s, &events.ReferralConfirmed{Said: now(), Provider: provider})
	}
	for _, s := range []*site{n.first, n.second} {
		s.denied("", confirmed(s))
	}
	for _, s := range []*site{n.social, n.chief, n.embassy} {
		if g := s.denied("", confirmed(s)); g.entry.Rule != mou.RuleCaseUnknown && g.entry.Rule != mou.RulePower {
			t.Errorf("%s has no part in the case and is refused %s", s.id, g.entry.Rule)
		}
	}
	n.first.hears(before, "receipt", "refusal")
	before = n.first.count()
	n.police.admits(confirmed(n.police))
	if heard := names(n.first.since(before)); !slices.Contains(heard, "record.sealed") || !slices.Contains(heard, "record.released") {
		t.Errorf("confirmed by who asked, the acceptance opened only %v", heard)
	}
}

// questions: what is sealed for one provider cannot be given to another.
func (n *night) questions(*testing.T) {
	b := n.tonight(events.AtOnce, provider, rival)
	asked := b.asking(n.first, events.TypeReferralAsked, thief, thief)
	n.first.admits(asked)
	n.second.admits(b.asking(n.second, events.TypeReferralAsked, thief, thief))
	n.second.settles(n.t)
	before := n.second.count()
	answer := b.asking(n.police, events.TypeReferralAnswered, provider, provider)
	n.police.admits(answer)
	n.second.hears(before)

	replayed := b.asking(n.police, events.TypeReferralAnswered, rival, rival) // another's answer, under a name of its own
	replayed.Data, replayed.PlainCommit = slices.Clone(answer.Data), answer.PlainCommit
	n.police.denied(events.RuleRecordHeader, replayed)
	n.police.denied(events.RuleRecordHeader, b.asking(n.police, events.TypeReferralAnswered, rival, provider))
	stolen := b.asking(n.second, events.TypeReferralAsked, thief, thief) // another's question, as if it were one's own
	stolen.Data, stolen.PlainCommit = slices.Clone(asked.Data), asked.PlainCommit
	n.second.denied(events.RuleRecordHeader, stolen)
	n.first.denied(mou.RuleRecordNotAsked, b.asking(n.first, events.TypeReferralAsked, rival, rival))
	n.police.denied(mou.RuleRecordNotAsked, b.asking(n.police, events.TypeReferralAnswered, provider, provider)) // the question was answered
	n.first.denied("", b.asking(n.first, events.TypeReferralAnswered, rival, rival))
	n.second.hears(before, "refusal")
}

// sameStaff: nobody is the second person of what they signed themselves.
func (n *night) sameStaff(*testing.T) {
	s, b := n.police, bed{of: events.CaseID(uuid(n.t))}
	s.admits(s.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, b.of))
	disclosed := s.draft(&events.EmergencyDisclosed{
		Said: now(), Reason: "life", To: provider, Sections: events.Set[events.Section]{events.SectionContact}, Staff: "officer-1",
	}, b.of)
	s.admits(disclosed)
	confirmed := func(by *site, staff events.Staff) events.Event {
		return by.draft(&events.EmergencyConfirmed{Said: now(), Disclosure: disclosed.ID, Staff: staff, Person: "told"}, b.of)
	}
	s.denied(mou.RuleSecondPerson, confirmed(s, "officer-1"))
	for _, other := range []*site{n.first, n.second, n.social, n.embassy} {
		other.denied("", confirmed(other, "lead-2"))
	}
	s.admits(confirmed(s, "lead-2"))
}

// capacity: nobody speaks for another provider, and no word of theirs gets in.
func (n *night) capacity(t *testing.T) {
	room := &events.CapacityPublished{
		Said: now(), Needs: events.Set[events.Need]{"emergency-shelter"}, Sexes: events.Set[events.Sex]{"woman"}, Ages: events.Set[events.AgeClass]{events.Adult},
		Hours: events.Set[events.Hours]{"daily 00:00-24:00"}, Places: events.FewPlaces,
	}
	n.police.denied(mou.RulePower, n.police.draft(room, ""))
	n.embassy.denied(mou.RulePower, n.embassy.draft(room, ""))
	another := n.first.draft(room, "")
	another.Source, another.Subject = events.Source(n.file.Hub, rival), string(rival)
	n.first.refuses(events.RuleSourceMismatch, exchange.Encode(n.first.sign(another)))
	own := n.first.sign(n.first.draft(room, ""))
	own.Subject = string(rival)
	n.first.refuses(events.RuleAttributeSyntax, exchange.Encode(own))
	good := n.first.draft(room, "")
	for what, text := range map[string]string{
		"an address":        `{"address":"12 Invented Street",`,
		"a remark":          `{"remark":"ask for somebody",`,
		"words as region":   `{"region":"behind the church",`,
		"words as language": `{"languages":["whatever she speaks"],`,
		"words as places":   `{"access":["call somebody first"],`,
	} {
		t.Run(what, func(t *testing.T) {
			n.first.t = t
			e := n.first.draft(room, "")
			e.Data = []byte(text + string(good.Data[1:]))
			n.first.denied("", e)
		})
	}
	n.first.t = t
	n.embassy.settles(t)
	before := n.embassy.count()
	n.first.admits(n.first.draft(room, ""))
	n.embassy.hears(before)
}
