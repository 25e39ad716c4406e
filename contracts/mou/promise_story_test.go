package mou_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// promised is a night in which the first shelter says yes by telephone after five
// minutes, and the officer writes nothing down.
func promised(t *testing.T) (*night, events.ReferralID) {
	t.Helper()
	n, r := bedTonight(t, true)
	n.duties = []events.AgencyID{hotline}
	n.passes(5 * time.Minute)
	n.tells(lightship, r, n.byTelephone())
	return n, r
}

func TestAPromiseThatNobodyWritesDownIsNotTheEndOfTheNight(t *testing.T) {
	n, r := promised(t)
	n.passes(10 * time.Hour)
	want := []string{
		" 12 due soon: referral-confirm of sampletown-police",
		" 15 missed: referral-confirm of sampletown-police",
		" 15 next-candidate: harbour-shelter, because of referral-confirm",
		" 25 due soon: referral-acknowledge of harbour-shelter",
		" 30 missed: referral-acknowledge of harbour-shelter",
		" 35 due soon: referral-answer of harbour-shelter",
		" 45 missed: referral-answer of harbour-shelter",
		" 45 staffed-duty: sampleland-hotline, because of referral-answer",
		" 65 due soon: referral-escalated of sampleland-hotline",
		" 75 missed: referral-escalated of sampleland-hotline",
		" 75 coordinator: sampleland-coordination, because of referral-escalated",
	}
	if !slices.Equal(n.log, want) {
		t.Errorf("the night ran\n%s\nwant\n%s", strings.Join(n.log, "\n"), strings.Join(want, "\n"))
	}
	if got := n.leg(r); got != mou.LegByTelephone {
		t.Errorf("the first shelter's part is %s, want accepted-by-telephone: its promise still holds", got)
	}
	for _, c := range n.c.View(lightship).Clocks(n.now) {
		if c.Rule == mou.ClockConfirm {
			t.Errorf("the shelter sees the officer's clock %+v, of which no entry tells it", c)
		}
	}
}

func TestTheFirstAcceptanceThatCountsWinsAfterAMissedConfirmation(t *testing.T) {
	t.Run("the promise, confirmed late", func(t *testing.T) {
		n, r := promised(t)
		n.passes(20 * time.Minute)
		n.tells(police, r, &events.ReferralConfirmed{Said: n.said(), Provider: lightship})
		n.log = nil
		n.settle()
		n.passes(10 * time.Hour)
		if want := []string{" 20 not needed: harbour-shelter"}; !slices.Equal(n.log, want) || n.leg(r) != mou.LegAccepted {
			t.Errorf("the shelter is %s and the hub says %v, want %v", n.leg(r), n.log, want)
		}
		if got := n.clock(mou.ClockConfirm, police).State; got != mou.ClockLateMet {
			t.Errorf("the confirmation is %s, want late-met", got)
		}
	})
	t.Run("the next shelter", func(t *testing.T) {
		n, r := promised(t)
		n.passes(20 * time.Minute)
		n.tells(harbour, r, &events.ReferralAccepted{Said: n.said()})
		n.log = nil
		n.settle()
		n.passes(10 * time.Hour)
		if want := []string{" 20 not needed: lighthouse-shelter"}; !slices.Equal(n.log, want) || n.leg(r) != mou.LegNotChosen {
			t.Errorf("the first shelter is %s and the hub says %v, want %v", n.leg(r), n.log, want)
		}
		n.mayNot(mou.RuleAlreadyAccepted, police, r, &events.ReferralConfirmed{Said: n.said(), Provider: lightship})
	})
}

func TestAPromiseIsSettledInTime(t *testing.T) {
	for name, settled := range map[string]struct {
		by   events.AgencyID
		says func(*night) events.Payload
		want mou.ClockState
	}{
		"confirmed":                   {police, func(n *night) events.Payload { return &events.ReferralConfirmed{Said: n.said(), Provider: lightship} }, mou.ClockMet},
		"said by another channel too": {lightship, func(n *night) events.Payload { return &events.ReferralAccepted{Said: n.said()} }, mou.ClockMet},
		"taken back":                  {lightship, func(n *night) events.Payload { return &events.ReferralDeclined{Said: n.said(), Reason: "full"} }, mou.ClockEnded},
	} {
		t.Run(name, func(t *testing.T) {
			n, r := promised(t)
			n.passes(10 * time.Minute)
			if clock := n.clock(mou.ClockConfirm, police); clock.State != mou.ClockPending || !clock.Due.Equal(n.start.Add(15*time.Minute)) {
				t.Errorf("the confirmation is %s until %s, want pending for ten minutes", clock.State, clock.Due)
			}
			n.tells(settled.by, r, settled.says(n))
			if got := n.clock(mou.ClockConfirm, police).State; got != settled.want {
				t.Errorf("the confirmation is %s, want %s", got, settled.want)
			}
			n.passes(12 * time.Minute)
			for _, said := range n.log {
				if strings.Contains(said, string(mou.ClockConfirm)) {
					t.Errorf("the hub says %q", said)
				}
			}
		})
	}
	t.Run("confirmed before it was given", func(t *testing.T) {
		n, r := bedTonight(t, true)
		n.tells(police, r, &events.ReferralConfirmed{Said: n.said(), Provider: lightship})
		n.tells(lightship, r, n.byTelephone())
		if slices.ContainsFunc(n.c.Clocks(n.now), func(c mou.Clock) bool { return c.Rule == mou.ClockConfirm }) {
			t.Error("a confirmation is waited for that was given")
		}
	})
}

func TestAPersonWhoIsNeverFoundStopsNoClockForGood(t *testing.T) {
	const week = 7 * 24 * time.Hour
	n := &night{story: newStory(t), start: morning, restarts: true}
	r := n.arrived(lightship)
	fed := n.clock(mou.ClockFeedback, lightship).Due
	n.settle()
	n.tells(lightship, "", &events.PersonMissing{Said: n.said()})
	gone := n.now
	n.log, n.now = nil, gone.Add(week-time.Second)
	if clock := n.clock(mou.ClockFeedback, lightship); clock.State != mou.ClockSuspended || !clock.Look.Equal(gone.Add(week)) {
		t.Errorf("within the week the feedback is %s, to be looked at %s, want suspended until %s", clock.State, clock.Look, gone.Add(week))
	}
	n.now = gone.Add(week)
	for name, c := range map[string]mou.Case{"ledger": n.c, "shelter": n.c.View(lightship), "police": n.c.View(police)} {
		for _, clock := range c.Clocks(n.now) {
			if clock.Rule == mou.ClockFeedback && (clock.State != mou.ClockPending || !clock.Due.Equal(fed.Add(week))) {
				t.Errorf("after a week the %s sees the feedback %s until %s, want pending until %s", name, clock.State, clock.Due, fed.Add(week))
			}
		}
	}
	n.passes(60 * 24 * time.Hour)
	if last := n.log[len(n.log)-1]; !strings.HasSuffix(last, "missed: referral-feedback of lighthouse-shelter") {
		t.Errorf("the hub says %v, want at last that the feedback was missed", n.log)
	}
	n.tells(lightship, "", &events.PersonFound{Said: n.said()})
	if got := n.clock(mou.ClockFeedback, lightship); got.State != mou.ClockMissed || !got.Due.Equal(fed.Add(week)) {
		t.Errorf("found after two months, the feedback is %s until %s, want missed at %s", got.State, got.Due, fed.Add(week))
	}
	n.tells(lightship, r, &events.ReferralFeedback{Said: n.said(), Outcome: "completed"})
	if got := n.clock(mou.ClockFeedback, lightship).State; got != mou.ClockLateMet {
		t.Errorf("the feedback is %s, want late-met", got)
	}
}
