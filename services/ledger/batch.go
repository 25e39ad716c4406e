package ledger

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"maps"
	"regexp"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// batch is what one transaction will add. It is built on a copy of the memory, so
// that a batch that did not commit is simply dropped.
type batch struct {
	ctx  context.Context //nolint:containedctx // lives for one transaction
	lead *lead
	now  time.Time

	tree     *tlog.Batch
	first    uint64
	next     map[events.KeyID]events.Sequence
	assigned map[events.AgencyID]uint64
	files    map[events.CaseID]*caseFile
	capacity map[events.AgencyID]*events.CapacityPublished // the newest of each agency
	parties  *parties                                      // who takes part, as of what the batch has so far
	ends     bool                                          // somebody's keys may have ended for good

	answers map[answerKey]answerAt
	ids     map[idKey]uint64
	flooded map[*submission]events.Rule // refused already, in the entry of a flood
	lookAll bool                        // look up every id: one of them was used before
	lost    error                       // the database could not be asked: nothing of this batch counts

	verdicts []verdict // one for each submission, in order

	fresh   []*freshEntry // what couriers will need
	pending map[events.AgencyID][]pending

	again []again                          // answers to send once more
	early map[events.AgencyID]events.KeyID // whom to ask for what is missing
	rows  rows
}

// plainReason is what a delivery's reason may be.
var plainReason = regexp.MustCompile(`^[ -~]{1,400}$`)

// answerKey is a submission by its sender and digest, idKey by its sender and id.
type (
	answerKey struct {
		agency events.AgencyID
		digest [32]byte
	}
	idKey struct {
		agency events.AgencyID
		id     events.EventID
	}
	// answerAt is an entry and, if it is a flood's, the place of the refusal in it; else 0.
	answerAt struct {
		entry uint64
		leaf  int
	}
	again struct {
		to events.AgencyID
		answerAt
	}
)

// newBatch begins a batch at an admission time that is never before the last one.
func (l *lead) newBatch(ctx context.Context, m *memory) *batch {
	return &batch{
		ctx: ctx, lead: l, now: l.now(),
		tree: m.tree.Grow(), first: m.tree.Size(),
		next: maps.Clone(m.next), assigned: maps.Clone(m.assigned),
		files:    map[events.CaseID]*caseFile{},
		capacity: maps.Clone(m.capacity), parties: m.parties,
		answers: map[answerKey]answerAt{}, ids: map[idKey]uint64{}, flooded: map[*submission]events.Rule{},
		early: map[events.AgencyID]events.KeyID{}, rows: newRows(), pending: map[events.AgencyID][]pending{},
	}
}

// file gives the case's file as this batch has it so far. The store has loaded
// every case that the batch's events name.
func (b *batch) file(id events.CaseID) (*caseFile, error) {
	f, ok := b.files[id]
	if !ok {
		return nil, fmt.Errorf("the file of a case was not loaded")
	}
	if f == nil {
		return nil, fmt.Errorf("the stored state of a case cannot be read")
	}
	return f, nil
}

// entry is the entry of an admitted event, but for its link.
func (b *batch) entry(number uint64, e events.Event) tlog.Entry {
	entry := tlog.Entry{
		Number: number, Admitted: b.now, Verdict: tlog.Admitted, Submitter: e.Agency(),
		Profile: b.lead.founded.Profile, Semantics: mou.Semantics,
		Attributes: e.Attributes(), DataDigest: sha256.Sum256(e.Data),
	}
	if term, ok := b.parties.memorandum.Term(e.Type); ok {
		entry.Clause = term.Clause
	}
	return entry
}

// add takes a complete step of a submission into the batch.
func (b *batch) add(s *submission, st *step) {
	b.take(st)
	b.next[s.key]++
	b.verdicts = append(b.verdicts, verdict{verdict: tlog.Admitted})
}

// take adds a step's entries, and everything as it then stands.
func (b *batch) take(st *step) {
	for i := range st.acts {
		b.append(&st.acts[i])
	}
	for _, c := range st.cases {
		if c.opened == nil {
			continue // looked at, and nothing was said of it
		}
		b.files[c.id] = c.caseFile
		b.rows.state(c.id, *c.opened, c.bytes, changed(c.clocks, c.timing))
		c.clocks = c.timing
	}
	if st.parties != nil {
		b.learn(st)
	}
	if st.capacity != nil {
		b.capacity[st.capacity.agency] = st.capacity.said
		b.rows.capacity = append(b.rows.capacity, *st.capacity)
	}
	if st.reset != nil {
		b.rows.resets = append(b.rows.resets, *st.reset)
	}
	b.rows.fired = append(b.rows.fired, st.fired...)
	b.next[b.lead.key.ID()] = st.hubNext
}

// refuse records a refusal: its entry tells who and which rule, nothing of what was sent.
func (b *batch) refuse(s *submission, v *events.Violation) {
	a, err := b.refusal(s, v)
	if err != nil { // only a rule or pointer that is not of the log's syntax: ours, not the sender's
		b.lead.alarm(b.ctx, "a refusal could not be recorded as it is", err)
		v = events.Refuse(events.RuleHubFault, "", "the hub failed on this submission; its operator has been told")
		if a, err = b.refusal(s, v); err != nil {
			panic(err) // no entry of ours can be made at all: stop before acknowledging anything
		}
	}
	b.append(a)
	if b.disbelieved(s) == nil && s.sequence == b.next[s.key] {
		b.next[s.key]++
	}
	b.verdicts = append(b.verdicts, verdict{tlog.Refused, v.Rule})
}

func (b *batch) refusal(s *submission, v *events.Violation) (*act, error) {
	r, err := b.newRefused(s, v)
	if err != nil {
		return nil, err
	}
	entry := tlog.Entry{
		Number: b.tree.Size(), Admitted: b.now, Verdict: tlog.Refused, Submitter: s.from,
		Rule: r.Rule, Pointer: r.Pointer, Salted: r.Salted,
	}
	a := &act{refused: []*refused{r}, digest: b.identity(s), key: s.key}
	believed := b.disbelieved(s) == nil
	if believed {
		entry.Case, a.caseID = s.event.Case(), s.event.Case()
	}
	if a.opening, err = tlog.NewOpening(entry, b.lead.random); err != nil {
		return nil, err
	}
	a.leaf = a.opening.LeafHash()
	a.event.ID = s.event.ID
	if b.parties.receives(s.from) {
		a.delivers = []delivery{{to: s.from, kind: tlog.KindRefusal, answerAt: answerAt{entry: entry.Number}}}
	}
	b.answered(s, answerAt{entry: entry.Number}, v.Rule)
	if _, known := b.ids[idKey{s.from, s.event.ID}]; believed && !known {
		b.ids[idKey{s.from, s.event.ID}] = entry.Number
		b.rows.submission(s.from, s.event.ID, a.digest, entry.Number)
	}
	return a, nil
}

// newRefused is what is kept of a refusal.
func (b *batch) newRefused(s *submission, v *events.Violation) (*refused, error) {
	r := &refused{id: s.event.ID, sequence: s.event.Sequence, reason: v.Reason}
	if !plainReason.MatchString(r.reason) {
		r.reason = "see the rule" // a reason that no delivery can carry would hold up every later one
	}
	if _, err := io.ReadFull(b.lead.random, r.salt[:]); err != nil {
		return nil, fmt.Errorf("reading a salt: %w", err)
	}
	r.Refusal = tlog.Refusal{Rule: v.Rule, Pointer: tlog.CleanPointer(v.Pointer), Salted: tlog.SaltedDigest(r.salt, s.raw)}
	return r, nil
}

// answered remembers the answer of a submission, so that it gets the same again.
// One that is for this moment only is forgotten with its batch: see [forgotten].
func (b *batch) answered(s *submission, a answerAt, rule events.Rule) {
	b.answers[answerKey{s.from, b.identity(s)}] = a
	if b.disbelieved(s) == nil || !forgotten(rule) {
		b.rows.answer(s.from, b.identity(s), a)
	}
}

// append gives an act its place: tree, rows, delivery numbers.
func (b *batch) append(a *act) {
	number := b.tree.Size()
	b.tree.Append(a.leaf, b.rows.node)
	b.rows.entry(number, a)
	if a.refused == nil {
		agency := a.event.Agency()
		b.answers[answerKey{agency, a.digest}] = answerAt{entry: number}
		b.ids[idKey{agency, a.event.ID}] = number
		b.rows.answer(agency, a.digest, answerAt{entry: number})
		b.rows.submission(agency, a.event.ID, a.digest, number)
		b.rows.payload(number, a.event.Data)
		b.fresh = append(b.fresh, &freshEntry{number: number, opening: a.opening, event: a.event, tree: b.tree})
		if a.chain != "" {
			b.rows.head(a.caseID, a.chain, number, a.leaf)
		}
	}
	for leaf, r := range a.refused {
		b.rows.refusal(answerAt{number, leaf}, r)
	}
	if a.caseID != "" {
		b.rows.caseEntry(a.caseID, number)
	}
	if a.erases != nil {
		b.rows.erases = append(b.rows.erases, *a.erases)
	}
	if a.holds != nil {
		b.rows.holding.hold(*a.holds)
	}
	if a.frees != nil {
		b.rows.holding.free(*a.frees)
	}
	for _, d := range a.delivers {
		b.assigned[d.to]++
		b.rows.delivery(d, b.assigned[d.to])
		b.pending[d.to] = append(b.pending[d.to], pending{b.assigned[d.to], d.entry, d.kind})
	}
}
