package telemetry_test

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"handrail/test/telemetry"
)

func TestOneTraceFollowsAReferral(t *testing.T) {
	sink := telemetry.Collect(t)
	out := tell(t, append(sink.Environment(), "HANDRAIL_LOG_LEVEL=debug"))
	out.sink = sink
	if wrong := sink.Wrong(); len(wrong) > 0 {
		t.Errorf("no collector would take %v", wrong)
	}
	t.Run("tree", out.tree)
	t.Run("spans", out.spans)
	t.Run("metrics", out.metrics)
	t.Run("logs", out.logs)
}

// tree compares the referral's trace with its published drawing.
func (out told) tree(t *testing.T) {
	spans := out.sink.Trace(out.trace)
	drawn := telemetry.Draw(spans)
	const golden = "testdata/referral.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(drawn), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if drawn != string(want) {
		t.Errorf("the referral's trace is drawn\n%s\nand not as in %s; if that is meant, run with -update", drawn, golden)
	}
	for _, service := range []string{"handrail-police", "handrail-ledger", "handrail-ngo"} {
		if !slices.ContainsFunc(spans, func(s telemetry.Span) bool { return s.Service == service }) {
			t.Errorf("%s has no part in the referral's trace", service)
		}
	}
}

// spans checks what every span of every trace may say.
func (out told) spans(t *testing.T) {
	for _, s := range out.sink.Spans() {
		for _, a := range s.GetAttributes() {
			known := []string{"messaging.", "cloudevents.event_type", "http.", "handrail.", "exception.", "error."}
			if !slices.ContainsFunc(known, func(prefix string) bool { return strings.HasPrefix(a.GetKey(), prefix) }) {
				t.Errorf("%s %s has an attribute %s", s.Service, s.GetName(), a.GetKey())
			}
		}
		if s.GetTraceState() != "" {
			t.Errorf("%s %s carries free text in its trace state", s.Service, s.GetName())
		}
		if s.GetEndTimeUnixNano() < s.GetStartTimeUnixNano() {
			t.Errorf("%s %s ends before it begins", s.Service, s.GetName())
		}
	}
	out.discreet(t, out.sink.Text()...)
}

// logs checks that a line written because of an event names the event's trace.
func (out told) logs(t *testing.T) {
	found := false
	for line := range strings.Lines(logs(t, out.hub)["sampletown-police"]) {
		var record struct {
			Rule  string `json:"rule"`
			Trace string `json:"trace_id"`
			Span  string `json:"span_id"`
		}
		if err := json.Unmarshal([]byte(line), &record); err != nil {
			t.Errorf("a line is no JSON: %s", line)
			continue
		}
		if record.Rule != "consent-required" {
			continue
		}
		found = true
		spans := out.sink.Trace(record.Trace)
		if !slices.ContainsFunc(spans, func(s telemetry.Span) bool { return hex.EncodeToString(s.GetSpanId()) == record.Span }) {
			t.Errorf("the line names span %s of trace %s, which nobody exported", record.Span, record.Trace)
		}
		if !slices.ContainsFunc(spans, func(s telemetry.Span) bool {
			return s.Service == "handrail-ledger" && telemetry.Value(s.GetAttributes(), "handrail.rule") == "consent-required"
		}) {
			t.Error("the trace that the line names does not show the ledger's verdict")
		}
	}
	if !found {
		t.Error("the police's log does not say that an event was refused")
	}
	exported := slices.ContainsFunc(out.sink.Logs(), func(l telemetry.Log) bool {
		return telemetry.Value(l.GetAttributes(), "rule") == "consent-required" && len(l.GetTraceId()) == 16
	})
	if !exported {
		t.Error("the same line was not exported with its trace")
	}
	for _, text := range logs(t, out.hub) {
		out.discreet(t, text)
	}
}

// discreet checks that nothing of a case or a person stands in a text.
func (out told) discreet(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		for _, secret := range out.secrets {
			if at := strings.Index(text, secret); at >= 0 {
				t.Errorf("%q stands in …%s…", secret, text[max(0, at-200):min(len(text), at+100)])
			}
		}
	}
}
