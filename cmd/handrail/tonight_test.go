package main

import (
	"strings"
	"testing"
)

// asked gives what somebody at a terminal made of the choices.
func asked(t *testing.T, typed string) (body, prompts string, err error) {
	t.Helper()
	given := map[string]*string{}
	for _, one := range choices() {
		given[one.flag] = new(string)
	}
	var out strings.Builder
	if err := askEach(strings.NewReader(typed), &out, given); err != nil {
		return "", out.String(), err
	}
	text, err := tonightBody(given)
	return string(text), out.String(), err
}

func TestAnOfficerIsAskedEightChoicesAndANumber(t *testing.T) {
	body, prompts, err := asked(t, "\n\nwoman\n1,1\nlt\nindependent\npursued,tracked-phone\n\n\n\n+00 000 0001\n\n")
	if err != nil {
		t.Fatal(err)
	}
	want := `{"age":"adult","bundle":"bed","call_back":"+00 000 0001","children":{"0-8":1,"9-17":1},"dangers":["pursued","tracked-phone"],` +
		`"interpreter":"independent","language":"lit","need":["emergency-shelter"],"sex":"woman"}`
	if body != want {
		t.Errorf("the request is\n%s\nnot\n%s", body, want)
	}
	for number := '1'; number <= '8'; number++ {
		if !strings.Contains(prompts, string(number)+"  ") {
			t.Errorf("choice %c is not asked", number)
		}
	}
}

func TestARequestThatIsNotFinishedAsksNobody(t *testing.T) {
	if _, _, err := asked(t, "\nadult\n"); err == nil || !strings.Contains(err.Error(), "nothing was asked of anybody") {
		t.Errorf("got %v", err)
	}
}

func TestChildrenAreTwoNumbers(t *testing.T) {
	if _, _, err := asked(t, "\n\n\ntwo\nlt\n\n\n\n\n\n+00\n\n"); err == nil || !strings.Contains(err.Error(), "like 1,1") {
		t.Errorf("got %v", err)
	}
}

func TestALanguageHasTwoLettersOrThree(t *testing.T) {
	for text, want := range map[string]string{"lt": "lit", "lit": "lit", "et": "est", "ru": "rus", "xx": "xx", "Lithuanian": "Lithuanian"} {
		if got := languageCode(text); got != want {
			t.Errorf("%s is read as %s, want %s", text, got, want)
		}
	}
}
