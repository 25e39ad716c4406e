package web_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"handrail/services/web"
	"handrail/services/web/access"
)

func TestAStreamEndsWhenItsPartIsRefused(t *testing.T) {
	s := newStream(t)
	lines := s.followAt(t, "/live/of-one", "")
	until(t, lines, "id: 7", "data: <p>", "data: 7</p>", "")
	s.is(&access.Person{Agency: "blue-harbour", Code: "cw-2", Roles: []access.Role{access.CaseWorker}})
	s.count.move()
	until(t, lines, "event: ended", "data: ended", "")
	if got, open := <-lines; open {
		t.Errorf("after it was refused the stream says %q", got)
	}
}

// ofOne is a part that only cw-1 may see.
func ofOne(s *streamed) web.Stream {
	return web.Stream{Position: s.count.position, Part: func(v *web.Visit) (web.Show, error) {
		at, _ := s.count.position()
		return web.Show{Template: "count", Data: at}, v.May(access.SeeCase, &access.Case{Assigned: []string{"cw-1"}})
	}}
}

func TestOnePersonFollowsSoManyStreamsAndNoMore(t *testing.T) {
	s := newStream(t)
	open := func() (*http.Response, context.CancelFunc) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		t.Cleanup(cancel)
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/live", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = answer.Body.Close() })
		return answer, cancel
	}
	const most = 12
	var last context.CancelFunc
	for i := range most {
		answer, cancel := open()
		if last = cancel; answer.StatusCode != http.StatusOK {
			t.Fatalf("stream %d is answered %d", i+1, answer.StatusCode)
		}
	}
	if answer, _ := open(); answer.StatusCode != http.StatusTooManyRequests {
		t.Errorf("one more is answered %d", answer.StatusCode)
	}
	s.is(&access.Person{Agency: "blue-harbour", Code: "cw-2", Roles: []access.Role{access.CaseWorker}})
	if answer, _ := open(); answer.StatusCode != http.StatusOK {
		t.Errorf("somebody else is answered %d", answer.StatusCode)
	}
	s.is(&access.Person{Agency: "blue-harbour", Code: "cw-1", Roles: []access.Role{access.CaseWorker}})
	last() // one page is closed
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(10 * time.Millisecond) {
		answer, _ := open()
		if answer.StatusCode == http.StatusOK {
			return
		}
		if time.Now().After(end) {
			t.Fatal("a page that is closed still counts")
		}
	}
}
