package alert

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"math/big"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
)

// listener is a browser of the test: it alone can read what is sent to it.
type listener struct {
	key    *ecdh.PrivateKey
	secret []byte
}

func newListener(t *testing.T) listener {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret := make([]byte, 16)
	_, _ = rand.Read(secret)
	return listener{key, secret}
}

func (b listener) subscription(endpoint string) Subscription {
	return Subscription{
		Endpoint: endpoint, Key: base64.RawURLEncoding.EncodeToString(b.key.PublicKey().Bytes()), Secret: base64.RawURLEncoding.EncodeToString(b.secret),
	}
}

// reads opens a message by RFC 8291 and RFC 8188, written from those documents.
func (b listener) reads(t *testing.T, body string) string {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	raw := []byte(body)
	if len(raw) < 21+65 || raw[20] != 65 {
		t.Fatalf("%d bytes are no message", len(raw))
	}
	salt, size, sender, sealed := raw[:16], binary.BigEndian.Uint32(raw[16:20]), raw[21:86], raw[86:]
	if uint32(len(raw)) > size {
		t.Fatalf("the message has more than one record of %d bytes", size)
	}
	public, err := ecdh.P256().NewPublicKey(sender)
	must(err)
	shared, err := b.key.ECDH(public)
	must(err)
	secret, err := hkdf.Key(sha256.New, shared, b.secret, "WebPush: info\x00"+string(b.key.PublicKey().Bytes())+string(sender), 32)
	must(err)
	key, err := hkdf.Key(sha256.New, secret, salt, "Content-Encoding: aes128gcm\x00", 16)
	must(err)
	nonce, err := hkdf.Key(sha256.New, secret, salt, "Content-Encoding: nonce\x00", 12)
	must(err)
	block, err := aes.NewCipher(key)
	must(err)
	gcm, err := cipher.NewGCM(block)
	must(err)
	text, err := gcm.Open(nil, nonce, sealed, nil)
	must(err)
	plain := strings.TrimRight(string(text), "\x00")
	if !strings.HasSuffix(plain, "\x02") {
		t.Fatal("the record is not the last one")
	}
	return strings.TrimSuffix(plain, "\x02")
}

const inBrowsers = `
timezone: Europe/Tallinn
wait: {tonight: 5m, standard: 30m}
rounds: 2
people:
  duty-1: {push: true}
  duty-2: {webhook: {url: "BELL/duty-2", secret: hook.whsec}}
shifts: [{days: daily, from: "00:00", to: "24:00", people: [duty-1, duty-2]}]
push: {hosts: ["MAKER"], contact: duty@example.org}
ca: roots.pem
`

// newMaker is a world with the server of a browser's maker.
func newMaker(t *testing.T) (*world, *bell) {
	t.Helper()
	maker := newBell(t, true)
	w := newWorld(t, strings.ReplaceAll(inBrowsers, "MAKER", strings.TrimPrefix(maker.URL, "https://")))
	w.caFile(maker)
	return w, maker
}

func TestABrowserIsToldThatSomethingWaitsAndNothingElse(t *testing.T) {
	w, maker := newMaker(t)
	b := newListener(t)
	w.must(w.Subscribe(t.Context(), "duty-1", b.subscription(maker.URL+"/send/"+"one")))
	w.hears(w.looks(asked(events.Tonight, 1)), "", "the one after")
	got := maker.heard()
	if len(got) != 1 || got[0].path != "/send/one" {
		t.Fatalf("%v", paths(got))
	}
	var said map[string]string
	w.must(json.Unmarshal([]byte(b.reads(t, got[0].body)), &said))
	code := w.list()[0].ID
	want := map[string]string{"title": "Handrail: the duty desk is needed", "text": "Handrail: something waits for the duty desk, urgent. Open the desk. Alert " + code + "."}
	if len(said) != len(want) || said["title"] != want["title"] || said["text"] != want["text"] {
		t.Errorf("the browser shows %v", said)
	}
	if strings.Contains(got[0].body, planted) || strings.Contains(strings.Join(slices.Concat(got[0].header["Topic"], got[0].header["User-Agent"]), " "), planted) {
		t.Error("something of the case was sent")
	}
	header := got[0].header
	if header.Get("Content-Encoding") != "aes128gcm" || header.Get("Ttl") != "3600" || header.Get("Urgency") != "high" || header.Get("Topic") != "" {
		t.Errorf("%v", header)
	}
	w.signedBy(header.Get("Authorization"), maker.URL)

	w.clock.pass(time.Hour)
	_, err := w.Acknowledge(t.Context(), code, "duty-1")
	w.must(err)
	w.looks(asked(events.Tonight, 1), asked(events.Standard, 2))
	again := maker.heard()
	if len(again) != 1 || again[0].header.Get("Urgency") != "normal" || len(again[0].body) != len(got[0].body) {
		t.Errorf("%d messages, or one whose length says how urgent it is", len(again))
	}
}

// signedBy checks the sender's proof by RFC 8292.
func (w *world) signedBy(authorization, origin string) {
	w.t.Helper()
	token, key, found := strings.Cut(strings.TrimPrefix(authorization, "vapid t="), ", k=")
	known, err := w.PushKey(w.t.Context())
	w.must(err)
	parts := strings.Split(token, ".")
	if !found || key != known || len(parts) != 3 {
		w.t.Fatalf("%q is no proof by %s", authorization, known)
	}
	public, err := base64.RawURLEncoding.DecodeString(key)
	w.must(err)
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	w.must(err)
	digest := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	at, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), public)
	w.must(err)
	if !ecdsa.Verify(at, digest[:], new(big.Int).SetBytes(signature[:32]), new(big.Int).SetBytes(signature[32:])) {
		w.t.Error("the proof does not verify")
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	w.must(err)
	var says struct{ Aud, Sub string }
	w.must(json.Unmarshal(claims, &says))
	if says.Aud != origin || says.Sub != "mailto:duty@example.org" {
		w.t.Errorf("%+v", says)
	}
}

func TestABrowserThatIsGoneIsForgottenAndTheNextPersonAlerted(t *testing.T) {
	w, maker := newMaker(t)
	maker.answers("/gone", func(rw http.ResponseWriter, _ *http.Request) { rw.WriteHeader(http.StatusGone) })
	w.must(w.Subscribe(t.Context(), "duty-1", newListener(t).subscription(maker.URL+"/gone")))
	w.hears(w.looks(asked(events.Tonight, 1)), "duty-2", "the one after, at once")
	if got := maker.heard(); len(got) != 1 {
		t.Errorf("%v", paths(got))
	}
	if list, err := w.Browsers(t.Context(), "duty-1"); err != nil || len(list) != 0 {
		t.Errorf("%v %v", list, err)
	}
}

func TestSomebodyWithoutABrowserIsPassedOver(t *testing.T) {
	w, _ := newMaker(t)
	w.hears(w.looks(asked(events.Tonight, 1)), "duty-2", "the one after, at once")
}

func TestAPersonWhoAskedForItIsAlertedInTheBrowserToo(t *testing.T) {
	w, maker := newMaker(t)
	b := newListener(t)
	w.must(w.Subscribe(t.Context(), "duty-2", b.subscription(maker.URL+"/two")))
	w.hears(w.looks(asked(events.Tonight, 1)), "duty-2", "by webhook")
	if got := maker.heard(); len(got) != 1 || b.reads(t, got[0].body) == "" {
		t.Errorf("%v", paths(got))
	}
	w.restart()
	if list, err := w.Browsers(t.Context(), "duty-2"); err != nil || len(list) != 1 || list[0].Sent.IsZero() {
		t.Errorf("after a restart: %v %v", list, err)
	}
	w.must(w.Unsubscribe(t.Context(), "duty-1", must(w.Browsers(t.Context(), "duty-2"))[0].ID))
	if list := must(w.Browsers(t.Context(), "duty-2")); len(list) != 1 {
		t.Error("somebody turned off another's browser")
	}
	w.must(w.Unsubscribe(t.Context(), "duty-2", must(w.Browsers(t.Context(), "duty-2"))[0].ID))
	if list := must(w.Browsers(t.Context(), "duty-2")); len(list) != 0 {
		t.Error("it was not turned off")
	}
}

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func TestAPushFollowsNoRedirectAndTheLogHoldsNoAddress(t *testing.T) {
	w, maker := newMaker(t)
	elsewhere := newBell(t, true)
	maker.answers("/"+planted, func(rw http.ResponseWriter, r *http.Request) {
		http.Redirect(rw, r, elsewhere.URL+"/"+planted, http.StatusTemporaryRedirect)
	})
	w.must(w.Subscribe(t.Context(), "duty-1", newListener(t).subscription(maker.URL+"/"+planted)))
	w.looks(asked(events.Tonight, 1))
	if got := elsewhere.heard(); len(got) != 0 {
		t.Errorf("it went elsewhere: %v", got)
	}
	if log := w.log.String(); !strings.Contains(log, "status 307") || strings.Contains(log, planted) || strings.Contains(log, "127.0.0.1") {
		t.Errorf("%s", log)
	}
}

func TestOnlyServersThatTheRotaNamesTakeAlerts(t *testing.T) {
	w, maker := newMaker(t)
	b := newListener(t)
	good := b.subscription(maker.URL + "/x")
	for name, s := range map[string]Subscription{
		"another port":   {strings.Replace(maker.URL, "https://127.0.0.1:", "https://127.0.0.1:1", 1), good.Key, good.Secret},
		"no TLS":         {strings.Replace(good.Endpoint, "https", "http", 1), good.Key, good.Secret},
		"a password":     {strings.Replace(good.Endpoint, "https://", "https://a:b@", 1), good.Key, good.Secret},
		"another server": {"https://example.org/x", good.Key, good.Secret},
		"no key":         {good.Endpoint, base64.RawURLEncoding.EncodeToString(make([]byte, 65)), good.Secret},
		"a short secret": {good.Endpoint, good.Key, "AAAA"},
		"nothing":        {},
	} {
		if err := w.Subscribe(t.Context(), "duty-1", s); !errors.Is(err, ErrSubscription) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.must(w.Subscribe(t.Context(), "duty-1", good))
	w.write(RotaFile, strings.ReplaceAll(fourPeople, "BELL", w.bell.URL))
	if err := w.Subscribe(t.Context(), "duty-1", good); !errors.Is(err, ErrNoPush) {
		t.Errorf("a rota without browsers: %v", err)
	}
	if _, err := w.PushKey(t.Context()); !errors.Is(err, ErrNoPush) {
		t.Errorf("a rota without browsers: %v", err)
	}
	w.looks(asked(events.Tonight, 1))
	if got := maker.heard(); len(got) != 0 {
		t.Errorf("a rota that names no server any more: %v", paths(got))
	}
}

func TestHostsOfARota(t *testing.T) {
	p := pushing{hosts: []string{"push.example.org", "*.notify.example", "127.0.0.1:4000"}}
	for endpoint, want := range map[string]bool{
		"https://push.example.org/a":      true,
		"https://PUSH.example.org:443/a":  true,
		"https://push.example.org:444/a":  false,
		"https://a.notify.example/a":      true,
		"https://notify.example/a":        false,
		"https://anotify.example/a":       false,
		"https://push.example.org.evil/a": false,
		"https://evil/push.example.org":   false,
		"https://push.example.org@evil/a": false,
		"https://127.0.0.1:4000/a":        true,
		"https://127.0.0.1/a":             false,
		"http://push.example.org/a":       false,
		"https://a.notify.example:8443/a": false,
		"https:push.example.org":          false,
		"https://push.example.org/a#b":    false,
	} {
		if p.takes(endpoint) != want {
			t.Errorf("%s: %t", endpoint, !want)
		}
	}
}

func TestTheKeyForBrowsersIsTheAgencysAlone(t *testing.T) {
	w, _ := newMaker(t)
	key, err := w.PushKey(t.Context())
	w.must(err)
	info, err := os.Stat(filepath.Join(w.dir, PushKeyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info, err)
	}
	w.restart()
	if again, err := w.PushKey(t.Context()); err != nil || again != key {
		t.Errorf("after a restart: %v", err)
	}
	w.must(os.Chmod(filepath.Join(w.dir, PushKeyFile), 0o644))
	if _, err := w.PushKey(t.Context()); err == nil || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("readable by others: %v", err)
	}
}
