package ledger

import (
	"fmt"
	"slices"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// step is everything that one judged submission adds to a batch: its own entry
// and those of the hub's consequences, in its case and in others. It touches the
// batch only when it is complete, so that a fault in judging leaves nothing behind.
type step struct {
	acts     []act
	cases    []*touched      // that of the event first
	parties  *parties        // who takes part behind it; nil: nothing of that changed
	changes  []change        // of who takes part
	fired    []firing        // deadlines that the hub spoke of
	capacity *capacityAt     // nil: nobody published any
	reset    *resetTo        // nil: no witness began anew
	hubNext  events.Sequence // of the hub's own events
}

// touched is one case as a step leaves it, and as it is stored.
type touched struct {
	*caseFile

	id     events.CaseID
	bytes  []byte
	timing []mou.Clock
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
	holds    *waitingRecord // it is a sealed record
	frees    *uint64        // the sealed record that waits no more because of it
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

func (b *batch) newStep() *step { return &step{hubNext: b.next[b.lead.key.ID()]} }

// number is the place of the step's next entry in the log.
func (b *batch) number(st *step) uint64 { return b.tree.Size() + uint64(len(st.acts)) }

// touch gives a case to change in this step, as the step has it so far.
func (b *batch) touch(st *step, id events.CaseID) (*touched, error) {
	for _, c := range st.cases {
		if c.id == id {
			return c, nil
		}
	}
	file, err := b.file(id)
	if err != nil {
		return nil, err
	}
	if file.retired != 0 {
		return nil, tooLate()
	}
	c := &touched{caseFile: file.clone(), id: id}
	c.state = c.state.Under(b.parties.memorandum)
	st.cases = append(st.cases, c)
	return c, nil
}

// record makes the entry of an admitted act and finds who is to get what because of it.
func (b *batch) record(st *step, c *touched, said mou.Act, next mou.Case, key events.KeyID, digest [32]byte) error {
	e := said.Event
	c.state = next
	chain := next.Chain(said)
	entry := b.entry(said.Number, e)
	if previous, ok := c.heads[chain]; ok {
		entry.Previous = &previous
	}
	opening, err := tlog.NewOpening(entry, b.lead.random)
	if err != nil {
		return fmt.Errorf("making an entry: %w", err)
	}
	a := act{opening: opening, leaf: opening.LeafHash(), event: e, key: key, digest: digest, chain: chain, caseID: e.Case()}
	c.heads[chain] = tlog.Link{Number: said.Number, Leaf: a.leaf}
	if c.opened == nil {
		c.opened = &said.Number
	}
	if sealed, ok := said.Payload.(*events.Record); ok {
		a.holds = &waitingRecord{said.Number, e.Case(), sealed.Header.To, sealed.Header.KeyID}
	}
	for _, agency := range b.parties.recipients {
		seen := next.SeenBy(agency)
		if agency == e.Agency() && !slices.Contains(seen, said.Number) {
			seen = append(slices.Clone(seen), said.Number) // every submission is answered, whatever its sender may see later
		}
		a.delivers = append(a.delivers, owed(agency, e.Agency(), said.Number, c.owe(agency, seen))...)
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

// uncased makes the entry of an event that is about no case: it links to nothing.
func (b *batch) uncased(st *step, e events.Event, key events.KeyID, digest [32]byte, to []events.AgencyID) error {
	number := b.number(st)
	opening, err := tlog.NewOpening(b.entry(number, e), b.lead.random)
	if err != nil {
		return fmt.Errorf("making an entry: %w", err)
	}
	a := act{opening: opening, leaf: opening.LeafHash(), event: e, key: key, digest: digest}
	for _, agency := range to {
		a.delivers = append(a.delivers, owed(agency, e.Agency(), number, []uint64{number})...)
	}
	st.acts = append(st.acts, a)
	return nil
}

// conclude writes down how the cases stand after a step.
func (b *batch) conclude(st *step) (err error) {
	for _, c := range st.cases {
		if c.bytes, err = c.state.MarshalJSON(); err != nil {
			return fmt.Errorf("writing the state of a case: %w", err)
		}
		c.timing = c.state.Clocks(b.now)
	}
	return nil
}
