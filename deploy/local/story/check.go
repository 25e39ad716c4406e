package story

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// checkActs are what somebody sees, or must not see.
func (w *World) checkActs() []act {
	return []act{
		{"records TYPE by WHO", w.records},
		{"sees referral FIELDS...", w.sees},
		{"knows nothing of the case", w.knowsNothing},
		{"is sent TYPE", w.isSent},
		{"is refused RULE", w.isRefused},
	}
}

// records checks, as the auditor, that the verified trail holds an event.
func (w *World) records(ctx context.Context, _ local.Member, given []string) (string, error) {
	by := cast()[given[1]].Agency
	if given[1] == "hub" {
		by = events.HubAgency
	}
	return until(ctx, func(ctx context.Context) (string, error) {
		verified, err := w.trail(ctx)
		if err != nil {
			return "", err
		}
		for _, step := range verified.Steps {
			if step.Type.Name() == given[0] && step.By == by {
				return fmt.Sprintf("entry %d, clause %s, verified", step.Entry.Number, step.Entry.Clause), nil
			}
		}
		return "", fmt.Errorf("the trail holds no %s by %s", given[0], given[1])
	})
}

func (w *World) sees(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		waiting, err := client.List[agency.Waiting](ctx, w.people(who), "/v1/inbox", "waiting")
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(waiting, func(one agency.Waiting) bool { return one.Case == w.Case })
		if i < 0 {
			return "", errors.New("no referral of the case waits there")
		}
		text, err := json.Marshal(waiting[i].Facts, json.Deterministic(true))
		if err != nil {
			return "", err
		}
		var facts map[string]jsontext.Value
		if err := json.Unmarshal(text, &facts); err != nil {
			return "", err
		}
		for _, pair := range given {
			name, want, _ := strings.Cut(pair, "=")
			if string(facts[name]) != `"`+want+`"` {
				return "", fmt.Errorf("%s is %s there", name, facts[name])
			}
		}
		w.referral = waiting[i].Referral
		return "matching facts only: " + strings.Join(given, ", "), nil
	})
}

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

// isSent checks that the hub recorded a statement for an addressee and numbered
// a delivery to it. The addressee itself need not be there.
func (w *World) isSent(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		verified, err := w.trail(ctx)
		if err != nil {
			return "", err
		}
		for _, step := range verified.Steps {
			notice, ok := step.Facts.(*events.NoticeSent)
			if !ok || step.Type.Name() != given[0] || notice.To != who.Agency {
				continue
			}
			assigned, err := w.position(ctx, who.Agency)
			if err != nil || assigned < 2 {
				return "", errors.Join(errors.New("nothing is numbered for it"), err)
			}
			return fmt.Sprintf("delivery %d, kept by the hub until %s takes it", assigned, who.Agency), nil
		}
		return "", fmt.Errorf("no %s is addressed to it", given[0])
	})
}

// remember notes what everybody has been sent, before something that only its
// sender may hear of.
func (w *World) remember(ctx context.Context, sender events.AgencyID) error {
	state, err := w.ledger(ctx)
	w.sender, w.before = sender, state.Agencies
	return err
}

// overlook lets a story look at refusals of its own only.
func (w *World) overlook(ctx context.Context) error {
	for _, who := range cast() {
		if !who.Served {
			continue
		}
		all, err := w.refusals(ctx, who)
		if err != nil {
			return err
		}
		for _, r := range all {
			w.refused[who.Agency] = r.delivery
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
// rule, and that nobody but the sender was sent anything.
func (w *World) isRefused(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		next, err := w.nextRefusal(ctx, who)
		if err != nil {
			return "", err
		}
		if string(next.rule) != given[0] {
			return "", fmt.Errorf("%w: it was refused %s", errSettled, next.rule)
		}
		state, err := w.ledger(ctx)
		if err != nil {
			return "", err
		}
		for id, connection := range state.Agencies {
			if id != w.sender && connection.Assigned != w.before[id].Assigned {
				return "", fmt.Errorf("%w: %s was sent something", errSettled, id)
			}
		}
		w.refused[who.Agency] = next.delivery
		return fmt.Sprintf("entry %d, told to its sender as delivery %d, delivered to nobody", next.entry, next.delivery), nil
	})
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
