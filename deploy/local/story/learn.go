package story

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"handrail/contracts/known"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/services/ledger/audit"
)

// learnActs are about what reached whom, and what did not.
func (w *World) learnActs() []act {
	return []act{
		{"knows nothing of the case", w.knowsNothing},
		{"learns nothing of the case", w.learnsNothing},
		{"hears nothing at all", w.hearsNothing},
		{"shows who knew what, when", w.showsKnown},
		{"shows that AGENCY knew SECTION", w.showsThat},
	}
}

// knowsNothing checks that an agency's own service lists nothing of the case.
func (w *World) knowsNothing(ctx context.Context, who local.Member, _ []string) (string, error) {
	all, err := client.List[agency.CaseSummary](ctx, w.people(who), "/v1/cases", "cases")
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(all, func(c agency.CaseSummary) bool { return c.Case == w.Case }) {
		return "", errors.New("the case is known there")
	}
	return "", nil
}

// learnsNothing checks at the hub that no entry of the case may ever be
// delivered to an agency.
func (w *World) learnsNothing(ctx context.Context, who local.Member, _ []string) (string, error) {
	verified, err := w.trail(ctx)
	if err != nil {
		return "", err
	}
	if seen := verified.Case.SeenBy(who.Agency); len(seen) > 0 {
		return "", fmt.Errorf("%d entries of the case reach it, the first of them entry %d", len(seen), seen[0])
	}
	return fmt.Sprintf("none of %d entries reaches it", len(verified.Steps)), nil
}

// hearsNothing checks that the hub numbered no delivery for an agency since the
// story began, of this case or any other.
func (w *World) hearsNothing(ctx context.Context, who local.Member, _ []string) (string, error) {
	state, err := w.ledger(ctx)
	if err != nil {
		return "", err
	}
	if sent := state.Agencies[who.Agency].Assigned - w.began[who.Agency].Assigned; sent != 0 {
		return "", fmt.Errorf("%d deliveries were numbered for it", sent)
	}
	return "not one delivery since the story began", nil
}

// showsKnown draws the table from the verified trail.
func (w *World) showsKnown(ctx context.Context, _ local.Member, _ []string) (string, error) {
	verified, err := w.trail(ctx)
	if err != nil {
		return "", err
	}
	return Known(verified, w.directions).Table(), nil
}

// showsThat checks one line of the table.
func (w *World) showsThat(ctx context.Context, _ local.Member, given []string) (string, error) {
	verified, err := w.trail(ctx)
	if err != nil {
		return "", err
	}
	for _, l := range Known(verified, w.directions).Learnt {
		if l.Who == byName(given[0]) && (l.Short() == given[1] || slices.Contains(l.Sections, events.Section(given[1]))) {
			return fmt.Sprintf("%s, %s", l.At.Format("15:04:05"), l.Leave), nil
		}
	}
	return "", errors.New("it never did")
}

// Known is who knows what of a verified case, among the agencies of a data directory.
func Known(v audit.Verified, d local.Directions) known.Sheet {
	kinds := map[events.AgencyID]events.AgencyKind{}
	for _, a := range d.Agencies {
		kinds[a.Agency] = a.Kind
	}
	return known.Of(v.Case, kinds)
}
