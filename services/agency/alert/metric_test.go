package alert

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	sdk "go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"handrail/events"
)

func TestMessagesAreCountedByChannelAndOutcomeOnly(t *testing.T) {
	reader := sdk.NewManualReader()
	before := otel.GetMeterProvider()
	otel.SetMeterProvider(sdk.NewMeterProvider(sdk.WithReader(reader)))
	defer otel.SetMeterProvider(before)
	w := newWorld(t, strings.Replace(fourPeople, "people: [duty-1, duty-2, lead-1]", "people: [duty-2]", 1))
	w.bell.fails("/sms")
	w.looks(asked(events.Tonight, 1))
	var read metricdata.ResourceMetrics
	w.must(reader.Collect(t.Context(), &read))
	var got []string
	for _, scope := range read.ScopeMetrics {
		for _, m := range scope.Metrics {
			for _, point := range m.Data.(metricdata.Sum[int64]).DataPoints {
				got = append(got, fmt.Sprintf("%s %s %d", m.Name, point.Attributes.Encoded(attribute.DefaultEncoder()), point.Value))
			}
		}
	}
	slices.Sort(got)
	want := []string{
		"handrail.agency.alert.messages handrail.alert.channel=sms,handrail.outcome=failed 1",
		"handrail.agency.alert.messages handrail.alert.channel=webhook,handrail.outcome=sent 1",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}
