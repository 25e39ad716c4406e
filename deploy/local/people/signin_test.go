package people

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"
)

func TestAPersonSignsInAndIsBackWhereTheyWantedToBe(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	if p := b.get("/inbox?x=1"); p.at.Path != "/sign-in" || p.at.Query().Get("back") != "/inbox?x=1" || !strings.Contains(p.text, "Say who you are") {
		t.Fatalf("whoever is not signed in ends at %s: %s", p.at, p.text)
	}
	who := b.get("/sign-in/provider?back=" + url.QueryEscape("/inbox?x=1"))
	if !strings.HasPrefix(who.at.String(), d.provider.Issuer()) || !strings.Contains(who.text, "Who are you?") {
		t.Fatalf("ended at %s", who.at)
	}
	if p := b.get(who.picked(t, "blue-harbour/cw-1")); p.text != "cw-1 is at /inbox?x=1" {
		t.Fatalf("ended at %s with %d: %s", p.at, p.status, p.text)
	}
	if p := b.get("/sign-in?back=/inbox"); p.text != "cw-1 is at /inbox" {
		t.Errorf("whoever is signed in is asked again at %s", p.at)
	}
}

func TestALeftComputerLocksAndOpensWhereItWas(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("cw-1", "/inbox")
	d.later(14 * time.Minute)
	b.get("/inbox") // being there
	d.later(14 * time.Minute)
	if p := b.get("/inbox"); p.status != http.StatusOK || p.at.Path != "/inbox" {
		t.Fatalf("somebody who is there is led to %s", p.at)
	}
	d.later(15 * time.Minute)
	p := b.get("/inbox?x=2")
	if p.at.Path != "/lock" || p.at.Query().Get("back") != "/inbox?x=2" || !strings.Contains(p.text, "Locked") {
		t.Fatalf("after a quarter of an hour: %s", p.at)
	}
	if p := b.get("/sign-in/provider?back=/inbox"); !strings.Contains(p.text, "wants to be shown") {
		t.Errorf("the provider does not ask again: %s", p.at)
	} else if p := b.get(p.picked(t, "blue-harbour/lead-1")); p.status != http.StatusForbidden || !strings.Contains(p.text, "Somebody else answered") {
		t.Errorf("another person opened the lock: %d %s", p.status, p.at)
	}
	if p := b.get("/inbox"); p.at.Path != "/lock" {
		t.Fatalf("open: %s", p.at)
	}
	back := b.get("/sign-in/provider?back=" + url.QueryEscape("/inbox?x=2"))
	if p := b.get(back.picked(t, "blue-harbour/cw-1")); p.text != "cw-1 is at /inbox?x=2" {
		t.Errorf("unlocking ended at %s: %s", p.at, p.text)
	}
}

func TestAStreamIsNoSignOfLife(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("cw-1", "/inbox")
	for range 3 {
		d.later(6 * time.Minute)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, d.origin+"/inbox", nil)
		if err == nil {
			r.Header.Set("Accept", "text/html, text/event-stream")
		}
		b.do(r, err)
		b.get("/sign-in/left")
	}
	if p := b.get("/inbox"); p.at.Path != "/lock" {
		t.Errorf("a stream kept the session open: %s", p.at)
	}
}

func TestASessionEndsAfterTwelveHoursWhateverHappens(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("cw-1", "/inbox")
	for range 71 {
		d.later(10 * time.Minute)
		if p := b.get("/inbox"); p.at.Path != "/inbox" {
			t.Fatalf("ended early, at %s", p.at)
		}
	}
	d.later(10 * time.Minute)
	if p := b.get("/inbox"); p.at.Path != "/sign-in" {
		t.Errorf("still open after twelve hours: %s", p.at)
	}
}

func TestWhatIsSealedIsAskedForAgain(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("lead-1", "/inbox")
	if p := b.get("/sealed"); p.text != "lead-1 is at /sealed" {
		t.Fatalf("fresh, and led to %s", p.at)
	}
	d.later(11 * time.Minute)
	p := b.get("/sealed")
	if p.at.Path != "/sign-in" || p.at.Query().Get("again") != "1" || !strings.Contains(p.text, "Is it still you?") {
		t.Fatalf("not asked again: %s", p.at)
	}
	before := b.jar.get(sessionCookie)
	again := b.get("/sign-in/provider?back=/sealed")
	if p := b.get(again.picked(t, "blue-harbour/lead-1")); p.text != "lead-1 is at /sealed" {
		t.Fatalf("proved again and led to %s: %s", p.at, p.text)
	}
	if b.jar.get(sessionCookie) == before {
		t.Error("the token did not change with what it opens")
	}
}

func TestSigningOutEndsTheSessionAndNotOnlyTheCookie(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("cw-1", "/inbox")
	token := b.jar.get(sessionCookie)
	if p := b.post("/sign-out", nil); p.at.Path != "/sign-in" || b.jar.get(sessionCookie) != "" {
		t.Fatalf("ended at %s", p.at)
	}
	b.jar.put(sessionCookie, token)
	if p := b.get("/inbox"); p.at.Path != "/sign-in" {
		t.Errorf("an old token opens %s", p.at)
	}
}

func TestAPersonEndsTheirOtherSessions(t *testing.T) {
	d := newDoor(t, nil)
	here, there, somebody := d.browser(), d.browser(), d.browser()
	here.in("cw-1", "/inbox")
	there.in("cw-1", "/inbox")
	somebody.in("lead-1", "/inbox")
	if p := here.get("/settings"); !strings.Contains(p.text, "in 1 other browser.") {
		t.Errorf("the other session is not shown: %s", p.text)
	}
	if p := here.post("/settings/sessions", nil); !strings.Contains(p.text, "signed out everywhere else") {
		t.Errorf("%d %s", p.status, p.text)
	}
	if p := there.get("/inbox"); p.at.Path != "/sign-in" {
		t.Errorf("the other session goes on: %s", p.at)
	}
	for _, b := range []*browser{here, somebody} {
		if p := b.get("/inbox"); p.at.Path != "/inbox" {
			t.Errorf("a session that was not meant was ended: %s", p.at)
		}
	}
}

func TestTheDutyLeadSignsSomebodyOutEverywhere(t *testing.T) {
	d := newDoor(t, nil)
	lead, lost := d.browser(), d.browser()
	lead.in("lead-1", "/inbox")
	lost.in("cw-1", "/inbox")
	if p := lost.post("/settings/staff", url.Values{"staff": {"lead-1"}}); p.status != http.StatusForbidden {
		t.Fatalf("a case worker ended the duty lead's session: %d", p.status)
	}
	if p := lead.post("/settings/staff", url.Values{"staff": {"Full Name"}}); p.status != http.StatusUnprocessableEntity {
		t.Errorf("a name was taken for a code: %d", p.status)
	}
	if p := lead.post("/settings/staff", url.Values{"staff": {"cw-1"}}); !strings.Contains(p.text, "signed out everywhere") {
		t.Fatalf("%d: %s", p.status, p.text)
	}
	if p := lost.get("/inbox"); p.at.Path != "/sign-in" {
		t.Errorf("the lost device still shows %s", p.at)
	}
	if _, there := d.store.values[[2]string{"vouched", "cw-1"}]; there {
		t.Error("a passkey of theirs would still be believed")
	}
}

func TestWhoMayNotComeInIsToldWhatToDo(t *testing.T) {
	d := newDoor(t, nil)
	for person, want := range map[string]string{
		"red-bridge/cw-1":        "You belong to another organisation",
		"blue-harbour/idle-1":    "You have no role here yet",
		"blue-harbour/Full Name": "You have no staff code yet",
	} {
		b := d.browser()
		p := b.get(b.get("/sign-in/provider").picked(t, person))
		if p.status != http.StatusForbidden || !strings.Contains(p.text, want) || !strings.Contains(p.text, "Try again") {
			t.Errorf("%s: %d, want %q in %s", person, p.status, want, p.text)
		}
		if b.jar.get(sessionCookie) != "" {
			t.Errorf("%s has a session", person)
		}
	}
	if strings.Contains(d.log.String(), "Full Name") {
		t.Error("a name that the provider sent stands in the log")
	}
}
