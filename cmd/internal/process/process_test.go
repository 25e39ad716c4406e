package process

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

const roleVariable = "HANDRAIL_TEST_ROLE"

// TestMain lets the test binary be the service, as a real process with real signals.
func TestMain(m *testing.M) {
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "speak":
		Main("speaker", speak)
	case "wait":
		Main("waiter", func(ctx context.Context, p *Process) error {
			p.Log.InfoContext(ctx, "waiting")
			<-ctx.Done()
			return ctx.Err()
		})
	case "fail":
		Main("failer", func(context.Context, *Process) error {
			return &ExitError{Code: ExitUnverified, Err: errors.New("the trail does not verify")}
		})
	}
}

// speak writes a log line in a span and prints the trace context that it would send.
func speak(ctx context.Context, p *Process) error {
	ctx, span := otel.Tracer("handrail/test").Start(ctx, "referral")
	defer span.End()
	p.Log.InfoContext(ctx, "admitted", slog.Int("number", 7))
	sent := propagation.MapCarrier{}
	otel.GetTextMapPropagator().Inject(ctx, sent)
	fmt.Println(sent["traceparent"])
	return nil
}

// actor prepares this test binary in a role, with nothing of OpenTelemetry in its environment but what is given.
func actor(role string, variables ...string) *exec.Cmd {
	command := exec.Command(os.Args[0])
	for _, entry := range os.Environ() {
		if !strings.HasPrefix(entry, "OTEL_") && !strings.HasPrefix(entry, "HANDRAIL_") {
			command.Env = append(command.Env, entry)
		}
	}
	command.Env = append(append(command.Env, roleVariable+"="+role), variables...)
	return command
}

func TestSilentByDefaultAndTraced(t *testing.T) {
	var stdout, stderr bytes.Buffer
	speaker := actor("speak")
	speaker.Stdout, speaker.Stderr = &stdout, &stderr
	if err := speaker.Run(); err != nil {
		t.Fatal(err, stderr.String())
	}
	// One line only: an exporter would have complained that there is no collector.
	var line struct {
		Msg     string `json:"msg"`
		Number  int    `json:"number"`
		TraceID string `json:"trace_id"`
		SpanID  string `json:"span_id"`
	}
	if err := json.Unmarshal(stderr.Bytes(), &line); err != nil {
		t.Fatalf("the log is not one JSON line: %v\n%s", err, stderr.String())
	}
	if line.Msg != "admitted" || line.Number != 7 {
		t.Errorf("logged %+v", line)
	}
	if want := fmt.Sprintf("00-%s-%s-01", line.TraceID, line.SpanID); strings.TrimSpace(stdout.String()) != want {
		t.Errorf("sent traceparent %q, logged %q", stdout.String(), want)
	}
}

// collector takes OTLP over HTTP and remembers the paths and bodies.
type collector struct {
	mu     sync.Mutex
	bodies map[string]string
}

func (c *collector) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.bodies[r.URL.Path] += string(body)
}

// take returns what has come since the last time, by path.
func (c *collector) take() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	taken := c.bodies
	c.bodies = map[string]string{}
	return taken
}

func TestEverythingIsExportedWhenAskedFor(t *testing.T) {
	received := &collector{bodies: map[string]string{}}
	server := httptest.NewServer(received)
	defer server.Close()
	if out, err := actor("speak", "OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bodies := received.take()
	for path, want := range map[string]string{"/v1/traces": "referral", "/v1/logs": "admitted", "/v1/metrics": "go.memory.used"} {
		if body := bodies[path]; !strings.Contains(body, want) || !strings.Contains(body, "speaker") {
			t.Errorf("%s got %d bytes without %q of service speaker", path, len(body), want)
		}
	}

	if out, err := actor("speak", "OTEL_TRACES_EXPORTER=otlp", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT="+server.URL+"/only", "OTEL_SERVICE_NAME=renamed").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if bodies := received.take(); len(bodies) != 1 || !strings.Contains(bodies["/only"], "renamed") {
		t.Errorf("asked for traces of service renamed, got %d signals", len(bodies))
	}

	if out, err := actor("speak", "OTEL_EXPORTER_OTLP_ENDPOINT="+server.URL, "OTEL_SDK_DISABLED=true").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if bodies := received.take(); len(bodies) != 0 {
		t.Error("OTEL_SDK_DISABLED was not respected")
	}
}

func TestSignalsEndARunInAnOrderlyWay(t *testing.T) {
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM} {
		waiter := actor("wait")
		awaitLine(t, waiter, waiter.StderrPipe)
		if err := waiter.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if err := waiter.Wait(); err != nil {
			t.Errorf("after %s: %v, want exit code 0", signal, err)
		}
	}
}

func TestRunEndsWithTheParentThatStartedIt(t *testing.T) {
	waiter := actor("wait", parentVariable+"=stdin")
	parent, err := waiter.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	awaitLine(t, waiter, waiter.StderrPipe)
	if err := parent.Close(); err != nil {
		t.Fatal(err)
	}
	if err := waiter.Wait(); err != nil {
		t.Error(err)
	}
}

func TestRunEndsWithGoRun(t *testing.T) {
	goRun := exec.Command("go", "run", "./testdata/waits")
	pid, err := strconv.Atoi(awaitLine(t, goRun, goRun.StdoutPipe))
	if err != nil {
		t.Fatal(err)
	}
	if err := goRun.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	deadline := time.Now().Add(10 * time.Second)
	for syscall.Kill(pid, 0) == nil && !zombie(pid) {
		if time.Now().After(deadline) {
			t.Fatal("the program outlived `go run`")
		}
		time.Sleep(20 * time.Millisecond)
	}
	_ = goRun.Wait() // killed
}

func zombie(pid int) bool {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return strings.Contains(string(stat), ") Z ")
}

// awaitLine starts the command and returns the first line that it writes.
func awaitLine(t *testing.T, command *exec.Cmd, pipe func() (io.ReadCloser, error)) string {
	t.Helper()
	out, err := pipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = command.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the process said %q: %v", line, err)
	}
	return strings.TrimSpace(line)
}

type missingError struct{ error }

func (missingError) Unavailable() bool { return true }

func TestExitCodes(t *testing.T) {
	plain := errors.New("plain")
	for _, c := range []struct {
		err  error
		want int
	}{
		{nil, ExitDone},
		{plain, ExitFailure},
		{&ExitError{Code: ExitUsage, Err: plain}, ExitUsage},
		{fmt.Errorf("verifying: %w", &ExitError{Code: ExitUnverified, Err: plain}), ExitUnverified},
		{fmt.Errorf("starting: %w", missingError{plain}), ExitUnavailable},
		{&exec.ExitError{}, ExitFailure}, // a child's exit code is not ours
	} {
		if got := ExitCode(c.err); got != c.want {
			t.Errorf("%v ends with %d, want %d", c.err, got, c.want)
		}
	}
	out, err := actor("fail").CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != ExitUnverified || string(out) != "failer: the trail does not verify\n" {
		t.Errorf("ended with %v and said %q", err, out)
	}
}

func TestLogFormats(t *testing.T) {
	var out bytes.Buffer
	log, err := newLogger(&out, "text", "warn", nil)
	if err != nil {
		t.Fatal(err)
	}
	span := trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID{1}, SpanID: trace.SpanID{2}})
	ctx := trace.ContextWithSpanContext(t.Context(), span)
	log.InfoContext(ctx, "quiet")
	log.With(slog.String("rule", "consent")).WarnContext(ctx, "refused")
	if got := out.String(); strings.Contains(got, "quiet") || !strings.Contains(got, "rule=consent trace_id=01") {
		t.Errorf("logged %q", got)
	}
	for _, wrong := range [][2]string{{"xml", ""}, {"", "loud"}} {
		if _, err := newLogger(&out, wrong[0], wrong[1], nil); ExitCode(err) != ExitUsage {
			t.Errorf("format %q, level %q: %v, want a usage error", wrong[0], wrong[1], err)
		}
	}
}
