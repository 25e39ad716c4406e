package browser

import (
	"testing"
	"time"

	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// A case goes on by itself: not while somebody types in it, and what was typed, what
// has the focus and what was opened stay as they are.
func TestACaseGoesOnAroundWhatSomebodyTypes(t *testing.T) {
	asksShelter(t)
	p := be(t, drive.Way{}, town.Shelter, "duty-2", "/cases?state=asked")
	at := caseOf(p)
	p.Visit(at)
	colleague := be(t, drive.Way{}, town.Shelter, "duty-2", at)
	p.Press("steps are not possible now, and why")
	p.FillCode("Add a colleague, by code", "half-ty")
	field := p.Focus()

	colleague.FillCode("Add a colleague, by code", "night-7")
	colleague.Press("Assign")
	time.Sleep(2 * time.Second)
	p.Misses("night-7")
	if p.Focus() != field {
		t.Errorf("the focus moved from %q to %q", field, p.Focus())
	}

	p.Evaluate(`document.getElementById("case-against-all").focus()`)
	colleague.FillCode("Add a colleague, by code", "night-8")
	colleague.Press("Assign")
	p.In("Who works on it here").Sees("night-8")
	if got := p.Value("Add a colleague, by code"); got != "half-ty" {
		t.Errorf("the field holds %q", got)
	}
	if got := p.Focus(); got != "case-against-all" {
		t.Errorf("the focus moved to %q", got)
	}
	if open, _ := p.Evaluate(`document.getElementById("case-against").open`).(bool); !open {
		t.Error("what was opened is closed")
	}
	p.Judge()
	for _, code := range []string{"night-7", "night-8"} {
		colleague.Press("End the work of " + code + " on this case")
	}
	p.Evaluate(`document.getElementById("staff-code").value = ""`)
	p.Gone("night-8")
}
