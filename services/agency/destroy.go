package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"handrail/contracts/tlog"
	"handrail/events"
)

// destroy carries out what an admitted statement ends, in the transaction that
// stores its delivery and not before: as long as the ledger has not answered,
// it may refuse, and then the log would say held of what is gone.
// An own erasure.confirmed destroys the records of its referral that came
// before it; a closed case needs nothing that is held back for it.
func (a *Agency) destroy(ctx context.Context, tx *sql.Tx, p proven) (bool, error) {
	if p.delivery.Kind == tlog.KindRefusal {
		return false, nil
	}
	switch facts := p.payload.(type) {
	case *events.CaseClosed:
		dropped, err := dropDrafts(ctx, tx, `case_id = ?`, string(p.event.Case()))
		return dropped > 0, err
	case *events.ErasureConfirmed:
		if facts.Answer == events.Erased && p.event.Agency() == a.config.Agency {
			return a.destroyRecords(ctx, tx, p)
		}
	}
	return false, nil
}

func (a *Agency) destroyRecords(ctx context.Context, tx *sql.Tx, p proven) (bool, error) {
	f := a.book.files[p.event.Case()]
	if f == nil {
		return false, nil
	}
	destroyed := false
	for _, item := range f.settled.Trail() {
		record, ok := item.Facts.(*events.Record)
		if !ok || record.Header.To != a.config.Agency || record.Header.Referral != p.event.Referral() {
			continue
		}
		done, err := eraseRecord(ctx, tx, record.Header.ID, record.Header, p.delivery.Number)
		if err != nil {
			return false, fmt.Errorf("erasing what was withdrawn: %w", err)
		}
		destroyed = destroyed || done
	}
	return destroyed, nil
}

// wasErased gives the header of a record that this agency erased after it had
// it, when the hub delivers it again: it is not kept a second time. The outbox
// tells, because the case may not fold while one of its rows is damaged.
func (a *Agency) wasErased(ctx context.Context, p proven) (*events.RecordHeader, error) {
	record, ok := p.payload.(*events.Record)
	if !ok || p.delivery.Kind != tlog.KindEvent {
		return nil, nil
	}
	said, err := readOutbox(ctx, a.journal.reader, a.keys,
		`WHERE attributes LIKE '%erasure.confirmed%' AND admitted = 1 AND answered > ?`, p.delivery.Number)
	if err != nil {
		return nil, err
	}
	for _, s := range said {
		if s.damage != nil || s.event.Type != events.TypeErasureConfirmed || s.event.Referral() != record.Header.Referral {
			continue
		}
		payload, err := payloadOf(s.event)
		if confirmed, ok := payload.(*events.ErasureConfirmed); err == nil && ok && confirmed.Answer == events.Erased {
			return &record.Header, nil
		}
	}
	return nil, nil
}

// purge empties the journal's write-ahead log after something was destroyed.
// While somebody reads that cannot be; then housekeeping goes on trying.
func (a *Agency) purge(ctx context.Context) {
	if err := a.journal.purge(ctx); err != nil {
		a.house.nudge()
	}
}

// purgeAgain tries once more, and says whether it is still to be done.
func (a *Agency) purgeAgain(ctx context.Context) bool {
	left, err := a.journal.residue(ctx)
	if err == nil && left {
		err = a.journal.purge(ctx)
	}
	switch {
	case err == nil:
		a.alarms.over("residue", "journal")
		return false
	case ctx.Err() == nil && errors.Is(err, errResidue):
		a.alarms.raise(ctx, "residue", "journal",
			"What was erased is gone from the journal, but its write-ahead log still holds it, because something keeps reading the journal. It is tried again every few seconds.", err)
	case ctx.Err() == nil:
		a.alarms.raise(ctx, "residue", "journal", "The journal's write-ahead log, which may hold what was erased, could not be emptied. Check the disk.", err)
	}
	return true
}
