package alert

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/base64"
	"encoding/pem"
	"fmt"
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

	_ "modernc.org/sqlite" // the store that an agency's journal is

	"handrail/events"
)

// clock is a time that only the test moves.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) time() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// rung is one request that a server took.
type rung struct {
	path   string
	header http.Header
	body   string
}

// bell is a real HTTP server that keeps what it gets. What a path answers can
// be set; it answers 204 otherwise.
type bell struct {
	*httptest.Server
	mu     sync.Mutex
	got    []rung
	answer map[string]http.HandlerFunc
}

func newBell(t *testing.T, tls bool) *bell {
	t.Helper()
	b := &bell{answer: map[string]http.HandlerFunc{}}
	b.Server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		b.mu.Lock()
		b.got = append(b.got, rung{r.URL.Path, r.Header, string(body)})
		answer := b.answer[r.URL.Path]
		b.mu.Unlock()
		if answer != nil {
			answer(w, r)
			return
		}
		w.WriteHeader(http.StatusNoContent)
	}))
	b.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	if tls {
		b.StartTLS()
	} else {
		b.Start()
	}
	t.Cleanup(b.Close)
	return b
}

func (b *bell) answers(path string, with http.HandlerFunc) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.answer[path] = with
}

func (b *bell) fails(path string) {
	b.answers(path, func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "call "+planted, http.StatusServiceUnavailable)
	})
}

// heard gives what was asked since the last time, by path, and forgets it.
func (b *bell) heard() []rung {
	b.mu.Lock()
	defer b.mu.Unlock()
	got := b.got
	b.got = nil
	slices.SortStableFunc(got, func(x, y rung) int { return strings.Compare(x.path, y.path) })
	return got
}

// paths gives the paths of what was heard.
func paths(all []rung) string {
	var list []string
	for _, r := range all {
		list = append(list, strings.TrimPrefix(r.path, "/"))
	}
	return strings.Join(list, " ")
}

// world is a ringer on a journal and servers of its own, with a clock that
// the test moves.
type world struct {
	t      *testing.T
	dir    string
	clock  *clock
	bell   *bell
	db     *sql.DB
	alarms map[[2]string]string
	mu     sync.Mutex
	log    bytes.Buffer
	*Ringer
}

const fourPeople = `
timezone: Europe/Tallinn
wait: {tonight: 5m, standard: 30m}
rounds: 2
quiet: [{days: daily, from: "21:00", to: "08:00"}]
people:
  duty-1: {webhook: {url: "BELL/duty-1", secret: hook.whsec}}
  duty-2: {webhook: {url: "BELL/duty-2", secret: hook.whsec}, sms: "+37255500002"}
  lead-1: {webhook: {url: "BELL/lead-1", secret: hook.whsec}}
shifts: [{days: daily, from: "00:00", to: "24:00", people: [duty-1, duty-2, lead-1]}]
sms: {url: "BELL/sms", token: sms.token}
`

const gatewayToken = "sms-gateway-token-of-the-test"

var hookKey = []byte("a webhook's secret of 32 bytes..")

// newWorld has the rota written, with BELL for the address of its server.
func newWorld(t *testing.T, rota string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), clock: &clock{now: monday}, alarms: map[[2]string]string{}, bell: newBell(t, false)}
	w.write("hook.whsec", "whsec_"+base64.StdEncoding.EncodeToString(hookKey)+"\n")
	w.write("sms.token", gatewayToken+"\n")
	if rota != "" {
		w.write(RotaFile, strings.ReplaceAll(rota, "BELL", w.bell.URL))
	}
	w.start()
	t.Cleanup(func() {
		w.sending.Wait()
		w.db.Close()
	})
	return w
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) write(name, text string) {
	w.t.Helper()
	w.must(os.WriteFile(filepath.Join(w.dir, name), []byte(text), 0o600))
}

// start opens the journal and makes a ringer, as a service that starts does.
func (w *world) start() {
	w.t.Helper()
	var journal Journal
	var err error
	w.db, journal, err = openIn(w.dir)
	w.must(err)
	w.Ringer, err = New(Config{
		Dir: w.dir, Now: w.clock.time, Log: slog.New(slog.NewTextHandler(&w.log, nil)),
		Journal: journal,
		Raise: func(_ context.Context, name, which, text string, _ error) {
			w.mu.Lock()
			defer w.mu.Unlock()
			w.alarms[[2]string{name, which}] = text
		},
		Over: func(name, which string) {
			w.mu.Lock()
			defer w.mu.Unlock()
			delete(w.alarms, [2]string{name, which})
		},
	})
	w.must(err)
}

// restart ends this run of the service and starts the next.
func (w *world) restart() {
	w.t.Helper()
	w.sending.Wait()
	w.must(w.db.Close())
	w.start()
}

func (w *world) alarm(name, which string) string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.alarms[[2]string{name, which}]
}

// looks looks until nothing follows at this instant, and gives what the bell heard.
func (w *world) looks(standing ...Cause) []rung {
	w.t.Helper()
	for range 8 {
		_, err := w.Look(w.t.Context(), standing)
		w.must(err)
		w.sending.Wait()
	}
	return w.bell.heard()
}

// after lets time pass and looks.
func (w *world) after(d time.Duration, standing ...Cause) []rung {
	w.t.Helper()
	w.clock.pass(d)
	return w.looks(standing...)
}

func (w *world) list() []Alert {
	w.t.Helper()
	all, err := w.List(w.t.Context())
	w.must(err)
	return all
}

// hears checks who was rung.
func (w *world) hears(got []rung, want, why string) {
	w.t.Helper()
	if paths(got) != want {
		w.t.Errorf("%s: %q was rung, want %q", why, paths(got), want)
	}
}

// asked is a referral that waits, full of marks that must never be sent.
func asked(urgency events.Urgency, n int) Cause {
	return Cause{
		Key: fmt.Sprintf("%s referral %d", planted, n), About: Referral, Urgency: urgency,
		Case: events.CaseID(fmt.Sprintf("%s-case-%d", planted, n)), Referral: events.ReferralID(fmt.Sprintf("%s-referral-%d", planted, n)),
	}
}

// caFile writes the certificate of a TLS server of the test as the rota's roots.
func (w *world) caFile(b *bell) {
	w.write("roots.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: b.Certificate().Raw})))
}
