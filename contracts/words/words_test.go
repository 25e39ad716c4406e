package words

import (
	"crypto/rand"
	"slices"
	"strings"
	"testing"
)

func TestWordsChangeWithEveryPart(t *testing.T) {
	want := Of(Request, "handrail/sampleland", "listing", "user")
	if len(want) != 8 || !slices.Equal(want, Of(Request, "handrail/sampleland", "listing", "user")) {
		t.Fatalf("%v", want)
	}
	for name, other := range map[string][]string{
		"domain":       Of(Pins, "handrail/sampleland", "listing", "user"),
		"part":         Of(Request, "handrail/sampleland", "listinG", "user"),
		"moved border": Of(Request, "handrail/sampleland", "listingu", "ser"),
		"left out":     Of(Request, "handrail/sampleland", "listing"),
	} {
		if slices.Equal(want, other) {
			t.Errorf("%s: the words are the same", name)
		}
	}
	if got := strings.Join(Of(Pins, "a", "b"), " "); got != "fire steel describe journey stove vocal nuclear review" {
		t.Errorf("the words of a published example are now %q", got)
	}
}

func TestComparing(t *testing.T) {
	want := Of(Pins, "handrail/sampleland", "log", "hub", "genesis")
	for _, typed := range []string{strings.Join(want, " "), strings.ToUpper(strings.Join(want, ", ")), " " + strings.Join(want, "-") + "\n"} {
		if err := Compare(typed, want); err != nil {
			t.Errorf("%q: %v", typed, err)
		}
	}
	swapped := slices.Clone(want)
	swapped[0], swapped[1] = swapped[1], swapped[0]
	for _, typed := range []string{"", strings.Join(want[:7], " "), strings.Join(append(want, want[0]), " "), strings.Join(swapped, " "), "handrail " + strings.Join(want[1:], " ")} {
		err := Compare(typed, want)
		if err == nil {
			t.Errorf("%q was taken", typed)
		} else if strings.Contains(err.Error(), want[7]) {
			t.Errorf("the error tells the words: %v", err)
		}
	}
}

func TestSecrets(t *testing.T) {
	sheet, err := Secret(rand.Reader)
	if err != nil || len(sheet) != 12 {
		t.Fatal(sheet, err)
	}
	again, err := ReadSecret("1. " + strings.ToUpper(strings.Join(sheet, "  ")))
	if err != nil || !slices.Equal(again, sheet) {
		t.Errorf("read %v, %v", again, err)
	}
	for _, wrong := range []string{"", strings.Join(sheet[1:], " "), "abandoned " + strings.Join(sheet[1:], " ")} {
		if _, err := ReadSecret(wrong); err == nil {
			t.Errorf("%q was taken", wrong)
		}
	}
}
