package telemetry_test

import (
	"regexp"
	"slices"
	"testing"

	common "go.opentelemetry.io/proto/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"

	"handrail/test/telemetry"
)

var uuid = regexp.MustCompile(`(?i)[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}`)

// meters are the metrics at the seams, with their units (UCUM) and the
// attributes that they may have.
func meters() map[string]struct {
	unit       string
	attributes []string
} {
	return map[string]struct {
		unit       string
		attributes []string
	}{
		"handrail-police handrail.agency.submissions":      {"{message}", []string{"handrail.outcome"}},
		"handrail-police handrail.agency.deliveries":       {"{message}", []string{"handrail.delivery.kind", "handrail.outcome"}},
		"handrail-police handrail.agency.receipt.duration": {"s", nil},
		"handrail-ngo handrail.agency.submissions":         {"{message}", []string{"handrail.outcome"}},
		"handrail-ngo handrail.agency.deliveries":          {"{message}", []string{"handrail.delivery.kind", "handrail.outcome"}},
		"handrail-ngo handrail.agency.receipt.duration":    {"s", nil},
		"handrail-ledger handrail.ledger.verdicts":         {"{submission}", []string{"handrail.verdict", "handrail.rule"}},
		"handrail-ledger handrail.ledger.deliveries":       {"{delivery}", []string{"handrail.delivery.kind"}},
		"handrail-ledger handrail.ledger.commit.duration":  {"s", nil},
		"handrail-ledger handrail.ledger.batch.size":       {"{submission}", nil},
		"handrail-ledger handrail.ledger.entries":          {"{entry}", nil},
	}
}

// metrics checks that the seams are measured, and that no measurement tells
// which case or person it is of.
func (out told) metrics(t *testing.T) {
	expected, seen := meters(), map[string]bool{}
	for _, m := range out.sink.Metrics() {
		name := m.Service + " " + m.GetName()
		want, known := expected[name]
		seen[name] = true
		if known && m.GetUnit() != want.unit {
			t.Errorf("%s is in %q, want %q", name, m.GetUnit(), want.unit)
		}
		if m.GetUnit() == "" || m.GetDescription() == "" {
			t.Errorf("%s has no unit or no description", name)
		}
		for _, a := range attributes(m) {
			if known && !slices.Contains(want.attributes, a.GetKey()) {
				t.Errorf("%s has an attribute %s", name, a.GetKey())
			}
			if value := a.GetValue().String(); uuid.MatchString(value) {
				t.Errorf("%s: the attribute %s holds an id: %s", name, a.GetKey(), value)
			}
		}
	}
	for name := range expected {
		if !seen[name] {
			t.Errorf("nobody measured %s", name)
		}
	}
	if out.entries() < 20 {
		t.Errorf("the ledger counted %d entries", out.entries())
	}
}

// entries is how many entries the ledger says that it appended.
func (out told) entries() int64 {
	var most int64
	for _, m := range out.sink.Metrics() {
		if m.GetName() == "handrail.ledger.entries" {
			for _, p := range m.GetSum().GetDataPoints() {
				most = max(most, p.GetAsInt())
			}
		}
	}
	return most
}

// attributes of every point of a metric.
func attributes(m telemetry.Metric) []*common.KeyValue {
	var all []*common.KeyValue
	switch data := m.GetData().(type) {
	case *metrics.Metric_Sum:
		for _, p := range data.Sum.GetDataPoints() {
			all = append(all, p.GetAttributes()...)
		}
	case *metrics.Metric_Gauge:
		for _, p := range data.Gauge.GetDataPoints() {
			all = append(all, p.GetAttributes()...)
		}
	case *metrics.Metric_Histogram:
		for _, p := range data.Histogram.GetDataPoints() {
			all = append(all, p.GetAttributes()...)
		}
	}
	return all
}
