package conform_test

import (
	"crypto/rand"
	"strings"
	"testing"

	"handrail/contracts/conform"
	"handrail/events"
	"handrail/events/exchange"
)

// What somebody sends to a judge is anything: it is judged, and nothing of it is
// repeated but plain names.
func TestHostileMessagesAreJudged(t *testing.T) {
	const marker = "MarkerOfAPerson"
	nested := strings.Repeat(`{"a":`, 20_000) + "1" + strings.Repeat("}", 20_000)
	for name, input := range map[string]string{
		"nothing but braces":      strings.Repeat("{", 100_000),
		"nested data":             `{"specversion":"1.0","data":` + nested + `}`,
		"a name of text":          `{"` + marker + `\r\nX: y":"1"}`,
		"a name in the data":      dataOf(t, `{"`+marker+` lives here":1}`),
		"a plain name inside":     dataOf(t, `{"age":{"`+marker+` x":{}}}`),
		"a value of text":         dataOf(t, `{"age":"`+marker+`"}`),
		"a giant number":          dataOf(t, `{"age":`+strings.Repeat("9", 5000)+`}`),
		"null":                    `null`,
		"a list":                  `[{"specversion":"1.0"}]`,
		"two in one line":         `{"id":"` + marker + `"} {"id":`,
		"half a character":        "{\"id\":\"\xff\xfe\"}",
		"lone surrogate":          `{"id":"\ud800"}`,
		"a record that is none":   `{"type":"org.handrail.record.sealed.v1","datacontenttype":"application/jose","data":"` + strings.Repeat("e.", 5000) + `"}`,
		"a signature that is big": `{"dssematerial":"` + strings.Repeat("A", 2_000_000) + `"}`,
		"headers as text":         "ce-id: " + marker + "\r\nce-hub: a\r\n\r\n{}",
		"a header of control":     "ce-id: \x00\x1b[2J" + marker + "\n\n{}",
	} {
		messages, err := conform.Split([]byte(input))
		if err != nil {
			if strings.Contains(err.Error(), marker) {
				t.Errorf("%s: the error repeats what was sent", name)
			}
			continue
		}
		j, err := conform.New(conform.Options{})
		must(t, err)
		for _, m := range messages {
			r := j.Message(name, m)
			if r.Conforms() {
				t.Errorf("%s: nothing is found", name)
			}
			for _, f := range r.Findings {
				if strings.Contains(f.Reason+f.Pointer, marker) || strings.ContainsAny(f.Reason+f.Pointer, "\x00\x1b\r") {
					t.Errorf("%s: a finding repeats what was sent: %+v", name, f)
				}
			}
		}
	}
}

// dataOf is the example of a case with other data.
func dataOf(t *testing.T, data string) string {
	t.Helper()
	x, err := conform.ExampleOf(events.TypeCaseOpened, rand.Reader)
	must(t, err)
	text := string(x.Text())
	return text[:strings.Index(text, "\n\n")+2] + data
}

// FuzzMessage holds the judge to the one reader that counts: it finds something in
// whatever that refuses, and never fails.
func FuzzMessage(f *testing.F) {
	for _, typ := range []events.Type{events.TypeCaseOpened, events.TypeConsentGiven, events.TypeControlPosition, events.TypeRecordSealed} {
		x, err := conform.ExampleOf(typ, rand.Reader)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(x.Text())
		structured, err := x.JSON()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(structured)
	}
	j, err := conform.New(conform.Options{})
	must(f, err)
	f.Fuzz(func(t *testing.T, input []byte) {
		messages, err := conform.Split(input)
		if err != nil {
			return
		}
		for _, m := range messages {
			r := j.Message("fuzzed", m)
			e, err := exchange.Decode(m)
			if err == nil && !e.Type.Sealed() {
				_, err = events.Decode(e.Type, e.Data)
			}
			if err != nil && r.Conforms() {
				t.Errorf("nothing is found in what is refused: %v", err)
			}
		}
	})
}
