package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/events"
)

// lostJournal finds what an agency must know before it is delivered anything, when
// it says that it holds less than it held, or nothing: which of its keys counts, and
// which sequence is expected of it. If it restored its keys and not its journal, it
// would begin at 1 again, with the key that genesis lists. What it said itself comes
// again whole with its receipts: without it, it could follow none of its cases.
func (c *courier) lostJournal(ctx context.Context, key events.KeyID, assigned uint64) error {
	c.lost = assigned
	var next uint64
	err := c.pool.QueryRow(ctx, "SELECT next FROM signer WHERE key = $1 AND agency = $2", string(key), string(c.agency)).Scan(&next)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading the sequence that is expected of an agency: %w", err)
	}
	c.expects = &events.ResendFrom{Key: key, Sequence: next}
	return nil
}

// sayExpected says that, or gives after how long it can be said; 0: nothing is owed.
func (c *courier) sayExpected(ctx context.Context) (time.Duration, error) {
	if c.expects == nil {
		return 0, nil
	}
	after, err := c.say(ctx, c.expects)
	if err == nil && after == 0 {
		c.expects = nil
	}
	return after, err
}
