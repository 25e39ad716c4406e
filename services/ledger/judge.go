package ledger

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// maxAhead is how far an event's time may be ahead of the hub's clock (design, "Time").
const maxAhead = 5 * time.Minute

// judge decides on one submission at its place in the batch. It never fails: what
// goes wrong inside is the verdict hub-fault.
func (b *batch) judge(s *submission) {
	if rule, flooded := b.flooded[s]; flooded {
		b.verdicts = append(b.verdicts, verdict{tlog.Refused, rule})
		return
	}
	switch placed, v := b.place(s); placed {
	case answered, early:
		b.verdicts = append(b.verdicts, verdict{})
	case refuse:
		b.refuse(s, v)
	case expected:
		st, err := b.step(s)
		if err == nil {
			b.add(s, st)
			return
		}
		if b.lost != nil { // the database could not be asked: the batch is dropped and judged again, and nothing is anyone's fault
			return
		}
		var v *events.Violation
		if !errors.As(err, &v) {
			b.lead.alarm(b.ctx, "judging an event failed", err)
			v = violation(err)
		}
		b.refuse(s, v)
	}
}

// placing is where a submission stands before anything is judged of it.
type placing int

const (
	answered placing = iota // it has its answer, which is sent again
	early                   // its sequence is higher than expected: ask for what is missing
	refuse                  // refused without being judged
	expected                // its turn
)

// place applies the wire contract's rules of sequence and identity.
func (b *batch) place(s *submission) (placing, *events.Violation) {
	for _, identity := range b.identities(s) {
		if first, known := b.answers[answerKey{s.from, identity}]; known {
			b.again = append(b.again, again{s.from, first})
			return answered, nil
		}
	}
	if v := b.disbelieved(s); v != nil {
		return refuse, v
	}
	_, idKnown := b.ids[idKey{s.from, s.event.ID}]
	next := b.next[s.key]
	switch {
	case s.sequence > next:
		b.early[s.from] = s.key
		return early, nil
	case idKnown:
		return refuse, events.Refuse(events.RuleIDReused, "attribute id", "this id was used for another event; give each event an id of its own")
	case s.sequence < next:
		return refuse, events.Refuse(events.RuleSequenceReused, "attribute sequence", "this number was used for another event; go on with the number that the hub expects")
	case s.hubFault:
		return refuse, events.Refuse(events.RuleHubFault, "", "the hub failed on this submission; its operator has been told")
	case s.fault != nil:
		return refuse, s.fault
	case s.event.Time.Time().Sub(b.now) > maxAhead:
		return refuse, events.Refuse(events.RuleTimeAhead, "attribute time", "the event's time is more than 5 minutes ahead of the hub's clock; set the clock right")
	case s.event.Case() == "" && !saidByAgencies(s.event.Type):
		return refuse, events.Refuse(mou.RulePower, "attribute type", "only the hub says this")
	}
	if record, sealed := s.payload.(*events.Record); sealed {
		if err := b.parties.CheckSealing(record.Header.To, record.Header.KeyID); err != nil {
			return refuse, violation(err)
		}
	}
	return expected, nil
}

// saidByAgencies says whether agencies say a type that is about no case.
func saidByAgencies(t events.Type) bool {
	return t == events.TypeCapacityPublished || t == events.TypeWitnessReset || t == events.TypeDirectoryKeyed
}

// identity is the digest by which the same submission is known again. One of which
// nothing can be believed is known by its bytes only.
func (b *batch) identity(s *submission) [32]byte {
	if b.disbelieved(s) != nil {
		return s.raw
	}
	return s.digest
}

// identities are those under which it may have its answer: what was admitted comes
// again, if its acknowledgement was lost, also when its key has ended since.
func (b *batch) identities(s *submission) [][32]byte {
	if s.unauthenticated != nil {
		return [][32]byte{s.raw}
	}
	if b.disbelieved(s) != nil {
		return [][32]byte{s.digest, s.raw}
	}
	return [][32]byte{s.digest}
}

// step judges an event whose turn it is by the memorandum, with all that the hub
// must do because of it. The error is the violation, or a fault of our own; a
// panic is one.
func (b *batch) step(s *submission) (st *step, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("judging panicked: %s\n%s", panicText(p), debug.Stack())
		}
	}()
	st = b.newStep()
	switch s.event.Type {
	case events.TypeCapacityPublished:
		return st, b.publish(st, s)
	case events.TypeWitnessReset:
		return st, b.resetWitness(st, s)
	case events.TypeDirectoryKeyed:
		return st, b.rekey(st, s)
	default:
	}
	c, err := b.touch(st, s.event.Case())
	if err != nil {
		return nil, err
	}
	said := mou.Act{Number: b.number(st), Event: s.event, Payload: s.payload}
	if err := c.state.Judge(said, b.now); err != nil {
		return nil, err
	}
	if said, err = b.admitted(st, c, said, s); err != nil {
		return nil, err
	}
	if err := b.elsewhere(st, s, c.state.Elsewhere(said)); err != nil {
		return nil, err
	}
	if err := b.consequences(st, c, s.event); err != nil {
		return nil, err
	}
	return st, b.conclude(st)
}

// admitted appends an event that was judged, behind what missions must know
// before they get any of it, and gives it with its number.
func (b *batch) admitted(st *step, c *touched, said mou.Act, s *submission) (mou.Act, error) {
	next, err := c.state.Apply(said, b.now)
	if err != nil {
		return said, fmt.Errorf("applying a judged event: %s", err.Error()) // not as a violation: its sender was told that it may
	}
	introduced, err := b.introduce(st, c, next, said.Event.TraceParent)
	if err != nil {
		return said, fmt.Errorf("introducing agencies to a mission: %w", err)
	}
	if introduced { // these were numbered first
		said.Number = b.number(st)
		if next, err = c.state.Apply(said, b.now); err != nil {
			return said, fmt.Errorf("applying a judged event: %s", err.Error())
		}
	}
	return said, b.record(st, c, said, next, s.key, s.digest)
}

// panicText tells a panic without any value that it may carry from a case.
func panicText(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a %T", p)
}
