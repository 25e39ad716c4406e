package exchange

import (
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"handrail/events"
)

// The two streams. Submissions wait in IN for the hub, deliveries in OUT for
// their agencies; both are work queues, so what is acknowledged is gone.
const (
	streamIn  = "IN"
	streamOut = "OUT"
	prefixIn  = "in."
	prefixOut = "out."
)

func subjectIn(agency events.AgencyID) string  { return prefixIn + string(agency) }
func subjectOut(agency events.AgencyID) string { return prefixOut + string(agency) }
func durable(agency events.AgencyID) string    { return "out-" + string(agency) }

func agencyOf(subject string) events.AgencyID {
	_, agency, _ := strings.Cut(subject, ".")
	return events.AgencyID(agency)
}

// streams says how both streams are kept. A full subject refuses what is new, so
// a flood reaches only its author. Rollup, TTL, schedules, batches, counters and
// direct reads stay off: a header would otherwise let a publisher remove or
// repeat what others wrote. The broker's duplicate detection cannot be turned
// off; it gets the shortest window, and nobody uses it.
func (c HubConfig) streams() []jetstream.StreamConfig {
	common := jetstream.StreamConfig{
		Retention: jetstream.WorkQueuePolicy, Storage: jetstream.FileStorage,
		Discard: jetstream.DiscardNew, DiscardNewPerSubject: true,
		MaxBytes: c.MaxBytes, Replicas: c.Replicas,
		Duplicates: 100 * time.Millisecond, DenyPurge: true,
	}
	in, out := common, common
	in.Name, in.Subjects, in.MaxMsgsPerSubject = streamIn, []string{prefixIn + "*"}, int64(c.Quota)
	out.Name, out.Subjects, out.MaxMsgsPerSubject = streamOut, []string{prefixOut + "*"}, int64(c.Backlog)
	return []jetstream.StreamConfig{in, out}
}

// consumerOut is the one window through which an agency reads its deliveries.
func (c HubConfig) consumerOut(agency events.AgencyID) jetstream.ConsumerConfig {
	return jetstream.ConsumerConfig{
		Durable: durable(agency), FilterSubject: subjectOut(agency),
		AckPolicy: jetstream.AckExplicitPolicy, AckWait: c.AckWait, MaxAckPending: c.Window, MaxDeliver: -1,
	}
}
