package browser

import (
	"strings"
	"testing"

	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// leaves signs out and ends at the sign-in page.
func leaves(p *drive.Page) {
	p.Press("Sign out")
	p.Sees("Say who you are")
}

func TestSomebodyLocksTheDeskAndComesBack(t *testing.T) {
	inEveryWay(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Social, "worker-1", "/settings")
		p.Sees("Where you are signed in")
		p.Judge()
		other := p.Another()
		other.Visit(sampletown.Site(town.Social) + "/settings")
		p.In("Where you are signed in").Press("Lock now")
		p.Sees("worker-1 is still signed in")
		if !way.Plain {
			other.Evaluate("look()") // what the page does by itself within a minute
			other.Sees("worker-1 is still signed in")
		}
		p.Judge()
		p.Visit("/inbox")
		if got := p.Heading(); got != "Locked" {
			t.Fatalf("the lock was gone round: %q", got)
		}
		p.Press("Unlock with your organisation")
		p.Sees("wants to be shown who you are")
		p.Judge()
		p.Press("worker-1")
		if got := p.Path(); got != "/inbox" {
			t.Errorf("came back to %s", got)
		}
	})
}

func TestAPasskeyIsMadeUsedAndRemoved(t *testing.T) {
	inEveryWay(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Social, "worker-1", "/settings")
		if way.Plain {
			p.Sees("Adding one needs a browser with passkeys")
			p.Judge()
			if p.Offers("Add a passkey") {
				t.Error("a button that cannot work is shown")
			}
			leaves(p)
			p.Judge()
			return
		}
		p.Authenticator()
		p.Press("Add a passkey")
		p.Sees("The passkey was added")
		p.Judge()
		leaves(p)
		p.Judge()
		p.Press("Sign in with a passkey")
		p.Sees("worker-1")
		p.Visit("/settings")
		p.Sees("last used")
		p.In("Where you are signed in").Press("Lock now")
		p.Press("Unlock with a passkey")
		p.Sees("last used")
		p.Press("Remove the one of")
		p.Sees("The passkey was removed")
		p.Judge()
	})
}

func TestAShiftBeginsAtASharedComputer(t *testing.T) {
	inEveryWay(t, func(t *testing.T, way drive.Way) {
		p := chromium.Open(t, way)
		p.Visit(sampletown.Site(town.Social) + "/settings")
		p.Sees("Say who you are")
		p.Judge()
		p.Press("Sign in at a shared computer")
		p.Press("worker-1")
		p.Sees("Several people use it")
		p.FillCode("New PIN", "123456")
		p.FillCode("New PIN once more", "123456")
		p.Press("Set the PIN")
		p.Sees("That is no good PIN")
		p.Judge()
		p.FillCode("New PIN", "271828")
		p.FillCode("New PIN once more", "271828")
		p.Press("Set the PIN")
		p.Sees("The PIN was set")
		p.Judge()
		leaves(p)
		p.Judge()
		p.FillCode("Staff code", "worker-1")
		p.FillCode("PIN", "902105")
		p.Press("Start my shift")
		p.Sees("do not fit together")
		p.Judge()
		p.FillCode("PIN", "271828")
		p.Press("Start my shift")
		p.Sees("worker-1")
		p.Visit("/settings")
		p.Sees("A PIN is not enough for this")
		p.Press("Show that it is me")
		p.Sees("Is it still you?")
		p.Judge()
		p.Press("Show it with your organisation")
		p.Press("worker-1")
		p.Press("Remove the PIN")
		p.Sees("The PIN was removed")
	})
}

func TestSomebodyFromElsewhereIsToldWhereTheyBelong(t *testing.T) {
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := chromium.Open(t, way)
		p.Visit(sampletown.Site(town.Social) + "/inbox")
		p.Press("Sign in")
		p.Sees("Who are you?")
		p.Judge()
		p.Press("People of other organisations")
		p.In(string(town.Police)).Press("officer-2")
		p.Sees("You belong to another organisation")
		p.Judge()
		if strings.Contains(p.Address(), "code=") {
			t.Errorf("the provider's answer stays in the address")
		}
		p.Press("Try again")
		p.Sees("Say who you are")
	})
}
