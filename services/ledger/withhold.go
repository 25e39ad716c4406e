package ledger

import (
	"context"
	"time"

	"handrail/events/exchange"
)

// withholdAgain is how soon the broker is looked at once more for what waits there
// for an agency that is away: a ledger that hung when another took over may have
// sent something since.
const withholdAgain = 30 * time.Second

// withhold destroys all that waits at the broker for an agency that is away, and
// sends nothing. What the agency said meanwhile is forgotten; what is numbered for it
// stays, and is sent if it comes back.
func (c *courier) withhold(ctx context.Context, e errands) (time.Duration, error) {
	c.withheld, c.started, c.repeats, c.pending = true, false, nil, nil
	for _, s := range []*submission{e.position, e.cosigned} {
		if s != nil {
			c.done(ctx, s)
		}
	}
	if err := c.exchange.Erase(ctx, c.agency, func(exchange.Message) bool { return true }); err != nil {
		return 0, err
	}
	return withholdAgain, nil
}
