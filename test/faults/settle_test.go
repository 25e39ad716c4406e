package faults

import (
	"context"
	"errors"
	"fmt"

	"handrail/events"
	"handrail/services/agency"
)

// settle waits until the hub is quiet: every service works, no agency waits for
// an answer, and each has stored every delivery that the ledger numbered for it.
func (h *hub) settle(ctx context.Context) {
	h.t.Helper()
	h.must(h.Ready(ctx))
	var before map[events.AgencyID]uint64
	h.must(until(ctx, "everything is answered and delivered", func(ctx context.Context) error {
		state, err := h.doctor(ctx)
		if err != nil {
			return err
		}
		if !state.Active || !state.Broker || state.Queue > 0 {
			return fmt.Errorf("the ledger is busy: active %t, broker %t, queue %d", state.Active, state.Broker, state.Queue)
		}
		now := map[events.AgencyID]uint64{}
		for id, d := range h.desks {
			var status agency.Status
			if err := d.people.Get(ctx, "/v1/status", &status); err != nil {
				return err
			}
			if !status.Connected || status.Waiting > 0 || status.Position != state.Agencies[id].Assigned {
				return fmt.Errorf("%s: connected %t, %d wait, position %d of %d", id, status.Connected, status.Waiting, status.Position, state.Agencies[id].Assigned)
			}
			now[id] = status.Position
		}
		last := before
		before = now
		for id, position := range now {
			if last[id] != position {
				return errors.New("it was not quiet for long")
			}
		}
		return nil
	}))
}
