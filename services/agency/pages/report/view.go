package report

import (
	"net/url"
	"slices"
	"time"

	"handrail/services/agency/pages/ask"
	"handrail/services/web"
)

// view is one step as it is shown.
type view struct {
	Title    string
	Lead     string
	Name     string
	Draft    string // path of the draft
	Steps    []progress
	Number   int
	Of       int
	Notes    []note
	Parts    []shown
	Problems ask.Wrong
	Back     string // the step before; empty for the first
	Next     string // what happens when it is sent: a message
	Seen     string // when the step was last sent
	Stays    bool   // the form can be sent and shown again
	Kept     bool   // something stands in it already
	Stored   time.Time
	Expires  time.Time
	Author   string // of a colleague's draft
}

// progress is one step in the list of steps.
type progress struct {
	Label string
	Path  string // empty: not to be gone to yet
	Here  bool
	Done  bool
}

// note is a sentence that stands above the questions.
type note struct{ Kind, Text string }

// shown is questions that stand together.
type shown struct {
	Heading string
	Text    string
	Fields  []ask.Field
}

// writer makes a step's questions, in parts.
type writer struct {
	*ask.Sheet
	v     *web.Visit
	f     *form
	parts []shown
	from  int // how many questions stand in the parts before
	notes []note
	err   error
}

// part ends the questions so far as one part, with a heading unless it is empty.
func (w *writer) part(heading, text string) {
	fields, err := w.Fields()
	w.parts = append(w.parts, shown{Heading: heading, Text: text, Fields: slices.Clone(fields[w.from:])})
	w.from, w.err = len(fields), err
}

// note puts a sentence above the questions.
func (w *writer) note(kind, key string, members ...any) {
	w.notes = append(w.notes, note{kind, w.Say(key, members...)})
}

// view makes the page of a step.
func (f *form) view(v *web.Visit, name string, problems ask.Problems) (view, error) {
	given := f.typed.Steps[name]
	if given == nil {
		given = f.defaults(name)
	}
	w := &writer{Sheet: ask.NewSheet(v, "report", given, problems), v: v, f: f}
	f.write(w, name)
	fields, err := w.Fields()
	if err != nil {
		return view{}, err
	}
	if w.from < len(fields) {
		w.part("", "")
	}
	page := view{
		Title: w.Say("report.step." + name), Lead: w.May("report.step." + name + ".lead"), Name: name, Draft: "/report/" + string(f.id), Notes: w.notes, Parts: w.parts,
		Problems: ask.WrongIn(fields), Next: "report.next." + name, Seen: f.version(name), Stays: name == stepSigns, Kept: len(f.typed.Steps) > 0, Stored: f.draft.Stored, Expires: f.draft.Expires,
	}
	if before := f.before(name); before != "" {
		page.Back = path(f.id, before)
	}
	if f.draft.Author != v.Person.Code {
		page.Author = f.draft.Author
	}
	page.Steps, page.Number, page.Of = f.progress(w, name)
	_, err = w.Fields()
	return page, err
}

func (f *form) progress(w *writer, here string) (list []progress, number, of int) {
	steps := f.steps()
	for i, name := range steps {
		p := progress{Label: w.Say("report.short." + name), Here: name == here, Done: f.done(name)}
		if f.reached(name) {
			p.Path = path(f.id, name)
		}
		if p.Here {
			number = i + 1
		}
		list = append(list, p)
	}
	return list, number, len(steps)
}

// defaults are the answers that stand in a step before it is sent: shown, to be
// changed or left. A consent is never one of them.
func (f *form) defaults(name string) url.Values {
	given := url.Values{}
	switch name {
	case stepNow:
		given.Set("channel", "in-person")
	case stepConsent:
		for _, o := range f.offers {
			given.Set("offer."+o.Name, "") // not asked
		}
	case stepWayBack:
		given.Set("notify", "yes")
	case stepSigns:
		given.Set("keep", "no")
	case stepWhom:
		for _, o := range f.asked() {
			given.Set("order."+nameOf(o), "in-turn")
			candidates, err := f.a.Candidates(o.Name, f.wish(o), f.told.except)
			if err != nil || len(candidates) == 0 || len(f.sectionsOf(o)) == 0 {
				continue
			}
			if first := candidates[0]; first.Fits || first.Says == "" || o.Name == "" { // of others nobody knows whether they could
				given.Set("to."+nameOf(o), string(first.Agency))
			}
		}
	}
	return given
}
