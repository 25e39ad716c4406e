package agency

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// TrailView is a case's history as far as this agency may see it, with what proves
// each entry of it.
type TrailView struct {
	Case    mou.Case // as the ledger has it
	Profile *mou.Profile
	Kinds   map[events.AgencyID]events.AgencyKind
	Entries []TrailEntry // in the order of the log, then what waits for the ledger's answer

	Witnessed uint64    // how far the log counts as witnessed and is connected with what this agency cosigned
	Own       uint64    // size of the log that this agency cosigned last; 0: it did not
	Root      tlog.Hash // of that
	Others    Cosigned  // who else cosigned the newest checkpoint that was looked at
}

// TrailEntry is one entry of the log that this agency was delivered, verified again
// when it is read: the hub's statement, the sender's signature, and the proof that
// its leaf stands in the log of the checkpoint that it came with.
type TrailEntry struct {
	Number   uint64
	Admitted time.Time // when the ledger admitted or refused it
	By       events.AgencyID
	Item     *mou.Item // nil: an own statement that was refused
	Rule     events.Rule
	Clause   string
	Leaf     tlog.Hash // zero: its row is damaged, or it was folded from another
	Size     uint64    // of the log at the checkpoint that it came with
	Waiting  bool      // own, not answered

	// Delivery is what it came as, which proves it to whoever has the pinned keys;
	// nil where there is no leaf.
	Delivery *tlog.Delivery
	Data     []byte // the facts as they were signed; nil of a sealed record
}

// cameAs notes under which number an entry was delivered.
func (f *file) cameAs(entry, delivery uint64) {
	if f.came == nil {
		f.came = map[uint64]uint64{}
	}
	f.came[entry] = delivery
}

// Trail shows a case's history with its proofs. A row that is damaged is alarmed
// and fetched again, and its entry shown without a proof until then. Errors:
// *events.Violation if the case is not known here; [ErrNotJoined].
func (a *Agency) Trail(ctx context.Context, id events.CaseID) (TrailView, error) {
	view, waiting, came, err := a.folded(id)
	if err != nil {
		return view, err
	}
	items := map[uint64]mou.Item{}
	for _, item := range view.Case.Trail() {
		items[item.Number] = item
		if came[item.Number] == 0 {
			view.Entries = append(view.Entries, TrailEntry{Number: item.Number, Admitted: item.Admitted, By: item.By, Item: &item})
		}
	}
	for _, number := range slices.Sorted(maps.Keys(came)) {
		var at *mou.Item
		if item, admitted := items[number]; admitted {
			at = &item
		}
		entry, err := a.shownEntry(ctx, number, came[number], at)
		if err != nil {
			return view, err
		}
		if entry.By != "" {
			view.Entries = append(view.Entries, entry)
		}
	}
	slices.SortStableFunc(view.Entries, func(x, y TrailEntry) int { return cmp.Compare(x.Number, y.Number) })
	for _, act := range waiting {
		item := mou.Item{ID: act.Event.ID, Type: act.Event.Type, By: act.Event.Agency(), Referral: act.Event.Referral(), Facts: act.Payload}
		view.Entries = append(view.Entries, TrailEntry{By: item.By, Item: &item, Waiting: true})
	}
	return view, nil
}

// folded gives a case as it stands, what waits, and as what each entry came.
func (a *Agency) folded(id events.CaseID) (view TrailView, waiting []mou.Act, came map[uint64]uint64, err error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	f := a.book.files[id]
	switch {
	case a.book.memo == nil:
		return view, nil, nil, ErrNotJoined
	case f == nil:
		return view, nil, nil, events.Refuse(mou.RuleCaseUnknown, "", "this agency knows no case of that id")
	}
	view = TrailView{Case: f.settled, Profile: a.book.memo.Profile, Kinds: a.directory.Kinds(), Witnessed: a.witnessed, Own: a.witness.Size, Others: a.others}
	if root, err := hex.DecodeString(a.witness.Root); err == nil && len(root) == len(view.Root) {
		view.Root = tlog.Hash(root)
	}
	return view, slices.Clone(f.waiting), maps.Clone(f.came), nil
}

// shownEntry verifies a stored delivery again and gives its entry. An entry whose row is
// damaged is shown as it was folded; one of which nothing is known is empty.
func (a *Agency) shownEntry(ctx context.Context, number, delivery uint64, item *mou.Item) (TrailEntry, error) {
	entry := TrailEntry{Number: number, Item: item}
	if item != nil {
		entry.Admitted, entry.By = item.Admitted, item.By
	}
	p, err := a.rereadShared(ctx, delivery)
	if err != nil {
		if ctx.Err() != nil || errors.Is(err, errJournal) {
			return entry, err
		}
		return entry, nil // alarmed, and fetched again
	}
	entry.Admitted, entry.By, entry.Clause = p.entry.Admitted, p.entry.Submitter, p.entry.Clause
	if p.delivery.Kind == tlog.KindRefusal {
		entry.Rule, _ = p.delivery.Why(p.entry)
	}
	checkpoint, err := tlog.ParseCheckpoint(p.delivery.Checkpoint, a.verifier.Log)
	if err != nil {
		return entry, nil //nolint:nilerr // a delivery that verifies has one; without it nothing is proved
	}
	opening := p.delivery.Opening()
	entry.Leaf, entry.Size, entry.Delivery = opening.LeafHash(), checkpoint.Size, &p.delivery
	if !p.event.Type.Sealed() {
		entry.Data = p.event.Data
	}
	return entry, nil
}
