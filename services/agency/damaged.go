package agency

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
)

// A delivery that does not verify stops nothing else. It keeps its number, is
// believed in nothing, answers nothing and is asked for again, by its number,
// until a copy verifies.

// againMost is how many numbers are asked for again at once (inbox.position).
const againMost = 32

// stated says whether the hub itself signed that this delivery, to this agency,
// has its number.
func (a *Agency) stated(d tlog.Delivery) bool {
	text, err := note.Open(d.Statement, note.VerifierList(a.verifier.HubKey))
	return err == nil && text.Text == tlog.Statement(a.verifier.Hub, d) && d.Recipient == a.verifier.Recipient
}

// passable says whether what came under the next number may be passed by. The
// number must be one that the hub assigned, by its own signature: else anybody
// who can write to the broker could drive the position ahead of the hub. Before
// the directory is known nothing can be passed by. Agency.mu is held.
func (a *Agency) passable(d tlog.Delivery) bool {
	return a.directory != nil && (d.Number <= a.assigned || a.stated(d))
}

// setAside stores a delivery that does not verify and goes on. Agency.mu is held.
func (a *Agency) setAside(ctx context.Context, h heard, cause error) error {
	err := a.journal.update(ctx, func(tx *sql.Tx) error {
		return storeDelivery(ctx, tx, h, kept{at: a.now(), aside: true})
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errJournal, err)
	}
	a.stored = h.number
	a.damaged[h.number] = true
	a.alarms.raise(ctx, "copy-damaged", strconv.FormatUint(h.number, 10),
		"A delivery does not verify. It is set aside and not believed, the hub is asked for it again, and everything else goes on. If this lasts, call the hub's operator: somebody may be altering deliveries.", cause)
	a.link.progressed(h.number)
	a.link.damage()
	return nil
}

// badCopy raises the alarm for a copy that does not verify and has the hub
// deliver it again. Nothing of it is stored.
func (a *Agency) badCopy(ctx context.Context, number uint64, again bool, cause error) {
	a.alarms.raise(ctx, "copy-damaged", strconv.FormatUint(number, 10),
		"A delivery does not verify. It was not stored, and the hub is asked for it again. If this lasts, call the hub's operator: somebody may be altering deliveries.", cause)
	if again {
		a.link.damage()
		return
	}
	a.link.askAgain()
}

// markDamaged raises the alarm for a stored row that does not verify, and has
// the hub deliver it again. Agency.mu is held.
func (a *Agency) markDamaged(ctx context.Context, number uint64, cause error) {
	a.damaged[number] = true
	a.alarms.raise(ctx, "row-damaged", strconv.FormatUint(number, 10),
		"A stored delivery does not verify: it is damaged on disk, or came so. It hides no other, and the hub is asked for it again. Check the disk; if this lasts, call the hub's operator.", cause)
	a.link.damage()
}

// sound ends the alarms about a delivery that verifies. Agency.mu is held.
func (a *Agency) sound(number uint64) {
	delete(a.damaged, number)
	a.alarms.over("row-damaged", strconv.FormatUint(number, 10))
	a.alarms.over("copy-damaged", strconv.FormatUint(number, 10))
}

// repaired takes a delivery that replaced a damaged row. The fold waits for the
// other damaged rows, at most until they are asked for again: it reads the whole
// journal. Agency.mu is held.
func (a *Agency) repaired(ctx context.Context, number uint64) error {
	a.sound(number)
	a.link.repaired()
	a.stale = true
	if len(a.damaged) > 0 {
		return nil
	}
	return a.freshen(ctx)
}

// freshen folds the journal anew if repairs ask for it. Agency.mu is held.
func (a *Agency) freshen(ctx context.Context) error {
	if !a.stale {
		return nil
	}
	a.stale = false
	if err := a.refold(ctx); err != nil {
		a.stale = true
		return fmt.Errorf("folding a repaired journal: %w", err)
	}
	return nil
}

// toAskAgain gives the damaged numbers to ask for now, in order: the next 32
// behind those that were asked for last, so that some that stay bad keep no other
// waiting. Agency.mu is held.
func (a *Agency) toAskAgain() []uint64 {
	all := slices.Sorted(maps.Keys(a.damaged))
	if len(all) > againMost {
		from, _ := slices.BinarySearch(all, a.askedLast+1)
		all = slices.Concat(all[from:], all[:from])[:againMost]
		a.askedLast = all[againMost-1]
		slices.Sort(all)
	}
	return all
}
