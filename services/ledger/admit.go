package ledger

import (
	"cmp"
	"context"
	"errors"
	"regexp"
	"runtime"
	"slices"
	"strings"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// submission is one message from an agency with everything that can be said of
// it without the ledger's state.
type submission struct {
	from  events.AgencyID
	event events.Event // as far as it could be read
	raw   [32]byte     // tlog.SubmissionDigest of what arrived
	ack   func() error
	span  trace.Span

	// unauthenticated is why nothing of the message can be believed; such a refusal
	// consumes no sequence and remembers no id.
	unauthenticated *events.Violation

	// Set once the signature is good.
	authentic bool
	key       events.KeyID
	sequence  events.Sequence
	digest    [32]byte // identity, seal.Digest
	payload   events.Payload
	fault     *events.Violation // what is wrong with the data; judged when its sequence has come

	hubFault bool // the database refused its rows when it stood alone

	done chan struct{} // closed when all of the above is set
}

// admit reads and verifies submissions in parallel and hands them on in the
// order of their arrival. It ends when in is closed or ctx ends, and closes out.
func (l *lead) admit(ctx context.Context, in <-chan exchange.Submission, out chan<- *submission) {
	defer close(out)
	workers := make(chan struct{}, runtime.GOMAXPROCS(0))
	for {
		var arrived exchange.Submission
		var ok bool
		select {
		case <-ctx.Done():
			return
		case arrived, ok = <-in:
			if !ok {
				return
			}
		}
		s := &submission{from: arrived.From, ack: arrived.Ack, done: make(chan struct{})}
		select {
		case <-ctx.Done():
			return
		case out <- s:
		}
		workers <- struct{}{}
		go func() {
			defer func() { <-workers; close(s.done) }()
			l.verify(ctx, s, arrived.Message)
		}()
	}
}

// verify does the checks of the wire contract in their order: envelope, hub and
// source, key, signature; then the data, whose faults wait for their sequence.
// A panic while reading is the hub's fault and nobody else's.
func (l *lead) verify(ctx context.Context, s *submission, m exchange.Message) {
	//nolint:spancheck // judged ends it, with the verdict
	_, s.span = l.telemetry.tracer.Start(exchange.Extract(ctx, m), "admit", trace.WithSpanKind(trace.SpanKindConsumer),
		trace.WithAttributes(messaging("process", "admit", "in."+string(s.from))...))
	defer func() {
		if p := recover(); p != nil {
			l.panicked(ctx, s, p)
		}
	}()
	event, err := exchange.Decode(m)
	if err != nil {
		claimed(s, m)
		s.unauthenticated = violation(err)
		return
	}
	s.span.SetAttributes(attribute.String("cloudevents.event_type", string(event.Type)))
	s.event, s.raw = event, tlog.SubmissionDigest(event.Attributes(), event.Data)
	if err := l.authenticate(s); err != nil {
		s.unauthenticated = violation(err)
		return
	}
	s.digest, s.authentic = seal.Digest(event), true
	if event.Type.IsControl() {
		s.payload, err = events.Decode(event.Type, event.Data)
	} else {
		s.payload, err = l.payload(s)
	}
	if err != nil {
		s.fault = violation(err)
	}
}

// panicked makes a panic while reading the hub's fault. Once the signature is good
// the fault waits for its sequence and consumes it, so that its sender can go on.
func (l *lead) panicked(ctx context.Context, s *submission, p any) {
	l.alarm(ctx, "reading a submission panicked", errors.New(panicText(p)))
	v := events.Refuse(events.RuleHubFault, "", "the hub failed on this submission; its operator has been told")
	if s.authentic {
		s.fault = v
	} else {
		s.unauthenticated = v
	}
}

// authenticate checks that the message is for this hub, of the account that it
// came from, and signed with a key that is or was that agency's: whether it still
// is shows at the event's place in the log, see [batch.disbelieved].
func (l *lead) authenticate(s *submission) error {
	switch {
	case s.event.Hub != l.hub.Origin():
		return events.Refuse(events.RuleHubMismatch, "attribute hub", "the event is addressed to another hub")
	case s.event.Agency() != s.from:
		return events.Refuse(events.RuleSourceMismatch, "attribute source", "an agency speaks for itself only: source must name the submitting account")
	}
	key, err := seal.KeyOf(s.event)
	if err != nil {
		return err
	}
	who := l.roster.now()
	public, known := who.once(s.from, key)
	if !known || !who.receives(s.from) {
		return events.Refuse(events.RuleKeyUnknown, "attribute dssematerial", "the directory does not list this key for an agency that submits")
	}
	if err := seal.Verify(s.event, public); err != nil {
		return err
	}
	s.key = key
	if !s.event.Type.IsControl() {
		s.sequence, err = events.ParseSequence(s.event.Sequence)
	}
	return err
}

// payload reads the facts, or the header of a sealed record.
func (l *lead) payload(s *submission) (events.Payload, error) {
	if s.event.Type.Sealed() {
		record, err := seal.CheckRecord(s.event)
		if err != nil {
			return nil, err
		}
		return record, nil
	}
	p, err := events.Decode(s.event.Type, s.event.Data)
	if err != nil {
		return nil, err
	}
	return p, events.CheckTimes(s.event, p)
}

// violation gives the rule of an error. One that names none is our own fault.
func violation(err error) *events.Violation {
	if v, named := errors.AsType[*events.Violation](err); named {
		return v
	}
	return events.Refuse(events.RuleHubFault, "", "the hub failed on this submission; its operator has been told")
}

var (
	claimedID       = regexp.MustCompile(`^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$`)
	claimedSequence = regexp.MustCompile(`^[0-9]{20}$`)
)

// claimed keeps, of a message that is no event, the id and sequence that it
// seems to bear, so that its sender can find it again, and a digest of the whole.
func claimed(s *submission, m exchange.Message) {
	var attributes []events.Attribute
	for header, values := range m.Header {
		name, ours := strings.CutPrefix(strings.ToLower(header), "ce-")
		if !ours {
			continue
		}
		for _, value := range values {
			attributes = append(attributes, events.Attribute{Name: name, Value: value})
		}
		switch {
		case len(values) != 1:
		case name == "id" && claimedID.MatchString(values[0]):
			s.event.ID = events.EventID(values[0])
		case name == "sequence" && claimedSequence.MatchString(values[0]):
			s.event.Sequence = values[0]
		}
	}
	s.raw = tlog.SubmissionDigest(sorted(attributes), m.Data)
}

// sorted brings the headers of a message, which have no order, into one.
func sorted(attributes []events.Attribute) []events.Attribute {
	slices.SortFunc(attributes, func(a, b events.Attribute) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
	return attributes
}
