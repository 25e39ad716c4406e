package mou_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// night runs a case through a night in simulated time: nobody speaks but the
// hub, which looks exactly when a clock asks it to.
type night struct {
	*story
	start    time.Time
	restarts bool // between any two statements the case is stored and read again
	log      []string
}

// bedTonight is the request at nine in the evening: two shelters, one after the other.
func bedTonight(t *testing.T, restarts bool) (*night, events.ReferralID) {
	t.Helper()
	s := newStory(t)
	s.now = morning.Add(12 * time.Hour)
	s.says(police, "", s.opened(events.Adult))
	s.says(police, "", s.rights())
	s.says(police, "", s.bundle("bed"))
	ask := s.asks(lightship, harbour)
	ask.Order, ask.Urgency = events.InTurn, events.Tonight
	n := &night{story: s, start: s.now, restarts: restarts}
	r := n.tells(police, "", ask)
	n.settle()
	return n, r
}

// tells admits a statement at this very instant.
func (n *night) tells(by events.AgencyID, r events.ReferralID, p events.Payload) events.EventID {
	n.t.Helper()
	now := n.now
	id := n.says(by, r, p)
	n.now = now
	if n.restarts {
		back, err := n.m.RestoreCase(marshal(n.t, n.c))
		if err != nil {
			n.t.Fatal(err)
		}
		n.c = back
	}
	return id
}

// settle says what is due now.
func (n *night) settle() {
	n.t.Helper()
	for {
		due := n.c.Due(n.now, n.staffed)
		if len(due) == 0 {
			return
		}
		n.tells(events.HubAgency, due[0].Referral, due[0].Payload)
		n.log = append(n.log, fmt.Sprintf("%3.0f %s", n.now.Sub(n.start).Minutes(), tell(due[0].Payload)))
	}
}

func tell(p events.Payload) string {
	switch p := p.(type) {
	case *events.DeadlineDueSoon:
		return fmt.Sprintf("due soon: %s of %s", p.Duty, p.Owes)
	case *events.DeadlineMissed:
		return fmt.Sprintf("missed: %s of %s", p.Duty, p.Owes)
	case *events.ReferralEscalated:
		return fmt.Sprintf("%s: %s, because of %s", p.Step, p.To, p.Because)
	case *events.ReferralNotNeeded:
		return "not needed: " + string(p.To)
	default:
		return p.Type().Name()
	}
}

// passes lets the time pass until an hour of the story, from look to look.
func (n *night) passes(until time.Duration) {
	n.t.Helper()
	end := n.start.Add(until)
	for {
		next := end
		for _, c := range n.c.Clocks(n.now) {
			if !c.Look.IsZero() && c.Look.Before(next) {
				next = c.Look
			}
		}
		n.now = next
		n.settle()
		if !next.Before(end) {
			return
		}
	}
}

func TestANightInWhichNobodyAnswers(t *testing.T) {
	want := []string{
		" 10 due soon: referral-acknowledge of lighthouse-shelter",
		" 15 missed: referral-acknowledge of lighthouse-shelter",
		" 20 due soon: referral-answer of lighthouse-shelter",
		" 30 missed: referral-answer of lighthouse-shelter",
		" 30 next-candidate: harbour-shelter, because of referral-answer",
		" 40 due soon: referral-acknowledge of harbour-shelter",
		" 45 missed: referral-acknowledge of harbour-shelter",
		" 50 due soon: referral-answer of harbour-shelter",
		" 60 missed: referral-answer of harbour-shelter",
		" 60 staffed-duty: sampleland-hotline, because of referral-answer",
		" 80 due soon: referral-escalated of sampleland-hotline",
		" 90 missed: referral-escalated of sampleland-hotline",
		" 90 coordinator: sampleland-coordination, because of referral-escalated",
	}
	var stored []string
	for _, restarts := range []bool{false, true} {
		n, r := bedTonight(t, restarts)
		n.duties = []events.AgencyID{social, hotline}
		n.passes(10 * time.Hour)
		if !slices.Equal(n.log, want) {
			t.Errorf("with restarts: %v, the night ran\n%s\nwant\n%s", restarts, strings.Join(n.log, "\n"), strings.Join(want, "\n"))
		}
		stored = append(stored, string(marshal(t, n.c)))
		if got := n.leg(r); got != mou.LegExpired {
			t.Errorf("the first shelter's part is %s, want expired", got)
		}
		for a, want := range map[events.AgencyID][]events.Type{
			hotline: {events.TypeReferralEscalated, events.TypeDeadlineDueSoon, events.TypeDeadlineMissed},
			office:  {events.TypeReferralEscalated},
			social:  nil,
		} {
			var got []events.Type
			for _, i := range n.c.View(a).Trail() {
				got = append(got, i.Type)
			}
			if !slices.Equal(got, want) {
				t.Errorf("%s sees %v, want %v and nothing else of the case", a, got, want)
			}
		}
	}
	if stored[0] != stored[1] {
		t.Error("restarts changed what is stored")
	}
}

func TestALateBedIsBetterThanNone(t *testing.T) {
	n, r := bedTonight(t, true)
	n.tells(police, r, seal(lightship, events.SectionIdentity))
	n.passes(40 * time.Minute)
	n.tells(lightship, r, &events.ReferralAccepted{Said: n.said()})
	n.log = nil
	n.settle()
	if want := []string{" 40 record.released", " 40 not needed: harbour-shelter"}; !slices.Equal(n.log, want) {
		t.Errorf("on a late acceptance the hub says %v, want %v", n.log, want)
	}
	if got := n.clock(mou.ClockAnswer, lightship).State; got != mou.ClockLateMet {
		t.Errorf("the answer is %s, want late-met", got)
	}
	if got := n.leg(r); got != mou.LegAccepted {
		t.Errorf("the first shelter's part is %s, want accepted", got)
	}
	n.log = nil
	n.passes(10 * time.Hour)
	if len(n.log) > 0 {
		t.Errorf("after a bed was found the hub still says %v", n.log)
	}
}

func TestWithNobodyOnDutyTheCoordinatorIsToldAtOnce(t *testing.T) {
	n, r := bedTonight(t, false)
	for _, shelter := range []events.AgencyID{lightship, harbour} {
		n.tells(shelter, r, &events.ReferralDeclined{Said: n.said(), Reason: "full"})
		n.settle()
	}
	want := []string{
		"  0 next-candidate: harbour-shelter, because of referral-answer",
		"  0 coordinator: sampleland-coordination, because of referral-answer",
	}
	if !slices.Equal(n.log, want) {
		t.Errorf("the hub says %v, want %v", n.log, want)
	}
	n.tells(police, r, &events.ReferralWithdrawn{Said: n.said(), Reason: "moved-elsewhere"})
	n.passes(10 * time.Hour)
	if !slices.Equal(n.log, want) {
		t.Errorf("after the police found a bed themselves the hub says %v", n.log[len(want):])
	}
}

func TestADutyThatFindsABedInTimeIsNotReported(t *testing.T) {
	n, r := bedTonight(t, true)
	n.duties = []events.AgencyID{hotline}
	n.passes(65 * time.Minute)
	n.tells(harbour, r, &events.ReferralAccepted{Said: n.said()})
	n.settle()
	if got := n.clock(mou.ClockEscalated, hotline).State; got != mou.ClockMet {
		t.Errorf("the duty's clock is %s, want met", got)
	}
	n.passes(10 * time.Hour)
	if len(n.c.View(office).Trail()) > 0 {
		t.Error("the coordinator was told although a bed was found")
	}
	if own := n.c.View(hotline).Clocks(n.now); len(own) != 1 || own[0].State != mou.ClockEnded {
		t.Errorf("the duty sees %+v, want that its clock ended", own)
	}
}

func TestNobodyIsChasedAfterThePersonSaidNo(t *testing.T) {
	n, _ := bedTonight(t, true)
	n.duties = []events.AgencyID{hotline}
	n.passes(40 * time.Minute)
	n.tells(police, "", &events.ConsentWithdrawn{Said: n.said(), Recipient: events.Recipient{Class: events.Shelter}})
	n.log = nil
	n.passes(10 * time.Hour)
	if len(n.log) > 0 {
		t.Errorf("after the person said no the hub says %v", n.log)
	}
}

func TestAMissedDutyToAChildReachesTheCoordinator(t *testing.T) {
	n := &night{story: newStory(t), start: morning, restarts: true}
	n.tells(police, "", n.opened(events.Child))
	n.passes(5 * time.Hour)
	want := []string{
		" 40 due soon: child-protection-told of sampletown-police",
		" 60 missed: child-protection-told of sampletown-police",
		" 60 coordinator: sampleland-coordination, because of child-protection-told",
	}
	if !slices.Equal(n.log, want) {
		t.Errorf("the hub says %v, want %v", n.log, want)
	}
	steps := n.c.View(office).Escalations()
	if len(steps) != 1 || steps[0].Call != police || len(n.c.SeenBy(office)) != 1 {
		t.Errorf("the coordinator sees %+v, want one step that says to call the police", steps)
	}
}
