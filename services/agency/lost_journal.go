package agency

import (
	"context"
	"database/sql"
	"log/slog"
	"strconv"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// An agency whose journal is lost or old, but whose keys are not, goes on where the
// ledger stands: the ledger judged more of its key than the journal holds. The hub
// says which sequence it expects before it delivers anything again, and each receipt
// for something that the journal does not hold tells it too.

// mostSequence bounds what the hub can make this agency count from.
const mostSequence = 1 << 52

// judgedMeta names the highest sequence of a key that the ledger judged, as far as
// this journal was told of what it does not hold.
func judgedMeta(key events.KeyID) string { return "judged " + string(key) }

// noteJudged takes it, if it is higher than what is known.
func noteJudged(ctx context.Context, tx *sql.Tx, key events.KeyID, sequence uint64) error {
	known, err := lastSequence(ctx, tx, key)
	if err != nil || sequence <= known || sequence > mostSequence {
		return err
	}
	return setMeta(ctx, tx, judgedMeta(key), strconv.FormatUint(sequence, 10))
}

// noteLost takes the sequence of what the ledger admitted of this agency and this
// journal does not hold, in the transaction that stores the receipt.
func noteLost(ctx context.Context, tx *sql.Tx, p proven) error {
	if !p.lost || p.delivery.Kind != tlog.KindReceipt {
		return nil
	}
	key, err := seal.KeyOf(p.event)
	if err != nil {
		return err
	}
	sequence, err := events.ParseSequence(p.event.Sequence)
	if err != nil {
		return err
	}
	return noteJudged(ctx, tx, key, uint64(sequence))
}

// heardMeta names the signing key that the hub heeds, until the directory lists it.
const heardMeta = "heard"

// beginWith takes the hub's word on the signing key that counts, while nothing of the
// directory is here: what is said meanwhile is signed with that key, and waits until
// the directory lists it. It says whether nothing is here.
func (a *Agency) beginWith(ctx context.Context, key events.KeyID) (bool, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.directory != nil {
		return false, nil
	}
	a.keys.Assume(key)
	return true, a.journal.update(ctx, func(tx *sql.Tx) error { return setMeta(ctx, tx, heardMeta, string(key)) })
}

// loadHeard takes up what beginWith began before a restart.
func (a *Agency) loadHeard(ctx context.Context) error {
	key, err := meta(ctx, a.journal.reader, heardMeta)
	a.keys.Assume(events.KeyID(key))
	return err
}

// endHeard ends it, once the directory lists the key. Agency.mu is held.
func (a *Agency) endHeard(ctx context.Context) {
	if heard := a.keys.Assumed(); heard == "" || heard != a.keys.Voice().ID() {
		return
	}
	a.keys.Assume("")
	if err := a.journal.update(ctx, func(tx *sql.Tx) error { return setMeta(ctx, tx, heardMeta, "") }); err != nil { // the next start ends it
		a.log.LogAttrs(ctx, slog.LevelError, "that the directory lists the key in force could not be stored", slog.Any("cause", err))
	}
}

// goOnFrom takes the hub's word on the sequence that it expects of a held key.
func (a *Agency) goOnFrom(ctx context.Context, p *events.ResendFrom) error {
	a.alarms.raise(ctx, "journal-behind", "sequence",
		"The hub has judged more events of this agency's key than this journal holds. Either the journal was lost or restored from an old copy, or somebody else has the key.", nil)
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.journal.update(ctx, func(tx *sql.Tx) error { return noteJudged(ctx, tx, p.Key, p.Sequence-1) })
}
