package attacks

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// failing is a channel that takes nothing, and repeats what it was sent.
const failing = "sms"

// bell is a duty phone: whatever it is sent it keeps.
type bell struct {
	*httptest.Server

	mu    sync.Mutex
	heard []string
}

func newBell(t *testing.T) *bell {
	t.Helper()
	b := &bell{}
	b.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16)) // what came before an error was heard
		channel, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		b.note(fmt.Sprint(channel, " ", r.URL.Path, r.Header, string(text)))
		if channel == failing {
			http.Error(w, string(text), http.StatusInternalServerError)
		}
	}))
	t.Cleanup(b.Close)
	return b
}

func (b *bell) note(heard string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard = append(b.heard, heard)
}

// all that came, each beginning with its channel.
func (b *bell) all() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.heard)
}

const bellSecret = "bell.whsec"

// writeRota puts a rota, and a secret, into the shelter's folder.
func (a *arena) writeRota(t *testing.T, rota string, rotaMode, secretMode os.FileMode) {
	t.Helper()
	folder := a.hub.At.Agency(shelter)
	for name, mode := range map[string]os.FileMode{"rota.yaml": rotaMode, bellSecret: secretMode} {
		text := rota
		if name == bellSecret {
			text = strings.Repeat("c2VjcmV0", 6) + "\n"
		}
		path := filepath.Join(folder, name)
		must(t, os.WriteFile(path, []byte(text), 0o600))
		must(t, os.Chmod(path, mode))
	}
}

// openRota: a rota or a secret that others on the machine can read is not used,
// and the agency says so. Closed to them, it rings, and says nothing of the case.
func (a *arena) openRota(t *testing.T, police *site) {
	defer func(outer *testing.T) { police.t = outer }(police.t)
	police.t = t
	n := &night{arena: a, t: t, police: police}
	phone := newBell(t)
	rota := fmt.Sprintf("timezone: UTC\nwait: {tonight: 1m, standard: 10m}\npeople:\n  duty-1: {webhook: {url: %q, secret: %s}}\notherwise: [duty-1]\n", phone.URL+"/bell", bellSecret)
	alarmed := func(name string) func() bool {
		return func() bool {
			var health agency.Health
			must(t, client.People(a.hub.At.Agency(shelter)).Get(t.Context(), "/v1/doctor", &health))
			return slices.ContainsFunc(health.Alarms, func(one agency.Alarm) bool { return one.Name == name })
		}
	}
	a.writeRota(t, rota, 0o644, 0o600)
	eventually(t, "the shelter says that its rota is open", alarmed("rota-wrong"))
	b := n.tonight(events.AtOnce, shelter)
	a.writeRota(t, rota, 0o600, 0o640)
	eventually(t, "the shelter says that its secret is open", alarmed("rota-file"))
	if heard := phone.all(); len(heard) != 0 {
		t.Errorf("it rang by a rota, or with a secret, that others can read: %d times", len(heard))
	}
	a.writeRota(t, rota, 0o600, 0o600)
	eventually(t, "the phone rings", func() bool { return len(phone.all()) > 0 })
	for _, heard := range phone.all() {
		for _, word := range []string{string(b.of), string(b.referral), string(thief), string(shelter), "accommodation", "adult"} {
			if strings.Contains(heard, word) {
				t.Errorf("the alert tells %q", word)
			}
		}
	}
	must(t, os.Remove(filepath.Join(a.hub.At.Agency(shelter), "rota.yaml")))
	a.healthy(t)
}
