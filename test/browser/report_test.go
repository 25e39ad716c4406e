package browser

import (
	"slices"
	"strings"
	"testing"

	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// meets begins a report and answers what comes before anything is asked of the person.
func meets(p *drive.Page, age string) {
	p.Press("Begin")
	p.In("Is anybody in danger").Choose("No")
	p.In("Is the person an adult").Choose(age)
	p.Press("Save and go on")
	p.Sees("Tell the person about their rights")
	p.Choose("Yes, in a language that they understand")
	p.Select("Language that the person understands best", "Romanian")
	p.In("Who interprets").Choose("An independent interpreter")
	p.Press("Save and go on")
	p.Sees("What does the person want")
}

func TestAnOfficerReportsStepByStep(t *testing.T) {
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Police, "officer-1", "/report")
		meets(p, "Adult")
		p.In("A safe place to stay").Choose("Yes")
		p.In("My country's embassy").Choose("No")
		p.In("Could the person decide").Choose("No doubt")
		p.In("Who was there").Choose("An interpreter")
		p.Judge()
		p.Press("Save and go on")
		p.Sees("What does the person need")
		p.Choose("A safe place to live")
		p.In("How soon").Choose("In the coming days")
		p.Choose("I went through the dangers with the person")
		p.Judge()
		p.Press("Save and go on")
		p.Sees("What may be shared")
		p.Fill("Number at which the person can be called", "+00 000 0077")
		p.Press("Save and go on")
		p.Sees("say when and how it is safe to call this number")
		p.Judge()
		p.Fill("When and how is it safe to call", "only after the small one sleeps")
		p.Fill("Name by which the person wants to be called", "Alex Invented")
		p.Press("Save and go on")
		p.Sees("Signs that you noticed")
		p.Choose("Isolation")
		p.Press("Show the advice")
		p.Sees("One sign can be enough to be careful")
		p.Judge()
		p.Press("Save and go on")
		p.Sees("Whom to ask")
		p.Choose("lighthouse-shelter")
		p.Judge()
		p.Press("Save and go on")
		p.Sees("This is all that will be said")
		p.Judge()
		p.Press("Send")
		p.Sees("What happens now")
		p.Sees("lighthouse-shelter")
		p.Judge()
	})
}

func TestAPersonWhoWantsNoHelpIsLeftAWayBack(t *testing.T) {
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Police, "officer-1", "/report")
		meets(p, "Adult")
		p.In("A safe place to stay").Choose("Not now")
		p.Press("Save and go on")
		p.Sees("A safe way back")
		p.In("Which way back did you offer").Choose("hotline")
		p.Judge()
		p.Press("Save and go on")
		p.Sees("The person wants no help now")
		p.Judge()
		p.Press("Send")
		p.Sees("It is noted that the person wants no help now")
	})
}

// What is typed outlives leaving the page, where there are scripts to save it, and
// everything that was sent outlives a restart. A draft is gone at once when deleted.
func TestADraftOutlivesARestartAndIsDeletedAtOnce(t *testing.T) {
	for _, way := range []drive.Way{{Phone: true}, {Plain: true}} {
		t.Run(way.String(), func(t *testing.T) {
			p := be(t, way, town.Hotline, "duty-1", "/report")
			meets(p, "Not sure")
			p.Sees("a guardian says yes for the child")
			p.Judge()
			draft := strings.TrimSuffix(p.Path(), "/consent")
			if !way.Plain {
				p.In("A safe place to stay").Choose("Yes")
				p.Until(func() bool {
					return slices.ContainsFunc(p.Requests(), func(r drive.Request) bool { return strings.HasSuffix(r.URL, "/consent/keep") && r.Status == 200 })
				})
			}
			sampletown.Again(t, town.Hotline)
			p = be(t, way, town.Hotline, "duty-1", draft)
			p.Sees("What does the person want")
			if chosen := p.Evaluate(`document.querySelector("input[name='offer.bed'][value='yes']").checked`); chosen != !way.Plain {
				t.Errorf("after the restart the yes that was only typed is chosen: %v", chosen)
			}
			p.Press("Delete this draft now")
			p.Sees("cannot be brought back")
			p.Judge()
			p.Press("Delete it")
			p.Visit(draft)
			p.Sees("This draft is gone")
			p.Judge()
		})
	}
}

func TestAReportIsSentWhileTheHubIsAway(t *testing.T) {
	p := be(t, drive.Way{}, town.Police, "officer-1", "/report")
	meets(p, "Adult")
	p.In("A safe place to stay").Choose("Not now")
	p.Press("Save and go on")
	p.In("Which way back did you offer").Choose("come back")
	p.Press("Save and go on")
	sampletown.HubAway(t, func() {
		p.Press("Send")
		p.Sees("It is noted that the person wants no help now")
		p.Judge()
	})
}
