package audit

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// ErrUnverified is the kind of every finding: something that does not verify.
var ErrUnverified = errors.New("this does not verify")

// Verified is a trail that holds: what is in it was signed by whom it says, was
// judged as the memorandum says, and stands in the log of the checkpoint.
type Verified struct {
	Case       mou.Case // the fold of the entries; nothing once retention destroyed them
	Steps      []Step   // without entries whose openings retention destroyed
	Size       uint64   // of the log at the checkpoint
	Root       tlog.Hash
	Trail      ledger.Trail
	Profile    *mou.Profile
	Pins       Pins // of the hub, as its log gives them: to compare out of band
	Witnesses  []tlog.Cosignature
	Witnessed  bool // enough agencies of enough kinds cosigned the checkpoint, by the profile
	Readings   []Reading
	Retirement *Retirement // nil: retention has not ended

	none      mou.Case // of which nothing is known
	directory *parties
}

// verifier checks one trail, entry by entry.
type verifier struct {
	trail      ledger.Trail
	checkpoint tlog.Checkpoint
	directory  *parties
	judge      *judge
	hours      *hours
	out        *Verified
}

// Verify checks a trail against what the auditor pinned, trusting nothing that
// the hub says: signatures, leaves, proofs, links, verdicts, and that folding
// the entries gives the state that the hub stores. Every error but a
// programming one is [ErrUnverified] and names the first entry that fails.
func (a *Auditor) Verify(t ledger.Trail) (Verified, error) {
	texts, err := a.profiles.embedded(t.Profile)
	if err != nil {
		return Verified{Trail: t}, unverified("this program does not have the profile %s: verify an export of the case, which carries it", t.Profile)
	}
	v, err := verifyTrail(t, texts, a.profiles)
	if v.Pins != (Pins{}) {
		if what := v.Pins.differ(a.Pins()); what != "" {
			return v, otherHub(what)
		}
	}
	return v, err
}

func otherHub(what string) error {
	return unverified("this is another hub or log than the one that was pinned: %s differs; compare log key and genesis with the hub's operator", what)
}

// verifyTrail checks a trail with nothing but the texts of its profile.
func verifyTrail(t ledger.Trail, texts []mou.ProfileText, read *profiles) (Verified, error) {
	v := &verifier{trail: t, hours: newHours(), out: &Verified{Trail: t}}
	if err := v.head(); err != nil {
		return *v.out, err
	}
	if err := v.found(texts, read); err != nil {
		return *v.out, err
	}
	for _, e := range t.Capacity {
		if err := v.published(e); err != nil {
			return *v.out, unverified("entry %d, published hours: %v", e.Number, err)
		}
	}
	if err := v.entries(); err != nil {
		return *v.out, err
	}
	if err := v.witnessed(); err != nil {
		return *v.out, err
	}
	if err := v.readings(); err != nil {
		return *v.out, err
	}
	v.early()
	return *v.out, nil
}

// head checks the checkpoint.
func (v *verifier) head() error {
	log, err := note.NewVerifier(v.trail.LogKey)
	if err != nil || log.Name() != v.trail.Hub.Origin() {
		return unverified("the log key is none of this hub")
	}
	if v.checkpoint, err = tlog.ParseCheckpoint(v.trail.Checkpoint, log); err != nil {
		return unverified("the checkpoint is not signed by the log's key")
	}
	v.out.Size, v.out.Root = v.checkpoint.Size, v.checkpoint.Root
	return nil
}

// found takes the directory from genesis and the entries that changed it since.
func (v *verifier) found(texts []mou.ProfileText, read *profiles) error {
	err := v.held(v.trail.Founding)
	if err == nil {
		v.directory, err = found(v.trail.Hub, v.trail.Founding, texts, read)
	}
	if err != nil {
		return unverified("entry 0, the founding of the directory: %v", err)
	}
	d := v.directory
	v.out.Pins, v.out.Profile, v.out.directory = d.pins, d.profile, d
	switch {
	case v.trail.Genesis != d.pins.Genesis || v.trail.LogKey != d.pins.Log:
		return unverified("entry 0, the founding of the directory: the hub says another digest or log key of it than it has")
	case v.trail.Profile != d.founded.Profile:
		return unverified("entry 0, the founding of the directory: it names another profile than the trail")
	case v.trail.Semantics != mou.Semantics:
		return unverified("the trail was judged by version %d of the memorandum's meaning, and this program knows version %d", v.trail.Semantics, mou.Semantics)
	}
	for _, e := range v.trail.Directory {
		err := v.held(e)
		if err == nil {
			err = d.changed(e)
		}
		if err != nil {
			return unverified("entry %d, a change of the directory: %v", e.Number, err)
		}
	}
	v.judge = d.newJudge(v.trail.Case)
	v.judge.staffed = func(agency events.AgencyID, before uint64, at time.Time) bool {
		return v.hours.staffed(agency, before, d.profile.Local(at))
	}
	v.out.Case, v.out.none = v.judge.folded, v.judge.folded
	return nil
}

// held checks that an entry's leaf stands at its number in the log.
func (v *verifier) held(e ledger.TrailEntry) error {
	if e.Damaged == ledger.DamagedEntry || e.Damaged == ledger.DamagedProof {
		return unopened(e)
	}
	if tlog.VerifyInclusion(v.checkpoint, e.Number, e.Leaf, e.Proof) != nil {
		return errors.New("its leaf does not stand at this number in the log")
	}
	return nil
}

// published takes in what an agency published of itself.
func (v *verifier) published(e ledger.TrailEntry) error {
	entry, event, payload, err := v.signed(e)
	if err != nil {
		return err
	}
	said, ok := payload.(*events.CapacityPublished)
	if !ok {
		return errors.New("it is no capacity of an agency")
	}
	if err := v.directory.ofItself(e.Number, event); err != nil {
		return err
	}
	v.hours.add(entry.Submitter, e.Number, said.Hours)
	return nil
}

// signed opens an admitted entry that stands beside the case.
func (v *verifier) signed(e ledger.TrailEntry) (tlog.Entry, events.Event, events.Payload, error) {
	if err := v.held(e); err != nil {
		return tlog.Entry{}, events.Event{}, nil, err
	}
	entry, err := opened(e)
	if err != nil {
		return entry, events.Event{}, nil, err
	}
	if entry.Verdict != tlog.Admitted {
		return entry, events.Event{}, nil, errors.New("it was refused")
	}
	event, payload, err := v.directory.event(e, entry, seal.Claim.Verify)
	return entry, event, payload, err
}

// entries judges the case itself and compares what it gives with the stored state.
func (v *verifier) entries() error {
	rest := v.trail.Entries
	if v.trail.Retired != nil {
		destroyed, err := v.retired(*v.trail.Retired)
		if err != nil {
			return err
		}
		rest = rest[destroyed:]
	}
	for _, e := range rest {
		err := v.held(e)
		var step Step
		if err == nil {
			err = committed(e)
		}
		if err == nil {
			step, err = v.judge.step(e)
		}
		if err != nil && e.Erased != 0 && !v.readable() {
			return unverified("%s; without it, entry %d, whose content was erased, cannot be judged again", otherState, e.Number)
		}
		if err == nil && v.trail.Retired != nil && e.Number > v.trail.Retired.Number && step.Entry.Verdict != tlog.Refused {
			err = errors.New("it was admitted when the case's retention had ended")
		}
		if err != nil {
			return unverified("entry %d: %v", e.Number, err)
		}
		v.out.Steps = append(v.out.Steps, step)
	}
	if number, err := v.judge.destroyed(); err != nil {
		return unverified("entry %d: %v", number, err)
	}
	v.out.Case = v.judge.folded
	v.items()
	state, err := stateOf(v.judge.folded)
	if err != nil {
		return err
	}
	if !bytes.Equal(state, v.trail.State) {
		return unverified("%s; the entries themselves hold", otherState)
	}
	return nil
}

const otherState = "the state that the hub stores is not what its entries give: somebody or something changed the stored state"

// items gives each admitted step its item of the fold.
func (v *verifier) items() {
	items := v.out.Case.Trail()
	for i := range v.out.Steps {
		if v.out.Steps[i].Type != "" && len(items) > 0 {
			v.out.Steps[i].Item, items = items[0], items[1:]
		}
	}
}

// readable says whether the stored state is one at all. Of erased records only a
// readable state still has the headers.
func (v *verifier) readable() bool {
	c, err := v.directory.memos[0].RestoreCase(v.trail.State)
	return err == nil && len(c.Trail()) > 0
}

// stateOf is what the hub must store of a case: null if nothing of it was admitted.
func stateOf(c mou.Case) ([]byte, error) {
	if c.ID() == "" {
		return []byte("null"), nil
	}
	state, err := c.MarshalJSON()
	if err != nil {
		return nil, fmt.Errorf("writing the folded state: %w", err)
	}
	return state, nil
}

func unverified(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrUnverified, fmt.Sprintf(format, args...))
}

// Kinds are the agencies of the directory as of the trail's checkpoint, revoked ones
// included; the hub is none.
func (v Verified) Kinds() map[events.AgencyID]events.AgencyKind {
	if v.directory == nil {
		return nil
	}
	return v.directory.who.At(v.Size).Kinds()
}
