package ledger

import (
	"bytes"
	"errors"
	"fmt"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strings"
	"testing"

	"handrail/events"
	"handrail/services/ledger/audit"
)

// meanwhile lets something happen at the hub right before each answer to a request
// for a path, and gives the address at which that is so.
func (w *world) meanwhile(address, path string, happens func()) string {
	w.t.Helper()
	target, err := url.Parse(address)
	w.must(err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		if strings.HasSuffix(r.In.URL.Path, path) {
			happens()
		}
		r.SetURL(target)
	}})
	w.t.Cleanup(proxy.Close)
	return proxy.URL
}

// TestAnAgencyThatGoesOnIsCompleteAllTheSame: a check for completeness asks for
// deliveries, checkpoint and submissions one behind the other, and an agency at work
// says something between any two of them.
func TestAnAgencyThatGoesOnIsCompleteAllTheSame(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	w.open()
	p := w.agencies[police]
	for _, path := range []string{"/deliveries", "/checkpoint", "/submissions", "/readings"} {
		shown := p.evidence()
		said := 0
		busy := w.meanwhile(url, path, func() {
			if said++; said > 3 {
				return // a page of deliveries would never be the last
			}
			p.outbox([]events.Event{p.sign(p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))})
		})
		found, err := w.auditor(busy).Completeness(t.Context(), police, bytes.NewReader(shown))
		if err != nil || found.Receipts < found.Submissions || found.Shown.Answered != found.Shown.Submissions || said == 0 {
			t.Errorf("while the police say %d things ahead of %s: %+v, %v", said, path, found, err)
		}
	}
	w.check()
}

// TestAnEntryThatTheHubDoesNotShowIsAFinding, and no failure that one would look for
// in the network.
func TestAnEntryThatTheHubDoesNotShowIsAFinding(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	c := w.open()
	w.agencies[police].admitted(w.agencies[police].say(consent(events.Recipient{Class: events.Shelter}), c.id, ""))
	w.settled()
	admin := as(t, w.database, "")
	for _, statement := range []string{"SET session_replication_role = replica", "UPDATE entry SET number = number + 1000000 WHERE number = 2"} {
		_, err := admin.Exec(t.Context(), statement)
		w.must(err)
	}
	a := w.auditor(url)
	checkpoint, err := a.Checkpoint(t.Context())
	w.must(err)
	_, err = audit.VerifyLog(t.Context(), audit.LogVerification{Source: a.Log(false), Hub: hubID, Pins: a.Pins(), Checkpoint: checkpoint})
	if !errors.Is(err, audit.ErrUnverified) || !strings.Contains(fmt.Sprint(err), "entry 2: ") {
		t.Errorf("without entry 2 the log is said to be: %v", err)
	}
	w.stop()
}
