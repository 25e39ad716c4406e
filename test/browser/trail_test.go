package browser

import (
	"strings"
	"sync"
	"testing"

	"handrail/test/browser/drive"
	"handrail/test/browser/town"
)

// aHistory is a case that went all the way to an acceptance, as the auditor's list has it: the path of its trail. Tests
// that only read share one.
var aHistory = sync.OnceValue(func() func(t *testing.T) string {
	path := ""
	return func(t *testing.T) string {
		t.Helper()
		if path == "" {
			path = newHistory(t)
		}
		return path
	}
})

// newHistory is one that nobody else uses; what is said next is said in it.
func newHistory(t *testing.T) string {
	t.Helper()
	for _, line := range []string{
		"police receives form referral",
		"police answers inform-rights language=ron interpreter=independent",
		"police answers assess-risk with_person=yes",
		"police answers ask-consent bundle=bed answer=yes by=person capacity=clear language=ron interpreter=independent present=person-alone,interpreter",
		"police answers choose-provider to=lighthouse-shelter bundle=bed needs=safe-accommodation urgency=standard language=ron",
		"shelter says referral.acknowledged",
		"shelter says referral.accepted",
		"shelter reads identity for accommodation as case-worker on consent",
		"hub records record.opened by shelter",
	} {
		sampletown.Do(t, strings.Fields(line)...)
	}
	p := be(t, drive.Way{}, town.Auditor, "auditor-1", "/")
	if p.Offers("List them again") {
		p.Press("List them again")
	} else {
		p.Press("Record it and read")
	}
	p.Sees("Every case of this hub")
	path, _ := p.Evaluate(`document.querySelector("tbody a").getAttribute("href")`).(string)
	return path
}

// opened is the auditor's page of a case, once its reading is in the log.
func opened(t *testing.T, way drive.Way, path string) *drive.Page {
	t.Helper()
	p := be(t, way, town.Auditor, "auditor-1", path)
	if p.Offers("Record it and read") {
		p.Sees("It stays there for good")
		p.Judge()
		p.Press("Record it and read")
	}
	p.Sees("What happened, step by step")
	return p
}

func TestAnAuditorGoesThroughAHistoryStepByStep(t *testing.T) {
	path := aHistory()(t)
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := opened(t, way, path)
		p.Sees("The referral was accepted")
		p.Sees("Every signature, entry, link and decision was checked here")
		p.Press("One step back")
		p.Sees("This is how the case stood at this moment")
		p.Press("Back to now")
		p.Sees("This is how the case stands now")
		p.Judge()
		p.Visit(path + "?step=1")
		p.Sees("Step 1 of")
		p.Misses("A referral was requested")
		p.Press("One step on")
		p.Sees("Step 2 of")
		p.Judge()
		p.Visit(path + "/print")
		p.Sees("Fingerprint of the entry")
		p.Judge()
	})
}

func TestASliderMovesThroughAHistoryAndKeepsTheFocus(t *testing.T) {
	path := aHistory()(t)
	for _, way := range []drive.Way{{}, {Keyboard: true}} {
		t.Run(way.String(), func(t *testing.T) {
			t.Parallel()
			p := opened(t, way, path)
			p.Sees("This is how the case stands now")
			p.Slide("Step in the history", -2)
			p.Sees("This is how the case stood at this moment")
			if focus := p.Focus(); focus != "trail-step" {
				t.Errorf("after the slider moved the focus is on %q", focus)
			}
			p.Slide("Step in the history", 1)
			p.Sees("later step is not shown")
		})
	}
}

func TestAnAuditorsPageFollowsTheCaseWithoutReload(t *testing.T) {
	path := newHistory(t)
	p := opened(t, drive.Way{}, path)
	p.Misses("The person arrived")
	sampletown.Do(t, "shelter", "says", "handover.completed")
	p.Sees("The person arrived")
	sampletown.Do(t, "shelter", "says", "service.started", "need=safe-accommodation")
	p.Sees("A service started")
}

// Without the hub nothing new is read, because no reading goes unrecorded; what was read stays, and so does an agency's
// own part, which stands in its journal.
func TestAHistoryIsThereWhileTheHubIsAway(t *testing.T) {
	path := aHistory()(t)
	p := opened(t, drive.Way{}, path)
	own := be(t, drive.Way{}, town.Shelter, "duty-2", strings.Replace(path, "/trail/", "/cases/", 1)+"/trail")
	sampletown.HubAway(t, func() {
		p.Visit(path + "?step=2")
		p.Sees("Step 2 of")
		p.Visit("/")
		p.Press("List them again")
		p.Sees("no reading goes unrecorded")
		own.Again()
		own.Sees("the part of the case that was sent to your agency")
	})
	p.Visit("/")
	p.Press("List them again")
	p.Sees("Every case of this hub")
}

func TestAnAuditorsPagesAreForEveryEye(t *testing.T) {
	path := aHistory()(t)
	for _, way := range []drive.Way{{Dark: true}, {Theme: "contrast"}, {Phone: true, Dark: true}} {
		t.Run(way.String(), func(t *testing.T) {
			t.Parallel()
			p := opened(t, way, path)
			p.Judge()
			p.Visit("/")
			p.Sees("Every case of this hub")
			p.Judge()
			p.Visit("/approvals")
			p.Sees("You read nothing yourself")
			p.Judge()
		})
	}
}

func TestAnAgencySeesItsOwnPartOfAHistory(t *testing.T) {
	path := strings.Replace(aHistory()(t), "/trail/", "/cases/", 1) + "/trail"
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Shelter, "duty-2", path)
		p.Sees("the part of the case that was sent to your agency")
		p.Press("One step back")
		p.Sees("This is how the case stood at this moment")
		p.Judge()
	})
}

func TestThePersonIsGivenTheirSheet(t *testing.T) {
	path := strings.Replace(aHistory()(t), "/trail/", "/cases/", 1) + "/sheet"
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Police, "officer-2", path)
		p.Sees("is it safe for the person to carry this paper?")
		p.Judge()
		p.Select("In which language?", "English")
		p.Press("Show the sheet")
		p.Sees("Who knows what about me")
		p.Sees("I can change my mind")
		p.Judge()
	})
}

func TestStaffAreToldWhichRightsTextsThereAre(t *testing.T) {
	inEveryWayAtOnce(t, func(t *testing.T, way drive.Way) {
		p := be(t, way, town.Shelter, "duty-1", "/rights")
		p.Sees("No text has been reviewed for this country yet")
		p.Judge()
	})
}
