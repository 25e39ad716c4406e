package story

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/police"
)

// intakeActs are what systems that meet people first send, and what comes back.
func (w *World) intakeActs() []act {
	return []act{
		{"receives form FILE", w.receives},
		{"receives notification FILE", w.receives},
		{"receives the same form again as the same case", w.receivesAgain},
		{"is told what was dropped", w.toldDropped},
		{"is asked to KINDS...", w.asked},
		{"is not asked to KIND", w.notAsked},
		{"answers KIND FIELDS...", w.answers},
	}
}

// file posts the last form that was filled in.
func (w *World) file(ctx context.Context, who local.Member) (agency.Filed, error) {
	var filed agency.Filed
	system, err := w.system(who)
	if err != nil {
		return filed, err
	}
	err = system.Post(ctx, "/v1/intake/uk-nrm", w.form, &filed)
	return filed, err
}

// fill fills a form in anew: under an id of its own, as the form's system gives it.
func (w *World) fill(name string) error {
	form, err := police.Form(name)
	if err != nil {
		return err
	}
	members := map[string]jsontext.Value{}
	if err := json.Unmarshal(form, &members); err != nil {
		return fmt.Errorf("filling in a form: %w", err)
	}
	id, err := events.NewUUID(time.Now(), rand.Reader)
	if err != nil {
		return err
	}
	members["ExternalId"] = jsontext.Value(`"` + id + `"`)
	w.form, err = json.Marshal(members, json.Deterministic(true))
	return err
}

func (w *World) receives(ctx context.Context, who local.Member, given []string) (string, error) {
	if err := w.fill(given[0]); err != nil {
		return "", err
	}
	filed, err := w.file(ctx, who)
	if err != nil {
		return "", err
	}
	w.enter(filed.Case)
	w.filed = filed
	return fmt.Sprintf("case %s; kept sealed at the police: %s; dropped: %d fields", short(filed.Case), list(filed.Sections), len(filed.Dropped)), nil
}

func (w *World) receivesAgain(ctx context.Context, who local.Member, _ []string) (string, error) {
	filed, err := w.file(ctx, who)
	if err != nil {
		return "", err
	}
	if filed.Case != w.Case {
		return "", errors.New("the same form opened another case")
	}
	return "the same answer, no second case", nil
}

func (w *World) toldDropped(context.Context, local.Member, []string) (string, error) {
	if len(w.filed.Dropped) == 0 {
		return "", errors.New("nothing was reported as dropped")
	}
	var fields []string
	for _, d := range w.filed.Dropped {
		fields = append(fields, d.Field)
	}
	slices.Sort(fields)
	return fmt.Sprintf("%d fields were not kept, among them %s", len(fields), strings.Join(fields[:min(4, len(fields))], ", ")), nil
}

// open gives the open tasks of the current case.
func (w *World) open(ctx context.Context, who local.Member) (map[agency.TaskKind]agency.Task, error) {
	all, err := w.people(who).Tasks(ctx)
	tasks := map[agency.TaskKind]agency.Task{}
	for _, t := range all {
		if t.Case == w.Case {
			tasks[t.Kind] = t
		}
	}
	return tasks, err
}

// asked waits until every question is open: what another agency says may open one.
func (w *World) asked(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		tasks, err := w.open(ctx, who)
		if err != nil {
			return "", err
		}
		for kind := range strings.SplitSeq(strings.Join(given, " "), ", ") {
			if _, ok := tasks[agency.TaskKind(kind)]; !ok {
				return "", fmt.Errorf("nobody is asked to %s", kind)
			}
		}
		return fmt.Sprintf("%d open questions", len(tasks)), nil
	})
}

func (w *World) notAsked(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		tasks, err := w.open(ctx, who)
		if err != nil {
			return "", err
		}
		if _, ok := tasks[agency.TaskKind(given[0])]; ok {
			return "", fmt.Errorf("somebody is asked to %s", given[0])
		}
		return "", nil
	})
}

func (w *World) answers(ctx context.Context, who local.Member, given []string) (string, error) {
	tasks, err := w.open(ctx, who)
	if err != nil {
		return "", err
	}
	task, ok := tasks[agency.TaskKind(given[0])]
	if !ok {
		return "", fmt.Errorf("nobody is asked to %s", given[0])
	}
	made, err := w.people(who).Answer(ctx, task, given[1:])
	if err != nil {
		return "", err
	}
	for _, id := range made {
		if _, err := until(ctx, func(ctx context.Context) (string, error) { return w.admitted(ctx, who, id) }); err != nil {
			return "", err
		}
	}
	if len(made) > 0 {
		w.last = made[0]
	}
	if task.Kind == agency.ChooseProvider {
		w.referral = made[0]
	}
	return fmt.Sprintf("%d signed and recorded", len(made)), nil
}

// admitted says whether the agency holds the ledger's receipt for an event.
func (w *World) admitted(ctx context.Context, who local.Member, id events.EventID) (string, error) {
	line, err := w.said(ctx, who, id)
	switch {
	case err != nil:
		return "", err
	case line.State == "refused":
		return "", fmt.Errorf("%w: the ledger refused %s: %s", errSettled, line.Type, line.Rule)
	case line.State != "admitted":
		return "", fmt.Errorf("%s is %s", line.Type, line.State)
	}
	return fmt.Sprintf("entry %d", *line.Entry), nil
}

func (w *World) said(ctx context.Context, who local.Member, id events.EventID) (agency.SaidView, error) {
	var out agency.OutboxView
	if err := w.people(who).Get(ctx, "/v1/outbox", &out); err != nil {
		return agency.SaidView{}, err
	}
	i := slices.IndexFunc(out.Said, func(s agency.SaidView) bool { return s.ID == id })
	if i < 0 {
		return agency.SaidView{}, errors.New("the agency did not say it")
	}
	return out.Said[i], nil
}

func short(id events.CaseID) string { return "…" + string(id[max(0, len(id)-6):]) }

func list[T ~string](all []T) string {
	words := make([]string, len(all))
	for i, one := range all {
		words[i] = string(one)
	}
	if len(words) == 0 {
		return "nothing"
	}
	return strings.Join(words, ", ")
}
