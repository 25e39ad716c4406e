package trail

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/web/language"
)

// Page is a history at a moment, in the reader's words.
type Page struct {
	Base  string // path of the page: links add ?at=
	Case  events.CaseID
	Print bool
	Now   bool // it goes on with the time, and may be followed live

	Steps    Steps
	Lines    []Line
	Here     *Line // the last of them; nil: nothing had happened
	Later    int   // steps behind the moment
	Person   []Fact
	Asked    []Referral
	Consents []Consent
	Open     []Duty // owed then
	Done     []Duty
	Records  []Record
	Answers  []Fact // what holders did with what they had, and who has not said
	Proof    Proof
	Readings []Read
	Retired  string // what the end of retention left; empty: it has not come

	Live    string // path of the stream; empty: there is none
	Export  string // path of the form that takes the history away; empty: the reader may not
	Says    string // message: what taking it away means
	Notes   []string
	Profile string
}

// Steps is the place in the history, for the slider and the links beside it. Numbers are of the log.
type Steps struct {
	Step, Count     int
	At              Time // the moment
	Previous, Next  uint64
	Before, Behind  bool // whether there are such
	Local           string
	Says            string
	First, LastStep uint64
}

// Line is one statement.
type Line struct {
	Number   uint64
	Hub      bool
	Here     bool // the last before the moment
	Late     bool
	Waiting  bool
	What     string
	Who      string
	Admitted Time
	Happened *Time // nil: it says nothing of it
	Recorded *Time // nil: when it happened
	Channel  string
	Refused  string // why; empty: it was admitted
	Facts    []Fact
	Gone     string // that what was sealed is destroyed, when, and why
	Link     string

	Proved    bool
	Leaf      string // hexadecimal
	Size      uint64
	Witnessed bool
	Clause    Clause
}

// Clause is the row of the memorandum by which a statement was judged, in its own words, which are English.
type Clause struct{ Number, Who, SeenBy, Within string }

// Proof says what stands behind the lines.
type Proof struct {
	Own     bool
	Size    uint64
	Root    string
	By      []Fact // who cosigned, and when
	Enough  bool
	Needs   string
	Profile string
}

// Read is one reading by an auditor.
type Read struct {
	Number   uint64
	At       Time
	By, What string
	Approved string
}

// writer puts one view into words.
type writer struct {
	view

	words *language.Words
	now   time.Time
}

// Of gives the page of a history at a moment; now is the time of the reader. It fails only on a message that is missing.
func Of(words *language.Words, s Source, m Moment, now time.Time) (Page, error) {
	w := writer{view: s.at(m, now), words: words, now: now}
	if s.Paper {
		w.now = time.Time{}
	}
	p := Page{Case: s.Case.ID(), Print: s.Paper, Now: w.view.now, Later: w.numbered() - min(w.count, w.numbered())}
	for _, part := range []func(*Page) error{w.steps, w.lines, w.person, w.referrals, w.consents, w.duties, w.records, w.answers, w.proof, w.readings, w.retired} {
		if err := part(&p); err != nil {
			return p, err
		}
	}
	return p, nil
}

func (w writer) steps(p *Page) (err error) {
	count := w.numbered()
	s := Steps{Step: min(w.count, count), Count: count, Local: w.words.In(w.clock).Format("2006-01-02T15:04")}
	if s.At, err = w.time(w.clock); err != nil {
		return err
	}
	if s.Step > 1 {
		s.Before, s.Previous = true, w.Entries[s.Step-2].Number
	}
	if s.Step < count {
		s.Behind, s.Next = true, w.Entries[s.Step].Number
	}
	if count > 0 {
		s.First, s.LastStep = w.Entries[0].Number, w.Entries[count-1].Number
	}
	s.Says, err = w.words.Say("trail.step", "Step", s.Step, "Steps", count)
	p.Steps = s
	return err
}

func (w writer) lines(p *Page) error {
	for i, e := range w.Entries[:w.count] {
		line, err := w.line(e)
		if err != nil {
			return err
		}
		line.Here = i == w.count-1
		p.Lines = append(p.Lines, line)
		if line.Here {
			p.Here = &line
		}
	}
	return nil
}

func (w writer) line(e Entry) (l Line, err error) {
	l = Line{Number: e.Number, Hub: e.By == events.HubAgency, Waiting: e.Waiting, Link: "?at=" + strconv.FormatUint(e.Number, 10)}
	if l.Who, err = w.agency(e.By); err != nil {
		return l, err
	}
	if !e.Admitted.IsZero() {
		if l.Admitted, err = w.time(e.Admitted); err != nil {
			return l, err
		}
	}
	if e.Leaf != (tlog.Hash{}) {
		l.Proved, l.Leaf, l.Size, l.Witnessed = true, hex.EncodeToString(e.Leaf[:]), e.Size, e.Witnessed
	}
	if e.Item == nil {
		if l.What, err = w.words.Say("trail.refused"); err != nil {
			return l, err
		}
		l.Refused, err = w.rule(e.Rule)
		return l, err
	}
	if l.What, err = w.words.Say("event." + e.Item.Name()); err != nil {
		return l, err
	}
	l.Late = e.Item.Late
	if err := w.when(&l, e); err != nil {
		return l, err
	}
	if l.Facts, err = w.facts(e.Item.Facts); err != nil {
		return l, err
	}
	if _, sealed := e.Item.Facts.(*events.Record); sealed {
		if l.Gone, err = w.gone(e.Item.ID); err != nil {
			return l, err
		}
	}
	l.Clause = w.clause(e)
	return l, nil
}

// when adds the times that a statement claims, and by which way it was made.
func (w writer) when(l *Line, e Entry) error {
	said, ok := e.Item.Facts.(events.Statement)
	if !ok {
		return nil
	}
	happened, recorded := said.Times()
	at, err := w.time(happened.Time())
	if err != nil {
		return err
	}
	l.Happened = &at
	if !recorded.Time().Equal(happened.Time()) {
		at, err := w.time(recorded.Time())
		if err != nil {
			return err
		}
		l.Recorded = &at
	}
	via, ok := e.Item.Facts.(interface{ Via() events.Channel })
	if ok && via.Via() != "" && via.Via() != events.System {
		l.Channel, err = w.words.Code("channel", string(via.Via()))
	}
	return err
}

// rule says why something was refused; a rule that has no words is named by itself.
func (w writer) rule(r events.Rule) (string, error) {
	if key := "rule." + string(r); w.words.Has(key) {
		return w.words.Say(key)
	}
	return string(r), nil
}

// gone says when and why a sealed record was destroyed at the hub, if that was by the moment.
func (w writer) gone(record events.EventID) (string, error) {
	for _, e := range w.Entries[:w.count] {
		if e.Item == nil {
			continue
		}
		erased, ok := e.Item.Facts.(*events.RecordErased)
		if !ok || erased.Record != record {
			continue
		}
		at, err := w.words.Moment(e.Admitted, w.now)
		if err != nil {
			return "", err
		}
		because, err := w.words.Code("erasure-reason", string(erased.Reason))
		if err != nil {
			return "", err
		}
		return w.words.Say("trail.gone", "Moment", at, "Entry", strconv.FormatUint(e.Number, 10), "Because", because)
	}
	return "", nil
}

func (w writer) clause(e Entry) Clause {
	c := Clause{Number: e.Clause}
	if w.Profile == nil || e.Item == nil {
		return c
	}
	for _, term := range w.terms() {
		if term.Event == e.Item.Type {
			return Clause{Number: cmp.Or(e.Clause, term.Clause), Who: term.Who, SeenBy: term.SeenBy, Within: term.Within}
		}
	}
	return c
}

func (w writer) proof(p *Page) error {
	l := w.Log
	p.Proof = Proof{Own: l.Own, Size: l.Size, Enough: l.Enough}
	if l.Root != (tlog.Hash{}) {
		p.Proof.Root = hex.EncodeToString(l.Root[:])
	}
	for _, one := range l.Witnesses {
		by, err := w.agency(one.Agency)
		if err != nil {
			return err
		}
		at := ""
		if !one.At.IsZero() {
			if at, err = w.words.Moment(one.At, w.now); err != nil {
				return err
			}
		}
		p.Proof.By = append(p.Proof.By, Fact{by, at})
	}
	if w.Profile != nil {
		p.Profile = w.Profile.Ref()
	}
	var err error
	p.Proof.Needs, err = w.words.Say("trail.proof.needs", "Agencies", l.Quorum.Agencies, "Kinds", l.Quorum.Kinds)
	return err
}

func (w writer) readings(p *Page) error {
	for _, r := range w.Readings {
		if r.At.After(w.clock) {
			continue
		}
		at, err := w.time(r.At)
		if err != nil {
			return err
		}
		what, err := w.words.Code("reading", string(r.What))
		if err != nil {
			return err
		}
		p.Readings = append(p.Readings, Read{r.Number, at, string(r.By), what, string(r.Approved)})
	}
	return nil
}

func (w writer) retired(p *Page) error {
	r := w.Retired
	if r.Number == 0 || !r.Destroyed && r.At.After(w.clock) {
		return nil
	}
	at, err := w.words.Moment(r.At, w.now)
	if err != nil {
		return err
	}
	key := map[bool]string{true: "trail.retired.destroyed", false: "trail.retired"}[r.Destroyed]
	p.Retired, err = w.words.Say(key, "Moment", at, "Entry", strconv.FormatUint(r.Number, 10), "Entries", strconv.FormatUint(r.Entries, 10))
	if err != nil {
		return fmt.Errorf("saying that retention ended: %w", err)
	}
	return nil
}

// statements gives the admitted facts of one type up to the moment, with their items.
func statements[P events.Payload](w writer) (all []stated[P]) {
	for _, e := range w.Entries[:w.count] {
		if e.Item == nil || e.Waiting {
			continue
		}
		if p, ok := e.Item.Facts.(P); ok {
			all = append(all, stated[P]{e, p})
		}
	}
	return slices.Clip(all)
}

type stated[P events.Payload] struct {
	Entry
	facts P
}
