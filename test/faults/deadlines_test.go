package faults

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/ledger/audit"
)

const social events.AgencyID = "sampletown-social"

// TestDeadlinesSpeakOnceWhateverDies has nobody answer on a night whose times are
// short, while the ledger is killed again and again: before a clock runs out, as
// it does, and after. Each miss and each step of the chase is said exactly once,
// each reminder at most once.
func TestDeadlinesSpeakOnceWhateverDies(t *testing.T) {
	t.Parallel()
	h := startUnder(t, "sampleland@1", local.Member{Agency: social, Kind: events.Social, Served: true})
	ctx := t.Context()
	h.publishes(ctx, social)
	h.woken(ctx)
	var asking sync.WaitGroup
	late := make([]*referral, 4)
	outcomes := make([]error, len(late))
	for i := range late {
		late[i] = h.newReferral(lighthouse)
		asking.Go(func() {
			time.Sleep(time.Duration(i) * 700 * time.Millisecond) // so that a kill finds their clocks at different places
			outcomes[i] = late[i].asksTonight(events.InTurn)(ctx)
		})
	}
	faults := h.killUntilChased(ctx, late, asking.Wait)
	h.must(errors.Join(outcomes...))
	for _, r := range late {
		h.must(r.says(r.shelters[0], "referral.accepted", nil)(ctx)) // a late bed is better than none
		h.must(r.shelters[0].mayRead(ctx, r.id, sealedTonight))
	}
	faults += h.killLedger(ctx)
	h.must(h.keep(ctx, late[0].id))
	c := h.check(faults)
	for _, r := range late {
		saidOnce(t, c.cases[r.id])
	}
}

// publishes has an agency say that somebody is there at every hour.
func (h *hub) publishes(ctx context.Context, id events.AgencyID) {
	h.t.Helper()
	h.must(h.desks[id].people.Post(ctx, "/v1/capacity", map[string]any{
		"needs": []string{"material"}, "sexes": []string{"woman"}, "ages": []string{"adult"}, "hours": []string{"daily 00:00-24:00"}, "places": "none",
	}, nil))
}

// killLedger kills the ledger, and starts it again; it gives the faults that the
// killed one had counted.
func (h *hub) killLedger(ctx context.Context) int {
	h.t.Helper()
	faults := 0
	if state, err := h.doctor(ctx); err == nil {
		faults = state.Faults
	}
	h.must(h.strike(local.ServiceLedger))
	time.Sleep(200 * time.Millisecond)
	h.must(h.mend(ctx, local.ServiceLedger))
	return faults
}

// killUntilChased kills the ledger until every referral was chased to its end.
func (h *hub) killUntilChased(ctx context.Context, late []*referral, asked func()) (faults int) {
	h.t.Helper()
	asked()
	kills := 0
	h.must(until(ctx, "everybody was chased", func(until context.Context) error {
		faults += h.killLedger(ctx) // the service lives as long as its context
		kills++
		time.Sleep(900 * time.Millisecond)
		for _, r := range late {
			view, err := r.police.show(until, r.id)
			if err != nil {
				return err
			}
			if !slices.ContainsFunc(view.Trail, func(l agency.Line) bool {
				return l.Type == "referral.escalated" && strings.Contains(string(l.Facts), string(events.ToCoordinator))
			}) {
				return errors.New("the coordinator was not told yet")
			}
		}
		return nil
	}))
	h.t.Logf("the ledger was killed %d times", kills)
	return faults
}

// saidOnce holds what the hub said of itself in a case to what was due.
func saidOnce(t *testing.T, v audit.Verified) {
	t.Helper()
	said := map[string]int{}
	for _, s := range v.Steps {
		switch p := s.Facts.(type) {
		case *events.DeadlineDueSoon:
			said[fmt.Sprintf("due-soon %s %s", p.Duty, p.Owes)]++
		case *events.DeadlineMissed:
			said[fmt.Sprintf("missed %s %s", p.Duty, p.Owes)]++
			if at := s.Entry.Admitted; at.Before(p.Due.Time()) {
				t.Errorf("%s is said to be missed %s too early", p.Duty, p.Due.Time().Sub(at))
			}
		case *events.ReferralEscalated:
			said[fmt.Sprintf("escalated %s %s", p.Step, p.To)]++
		}
	}
	for _, must := range []string{
		"missed referral-acknowledge lighthouse-shelter", "missed referral-answer lighthouse-shelter", "escalated staffed-duty sampletown-social",
		"missed referral-escalated sampletown-social", "escalated coordinator sampleland-coordination",
	} {
		if said[must] != 1 {
			t.Errorf("%q was said %d times", must, said[must])
		}
		delete(said, must)
	}
	for _, may := range []string{
		"due-soon referral-acknowledge lighthouse-shelter", "due-soon referral-answer lighthouse-shelter", "due-soon referral-escalated sampletown-social",
	} {
		if said[may] > 1 {
			t.Errorf("%q was said %d times", may, said[may])
		}
		delete(said, may)
	}
	if len(said) > 0 {
		t.Errorf("the hub also said %v", slices.Sorted(maps.Keys(said)))
	}
	if leg := v.Case.Referrals()[0].Legs[0]; leg.State != mou.LegAccepted {
		t.Errorf("the late acceptance left the shelter %s", leg.State)
	}
}
