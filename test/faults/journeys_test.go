package faults

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"

	"handrail/contracts/mou"
	"handrail/events"
)

// journey is one way in which a case can go.
type journey struct {
	name string
	do   func(context.Context, *hub, *rand.Rand) (*referral, error)
}

func journeys() []journey {
	return []journey{
		{"whole", func(ctx context.Context, h *hub, r *rand.Rand) (*referral, error) {
			c := h.newReferral(either(r))
			return c, run(ctx, c.whole())
		}},
		{"rivals", rivals},
		{"declined", declined},
		{"withdrawn", withdrawn},
		{"consent withdrawn", consentWithdrawn},
		{"silence", silence},
		{"notified", func(ctx context.Context, h *hub, _ *rand.Rand) (*referral, error) {
			c := h.newReferral()
			return c, c.file(ctx, "notification")
		}},
	}
}

func either(r *rand.Rand) events.AgencyID {
	return []events.AgencyID{lighthouse, harbour}[r.IntN(2)]
}

// rivals: two shelters accept at the same moment; one of them is too late.
func rivals(ctx context.Context, h *hub, _ *rand.Rand) (*referral, error) {
	c := h.newReferral(lighthouse, harbour)
	if err := run(ctx, c.asking()); err != nil {
		return c, err
	}
	var both sync.WaitGroup
	outcomes := make([]error, 2)
	for i, s := range c.shelters {
		both.Go(func() {
			accepting := c.accepting(s)
			if outcomes[i] = run(ctx, accepting[:2]); outcomes[i] == nil || refused(outcomes[i]) != nil {
				outcomes[i] = run(ctx, accepting[2:3])
			}
		})
	}
	both.Wait()
	if err := unlessRefused(outcomes...); err != nil {
		return c, err
	}
	for _, s := range c.shelters {
		leg, err := c.leg(ctx, s)
		if err != nil {
			return c, err
		}
		if leg.State == mou.LegAccepted { // the other one is only told not-permitted
			return c, run(ctx, slices.Concat(c.accepting(s)[3:], c.helping(s)))
		}
	}
	return c, errors.New("nobody was accepted")
}

// unlessRefused lets pass what a desk may say to somebody who is too late.
func unlessRefused(all ...error) error {
	for _, err := range all {
		if err != nil && refused(err) == nil {
			return err
		}
	}
	return nil
}

// declined: one shelter is full, the other takes the person.
func declined(ctx context.Context, h *hub, _ *rand.Rand) (*referral, error) {
	c := h.newReferral(lighthouse, harbour)
	full := c.shelters[1]
	return c, run(ctx, slices.Concat(c.asking(), c.accepting(full)[:1], []step{
		{"referral.declined", c.says(full, "referral.declined", map[string]any{"reason": "full"})},
	}, c.accepting(c.shelters[0]), c.helping(c.shelters[0])))
}

// withdrawn: the police take the request back while the shelter accepts it; a
// shelter that was the first of the two answers erasure.
func withdrawn(ctx context.Context, h *hub, r *rand.Rand) (*referral, error) {
	c := h.newReferral(either(r))
	s := c.shelters[0]
	if err := run(ctx, slices.Concat(c.asking(), c.accepting(s)[:1])); err != nil {
		return c, err
	}
	var both sync.WaitGroup
	var accepts, withdraws error
	both.Go(func() { accepts = run(ctx, c.accepting(s)[2:3]) })
	both.Go(func() {
		withdraws = c.says(c.police, "referral.withdrawn", map[string]any{"reason": "person-declined"})(ctx)
	})
	both.Wait()
	if err := errors.Join(unlessRefused(accepts), withdraws, s.holds(ctx, c.id, "referral.withdrawn", c.police.id)); err != nil {
		return c, err
	}
	return c, c.erases(ctx, s)
}

// consentWithdrawn: the person changes their mind after the records were
// released; the shelter erases them.
func consentWithdrawn(ctx context.Context, h *hub, r *rand.Rand) (*referral, error) {
	c := h.newReferral(either(r))
	s := c.shelters[0]
	err := run(ctx, slices.Concat(c.asking(), c.accepting(s), []step{
		{"consent.withdrawn", c.says(c.police, "consent.withdrawn", map[string]any{"recipient": map[string]any{"class": "shelter"}})},
		{"the shelter holds the withdrawal", func(ctx context.Context) error { return s.holds(ctx, c.id, "consent.withdrawn", c.police.id) }},
	}))
	if err != nil {
		return c, err
	}
	return c, c.erases(ctx, s)
}

// erases answers erasure, if the shelter holds anything, or may have.
func (r *referral) erases(ctx context.Context, s *desk) error {
	leg, err := r.leg(ctx, s)
	if err != nil || !leg.Owes {
		return err
	}
	if err := r.says(s, "erasure.confirmed", map[string]any{"answer": "erased"})(ctx); err != nil {
		return err
	}
	return r.police.holds(ctx, r.id, "erasure.confirmed", s.id)
}

// silence: the person says no, and a system of the police asks a shelter all the
// same. The ledger refuses it.
func silence(ctx context.Context, h *hub, r *rand.Rand) (*referral, error) {
	c := h.newReferral(either(r))
	asking := c.asking()
	return c, run(ctx, slices.Concat(asking[:2], []step{
		{"consent.refused", c.answers("ask-consent", "bundle=bed", "answer=no")},
		{"a request without consent", c.sends(c.police, events.TypeReferralRequested, map[string]any{
			"to": []string{string(c.shelters[0].id)}, "purpose": "accommodation", "sections": []string{"identity"},
			"needs": []string{"safe-accommodation"}, "urgency": "standard", "age": "adult",
		})},
	}))
}
