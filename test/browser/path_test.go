package browser

import (
	"path"
	"strings"
	"testing"

	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// reports fills in the form for a person who wants a safe place to live, as far as the
// page before sending.
func reports(t *testing.T, p *drive.Page) {
	t.Helper()
	p.Press("Begin")
	p.In("in danger").Choose("No")
	p.Choose("Adult")
	p.Choose("In person")
	p.Press("Save and go on")
	p.Choose("Yes, in a language")
	p.Select("Language that the person", "Lithuanian")
	p.Choose("An independent interpreter")
	p.Press("Save and go on")
	p.In("A safe place to stay").Choose("Yes")
	if p.Way().Phone {
		picture(t, p, "consent", "h2, legend")
	}
	p.Choose("No doubt")
	p.Choose("Nobody else")
	p.Press("Save and go on")
	p.Choose("A safe place to live")
	p.Choose("In the coming days")
	p.Choose("Woman")
	p.Choose("I went through")
	p.Press("Save and go on")
	p.Fill("Name by which", "Alex Example")
	p.Fill("Number at which", "+00 000 0001")
	p.Fill("When and how", "Only in the afternoon")
	p.Press("Save and go on")
	p.Press("Save and go on") // no signs
	p.Sees("lighthouse-shelter")
	p.Unchoose("harbour-shelter")
	p.Choose("lighthouse-shelter")
	p.Press("Save and go on")
	p.Sees("Read it through")
}

// sends sends what was filled in, and gives the case's id.
func sends(p *drive.Page) string {
	p.Press("Send")
	p.Sees("What happens now")
	p.Press("Go to the case")
	address, _, _ := strings.Cut(p.Path(), "?")
	return path.Base(address)
}

// accepts takes, accepts and opens the name, beginning at the inbox.
func accepts(t *testing.T, p *drive.Page, caseID string) {
	t.Helper()
	desk := p.Way() == drive.Way{}
	request := "/referrals/" + caseID + "/"
	arrives(p, request)
	if desk {
		picture(t, p, "inbox", "body")
	}
	p.Around(`a[href*="` + request + `"]`).Press("Take")
	p.Around(`a[href*="` + request + `"]`).Press("Answer")
	p.Misses("Alex Example")
	p.Judge()
	p.Press("Accept")
	p.Sees("Done")
	p.Judge()
	p.Until(func() bool { // until the hub has released the details
		if p.Offers("Open Name") {
			return true
		}
		p.Again()
		return false
	})
	p.Press("Open Name")
	p.Choose("The person's consent")
	if desk {
		picture(t, p, "ground", "body")
	}
	p.Judge()
	p.Press("Open the details")
	p.Sees("Alex Example")
	p.Judge()
}

// reads lets the log record that the auditor reads the page, until a link to a path
// stands on it: what the same auditor read a moment ago may be older.
func reads(p *drive.Page, path string) {
	p.Until(func() bool {
		if p.Offers("Record it and read") {
			p.Press("Record it and read")
		}
		if path == "" || p.Count(`main a[href*="`+path+`"]`) > 0 {
			return true
		}
		p.Press("List them again")
		return false
	})
}

// arrives waits until a link to a path stands on the page: by itself, or, without
// JavaScript, when the page is loaded again.
func arrives(p *drive.Page, path string) {
	p.Until(func() bool {
		if p.Count(`main a[href*="`+path+`"]`) > 0 {
			return true
		}
		if p.Way().Plain {
			p.Again()
		}
		return false
	})
}

// TestTheGuidedPathOfTheStartPage walks the four steps as a newcomer does, each from
// its link on the start page.
func TestTheGuidedPathOfTheStartPage(t *testing.T) {
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		sampletown.Explain(t)
		p := chromium.Open(t, way)
		desk := way == drive.Way{}
		step := func(name, link string) {
			p.Visit(sampletown.StartPage())
			if desk && link == "Be officer-1" {
				picture(t, p, "start", "body")
			}
			p.In(name).Press(link)
		}
		step("Report a person, as the police", "Be officer-1")
		p.Sees("Signed in as officer-1")
		reports(t, p)
		p.Judge()
		of := sends(p)
		p.Judge()

		step("Take the person in, as the shelter", "Be duty-1")
		p.Sees("Signed in as duty-1")
		accepts(t, p, of)

		step("Check it, as the auditor", "Be auditor-1")
		reads(p, "/trail/"+of)
		p.Follow("/trail/" + of)
		reads(p, "")
		p.Sees("What happened, step by step")
		if desk {
			p.Slide("Step in the history", -5)
			picture(t, p, "trail", ".panel")
		}
		p.Misses("Alex Example")
		p.Judge()

		step("Give the person their sheet", "Be duty-1")
		p.Follow("/cases/" + of)
		p.Press("a sheet for the person")
		p.Select("In which language", "English")
		p.Press("Show the sheet")
		p.Sees("lighthouse-shelter")
		if way.Phone {
			picture(t, p, "sheet", "h1")
		}
		p.Misses("Alex Example")
		p.Judge()
	})
}

// TestWorkGoesOnWhileTheHubIsAway writes and sends a report with the hub gone: the
// banner says so, and both go by themselves when it is back.
func TestWorkGoesOnWhileTheHubIsAway(t *testing.T) {
	p := be(t, drive.Way{}, town.Police, "officer-1", "/report")
	p.Misses("hub is out of reach")
	var of string
	sampletown.HubAway(t, func() {
		reports(t, p)
		of = sends(p)
		p.Sees("hub is out of reach")
		p.Judge()
		p.Visit("/inbox")
		p.Sees("hub is out of reach")
	})
	p.Gone("hub is out of reach")
	shelter := be(t, drive.Way{}, town.Shelter, "duty-1", "/inbox")
	arrives(shelter, "/referrals/"+of+"/")
	shelter.Around(`a[href*="/referrals/` + of + `/"]`).Sees("A safe place to live")
}
