package story

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"handrail/deploy/local"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// lineActs are about what is late, and who answered a withdrawal.
func (w *World) lineActs() []act {
	return []act{
		{"sees overdue DUTY by WHO", w.seesOverdue},
		{"is turned to because of DUTY", w.isTurnedTo},
		{"sees of the TYPE ANSWERED...", w.seesAnswered},
	}
}

func (w *World) seesOverdue(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		var all agency.Overdue
		if err := w.people(who).Get(ctx, "/v1/overdue", &all); err != nil {
			return "", err
		}
		i := slices.IndexFunc(all.Clocks, func(l agency.Late) bool {
			return l.Case == w.Case && string(l.Duty) == given[0] && l.Owes == byName(given[1])
		})
		if i < 0 {
			return "", errors.New("it is not late there")
		}
		late := all.Clocks[i]
		return fmt.Sprintf("%s: %s. %s", late.Says, late.State, late.Next), nil
	})
}

// isTurnedTo checks that a chase came to an agency, which learns nothing else.
func (w *World) isTurnedTo(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		var all agency.Overdue
		if err := w.people(who).Get(ctx, "/v1/overdue", &all); err != nil {
			return "", err
		}
		i := slices.IndexFunc(all.Escalated, func(e agency.Escalated) bool { return e.Case == w.Case && string(e.Because) == given[0] })
		if i < 0 {
			return "", errors.New("nobody turned to it")
		}
		return all.Escalated[i].Says, nil
	})
}

// seesAnswered checks what an agency sees of the holders' answers to the last
// statement of a type: "2 of 3 answered, one late".
func (w *World) seesAnswered(ctx context.Context, who local.Member, given []string) (string, error) {
	want := strings.Join(given[1:], " ")
	return until(ctx, func(ctx context.Context) (string, error) {
		all, err := client.List[agency.Withdrawal](ctx, w.people(who), "/v1/withdrawals/"+url.PathEscape(string(w.Case)), "withdrawals")
		if err != nil {
			return "", err
		}
		for _, one := range slices.Backward(all) {
			if one.Type != given[0] {
				continue
			}
			if one.Says != want {
				return "", errors.New(one.Says)
			}
			var each []string
			for _, h := range one.Holders {
				each = append(each, string(h.Agency)+" "+h.Answer)
			}
			return strings.Join(each, ", "), nil
		}
		return "", fmt.Errorf("no %s is seen there", given[0])
	})
}
