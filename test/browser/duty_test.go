package browser

import (
	"strings"
	"testing"

	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

func TestALeadSaysWhoIsOnDuty(t *testing.T) {
	inEveryWay(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Social, "worker-1", "/duty/rota")
		p.Judge()
		p.In("Person 1").FillCode("Staff code", "worker-1")
		p.In("Person 2").FillCode("Staff code", "worker-2")
		p.FillCode("When nobody has a shift", "worker-1 worker-3")
		p.FillCode("Where the makers can ask", "duty@social.example")
		p.Press("Save the rota")
		p.Sees("The rota is not saved yet")
		p.Sees("Say how this person is reached")
		p.Judge()
		p.In("Person 2").Choose("In the browser, once they turn it on")
		p.FillCode("When nobody has a shift", "worker-1 worker-2")
		p.Press("Save the rota")
		p.Sees("The rota is in force")
		p.In("they are alerted in this order").Sees("worker-2")
		p.Judge()
		p.Visit("/duty/rota")
		p.In("Person 2").FillCode("Staff code", "")
		p.FillCode("When nobody has a shift", "worker-1")
		p.Press("Save the rota")
		p.In("they are alerted in this order").Misses("worker-2")
		p.Sees("Nobody else has duty within a week")
	})
}

func TestAShiftIsHandedOver(t *testing.T) {
	asksShelter(t)
	inEveryWay(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Shelter, "duty-2", "/shift")
		p.Sees("with something to tell")
		p.Judge()
		label, _ := p.Evaluate(`document.querySelector("textarea").labels[0].textContent`).(string)
		p.Fill(label, "The door is open until ten. "+way.String())
		p.Press("I hand over")
		p.Sees("duty-2 handed over")
		if got := p.Value(label); !strings.HasPrefix(got, "The door is open") {
			t.Errorf("the words are %q", got)
		}
		p.Judge()
		p.Press("I take over")
		p.Sees("Somebody else takes it over")

		next := be(t, way, town.Shelter, "duty-1", "/shift")
		next.Sees("The door is open until ten. " + way.String())
		next.Press("I take over")
		next.Sees("duty-1 took over")
		next.Judge()
		next.Press("Page to print")
		next.Sees("Do not leave it lying about")
		next.Misses("I hand over")
		next.Judge()
	})
}

func TestSomebodyLeavesQuickly(t *testing.T) {
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Hotline, "duty-1", "/inbox")
		p.Visit("/duty")
		if way.Keyboard {
			p.Key("Escape")
			p.Key("Escape")
		} else {
			p.Press("Leave quickly")
		}
		p.Sees("There is nothing here")
		if got := p.Title(); got != "Empty page" {
			t.Errorf("the title is %q", got)
		}
		if strings.Contains(strings.ToLower(p.Served()), "handrail") {
			t.Error("the page tells where it comes from")
		}
		p.Judge()
		p.Evaluate(`history.back()`)
		p.Sees("Say who you are")
		p.Visit("/inbox")
		if got := p.Path(); !strings.HasPrefix(got, "/sign-in") {
			t.Errorf("the session goes on at %s", got)
		}
	})
}

func TestABrowserCanShowThatSomethingWaits(t *testing.T) {
	p := be(t, drive.Way{}, town.Hotline, "duty-1", "/duty")
	scope, _ := p.Evaluate(`navigator.serviceWorker.register("/push-worker.js", {scope: "/"}).then((worker) => navigator.serviceWorker.ready).then((worker) => new URL(worker.scope).pathname)`).(string)
	if scope != "/" {
		t.Errorf("the worker looks after %q", scope)
	}
}
