package match_test

import (
	"slices"
	"strings"
	"testing"

	"handrail/contracts/match"
	"handrail/events"
)

func TestALanguageIsWrittenWithTwoLettersOrThree(t *testing.T) {
	for two, three := range map[string]events.Language{
		"lt": "lit", "LV": "lav", " et ": "est", "fi": "fin", "ru": "rus", "uk": "ukr", "ro": "ron", "zh": "zho", "en": "eng", "vi": "vie", "sq": "sqi", "no": "nor",
	} {
		if got := match.LanguageOf(two); got != three || match.LanguageOf(string(three)) != three {
			t.Errorf("%q is read as %q, want %q", two, got, three)
		}
	}
	for _, none := range []string{"", "l", "Lithuanian", "xx", "la", "ger", "en-GB", "l:", "lt lv"} {
		if got := match.LanguageOf(none); got != "" {
			t.Errorf("%q is read as %q", none, got)
		}
	}
}

// Every pair of letters that means a language means one of the closed list.
func TestTwoLettersLeadIntoTheClosedList(t *testing.T) {
	known := 0
	for a := 'a'; a <= 'z'; a++ {
		for b := 'a'; b <= 'z'; b++ {
			l := match.LanguageOf(string(a) + string(b))
			if l == "" {
				continue
			}
			if known++; !slices.Contains(l.Codes(), string(l)) || strings.ContainsAny(string(l), ": ") {
				t.Errorf("%c%c is read as %q", a, b, l)
			}
		}
	}
	if known < 170 {
		t.Errorf("only %d codes of two letters are known", known)
	}
}
