// Package telemetry receives what the processes of a hub export, by the
// OpenTelemetry protocol over HTTP as any collector does, and draws a trace as
// text. Its tests hold traces, metrics and logs of a real hub to the design.
package telemetry
