package telemetry_test

import (
	"strings"
	"testing"

	"handrail/test/telemetry"
)

func TestNothingIsExportedUnlessAskedFor(t *testing.T) {
	sink := telemetry.Collect(t)
	// The proxy hears of an export to anywhere but this machine; of one to a
	// collector on this machine, which is not there, the logs would complain.
	out := tell(t, []string{"HTTP_PROXY=" + sink.Endpoint(), "HTTPS_PROXY=" + sink.Endpoint(), "HANDRAIL_LOG_LEVEL=debug"})
	if n := sink.Requests(); n != 0 {
		t.Errorf("%d requests left the machine: %v", n, sink.Wrong())
	}
	for service, text := range logs(t, out.hub) {
		out.discreet(t, text)
		if strings.Contains(text, "OpenTelemetry") || strings.Contains(text, "telemetry was not delivered") {
			t.Errorf("%s complains about telemetry that nobody asked for:\n%s", service, text)
		}
	}
	if !strings.Contains(logs(t, out.hub)["sampletown-police"], `"trace_id"`) {
		t.Error("without exporters the logs name no trace any more")
	}
}
