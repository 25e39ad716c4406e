package browser

import (
	"fmt"
	"strings"
	"testing"

	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// newestRequest goes to the page of the request that came in last.
func newestRequest(p *drive.Page) {
	path := fmt.Sprint(p.Evaluate(`[...document.querySelectorAll("article[id^='asked-'] a[href^='/referrals/']")].map(a => a.getAttribute("href")).sort().pop() ?? ""`))
	p.Visit(path)
}

// each does the same in some of the ways in which people work.
func each(t *testing.T, ways []drive.Way, do func(t *testing.T, way drive.Way)) {
	t.Helper()
	for _, way := range ways {
		t.Run(way.String(), func(t *testing.T) { do(t, way) })
	}
}

// showsInTime waits until the page, looked at again, shows a text.
func showsInTime(p *drive.Page, text string) {
	p.Until(func() bool {
		p.Again()
		return strings.Contains(p.Text(), text)
	})
	p.Sees(text)
}

func TestAShelterAsksAcceptsAndOpensWhatWasSealed(t *testing.T) {
	inEveryWay(t, func(t *testing.T, way drive.Way) {
		asksShelter(t)
		p := be(t, way, town.Shelter, "duty-1", "/inbox")
		newestRequest(p)
		p.Sees("sampletown-police asks for help")
		p.Sees("These are codes only")
		p.Judge()

		p.Press("Ask a question")
		p.Judge()
		p.Press("Ask a question")
		p.Sees("Write a text of at most 2000 characters")
		p.Judge()
		p.Fill("Your question", "Does the small one need a cot?")
		p.Press("Ask a question")
		p.Sees("We asked sampletown-police a question")

		p.Press("Accept")
		p.Sees("Done.")
		p.Sees("What you can do next")
		p.Judge()
		showsInTime(p, "Safe contact · sampletown-police")
		p.In("Safe contact · sampletown-police").Press("Open")
		p.Sees("A place to stay")
		p.Judge()
		p.Press("Open the details")
		p.Sees("Please answer this")
		p.Judge()
		p.Choose("The person's consent")
		p.Press("Open the details")
		p.Sees("This reading was written down")
		p.Judge()

		p.Press("Back to the referral")
		p.Press("Arrange the hand-over")
		p.Press("Arrange the hand-over")
		p.Sees("When is the hand-over? Please answer this.")
		p.Judge()
		p.FillCode("Day", "2031-05-06")
		p.FillCode("Time", "14:30")
		p.Press("Arrange the hand-over")
		p.Sees("Both sides see the time")
	})
}

func TestAShelterDeclinesWithAReason(t *testing.T) {
	each(t, []drive.Way{{Keyboard: true}, {Plain: true}}, func(t *testing.T, way drive.Way) {
		asksShelter(t)
		p := be(t, way, town.Shelter, "duty-2", "/inbox")
		newestRequest(p)
		p.Press("Promised by telephone or earlier")
		p.Judge()
		p.Press("Back to the referral")
		p.Visit(strings.Replace(p.Path(), "/referrals/", "/cases/", 1)[:len("/cases/")+36] + "/say/referral.declined")
		p.Judge()
		p.Press("Decline")
		p.Sees("Why can you not take the person? Please answer this.")
		p.Judge()
		p.Choose("No place free")
		p.Press("Decline")
		p.Sees("Done.")
		p.Sees("Declined")
		p.Judge()
	})
}

func TestAnOfficerAnswersWhatTheFormLeftOpen(t *testing.T) {
	each(t, []drive.Way{{Keyboard: true}, {Phone: true}}, func(t *testing.T, way drive.Way) {
		sampletown.Do(t, strings.Fields("police receives form referral")...)
		p := be(t, way, town.Police, "officer-2", "/tasks")
		p.Judge()
		task := fmt.Sprint(p.Evaluate(`[...document.querySelectorAll("a[href^='/tasks/']")].filter(a => a.textContent.includes("Tell the person of their rights")).pop().getAttribute("href")`))
		p.Visit(task)
		p.Judge()
		p.Select("In which language", "Romanian")
		p.Press("Send the answer")
		p.Sees("Who interpreted? Please answer this.")
		p.Judge()
		p.Choose("An independent interpreter")
		p.Press("Send the answer")
		p.Sees("Done.")
		p.Misses("The person must hear about their rights first")
		p.Judge()
		p.In("Ask what the person wants").Press("Answer")
		p.Judge()
	})
}

// What stands against a statement is said with what would help, and leads to it.
func TestAStatementThatCannotBeMadeLeadsToWhatWouldHelp(t *testing.T) {
	sampletown.Do(t, strings.Fields("police receives form referral")...)
	p := be(t, drive.Way{}, town.Police, "officer-2", "/tasks")
	of := fmt.Sprint(p.Evaluate(`[...document.querySelectorAll("main a[href^='/cases/']")].pop().getAttribute("href")`))
	p.Visit(of + "/say/consent.given")
	p.Sees("The person must hear about their rights first")
	p.Judge()
	p.Press("Record that the person was told of their rights")
	p.Select("In which language was the person told", "Romanian")
	p.Choose("An independent interpreter")
	p.Press("Record that the person was told of their rights")
	p.Visit(of + "/say/consent.given")
	p.Choose("A safe place to stay")
	p.Judge()
}

func TestAShelterAcceptsWhileTheHubIsAway(t *testing.T) {
	asksShelter(t)
	p := be(t, drive.Way{}, town.Shelter, "duty-1", "/inbox")
	newestRequest(p)
	sampletown.HubAway(t, func() {
		p.Press("Accept")
		p.Sees("Done.")
		p.Sees("Accepted")
		p.Judge()
	})
	showsInTime(p, "Safe contact · sampletown-police")
}
