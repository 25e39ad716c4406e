package people

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	makeOptions  = "/settings/passkeys/options"
	proveOptions = "/sign-in/passkey/options"
)

// added is a browser whose person has added a device and signed out.
func added(d *door, code string) (*browser, *device) {
	d.t.Helper()
	b, k := d.browser(), newDevice(d)
	b.in(code, "/settings")
	if p := b.post("/settings/passkeys", k.make(b.options(makeOptions))); p.status != http.StatusOK || !strings.Contains(p.text, "The passkey was added") {
		d.t.Fatalf("not added: %d at %s: %s\n%s", p.status, p.at, p.text, d.log)
	}
	b.post("/sign-out", nil)
	return b, k
}

func TestAPasskeySignsInWithoutTheProvider(t *testing.T) {
	d := newDoor(t, nil)
	b, k := added(d, "cw-1")
	if p := b.post("/sign-in/passkey", k.prove(b.options(proveOptions))); p.text != "cw-1 is at /inbox" {
		t.Fatalf("ended at %s with %d: %s\n%s", p.at, p.status, p.text, d.log)
	}
	p := b.get("/settings")
	if !strings.Contains(p.text, "last used") || !strings.Contains(p.text, "a passkey") {
		t.Errorf("the settings do not say it: %s", p.text)
	}
	d.later(20 * time.Minute)
	if p := b.get("/inbox"); p.at.Path != "/lock" {
		t.Fatalf("not locked: %s", p.at)
	}
	if p := b.post("/sign-in/passkey", k.prove(b.options(proveOptions))); p.text != "cw-1 is at /inbox" {
		t.Fatalf("unlocking ended at %s with %d", p.at, p.status)
	}
	if p := b.post("/settings/passkeys/remove", url.Values{"key": {encoded(k.id)}}); !strings.Contains(p.text, "The passkey was removed") {
		t.Fatalf("%d at %s", p.status, p.at)
	}
	b.post("/sign-out", nil)
	if p := b.post("/sign-in/passkey", k.prove(b.options(proveOptions))); p.status != http.StatusForbidden {
		t.Errorf("a removed passkey opened %s", p.at)
	}
}

func TestAPasskeyAnswerCountsOnceAndHere(t *testing.T) {
	d := newDoor(t, nil)
	b, k := added(d, "cw-1")
	asked := b.options(proveOptions)
	sealed := b.jar.get("__Host-handrail-blue-harbour.key")
	answer := k.prove(asked)
	if p := b.post("/sign-in/passkey", answer); p.text != "cw-1 is at /inbox" {
		t.Fatalf("ended at %s", p.at)
	}
	thief := d.browser()
	if p := thief.post("/sign-in/passkey", answer); p.status != http.StatusBadRequest {
		t.Errorf("an answer without its question opened %s", p.at)
	}
	thief.jar.put("__Host-handrail-blue-harbour.key", sealed)
	if p := thief.post("/sign-in/passkey", answer); p.status != http.StatusForbidden || thief.jar.get(sessionCookie) != "" {
		t.Errorf("an answer was taken twice, at %s", p.at)
	}
	for name, spoil := range map[string]func(*device){
		"on another page":      func(k *device) { k.origin = "http://localhost:1" },
		"without looking":      func(k *device) { k.touched = false },
		"by another key":       func(k *device) { k.key = newDevice(d).key },
		"counting backwards":   func(k *device) { k.count = 0 },
		"for another person":   func(k *device) { k.handle = []byte("somebody else") },
		"an unknown passkey":   func(k *device) { k.id = []byte("unknown") },
		"with no answer in it": func(k *device) { k.id = nil },
	} {
		bad, fresh := *k, d.browser()
		spoil(&bad)
		if p := fresh.post("/sign-in/passkey", bad.prove(fresh.options(proveOptions))); p.status != http.StatusForbidden || fresh.jar.get(sessionCookie) != "" {
			t.Errorf("%s: %d at %s", name, p.status, p.at)
		}
	}
}

func TestAnAnswerOfAPasskeyThatDoesNotCountIsTakenOnceToo(t *testing.T) {
	d := newDoor(t, nil)
	b, k := d.browser(), newDevice(d)
	k.still = true
	b.in("cw-1", "/settings")
	b.post("/settings/passkeys", k.make(b.options(makeOptions)))
	b.post("/sign-out", nil)
	asked := b.options(proveOptions)
	sealed, answer := b.jar.get("__Host-handrail-blue-harbour.key"), k.prove(asked)
	if p := b.post("/sign-in/passkey", answer); p.text != "cw-1 is at /inbox" {
		t.Fatalf("ended at %s", p.at)
	}
	thief := d.browser()
	thief.jar.put("__Host-handrail-blue-harbour.key", sealed)
	if p := thief.post("/sign-in/passkey", answer); p.status != http.StatusForbidden || thief.jar.get(sessionCookie) != "" {
		t.Errorf("an answer was taken twice, at %s", p.at)
	}
	if p := d.browser(); p.post("/sign-in/passkey", k.prove(p.options(proveOptions))).text != "cw-1 is at /inbox" {
		t.Error("a new answer was not taken")
	}
}

func TestAPasskeyOfSomebodyElseProvesNothingHere(t *testing.T) {
	d := newDoor(t, nil)
	_, theirs := added(d, "cw-1")
	b, mine := added(d, "lead-1")
	b.post("/sign-in/passkey", mine.prove(b.options(proveOptions)))
	d.later(11 * time.Minute)
	b.get("/sealed")
	if p := b.post("/sign-in/passkey", theirs.prove(b.options(proveOptions))); p.status != http.StatusForbidden {
		t.Errorf("another's passkey proved somebody again: %s", p.at)
	}
	if p := b.get("/sealed"); p.at.Path != "/sign-in" {
		t.Fatalf("open: %s", p.at)
	}
	answer := mine.prove(b.options(proveOptions))
	answer.Set("back", "/sealed")
	if p := b.post("/sign-in/passkey", answer); p.text != "lead-1 is at /sealed" {
		t.Errorf("ended at %s with %d\n%s", p.at, p.status, d.log)
	}
	if p := b.post("/settings/passkeys/remove", url.Values{"key": {encoded(theirs.id)}}); p.status != http.StatusOK {
		t.Fatalf("%d", p.status)
	}
	if p := d.browser(); p.post("/sign-in/passkey", theirs.prove(p.options(proveOptions))).text != "cw-1 is at /inbox" {
		t.Error("somebody removed a colleague's passkey")
	}
}

func TestAPasskeyIsMadeOnlyAfterProvingWhoOneIs(t *testing.T) {
	d := newDoor(t, nil)
	b, k := d.browser(), newDevice(d)
	b.in("cw-1", "/settings")
	asked := b.options(makeOptions)
	d.later(11 * time.Minute)
	if p := b.post(makeOptions, nil); p.at.Path != "/sign-in" || p.at.Query().Get("again") != "full" {
		t.Errorf("asked for a passkey at %s", p.at)
	}
	if p := b.post("/settings/passkeys", k.make(asked)); p.at.Query().Get("again") != "full" {
		t.Errorf("kept a passkey: %s", p.at)
	}
	again := b.get("/sign-in/provider?back=/settings")
	b.get(again.picked(t, "blue-harbour/cw-1"))
	if p := b.post("/settings/passkeys", k.make(asked)); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text, "The passkey was not added") {
		t.Errorf("an old question was answered: %d", p.status)
	}
	asked = b.options(makeOptions)
	k.touched = false
	if p := b.post("/settings/passkeys", k.make(asked)); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a device that looks at nobody was added: %d", p.status)
	}
	if len(d.store.values) != 1 {
		t.Errorf("kept: %d", len(d.store.values))
	}
}
