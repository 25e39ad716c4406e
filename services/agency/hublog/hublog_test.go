package hublog_test

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency/hublog"
)

const (
	testHub    events.HubID    = "testland"
	testAgency events.AgencyID = "harbour-shelter"
)

// hub is a ledger that answers as it is told, whoever asks with a request that the
// agency signed. It counts what it was asked.
type hub struct {
	t      *testing.T
	key    seal.SigningKey
	asked  map[string]int
	answer http.HandlerFunc
}

// serves starts it, and gives its log as the agency asks for it.
func serves(t *testing.T, answer http.HandlerFunc) (*hub, *hublog.Log) {
	t.Helper()
	h := &hub{t: t, asked: map[string]int{}, answer: answer}
	var err error
	if h.key, err = seal.NewSigningKey(rand.Reader); err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(http.HandlerFunc(h.serve))
	t.Cleanup(server.Close)
	l := h.asks(server.URL + "/")
	t.Cleanup(l.Idle)
	return h, l
}

func (h *hub) asks(url string) *hublog.Log {
	h.t.Helper()
	l, err := hublog.New(hublog.Config{URL: url, Hub: testHub, Agency: testAgency, Key: func() seal.SigningKey { return h.key }, Now: time.Now})
	if err != nil {
		h.t.Fatal(err)
	}
	return l
}

func (h *hub) serve(w http.ResponseWriter, r *http.Request) {
	who, _, err := seal.VerifyRequest(r, nil, testHub.Origin(), time.Now(), func(_ events.AgencyID, key events.KeyID) (events.PublicKey, bool) {
		return h.key.Public(), key == h.key.ID()
	})
	if err != nil || who != testAgency {
		h.t.Errorf("%s is asked for by %q: %v", r.URL.Path, who, err)
	}
	h.asked[r.URL.Path]++
	h.answer(w, r)
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}
}

func TestItAsksForCheckpointProofAndTileWithASignature(t *testing.T) {
	h, l := serves(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte("at " + r.URL.Path)) })
	for path, ask := range map[string]func() ([]byte, error){
		"/v1/tlog/checkpoint":       func() ([]byte, error) { return l.Checkpoint(t.Context()) },
		"/v1/entries/70000/proof":   func() ([]byte, error) { return l.Proof(t.Context(), 70000) },
		"/v1/tlog/tile/0/x001/067":  func() ([]byte, error) { return l.Tiles(t.Context())("tile/0/x001/067") },
		"/v1/tlog/tile/0/000.p/112": func() ([]byte, error) { return l.Tiles(t.Context())("tile/0/000.p/112") },
	} {
		if text, err := ask(); err != nil || string(text) != "at "+path || h.asked[path] != 1 {
			t.Errorf("%s: %q %v, asked %v", path, text, err, h.asked)
		}
	}
}

func TestFullTilesAreAskedForOnceUntilOneWasFalse(t *testing.T) {
	h, l := serves(t, says(http.StatusOK, "hashes"))
	full, partial := "tile/0/000", "tile/0/001.p/3"
	fetch := func(path string) {
		t.Helper()
		if text, err := l.Tiles(t.Context())(path); err != nil || string(text) != "hashes" {
			t.Fatalf("%q %v", text, err)
		}
	}
	for range 2 {
		fetch(full)
		fetch(partial)
	}
	if h.asked["/v1/tlog/"+full] != 1 || h.asked["/v1/tlog/"+partial] != 2 {
		t.Errorf("asked %v", h.asked)
	}
	l.Forget()
	fetch(full)
	if h.asked["/v1/tlog/"+full] != 2 {
		t.Error("a tile that may be false is kept")
	}
	for i := range 600 { // far more than are kept
		fetch(fmt.Sprintf("tile/1/%03d", i))
	}
	again := 0
	for i := range 600 {
		path := fmt.Sprintf("tile/1/%03d", i)
		fetch(path)
		again += h.asked["/v1/tlog/"+path] - 1
	}
	if again < 300 {
		t.Errorf("%d of 600 tiles are kept", 600-again)
	}
}

func TestWhatIsNoAnswerIsAsIfTheHubWereAway(t *testing.T) {
	gone := httptest.NewServer(http.NotFoundHandler())
	gone.Close()
	h, _ := serves(t, says(http.StatusOK, ""))
	for _, url := range []string{"", gone.URL} {
		if _, err := h.asks(url).Checkpoint(t.Context()); !errors.Is(err, hublog.ErrAway) {
			t.Errorf("at %q: %v", url, err)
		}
		h.asks(url).Idle()
	}
	for name, answer := range map[string]http.HandlerFunc{
		"no words":   says(http.StatusNotFound, "not here"),
		"a fault":    says(http.StatusServiceUnavailable, `{"type":"urn:handrail:problem:hub-fault","detail":"later"}`),
		"a redirect": http.RedirectHandler("/elsewhere", http.StatusFound).ServeHTTP,
		"a flood":    says(http.StatusOK, string(make([]byte, tlog.MaxCheckpointBytes+1))),
		"half": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "9")
			_, _ = w.Write([]byte("half"))
		},
	} {
		h, l := serves(t, answer)
		if text, err := l.Checkpoint(t.Context()); !errors.Is(err, hublog.ErrAway) || text != nil || h.asked["/elsewhere"] != 0 {
			t.Errorf("%s: %q %v", name, text, err)
		}
	}
}

func TestARefusalIsPassedOnWithItsRule(t *testing.T) {
	for _, body := range []string{
		`{"type":"urn:handrail:problem:unwitnessed-yet","title":"Not Found","status":404,"detail":"not cosigned yet"}`,
		`{"rule":"unwitnessed-yet","detail":"not cosigned yet"}`,
	} {
		_, l := serves(t, says(http.StatusNotFound, body))
		_, err := l.Proof(t.Context(), 7)
		v, refused := errors.AsType[*events.Violation](err)
		if !refused || v.Rule != "unwitnessed-yet" || errors.Is(err, hublog.ErrAway) {
			t.Errorf("%s: %v", body, err)
		}
	}
}
