package agency

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/systems"
)

// The tests act as an agency's people do, on its socket, and as its systems do,
// with its token.

// ask sends a request over the desk's socket and gives status and body.
func (s *site) ask(method, path, body string) (int, string) {
	s.w.t.Helper()
	socket := filepath.Join(s.config.Dir, agency.SocketFile)
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}}
	return s.send(&http.Client{Transport: transport, Timeout: 20 * time.Second}, method, "http://desk"+path, body, "")
}

// post sends what a system would, with its token.
func (s *site) post(path, body string) (int, string) {
	s.w.t.Helper()
	token, err := os.ReadFile(filepath.Join(s.config.Dir, systems.TokenFile))
	s.w.must(err)
	transport := &http.Transport{DisableKeepAlives: true}
	return s.send(&http.Client{Transport: transport, Timeout: 20 * time.Second}, http.MethodPost, "http://"+s.systems.Address()+path, body, strings.TrimSpace(string(token)))
}

func (s *site) send(client *http.Client, method, url, body, token string) (int, string) {
	s.w.t.Helper()
	request, err := http.NewRequestWithContext(s.w.t.Context(), method, url, bytes.NewReader([]byte(body)))
	s.w.must(err)
	request.Header.Set("Content-Type", "application/json")
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	s.w.must(err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	s.w.must(err)
	return response.StatusCode, string(text)
}

// get reads a path of the desk into a value.
func get[T any](s *site, path string) T {
	s.w.t.Helper()
	status, text := s.ask(http.MethodGet, path, "")
	if status != http.StatusOK {
		s.w.t.Fatalf("GET %s: %d %s", path, status, text)
	}
	return read[T](s, text)
}

func read[T any](s *site, text string) T {
	s.w.t.Helper()
	var value T
	s.w.must(json.Unmarshal([]byte(text), &value))
	return value
}

func (s *site) status() agency.Status { return get[agency.Status](s, "/v1/status") }

func (s *site) tasks() []agency.Task {
	s.w.t.Helper()
	return get[map[string][]agency.Task](s, "/v1/tasks")["tasks"]
}

// answer answers the task of a kind in a case.
func (s *site) answer(of events.CaseID, kind agency.TaskKind, body string) {
	s.w.t.Helper()
	status, text := s.tryAnswer(of, kind, body)
	if status != http.StatusAccepted {
		s.w.t.Fatalf("answering %s: %d %s", kind, status, text)
	}
}

func (s *site) tryAnswer(of events.CaseID, kind agency.TaskKind, body string) (int, string) {
	s.w.t.Helper()
	all := s.tasks()
	at := slices.IndexFunc(all, func(t agency.Task) bool { return t.Case == of && t.Kind == kind })
	if at < 0 {
		s.w.t.Fatalf("there is no task %s in %v", kind, all)
	}
	return s.ask(http.MethodPost, "/v1/tasks/"+string(all[at].ID)+"/answer", body)
}

// says has people say something.
func (s *site) says(of events.CaseID, what, data string) {
	s.w.t.Helper()
	status, text := s.ask(http.MethodPost, "/v1/say", `{"case":"`+string(of)+`","type":"`+what+`","data":`+data+`}`)
	if status != http.StatusAccepted {
		s.w.t.Fatalf("saying %s: %d %s", what, status, text)
	}
}

// settled waits until the ledger has answered everything that the site said.
func (s *site) settled() {
	s.w.t.Helper()
	s.w.eventually(string(s.config.Agency)+" is answered", func() bool { return s.status().Waiting == 0 })
}

// line finds a statement in a case as the site sees it; empty if it is not there.
func (s *site) line(of events.CaseID, what string) agency.Line {
	s.w.t.Helper()
	status, text := s.ask(http.MethodGet, "/v1/cases/"+string(of), "")
	if status != http.StatusOK {
		return agency.Line{}
	}
	for _, line := range read[agency.CaseView](s, text).Trail {
		if line.Type == what && !line.Waiting {
			return line
		}
	}
	return agency.Line{}
}

// sees waits until a statement of a case is there and admitted.
func (s *site) sees(of events.CaseID, what string) agency.Line {
	s.w.t.Helper()
	var line agency.Line
	s.w.eventually(string(s.config.Agency)+" sees "+what, func() bool {
		line = s.line(of, what)
		return line.Type != ""
	})
	return line
}

func (s *site) sections(of events.CaseID) []agency.SectionView {
	s.w.t.Helper()
	return get[map[string][]agency.SectionView](s, "/v1/cases/"+string(of)+"/sections")["sections"]
}

// opens reads one section for a purpose.
func (s *site) opens(of events.CaseID, record events.EventID, purpose string) (int, string) {
	s.w.t.Helper()
	return s.ask(http.MethodPost, "/v1/cases/"+string(of)+"/sections/"+string(record)+"/open", `{"role":"duty-worker","purpose":"`+purpose+`","basis":"consent","reader":"duty-1"}`)
}

// value of a member of a JSON object.
func member(text, name string) string {
	var object map[string]jsontext.Value
	if err := json.Unmarshal([]byte(text), &object); err != nil {
		return err.Error()
	}
	return string(object[name])
}
