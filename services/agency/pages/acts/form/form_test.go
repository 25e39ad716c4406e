package form_test

import (
	"errors"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/ask"
	"handrail/services/web/language"
)

func english(t testing.TB) *language.Words {
	t.Helper()
	book, err := language.Load(place(t))
	if err != nil {
		t.Fatal(err)
	}
	words, _ := book.Of("en")
	return words
}

func place(t testing.TB) *time.Location {
	t.Helper()
	l, err := time.LoadLocation("Europe/Tallinn")
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func choices(t testing.TB) form.Choices {
	t.Helper()
	now := time.Date(2026, 3, 29, 10, 30, 40, 0, time.UTC)
	return form.Choices{Place: place(t), Now: now, First: url.Values{"channel": {"in-person"}}, Fixed: map[string]any{"recorded": events.At(now)}}
}

// statements lists every type about a case that is not sealed.
func statements() (all []events.Type) {
	for _, t := range events.Types() {
		if p := events.New(t); p != nil {
			if _, is := p.(events.Statement); is {
				all = append(all, t)
			}
		}
	}
	return all
}

func TestEveryStatementHasAFormInWords(t *testing.T) {
	words := english(t)
	for _, kind := range statements() {
		f, err := form.Of(kind)
		if err != nil {
			t.Errorf("%s: %v", kind.Name(), err)
			continue
		}
		fields, err := f.Show(words, nil, choices(t), nil)
		if err != nil {
			t.Errorf("%s: %v", kind.Name(), err)
		}
		var ids []string
		var walk func([]ask.Field)
		walk = func(fields []ask.Field) {
			for _, field := range fields {
				if field.Label == "" || slices.Contains(ids, field.Name) {
					t.Errorf("%s: the field %s has no words, or the name of another", kind.Name(), field.Name)
				}
				ids = append(ids, field.Name)
				walk(field.Fields)
			}
		}
		walk(fields)
	}
}

func TestAFormIsReadIntoItsPayload(t *testing.T) {
	f, err := form.Of(events.TypeReferralRequested)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := f.Read(url.Values{
		"to": {"harbour-shelter", "hill-shelter"}, "purpose": {"accommodation"}, "sections": {"contact"}, "needs": {"emergency-shelter"},
		"urgency": {"tonight"}, "order": {"in-turn"}, "age": {"adult"}, "children.0-8": {"2"}, "children.9-17": {"0"}, "language": {""}, "sex": {""},
		"happened.day": {"2026-03-28"}, "happened.clock": {"23:15"},
	}, choices(t))
	if err != nil {
		t.Fatal(err)
	}
	request, is := payload.(*events.ReferralRequested)
	if !is || len(request.To) != 2 || request.Children.Under9 != 2 || request.Children.Under18 != 0 || request.Order != events.InTurn || request.Sex != "" {
		t.Errorf("read %+v", payload)
	}
	if got := request.Happened.String(); got != "2026-03-28T21:15:00Z" { // where the readers are it is two hours later
		t.Errorf("it happened at %s", got)
	}
	if request.Channel != events.InPerson || request.Recorded.String() != "2026-03-29T10:30:40Z" {
		t.Errorf("recorded %s, %s", request.Recorded, request.Channel)
	}
}

// What was shown as now and left as it was is now, to the second: a minute that is
// cut off would stand before what was said in the same minute.
func TestNowIsNowUnlessSomebodyWroteAnotherTime(t *testing.T) {
	f, err := form.Of(events.TypePersonMissing)
	if err != nil {
		t.Fatal(err)
	}
	for shown, want := range map[string]string{"2026-03-29 13:30": "2026-03-29T10:30:40Z", "2026-03-29 13:29": "2026-03-29T10:30:00Z", "": "2026-03-29T10:30:00Z"} {
		payload, err := f.Read(url.Values{"happened.day": {"2026-03-29"}, "happened.clock": {"13:30"}, "happened.shown": {shown}}, choices(t))
		if err != nil {
			t.Fatal(err)
		}
		if got := payload.(*events.PersonMissing).Happened.String(); got != want {
			t.Errorf("shown %q: %s, want %s", shown, got, want)
		}
	}
}

func TestEveryFaultStandsBesideItsField(t *testing.T) {
	f, err := form.Of(events.TypeErasureConfirmed)
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		values url.Values
		want   ask.Problems
	}{
		"nothing chosen": {url.Values{}, ask.Problems{"answer": {Key: "acts.error.needed"}}},
		"no such code":   {url.Values{"answer": {"burnt"}}, ask.Problems{"answer": {Key: "rule.data-code"}}},
		"no ground":      {url.Values{"answer": {"kept"}}, ask.Problems{"ground": {Key: "rule.data-range"}}},
		"no such day":    {url.Values{"answer": {"kept"}, "until.day": {"2026-02-31"}}, ask.Problems{"until": {Key: "acts.error.moment"}}},
		"two problems":   {url.Values{"until.day": {"soon"}}, ask.Problems{"answer": {Key: "acts.error.needed"}, "until": {Key: "acts.error.moment"}}},
	} {
		_, err := f.Read(c.values, choices(t))
		problems, is := errors.AsType[ask.Problems](err)
		if !is || len(problems) != len(c.want) {
			t.Errorf("%s: %v", name, err)
			continue
		}
		for member, want := range c.want {
			if problems[member].Key != want.Key {
				t.Errorf("%s: %s says %q, want %q", name, member, problems[member].Key, want.Key)
			}
		}
	}
}

func TestWhatWasWrittenIsShownAgain(t *testing.T) {
	f, err := form.Of(events.TypeConsentGiven)
	if err != nil {
		t.Fatal(err)
	}
	values := url.Values{
		"recipient.class": {"shelter"}, "purpose": {"medical"}, "present": {"lawyer", "companion"}, "expires.day": {"2026-05-01"}, "expires.clock": {"12:00"},
		"language": {"ron"},
	}
	fields, err := f.Show(english(t), values, choices(t), ask.Problems{"by": {Key: "acts.error.needed"}})
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, field := range fields {
		var taken []string
		for _, group := range field.Groups {
			for _, o := range group.Options {
				if o.Chosen {
					taken = append(taken, o.Value)
				}
			}
		}
		got[field.Name] = field.Day + field.Problem + strings.Join(taken, " ")
	}
	for name, want := range map[string]string{"purpose": "medical", "present": "lawyer companion", "expires": "2026-05-01", "language": "ron", "by": "Please answer this."} {
		if got[name] != want {
			t.Errorf("%s shows %q, want %q", name, got[name], want)
		}
	}
}

// Whatever a form sends is read into a payload that the strict decoder takes, or into
// problems that stand beside fields of the form.
func FuzzRead(f *testing.F) {
	kinds := statements()
	f.Add(uint8(3), "answer=kept&ground=court-order&until.day=2026-05-01")
	f.Add(uint8(7), "to=a&to=b&needs=medical&children.0-8=-1&happened.day=9999-99-99")
	f.Add(uint8(12), "recipient.agency=x&recipient.except=%FF%FE&language=\x00&expires.clock=25:99")
	c := choices(f)
	f.Fuzz(func(t *testing.T, pick uint8, sent string) {
		values, err := url.ParseQuery(sent)
		if err != nil {
			return
		}
		kind := kinds[int(pick)%len(kinds)]
		of, err := form.Of(kind)
		if err != nil {
			t.Fatal(err)
		}
		payload, err := of.Read(values, c)
		problems, is := errors.AsType[ask.Problems](err)
		switch {
		case err == nil:
			if _, err := events.Encode(payload); err != nil {
				t.Errorf("%s: read what cannot be said: %v", kind.Name(), err)
			}
		case !is || len(problems) == 0:
			t.Errorf("%s: refused without a fault: %v", kind.Name(), err)
		}
	})
}
