package alert

import (
	"encoding/json"
	"net"
	"net/http"
	"strings"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"handrail/events"
)

func TestNothingOfTheCaseIsEverSent(t *testing.T) {
	post := newPostOffice(t, starttls, nil)
	w := newWorld(t, post.rota())
	w.caFile(post.bell)
	w.write("smtp.password", mailPassword)
	var all []Cause
	for n, about := range []About{Referral, DueSoon, Missed, Escalation, AnswerOwed, Alarm} {
		c := asked(events.Tonight, n)
		c.About, c.Alarm = about, planted
		all = append(all, c)
	}
	sent := w.looks(all...)
	for range 3 {
		sent = append(sent, w.after(0, all...)...)
		w.clock.pass(5 * 60 * 1e9)
		sent = append(sent, w.looks(all...)...)
	}
	letters := post.letters()
	if len(sent) < 5 || len(letters) < 2 {
		t.Fatalf("%d requests, %d letters", len(sent), len(letters))
	}
	for _, r := range sent {
		for name, values := range r.header {
			letters = append(letters, name+": "+strings.Join(values, " "))
		}
		letters = append(letters, r.path, r.body)
	}
	for _, text := range letters {
		for _, never := range []string{planted, "referral", "escalat", "withdraw", "missed", "duty-", "Tallinn", w.dir, "hook.whsec", string(hookKey)} {
			if strings.Contains(strings.ReplaceAll(text, "/duty-", "/"), never) {
				t.Errorf("%q is in what was sent:\n%s", never, text)
			}
		}
	}
}

func TestAWebhookIsSignedByStandardWebhooks(t *testing.T) {
	w := newWorld(t, fourPeople)
	got := w.looks(asked(events.Tonight, 1))[0]
	hook, err := standardwebhooks.NewWebhookRaw(hookKey)
	w.must(err)
	if err := hook.VerifyIgnoringTimestamp([]byte(got.body), got.header); err != nil {
		t.Errorf("%v: %v", err, got.header)
	}
	if err := hook.VerifyIgnoringTimestamp([]byte(got.body+" "), got.header); err == nil {
		t.Error("another body has the same signature")
	}
	code := w.list()[0].ID
	want := `{"type":"handrail.alert","timestamp":"2026-11-16T12:00:00Z","data":{"alerts":["` + code +
		`"],"urgency":"tonight","text":"Handrail: something waits for the duty desk, urgent. Open the desk. Alert ` + code + `."}}`
	if got.body != want || got.header.Get("webhook-timestamp") != "1794830400" || got.header.Get("Content-Type") != "application/json" {
		t.Errorf("%s %v\nwant %s", got.body, got.header, want)
	}
}

// The example of the Standard Webhooks specification.
func TestTheSignatureIsThatOfTheSpecification(t *testing.T) {
	hook, err := standardwebhooks.NewWebhook("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	signature, err := hook.Sign("msg_p5jXN8AQM9LWM0D4loKWxJek", atUnix(1614265330), []byte(`{"test": 2432232314}`))
	if err != nil || signature != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("%s %v", signature, err)
	}
}

func TestTheGatewayGetsNumberTextAndToken(t *testing.T) {
	rota := strings.Replace(fourPeople, `token: sms.token}`, `token: sms.token, body: '{"to":[{"msisdn":"{digits}"}],"text":"{text}","from":"Desk","n":1}'}`, 1)
	w := newWorld(t, strings.Replace(rota, "people: [duty-1, duty-2, lead-1]", "people: [duty-2]", 1))
	got := w.looks(asked(events.Standard, 1))[1]
	var body struct {
		To   []struct{ MSISDN string } `json:"to"`
		Text string                    `json:"text"`
		From string                    `json:"from"`
		N    float64                   `json:"n"`
	}
	w.must(json.Unmarshal([]byte(got.body), &body))
	if body.To[0].MSISDN != "37255500002" || body.From != "Desk" || body.N != 1 || body.Text != "Handrail: something waits for the duty desk. Open the desk. Alert "+w.list()[0].ID+"." {
		t.Errorf("%s", got.body)
	}
	if got.header.Get("Authorization") != "Bearer "+gatewayToken {
		t.Errorf("%v", got.header)
	}
}

func TestTextInTheBodyCannotChangeItsForm(t *testing.T) {
	w := &writtenSMS{URL: "https://sms.example.org", Body: `{"a":"{text}","{text}":"{number}"}`}
	var f faults
	filled, err := json.Marshal(w.gateway(&f).fill("+372", `"},"x":"`))
	if err != nil || len(f) != 0 || string(filled) != `{"a":"\"},\"x\":\"","{text}":"+372"}` {
		t.Errorf("%s %v %v", filled, err, f)
	}
}

func TestARedirectIsNotFollowedAndSecretsStay(t *testing.T) {
	elsewhere := newBell(t, false)
	w := newWorld(t, strings.Replace(fourPeople, "people: [duty-1, duty-2, lead-1]", "people: [duty-2]", 1))
	for _, path := range []string{"/duty-2", "/sms"} {
		w.bell.answers(path, func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, elsewhere.URL+"/"+planted, http.StatusTemporaryRedirect)
		})
	}
	w.looks(asked(events.Tonight, 1))
	if got := elsewhere.heard(); len(got) != 0 {
		t.Errorf("it went elsewhere: %v", got)
	}
	if log := w.log.String(); !strings.Contains(log, "status 307") || strings.Contains(log, planted) || strings.Contains(log, "127.0.0.1") || strings.Contains(log, gatewayToken) {
		t.Errorf("%s", log)
	}
}

func TestNoProxyIsAsked(t *testing.T) {
	proxy := newBell(t, false)
	t.Setenv("HTTP_PROXY", proxy.URL)
	t.Setenv("HTTPS_PROXY", proxy.URL)
	t.Setenv("ALL_PROXY", proxy.URL)
	secured := newBell(t, true)
	w := newWorld(t, strings.ReplaceAll(fourPeople, "BELL/duty-1", secured.URL+"/duty-1")+"ca: roots.pem\n")
	w.caFile(secured)
	w.looks(asked(events.Tonight, 1))
	if got := secured.heard(); len(got) != 1 || len(proxy.heard()) != 0 {
		t.Errorf("%v; log %s", got, w.log.String())
	}
}

func TestAServerWithAStrangersCertificateGetsNothing(t *testing.T) {
	stranger := newBell(t, true)
	w := newWorld(t, strings.ReplaceAll(fourPeople, "BELL/duty-1", stranger.URL+"/duty-1"))
	w.looks(asked(events.Tonight, 1))
	if got := stranger.heard(); len(got) != 0 || !strings.Contains(w.log.String(), "certificate is not one that is trusted") {
		t.Errorf("%v %s", got, w.log.String())
	}
}

func TestWithoutTLSOnlyThisMachineIsCalled(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	w := newWorld(t, strings.ReplaceAll(fourPeople, "BELL/duty-1", "http://"+address+"/"+planted))
	w.looks(asked(events.Tonight, 1))
	if log := w.log.String(); !strings.Contains(log, "refused the connection") || strings.Contains(log, planted) {
		t.Errorf("%s", log)
	}
}
