package ledger

import (
	"maps"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

// without says that a site was given none of these events.
func (w *world) without(s *site, all ...events.Event) {
	w.t.Helper()
	w.settled()
	for _, e := range all {
		if _, got := s.find(e.ID); got {
			w.t.Errorf("%s got %s", s.id, e.Type.Name())
		}
	}
}

func TestWhatIsDangerousOpensToANamedDutyWorkerAndWhoTheyAreOnAcceptance(t *testing.T) {
	n := newNight(t)
	c, referral, records := n.tonight(events.AtOnce, shelter, shelter2)
	one, two := n.agencies[shelter], n.agencies[shelter2]
	one.admitted(one.say(&events.ReferralAcknowledged{Said: now(), Duty: "duty-3"}, c.id, referral))
	one.has(records[shelter][events.SectionRisk])
	n.without(one, records[shelter][events.SectionContact])
	two.admitted(two.say(&events.ReferralAcknowledged{Said: now()}, c.id, referral)) // nobody is named: nothing opens
	n.without(two, records[shelter2][events.SectionRisk], records[shelter2][events.SectionContact])

	two.admitted(two.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	two.has(records[shelter2][events.SectionContact])
	spared := hears(c, one, "no longer needed", func(p *events.ReferralNotNeeded) bool { return p.To == shelter })
	if spared.CausationID != spared.ID {
		t.Error("the shelter that is not needed is told by what: it does not see who accepted")
	}
	hears(c, n.agencies[police], "no longer needed", func(p *events.ReferralNotNeeded) bool { return p.To == shelter })
	if k := n.count("SELECT count(*) FROM deadline WHERE rule = $1 AND agency = $2 AND state = 'pending'", string(mou.ClockErasure), string(shelter)); k != 1 {
		t.Errorf("%d answers are asked of the shelter that opened what is dangerous and was not chosen, want one", k)
	}
	n.without(one, records[shelter][events.SectionContact])
	one.admitted(one.say(&events.ErasureConfirmed{Said: now(), Answer: events.Erased}, c.id, referral))
	n.settled()
	if got, want := c.hubSaid(), map[string]int{"record.released": 3, "record.erased": 2, "referral.not-needed": 1}; !maps.Equal(got, want) {
		t.Errorf("the hub said %v, want %v", got, want)
	}
	for _, name := range two.types() {
		if name == "event referral.not-needed" {
			t.Error("the shelter that accepted hears that another is not needed")
		}
	}
	n.check()
	n.shown(c)
}

func TestAQuestionAndItsAnswerAreReleasedAtOnce(t *testing.T) {
	n := newNight(t)
	c, referral, _ := n.tonight(events.AtOnce, shelter, shelter2)
	p, one, two := n.agencies[police], n.agencies[shelter], n.agencies[shelter2]
	question := one.submit(one.sign(one.sealedAs(events.TypeReferralAsked, p, c.id, referral, events.SectionQuestion, events.PurposeAccommodation)))
	one.admitted(question)
	if got := p.has(question); got.event.PlainCommit == "" {
		t.Error("the question came without its commitment")
	}
	answer := p.submit(p.sign(p.sealedAs(events.TypeReferralAnswered, one, c.id, referral, events.SectionQuestion, events.PurposeAccommodation)))
	p.admitted(answer)
	if got := one.has(answer); len(got.event.Data) == 0 {
		t.Error("the answer came empty")
	}
	n.without(two, question, answer)
	n.check()
	n.shown(c)

	// It opened the answer: when another accepts, it says what became of it, and then the hub destroys its own copy.
	two.admitted(two.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	hears(c, one, "no longer needed", func(p *events.ReferralNotNeeded) bool { return p.To == shelter })
	one.admitted(one.say(&events.ErasureConfirmed{Said: now(), Answer: events.Erased}, c.id, referral))
	n.settled()
	if k := n.count("SELECT count(*) FROM payload WHERE number = $1", n.entryOf(answer)); k != 0 {
		t.Error("the hub still has the answer")
	}
	n.check()
	n.shown(c)
}

func TestAnAcceptanceByTelephoneCountsWhenBothSidesHaveSaidSo(t *testing.T) {
	n := newNight(t)
	c, referral, records := n.tonight(events.AtOnce, shelter, shelter2)
	p, one := n.agencies[police], n.agencies[shelter]
	said := now()
	said.Channel = events.Telephone
	one.admitted(one.say(&events.ReferralAccepted{Said: said}, c.id, referral))
	n.without(one, records[shelter][events.SectionContact])
	p.admitted(p.say(&events.ReferralConfirmed{Said: now(), Provider: shelter}, c.id, referral))
	one.has(records[shelter][events.SectionContact])
	hears(c, n.agencies[shelter2], "no longer needed", func(p *events.ReferralNotNeeded) bool { return p.To == shelter2 })
	n.check()
	if text := n.shown(c); !strings.Contains(text, "harbour-shelter had accepted by telephone") {
		t.Errorf("the trail does not say so:\n%s", text)
	}
}
