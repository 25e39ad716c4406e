package browser

import (
	"fmt"
	"strings"
	"testing"

	"handrail/events"
	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// asksTonight fills in the eight choices and asks.
func asksTonight(p *drive.Page) {
	p.Choose("Adult")
	p.Choose("Woman")
	p.FillCode("Children up to 8 years", "1")
	p.In("In which language did you tell").Select("Language", "Romanian")
	p.Choose("A suspect may be close by")
	p.Choose("A safe place to stay")
	p.Fill("Number to call back", "+00 000 0078")
	p.Press("Ask for a bed now")
	p.Sees("Who is asked tonight")
}

// answerOf is whom the page of a request shows as asked first, and the path of the
// page on which they answer.
func answerOf(p *drive.Page) (events.AgencyID, string) {
	asked := fmt.Sprint(p.Evaluate(`document.querySelector(".asked strong").textContent`))
	referral := fmt.Sprint(p.Evaluate(`document.querySelector("section[aria-labelledby^='asked-']").getAttribute("aria-labelledby").slice(6)`))
	return events.AgencyID(asked), "/tonight/answer/" + strings.TrimPrefix(p.Path(), "/tonight/") + "/" + referral
}

// looksFor waits until a page says something by itself or, without scripts, when it is
// looked at again.
func looksFor(p *drive.Page, text string) {
	if p.Way().Plain {
		p.Until(func() bool {
			p.Press("Look again")
			return strings.Contains(p.Text(), text)
		})
	}
	p.Sees(text)
}

func TestABedIsAskedForAndKeptTonight(t *testing.T) {
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Police, "officer-1", "/tonight")
		p.Judge()
		p.Press("Ask for a bed now")
		p.Sees("choose one answer")
		p.Judge()
		asksTonight(p)
		p.Sees("is told and calls back")
		p.Judge()
		agency, where := answerOf(p)

		shelter := be(t, way, agency, "duty-1", where)
		shelter.Sees("A suspect may be close by")
		shelter.Judge()
		shelter.Press("I am on it")
		shelter.Sees("duty-1 is on it")
		looksFor(shelter, "Open to you now")
		shelter.Judge()
		shelter.Press("Yes, a place is kept")
		shelter.Sees("Keep a place for this person?")
		shelter.Judge()
		shelter.Press("Yes, the place is kept")
		shelter.Sees("The place is kept")
		shelter.Judge()

		looksFor(p, string(agency)+" said yes")
		p.Judge()
	})
}

func TestAShelterAsksAndThenSaysNo(t *testing.T) {
	for _, way := range []drive.Way{{Keyboard: true}, {Phone: true}, {Plain: true}} {
		t.Run(way.String(), func(t *testing.T) {
			t.Parallel()
			p := be(t, way, town.Police, "officer-1", "/tonight")
			asksTonight(p)
			agency, where := answerOf(p)
			shelter := be(t, way, agency, "duty-1", where)
			shelter.Press("Ask a question first")
			shelter.Judge()
			shelter.Fill("Your question", "Does the small one need a cot?")
			shelter.Press("Send the question")
			shelter.Sees("No answer yet")
			looksFor(p, string(agency)+" has a question")
			p.Judge()
			shelter.Press("No")
			shelter.In("Reason").Choose("No place free")
			shelter.Judge()
			shelter.Press("Send the no")
			shelter.Sees("Nothing more is asked of you here")
		})
	}
}
