package agency

import (
	"context"
	"encoding/base64"
	"errors"
	"strconv"

	"handrail/events"
)

// rebuild folds the whole journal anew, verifying every row. A damaged row
// alarms, hides no other, and is fetched again.
func (a *Agency) rebuild(ctx context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.loadWitness(ctx); err != nil {
		return err
	}
	if err := errors.Join(a.loadWitnessed(ctx), a.loadHeard(ctx), a.loadAssignments(ctx), a.loadContact(ctx)); err != nil {
		return err
	}
	return a.refold(ctx)
}

func (a *Agency) refold(ctx context.Context) error {
	last, err := lastStored(ctx, a.journal.reader)
	if err != nil {
		return err
	}
	a.directory, a.book, a.stored, a.resets, a.sealing = nil, casebook{}, last, nil, inUse{}
	a.keys.Forget()
	a.link.progressed(last)
	a.alarms.overAll("fold-differs") // judged anew
	for number := uint64(1); number <= last; number++ {
		h, p, err := a.reread(ctx, number)
		switch {
		case ctx.Err() != nil:
			return ctx.Err()
		case errors.Is(err, errJournal):
			return err
		case err != nil:
			a.markDamaged(ctx, number, err)
			if number == 1 {
				a.foundFromCopy(ctx)
			}
		default:
			if h.aside { // it was sound, but something that it stands on was not
				if _, err := a.keep(ctx, h, p, true); err != nil {
					return err
				}
			}
			a.sound(number)
			a.settle(ctx, p)
		}
	}
	if err := a.foldOutbox(ctx); err != nil {
		return err
	}
	a.arrangeKeys(ctx)
	if a.anew, err = readAnew(ctx, a.journal.reader); err != nil {
		return err
	}
	a.lookAhead()
	return a.findRefusedKeys(ctx)
}

// foundFromCopy takes the directory from the journal's second copy of genesis,
// so that damage to the first hides nothing else. The pinned digest proves it.
func (a *Agency) foundFromCopy(ctx context.Context) {
	text, err := meta(ctx, a.journal.reader, "genesis")
	if err != nil {
		return // the damaged row is alarmed already
	}
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return
	}
	number, err := metaNumber(ctx, a.journal.reader, "genesis entry")
	if err != nil {
		return
	}
	if d, err := a.found(uint64(number), data); err == nil { //nolint:gosec // an entry's number, as this agency stored it
		a.settle(ctx, proven{founds: d})
	}
}

// reread gives a stored delivery, verified again.
func (a *Agency) reread(ctx context.Context, number uint64) (heard, proven, error) {
	h, err := readDelivery(ctx, a.journal.reader, number)
	if err != nil {
		return h, proven{}, err
	}
	p, err := a.prove(ctx, a.journal.reader, a.directory, h)
	return h, p, err
}

// foldOutbox adds what the ledger has not answered yet.
func (a *Agency) foldOutbox(ctx context.Context) error {
	waiting, err := readOutbox(ctx, a.journal.reader, a.keys, `WHERE answered IS NULL ORDER BY position`)
	if err != nil {
		return err
	}
	mended, err := a.mendOutbox(ctx, waiting)
	if mended && err == nil {
		waiting, err = readOutbox(ctx, a.journal.reader, a.keys, `WHERE answered IS NULL ORDER BY position`)
	}
	if err != nil {
		return err
	}
	for _, s := range waiting {
		var payload events.Payload
		err := s.damage
		if err == nil {
			payload, err = payloadOf(s.event)
		}
		switch {
		case err != nil:
			a.alarms.raise(ctx, "outbox-damaged", strconv.FormatInt(s.position, 10),
				"An event that waits to be sent is damaged on disk. Nothing behind it can be sent. Restore the journal from its copy.", err)
		case a.book.memo != nil:
			if keyed, ok := payload.(*events.DirectoryKeyed); ok {
				a.keys.Await(keyed.Listing)
			}
			a.book.await(s.event, payload)
		}
	}
	return nil
}

// Inspect verifies every stored delivery again and marks what is damaged, to
// be fetched again. It returns how many rows it read.
func (a *Agency) Inspect(ctx context.Context) (uint64, error) {
	a.mu.RLock()
	last, dir := a.stored, a.directory
	a.mu.RUnlock()
	for number := uint64(1); number <= last; number++ {
		h, err := readDelivery(ctx, a.journal.reader, number)
		if err == nil {
			of := dir
			if number == 1 {
				of = nil // genesis founds the directory itself
			}
			_, err = a.prove(ctx, a.journal.reader, of, h)
		}
		switch {
		case ctx.Err() != nil:
			return number, ctx.Err()
		case errors.Is(err, errJournal):
			return number, err
		case err != nil:
			a.mu.Lock()
			a.markDamaged(ctx, number, err)
			a.mu.Unlock()
		}
	}
	return last, nil
}
