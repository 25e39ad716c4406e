package browser

import (
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// asksShelter has the police ask the shelter for a place in the coming days, and gives
// the path of the case.
func asksShelter(t *testing.T) {
	t.Helper()
	for _, line := range []string{
		"police receives form referral",
		"police answers inform-rights language=ron interpreter=independent",
		"police answers assess-risk with_person=yes",
		"police answers ask-consent bundle=bed answer=yes by=person capacity=clear language=ron interpreter=independent present=person-alone,interpreter",
		"police answers choose-provider to=lighthouse-shelter bundle=bed needs=safe-accommodation,counselling urgency=standard language=ron",
		"shelter sees referral urgency=standard",
	} {
		sampletown.Do(t, strings.Fields(line)...)
	}
}

func TestTheInboxGoesOnByItselfAndKeepsTheFocus(t *testing.T) {
	asksShelter(t)
	for _, way := range []drive.Way{{}, {Keyboard: true}, {Phone: true}} {
		t.Run(way.String(), func(t *testing.T) {
			p := be(t, way, town.Shelter, "duty-1", "/inbox")
			p.Sees("Somebody to talk to and advise")
			before := p.Count("article[id^=asked-]")
			p.Evaluate(`document.querySelector("article a.ds-button").focus()`)
			focus := p.Focus()
			if focus == "" || before == 0 {
				t.Fatalf("%d requests, and the focus is on %q", before, focus)
			}
			asksShelter(t)
			after := before
			for began := time.Now(); after == before && time.Since(began) < 20*time.Second; after = p.Count("article[id^=asked-]") {
				time.Sleep(50 * time.Millisecond)
			}
			if after != before+1 {
				t.Errorf("%d requests are shown, %d before another came", after, before)
			}
			if got := p.Focus(); got != focus {
				t.Errorf("the focus moved from %q to %q", focus, got)
			}
			p.Judge()
		})
	}
}

func TestAWorkerTakesACaseFromTheInbox(t *testing.T) {
	inEveryWay(t, func(t *testing.T, way drive.Way) {
		asksShelter(t)
		p := be(t, way, town.Shelter, "duty-1", "/inbox")
		p.Judge()
		names := slices.DeleteFunc(p.Names("button"), func(name string) bool { return !strings.HasPrefix(name, "Take, case ") })
		if len(names) == 0 {
			t.Fatal("nothing can be taken")
		}
		p.Press(names[0])
		if p.Offers(names[0]) {
			t.Error("what was taken can be taken again")
		}
		p.Visit("/cases?mine=1&number=" + strings.TrimPrefix(names[0], "Take, case "))
		p.Sees("1 case")
		p.Judge()
		p.Visit(caseOf(p))
		p.Sees("What happened")
		p.Sees("A referral was requested")
		p.Judge()
	})
}

// caseOf is the path of the first case of a list.
func caseOf(p *drive.Page) string {
	path, _ := p.Evaluate(`document.querySelector("tbody a").getAttribute("href")`).(string)
	return path
}

func TestALeadAssignsAColleague(t *testing.T) {
	asksShelter(t)
	inEveryWay(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Shelter, "duty-2", "/cases?state=all")
		p.Visit(caseOf(p))
		p.FillCode("Add a colleague, by code", "Mary Poppins")
		p.Evaluate(`document.getElementById("staff-code").removeAttribute("pattern")`)
		p.Press("Assign")
		p.Sees("A code is of small letters")
		p.Judge()
		p.FillCode("Add a colleague, by code", "night-7")
		p.Press("Assign")
		p.In("Who works on it here").Sees("night-7")
		p.Judge()
		p.Press("End the work of night-7 on this case")
		p.Misses("night-7")
	})
}

func TestWhatCannotBeDoneSaysWhyAndWhatWouldAllowIt(t *testing.T) {
	asksShelter(t)
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Shelter, "duty-2", "/cases?state=asked")
		p.Visit(caseOf(p))
		p.Press("steps are not possible now, and why")
		p.Sees("This takes an accepted referral. Accept it first.")
		p.Judge()
	})
}

func TestALeadSaysWhatRoomThereIs(t *testing.T) {
	inEveryWay(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Harbour, "duty-1", "/capacity")
		p.Unchoose("Somebody is always here, day and night")
		p.Press("Say what room you have")
		p.Sees("Say when somebody is here, or that it is around the clock.")
		p.Judge()
		p.Choose("Some places")
		p.Choose("A bed tonight")
		p.Choose("Woman")
		p.Choose("Adult")
		p.Choose("Somebody is always here, day and night")
		p.Press("Say what room you have")
		p.Sees("The other organisations are being told.")
		p.Judge()
		p.Visit("/providers")
		p.In("What we say about ourselves").Sees("Some places")
		p.Judge()
	})
}

func TestSomebodyLooksForWhoCouldHelp(t *testing.T) {
	sampletown.Do(t, strings.Fields("harbour publishes places=few needs=emergency-shelter,safe-accommodation sexes=woman ages=adult hours=daily_00:00-24:00")...)
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Shelter, "duty-1", "/providers")
		p.Judge()
		p.Press("Look for somebody who fits")
		p.Choose("A bed tonight")
		p.Select("Which gender?", "Man")
		p.Press("Look")
		p.Sees("Who fits, the best first")
		p.In("does not take people of this sex").Sees(string(town.Harbour))
		if strings.Contains(p.Address(), "sex=") {
			t.Error("what is looked for stands in the address")
		}
		p.Judge()
	})
}

func TestTheListsTeachAndAreForEveryEye(t *testing.T) {
	for _, c := range []struct {
		agency     events.AgencyID
		code, path string
	}{
		{town.Hotline, "duty-1", "/inbox"},
		{town.Hotline, "duty-1", "/cases"},
		{town.Shelter, "duty-2", "/overdue"},
		{town.Shelter, "duty-2", "/erasure"},
		{town.Shelter, "dpo-1", "/readlog"},
		{town.Shelter, "duty-2", "/providers"},
		{town.Harbour, "duty-1", "/capacity"},
	} {
		for _, way := range []drive.Way{{}, {Dark: true}, {Theme: "contrast"}, {Phone: true}} {
			t.Run(c.path+" "+way.String(), func(t *testing.T) {
				t.Parallel()
				p := be(t, way, c.agency, c.code, c.path)
				p.Judge()
			})
		}
	}
}

func TestTheHubIsOutOfReachAndComesBack(t *testing.T) {
	asksShelter(t)
	p := be(t, drive.Way{}, town.Shelter, "duty-2", "/inbox")
	p.Misses("The hub is out of reach")
	sampletown.HubAway(t, func() {
		p.Sees("The hub is out of reach, last contact")
		p.Judge()
		p.Visit("/cases")
		p.Sees("The hub is out of reach, last contact")
		p.Visit("/inbox")
	})
	p.Gone("The hub is out of reach")
}

// Whoever signs out in one tab leaves nothing on the screen in another.
func TestTheInboxIsGoneWhenItsReaderSignsOut(t *testing.T) {
	p := be(t, drive.Way{}, town.Shelter, "duty-2", "/inbox")
	other := p.Another()
	other.Visit(sampletown.Site(town.Shelter) + "/inbox")
	other.Expect("status of 401")
	p.Press("Sign out")
	asksShelter(t)
	other.Sees("Say who you are")
}
