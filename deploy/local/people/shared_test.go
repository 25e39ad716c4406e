package people

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

// desk is a shared computer at which two people set a PIN.
func desk(d *door) *browser {
	d.t.Helper()
	b := d.browser()
	for code, pin := range map[string]string{"cw-1": "271828", "lead-1": "314159"} {
		p := b.get("/sign-in/provider?shared=1&back=/settings&hint=" + code)
		if p.at.Path != "/settings" { // a shared computer asks at the provider
			p = b.get(p.picked(d.t, "blue-harbour/"+code))
		}
		if p.at.Path != "/settings" || !strings.Contains(p.text, "Several people use it") {
			d.t.Fatalf("at %s with %d: %s", p.at, p.status, p.text)
		}
		if p = b.post("/settings/pin", url.Values{"pin": {pin}, "repeated": {pin}}); !strings.Contains(p.text, "The PIN was set") {
			d.t.Fatalf("no PIN: %d %s", p.status, p.text)
		}
		b.post("/sign-out", nil)
	}
	return b
}

func pinOf(code, pin string) url.Values {
	return url.Values{"code": {code}, "pin": {pin}, "back": {"/inbox"}}
}

func TestAShiftBeginsWithCodeAndPINAtASharedComputerOnly(t *testing.T) {
	d := newDoor(t, nil)
	b := desk(d)
	if p := b.get("/inbox"); !strings.Contains(p.text, "Start my shift") {
		t.Fatalf("the shared computer does not ask for a PIN: %s", p.text)
	}
	if p := b.post("/sign-in/pin", pinOf("CW-1 ", "271 828")); p.text != "cw-1 is at /inbox" {
		t.Fatalf("ended at %s with %d: %s", p.at, p.status, p.text)
	}
	if p := b.get("/settings"); !strings.Contains(p.text, "A PIN is not enough for this") || strings.Contains(p.text, "Set the PIN") {
		t.Error("a PIN is enough to change how one signs in")
	}
	if p := b.post("/settings/pin", url.Values{"pin": {"161803"}, "repeated": {"161803"}}); p.at.Query().Get("again") != "full" || strings.Contains(p.text, "It is me") {
		t.Errorf("a PIN changed a PIN: %s", p.at)
	}
	home := d.browser()
	if p := home.get("/sign-in"); strings.Contains(p.text, "Start my shift") {
		t.Error("a computer that is not shared asks for a PIN")
	}
	if p := home.post("/sign-in/pin", pinOf("cw-1", "271828")); p.at.Path != "/sign-in" || home.jar.get(sessionCookie) != "" {
		t.Errorf("a PIN signed in at a computer of its own: %s", p.at)
	}
}

func TestASharedComputerLocksSoonAndAsksAgainForWhatIsSealed(t *testing.T) {
	d := newDoor(t, nil)
	b := desk(d)
	b.post("/sign-in/pin", pinOf("lead-1", "314159"))
	p := b.get("/sealed")
	if p.at.Query().Get("again") != "1" || !strings.Contains(p.text, "Is it still you?") {
		t.Fatalf("beginning the shift opened what is sealed: %s", p.at)
	}
	if p := b.post("/sign-in/pin", url.Values{"pin": {"314159"}, "back": {"/sealed"}}); p.text != "lead-1 is at /sealed" {
		t.Fatalf("ended at %s: %s", p.at, p.text)
	}
	d.later(3 * time.Minute)
	if p := b.get("/inbox"); p.at.Path != "/lock" || !strings.Contains(p.text, "Unlock") {
		t.Fatalf("after three minutes: %s", p.at)
	}
	if p := b.post("/sign-in/pin", pinOf("cw-1", "271828")); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a colleague's PIN on another's lock: %d at %s", p.status, p.at)
	}
	if p := b.post("/sign-in/pin", url.Values{"pin": {"314159"}, "back": {"/inbox"}}); p.text != "lead-1 is at /inbox" {
		t.Errorf("ended at %s: %s", p.at, p.text)
	}
}

func TestGuessingAPINRestsItAndInTheEndDeletesIt(t *testing.T) {
	d := newDoor(t, nil)
	b := desk(d)
	for i := range 4 {
		if p := b.post("/sign-in/pin", pinOf("cw-1", fmt.Sprintf("90210%d", i))); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text, "do not fit together") {
			t.Fatalf("try %d: %d %s", i, p.status, p.text)
		}
	}
	if p := b.post("/sign-in/pin", pinOf("cw-1", "902109")); p.status != http.StatusTooManyRequests || !strings.Contains(p.text, "wrong too often") {
		t.Fatalf("the fifth try: %d %s", p.status, p.text)
	}
	if p := b.post("/sign-in/pin", pinOf("cw-1", "271828")); p.status != http.StatusTooManyRequests || b.jar.get(sessionCookie) != "" {
		t.Fatalf("the right PIN while it rests: %d", p.status)
	}
	if p := b.post("/sign-in/pin", pinOf("lead-1", "314159")); p.text != "lead-1 is at /inbox" {
		t.Fatalf("a colleague is shut out: %d %s", p.status, p.text)
	}
	b.post("/sign-out", nil)
	for range 4 {
		d.later(16 * time.Minute)
		for i := range 5 {
			b.post("/sign-in/pin", pinOf("cw-1", fmt.Sprintf("55512%d", i)))
		}
	}
	d.later(16 * time.Minute)
	if p := b.post("/sign-in/pin", pinOf("cw-1", "271828")); b.jar.get(sessionCookie) != "" {
		t.Errorf("25 wrong tries, and the PIN still opens %s", p.at)
	}
	if p := b.post("/sign-in/pin", pinOf("Full Name", "271828")); p.status != http.StatusUnprocessableEntity || strings.Contains(d.log.String(), "Full Name") {
		t.Errorf("what was typed as a code: %d, and it may be in the log", p.status)
	}
}

func TestAPINIsWorthNothingOnceTheProviderHasBeenSilentForLong(t *testing.T) {
	d := newDoor(t, nil)
	b := desk(d)
	d.later(15 * 24 * time.Hour)
	if p := b.post("/sign-in/pin", pinOf("cw-1", "271828")); p.status != http.StatusForbidden || !strings.Contains(p.text, "sign in with your organisation once") {
		t.Fatalf("%d at %s: %s", p.status, p.at, p.text)
	}
	who := b.get("/sign-in/provider?back=/inbox")
	if p := b.get(who.picked(t, "blue-harbour/cw-1")); p.text != "cw-1 is at /inbox" {
		t.Fatalf("ended at %s", p.at)
	}
	b.post("/sign-out", nil)
	if p := b.post("/sign-in/pin", pinOf("cw-1", "271828")); p.text != "cw-1 is at /inbox" {
		t.Errorf("ended at %s with %d", p.at, p.status)
	}
}

func TestWhoLostTheirRoleLosesTheirPINToo(t *testing.T) {
	d := newDoor(t, nil)
	b := desk(d)
	d.provider.people[0].Roles = nil
	who := b.get("/sign-in/provider?back=/inbox")
	if p := b.get(who.picked(t, "blue-harbour/cw-1")); !strings.Contains(p.text, "You have no role here yet") {
		t.Fatalf("ended at %s", p.at)
	}
	if p := b.post("/sign-in/pin", pinOf("cw-1", "271828")); b.jar.get(sessionCookie) != "" {
		t.Errorf("the PIN still opens %s", p.at)
	}
}

func TestAWeakPINIsNotTaken(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("cw-1", "/settings")
	for _, pin := range []string{"12345", "123456", "987654", "000000", "12345678901234", "abcdef", ""} {
		if p := b.post("/settings/pin", url.Values{"pin": {pin}, "repeated": {pin}}); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text, "no good PIN") {
			t.Errorf("%q: %d", pin, p.status)
		}
	}
	if p := b.post("/settings/pin", url.Values{"pin": {"271828"}, "repeated": {"271829"}}); p.status != http.StatusUnprocessableEntity || !strings.Contains(p.text, "two PINs differ") {
		t.Errorf("two PINs: %d", p.status)
	}
	d.later(11 * time.Minute)
	if p := b.post("/settings/pin", url.Values{"pin": {"271828"}, "repeated": {"271828"}}); p.at.Query().Get("again") != "full" {
		t.Errorf("set eleven minutes after proving: %s", p.at)
	}
}

func TestAComputerIsSharedNoLonger(t *testing.T) {
	d := newDoor(t, nil)
	b := desk(d)
	b.post("/sign-in/pin", pinOf("cw-1", "271828"))
	if p := b.post("/settings/computer", nil); p.at.Query().Get("again") != "full" {
		t.Fatalf("a PIN was enough: %s", p.at)
	}
	b.get(b.get("/sign-in/provider?back=/settings").picked(t, "blue-harbour/cw-1"))
	if p := b.post("/settings/computer", nil); !strings.Contains(p.text, "yours alone now") || strings.Contains(p.text, "Several people use it") {
		t.Fatalf("%d: %s", p.status, p.text)
	}
	d.later(10 * time.Minute)
	if p := b.get("/inbox"); p.at.Path != "/inbox" {
		t.Errorf("locked like a shared one: %s", p.at)
	}
	b.post("/sign-out", nil)
	if p := b.post("/sign-in/pin", pinOf("cw-1", "271828")); b.jar.get(sessionCookie) != "" {
		t.Errorf("a PIN still signs in: %s", p.at)
	}
}
