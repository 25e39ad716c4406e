package agency

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/go-json-experiment/json"
)

// The service dies at any step of a request under a key; the system, which got no
// answer, sends it again. It is said once, and the form makes one case.
func TestARequestWhoseAnswerWasLostIsDoneOnce(t *testing.T) {
	for _, request := range []string{"/v1/events " + met(newCaseID(t)), `/v1/intake/met {"a":1}`} {
		for step, died := 0, true; died; step++ {
			l := newLog(t)
			l.must(l.joined().Close())
			died = l.diesOf(step, request)
			a := l.opened()
			a.config.Desk = formDesk{}
			answer := askedOnce(a, request)
			if again := askedOnce(a, request); len(l.said(a)) != 1 || answer.Code/100 != 2 || again.Body.String() != answer.Body.String() {
				t.Errorf("%s, step %d: %d said; %d %s, then %s", request, step, len(l.said(a)), answer.Code, answer.Body, again.Body)
			}
			l.must(a.Close())
		}
	}
}

// askedOnce sends a request, path and body, under always the same key.
func askedOnce(a *Agency, request string) *httptest.ResponseRecorder {
	path, body, _ := strings.Cut(request, " ")
	r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
	r.Header.Set("Content-Type", plainJSON)
	r.Header.Set("Idempotency-Key", "one")
	w := httptest.NewRecorder()
	a.systemRoutes().ServeHTTP(w, r)
	return w
}

// diesOf sends a request in a process that dies at a step of its journal, and
// says whether it died there.
func (l *aLog) diesOf(step int, request string) bool {
	l.t.Helper()
	config := l.config()
	config.Desk, config.Logger = nil, nil
	text, err := json.Marshal(config)
	l.must(err)
	child := exec.Command(os.Args[0], "-test.run=^$")
	child.Env = append(os.Environ(), "HANDRAIL_TEST_JOURNAL="+string(text), "HANDRAIL_TEST_STEPS="+strconv.Itoa(step), "HANDRAIL_TEST_REQUEST="+request)
	out, err := child.CombinedOutput()
	status, _ := child.ProcessState.Sys().(syscall.WaitStatus)
	if !status.Signaled() && err != nil {
		l.t.Fatalf("step %d: the child ended by itself: %v %s", step, err, out)
	}
	return status.Signaled()
}

// requestUntilKilled is what the process does that dies.
func requestUntilKilled(a *Agency, request string) error {
	a.config.Desk = formDesk{}
	if w := askedOnce(a, request); w.Code/100 != 2 {
		return fmt.Errorf("it is answered %d %s", w.Code, w.Body)
	}
	return nil
}
