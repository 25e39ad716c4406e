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

// axis draws how one provider's part in a referral goes on, by saying everything
// in every state that is reached.
func axis(t *testing.T) string {
	t.Helper()
	first := newStory(t)
	first.requested(lightship, harbour)
	second := newStory(t)
	second.inLine(harbour, lightship)
	reached := map[mou.LegState]*story{mou.LegRequested: first, mou.LegWaiting: second}
	queue := []mou.LegState{mou.LegWaiting, mou.LegRequested}
	var lines []string
	for len(queue) > 0 {
		from := queue[0]
		queue = queue[1:]
		for _, said := range sayings(reached[from]) {
			next := *reached[from]
			r := next.c.Referrals()[0].ID
			about := r
			if t := said.what.Type(); t == events.TypeConsentWithdrawn || t == events.TypeConsentRefused {
				about = ""
			}
			if said.first != nil {
				next.says(said.by, about, said.first)
			}
			next.now = next.now.Add(said.after)
			act := next.act(said.by, about, said.what)
			c, err := next.c.Apply(act, next.now)
			if err != nil {
				continue
			}
			next.c, next.number = c, next.number+1
			next.hub()
			to := next.leg(r)
			if to == from {
				continue
			}
			lines = append(lines, fmt.Sprintf("    %s --> %s: %s\n", mermaid(from), mermaid(to), said.label))
			if reached[to] == nil {
				reached[to] = &next
				queue = append(queue, to)
			}
		}
	}
	for _, state := range mou.LegStates() {
		if reached[state] == nil {
			t.Errorf("no history leads to the state %s", state)
		}
		if !slices.ContainsFunc(lines, func(l string) bool { return strings.HasPrefix(l, "    "+mermaid(state)+" -->") }) {
			lines = append(lines, fmt.Sprintf("    %s --> [*]\n", mermaid(state)))
		}
	}
	return "```mermaid\nstateDiagram-v2\n    [*] --> requested: referral.requested\n    [*] --> waiting: referral.requested, in turn\n" + strings.Join(lines, "") + "```\n"
}

// mermaid's state names have no hyphens.
func mermaid(s mou.LegState) string { return strings.ReplaceAll(string(s), "-", "_") }

type saying struct {
	label string
	by    events.AgencyID
	what  events.Payload

	first events.Payload // said just before
	after time.Duration  // passes before
}

// sayings is everything that may change a provider's part.
func sayings(s *story) []saying {
	var all []saying
	for _, p := range []events.Payload{
		&events.ReferralAcknowledged{Said: s.said()},
		&events.ReferralAccepted{Said: s.said()},
		&events.ReferralDeclined{Said: s.said(), Reason: "full"},
		&events.HandoverArranged{Said: s.said(), Planned: events.At(s.now)},
		&events.HandoverCompleted{Said: s.said()},
		&events.HandoverFailed{Said: s.said(), Reason: "not-reached"},
		&events.ServiceStarted{Said: s.said(), Need: "emergency-shelter"},
		&events.ServiceEnded{Said: s.said(), Need: "emergency-shelter", Reason: "completed"},
		&events.ReferralFeedback{Said: s.said(), Outcome: "completed"},
	} {
		all = append(all, saying{label: p.Type().Name(), by: lightship, what: p})
	}
	byTelephone := s.said()
	byTelephone.Channel = events.Telephone
	for _, c := range s.c.Clocks(s.now) {
		if c.Rule == mou.ClockAnswer && c.Owes == lightship && c.State == mou.ClockPending {
			late := events.Deadline{Duty: events.DutyAnswer, Set: c.Set, Owes: c.Owes, Due: events.At(c.Due)}
			all = append(all, saying{label: "deadline.missed", by: events.HubAgency, what: &events.DeadlineMissed{Said: s.said(), Deadline: late}, after: 80 * time.Hour})
		}
	}
	if s.leg(s.c.Referrals()[0].ID) == mou.LegWaiting {
		all = append(
			all,
			saying{label: "another provider declines, referral.escalated", by: harbour, what: &events.ReferralDeclined{Said: s.said(), Reason: "full"}},
			saying{label: "the person arrives elsewhere", by: harbour, first: &events.ReferralAccepted{Said: s.said()}, what: &events.HandoverCompleted{Said: s.said()}},
		)
	}
	return append(
		all,
		saying{label: "referral.accepted by telephone", by: lightship, what: &events.ReferralAccepted{Said: byTelephone}},
		saying{label: "referral.confirmed", by: police, what: &events.ReferralConfirmed{Said: s.said(), Provider: lightship}},
		saying{label: "another provider accepts", by: harbour, what: &events.ReferralAccepted{Said: s.said()}},
		saying{label: "referral.withdrawn", by: police, what: &events.ReferralWithdrawn{Said: s.said(), Reason: "no-longer-needed"}},
		saying{label: "consent.withdrawn", by: police, what: &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}}},
		saying{label: "consent.refused", by: police, what: &events.ConsentRefused{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation}},
	)
}
