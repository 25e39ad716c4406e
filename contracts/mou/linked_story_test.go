package mou_test

import (
	"errors"
	"slices"
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

// pair is a person's own case and the one opened for a foreign mission, told to
// one ledger: an act is admitted in one case only with what the hub says of it
// in the other.
type pair struct {
	own, linked *story
}

func newPair(t *testing.T, owner events.AgencyID) *pair {
	t.Helper()
	p := &pair{newStory(t), newStory(t)}
	p.linked.id, p.linked.number = events.CaseID(uuid(5000)), 6000
	p.own.begun(owner, events.Adult)
	p.linked.says(owner, "", &events.CaseOpened{Said: p.linked.said(), Age: events.Adult, For: events.LinkConsular})
	p.linked.says(owner, "", p.linked.rights())
	return p
}

// says admits a statement in the own case with its consequences in the linked one.
func (p *pair) says(by events.AgencyID, what events.Payload) error {
	p.own.t.Helper()
	a := p.own.act(by, "", what)
	if err := p.own.c.Judge(a, p.own.now); err != nil {
		return err
	}
	elsewhere := p.own.c.Elsewhere(a)
	for _, e := range elsewhere {
		if e.Case != p.linked.id {
			return events.Refuse(mou.RuleCaseUnknown, "", "there is no such case")
		}
		if _, err := p.linked.c.Apply(p.linked.act(events.HubAgency, "", e.Payload), p.linked.now); err != nil {
			return err
		}
	}
	p.own.says(by, "", what)
	for _, e := range elsewhere {
		p.linked.says(events.HubAgency, "", e.Payload)
	}
	if got := p.own.c.Elsewhere(a); len(got) != len(elsewhere) {
		p.own.t.Errorf("once admitted, the act has other consequences: %v, then %v", elsewhere, got)
	}
	return nil
}

func (p *pair) link() events.Payload {
	return &events.CaseLinked{Said: p.own.said(), Case: p.linked.id, For: events.LinkConsular}
}

func (p *pair) must(by events.AgencyID, what events.Payload) {
	p.own.t.Helper()
	if err := p.says(by, what); err != nil {
		p.own.t.Fatalf("%s says %s: %v", by, what.Type().Name(), err)
	}
}

// referred goes on until the embassy holds a record.
func (p *pair) referred() events.ReferralID {
	p.own.t.Helper()
	s := p.linked
	s.says(police, "", s.bundle("embassy"))
	r := s.says(police, "", s.asksFor(events.PurposeConsular, []events.Section{events.SectionIdentity, events.SectionTravel}, embassy))
	s.says(police, r, sealFor(embassy, events.PurposeConsular, events.SectionTravel))
	s.says(embassy, r, &events.ReferralAccepted{Said: s.said()})
	s.hub()
	return r
}

func (p *pair) ask() *events.ReferralRequested {
	return p.linked.asksFor(events.PurposeConsular, []events.Section{events.SectionTravel}, embassy)
}

func TestAnEmbassyIsAddressedInALinkedCaseAlone(t *testing.T) {
	p := newPair(t, police)
	p.linked.says(police, "", p.linked.bundle("embassy"))
	p.linked.mayNot(mou.RuleNotPermitted, police, "", p.ask())
	p.must(police, p.link())
	r := p.referred()
	s := p.linked
	s.says(embassy, r, &events.NationalityVerified{Said: s.said()})
	s.mayNot(mou.RuleTravelDocument, embassy, r, &events.TravelDocumentIssued{Said: s.said(), Until: events.At(morning)})
	s.says(embassy, r, &events.TravelDocumentIssued{Said: s.said(), Until: events.At(s.now.AddDate(0, 1, 0))})
	if got := p.own.c.SeenBy(embassy); got != nil {
		t.Errorf("the embassy sees %v of the person's own case", got)
	}
	for _, i := range s.c.View(embassy).Trail() {
		if i.By == events.HubAgency && i.Type != events.TypeRecordReleased {
			t.Errorf("the embassy sees the hub's %s", i.Name())
		}
	}
	s.mayNot(mou.RuleMissionLinked, police, "", s.asks(lightship))
	s.mayNot(mou.RuleMissionLinked, police, "", &events.NoticeSent{Said: s.said(), To: office, Age: events.Adult})
	p.own.says(police, "", p.own.bundle("embassy"))
	p.own.mayNot(mou.RuleMissionLinked, police, "", p.own.asksFor(events.PurposeConsular, []events.Section{events.SectionTravel}, embassy))
}

func TestWhileAsylumIsSoughtNoEmbassyIsAddressedAndNobodyIsToldWhy(t *testing.T) {
	p := newPair(t, police)
	p.must(police, p.link())
	r := p.referred()
	p.linked.says(police, r, sealFor(embassy, events.PurposeConsular, events.SectionIdentity))

	// the shelter, to which the person speaks, says so in the person's own case
	p.own.says(police, "", p.own.bundle("bed"))
	bed := p.own.says(police, "", p.own.asks(lightship))
	p.own.says(lightship, bed, &events.ReferralAccepted{Said: p.own.said()})
	before := [][]byte{marshal(t, p.own.c.View(police)), marshal(t, p.linked.c.View(police)), marshal(t, p.linked.c.View(embassy))}
	p.must(lightship, &events.AsylumSought{Said: p.own.said()})
	after := [][]byte{marshal(t, p.own.c.View(police)), marshal(t, p.linked.c.View(police)), marshal(t, p.linked.c.View(embassy))}
	if !slices.EqualFunc(before, after, slices.Equal) {
		t.Error("police or embassy see that asylum is sought, or that the hub barred the mission")
	}

	s := p.linked
	for _, said := range s.hub() {
		if kind := said.Type(); kind != events.TypeRecordErased && kind != events.TypeReferralNotNeeded {
			t.Errorf("the hub says %s", kind.Name())
		}
	}
	if got := s.c.Referrals()[0].Legs[0]; got.State != mou.LegNotChosen || !got.Owes {
		t.Errorf("the embassy's part is %+v, want over, and an answer owed for what it holds", got)
	}
	s.mayNot(mou.RuleNotPermitted, police, "", p.ask())
	own := s.c.View(police)
	if moves := own.Next(police, s.now); !slices.ContainsFunc(moves, func(m mou.Move) bool { return m.Type == events.TypeReferralRequested && m.Allowed }) {
		t.Error("the button is grey for a reason that the police must not know")
	}
	s.says(embassy, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})

	p.must(lightship, &events.AsylumEnded{Said: p.own.said()})
	s.says(police, "", p.ask())
}

func TestACaseIsNotLinkedWhileAsylumIsSought(t *testing.T) {
	for owner, want := range map[events.AgencyID]events.Rule{police: mou.RuleNotPermitted, social: mou.RuleAsylumSought} {
		p := newPair(t, owner)
		p.own.says(owner, "", p.own.bundle("bed"))
		bed := p.own.says(owner, "", p.own.asks(lightship))
		p.own.says(lightship, bed, &events.ReferralAccepted{Said: p.own.said()})
		p.must(lightship, &events.AsylumSought{Said: p.own.said()})
		p.own.sees(owner, owner == social)
		if got := ruleOf(p.says(owner, p.link())); got != want {
			t.Errorf("%s links the case and is told %q, want %q", owner, got, want)
		}
		p.must(lightship, &events.AsylumEnded{Said: p.own.said()})
		p.must(owner, p.link())
	}
}

// As long as one desk knows that asylum is sought it is; another's word that it
// has ended takes back only what that desk knows of.
func TestWhoDoesNotHearOfAsylumCannotEndIt(t *testing.T) {
	p := newPair(t, police)
	p.must(police, p.link())
	p.own.says(police, "", p.own.bundle("bed"))
	bed := p.own.says(police, "", p.own.asks(lightship))
	p.own.says(lightship, bed, &events.ReferralAccepted{Said: p.own.said()})
	p.must(lightship, &events.AsylumSought{Said: p.own.said()})
	p.own.mayNot(mou.RuleAsylumSought, police, "", &events.AsylumEnded{Said: p.own.said()})
	p.must(police, &events.AsylumSought{Said: p.own.said()})
	p.must(police, &events.AsylumEnded{Said: p.own.said()})
	p.linked.says(police, "", p.linked.bundle("embassy"))
	p.linked.mayNot(mou.RuleNotPermitted, police, "", p.ask())
}

func TestOnlyAnOpenCaseOfTheSameDeskIsLinked(t *testing.T) {
	t.Run("of another desk", func(t *testing.T) {
		p := newPair(t, police)
		p.own = newStory(t)
		p.own.begun(social, events.Adult)
		if v, refused := errors.AsType[*events.Violation](p.says(social, p.link())); !refused || v.Rule != mou.RuleMissionLinked {
			t.Errorf("linking another desk's case: %v", v)
		}
	})
	t.Run("closed", func(t *testing.T) {
		p := newPair(t, police)
		p.linked.says(police, "", &events.CaseClosed{Said: p.linked.said(), Reason: "completed"})
		if err := p.says(police, p.link()); err == nil {
			t.Error("a closed case was linked")
		}
	})
	t.Run("twice", func(t *testing.T) {
		p := newPair(t, police)
		p.must(police, p.link())
		p.own.mayNot(mou.RuleMissionLinked, police, "", p.link())
		other := newPair(t, police)
		other.linked = p.linked
		if err := other.says(police, other.link()); err == nil {
			t.Error("a case was linked from two")
		}
	})
	t.Run("not opened for a mission", func(t *testing.T) {
		p := newPair(t, police)
		p.linked = newStory(t)
		p.linked.id = events.CaseID(uuid(5000))
		p.linked.begun(police, events.Adult)
		if err := p.says(police, p.link()); err == nil {
			t.Error("an ordinary case was linked for a mission")
		}
	})
	t.Run("closed when asylum has ended", func(t *testing.T) {
		p := newPair(t, social)
		p.must(social, p.link())
		p.must(social, &events.AsylumSought{Said: p.own.said()})
		p.linked.says(social, "", &events.CaseClosed{Said: p.linked.said(), Reason: "completed"})
		p.must(social, &events.AsylumEnded{Said: p.own.said()})
	})
}
