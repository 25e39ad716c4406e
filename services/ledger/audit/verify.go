package audit

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// ErrUnverified is the kind of every finding: a trail that does not verify.
var ErrUnverified = errors.New("the trail does not verify")

// Step is one verified entry of a trail.
type Step struct {
	Entry   tlog.Entry
	Type    events.Type // of an admitted event
	By      events.AgencyID
	Facts   events.Payload // of an admitted event that is not erased
	Erased  bool
	Item    mou.Item // as the fold has it
	Reason  string   // of a refusal
	Chained bool     // linked to an earlier entry of its visibility chain
}

// Verified is a trail that holds: what is in it was signed by whom it says, was
// judged as the memorandum says, and stands in the log of the checkpoint.
type Verified struct {
	Case  mou.Case // the fold of the entries
	Steps []Step
	Size  uint64 // of the log at the checkpoint
	Trail ledger.Trail
}

// verifier checks one trail, entry by entry.
type verifier struct {
	trail      ledger.Trail
	checkpoint tlog.Checkpoint
	keys       map[events.AgencyID]events.PublicKey
	memorandum *mou.Memorandum
	folded     mou.Case
	heads      map[string]*tlog.Link
	last       uint64
}

// Verify checks a trail against what the auditor pinned, trusting nothing that
// the hub says: signatures, leaves, proofs, links, verdicts, and that folding
// the entries gives the state that the hub stores. Every error but a
// programming one is [ErrUnverified] and names the entry.
func (a *Auditor) Verify(t ledger.Trail) (Verified, error) {
	v := &verifier{trail: t, heads: map[string]*tlog.Link{}}
	out := Verified{Trail: t}
	if t.LogKey != a.config.LogKey || t.Genesis != a.config.Genesis || t.Hub != a.config.Hub {
		return out, unverified("this is another hub or log than the one that this auditor joined: compare log key and genesis with the hub's operator")
	}
	log, err := note.NewVerifier(t.LogKey)
	if err != nil {
		return out, unverified("the log key does not read")
	}
	if v.checkpoint, err = tlog.ParseCheckpoint(t.Checkpoint, log); err != nil {
		return out, unverified("the checkpoint is not signed by the log's key")
	}
	if err := v.found(a.config.HubKey); err != nil {
		return out, unverified("entry 0, the founding of the directory: %v", err)
	}
	for _, e := range t.Entries {
		step, err := v.step(e)
		if err != nil && e.Erased && !v.readable(t.State) {
			return out, unverified("%s; without it, entry %d, whose content was erased, cannot be judged again", otherState, e.Number)
		}
		if err != nil {
			return out, unverified("entry %d: %v", e.Number, err)
		}
		out.Steps = append(out.Steps, step)
	}
	state, err := v.state()
	if err != nil {
		return out, err
	}
	if !bytes.Equal(state, t.State) {
		return out, unverified("%s; the entries themselves hold", otherState)
	}
	out.Case, out.Size = v.folded, v.checkpoint.Size
	return out, nil
}

const otherState = "the state that the hub stores is not what its entries give: somebody or something changed the stored state"

// readable says whether a stored state is one at all. Of erased records only a
// readable state still has the headers.
func (v *verifier) readable(state []byte) bool {
	c, err := v.memorandum.RestoreCase(state)
	return err == nil && len(c.Trail()) > 0
}

// state is what the hub must store of the case: null if nothing of it was admitted.
func (v *verifier) state() ([]byte, error) {
	if v.folded.ID() == "" {
		return []byte("null"), nil
	}
	state, err := json.Marshal(v.folded)
	if err != nil {
		return nil, fmt.Errorf("writing the folded state: %w", err)
	}
	return state, nil
}

func unverified(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnverified, fmt.Sprintf(format, args...))
}

// open checks that an entry's opening is what its leaf commits to, and that the
// leaf stands at its number in the log.
func (v *verifier) open(e ledger.TrailEntry) (tlog.Entry, error) {
	if len(e.Salt) != 32 {
		return tlog.Entry{}, errors.New("it is not opened")
	}
	opening := tlog.Opening{Salt: [32]byte(e.Salt), Entry: e.Opening}
	if opening.LeafHash() != e.Leaf {
		return tlog.Entry{}, errors.New("its content is not what its leaf commits to")
	}
	if err := tlog.VerifyInclusion(v.checkpoint, e.Number, e.Leaf, e.Proof); err != nil {
		return tlog.Entry{}, errors.New("its leaf does not stand at this number in the log")
	}
	entry, err := tlog.ParseEntry(e.Opening)
	if err != nil {
		return tlog.Entry{}, err
	}
	if entry.Number != e.Number {
		return tlog.Entry{}, errors.New("it was recorded under another number")
	}
	return entry, nil
}

func (v *verifier) step(e ledger.TrailEntry) (Step, error) {
	entry, err := v.open(e)
	if err != nil {
		return Step{}, err
	}
	if e.Number <= v.last {
		return Step{}, errors.New("it is out of order")
	}
	v.last = e.Number
	if entry.Verdict == tlog.Refused {
		return Step{Entry: entry, By: entry.Submitter, Reason: e.Reason}, nil
	}
	event, payload, err := v.event(e, entry)
	if err != nil {
		return Step{}, err
	}
	return v.fold(e, entry, event, payload)
}

// event rebuilds the signed event from the entry and checks its signature.
func (v *verifier) event(e ledger.TrailEntry, entry tlog.Entry) (events.Event, events.Payload, error) {
	event, err := events.Parse(entry.Attributes, e.Data)
	if err != nil {
		return event, nil, err
	}
	key, listed := v.keys[event.Agency()]
	if !listed || event.Agency() != entry.Submitter {
		return event, nil, errors.New("the directory has no key of its sender")
	}
	if err := seal.VerifyMaterial(entry.Attributes, entry.DataDigest, key); err != nil {
		return event, nil, err
	}
	switch {
	case event.Type.Sealed() && e.Record != nil:
		return event, &events.Record{Header: *e.Record}, agrees(event, *e.Record)
	case e.Erased:
		return event, nil, errors.New("its facts were destroyed, so the verdicts behind it cannot be judged again")
	case sha256.Sum256(e.Data) != entry.DataDigest:
		return event, nil, errors.New("its facts are not the ones that were signed")
	}
	payload, err := events.Decode(event.Type, e.Data)
	return event, payload, err
}

// agrees checks what the hub says of a record's header against what was signed.
// The rest of the header is covered by the signed digest, which only those who
// hold the record can compare.
func agrees(e events.Event, h events.RecordHeader) error {
	if h.Source != e.Source || h.ID != e.ID || string(h.Case) != e.Subject || h.Referral != e.CorrelationID || h.Type != e.Type {
		return errors.New("the record's header does not belong to its event")
	}
	return nil
}

// fold judges the entry again and checks what the hub recorded of its verdict.
func (v *verifier) fold(e ledger.TrailEntry, entry tlog.Entry, event events.Event, payload events.Payload) (Step, error) {
	act := mou.Act{Number: e.Number, Event: event, Payload: payload}
	term, known := v.memorandum.Term(event.Type)
	if !known || entry.Clause != term.Clause || entry.Semantics != mou.Semantics || entry.Profile != v.trail.Profile {
		return Step{}, errors.New("it was judged by another clause, profile or version of the memorandum than it should")
	}
	chain := v.folded.Chain(act)
	head := v.heads[chain]
	if (head == nil) != (entry.Previous == nil) || head != nil && *head != *entry.Previous {
		return Step{}, errors.New("it does not link to the entry before it of its visibility chain: one was dropped or inserted")
	}
	if told, ok := payload.(*events.ReferralEscalated); ok && told.Step == events.StaffedDuty && !v.staffed(told.To, e.Number, entry.Admitted) {
		return Step{}, fmt.Errorf("nothing shows that %s had published that it is there at that hour", told.To)
	}
	next, err := v.folded.Apply(act, entry.Admitted)
	if err != nil {
		return Step{}, fmt.Errorf("the memorandum does not allow it, although the hub admitted it: %w", err)
	}
	v.folded = next
	v.heads[chain] = &tlog.Link{Number: e.Number, Leaf: e.Leaf}
	step := Step{Entry: entry, Type: event.Type, By: event.Agency(), Facts: payload, Erased: e.Erased, Chained: head != nil}
	trail := next.Trail()
	step.Item = trail[len(trail)-1]
	return step, nil
}
