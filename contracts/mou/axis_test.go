package mou_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

// axis draws how one provider's part in a referral goes on, by saying everything
// in every state that is reached.
func axis(t *testing.T) string {
	t.Helper()
	first := newStory(t)
	r := first.requested(lightship, harbour)
	reached := map[mou.LegState]*story{mou.LegRequested: first}
	queue := []mou.LegState{mou.LegRequested}
	var lines []string
	for len(queue) > 0 {
		from := queue[0]
		queue = queue[1:]
		for _, said := range sayings(reached[from]) {
			next := *reached[from]
			about := r
			if t := said.what.Type(); t == events.TypeConsentWithdrawn || t == events.TypeConsentRefused {
				about = ""
			}
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
	return "```mermaid\nstateDiagram-v2\n    [*] --> requested: referral.requested\n" + strings.Join(lines, "") + "```\n"
}

// mermaid's state names have no hyphens.
func mermaid(s mou.LegState) string { return strings.ReplaceAll(string(s), "-", "_") }

type saying struct {
	label string
	by    events.AgencyID
	what  events.Payload
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
		all = append(all, saying{p.Type().Name(), lightship, p})
	}
	return append(
		all,
		saying{"another provider accepts", harbour, &events.ReferralAccepted{Said: s.said()}},
		saying{"referral.withdrawn", police, &events.ReferralWithdrawn{Said: s.said(), Reason: "no-longer-needed"}},
		saying{"consent.withdrawn", police, &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}}},
		saying{"consent.refused", police, &events.ConsentRefused{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation}},
	)
}
