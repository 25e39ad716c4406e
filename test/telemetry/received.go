package telemetry

import (
	"encoding/hex"
	"slices"
)

// Requests is how many exports arrived.
func (c *Collector) Requests() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.requests
}

// Wrong lists what arrived and was no export of the protocol.
func (c *Collector) Wrong() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.wrong)
}

// Text is every export as text, to be searched.
func (c *Collector) Text() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.text)
}

// Trace gives the spans of one trace, by its hexadecimal id.
func (c *Collector) Trace(id string) []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	var of []Span
	for _, s := range c.spans {
		if hex.EncodeToString(s.GetTraceId()) == id {
			of = append(of, s)
		}
	}
	return of
}

// Spans gives every span.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// Metrics gives every metric as often as it was exported.
func (c *Collector) Metrics() []Metric {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.metrics)
}

// Logs gives every exported log record.
func (c *Collector) Logs() []Log {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.logs)
}
