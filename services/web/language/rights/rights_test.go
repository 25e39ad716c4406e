package rights

import (
	"strings"
	"testing"
)

func TestNoTextIsShownThatNobodyReviewed(t *testing.T) {
	all, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	english, ok := all["en"]
	if !ok || len(english.Points) < 10 {
		t.Fatalf("the English text is missing or thin: %+v", english)
	}
	for tag, text := range all {
		if _, holds := text.Holds("sampleland"); holds {
			t.Errorf("%s counts as reviewed for a country that does not exist", tag)
		}
	}
}

func TestAReviewHoldsForTheCountriesThatItNames(t *testing.T) {
	text := Text{Reviewed: true, Reviews: []Review{{Profile: "ee", On: "2026-11-22", By: "legal adviser"}}}
	if _, holds := text.Holds("ee"); !holds {
		t.Error("a reviewed text is not shown")
	}
	if _, holds := text.Holds("pl"); holds {
		t.Error("a text that was reviewed for one country is shown in another")
	}
	text.Reviewed = false
	if _, holds := text.Holds("ee"); holds {
		t.Error("a text that is not reviewed any more is shown")
	}
}

func TestAFileThatIsHalfReviewedIsRefused(t *testing.T) {
	whole := "language: ar\nname: العربية\nreviewed: true\nreviews: [{profile: ee, on: 2026-11-22, by: legal adviser}]\nsource: s\ntitle: t\npoints: [{title: a, text: b, source: c}]\n"
	if _, err := parse([]byte(whole)); err != nil {
		t.Fatalf("a whole file: %v", err)
	}
	for name, change := range map[string][2]string{
		"no review":        {"reviews: [{profile: ee, on: 2026-11-22, by: legal adviser}]\n", ""},
		"says it is not":   {"reviewed: true", "reviewed: false"},
		"a version":        {"profile: ee", "profile: ee@1"},
		"no day":           {"2026-11-22", "soon"},
		"nobody":           {"by: legal adviser", "by: \"\""},
		"a point's source": {"source: c", "source: \"\""},
		"no slot":          {"language: ar", "language: tlh"},
		"more than it has": {"title: t", "title: t\nnotes: n"},
	} {
		if _, err := parse([]byte(strings.Replace(whole, change[0], change[1], 1))); err == nil {
			t.Errorf("%s: it was read", name)
		}
	}
}

func TestArabicIsWrittenFromTheRight(t *testing.T) {
	for _, tag := range Tags() {
		if got, want := Direction(tag), map[bool]string{true: "rtl", false: "ltr"}[tag == "ar"]; got != want {
			t.Errorf("%s is written %s", tag, got)
		}
	}
}
