package duty_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency/pages/agencytest"
)

// parts follows what rings, as a person's page does: each is what it shows.
func (h *house) parts() <-chan string {
	h.t.Helper()
	server := httptest.NewServer(agencytest.Signed(h.pages, worker()))
	h.t.Cleanup(server.Close)
	r, err := http.NewRequestWithContext(h.t.Context(), http.MethodGet, server.URL+"/duty/live", nil)
	if err != nil {
		h.t.Fatal(err)
	}
	r.Header.Set("Accept-Language", "en")
	answer, err := server.Client().Do(r)
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { _ = answer.Body.Close() })
	parts := make(chan string, 8)
	go func() {
		defer close(parts)
		part := ""
		for scan := bufio.NewScanner(answer.Body); scan.Scan(); {
			if text, is := strings.CutPrefix(scan.Text(), "data: "); is {
				part += text + "\n"
			} else if scan.Text() == "" && part != "" {
				parts <- part
				part = ""
			}
		}
	}()
	return parts
}

func (h *house) until(parts <-chan string, want string) string {
	h.t.Helper()
	late := time.After(30 * time.Second)
	for {
		select {
		case part, open := <-parts:
			if !open {
				h.t.Fatalf("the stream ended before it said %q", want)
			}
			if strings.Contains(part, want) {
				return part
			}
		case <-late:
			h.t.Fatalf("the stream never says %q", want)
		}
	}
}

func TestWhatRingsGoesOnByItself(t *testing.T) {
	h := open(t, events.Shelter, rotaText)
	page := h.page(worker(), "/duty")
	for _, want := range []string{`hx-sse:connect="/duty/live"`, `<p id="duty-alerts-count" role="status">Nothing rings.</p>`} {
		if !strings.Contains(page, want) {
			t.Errorf("the page lacks %s", want)
		}
	}
	parts := h.parts()
	h.until(parts, "Nothing rings.")
	of, referral := h.asks(events.Tonight)
	ringing := h.rings(of, referral)
	h.asks(events.Standard) // any change is shown at once, what only the clock changes ten seconds later
	part := h.until(parts, `id="alert-`+ringing.ID+`-take"`)
	if !strings.Contains(part, `role="status">1 alert waits for somebody to take it.</p>`) || strings.Contains(part, "<h1") {
		t.Errorf("the part: %s", part)
	}
	// Somebody takes it: the others see it at once, without waiting for the clock.
	began := time.Now()
	agencytest.Send(h.pages, other(), "/duty/alerts/"+ringing.ID+"/take", nil)
	h.until(parts, "Nothing rings.")
	if took := time.Since(began); took > 8*time.Second {
		t.Errorf("seen after %s", took)
	}
}
