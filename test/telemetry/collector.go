package telemetry

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	collectorlogs "go.opentelemetry.io/proto/otlp/collector/logs/v1"
	collectormetrics "go.opentelemetry.io/proto/otlp/collector/metrics/v1"
	collectortraces "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	logs "go.opentelemetry.io/proto/otlp/logs/v1"
	metrics "go.opentelemetry.io/proto/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/otlp/resource/v1"
	traces "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

const maxExport = 16 << 20 // bytes of one request

// Span is one span and the service that it is of.
type Span struct {
	Service string
	*traces.Span
}

// Metric is one metric as a service exported it once.
type Metric struct {
	Service string
	*metrics.Metric
}

// Log is one exported log record.
type Log struct {
	Service string
	*logs.LogRecord
}

// Collector keeps everything that is exported to it.
type Collector struct {
	server *httptest.Server

	mu       sync.Mutex
	requests int
	wrong    []string // what a real collector would refuse
	text     []string // every request, as text that can be searched
	spans    []Span
	metrics  []Metric
	logs     []Log
}

// Collect starts a collector that ends with the test.
func Collect(t testing.TB) *Collector {
	t.Helper()
	c := &Collector{}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /v1/traces", take(c, &collectortraces.ExportTraceServiceRequest{}, c.takeTraces))
	mux.HandleFunc("POST /v1/metrics", take(c, &collectormetrics.ExportMetricsServiceRequest{}, c.takeMetrics))
	mux.HandleFunc("POST /v1/logs", take(c, &collectorlogs.ExportLogsServiceRequest{}, c.takeLogs))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		c.note(func() { c.requests++; c.wrong = append(c.wrong, r.Method+" "+r.URL.Path) })
		http.NotFound(w, r)
	})
	c.server = httptest.NewServer(mux)
	t.Cleanup(c.server.Close)
	return c
}

// Endpoint is the collector's address, as OTEL_EXPORTER_OTLP_ENDPOINT names it.
func (c *Collector) Endpoint() string { return c.server.URL }

// Environment makes a process export everything to this collector, soon.
func (c *Collector) Environment() []string {
	return []string{
		"OTEL_TRACES_EXPORTER=otlp", "OTEL_METRICS_EXPORTER=otlp", "OTEL_LOGS_EXPORTER=otlp",
		"OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf", "OTEL_EXPORTER_OTLP_ENDPOINT=" + c.Endpoint(),
		"OTEL_BSP_SCHEDULE_DELAY=200", "OTEL_BLRP_SCHEDULE_DELAY=200", "OTEL_METRIC_EXPORT_INTERVAL=1000",
	}
}

func (c *Collector) note(change func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	change()
}

// take reads one export of a signal.
func take[M proto.Message](c *Collector, kind M, keep func(M)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		message, ok := kind.ProtoReflect().New().Interface().(M)
		body, err := content(r)
		if err == nil && ok {
			err = proto.Unmarshal(body, message)
		}
		if err != nil || r.Header.Get("Content-Type") != "application/x-protobuf" {
			c.note(func() { c.wrong = append(c.wrong, r.URL.Path+": not OTLP") })
			http.Error(w, "not OTLP", http.StatusBadRequest)
			return
		}
		c.note(func() {
			c.requests++
			c.text = append(c.text, protojson.Format(message))
			keep(message)
		})
		w.Header().Set("Content-Type", "application/x-protobuf") // an empty message: all was taken
	}
}

func content(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(io.LimitReader(r.Body, maxExport))
	}
	unpacked, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(io.LimitReader(unpacked, maxExport))
}

func (c *Collector) takeTraces(m *collectortraces.ExportTraceServiceRequest) {
	for _, of := range m.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			for _, span := range scope.GetSpans() {
				c.spans = append(c.spans, Span{serviceOf(of.GetResource()), span})
			}
		}
	}
}

func (c *Collector) takeMetrics(m *collectormetrics.ExportMetricsServiceRequest) {
	for _, of := range m.GetResourceMetrics() {
		for _, scope := range of.GetScopeMetrics() {
			for _, metric := range scope.GetMetrics() {
				c.metrics = append(c.metrics, Metric{serviceOf(of.GetResource()), metric})
			}
		}
	}
}

func (c *Collector) takeLogs(m *collectorlogs.ExportLogsServiceRequest) {
	for _, of := range m.GetResourceLogs() {
		for _, scope := range of.GetScopeLogs() {
			for _, record := range scope.GetLogRecords() {
				c.logs = append(c.logs, Log{serviceOf(of.GetResource()), record})
			}
		}
	}
}

func serviceOf(of *resource.Resource) string { return Value(of.GetAttributes(), "service.name") }

// Value of an attribute as text; empty when there is none.
func Value(attributes []*common.KeyValue, name string) string {
	for _, a := range attributes {
		if a.GetKey() == name {
			if s, ok := a.GetValue().GetValue().(*common.AnyValue_StringValue); ok {
				return s.StringValue
			}
			return protojson.Format(a.GetValue())
		}
	}
	return ""
}
