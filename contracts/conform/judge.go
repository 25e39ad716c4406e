package conform

import (
	"errors"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// Options say what is known beside the messages. Each may be left empty; what
// could not be judged for it is told.
type Options struct {
	Agency events.AgencyID    // whose account would submit them
	Keys   []events.PublicKey // Ed25519 signing keys as the directory lists them, the newest last
	From   events.Sequence    // what the first message of a key should bear; 0: whatever it bears
	Now    time.Time          // the hub's clock; zero: the future is not judged
}

// maxAhead is how far an event's time may be ahead of the hub's clock.
const maxAhead = 5 * time.Minute

// Judge judges messages in the order in which they would be submitted. It is not
// for use by several goroutines at once.
type Judge struct {
	options Options
	schemas *schemaSet
	order   order
}

// New fails on an option that means nothing.
func New(o Options) (*Judge, error) {
	for _, key := range o.Keys {
		if _, err := seal.SigningKeyID(key); err != nil {
			return nil, err
		}
	}
	if o.Agency != "" {
		if err := o.Agency.UnmarshalText([]byte(o.Agency)); err != nil {
			return nil, err
		}
	}
	return &Judge{options: o, schemas: newSchemaSet(), order: newOrder(o.From)}, nil
}

// Message judges the next message; name is how the report calls it.
func (j *Judge) Message(name string, m exchange.Message) Report {
	r := Report{Message: name, Findings: []Finding{}}
	e, whole := j.envelope(&r, m)
	decoded, err := exchange.Decode(m)
	var v *events.Violation
	if errors.As(err, &v) && !r.found(v.Pointer) && !covered(r, v) {
		r.addViolation(v)
	}
	if err == nil && whole {
		e = decoded
	}
	j.about(&r, e)
	if err != nil || !whole {
		r.unjudged("the signature, and the order of messages: mend the attributes first, then sign again")
		return r
	}
	r.Type, r.ID = e.Type, e.ID
	j.signature(&r, e)
	if unproved(r) {
		r.unjudged("the order of messages: this one uses up no number, so the next message bears the same")
		return r
	}
	j.order.next(&r, e)
	return r
}

// unproved says whether the hub would not even count the message (sentence 17).
func unproved(r Report) bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool {
		return f.Rule == events.RuleSourceMismatch || f.Rule == events.RuleKeyUnknown || f.Rule == events.RuleSignatureInvalid
	})
}

// covered says whether a violation without a place is among the findings, which
// name the place.
func covered(r Report, v *events.Violation) bool {
	for _, f := range r.Findings {
		if f.Rule == v.Rule && v.Pointer == "" {
			return true
		}
	}
	return false
}

// about judges what the message says: who speaks, about what, when, and the data.
func (j *Judge) about(r *Report, e events.Event) {
	if e.Type == "" {
		r.unjudged("the data: the catalogue has no such type")
		return
	}
	if e.Type.HubOnly() || e.Agency() == events.HubAgency {
		if j.options.Agency != events.HubAgency {
			r.add(mou.RulePower, "attribute type", "only the hub itself says this; an agency submits other types")
		}
	}
	if j.options.Agency != "" && e.Agency() != j.options.Agency {
		r.add(events.RuleSourceMismatch, "attribute source", "source names the agency whose account submits; name the agency itself")
	}
	if !j.options.Now.IsZero() && e.Time.Time().Sub(j.options.Now) > maxAhead {
		r.add(events.RuleTimeAhead, "attribute time", "the event is signed more than 5 minutes ahead of the clock here; set the sender's clock")
	}
	correlation(r, e)
	if e.Type.Sealed() {
		record(r, e)
		return
	}
	j.facts(r, e)
}
