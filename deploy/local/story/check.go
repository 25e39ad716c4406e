package story

import (
	"context"
	"errors"
	"fmt"
	"net/url"
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
		{"records TYPE by WHO FIELDS...", w.records},
		{"records no TYPE", w.recordsNo},
		{"sees referral FIELDS...", w.sees},
		{"is sent TYPE", w.isSent},
		{"is refused RULE", w.isRefused},
		{"does not see the referral", w.seesNoReferral},
		{"sees WHO as STATE", w.seesLeg},
		{"may not say TYPE", w.mayNotSay},
		{"has not heard TYPE", w.hasNotHeard},
	}
}

// records checks, as the auditor, that the verified trail holds an event, with
// these members among its facts: the newest of its type that the agency's own
// service said of the case, so that an older one does not stand in for it. Of the
// hub, and of an agency that has no service here, it is the first that fits.
func (w *World) records(ctx context.Context, _ local.Member, given []string) (string, error) {
	by := byName(given[1])
	return until(ctx, func(ctx context.Context) (string, error) {
		said, err := w.newest(ctx, by, given[0])
		if err != nil {
			return "", err
		}
		verified, err := w.trail(ctx)
		if err != nil {
			return "", err
		}
		for _, step := range verified.Steps {
			if said != "" && step.Item.ID != said {
				continue
			}
			if step.Type.Name() == given[0] && step.By == by && holds(step.Facts, given[2:]) {
				return fmt.Sprintf("entry %d, clause %s, verified", step.Entry.Number, step.Entry.Clause), nil
			}
		}
		if said != "" {
			return "", fmt.Errorf("the newest %s by %s is not in the trail, or says otherwise: %s", given[0], given[1], said)
		}
		return "", fmt.Errorf("the trail holds no %s by %s %s", given[0], given[1], strings.Join(given[2:], " "))
	})
}

// newest is the last statement of a type that an agency's service said of the
// case, whatever became of it; empty if it has none, or no service here.
func (w *World) newest(ctx context.Context, by events.AgencyID, kind string) (events.EventID, error) {
	if address, ok := w.directions.Address(by); !ok || address.Intake == "" {
		return "", nil
	}
	var out agency.OutboxView
	if err := client.People(w.at.Agency(by)).Get(ctx, "/v1/outbox", &out); err != nil {
		return "", err
	}
	for _, said := range slices.Backward(out.Said) {
		switch {
		case said.Case != w.Case || said.Type != kind:
		case said.State == "refused":
			return "", fmt.Errorf("%w: the ledger refused the newest %s: %s", errSettled, kind, said.Rule)
		default:
			return said.ID, nil
		}
	}
	return "", nil
}

func (w *World) recordsNo(ctx context.Context, _ local.Member, given []string) (string, error) {
	verified, err := w.trail(ctx)
	if err != nil {
		return "", err
	}
	for _, step := range verified.Steps {
		if step.Type.Name() == given[0] {
			return "", fmt.Errorf("entry %d is one", step.Entry.Number)
		}
	}
	return fmt.Sprintf("none among %d entries", len(verified.Steps)), nil
}

// byName finds an agency by the name that the stories call it, or by its id.
func byName(name string) events.AgencyID {
	if name == hubName {
		return events.HubAgency
	}
	if who, known := cast()[name]; known {
		return who.Agency
	}
	return events.AgencyID(name)
}

// holds says whether facts have these members; several values of one are
// written with commas.
func holds(facts events.Payload, pairs []string) bool {
	text, err := json.Marshal(facts, json.Deterministic(true))
	if err != nil {
		return false
	}
	var members map[string]jsontext.Value
	if json.Unmarshal(text, &members) != nil {
		return false
	}
	for _, pair := range pairs {
		name, want, _ := strings.Cut(pair, "=")
		if said := strings.NewReplacer(`"`, "", "[", "", "]", "").Replace(string(members[name])); said != want {
			return false
		}
	}
	return true
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

// seesNoReferral checks that nothing of the case waits at an agency for an answer.
func (w *World) seesNoReferral(ctx context.Context, who local.Member, _ []string) (string, error) {
	waiting, err := client.List[agency.Waiting](ctx, w.people(who), "/v1/inbox", "waiting")
	if err != nil {
		return "", err
	}
	if slices.ContainsFunc(waiting, func(one agency.Waiting) bool { return one.Case == w.Case }) {
		return "", errors.New("a referral of the case waits there")
	}
	return "", nil
}

// mayNotSay waits until an agency's own view lets it say a type no more: what
// somebody else did may have to reach it first.
func (w *World) mayNotSay(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		var view agency.CaseView
		if err := w.people(who).Get(ctx, "/v1/cases/"+url.PathEscape(string(w.Case)), &view); err != nil {
			return "", err
		}
		why := "nothing to say it about"
		for _, move := range view.Next {
			if move.Type.Name() != given[0] {
				continue
			}
			if move.Allowed {
				return "", fmt.Errorf("it may say %s", given[0])
			}
			why = string(move.Rule) + ": " + move.Reason
		}
		return why, nil
	})
}

// hasNotHeard checks that an agency that knows of the case knows of no statement
// of a type in it.
func (w *World) hasNotHeard(ctx context.Context, who local.Member, given []string) (string, error) {
	var view agency.CaseView
	if err := w.people(who).Get(ctx, "/v1/cases/"+url.PathEscape(string(w.Case)), &view); err != nil {
		return "", err
	}
	for _, line := range view.Trail {
		if line.Type == given[0] {
			return "", fmt.Errorf("%s by %s stands in what it sees", line.Type, line.By)
		}
	}
	return fmt.Sprintf("not among the %d statements that it sees", len(view.Trail)), nil
}

// seesLeg checks how an agency sees the part of another in the current referral.
func (w *World) seesLeg(ctx context.Context, who local.Member, given []string) (string, error) {
	of := byName(given[0])
	return until(ctx, func(ctx context.Context) (string, error) {
		var view agency.CaseView
		if err := w.people(who).Get(ctx, "/v1/cases/"+url.PathEscape(string(w.Case)), &view); err != nil {
			return "", err
		}
		state := "nowhere"
		for _, r := range view.Referrals {
			for _, leg := range r.Legs {
				if r.ID == w.referral && leg.To == of {
					state = string(leg.State)
				}
			}
		}
		if state != given[1] {
			return "", fmt.Errorf("it is %s there", state)
		}
		return "", nil
	})
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
