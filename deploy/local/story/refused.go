package story

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/ledger"
)

// remember notes what everybody has been sent, before something that only its
// sender may hear of.
func (w *World) remember(ctx context.Context, sender events.AgencyID) error {
	state, err := w.ledger(ctx)
	w.sender, w.before, w.size = sender, state.Agencies, state.Size
	return err
}

// overlook lets a story look at refusals and deliveries of its own only.
func (w *World) overlook(ctx context.Context) error {
	state, err := w.ledger(ctx)
	if err != nil {
		return err
	}
	w.began = state.Agencies
	for _, a := range w.directions.Agencies {
		if a.Intake == "" {
			continue
		}
		all, err := w.refusals(ctx, local.Member{Agency: a.Agency, Kind: a.Kind})
		if err != nil {
			return err
		}
		for _, r := range all {
			w.refused[a.Agency] = r.delivery
		}
	}
	return nil
}

type refusal struct {
	delivery uint64
	entry    uint64
	rule     events.Rule
}

// isRefused checks that the next refusal that the agency was told of names the
// rule, and that nobody but the sender was sent anything because of it.
func (w *World) isRefused(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		next, err := w.nextRefusal(ctx, who)
		if err != nil {
			return "", err
		}
		if string(next.rule) != given[0] {
			return "", fmt.Errorf("%w: it was refused %s", errSettled, next.rule)
		}
		if err := w.nobodyElse(ctx); err != nil {
			return "", err
		}
		w.refused[who.Agency] = next.delivery
		return fmt.Sprintf("entry %d, told to its sender as delivery %d, delivered to nobody", next.entry, next.delivery), nil
	})
}

// nobodyElse checks that since the story remembered, only the sender was sent
// anything, unless the hub itself had something to say meanwhile: clocks run.
func (w *World) nobodyElse(ctx context.Context) error {
	state, err := w.ledger(ctx)
	if err != nil {
		return err
	}
	for id, connection := range state.Agencies {
		if id == w.sender || connection.Assigned == w.before[id].Assigned {
			continue
		}
		spoke, err := w.hubSpoke(ctx)
		if err != nil {
			return err
		}
		if !spoke {
			return fmt.Errorf("%w: %s was sent something", errSettled, id)
		}
	}
	return nil
}

// hubSpoke says whether an entry of the hub's own was added since the story
// remembered, in any case.
func (w *World) hubSpoke(ctx context.Context) (bool, error) {
	cases, err := w.auditor.Cases(ctx)
	if err != nil {
		return false, err
	}
	for _, c := range cases {
		trail, err := w.auditor.Trail(ctx, c.Case)
		if err != nil {
			return false, err
		}
		if slices.ContainsFunc(trail.Entries, func(e ledger.TrailEntry) bool { return e.Number >= w.size && saidByHub(e) }) {
			return true, nil
		}
	}
	return false, nil
}

func (w *World) nextRefusal(ctx context.Context, who local.Member) (refusal, error) {
	all, err := w.refusals(ctx, who)
	if err != nil {
		return refusal{}, err
	}
	for _, r := range all {
		if r.delivery > w.refused[who.Agency] {
			return r, nil
		}
	}
	return refusal{}, errors.New("the agency has not been told of a refusal")
}

// refusals lists what an agency was refused, oldest first.
func (w *World) refusals(ctx context.Context, who local.Member) ([]refusal, error) {
	var out agency.OutboxView
	if err := w.people(who).Get(ctx, "/v1/outbox", &out); err != nil {
		return nil, err
	}
	var all []refusal
	for _, s := range out.Said {
		if s.State == "refused" && s.Entry != nil {
			all = append(all, refusal{s.Delivery, *s.Entry, s.Rule})
		}
	}
	for _, f := range out.Foreign {
		all = append(all, refusal{f.Delivery, f.Entry, f.Rule})
	}
	slices.SortFunc(all, func(a, b refusal) int { return cmp.Compare(a.delivery, b.delivery) })
	return all, nil
}

// saidByHub reads of an entry, unverified, whether the hub submitted it.
func saidByHub(e ledger.TrailEntry) bool {
	entry, err := tlog.ParseEntry(e.Opening)
	return err == nil && entry.Submitter == events.HubAgency
}
