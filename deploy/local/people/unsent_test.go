package people

import (
	"encoding/json"
	"html"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"
)

// written is a form as somebody filled it in.
func written() url.Values {
	return url.Values{"text": {"Robin sleeps \"lightly\"\r\n& must not be woken"}, "day": {"mon", "tue"}, "go": {"send"}}
}

// unlocks proves with the provider who somebody is, and gives the page at which they end.
func (b *browser) unlocks(who, back string) page {
	b.door.t.Helper()
	asked := b.get("/sign-in/provider?" + url.Values{"back": {back}}.Encode())
	return b.get(asked.picked(b.door.t, "blue-harbour/"+who))
}

// hidden reads the hidden fields of a page.
func (p page) hidden() url.Values {
	fields := url.Values{}
	for _, found := range regexp.MustCompile(`(?s)<input type="hidden" name="([^"]*)" value="([^"]*)">`).FindAllStringSubmatch(p.text, -1) {
		fields.Add(html.UnescapeString(found[1]), html.UnescapeString(found[2]))
	}
	fields.Del("back") // of the layout
	return fields
}

// left is what a page's script hears.
func (b *browser) left() (told struct {
	Left   int
	Unsent string
},
) {
	b.door.t.Helper()
	if err := json.Unmarshal([]byte(b.get("/sign-in/left").text), &told); err != nil {
		b.door.t.Fatal(err)
	}
	return told
}

// away is a browser whose session has locked, and that sent a form then.
func away(d *door) *browser {
	d.t.Helper()
	b := d.browser()
	b.in("cw-1", "/inbox")
	d.later(15 * time.Minute)
	p := b.post("/say?case=7", written(), "Referer", d.origin+"/inbox?x=2")
	if p.at.Path != "/lock" || p.at.Query().Get("back") != "/inbox?x=2" || !strings.Contains(p.text, "is kept until") {
		d.t.Fatalf("ended at %s: %s", p.at, p.text)
	}
	return b
}

func TestWhatWasSentToALockedSessionIsKeptAndSentOnce(t *testing.T) {
	d := newDoor(t, nil)
	b := away(d)
	for _, look := range []page{b.get("/lock"), b.get("/sign-in/unsent"), b.post("/sign-in/unsent/back", nil), b.post("/sign-in/unsent/go", nil), b.post("/sign-in/unsent/drop", nil)} {
		if strings.Contains(look.text, "Robin") || strings.Contains(look.at.String(), "Robin") {
			t.Errorf("%s tells what was typed while the session is locked", look.at)
		}
	}
	if told := b.left(); told.Left != 0 || told.Unsent != "" {
		t.Errorf("a locked page is told %+v", told)
	}
	p := b.unlocks("cw-1", "/inbox?x=2")
	if p.at.Path != "/sign-in/unsent" || !strings.Contains(p.text, "Nothing was sent yet") || !strings.Contains(p.text, `href="/inbox?x=2"`) {
		t.Fatalf("unlocking ended at %s: %s", p.at, p.text)
	}
	if got := p.hidden(); got.Encode() != written().Encode() {
		t.Errorf("the page holds %v, want %v", got, written())
	}
	want := "cw-1 sent " + written().Encode() + " to /say?case=7"
	if sent := b.post("/sign-in/unsent/go", p.hidden()); sent.text != want || sent.at.RequestURI() != "/say?case=7" {
		t.Errorf("going on ended at %s: %s", sent.at, sent.text)
	}
	if again := b.post("/sign-in/unsent/go", p.hidden()); again.status != http.StatusGone || !strings.Contains(again.text, "Nothing was sent") {
		t.Errorf("going on twice: %d at %s: %s", again.status, again.at, again.text)
	}
	if strings.Contains(d.log.String(), "Robin") {
		t.Error("what was typed stands in the log")
	}
}

func TestNobodyElseGetsWhatWasTyped(t *testing.T) {
	d := newDoor(t, nil)
	b := away(d)
	if p := b.unlocks("lead-1", "/inbox"); p.status != http.StatusForbidden {
		t.Fatalf("somebody else unlocked: %s", p.at)
	}
	b.post("/sign-out", nil)
	b.unlocks("lead-1", "/inbox")
	for _, look := range []page{b.get("/sign-in/unsent"), b.post("/sign-in/unsent/back", nil), b.post("/sign-in/unsent/go", nil)} {
		if strings.Contains(look.text, "Robin") || strings.Contains(look.text, "/say") {
			t.Errorf("the next person at the computer is shown it at %s", look.at)
		}
	}
	b.post("/sign-out", nil)
	b.unlocks("cw-1", "/inbox")
	if p := b.get("/sign-in/unsent"); p.at.Path != "/" {
		t.Errorf("signing out did not forget it: %s", p.at)
	}
	// Another browser of the same person is another session.
	second := away(d)
	elsewhere := d.browser()
	elsewhere.unlocks("cw-1", "/inbox")
	if p := elsewhere.get("/sign-in/unsent"); p.at.Path != "/" {
		t.Errorf("another session has it: %s", p.at)
	}
	if p := second.unlocks("cw-1", "/inbox"); p.at.Path != "/sign-in/unsent" {
		t.Errorf("its own session lost it: %s", p.at)
	}
}

func TestWhatWasTypedIsThrownAwayByItsPersonOrByTime(t *testing.T) {
	d := newDoor(t, nil)
	b := away(d)
	b.unlocks("cw-1", "/inbox")
	if p := b.post("/sign-in/unsent/drop", nil); p.text != "cw-1 is at /inbox?x=2" {
		t.Errorf("throwing it away ended at %s", p.at)
	}
	if p := b.get("/sign-in/unsent"); p.at.Path != "/" {
		t.Errorf("it is still there: %s", p.at)
	}
	late := away(d)
	d.later(15 * time.Minute)
	if p := late.get("/lock"); strings.Contains(p.text, "is kept until") {
		t.Error("it is said to be kept for longer than it is")
	}
	if p := late.unlocks("cw-1", "/inbox"); p.at.Path != "/inbox" {
		t.Errorf("kept for longer than a quarter of an hour: %s", p.at)
	}
	slow := away(d)
	p := slow.unlocks("cw-1", "/inbox")
	d.later(14 * time.Minute)
	slow.get("/inbox")
	d.later(time.Minute)
	if gone := slow.post("/sign-in/unsent/go", p.hidden()); gone.status != http.StatusGone {
		t.Errorf("sent after a quarter of an hour: %d at %s", gone.status, gone.at)
	}
}

// What the page hands over when it locks by itself comes back to its script, once.
func TestWhatWasBeingTypedIsGivenBackOnce(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("cw-1", "/inbox")
	handed := url.Values{"back": {"/inbox?x=2"}, "unsent-to": {"/say?case=7"}}
	for name, values := range written() {
		handed["unsent."+name] = values
	}
	if p := b.post("/lock", handed); p.at.Path != "/lock" || !strings.Contains(p.text, "is kept until") || strings.Contains(p.text, "Robin") {
		t.Fatalf("ended at %s: %s", p.at, p.text)
	}
	if p := b.post("/sign-in/unsent/back", nil); p.status != http.StatusNotFound {
		t.Errorf("a locked session gave it: %d", p.status)
	}
	if p := b.unlocks("cw-1", "/inbox?x=2"); p.text != "cw-1 is at /inbox?x=2" {
		t.Fatalf("unlocking ended at %s", p.at)
	}
	if told := b.left(); told.Unsent != "/say?case=7" {
		t.Errorf("the page is told %+v", told)
	}
	p := b.post("/sign-in/unsent/back", nil)
	var given struct {
		Fields url.Values
		Says   string
	}
	if err := json.Unmarshal([]byte(p.text), &given); err != nil || given.Fields.Encode() != written().Encode() || !strings.Contains(given.Says, "not sent yet") {
		t.Errorf("given back: %v %s", err, p.text)
	}
	if p := b.post("/sign-in/unsent/back", nil); p.status != http.StatusNotFound || b.left().Unsent != "" {
		t.Errorf("given back twice: %d", p.status)
	}
}

func TestWhatIsKeptIsWhatSomebodyWantedToSend(t *testing.T) {
	d := newDoor(t, nil)
	b := away(d)
	b.post("/lock", url.Values{"back": {"/inbox"}, "unsent-to": {"/other"}, "unsent.text": {"half a word"}})
	if p := b.unlocks("cw-1", "/inbox"); p.hidden().Get("go") != "send" {
		t.Errorf("what was only typed took its place: %s", p.at)
	}
	for name, send := range map[string]func(b *browser){
		"a new PIN": func(b *browser) { b.post("/settings/pin", url.Values{"pin": {"271828"}, "repeated": {"271828"}}) },
		"a typed PIN": func(b *browser) {
			b.post("/lock", url.Values{"unsent-to": {"/settings/pin"}, "unsent.pin": {"271828"}})
		},
		"a draft's own sending": func(b *browser) { b.post("/say", written(), "HX-Request", "true") },
		"an address elsewhere": func(b *browser) {
			b.post("/lock", url.Values{"unsent-to": {"https://example.org/"}, "unsent.x": {"y"}})
		},
		"another site's form": func(b *browser) { b.post("/say", written(), "Sec-Fetch-Site", "cross-site") },
	} {
		b := d.browser()
		b.in("cw-1", "/inbox")
		d.later(15 * time.Minute)
		b.get("/inbox")
		send(b)
		if p := b.unlocks("cw-1", "/inbox"); p.at.Path != "/inbox" || b.left().Unsent != "" {
			t.Errorf("%s was kept: %s", name, p.at)
		}
	}
}

// Whoever must prove again who they are before what is sealed loses nothing either.
func TestAFormThatAsksForAProofIsSentAfterIt(t *testing.T) {
	d := newDoor(t, nil)
	b := d.browser()
	b.in("lead-1", "/inbox")
	d.later(11 * time.Minute)
	if p := b.post("/sealed", url.Values{"basis": {"consent"}}); p.at.Path != "/sign-in" || p.at.Query().Get("again") != "1" {
		t.Fatalf("ended at %s", p.at)
	}
	p := b.unlocks("lead-1", "/inbox")
	if sent := b.post("/sign-in/unsent/go", p.hidden()); sent.text != "lead-1 sent basis=consent to /sealed" {
		t.Errorf("ended at %s: %s", sent.at, sent.text)
	}
}
