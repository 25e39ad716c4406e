package report

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
)

// kind is the name under which drafts of this form are kept.
const kind = "report"

// The steps, in their order.
const (
	stepNow     = "now"
	stepRights  = "rights"
	stepConsent = "consent"
	stepWayBack = "way-back"
	stepNeeds   = "needs"
	stepDetails = "details"
	stepSigns   = "signs"
	stepWhom    = "whom"
	stepCheck   = "check"
)

// typed is a draft as it is kept: what each step's form sent, and when it was last
// sent for good.
type typed struct {
	Steps map[string]url.Values `json:"steps"`
	At    map[string]time.Time  `json:"at"`
	Open  map[string]bool       `json:"open,omitzero"` // changed since: to be sent once more
}

// form is a draft with all that is read from it. Every visit reads it anew.
type form struct {
	a        *agency.Agency
	id       events.CaseID
	draft    agency.FormDraft
	profile  *mou.Profile
	offers   []agency.OfferView
	typed    typed
	told     told
	problems map[string]ask.Problems // of each step that was sent
}

func newForm(a *agency.Agency, draft agency.FormDraft) (*form, error) {
	f := &form{a: a, id: draft.ID, draft: draft}
	if err := json.Unmarshal(draft.Form, &f.typed); err != nil {
		return nil, fmt.Errorf("reading a draft: %w", err)
	}
	if f.typed.Steps == nil {
		f.typed = typed{Steps: map[string]url.Values{}, At: map[string]time.Time{}}
	}
	if f.typed.Open == nil {
		f.typed.Open = map[string]bool{}
	}
	var err error
	if f.profile, err = a.Profile(); err != nil {
		return nil, err
	}
	if f.offers, err = a.Offers(); err != nil {
		return nil, err
	}
	slices.SortStableFunc(f.offers, func(x, y agency.OfferView) int { return place(x) - place(y) })
	f.read()
	return f, nil
}

// place puts the offers in the order in which they are spoken of: help first, then
// whom the person need not meet to be helped.
func place(o agency.OfferView) int {
	order := []string{"bed", "social", "doctor", "counselling", "lawyer", "police", "residence", "return", "embassy"}
	if at := slices.Index(order, o.Name); at >= 0 {
		return at
	}
	return len(order)
}

// seen is the name under which a step's form says when the step was last sent: what a
// page still saves after that is older than what was sent.
const seen = "seen"

// tries is how often a draft that changes meanwhile is read again.
const tries = 20

// keep stores a step's answers; sent says that whoever typed them went on: then what a
// changed answer closes is forgotten. A step that is changed and not sent again is open.
func (f *form) keep(v *web.Visit, name string, given url.Values, sent bool) error {
	from := given.Get(seen)
	given.Del(seen)
	given.Del("go")
	for range tries {
		if !sent && from != f.version(name) {
			return nil
		}
		text, err := f.with(name, given, sent, v.Now)
		if err != nil {
			return err
		}
		f.draft.Form = text
		if err = f.a.KeepForm(v.Context(), f.draft); !errors.Is(err, agency.ErrFormChanged) {
			return err
		}
		draft, err := f.a.Form(v.Context(), f.id)
		if err != nil {
			return err
		}
		anew, err := newForm(f.a, draft)
		if err != nil {
			return err
		}
		*f = *anew
	}
	return agency.ErrFormChanged
}

// version says when a step was last sent.
func (f *form) version(name string) string {
	if at := f.typed.At[name]; !at.IsZero() {
		return at.Format(time.RFC3339Nano)
	}
	return "never"
}

// with is the draft with a step's answers.
func (f *form) with(name string, given url.Values, sent bool, now time.Time) (jsontext.Value, error) {
	f.typed.Steps[name] = given
	if sent {
		f.typed.At[name] = now.UTC()
		delete(f.typed.Open, name)
	} else if !f.typed.At[name].IsZero() {
		f.typed.Open[name] = true
	}
	f.read()
	if sent {
		f.forget() // not while somebody still tries an answer out
	}
	text, err := json.Marshal(f.typed, json.Deterministic(true))
	if err != nil {
		return nil, web.ErrUnreadable // text that is no UTF-8
	}
	return text, nil
}

// forget drops what was typed where the person's answers leave no room for it.
func (f *form) forget() {
	steps := f.steps()
	for name := range f.typed.Steps {
		if !slices.Contains(steps, name) {
			delete(f.typed.Steps, name)
			delete(f.typed.At, name)
			delete(f.typed.Open, name)
		}
	}
	for _, part := range parts() {
		if !slices.Contains(f.told.may(f), part.section) {
			for _, field := range part.fields {
				f.typed.Steps[stepDetails].Del(field.Name)
			}
		}
	}
	f.read()
}

// steps are those that the answers so far leave.
func (f *form) steps() []string {
	steps := []string{stepNow, stepRights, stepConsent}
	if f.helps() {
		return append(steps, stepNeeds, stepDetails, stepSigns, stepWhom, stepCheck)
	}
	return append(steps, stepWayBack, stepCheck)
}

// done says whether a step was sent and can stand.
func (f *form) done(name string) bool {
	return !f.typed.At[name].IsZero() && !f.typed.Open[name] && len(f.problems[name]) == 0
}

// next is the first step that is not done; else the last.
func (f *form) next() string {
	for _, name := range f.steps() {
		if !f.done(name) {
			return name
		}
	}
	return stepCheck
}

// reached says whether a step is one that can be gone to: one that is done, or the next.
func (f *form) reached(name string) bool {
	steps := f.steps()
	at := slices.Index(steps, name)
	return at >= 0 && at <= slices.Index(steps, f.next())
}

// after is the step behind one.
func (f *form) after(name string) string {
	steps := f.steps()
	at := slices.Index(steps, name)
	return steps[min(at+1, len(steps)-1)]
}

// before is the step in front of one; empty for the first.
func (f *form) before(name string) string {
	steps := f.steps()
	if at := slices.Index(steps, name); at > 0 {
		return steps[at-1]
	}
	return ""
}
