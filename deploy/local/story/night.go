package story

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"handrail/contracts/mou"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// nightActs are the request in eight choices, the questions about it, and the
// calls that are no case.
func (w *World) nightActs() []act {
	return []act{
		{"asks for tonight twice FIELDS...", w.asksTwice},
		{"asks for tonight FIELDS...", w.asksTonight},
		{"is not let to ask for tonight FIELDS...", w.notLetTonight},
		{"asks back TEXT...", w.asksBack},
		{"replies TEXT...", w.replies},
		{"writes a call down TOPIC TEXT...", w.writesCallDown},
	}
}

// tonight builds the request; an underscore stands for a space in what is sealed.
func tonight(given []string) ([]byte, error) {
	words := slices.Clone(given)
	for i, word := range words {
		name, value, _ := strings.Cut(word, "=")
		words[i] = name + "=" + strings.ReplaceAll(value, "_", " ")
	}
	return client.Object(words, func(member string) string {
		switch {
		case member == "children":
			return "object"
		case slices.Contains([]string{"need", "dangers", "access", "except", "present", "to"}, member):
			return "many"
		}
		return "one"
	})
}

// asksTonight asks for a bed and waits until everything that it makes is
// recorded. The story is about that case from then on.
func (w *World) asksTonight(ctx context.Context, who local.Member, given []string) (string, error) {
	body, err := tonight(given)
	if err != nil {
		return "", err
	}
	var asked agency.Asked
	if err := w.people(who).Post(ctx, "/v1/tonight", body, &asked); err != nil {
		return "", err
	}
	w.enter(asked.Case)
	w.referral = asked.Referral
	names := make([]string, len(asked.Asked))
	for i, c := range asked.Asked {
		names[i] = string(c.Agency)
	}
	if _, err := until(ctx, func(ctx context.Context) (string, error) { return w.settled(ctx, who) }); err != nil {
		return "", err
	}
	return fmt.Sprintf("case %s: %d statements in one breath; asked %s: %s. %s",
		short(asked.Case), asked.Events, asked.Order, strings.Join(names, ", "), asked.Nobody.Says), nil
}

// asksTwice asks for a bed under a case id of its own and sends the same again, as
// somebody does who does not know whether it arrived. It checks that the second
// answer points at the id, and that the agency has said everything once.
func (w *World) asksTwice(ctx context.Context, who local.Member, given []string) (string, error) {
	id, err := events.NewUUID(time.Now(), rand.Reader)
	if err != nil {
		return "", err
	}
	given = append(slices.Clone(given), "case="+id)
	if _, err := w.asksTonight(ctx, who, given); err != nil {
		return "", err
	}
	var before, after agency.OutboxView
	if err := w.people(who).Get(ctx, "/v1/outbox", &before); err != nil {
		return "", err
	}
	problem, err := w.tonightProblem(ctx, who, given)
	if err != nil {
		return "", err
	}
	if problem.Rule != string(mou.RuleCaseExists) || problem.Pointer != "/case" {
		return "", fmt.Errorf("the second time it is told %w", problem)
	}
	if err := w.people(who).Get(ctx, "/v1/outbox", &after); err != nil {
		return "", err
	}
	if string(w.Case) != id || len(after.Said) != len(before.Said) {
		return "", fmt.Errorf("the second time it says %d more", len(after.Said)-len(before.Said))
	}
	return "the second time: " + problem.Error(), nil
}

// settled says whether the ledger has answered everything that an agency said
// of the case, and refused nothing.
func (w *World) settled(ctx context.Context, who local.Member) (string, error) {
	var out agency.OutboxView
	if err := w.people(who).Get(ctx, "/v1/outbox", &out); err != nil {
		return "", err
	}
	for _, said := range out.Said {
		switch {
		case said.Case != w.Case || said.State == "admitted":
		case said.State == "refused":
			return "", fmt.Errorf("%w: the ledger refused %s: %s", errSettled, said.Type, said.Rule)
		default:
			return "", fmt.Errorf("%s is %s", said.Type, said.State)
		}
	}
	return "", nil
}

func (w *World) notLetTonight(ctx context.Context, who local.Member, given []string) (string, error) {
	problem, err := w.tonightProblem(ctx, who, given)
	if err != nil {
		return "", err
	}
	return problem.Error(), nil
}

// tonightProblem asks for a bed and gives what stands against it.
func (w *World) tonightProblem(ctx context.Context, who local.Member, given []string) (*client.ProblemError, error) {
	body, err := tonight(given)
	if err != nil {
		return nil, err
	}
	err = w.people(who).Post(ctx, "/v1/tonight", body, nil)
	var problem *client.ProblemError
	if !errors.As(err, &problem) {
		return nil, errors.Join(errors.New("the desk let it pass"), err)
	}
	return problem, nil
}

func (w *World) asksBack(ctx context.Context, who local.Member, given []string) (string, error) {
	var made agency.SaidOf
	if err := w.people(who).Post(ctx, "/v1/questions", agency.Asking{Case: w.Case, Referral: w.referral, Text: strings.Join(given, " ")}, &made); err != nil {
		return "", err
	}
	return until(ctx, func(ctx context.Context) (string, error) { return w.admitted(ctx, who, made.Events[0]) })
}

// replies answers the newest question about the case that reached the agency.
func (w *World) replies(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		all, err := client.List[agency.AskedQuestion](ctx, w.people(who), "/v1/questions", "questions")
		if err != nil {
			return "", err
		}
		for _, q := range slices.Backward(all) {
			if q.Case != w.Case || q.To != who.Agency || q.Answered != "" {
				continue
			}
			var made agency.SaidOf
			err := w.people(who).Post(ctx, "/v1/questions/answer", agency.Replying{Case: w.Case, Question: q.Question, Text: strings.Join(given, " ")}, &made)
			if err != nil {
				return "", errors.Join(errSettled, err)
			}
			return until(ctx, func(ctx context.Context) (string, error) { return w.admitted(ctx, who, made.Events[0]) })
		}
		return "", errors.New("no question waits there")
	})
}

// writesCallDown notes a call, and checks that nothing of it left the house.
func (w *World) writesCallDown(ctx context.Context, who local.Member, given []string) (string, error) {
	var kept agency.Contact
	note := map[string]string{"topic": given[0], "note": strings.Join(given[1:], " ")}
	if err := w.people(who).Post(ctx, "/v1/contacts", note, &kept); err != nil {
		return "", err
	}
	var out agency.OutboxView
	if err := w.people(who).Get(ctx, "/v1/outbox", &out); err != nil {
		return "", err
	}
	if slices.ContainsFunc(out.Said, func(s agency.SaidView) bool { return s.State == "waiting" }) {
		return "", errors.New("something is on its way to the hub")
	}
	return "kept in the hotline's own site until " + kept.Deleted.Format("2006-01-02"), nil
}
