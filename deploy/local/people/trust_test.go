package people

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"handrail/services/web/signin"
)

func (e *exchange) away(is bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.down = is
}

// signsIn says whether a passkey lets somebody in now, who then signs out again.
func (b *browser) signsIn(k *device) bool {
	b.door.t.Helper()
	p := b.post("/sign-in/passkey", k.prove(b.options(proveOptions)))
	switch {
	case p.text == "cw-1 is at /inbox":
		b.post("/sign-out", nil)
		return true
	case p.status == http.StatusForbidden && strings.Contains(p.text, "sign in with your organisation once"):
		return false
	}
	b.door.t.Fatalf("ended at %s with %d: %s", p.at, p.status, p.text)
	return false
}

// Whoever was dismissed is out three days after the provider last knew them, and in
// again only through it.
func TestAPasskeyIsWorthNothingThreeDaysAfterTheProvidersLastWord(t *testing.T) {
	d := newDoor(t, nil)
	b, k := added(d, "cw-1")
	d.later(71 * time.Hour)
	if !b.signsIn(k) {
		t.Error("out before three days")
	}
	d.later(2 * time.Hour)
	if b.signsIn(k) {
		t.Error("in after three days: using the passkey is no word of the provider")
	}
	if p := b.unlocks("cw-1", "/inbox"); p.text != "cw-1 is at /inbox" {
		t.Fatalf("ended at %s", p.at)
	}
	b.post("/sign-out", nil)
	if !b.signsIn(k) {
		t.Error("out although the provider has just let them in")
	}
}

// A night shift does not fail because the provider is away.
func TestWhileTheProviderIsAwayAPasskeyCountsForLonger(t *testing.T) {
	between := &exchange{}
	d := newDoor(t, func(c *signin.Config) { c.Transport = between })
	b, k := added(d, "cw-1")
	between.away(true)
	d.later(10 * 24 * time.Hour)
	if !b.signsIn(k) {
		t.Error("out while nobody can be asked")
	}
	between.away(false)
	if b.signsIn(k) {
		t.Error("in although the provider can be asked again")
	}
	between.away(true)
	d.later(5 * 24 * time.Hour)
	if b.signsIn(k) {
		t.Error("in after two weeks without a word")
	}
}

func TestAnAgencySaysHowLongThePasskeysCount(t *testing.T) {
	d := newDoor(t, func(c *signin.Config) { c.Trust, c.TrustAway = 12*time.Hour, time.Hour })
	b, k := added(d, "cw-1")
	d.later(11 * time.Hour)
	if !b.signsIn(k) {
		t.Error("out early: the time while the provider is away is never the shorter one")
	}
	d.later(2 * time.Hour)
	if b.signsIn(k) {
		t.Error("in after what the agency says")
	}
}
