package duty

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/cases"
	"handrail/services/agency/pages/left"
	"handrail/services/web"
	"handrail/services/web/access"
)

// On one hand-over stand at most so many cases and changes; the list of cases has all.
const (
	shownCases   = 100
	shownChanges = 3
)

// shift is what the page of the hand-over shows.
type shift struct {
	Done    string
	Same    bool // whoever handed over wants to take over
	Long    bool // a note is too long
	Paper   bool
	Waits   bool // somebody handed over, and nobody took over yet
	At      time.Time
	Changes []agency.Handover
	Counts  []count
	Cases   []told
	More    int
}

// count is how often something stands on the page.
type count struct {
	Kind  agency.ShiftKind
	Count int
}

// told is one case, with what was written about it.
type told struct {
	Case     events.CaseID
	Short    string
	To       string // empty: whoever looks may not open it
	Urgent   bool
	Staff    string
	Lines    []line
	Note     string
	NoteBy   string
	NoteAt   time.Time
	Was      string // mark of the note when the page was made
	Long     bool
	MayWrite bool
	MayTake  bool
	Paper    bool
}

// line is one thing about a case.
type line struct {
	Says string
	Left *left.Time
}

func (p pages) shift(v *web.Visit) (web.Answer, error) {
	return p.shiftWith(v, http.StatusOK, func(s *shift) { s.Done = done(v, "kept", "gave", "took", "taken") })
}

// paper is the same to print.
func (p pages) paper(v *web.Visit) (web.Answer, error) {
	s, err := p.seeShift(v)
	if err != nil {
		return nil, err
	}
	s.Paper = true
	for i := range s.Cases {
		s.Cases[i].Paper, s.Cases[i].MayTake = true, false
	}
	title, err := v.Say("duty.shift.title")
	return web.Show{Template: "duty-shift", Title: title, Data: s, Print: true}, err
}

func (p pages) shiftWith(v *web.Visit, status int, also func(*shift)) (web.Answer, error) {
	s, err := p.seeShift(v)
	if err != nil {
		return nil, err
	}
	also(&s)
	return titled(v, "duty-shift", "duty.shift.title", status, s)
}

func (p pages) seeShift(v *web.Visit) (shift, error) {
	s := shift{At: v.Now}
	working, err := p.agency.Shift(v.Context())
	if err != nil {
		return s, err
	}
	notes, err := p.agency.ShiftNotes(v.Context())
	if err != nil {
		return s, err
	}
	if s.Changes, err = p.agency.Handovers(v.Context(), shownChanges); err != nil {
		return s, err
	}
	s.Waits = len(s.Changes) > 0 && s.Changes[0].Took == ""
	s.Counts = counts(working)
	s.More = max(0, len(working)-shownCases)
	for _, c := range working[:min(len(working), shownCases)] {
		one, err := p.told(v, c)
		if err != nil {
			return s, err
		}
		one.noted(notes[c.Case])
		delete(notes, c.Case)
		s.Cases = append(s.Cases, one)
	}
	for _, id := range slices.Sorted(maps.Keys(notes)) { // of cases about which nothing else is to tell
		one := told{Case: id, Short: cases.Short(id), Staff: codes(p.agency.Assigned(id))}
		one.allow(p, v, id)
		one.noted(notes[id])
		s.Cases = append(s.Cases, one)
	}
	return s, nil
}

// counts says how often each kind of thing is told.
func counts(cases []agency.ShiftCase) (list []count) {
	if len(cases) == 0 {
		return nil
	}
	list = append(list, count{"cases", len(cases)})
	n := map[agency.ShiftKind]int{}
	for _, c := range cases {
		for _, l := range c.Lines {
			n[l.Kind]++
		}
	}
	for _, kind := range agency.ShiftKinds() {
		if n[kind] > 0 {
			list = append(list, count{kind, n[kind]})
		}
	}
	return list
}

func (p pages) told(v *web.Visit, c agency.ShiftCase) (told, error) {
	one := told{Case: c.Case, Short: cases.Short(c.Case), Staff: codes(c.Assigned)}
	one.allow(p, v, c.Case)
	one.MayTake = len(c.Assigned) == 0 && v.May(access.TakeOn, nil) == nil
	for _, l := range c.Lines {
		says, err := words(v, l)
		if err != nil {
			return one, err
		}
		shown := line{Says: says}
		if !l.Due.IsZero() {
			time := left.Of(l.Since, l.Due, v.Now)
			shown.Left = &time
		}
		one.Lines = append(one.Lines, shown)
		one.Urgent = one.Urgent || l.Urgency == events.Tonight
	}
	return one, nil
}

// allow says what whoever looks may do with a case.
func (t *told) allow(p pages, v *web.Visit, id events.CaseID) {
	if t.MayWrite = p.mayOpen(v, id); t.MayWrite {
		t.To = "/cases/" + string(id)
	}
}

func (t *told) noted(n agency.ShiftNote) {
	t.Note, t.NoteBy, t.NoteAt, t.Was = n.Text, n.Author, n.Stored, markOf(n.Text)
}

// markOf tells whether a note was changed in the form, without repeating it.
func markOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:8])
}

// words says one thing about a case.
func words(v *web.Visit, l agency.ShiftLine) (string, error) {
	key := "duty.shift.line." + string(l.Kind)
	switch {
	case l.Kind == agency.ShiftTonight && l.Who == "":
		return v.Say(key + ".nobody")
	case l.Kind == agency.ShiftLate:
		what, err := v.Say("duty." + string(l.Duty))
		if err != nil {
			return "", err
		}
		if !l.Mine {
			key += ".other"
		}
		return v.Say(key, "Who", l.Who, "What", what)
	}
	return v.Say(key, "Who", l.Who, "Count", l.Count)
}

// keepShift keeps the words that were written, then hands over or takes a case, if that
// was asked for.
func (p pages) keepShift(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	long, err := p.keepNotes(v)
	switch {
	case err != nil:
		return nil, err
	case len(long) > 0:
		return p.shiftWith(v, http.StatusUnprocessableEntity, func(s *shift) { s.tooLong(long) })
	}
	if id := events.CaseID(v.PostFormValue("take")); id != "" {
		if err := v.May(access.TakeOn, nil); err != nil {
			return nil, err
		}
		err := p.agency.Take(v.Context(), id, v.Person.Code)
		if errors.Is(err, agency.ErrAssigned) {
			return web.Go(ShiftPath + "?done=kept"), nil // the page shows who was quicker
		}
		return web.Go(ShiftPath + "?done=taken"), err
	}
	if v.PostFormValue("do") != "give" {
		return web.Go(ShiftPath + "?done=kept"), nil
	}
	return web.Go(ShiftPath + "?done=gave"), p.agency.HandOver(v.Context(), v.Person.Code)
}

// keepNotes keeps the notes that were changed in the form, about cases that the person
// may open. If one is too long none is kept, and those are given as they were typed.
func (p pages) keepNotes(v *web.Visit) (long map[events.CaseID]string, err error) {
	changed := map[events.CaseID]string{}
	long = map[events.CaseID]string{}
	for name := range v.PostForm {
		of, isNote := strings.CutPrefix(name, "note-")
		text := strings.TrimSpace(strings.ReplaceAll(v.PostFormValue(name), "\r\n", "\n"))
		id := events.CaseID(of)
		switch {
		case !isNote || markOf(text) == v.PostFormValue("was-"+of):
			continue
		case !p.mayOpen(v, id):
			return nil, v.May(access.SeeCase, &access.Case{Assigned: p.agency.Assigned(id)})
		case utf8.RuneCountInString(text) > agency.MostShiftNote:
			long[id] = text
		}
		changed[id] = text
	}
	if len(long) > 0 {
		return changed, nil
	}
	for id, text := range changed {
		if err := p.agency.NoteShift(v.Context(), id, v.Person.Code, text); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// tooLong shows again what was typed.
func (s *shift) tooLong(typed map[events.CaseID]string) {
	s.Long = true
	for i := range s.Cases {
		if text, changed := typed[s.Cases[i].Case]; changed {
			s.Cases[i].Note, s.Cases[i].Long = text, utf8.RuneCountInString(text) > agency.MostShiftNote
		}
	}
}

func (p pages) takeOver(v *web.Visit) (web.Answer, error) {
	err := p.agency.TakeOver(v.Context(), v.Person.Code)
	if errors.Is(err, agency.ErrSamePerson) {
		return p.shiftWith(v, http.StatusUnprocessableEntity, func(s *shift) { s.Same = true })
	}
	return web.Go(ShiftPath + "?done=took"), err
}
