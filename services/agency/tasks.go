package agency

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
)

// RuleTaskUnknown answers the id of a task that is not open.
const RuleTaskUnknown events.Rule = "task-unknown"

// TaskKind is what a task asks.
type TaskKind string

// The questions that a form may leave open.
const (
	InformRights        TaskKind = "inform-rights"
	AssessRisk          TaskKind = "assess-risk"
	TellChildProtection TaskKind = "tell-child-protection"
	AskConsent          TaskKind = "ask-consent"
	ChooseProvider      TaskKind = "choose-provider"
	SealAnew            TaskKind = "seal-anew" // not of a form: a recipient's key ended
)

// Task is an open question about a case. Which tasks can be answered now
// follows from the memorandum, not from an order of theirs.
type Task struct {
	ID      TaskID        `json:"id"`
	Case    events.CaseID `json:"case"`
	Kind    TaskKind      `json:"kind"`
	Prompt  string        `json:"prompt"`
	Created time.Time     `json:"created"`
	Ready   bool          `json:"ready"`
	Rule    events.Rule   `json:"rule,omitzero"`   // what stands against answering it now
	Reason  string        `json:"reason,omitzero"` // the same in plain English
	Answer  []Field       `json:"answer"`          // the members of the answer, a JSON object
}

// Field is one member of an answer.
type Field struct {
	Name      string         `json:"name"`
	Says      string         `json:"says"`
	Form      string         `json:"form"` // one, many, yes-no, time, object
	Codes     []string       `json:"codes,omitzero"`
	Needed    bool           `json:"needed,omitzero"`
	Suggested jsontext.Value `json:"suggested,omitzero"`
}

// question is how one kind of task is asked, gated, and answered.
type question struct {
	prompt string
	gate   events.Type // the memorandum's word on this type says whether it can be answered now; empty: at any time

	// known says whether the case holds the answer as it stands now. The question is
	// asked again when that changes: a refusal by the ledger, a decline, a consent that ends.
	known func(a *Agency, f *file, now time.Time) bool

	stands func(a *Agency, f *file, now time.Time) *events.Violation // nil: only the memorandum's word counts
	note   func(a *Agency, f *file, now time.Time) string            // nil: nothing to add to the prompt
	fields func(a *Agency, t task) []Field
	answer func(a *Agency, ctx context.Context, t task, body []byte, now time.Time) (reply, error)
}

// reply is what an answer makes.
type reply struct {
	statements []Statement
	also       func(*sql.Tx) error // nil: nothing else is stored with them
	later      bool                // not now: the question stays open
}

func questionOf(kind TaskKind) (question, bool) {
	q, ok := map[TaskKind]question{
		InformRights:        informRights(),
		AssessRisk:          assessRisk(),
		TellChildProtection: tellChildProtection(),
		AskConsent:          askConsent(),
		ChooseProvider:      chooseProvider(),
		SealAnew:            askSealAnew(),
	}[kind]
	return q, ok
}

// Tasks lists the open tasks, oldest first. A question whose answer the case
// holds is not asked; one whose answer does not stand any more is asked again,
// under the same id.
func (a *Agency) Tasks(ctx context.Context) ([]Task, error) {
	rows, err := readTasks(ctx, a.journal.reader, "")
	if err != nil {
		return nil, err
	}
	held, err := a.expiring(ctx)
	if err != nil {
		return nil, err
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	now := a.now()
	tasks := []Task{}
	for _, row := range rows {
		if shown, open := a.task(row, now); open {
			shown.Prompt += deletion(held, row.of)
			tasks = append(tasks, shown)
		}
	}
	return tasks, nil
}

// task shows a task as the case stands. Agency.mu is held.
func (a *Agency) task(t task, now time.Time) (Task, bool) {
	q, known := questionOf(t.kind)
	f := a.book.files[t.of]
	if !known || f == nil || f.tentative.Status() == mou.StatusClosed || q.known(a, f, now) {
		return Task{}, false
	}
	shown := Task{ID: t.id, Case: t.of, Kind: t.kind, Prompt: q.prompt, Created: t.created, Answer: q.fields(a, t)}
	if q.note != nil {
		shown.Prompt += q.note(a, f, now)
	}
	if shown.Ready = true; q.gate != "" {
		shown.Ready, shown.Rule, shown.Reason = a.gate(f, q.gate, now)
	}
	if shown.Ready && q.stands != nil {
		if v := q.stands(a, f, now); v != nil {
			shown.Ready, shown.Rule, shown.Reason = false, v.Rule, v.Reason
		}
	}
	return shown, true
}

// deletion warns whoever is asked about a case of which sections will be deleted.
func deletion(held []HeldBack, of events.CaseID) string {
	for _, h := range held {
		if h.Case == of {
			return fmt.Sprintf(" What the form said about the person is deleted here on %s if it is not shared by then.", h.Deleted.Format(time.DateOnly))
		}
	}
	return ""
}

// gate asks the memorandum whether this agency may say a type now.
func (a *Agency) gate(f *file, t events.Type, now time.Time) (ready bool, rule events.Rule, reason string) {
	for _, move := range f.tentative.Next(a.config.Agency, now) {
		if move.Type == t && move.Referral == "" {
			return move.Allowed, move.Rule, move.Reason
		}
	}
	return false, mou.RulePower, "the memorandum does not let an agency of this kind say it"
}

// AnswerTask turns an answer into the events that it stands for. The events
// and the answer become durable together. Errors: *events.Violation
// that names the member of the answer, or the rule of the memorandum.
func (a *Agency) AnswerTask(ctx context.Context, id TaskID, body []byte) ([]events.EventID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	rows, err := readTasks(ctx, a.journal.reader, id)
	if err != nil {
		return nil, err
	}
	now := a.now()
	if len(rows) != 1 {
		return nil, errTaskAnswered()
	}
	if _, open := a.task(rows[0], now); !open {
		return nil, errTaskAnswered()
	}
	q, _ := questionOf(rows[0].kind)
	made, err := q.answer(a, ctx, rows[0], body, now)
	if err != nil || made.later {
		return []events.EventID{}, err
	}
	ids := make([]events.EventID, len(made.statements))
	for i := range made.statements {
		if made.statements[i].ID, err = newID(made.statements[i].ID, now); err != nil {
			return nil, err
		}
		made.statements[i].Case, ids[i] = rows[0].of, made.statements[i].ID
	}
	answered, err := a.sayLocked(ctx, true, func(tx *sql.Tx) error {
		if made.also != nil {
			if err := made.also(tx); err != nil {
				return err
			}
		}
		return taskAnswered(ctx, tx, id, ids, now)
	}, made.statements...)
	if err == nil && made.also != nil {
		a.anew, err = readAnew(ctx, a.journal.reader)
	}
	return answered, err
}

// asked is the part that every answer has: when and how the person was asked.
type asked struct {
	Happened events.Time    `json:"happened,omitzero"` // absent: now
	Channel  events.Channel `json:"channel,omitzero"`  // absent: in person
}

func (w asked) said(now time.Time) events.Said {
	s := events.Said{Happened: w.Happened, Recorded: events.At(now), Channel: w.Channel}
	if s.Happened.IsZero() {
		s.Happened = s.Recorded
	}
	if s.Channel == "" {
		s.Channel = events.InPerson
	}
	return s
}

func askedFields(more ...Field) []Field {
	return append(more,
		Field{Name: "happened", Says: "When it happened, if not just now.", Form: "time"},
		Field{Name: "channel", Says: "How, if not in person.", Form: "one", Codes: events.Channel("").Codes()})
}

// suggest gives a hint as JSON; none for a zero one.
func suggest[T any](hint T, known bool) jsontext.Value {
	if !known {
		return nil
	}
	text, err := json.Marshal(hint, json.Deterministic(true))
	if err != nil {
		return nil // a suggestion only
	}
	return text
}

func agencyCodes(ids []events.AgencyID) []string {
	codes := make([]string, len(ids))
	for i, id := range ids {
		codes[i] = string(id)
	}
	return slices.Compact(codes)
}
