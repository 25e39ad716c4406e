package browser

import (
	"strings"
	"testing"

	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// writes begins a note of the hand-over, and gives the label under which it stands.
func writes(p *drive.Page, text string) string {
	label, _ := p.Evaluate(`document.querySelector("textarea").labels[0].textContent`).(string)
	p.Fill(label, text)
	return label
}

// locked locks the session of a page in another tab, as time would.
func locked(p *drive.Page) {
	other := p.Another()
	other.Visit(sampletown.Site(town.Shelter) + "/settings")
	other.In("Where you are signed in").Press("Lock now")
	other.Sees("is still signed in")
}

func unlocks(p *drive.Page) {
	p.Press("Unlock with your organisation")
	p.Press("duty-2")
}

// What somebody was typing when the page locked by itself, or by hand, is in its form
// again when they are back.
func TestWhatIsTypedOutlivesTheLock(t *testing.T) {
	asksShelter(t)
	for _, way := range []drive.Way{{}, {Keyboard: true}, {Phone: true}} {
		t.Run(way.String(), func(t *testing.T) {
			p := be(t, way, town.Shelter, "duty-2", "/shift")
			text := "She calls back at seven, " + way.String()
			label := writes(p, text)
			locked(p)
			p.Evaluate("look()") // what the page does by itself within a minute
			p.Sees("What was typed and not sent is kept until")
			p.Misses(text)
			p.Judge()
			unlocks(p)
			p.Sees("is back. It was not sent yet")
			if got := p.Value(label); got != text || p.Path() != "/shift" {
				t.Errorf("%s holds %d letters, typed were %d", p.Path(), len(got), len(text))
			}
			p.Judge()
			p.Press("Lock now")
			p.Sees("What was typed and not sent is kept until")
			unlocks(p)
			p.Sees("is back. It was not sent yet")
			p.Press("Keep the words")
			if got := p.Value(label); got != text {
				t.Errorf("saved are %d letters, typed were %d", len(got), len(text))
			}
			p.Again()
			p.Misses("is back. It was not sent yet")
		})
	}
}

// Whoever presses a button on a page that has locked meanwhile sends it when they are
// back, or does not.
func TestWhatIsSentToALockedPageWaitsForItsPerson(t *testing.T) {
	asksShelter(t)
	inEveryWay(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Shelter, "duty-2", "/shift")
		text := "The small one sleeps until nine, " + way.String()
		label := writes(p, text)
		locked(p)
		p.Press("I hand over")
		p.Sees("What was typed and not sent is kept until")
		p.Judge()
		unlocks(p)
		p.Sees("Nothing was sent yet")
		p.Misses(text)
		p.Judge()
		p.Press("Go on")
		p.Sees("duty-2 handed over")
		if got := p.Value(label); !strings.HasPrefix(got, text) {
			t.Errorf("sent are %d letters, typed were %d", len(got), len(text))
		}

		other := text + ", or ten"
		writes(p, other)
		locked(p)
		p.Press("I hand over")
		unlocks(p)
		p.Press("Back to the page, without sending")
		if !way.Plain {
			p.Sees("is back. It was not sent yet")
			if got := p.Value(label); got != other {
				t.Errorf("filled in again are %d letters, typed were %d", len(got), len(other))
			}
			return
		}
		p.Visit("/sign-in/unsent")
		p.Press("Throw it away")
		if got := p.Value(label); !strings.HasPrefix(p.Path(), "/shift") || strings.Contains(got, other) {
			t.Errorf("at %s, with what was thrown away: %t", p.Path(), strings.Contains(got, other))
		}
	})
}
