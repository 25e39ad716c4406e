package agency

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// The service dies at any step of a request under a key; the system, which got no
// answer, sends it again. It is said once, and the form makes one case.
func TestARequestWhoseAnswerWasLostIsDoneOnce(t *testing.T) {
	said := `{"type":"org.handrail.case.opened.v1","case":"` + string(newCaseID(t)) +
		`","data":{"happened":"2026-11-22T01:10:00Z","recorded":"2026-11-22T01:20:00Z","channel":"system","age":"adult"}}`
	for _, request := range []string{"/v1/events " + said, `/v1/intake/met {"a":1}`} {
		for step, died := 0, true; died; step++ {
			l := newLog(t)
			l.must(l.joined().Close())
			died, _ = l.killedAt(step, "HANDRAIL_TEST_REQUEST="+request)
			a := l.opened()
			answer, err := asksOnce(a, request)
			l.must(err)
			if again, err := asksOnce(a, request); len(l.said(a)) != 1 || err != nil || again != answer {
				t.Errorf("%s, step %d: %d said; %s, then %s %v", request, step, len(l.said(a)), answer, again, err)
			}
			l.must(a.Close())
		}
	}
}

// asksOnce does a request, path and body, under always the same key.
func asksOnce(a *Agency, request string) (string, error) {
	path, body, _ := strings.Cut(request, " ")
	o := Once{Path: path, Key: "one", Content: []byte(body)}
	if path != "/v1/events" {
		filed, err := a.FileOnce(context.Background(), o, metForm(), []byte(body))
		return fmt.Sprint(filed), err
	}
	var says SystemSays
	if err := json.Unmarshal([]byte(body), &says); err != nil {
		return "", err
	}
	ids, err := a.SayOnce(context.Background(), o, says)
	return fmt.Sprint(ids), err
}

// metForm is a form with one section.
func metForm() Intake {
	return Intake{Name: "met", Read: func(body []byte) (Filing, error) {
		return Filing{Name: string(body[:5]), Content: body, Age: events.Adult, Sections: map[events.Section]jsontext.Value{events.SectionIdentity: body}}, nil
	}}
}

// requestUntilKilled is what the process does that dies.
func requestUntilKilled(a *Agency, request string) error {
	_, err := asksOnce(a, request)
	return err
}
