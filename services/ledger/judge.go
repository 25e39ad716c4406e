package ledger

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// maxAhead is how far an event's time may be ahead of the hub's clock (design, "Time").
const maxAhead = 5 * time.Minute

// step is everything that one judged submission adds to a batch: its own entry
// and those of the hub's consequences. It touches the batch only when it is
// complete, so that a fault in judging leaves nothing behind.
type step struct {
	acts    []act
	file    *caseFile // of the case afterwards; nil when no case changed
	state   []byte    // the same as stored
	clocks  []mou.Clock
	hubNext events.Sequence
}

// act is one entry with what is stored of it.
type act struct {
	opening  tlog.Opening
	leaf     tlog.Hash
	event    events.Event // admitted only
	key      events.KeyID
	digest   [32]byte
	chain    string
	caseID   events.CaseID
	refused  []*refused // one, or all of a flood; none of an admitted act
	erases   *erased
	delivers []delivery
}

// refused is what a refusal says beyond its entry.
type refused struct {
	tlog.Refusal

	id       events.EventID
	sequence string
	reason   string
	salt     [32]byte
	path     []tlog.Hash // in its flood
}

// delivery is one numbered message to come; its number is given by the batch.
type delivery struct {
	to   events.AgencyID
	kind tlog.Kind
	answerAt
}

// judge decides on one submission at its place in the batch. It never fails: what
// goes wrong inside is the verdict hub-fault.
func (b *batch) judge(s *submission) {
	if b.flooded[s] {
		b.verdicts = append(b.verdicts, verdict{tlog.Refused, s.unauthenticated.Rule})
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
	if first, known := b.answers[answerKey{s.from, s.identity()}]; known {
		b.again = append(b.again, again{s.from, first})
		return answered, nil
	}
	if s.unauthenticated != nil {
		return refuse, s.unauthenticated
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
	case s.event.Case() == "":
		return refuse, events.Refuse(mou.RulePower, "attribute type", "only the hub says this")
	}
	return expected, nil
}

// identity is the digest by which the same submission is known again. One that
// could not be authenticated is known by its bytes only.
func (s *submission) identity() [32]byte {
	if s.unauthenticated != nil {
		return s.raw
	}
	return s.digest
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
	file, err := b.file(s.event.Case())
	if err != nil {
		return nil, err
	}
	st = &step{file: file.clone(), hubNext: b.next[b.lead.key.ID()]}
	said := mou.Act{Number: b.tree.Size(), Event: s.event, Payload: s.payload}
	if err := st.file.state.Judge(said, b.now); err != nil {
		return nil, err
	}
	next, err := st.file.state.Apply(said, b.now)
	if err != nil {
		return nil, fmt.Errorf("applying a judged event: %s", err.Error()) // not as a violation: its sender was told that it may
	}
	if err := b.record(st, said, next, s.key, s.digest); err != nil {
		return nil, err
	}
	if err := b.consequences(st, s.event); err != nil {
		return nil, err
	}
	return st, b.conclude(st)
}

// conclude writes down how the case stands after a step.
func (b *batch) conclude(st *step) (err error) {
	if st.state, err = st.file.state.MarshalJSON(); err != nil {
		return fmt.Errorf("writing the state of a case: %w", err)
	}
	st.clocks = st.file.state.Clocks(b.now)
	return nil
}

// record makes the entry of an admitted act and finds who is to get what because of it.
func (b *batch) record(st *step, said mou.Act, next mou.Case, key events.KeyID, digest [32]byte) error {
	e := said.Event
	st.file.state = next
	chain := next.Chain(said)
	entry := b.entry(said.Number, e)
	if previous, ok := st.file.heads[chain]; ok {
		entry.Previous = &previous
	}
	opening, err := tlog.NewOpening(entry, b.lead.random)
	if err != nil {
		return fmt.Errorf("making an entry: %w", err)
	}
	a := act{opening: opening, leaf: opening.LeafHash(), event: e, key: key, digest: digest, chain: chain, caseID: e.Case()}
	st.file.heads[chain] = tlog.Link{Number: said.Number, Leaf: a.leaf}
	if st.file.opened == nil {
		st.file.opened = &said.Number
	}
	for _, agency := range b.lead.directory.recipients {
		seen := next.SeenBy(agency)
		if agency == e.Agency() && !slices.Contains(seen, said.Number) {
			seen = append(slices.Clone(seen), said.Number) // every submission is answered, whatever its sender may see later
		}
		a.delivers = append(a.delivers, owed(agency, e.Agency(), said.Number, st.file.owe(agency, seen))...)
	}
	st.acts = append(st.acts, a)
	return nil
}

// owed makes deliveries of entry numbers: to the sender a receipt of its own entry, everything else as events.
func owed(agency, sender events.AgencyID, own uint64, numbers []uint64) []delivery {
	out := make([]delivery, 0, len(numbers))
	for _, number := range numbers {
		kind := tlog.KindEvent
		if number == own && agency == sender {
			kind = tlog.KindReceipt
		}
		out = append(out, delivery{to: agency, kind: kind, answerAt: answerAt{entry: number}})
	}
	return out
}

// panicText tells a panic without any value that it may carry from a case.
func panicText(p any) string {
	if err, ok := p.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("a %T", p)
}
