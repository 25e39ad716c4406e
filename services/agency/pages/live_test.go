package pages_test

import (
	"bufio"
	"context"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency/pages/agencytest"
	"handrail/services/web/access"
)

// follows opens a stream and gives, for each event, its id, or its name if it has one,
// and its text.
func follows(t *testing.T, h http.Handler, who *access.Person, path, last string) <-chan [2]string {
	t.Helper()
	server := httptest.NewUnstartedServer(agencytest.Signed(h, who))
	server.Config.ReadTimeout = time.Second // a stream outlives it
	server.Start()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Accept-Language", "en")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	answer, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	events := make(chan [2]string, 8)
	t.Cleanup(func() { cancel(); _ = answer.Body.Close(); server.Close() })
	go func() {
		defer close(events)
		var one [2]string
		scan := bufio.NewScanner(answer.Body)
		scan.Buffer(nil, 1<<20)
		for scan.Scan() {
			switch name, text, _ := strings.Cut(scan.Text(), ": "); {
			case name == "id" || name == "event":
				one[0] = text
			case name == "data":
				one[1] += text + "\n"
			case scan.Text() == "" && one[0] != "":
				events <- one
				one = [2]string{}
			}
		}
	}()
	return events
}

func TestTheInboxIsLiveAndResumesAtTheJournalsPosition(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a, h := served(t, l)
	position, _ := a.Changes()
	shows(t, agencytest.Page(h, worker(), "/inbox"), http.StatusOK, `hx-sse:connect="/inbox/live"`, `{"Last-Event-ID":"`+strconv.FormatUint(position, 10)+`"}`)

	stream := follows(t, h, worker(), "/inbox/live", strconv.FormatUint(position, 10)) // the page shows that much already
	time.Sleep(1500 * time.Millisecond)
	select {
	case got := <-stream:
		t.Fatalf("nothing happened, and the stream says %v", got)
	default:
	}
	of, referral := asks(l, events.Tonight)
	at, _ := a.Changes()
	var got [2]string
	for got[0] != strconv.FormatUint(at, 10) { // what is shown may be newer than its position, never older
		got = next(t, stream)
	}
	if !strings.Contains(got[1], string(referral)) || !strings.Contains(got[1], string(of)) || strings.Contains(got[1], "<html") {
		t.Errorf("at %d the stream says %v", at, got)
	}
	if missed := next(t, follows(t, h, worker(), "/inbox/live", strconv.FormatUint(position, 10))); missed[0] != got[0] || !strings.Contains(missed[1], string(referral)) {
		t.Errorf("whoever comes back is told %v", missed)
	}
	if other := next(t, follows(t, h, worker(), "/inbox/live", "999999")); other[0] != got[0] {
		t.Errorf("a position of another journal is answered %v", other)
	}
}

func next(t *testing.T, stream <-chan [2]string) [2]string {
	t.Helper()
	select {
	case got, open := <-stream:
		if !open {
			t.Fatal("the stream ended")
		}
		return got
	case <-time.After(20 * time.Second):
		t.Fatal("the stream says nothing")
	}
	return [2]string{}
}

func TestAStreamIsClosedToWhoeverMayNotSeeTheInbox(t *testing.T) {
	_, h := served(t, agencytest.New(t, events.Shelter))
	for _, who := range []*access.Person{nil, agencytest.Staff("dpo-1", access.DPO)} {
		if w := agencytest.Page(h, who, "/inbox/live"); w.Code == http.StatusOK {
			t.Errorf("%v is answered %d", who, w.Code)
		}
	}
}
