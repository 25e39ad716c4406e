package attacks

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"handrail/events/exchange"
)

// headers sends a good event with each header that means something to the broker
// or to its client. The broker may refuse the message; if it takes it, the event
// is judged as it stands, and the header goes no further.
func (x *intruder) headers(t *testing.T) {
	for _, attack := range []struct {
		name   string
		header nats.Header
	}{
		{"message id of another, used earlier", nats.Header{"Nats-Msg-Id": {"1"}}},
		{"an expected stream", nats.Header{"Nats-Expected-Stream": {"OUT"}}},
		{"an expected last sequence", nats.Header{"Nats-Expected-Last-Sequence": {"0"}}},
		{"an expected last sequence of a subject", nats.Header{"Nats-Expected-Last-Subject-Sequence": {"0"}, "Nats-Expected-Last-Subject-Sequence-Subject": {"in." + string(provider)}}},
		{"an expected last message id", nats.Header{"Nats-Expected-Last-Msg-Id": {"x"}}},
		{"rollup of everything", nats.Header{"Nats-Rollup": {"all"}}},
		{"rollup of a subject", nats.Header{"Nats-Rollup": {"sub"}}},
		{"a time to live", nats.Header{"Nats-TTL": {"1s"}}},
		{"a time to live for ever", nats.Header{"Nats-TTL": {"never"}}},
		{"a trace of the message sent into a stream", nats.Header{"Nats-Trace-Dest": {"in." + string(provider)}}},
		{"a trace instead of the message", nats.Header{"Nats-Trace-Dest": {"out." + string(provider)}, "Nats-Trace-Only": {"true"}}},
		{"a schedule that repeats", nats.Header{"Nats-Schedule": {"@every 1s"}, "Nats-Schedule-Target": {"in." + string(provider)}, "Nats-Schedule-TTL": {"1m"}}},
		{"a schedule that copies another's", nats.Header{"Nats-Schedule": {"@at 2020-01-01T00:00:00Z"}, "Nats-Schedule-Source": {"in." + string(provider)}, "Nats-Schedule-Target": {"in." + string(thief)}}},
		{"a schedule that rolls up", nats.Header{"Nats-Schedule": {"@at 2020-01-01T00:00:00Z"}, "Nats-Schedule-Target": {"out." + string(provider)}, "Nats-Schedule-Rollup": {"sub"}}},
		{"a batch that never ends", nats.Header{"Nats-Batch-Id": {"b"}, "Nats-Batch-Sequence": {"1"}}},
		{"a batch of one", nats.Header{"Nats-Batch-Id": {"c"}, "Nats-Batch-Sequence": {"1"}, "Nats-Batch-Commit": {"1"}}},
		{"a counter", nats.Header{"Nats-Incr": {"+1"}}},
		{"a pin on the hub's own reading", nats.Header{"Nats-Pin-Id": {"mine"}}},
		{"a marker of a deletion", nats.Header{"Nats-Marker-Reason": {"MaxAge"}}},
		{"a stalled consumer", nats.Header{"Nats-Consumer-Stalled": {"in." + string(provider)}, "Nats-Last-Consumer": {"1"}}},
		{"the words of a message that was stored", nats.Header{"Nats-Subject": {"in." + string(provider)}, "Nats-Stream": {"OUT"}, "Nats-Sequence": {"1"}}},
		{"another account's request", nats.Header{"Nats-Request-Info": {`{"acc":"` + string(provider) + `"}`}, "Nats-Response-Type": {"x"}}},
		{"a delivery's header", nats.Header{exchange.DeliveryHeader: {`{"kind":"event","number":1}`}}},
	} {
		t.Run(attack.name, func(t *testing.T) {
			during(t, x.site, x.other)
			x.t = t
			x.tries(func() { x.withHeader(attack.header) })
		})
	}
	for _, status := range []string{"100", "400", "404", "408", "409", "423", "503", "999", "x"} {
		t.Run("the status "+status+" that the broker never sent", func(t *testing.T) {
			during(t, x.site, x.other)
			x.t = t
			x.tries(func() { x.status(status) })
		})
	}
}

// withHeader says an event with a header, and once more without it if the broker
// did not take it.
func (x *intruder) withHeader(header nats.Header) {
	x.t.Helper()
	e := x.sign(x.opening())
	m := exchange.Encode(e)
	maps.Copy(m.Header, header)
	before := x.count()
	reply := x.conn.NewRespInbox()
	answer, err := x.conn.SubscribeSync(reply)
	must(x.t, err)
	must(x.t, x.conn.PublishMsg(&nats.Msg{Subject: "in." + string(thief), Reply: reply, Header: m.Header, Data: m.Data}))
	_, _ = answer.NextMsg(300 * time.Millisecond) // none if the broker dropped it
	must(x.t, answer.Unsubscribe())
	must(x.t, x.link.Submit(x.t.Context(), exchange.Encode(e)))
	eventually(x.t, "an answer to the event", func() bool { return x.count() > before })
	x.next++
	x.settles(x.t)
	x.mu.Lock()
	defer x.mu.Unlock()
	if heard := names(x.got[before:]); !slices.Equal(heard, []string{"receipt"}) {
		x.t.Errorf("the event was answered %v", heard)
	}
}

// status has no body, and stands under a header with which the broker's client is told that
// a request for messages has ended.
func (x *intruder) status(status string) {
	x.t.Helper()
	for _, description := range []string{"", "Consumer Deleted", "Message Size Exceeds MaxBytes", "Leadership Change", "Server Shutdown"} {
		before := x.count()
		_, err := x.conn.RequestMsg(&nats.Msg{Subject: "in." + string(thief), Header: nats.Header{"Status": {status}, "Description": {description}, "ce-id": {uuid(x.t)}}}, patience)
		must(x.t, err)
		eventually(x.t, "a refusal of the empty message", func() bool { return x.count() > before })
	}
}
