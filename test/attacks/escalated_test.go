package attacks

import (
	"slices"
	"strings"
	"testing"

	"handrail/events"
)

func contains(text string, id events.AgencyID) bool { return strings.Contains(text, string(id)) }

// turnedTo: nobody is staffed, so the coordinator is told; then a duty is. Each
// gets one statement, and can neither read nor say anything else of the case.
func (n *night) turnedTo(t *testing.T) {
	n.chases(n.chief)
	n.social.admits(n.social.draft(&events.CapacityPublished{
		Said: now(), Needs: events.Set[events.Need]{"material"}, Sexes: events.Set[events.Sex]{"woman"}, Ages: events.Set[events.AgeClass]{events.Adult},
		Hours: events.Set[events.Hours]{"daily 00:00-24:00"}, Places: events.NoPlaces,
	}, ""))
	n.chief.settles(t)
	n.chases(n.social)
}

// chases has nobody take the person, and the hub turn to somebody.
func (n *night) chases(told *site) {
	n.t.Helper()
	told.settles(n.t)
	before := told.count()
	b := n.tonight(events.AtOnce, provider)
	n.police.admits(n.seals(b, provider, events.SectionIdentity))
	n.first.admits(b.about(n.first, &events.ReferralDeclined{Said: now(), Reason: "full"}))
	for _, g := range told.hears(before, "referral.escalated") {
		n.namesNobody(g, told.id, thief) // whom to call is said
	}
	before = told.count()
	n.police.admits(n.police.draft(&events.RiskAssessed{Said: now(), WithPerson: true}, b.of))
	for _, e := range n.everything(told, b) {
		told.denied("", e)
	}
	if heard := names(told.since(before)); slices.ContainsFunc(heard, func(name string) bool { return name != "refusal" }) {
		n.t.Errorf("%s was sent %v of the case", told.id, heard)
	}
	if told.doctor(n.t).Agencies[told.id].Assigned != uint64(told.count()) {
		n.t.Errorf("%s was sent more than it got", told.id)
	}
}

// everything is what an agency could say about somebody else's referral.
func (n *night) everything(s *site, b bed) []events.Event {
	n.t.Helper()
	said := now()
	var all []events.Event
	for _, p := range []events.Payload{
		&events.ReferralAcknowledged{Said: said, Duty: "duty-1"}, &events.ReferralAccepted{Said: said}, &events.ReferralDeclined{Said: said, Reason: "full"},
		&events.ReferralConfirmed{Said: said, Provider: provider}, &events.ReferralWithdrawn{Said: said, Reason: "person-declined"},
		&events.ReferralFeedback{Said: said, Outcome: "completed"}, &events.HandoverCompleted{Said: said}, &events.ServiceStarted{Said: said, Need: "emergency-shelter"},
		&events.ErasureConfirmed{Said: said, Answer: events.Erased},
	} {
		all = append(all, b.about(s, p))
	}
	for _, p := range []events.Payload{
		&events.CaseOpened{Said: said, Age: events.Adult}, &events.RightsInformed{Said: said, Language: "eng", Interpreter: events.NoInterpreter},
		&events.RiskAssessed{Said: said, WithPerson: true}, agreed(events.Recipient{Agency: s.id}, events.PurposeAccommodation, bedSections()),
		&events.ConsentWithdrawn{Said: said, Recipient: events.Recipient{Class: events.Shelter}},
		&events.NoticeSent{Said: said, To: coordination, Age: events.Adult}, &events.CaseClosed{Said: said, Reason: "completed"},
		&events.HelpDeclined{Said: said, WayBack: "hotline-number"}, &events.PersonMissing{Said: said}, &events.AgeDetermined{Said: said, Age: events.Adult},
		&events.EmergencyDisclosed{Said: said, Reason: "life", To: s.id, Sections: events.Set[events.Section]{events.SectionIdentity}, Staff: "duty-1"},
		&events.CaseLinked{Said: said, Case: events.CaseID(uuid(n.t)), For: events.LinkConsular}, &events.AsylumSought{Said: said},
		&events.ReferralRequested{
			Said: said, To: events.Set[events.AgencyID]{s.id}, Purpose: events.PurposeAccommodation, Sections: bedSections(),
			Needs: events.Set[events.Need]{"emergency-shelter"}, Urgency: events.Tonight, Age: events.Adult,
		},
	} {
		all = append(all, s.draft(p, b.of))
	}
	for _, of := range []events.Type{events.TypeReferralAsked, events.TypeReferralAnswered} {
		all = append(all, b.asking(s, of, thief, thief))
	}
	disputed := b.about(s, &events.RecordDisputed{Said: said, Record: events.EventID(uuid(n.t))})
	return append(all, disputed, s.sealed(b.of, b.referral, thief, thief))
}

// consular is what a mission may be told of a person, if they agree.
func consular() events.Set[events.Section] {
	return events.Set[events.Section]{events.SectionIdentity, events.SectionTravel}
}

// sends is a record for the mission.
func (n *night) sends(b bed) events.Event {
	n.t.Helper()
	return n.police.record(events.RecordHeader{
		To: mission, Case: b.of, Referral: b.referral, Purpose: events.PurposeConsular, Type: events.TypeRecordSealed, Section: events.SectionIdentity,
	}, mission)
}

// addressed is a request to the mission.
func (n *night) addressed(of events.CaseID) events.Event {
	return n.police.draft(&events.ReferralRequested{
		Said: now(), To: events.Set[events.AgencyID]{mission}, Purpose: events.PurposeConsular, Sections: consular(),
		Needs: events.Set[events.Need]{"documents"}, Urgency: events.Standard, Age: events.Adult,
	}, of)
}

// opens has the police open a case, for a mission if one is named.
func (n *night) opens(kind events.LinkKind) events.CaseID {
	n.t.Helper()
	s, id := n.police, events.CaseID(uuid(n.t))
	s.admits(s.draft(&events.CaseOpened{Said: now(), Age: events.Adult, For: kind}, id))
	s.admits(s.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, id))
	return id
}

func (n *night) consents(of events.CaseID) {
	n.t.Helper()
	n.police.admits(n.police.draft(agreed(events.Recipient{Class: events.ForeignMission}, events.PurposeConsular, consular()), of))
}
