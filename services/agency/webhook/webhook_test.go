package webhook

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

func TestWithoutTLSOnlyThisMachineIsCalled(t *testing.T) {
	control := Dialer(true).Control
	for address, want := range map[string]error{"127.0.0.1:80": nil, "[::1]:80": nil, "192.0.2.1:80": ErrElsewhere, "[2001:db8::1]:80": ErrElsewhere, "x": ErrElsewhere} {
		if got := control("tcp", address, nil); !errors.Is(got, want) {
			t.Errorf("%s: %v", address, got)
		}
	}
	for url, good := range map[string]bool{
		"https://desk.example.org/hook": true, "http://127.0.0.1:7/": true, "http://localhost/": true, "http://[::1]:7/": true,
		"http://desk.example.org/": false, "https://u:planted@desk.example.org/": false, "https:desk.example.org": false, "https://desk.example.org/#planted": false,
		"https://desk.example.org/" + strings.Repeat("planted", 200): false,
	} {
		if err := CheckURL(url); (err == nil) != good || err != nil && strings.Contains(err.Error(), "planted") {
			t.Errorf("%s: %v", url, err)
		}
	}
}

func TestWhatIsSignedVerifiesAndNothingElseDoes(t *testing.T) {
	const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw" // of the specification's example
	key, err := Key(secret)
	if err != nil {
		t.Fatal(err)
	}
	at, header := time.Now(), http.Header{}
	if err := Sign(header, key, "testland-harbour-7", at, []byte(`{"a":1}`)); err != nil {
		t.Fatal(err)
	}
	verifier, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	if err := verifier.Verify([]byte(`{"a":1}`), header); err != nil {
		t.Error(err)
	}
	if verifier.Verify([]byte(`{"a":2}`), header) == nil {
		t.Error("another body verifies")
	}
	header.Set("webhook-id", "testland-harbour-8")
	if verifier.Verify([]byte(`{"a":1}`), header) == nil {
		t.Error("another id verifies")
	}
	for _, bad := range []string{"", "whsec_", "whsec_planted", "whsec_" + strings.Repeat("A", 400)} {
		if _, err := Key(bad); err == nil || strings.Contains(err.Error(), "planted") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}
