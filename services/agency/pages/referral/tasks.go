package referral

import (
	"cmp"
	"errors"
	"net/http"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/acts"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/acts/section"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
	"handrail/services/web/access"
)

// taskList is what referral-tasks shows.
type taskList struct {
	Case  events.CaseID // empty: of all cases
	Tasks []Task
	Said  bool // one was answered a moment ago
}

// Task is one open question.
type Task struct {
	agency.Task

	Against string // message of what stands against answering it now
}

// taskPage is what referral-task shows.
type taskPage struct {
	Task
	acts.Questions
}

// tasksOf lists the open questions of the cases that the person works on.
func tasksOf(v *web.Visit, a *agency.Agency, of events.CaseID) ([]Task, error) {
	all, err := a.Tasks(v.Context())
	if err != nil {
		return nil, err
	}
	list := []Task{}
	for _, t := range all {
		if of != "" && t.Case != of || v.May(access.Say, &access.Case{Assigned: a.Assigned(t.Case)}) != nil {
			continue
		}
		one := Task{Task: t}
		if !t.Ready {
			one.Against = "rule." + string(t.Rule)
		}
		list = append(list, one)
	}
	slices.SortStableFunc(list, func(x, y Task) int { return cmp.Or(cmp.Compare(x.Case, y.Case), inOrder(x.Kind)-inOrder(y.Kind)) })
	return list, nil
}

// inOrder is the order in which the questions of one case follow from one another.
func inOrder(kind agency.TaskKind) int {
	return slices.Index([]agency.TaskKind{agency.TellChildProtection, agency.InformRights, agency.AssessRisk, agency.AskConsent, agency.ChooseProvider, agency.SealAnew}, kind)
}

func tasksIn(v *web.Visit, a *agency.Agency, of events.CaseID) (int, error) {
	list, err := tasksOf(v, a, of)
	return len(list), err
}

func listTasks(v *web.Visit, a *agency.Agency, of events.CaseID) (web.Answer, error) {
	if of != "" {
		if err := v.May(access.SeeCase, &access.Case{Assigned: a.Assigned(of)}); err != nil {
			return nil, err
		}
	}
	list, err := tasksOf(v, a, of)
	if err != nil {
		return nil, err
	}
	heading, err := v.Say("referral.tasks")
	return web.Show{Template: "referral-tasks", Title: heading, Data: taskList{Case: of, Tasks: list, Said: v.URL.Query().Get("said") != ""}}, err
}

// question is a task whose form is shown or read.
type question struct {
	Task

	members []form.Member
	choices form.Choices
	values  []events.Section // that the answer may hold whole
}

func askedTask(v *web.Visit, a *agency.Agency) (question, error) {
	all, err := tasksOf(v, a, "")
	if err != nil {
		return question{}, err
	}
	at := slices.IndexFunc(all, func(t Task) bool { return string(t.ID) == v.PathValue("task") })
	if at < 0 {
		return question{}, events.Refuse(agency.RuleTaskUnknown, "", "there is no such open question")
	}
	q := question{Task: all[at]}
	return q, q.read(v, a)
}

func showTask(v *web.Visit, a *agency.Agency, values url.Values, problems ask.Problems) (web.Answer, error) {
	q, err := askedTask(v, a)
	if err != nil {
		return nil, err
	}
	p := taskPage{Task: q.Task}
	heading, err := v.Say("referral.task.title." + string(q.Kind))
	if err != nil {
		return nil, err
	}
	answer := web.Show{Template: "referral-task", Title: heading, Data: &p}
	if len(problems) > 0 {
		answer.Status = http.StatusUnprocessableEntity
	}
	fields, err := form.Show(about(q.Kind), q.members, v.Words, values, q.choices, problems)
	if err != nil {
		return nil, err
	}
	p.Lay(fields...)
	for _, s := range q.values {
		if fields, err = acts.SectionFields(v, s, values, problems); err != nil {
			return nil, err
		}
		p.Lay(fields...)
	}
	return answer, p.Sum(v.Words, problems)
}

// about names a task, and the statement whose members it asks for.
func about(kind agency.TaskKind) string {
	says := map[agency.TaskKind]events.Type{
		agency.InformRights: events.TypeRightsInformed, agency.AssessRisk: events.TypeRiskAssessed, agency.TellChildProtection: events.TypeNoticeSent,
		agency.AskConsent: events.TypeConsentGiven, agency.ChooseProvider: events.TypeReferralRequested,
	}
	return string(kind) + " " + says[kind].Name()
}

func answerTask(v *web.Visit, a *agency.Agency) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	q, err := askedTask(v, a)
	if err != nil {
		return nil, err
	}
	given, problems := form.Collect(q.members, v.PostForm, q.choices)
	if err := q.sections(v.PostForm, given, problems); err != nil {
		return nil, err
	}
	if len(problems) > 0 {
		return showTask(v, a, v.PostForm, problems)
	}
	body, err := json.Marshal(given, json.Deterministic(true))
	if err != nil {
		return showTask(v, a, v.PostForm, ask.Problems{"": {Key: "rule." + string(events.RuleDataMalformed)}})
	}
	_, err = a.AnswerTask(v.Context(), q.ID, body)
	if violated, is := errors.AsType[*events.Violation](err); is && violated.Rule != agency.RuleTaskUnknown {
		return showTask(v, a, v.PostForm, q.problems(violated))
	}
	if err != nil {
		return nil, err
	}
	return web.Go("/cases/" + string(q.Case) + "/tasks?said=task"), nil
}

// problems puts a violation beside the question that it is about.
func (q question) problems(v *events.Violation) ask.Problems {
	f := form.Form{Members: q.members}
	problems := ask.Problems{}
	if all, is := errors.AsType[ask.Problems](f.ProblemsOf(v)); is {
		problems = all
	}
	return problems
}

// sections adds the sections that were written to an answer that may hold them.
func (q question) sections(from url.Values, given map[string]any, problems ask.Problems) error {
	written := map[string]jsontext.Value{}
	for _, s := range q.values {
		value, tooLong, err := section.Read(s, from.Get)
		if err != nil {
			return err
		}
		for _, name := range tooLong {
			problems.Refuse(name, "acts.error.long")
		}
		if value != nil {
			written[string(s)] = value
		}
	}
	if len(written) > 0 {
		given["values"] = written
	}
	return nil
}
