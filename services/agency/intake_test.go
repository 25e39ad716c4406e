package agency

import (
	"slices"
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

func TestChildProtectionIsToldOfChildrenOnly(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	notice := func(age events.AgeClass) Intake {
		return Intake{Name: "notice", Read: func(body []byte) (Filing, error) {
			return Filing{Name: string(body), Content: body, Age: age, Notify: true}, nil
		}}
	}
	l.lists(a, "testland-children", events.ChildProtection)
	if to := a.notified(events.Adult); len(to) != 0 {
		t.Errorf("without a coordinator %v is told of an adult", to)
	}
	_, err := a.FileOnce(t.Context(), Once{}, notice(events.Adult), []byte(`"adult"`))
	if rule, _ := ruleAndReason(err); rule != mou.RuleRecipientUnknown {
		t.Errorf("a notice that nobody may have: %v", err)
	}
	for _, age := range []events.AgeClass{events.Child, events.Unsure} {
		if to := a.notified(age); !slices.Equal(to, []events.AgencyID{"testland-children"}) {
			t.Errorf("of %s is told %v", age, to)
		}
	}
	l.lists(a, "testland-coordination", events.Coordinator)
	if to := a.notified(events.Adult); !slices.Equal(to, []events.AgencyID{"testland-coordination"}) {
		t.Errorf("of an adult is told %v", to)
	}
	if to := a.notified(events.Child); !slices.Equal(to, []events.AgencyID{"testland-coordination", "testland-children"}) {
		t.Errorf("of a child is told %v", to)
	}
}
