package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/events"
)

const (
	together        = 64    // cases and submitters, while a log grows
	chunk           = 8_000 // statements signed ahead of those being handed in
	growthPatience  = 30 * time.Minute
	entriesEachStep = 10.0 / steps // the hub makes one entry for each case
)

// grow lets one log grow through the whole path but for deliveries, and at each
// size measures what a statement costs with them. At the largest it replays the log.
func (r *Report) grow(ctx context.Context, stage Stage, o Options) (err error) {
	dir, err := stage.Dir()
	if err != nil {
		return err
	}
	c, err := newCast(dir)
	if err != nil {
		return err
	}
	h, err := openHub(ctx, stage, c, false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, h.stop()) }()
	conn, err := pgx.Connect(ctx, h.db.Owner)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	for _, size := range o.Sizes {
		o.tell(fmt.Sprintf("a log of %d entries", size))
		if err := h.fill(ctx, conn, size); err != nil {
			return err
		}
		if err := h.drain(ctx, conn); err != nil {
			return err
		}
		var probes []timing
		for range o.Runs {
			t, err := h.probe(ctx, conn, stage, o.Probe)
			if err != nil {
				return err
			}
			probes = append(probes, t)
		}
		s := summary("", together, len(probes[0].each), probes)
		r.Growth = append(r.Growth, Growth{size, s.Rate, s.P50, s.Own, s.Postgres})
	}
	o.tell("replaying the log")
	if r.Replay, err = h.replay(ctx, conn); err != nil {
		return err
	}
	if o.Spawn != nil {
		o.tell("weighing a ledger process")
		r.Memory, err = h.weigh(ctx, conn, stage, o)
	}
	return err
}

// fill hands in statements until the log has a size. The agencies do not listen.
func (h *hub) fill(ctx context.Context, conn *pgx.Conn, size int) error {
	have, _, err := progress(ctx, conn)
	if err != nil || have >= size {
		return err
	}
	crowd, err := h.cast.connect(ctx, h.url, nil)
	if err != nil {
		return err
	}
	defer crowd.leave()
	ctx, cancel := context.WithTimeout(ctx, growthPatience)
	defer cancel()
	left := int(float64(size-have) / entriesEachStep)
	ahead := make(chan []*statement, 1)
	failed := make(chan error, 1)
	go func() {
		defer close(ahead)
		for left > 0 {
			n := min(left, chunk)
			left -= n
			all, err := h.cast.tellOn(n, together, time.Now())
			if err != nil {
				failed <- err
				return
			}
			select {
			case ahead <- all:
			case <-ctx.Done():
				return
			}
		}
	}()
	for all := range ahead {
		if err := crowd.hand(ctx, all); err != nil {
			return err
		}
	}
	select {
	case err := <-failed:
		return err
	default:
	}
	return h.judged(ctx, conn)
}

// judged waits until everything that was signed has its verdict.
func (h *hub) judged(ctx context.Context, conn *pgx.Conn) error {
	signed := 0
	for _, a := range h.cast.all() {
		signed += int(a.next) - 1 //nolint:gosec // some millions at most
	}
	for {
		_, judged, err := progress(ctx, conn)
		if err != nil || judged >= signed {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// progress is how many entries the log has, and how many submissions have a verdict.
func progress(ctx context.Context, conn *pgx.Conn) (size, judged int, err error) {
	err = conn.QueryRow(ctx, "SELECT (SELECT max(size) FROM checkpoint), (SELECT sum(next - 1) FROM signer WHERE agency <> 'hub')").Scan(&size, &judged)
	return size, judged, err
}

// drain has the agencies take what still lies at the broker: it was sent while the
// log grew and nobody listened, and is no cost of what comes after.
func (h *hub) drain(ctx context.Context, conn *pgx.Conn) error {
	crowd, err := h.join(ctx, conn)
	if err != nil {
		return err
	}
	defer crowd.leave()
	return crowd.drained(ctx)
}

// probe measures the whole path.
func (h *hub) probe(ctx context.Context, conn *pgx.Conn, stage Stage, n int) (t timing, err error) {
	all, err := h.cast.tellOn(n, together, time.Now())
	if err != nil {
		return t, err
	}
	crowd, err := h.join(ctx, conn)
	if err != nil {
		return t, err
	}
	defer crowd.leave()
	return crowd.drive(ctx, stage, all, together)
}

// join connects the agencies with everything so far stored, and waits until they
// have said so.
func (h *hub) join(ctx context.Context, conn *pgx.Conn) (*crowd, error) {
	stored := map[events.AgencyID]uint64{}
	for _, a := range h.cast.all() {
		var number uint64
		if err := conn.QueryRow(ctx, "SELECT coalesce(max(number), 0) FROM delivery WHERE recipient = $1", string(a.id)).Scan(&number); err != nil {
			return nil, err
		}
		stored[a.id] = number
	}
	crowd, err := h.cast.connect(ctx, h.url, stored)
	if err != nil {
		return nil, err
	}
	if err := crowd.heard(ctx); err != nil {
		crowd.leave()
		return nil, err
	}
	return crowd, nil
}
