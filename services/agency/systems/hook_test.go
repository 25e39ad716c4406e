package systems

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
)

// hookServer is the agency's own system: it keeps what it verified and took.
type hookServer struct {
	*httptest.Server
	secret string

	mu    sync.Mutex
	fails int // so many posts are not taken
	ids   []string
	took  []HookMessage
	bad   []string
}

func newHookServer(t *testing.T) *hookServer {
	t.Helper()
	raw := make([]byte, 32)
	_, _ = rand.Read(raw)
	h := &hookServer{secret: "whsec_" + base64.StdEncoding.EncodeToString(raw)}
	h.Server = httptest.NewServer(h)
	t.Cleanup(h.Close)
	return h
}

func (h *hookServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	verifier, err := standardwebhooks.NewWebhook(h.secret)
	if err == nil {
		err = verifier.Verify(body, r.Header)
	}
	var m HookMessage
	if err == nil {
		err = json.Unmarshal(body, &m)
	}
	switch {
	case h.fails > 0:
		h.fails--
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = w.Write([]byte("planted"))
	case err != nil:
		h.bad = append(h.bad, err.Error())
		w.WriteHeader(http.StatusBadRequest)
	case slices.Contains(h.ids, r.Header.Get("webhook-id")): // taken before we ended, and not noted
	default:
		h.ids = append(h.ids, r.Header.Get("webhook-id"))
		h.took = append(h.took, m)
	}
}

// numbers gives what was taken, by number and kind.
func (h *hookServer) numbers() (numbers []uint64, kinds []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, m := range h.took {
		numbers, kinds = append(numbers, m.Data.Number), append(kinds, m.Data.Kind)
	}
	return numbers, kinds
}

func (h *hookServer) waits(t *testing.T, wanted int) []uint64 {
	t.Helper()
	for end := time.Now().Add(20 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		numbers, _ := h.numbers()
		if len(numbers) >= wanted {
			return numbers
		}
		if time.Now().After(end) {
			t.Fatalf("only %v came; not verified: %v", numbers, h.bad)
		}
	}
}

// hooked opens the agency with the webhook, and posts until stop.
func hooked(t *testing.T, l *agencytest.Log, h *hookServer, now func() time.Time, log io.Writer) (a *agency.Agency, s *Systems, stop func()) {
	t.Helper()
	config := l.Config()
	config.Logger = slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	must(t, os.WriteFile(filepath.Join(config.Dir, WebhookSecretFile), []byte(h.secret+"\n"), 0o600))
	a = l.OpenWith(config)
	s, err := New(a, Config{Dir: config.Dir, Webhook: h.URL + "/planted-path", Now: now})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	return a, s, func() {
		cancel()
		must(t, <-ended)
		must(t, a.Close())
	}
}

// opens is a case that the police opened.
func opens(l *agencytest.Log) {
	l.Says(agencytest.Police, l.NewCase(), "", &events.CaseOpened{Said: l.Now(), Age: events.Adult})
}

func TestDeliveriesArePostedInOrderOnceEachAndAlsoAfterARestart(t *testing.T) {
	l, h := agencytest.New(t, events.Shelter), newHookServer(t)
	var log bytes.Buffer
	h.fails = 1
	_, _, stop := hooked(t, l, h, nil, &log)
	opens(l)
	opens(l)
	h.waits(t, 3)
	stop()
	_, s, stop := hooked(t, l, h, nil, &log)
	opens(l)
	h.waits(t, 4)
	self, err := s.self(t.Context())
	must(t, err)
	stop()
	if numbers, _ := h.numbers(); len(numbers) != 4 || numbers[0] != 1 || numbers[1] != 2 || numbers[2] != 3 || numbers[3] != 4 {
		t.Errorf("posted %v", numbers)
	}
	for i, m := range h.took {
		if m.Type != "handrail.delivery.event" || m.Data.Event == nil || strings.ContainsAny(h.ids[i], ". ") {
			t.Errorf("%s %+v", h.ids[i], m)
		}
	}
	if self.Webhook == nil || self.Webhook.Position < 3 || self.Webhook.Failing != nil {
		t.Errorf("%+v", self.Webhook)
	}
	if strings.Contains(log.String(), "planted") || strings.Contains(log.String(), h.secret) {
		t.Errorf("the log tells of the webhook: %s", log.String())
	}
}

func TestADamagedDeliveryIsPostedAsSuchAndAgainWhenItIsMended(t *testing.T) {
	l, h := agencytest.New(t, events.Shelter), newHookServer(t)
	a, _, stop := hooked(t, l, h, nil, io.Discard)
	defer func() { stop() }()
	mend := l.DeliverSpoilt(l.Speaks(agencytest.Police, l.NewCase(), "", &events.CaseOpened{Said: l.Now(), Age: events.Adult}))
	opens(l)
	h.waits(t, 3)
	mend()
	h.waits(t, 4)
	numbers, kinds := h.numbers()
	if numbers[1] != 2 || kinds[1] != "damaged" || kinds[2] != "event" || numbers[3] != 2 || kinds[3] != "event" || h.ids[1] == h.ids[3] {
		t.Errorf("posted %v %v %v", numbers, kinds, h.ids)
	}
	if list, _, err := a.DeliveriesAfter(t.Context(), 1, 1); err != nil || list[0].Damaged || shown(list[0]).Kind != "event" {
		t.Errorf("%+v, %v", list, err)
	}
}

func TestAWebhookThatTakesNothingForLongRaisesAnAlarm(t *testing.T) {
	l, h := agencytest.New(t, events.Shelter), newHookServer(t)
	h.fails = 1 << 20
	var log bytes.Buffer
	start := time.Now()
	began := start.Add(-time.Hour) // when it first failed
	a, s, stop := hooked(t, l, h, func() time.Time { return began }, &log)
	for end := start.Add(20 * time.Second); !alarmed(t, a, "webhook-failing"); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nobody is told")
		}
	}
	self, err := s.self(t.Context())
	must(t, err)
	stop()
	if self.Webhook.Failing == nil || self.Webhook.Reason != "the server answered with status 503" || self.Webhook.Position != 0 {
		t.Errorf("%+v", self.Webhook)
	}
	if strings.Contains(log.String(), "planted") {
		t.Errorf("the log repeats the server's words or the URL: %s", log.String())
	}
}

func alarmed(t *testing.T, a *agency.Agency, name string) bool {
	t.Helper()
	status, err := a.Status(t.Context())
	must(t, err)
	return slices.ContainsFunc(status.Alarms, func(alarm agency.Alarm) bool { return alarm.Name == name })
}

func TestAWebhookIsConfiguredSafelyOrNotAtAll(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a := l.Open()
	for _, url := range []string{"http://desk.example.org/hook", "https://user:planted@desk.example.org/", "planted", "ftp://127.0.0.1/"} {
		if _, err := New(a, Config{Dir: l.Config().Dir, Webhook: url}); err == nil || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v", url, err)
		}
	}
	config := Config{Dir: l.Config().Dir, Webhook: "https://desk.example.org/hook"}
	for name, secret := range map[string]struct {
		text string
		mode os.FileMode
	}{
		"readable by others": {"whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 32)), 0o644},
		"too short":          {"whsec_planted", 0o600},
		"empty":              {"", 0o600},
	} {
		must(t, os.WriteFile(filepath.Join(config.Dir, WebhookSecretFile), []byte(secret.text), 0o600))
		must(t, os.Chmod(filepath.Join(config.Dir, WebhookSecretFile), secret.mode))
		if _, err := New(a, config); err == nil || strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
