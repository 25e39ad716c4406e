package agency

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

const (
	housePace   = time.Hour
	residuePace = 2 * time.Second // while something that was erased can still be found on disk
)

// house wakes housekeeping early.
type house chan struct{}

func (h house) nudge() {
	select {
	case h <- struct{}{}:
	default: // it is awake already
	}
}

// keepHouse deletes what was held back too long, and what is left of what was
// deleted, and changes keys that are due, until ctx ends.
func (a *Agency) keepHouse(ctx context.Context) error {
	for ctx.Err() == nil {
		a.dropExpired(ctx)
		a.rotateByItself(ctx)
		a.sealAnew(ctx)
		pace := housePace
		if a.purgeAgain(ctx) {
			pace = residuePace
		}
		timer := time.NewTimer(pace)
		select {
		case <-ctx.Done():
		case <-a.house:
			sleep(ctx, residuePace) // whoever reads has the time to end
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

func (a *Agency) dropExpired(ctx context.Context) {
	sections, contacts, err := a.journal.dropExpired(ctx, a.now())
	err = errors.Join(err, a.dropClosedNotes(ctx))
	switch {
	case ctx.Err() != nil:
	case err != nil:
		a.alarms.raise(ctx, "drafts-kept", "expired", "Sections or notes of calls that were kept too long could not be deleted. Check the disk.", err)
	default:
		a.alarms.over("drafts-kept", "expired")
	}
	if sections+contacts > 0 {
		a.log.LogAttrs(ctx, slog.LevelInfo, "deleted what was kept too long", slog.Int64("sections", sections), slog.Int64("contacts", contacts))
	}
}
