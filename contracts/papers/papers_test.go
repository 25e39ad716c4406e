package papers_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/contracts/papers"
	"handrail/events"
)

var update = flag.Bool("update", false, "write the published files instead of comparing them")

func TestPublishedPapersAreThoseOfTheModel(t *testing.T) {
	profile, err := mou.LoadProfile("model@1")
	if err != nil {
		t.Fatal(err)
	}
	for _, paper := range papers.All() {
		want, err := papers.Write(paper, profile)
		if err != nil {
			t.Fatal(err)
		}
		file := "model/" + string(paper) + ".md"
		if *update {
			if err := os.WriteFile(file, []byte(want), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		have, err := os.ReadFile(file)
		if err != nil || string(have) != want {
			t.Errorf("%s is not what the profile gives (%v); run the tests with -update and read the difference", file, err)
		}
	}
}

func TestAPaperSaysWhatTheTableSaysInEveryCountry(t *testing.T) {
	hole := regexp.MustCompile(`<no value>|%!|\| +\|`)
	for _, ref := range mou.ProfileRefs() {
		profile, err := mou.LoadProfile(ref)
		if err != nil {
			t.Fatal(err)
		}
		all := map[papers.Paper]string{}
		for _, paper := range papers.All() {
			text, err := papers.Write(paper, profile)
			if err != nil {
				t.Fatalf("%s of %s: %v", paper, ref, err)
			}
			if found := hole.FindString(text); found != "" {
				t.Errorf("%s of %s has a hole: %q", paper, ref, found)
			}
			if !strings.Contains(text, ref) {
				t.Errorf("%s does not name its profile %s", paper, ref)
			}
			all[paper] = text
		}
		record := all[papers.RecordOfProcessing]
		for _, row := range profile.Agreement {
			if !strings.Contains(record, "### "+strings.ReplaceAll(string(row.Purpose), "-", " ")) || !strings.Contains(record, row.Source) {
				t.Errorf("the record of %s leaves out %s", ref, row.Purpose)
			}
		}
		for _, d := range profile.Durations {
			if !strings.Contains(all[papers.JointControllers], d.Source) {
				t.Errorf("the annex of %s leaves out a period", ref)
			}
		}
	}
}

// A fact that no paper lists would be processed unrecorded.
func TestTheRecordListsEveryFactAboutThePerson(t *testing.T) {
	profile, err := mou.LoadProfile("model@1")
	if err != nil {
		t.Fatal(err)
	}
	record, err := papers.Write(papers.RecordOfProcessing, profile)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []events.Type{events.TypeReferralRequested, events.TypeConsentGiven, events.TypeAgeDetermined, events.TypeEmergencyDisclosed} {
		if !strings.Contains(record, "| "+want.Name()+" |") {
			t.Errorf("the record leaves out %s", want.Name())
		}
	}
}
