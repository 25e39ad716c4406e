package section_test

import (
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency/pages/acts/section"
	"handrail/services/web/language"
)

func english(t testing.TB) *language.Words {
	t.Helper()
	book, err := language.Load(time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	words, _ := book.Of("en")
	return words
}

func TestASectionIsSealedAsItWasWrittenAndLongTextIsNot(t *testing.T) {
	form := map[string]string{"section.identity.name": "  Robin\xff ", "section.identity.also_called": " "}
	value, tooLong, err := section.Read(events.SectionIdentity, func(field string) string { return form[field] })
	if err != nil || tooLong != nil || string(value) != "{\"name\":\"Robin\uFFFD\"}" {
		t.Errorf("read %s, %v, %v", value, tooLong, err)
	}
	form["section.identity.name"] = strings.Repeat("a", 12_001)
	if value, tooLong, err = section.Read(events.SectionIdentity, func(field string) string { return form[field] }); err != nil || value != nil || len(tooLong) != 1 {
		t.Errorf("read %d bytes, %v, %v", len(value), tooLong, err)
	}
	if value, _, err = section.Read(events.SectionHealth, func(string) string { return "" }); value != nil || err != nil {
		t.Errorf("nothing was written, and %s is sealed, %v", value, err)
	}
}

func TestEveryMemberThatPeopleWriteHasWords(t *testing.T) {
	words := english(t)
	for _, code := range events.Section("").Codes() {
		for _, m := range section.Members(events.Section(code)) {
			if key := section.Field(events.Section(code), m.Name); !words.Has(key) {
				t.Errorf("%s is missing", key)
			}
		}
	}
}

func TestAnOpenedSectionIsShownInWords(t *testing.T) {
	lines, err := section.Show(english(t), events.SectionNeeds, jsontext.Value(`{"needs":["medical","own-code"],"children":{"0-8":2},"wants_support":true,"details":"one\ntwo","none":null}`))
	if err != nil {
		t.Fatal(err)
	}
	var got strings.Builder
	for _, line := range lines {
		got.WriteString(line.Label + "=" + strings.Join(line.Says, "|") + ";")
	}
	want := "What does the person need, in detail?=one|two;Children who come along=Children up to 8 years: 2;Needs=Medical care|own-code;none=;wants_support=Yes;"
	if got.String() != want {
		t.Errorf("shows %s\nwant  %s", got.String(), want)
	}
}

// Whatever another agency's system sealed is shown, as long as it is JSON.
func FuzzShow(f *testing.F) {
	f.Add(`{"name":"Robin"}`)
	f.Add(`[1,{"a":[null,true,{"b":{"c":[]}}]}]`)
	f.Add(`"text"`)
	words := english(f)
	f.Fuzz(func(t *testing.T, sealed string) {
		value := jsontext.Value(sealed)
		if !value.IsValid() {
			return
		}
		if _, err := section.Show(words, events.SectionIdentity, value); err != nil {
			t.Errorf("cannot be shown: %v", err)
		}
	})
}
