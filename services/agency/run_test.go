package agency

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency/keyring"
)

// runs runs an agency until stop, which waits for its end.
func (l *aLog) runs(a *Agency) (stop func()) {
	l.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()
	select {
	case <-a.Ready():
	case err := <-ended:
		cancel()
		l.t.Fatalf("it ended with %v", err)
	}
	return func() {
		cancel()
		select {
		case err := <-ended:
			l.must(err)
		case <-time.After(20 * time.Second):
			l.t.Fatal("it does not end")
		}
	}
}

func (l *aLog) desk(a *Agency, method, path, body string) (int, string) {
	l.t.Helper()
	transport := &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", a.config.path(SocketFile))
	}}
	request, err := http.NewRequestWithContext(l.t.Context(), method, "http://desk"+path, bytes.NewReader([]byte(body)))
	l.must(err)
	request.Header.Set("Content-Type", "application/json")
	response, err := (&http.Client{Transport: transport}).Do(request)
	l.must(err)
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	l.must(err)
	return response.StatusCode, string(text)
}

func TestWithoutABrokerPeopleWorkAndEverythingEndsCleanly(t *testing.T) {
	defer goleak.VerifyNone(t)
	l := newLog(t)
	dir, err := os.MkdirTemp("", "hra") //nolint:usetesting // a socket's path has at most 103 bytes
	l.must(err)
	defer func() { _ = os.RemoveAll(dir) }()
	for _, use := range keyring.Uses(l.config().Kind) {
		l.must(os.Rename(l.config().path(use.File()), filepath.Join(dir, use.File())))
	}
	l.dir = dir
	operator, err := exchange.NewOperator()
	l.must(err)
	accounts, err := operator.Grant(testHub, []events.AgencyID{testAgency})
	l.must(err)
	l.must(os.WriteFile(l.config().path(CredsFile), accounts.Creds[testAgency], 0o600))

	a, err := New(l.config())
	l.must(err)
	l.gives(a, l.delivers(l.genesis))
	stop := l.runs(a)
	if got := mode(t, a.config.path(SocketFile)); got != 0o600 {
		t.Errorf("the desk's socket has mode %o", got)
	}
	status, text := l.desk(a, http.MethodPost, "/v1/say", `{"type":"case.opened","data":{"age":"adult"}}`)
	if status != http.StatusAccepted {
		t.Fatalf("%d %s", status, text)
	}
	if _, text := l.desk(a, http.MethodGet, "/v1/status", ""); !strings.Contains(text, `"waiting":1`) || !strings.Contains(text, `"connected":false`) {
		t.Errorf("status: %s", text)
	}
	for path, want := range map[string]int{
		"/v1/nothing": http.StatusNotFound, "/v1/cases/0190f3a0-0000-7000-8000-000000000001": http.StatusNotFound, "/v1/doctor": http.StatusOK,
	} {
		if status, text := l.desk(a, http.MethodGet, path, ""); status != want {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if status, _ := l.desk(a, http.MethodPost, "/v1/say", `{"type":"case.opened","data":{"age":"`+strings.Repeat("x", deskBody)+`"}}`); status != http.StatusRequestEntityTooLarge {
		t.Errorf("too large a body: %d", status)
	}
	stop()
	again, err := New(l.config())
	l.must(err)
	defer func() { l.must(again.Close()) }()
	if cases := again.Cases(); len(cases) != 1 || cases[0].Waiting != 1 || cases[0].Age != events.Adult {
		t.Errorf("after a restart: %+v", cases)
	}
}
