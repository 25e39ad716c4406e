package attacks

import (
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// visitor asks the audit API in ways that are not for it.
type visitor struct {
	*arena

	t    *testing.T
	base string
}

// answersAuditorsOnly tries everybody else, and an auditor's request in every
// changed form.
func (a *arena) answersAuditorsOnly(t *testing.T) {
	must(t, a.world.Tell(t.Context(), "police receives form referral\nhub records case.opened by police\n", quiet{}))
	v := visitor{a, t, "http://" + a.directions.Ledger}
	auditor := v.key(a.directions.Auditor)
	unread := "/v1/cases/" + string(a.world.Case) + "/trail"
	path := unread + "?reading=" + v.records(`{"what":"replay","case":"`+string(a.world.Case)+`"}`)
	good := v.signed(path, a.directions.Auditor, auditor, time.Now())
	if status, _ := v.ask(good); status != http.StatusOK {
		t.Fatalf("the auditor is answered %d", status)
	}
	for _, try := range []struct {
		what    string
		request *http.Request
		want    int
		rule    events.Rule
	}{
		{"no reading", v.signed(unread, a.directions.Auditor, auditor, time.Now()), http.StatusForbidden, "reading-unrecorded"},
		{"a reading of something else", v.signed(unread+"?reading="+v.records(`{"what":"cases"}`), a.directions.Auditor, auditor, time.Now()), http.StatusForbidden, "reading-unrecorded"},
		{"a reading that never was", v.signed(unread+"?reading=0", a.directions.Auditor, auditor, time.Now()), http.StatusForbidden, "reading-unrecorded"},
		{"the same request again", good, http.StatusUnauthorized, "request-repeated"},
		{"no signature", v.request(path), http.StatusUnauthorized, events.RuleDataMalformed},
		{"a signature of nobody", v.signed(path, a.directions.Auditor, stranger(t), time.Now()), http.StatusUnauthorized, events.RuleKeyUnknown},
		{"an agency", v.signed(path, thief, v.key(thief), time.Now()), http.StatusForbidden, "power"},
		{"an agency of the case", v.signed(path, honest, v.key(honest), time.Now()), http.StatusForbidden, "power"},
		{"an agency's key as the auditor's", v.signed(path, a.directions.Auditor, v.key(thief), time.Now()), http.StatusUnauthorized, events.RuleKeyUnknown},
		{"an old request", v.signed(path, a.directions.Auditor, auditor, time.Now().Add(-2*time.Minute)), http.StatusUnauthorized, events.RuleTimeAhead},
		{"a request from the future", v.signed(path, a.directions.Auditor, auditor, time.Now().Add(2*time.Minute)), http.StatusUnauthorized, events.RuleTimeAhead},
		{"a signature for another path", v.moved("/v1/cases", path), http.StatusUnauthorized, events.RuleSignatureInvalid},
		{"a signature with another query", v.moved(path, path+"&after=x"), http.StatusUnauthorized, events.RuleSignatureInvalid},
		{"a signature for another hub", v.elsewhere(path), http.StatusUnauthorized, events.RuleSignatureInvalid},
		{"a spoilt signature", v.spoilt(path), http.StatusUnauthorized, ""},
		{"two signatures", v.doubled(path), http.StatusUnauthorized, events.RuleDataMalformed},
		{"another scheme", v.with(path, "Bearer "+strings.Repeat("a", 64)), http.StatusUnauthorized, events.RuleDataMalformed},
		{"an endless signature", v.with(path, "Handrail "+strings.Repeat("a", 12<<10)), http.StatusUnauthorized, events.RuleDataMalformed},
	} {
		t.Run(try.what, func(t *testing.T) {
			status, body := v.ask(try.request)
			if status != try.want || !strings.Contains(body, string(try.rule)) || strings.Contains(body, string(a.world.Case)) {
				t.Errorf("it is answered %d %s, want %d %s and nothing of the case", status, body, try.want, try.rule)
			}
		})
	}
	t.Run("odd paths", v.oddPaths)
	t.Run("odd bytes", v.oddBytes)
	a.healthy(t)
}

// records has a reading of the auditor entered in the log, and gives its number.
func (v visitor) records(body string) string {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodPost, v.base+"/v1/readings", strings.NewReader(body))
	must(v.t, err)
	must(v.t, seal.SignRequest(r, v.key(v.directions.Auditor), v.directions.Auditor, v.directions.Hub.Origin(), []byte(body), time.Now()))
	status, answer := v.ask(r)
	var recorded ledger.ReadingRecorded
	if err := json.Unmarshal([]byte(answer), &recorded); err != nil || status != http.StatusCreated {
		v.t.Fatalf("a reading is answered %d %s", status, answer)
	}
	return strconv.FormatUint(recorded.Reading, 10)
}

func (v visitor) key(id events.AgencyID) seal.SigningKey {
	key, err := seal.LoadSigningKey(filepath.Join(v.hub.At.Agency(id), "signing.pem"))
	must(v.t, err)
	return key
}

func (v visitor) request(path string) *http.Request {
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.base+path, nil)
	must(v.t, err)
	return r
}

func (v visitor) signed(path string, as events.AgencyID, key seal.SigningKey, at time.Time) *http.Request {
	r := v.request(path)
	must(v.t, seal.SignRequest(r, key, as, v.directions.Hub.Origin(), nil, at))
	return r
}

// moved carries the signature of one path to another.
func (v visitor) moved(from, to string) *http.Request {
	r := v.request(to)
	r.Header = v.signed(from, v.directions.Auditor, v.key(v.directions.Auditor), time.Now()).Header
	return r
}

func (v visitor) elsewhere(path string) *http.Request {
	r := v.request(path)
	must(v.t, seal.SignRequest(r, v.key(v.directions.Auditor), v.directions.Auditor, "handrail/elsewhere", nil, time.Now()))
	return r
}

func (v visitor) spoilt(path string) *http.Request {
	r := v.signed(path, v.directions.Auditor, v.key(v.directions.Auditor), time.Now())
	r.Header.Set("Authorization", string(flip([]byte(r.Header.Get("Authorization")))))
	return r
}

func (v visitor) doubled(path string) *http.Request {
	r := v.signed(path, v.directions.Auditor, v.key(v.directions.Auditor), time.Now())
	r.Header.Add("Authorization", r.Header.Get("Authorization"))
	return r
}

func (v visitor) with(path, authorization string) *http.Request {
	r := v.request(path)
	r.Header.Set("Authorization", authorization)
	return r
}

func (v visitor) ask(r *http.Request) (status int, body string) {
	v.t.Helper()
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	response, err := client.Do(r)
	must(v.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(v.t, err)
	return response.StatusCode, string(text)
}

// oddPaths asks as the auditor, so that nothing but the path can be refused.
func (v visitor) oddPaths(t *testing.T) {
	auditor := v.key(v.directions.Auditor)
	for _, path := range []string{
		"/v1/cases/../cases", "/v1//cases", "/v1/cases/%2e%2e/trail", "/v1/cases/" + strings.Repeat("0", 8000) + "/trail", "/v1/cases/-1/trail",
		"/v1/cases/%00/trail", "/v1/cases/" + uuid(t) + "/trail", "/v1/cases/'%20OR%201=1--/trail", "/v1/cases?after=-1", "/v1/cases?after=" + strings.Repeat("f", 4000),
		"/v1/cases/" + string(v.world.Case) + "/trail/", "/v1/doctor/", "/..%2f..%2fetc/passwd", "/debug/pprof/", "/metrics", "/v1",
	} {
		status, body := v.ask(v.signed(path, v.directions.Auditor, auditor, time.Now()))
		if status < 300 || status >= 500 || strings.Contains(body, "goroutine") || strings.Contains(body, "SQL") {
			t.Errorf("%.60s is answered %d %.200s", path, status, body)
		}
	}
	for _, method := range []string{http.MethodPost, http.MethodPut, http.MethodDelete, http.MethodOptions, http.MethodTrace} {
		r := v.request("/v1/cases")
		r.Method = method
		must(t, seal.SignRequest(r, auditor, v.directions.Auditor, v.directions.Hub.Origin(), nil, time.Now()))
		if status, _ := v.ask(r); status < 400 || status >= 500 {
			t.Errorf("%s is answered %d", method, status)
		}
	}
}

// oddBytes sends what is no request, and looks that the next one is answered.
func (v visitor) oddBytes(t *testing.T) {
	for _, text := range []string{
		"\x00\x01\x02", "GET /v1/doctor HTTP/9.9\r\n\r\n", "GET " + strings.Repeat("/a", 40<<10) + " HTTP/1.1\r\nHost: x\r\n\r\n",
		"POST /v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", "POST /v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
		"POST /v1/cases HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /v1/cases HTTP/1.1\r\n\r\n",
		"GET /v1/cases HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X-Y: z\r\n", 8000) + "\r\n",
	} {
		connection, err := new(net.Dialer).DialContext(t.Context(), "tcp", v.directions.Ledger)
		must(t, err)
		must(t, connection.SetDeadline(time.Now().Add(5*time.Second)))
		_, _ = io.WriteString(connection, text) // the ledger may hang up before the end
		if half, ok := connection.(*net.TCPConn); ok {
			_ = half.CloseWrite() // nothing more comes
		}
		first := make([]byte, 12)
		if n, _ := io.ReadFull(connection, first); n == len(first) && first[9] != '4' && first[9] != '5' {
			t.Errorf("%.40q is answered %s", text, first)
		}
		_ = connection.Close()
	}
	v.healthy(t)
}
