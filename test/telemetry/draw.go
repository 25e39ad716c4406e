package telemetry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	traces "go.opentelemetry.io/proto/otlp/trace/v1"
)

// branch is all spans at one place of a trace that say the same: what a service
// did again, because no answer came in time, does not show twice.
type branch struct {
	label    string
	parents  map[string]bool // ids of the spans
	children map[string]*branch
}

// Draw gives a trace as a tree of text, without ids and times, so that two runs
// of the same story draw alike. Siblings that say the same are one line; they
// stand in alphabetical order.
func Draw(spans []Span) string {
	known := map[string]bool{}
	for _, s := range spans {
		known[string(s.GetSpanId())] = true
	}
	root := &branch{parents: map[string]bool{}}
	for _, s := range spans {
		if parent := string(s.GetParentSpanId()); !known[parent] {
			root.parents[parent] = true
		}
	}
	root.grow(spans)
	var b strings.Builder
	root.draw(&b, "")
	return b.String()
}

// grow hangs the spans whose parents are here below this branch, and so on.
func (of *branch) grow(spans []Span) {
	of.children = map[string]*branch{}
	for _, s := range spans {
		if !of.parents[string(s.GetParentSpanId())] {
			continue
		}
		label := Label(s)
		if of.children[label] == nil {
			of.children[label] = &branch{label: label, parents: map[string]bool{}}
		}
		of.children[label].parents[string(s.GetSpanId())] = true
	}
	for _, child := range of.children {
		child.grow(spans)
	}
}

func (of *branch) draw(b *strings.Builder, indent string) {
	for _, child := range slices.SortedFunc(maps.Values(of.children), func(x, y *branch) int { return cmp.Compare(x.label, y.label) }) {
		fmt.Fprintf(b, "%s%s\n", indent, child.label)
		child.draw(b, indent+"    ")
	}
}

// Label says what a span is: who, what, and about which kind of event or delivery.
func Label(s Span) string {
	words := []string{s.Service, s.GetName()}
	eventType := Value(s.GetAttributes(), "cloudevents.event_type")
	eventType = strings.TrimSuffix(strings.TrimPrefix(eventType, "org.handrail."), ".v1")
	to := ""
	if s.GetName() == "deliver" {
		to = "to " + strings.TrimPrefix(Value(s.GetAttributes(), "messaging.destination.name"), "out.")
	}
	for _, word := range []string{eventType, Value(s.GetAttributes(), "handrail.delivery.kind"), to} {
		if word != "" {
			words = append(words, word)
		}
	}
	if s.GetStatus().GetCode() == traces.Status_STATUS_CODE_ERROR {
		words = append(words, "(failed)")
	}
	return strings.Join(words, " ")
}
