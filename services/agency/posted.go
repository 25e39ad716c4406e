package agency

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"time"
)

// postedMeta names the last delivery that the agency's own system took.
const postedMeta = "webhook"

// postingAlarm is how long that system may take nothing before people are told.
const postingAlarm = 10 * time.Minute

// Posting is a delivery whose turn it is to be posted to the agency's own system.
type Posting struct {
	Delivered
	Again bool // that system got the number as damaged before
}

// NextPosting gives the delivery whose turn it is: one that was posted as damaged and
// verifies now, else the one behind the last that was posted; false if there is none.
func (a *Agency) NextPosting(ctx context.Context) (Posting, bool, error) {
	number, again, err := a.postingTurn(ctx)
	if err != nil || number == 0 {
		return Posting{}, false, err
	}
	d, err := a.deliveryAt(ctx, number)
	if err != nil {
		return Posting{}, false, err
	}
	return Posting{d, again}, !again || !d.Damaged, nil // it may have been damaged once more meanwhile
}

// Posted makes durable that the agency's own system took what NextPosting gave.
func (a *Agency) Posted(ctx context.Context, p Posting) error {
	return a.journal.update(ctx, func(tx *sql.Tx) error {
		query := `DELETE FROM hook_owed WHERE number = ?`
		if p.Damaged {
			query = `INSERT OR IGNORE INTO hook_owed (number) VALUES (?)`
		}
		if _, err := tx.ExecContext(ctx, query, p.Number); err != nil {
			return fmt.Errorf("storing what is owed to the webhook: %w", err)
		}
		if p.Again {
			return nil
		}
		return setMeta(ctx, tx, postedMeta, strconv.FormatUint(p.Number, 10))
	})
}

// LastPosted is the number of the last delivery that the agency's own system took in
// its order; 0: none.
func (a *Agency) LastPosted(ctx context.Context) (uint64, error) {
	position, err := metaNumber(ctx, a.journal.reader, postedMeta)
	return uint64(max(position, 0)), err
}

// postingTurn is the number whose turn it is, 0 if there is none.
func (a *Agency) postingTurn(ctx context.Context) (number uint64, again bool, err error) {
	posted, err := a.LastPosted(ctx)
	if err != nil {
		return 0, false, err
	}
	last, err := lastStored(ctx, a.journal.reader)
	if err != nil {
		return 0, false, err
	}
	mended, err := a.mendedPosting(ctx)
	if err != nil || mended != 0 {
		return mended, true, err
	}
	if number = min(posted, last) + 1; number > last {
		return 0, false, nil
	}
	return number, false, nil
}

// mendedPosting is the first delivery that was posted as damaged and no longer is.
func (a *Agency) mendedPosting(ctx context.Context) (uint64, error) {
	rows, err := a.journal.reader.QueryContext(ctx, `SELECT number FROM hook_owed WHERE number IN (SELECT number FROM inbox) ORDER BY number`)
	if err != nil {
		return 0, fmt.Errorf("looking for what is owed to the webhook: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	for rows.Next() {
		var number uint64
		if err := rows.Scan(&number); err != nil {
			return 0, fmt.Errorf("looking for what is owed to the webhook: %w", err)
		}
		if !a.isDamaged(number) {
			return number, nil
		}
	}
	return 0, rows.Err()
}

// postingIs is how posting goes; zero: it goes well.
type postingIs struct {
	failing time.Time // since when nothing is taken
	reason  string
}

// PostingIs has the doctor tell since when the agency's own system takes nothing, and
// why; a zero time says that it goes well. When it lasts it is an alarm.
func (a *Agency) PostingIs(ctx context.Context, failing time.Time, reason string) {
	a.mu.Lock()
	a.posting = &postingIs{failing, reason}
	a.mu.Unlock()
	switch {
	case failing.IsZero():
		a.alarms.over("webhook-failing", "webhook")
	case a.now().Sub(failing) >= postingAlarm:
		a.alarms.raise(ctx, "webhook-failing", "webhook",
			"The agency's own system takes no deliveries by webhook: "+reason+". They wait in their order and are posted again until it does.", nil)
	}
}

// postingChecks is what the doctor says about the webhook, if there is one.
func (a *Agency) postingChecks() []Check {
	a.mu.RLock()
	defer a.mu.RUnlock()
	switch {
	case a.posting == nil:
		return nil
	case a.posting.failing.IsZero():
		return []Check{{"webhook", true, "The agency's own system takes deliveries."}}
	}
	return []Check{{"webhook", false, "The agency's own system takes nothing since " + a.posting.failing.UTC().Format(time.RFC3339) + ": " + a.posting.reason + "."}}
}
