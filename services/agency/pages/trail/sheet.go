package trail

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"handrail/contracts/known"
	"handrail/events"
	"handrail/services/web"
	"handrail/services/web/access"
	"handrail/services/web/language"
	"handrail/services/web/language/rights"
)

// sheet is who knows what about the person, in the person's language. It asks first in
// which, and whether the paper is safe to carry.
func (p *area) sheet(v *web.Visit) (web.Answer, error) {
	id, err := p.of(v, access.PrintSheet)
	if err != nil {
		return nil, err
	}
	knows, err := p.agency.Known(id)
	if err != nil {
		return nil, unknown(err)
	}
	words, ok := p.book.Of(v.FormValue("lang"))
	if !ok {
		return p.askLanguage(v, id)
	}
	page, err := sheetOf(words, knows, p.agency.ID(), v.Now)
	if err != nil {
		return nil, err
	}
	v.Words = words // the whole page is the person's
	title, err := v.Say("trail.sheet.title")
	return web.Show{Template: "trail-sheet", Title: title, Data: page, Print: true}, err
}

// sheetAsk is the page before the sheet, for staff.
type sheetAsk struct {
	Case      events.CaseID
	Languages []sheetLanguage
	Missing   string // names of the languages that have a slot and no words
}

type sheetLanguage struct {
	Tag, Name string
	Here      bool // the reader's own, chosen at first
	Machine   bool // translated by machine, read by nobody yet
}

func (p *area) askLanguage(v *web.Visit, id events.CaseID) (web.Answer, error) {
	page := sheetAsk{Case: id}
	for _, n := range language.Names() {
		page.Languages = append(page.Languages, sheetLanguage{n.Tag, n.Name, n.Tag == v.Words.Tag, !n.Reviewed})
	}
	var missing []string
	for _, tag := range rights.Tags() {
		if slices.Contains(language.Tags(), tag) {
			continue
		}
		name, err := v.Words.Code("language", tag)
		if err != nil {
			return nil, err
		}
		missing = append(missing, name)
	}
	language.Sorted(v.Words, missing, func(name string) string { return name })
	page.Missing = strings.Join(missing, ", ")
	title, err := v.Say("trail.sheet.ask.title")
	return web.Show{Template: "trail-sheet-ask", Title: title, Data: page}, err
}

// sheetPage is the sheet in words.
type sheetPage struct {
	Case     events.CaseID
	Lang     string
	Dir      string
	On       string
	Machine  bool
	Agency   events.AgencyID // whose sight it is
	Agencies []sheetAgency
	Nothing  string // who was told nothing; empty: not said
}

// sheetAgency is one organisation and what it knows, in the order in which each first learnt something.
type sheetAgency struct {
	Name   string
	Myself bool // the person told it themselves
	Learnt []sheetLine
}

type sheetLine struct {
	Since, Knows, Why, For string
	Read                   []string
	Unread                 bool
	Now                    string // what became of it; empty: nobody asked
}

// sheetOf puts a sheet into the person's words. own is the agency that gives it: of
// its own staff it knows who read what, and of nobody else's.
func sheetOf(words *language.Words, s known.Sheet, own events.AgencyID, now time.Time) (sheetPage, error) {
	on, err := words.Date(now)
	if err != nil {
		return sheetPage{}, err
	}
	page := sheetPage{Case: s.Case, Lang: words.Tag, Dir: rights.Direction(words.Tag), On: on, Machine: !words.Reviewed, Agency: own}
	w := sheetWriter{words: words, sheet: s, own: own}
	order := []events.AgencyID{}
	if s.Desk != "" {
		order = append(order, s.Desk)
	}
	for _, l := range s.Learnt {
		if !slices.Contains(order, l.Who) {
			order = append(order, l.Who)
		}
	}
	for _, id := range order {
		name, err := w.agency(id)
		if err != nil {
			return page, err
		}
		one := sheetAgency{Name: name, Myself: id == s.Desk}
		for _, l := range s.Learnt {
			if l.Who != id {
				continue
			}
			line, err := w.line(l)
			if err != nil {
				return page, err
			}
			one.Learnt = append(one.Learnt, line)
		}
		page.Agencies = append(page.Agencies, one)
	}
	if s.Desk == own { // nobody else can tell who was told nothing
		nothing := make([]string, len(s.Nothing))
		for i, id := range s.Nothing {
			nothing[i] = string(id)
		}
		page.Nothing = strings.Join(nothing, ", ")
	}
	return page, nil
}

// sheetWriter puts one sheet into words.
type sheetWriter struct {
	words *language.Words
	sheet known.Sheet
	own   events.AgencyID
}

// moment is a day and an hour in full: a paper is read on other days.
func (w sheetWriter) moment(t time.Time) (string, error) {
	day, err := w.words.Date(t)
	if err != nil {
		return "", err
	}
	return w.words.Say("trail.sheet.moment", "Date", day, "Clock", w.words.Clock(t))
}

func (w sheetWriter) agency(id events.AgencyID) (string, error) {
	kind, ok := w.sheet.Kinds[id]
	if !ok {
		return string(id), nil
	}
	says, err := w.words.Code("agency-kind", string(kind))
	if err != nil {
		return "", err
	}
	return w.words.Say("trail.agency", "Agency", string(id), "Kind", says)
}

func (w sheetWriter) line(l known.Learnt) (line sheetLine, err error) {
	if line.Since, err = w.moment(l.At); err != nil {
		return line, err
	}
	if line.Knows, err = w.knows(l); err != nil {
		return line, err
	}
	if line.Why, err = w.words.Say("trail.sheet.leave." + string(l.Leave)); err != nil {
		return line, err
	}
	if l.For != "" {
		if line.For, err = w.words.Code("purpose", string(l.For)); err != nil {
			return line, err
		}
	}
	for _, o := range l.Opened {
		says, err := w.opened(o)
		if err != nil {
			return line, err
		}
		line.Read = append(line.Read, says)
	}
	sealed := slices.Contains([]known.What{known.Sealed, known.Question, known.AnAnswer}, l.What)
	line.Unread = sealed && len(l.Opened) == 0 && l.Who == w.own
	line.Now, err = w.became(l.Answer)
	return line, err
}

func (w sheetWriter) knows(l known.Learnt) (string, error) {
	if l.What != known.Sealed {
		return w.words.Say("trail.sheet.what." + string(l.What))
	}
	texts := make([]string, len(l.Sections))
	for i, s := range l.Sections {
		var err error
		if texts[i], err = w.words.Say("trail.sheet.section." + string(s)); err != nil {
			return "", err
		}
	}
	return strings.Join(texts, "; "), nil
}

func (w sheetWriter) opened(o known.Opening) (string, error) {
	at, err := w.moment(o.At)
	if err != nil {
		return "", err
	}
	role, err := w.words.Code("reader-role", string(o.Role))
	if err != nil {
		return "", err
	}
	basis, err := w.words.Say("trail.sheet.basis." + string(o.Basis))
	if err != nil {
		return "", err
	}
	return w.words.Say("trail.sheet.read.by", "Moment", at, "Role", role, "Basis", basis)
}

// became says what a holder did with what it had.
func (w sheetWriter) became(a *known.Answer) (string, error) {
	if a == nil {
		return "", nil
	}
	if a.Owed {
		return w.words.Say("trail.sheet.answer.owed")
	}
	if a.Said == events.Erased {
		at, err := w.moment(a.At)
		if err != nil {
			return "", err
		}
		return w.words.Say("trail.sheet.answer.erased", "Moment", at)
	}
	ground, err := w.words.Code("keep-ground", string(a.Ground))
	if err != nil {
		return "", err
	}
	until, err := w.words.Date(a.Until.Time())
	if err != nil {
		return "", err
	}
	return w.words.Say("trail.sheet.answer."+cmp.Or(string(a.Said), string(events.Kept)), "Until", until, "Ground", ground)
}
