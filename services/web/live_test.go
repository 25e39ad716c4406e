package web_test

import (
	"bufio"
	"context"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"handrail/services/web"
	"handrail/services/web/access"
)

// counter is something that has positions.
type counter struct {
	mu   sync.Mutex
	at   uint64
	next chan struct{}
}

func (c *counter) position() (uint64, <-chan struct{}) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at, c.next
}

func (c *counter) move() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at++
	close(c.next)
	c.next = make(chan struct{})
}

type streamed struct {
	*httptest.Server

	count *counter
	mu    sync.Mutex
	who   *access.Person
}

func (s *streamed) is(p *access.Person) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.who = p
}

func newStream(t *testing.T) *streamed {
	t.Helper()
	s := &streamed{count: &counter{at: 7, next: make(chan struct{})}}
	s.is(&access.Person{Agency: "blue-harbour", Code: "cw-1", Roles: []access.Role{access.CaseWorker}})
	site, err := web.New(web.Config{
		Agency: "blue-harbour", SignIn: "/sign-in",
		Who: func(*http.Request) *access.Person {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.who
		},
		Templates: []fs.FS{fstest.MapFS{"templates/count.html": {Data: []byte("{{define \"count\"}}<p>\n{{.}}</p>{{end}}")}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	site.Live("GET /live", access.SeeInbox, func(*web.Visit) (web.Stream, error) {
		return web.Stream{Position: s.count.position, Part: func(*web.Visit) (web.Show, error) {
			at, _ := s.count.position()
			return web.Show{Template: "count", Data: at}, nil
		}}, nil
	})
	site.Live("GET /live/of-one", access.SeeInbox, func(*web.Visit) (web.Stream, error) { return ofOne(s), nil })
	s.Server = httptest.NewServer(site.Handler())
	t.Cleanup(s.Close)
	return s
}

// follow opens the stream and gives its lines as they come; closed when it ends.
func (s *streamed) follow(t *testing.T, last string) <-chan string {
	t.Helper()
	return s.followAt(t, "/live", last)
}

func (s *streamed) followAt(t *testing.T, path, last string) <-chan string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	answer, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cancel(); _ = answer.Body.Close() })
	lines := make(chan string)
	go func() {
		defer close(lines)
		for scan := bufio.NewScanner(answer.Body); scan.Scan(); {
			select {
			case lines <- scan.Text():
			case <-ctx.Done():
				return
			}
		}
	}()
	return lines
}

func until(t *testing.T, lines <-chan string, want ...string) {
	t.Helper()
	for _, w := range want {
		select {
		case got, open := <-lines:
			if !open || got != w {
				t.Fatalf("the stream says %q (open: %t), want %q", got, open, w)
			}
		case <-time.After(15 * time.Second):
			t.Fatalf("the stream does not say %q", w)
		}
	}
}

func TestAStreamShowsEachNewPosition(t *testing.T) {
	s := newStream(t)
	lines := s.follow(t, "")
	until(t, lines, "id: 7", "data: <p>", "data: 7</p>", "")
	s.count.move()
	until(t, lines, "id: 8", "data: <p>", "data: 8</p>", "")
}

func TestAStreamResumesWhereItWasLeft(t *testing.T) {
	s := newStream(t)
	until(t, s.follow(t, "7"), ": here", "") // nothing newer
	until(t, s.follow(t, "5"), "id: 7")
	until(t, s.follow(t, "99"), "id: 7") // a position of another life: what is true now
	until(t, s.follow(t, "no number"), "id: 7")
}

func TestAStreamEndsWithTheSession(t *testing.T) {
	s := newStream(t)
	lines := s.follow(t, "")
	until(t, lines, "id: 7", "data: <p>", "data: 7</p>", "")
	s.is(nil)
	s.count.move()
	until(t, lines, "event: ended", "data: ended", "")
	if got, open := <-lines; open {
		t.Errorf("after the session's end the stream says %q", strings.TrimSpace(got))
	}
}

func TestAStreamLeadsNobodyToSignIn(t *testing.T) {
	s := newStream(t)
	for person, want := range map[*access.Person]int{
		nil: http.StatusUnauthorized, {Agency: "blue-harbour", Code: "dpo-1", Roles: []access.Role{access.DPO}}: http.StatusForbidden,
	} {
		s.is(person)
		answer, err := s.Client().Get(s.URL + "/live")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if answer.StatusCode != want || answer.Header.Get("Location") != "" {
			t.Errorf("answered %d, want %d", answer.StatusCode, want)
		}
	}
}
