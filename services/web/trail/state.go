package trail

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// Referral is one request and how it stood at the moment.
type Referral struct {
	Number  uint64
	By      string
	Purpose string
	Facts   []Fact
	Legs    []Leg
}

// Leg is one provider's part.
type Leg struct {
	To, State string
	Code      mou.LegState
	Holds     int
	Owes      bool
}

// Consent is what the person last said to one recipient for one purpose, and what it was worth at the moment.
type Consent struct {
	To, Purpose string
	States      []Fact // how it stands, and for which sections
	Entry       uint64 // of the last word
}

// Duty is one deadline.
type Duty struct {
	What, Owes, State string
	Code              mou.ClockState
	Due               Time
	Left              string // at the moment; empty once it is over
	Set               uint64
	Tenths            int    // of its time that are left
	Bar               string // ok, soon, late
}

// Record is one sealed section, as its header shows it.
type Record struct {
	Number             uint64
	Section, From, To  string
	State, Gone        string
	Purpose            string
	Disputed, Released bool
}

func (w writer) terms() []mou.Term { return (&mou.Memorandum{Profile: w.Profile}).Terms() }

// fact adds one to a list, if there is a text for it.
func (w writer) fact(to *[]Fact, label string, text string, err error) error {
	if err != nil || text == "" {
		return err
	}
	says, err := w.words.Say(label)
	*to = append(*to, Fact{says, text})
	return err
}

// person is what the log knows of the person: nothing but codes.
func (w writer) person(p *Page) error {
	c := w.then
	if len(c.Trail()) == 0 {
		return nil
	}
	status, err := w.words.Say("state.case." + string(c.Status()))
	if err := w.fact(&p.Person, "trail.person.case", status, err); err != nil {
		return err
	}
	if c.Age() != "" {
		age, err := w.words.Code("age-class", string(c.Age()))
		if err := w.fact(&p.Person, "trail.person.age", age, err); err != nil {
			return err
		}
	}
	if c.Owner() != "" {
		desk, err := w.agency(c.Owner())
		if err := w.fact(&p.Person, "trail.person.desk", desk, err); err != nil {
			return err
		}
	}
	if told := statements[*events.RightsInformed](w); len(told) > 0 {
		var languages []string
		for _, one := range told {
			name, err := w.words.Code("language", string(one.facts.Language))
			if err != nil {
				return err
			}
			if !slices.Contains(languages, name) {
				languages = append(languages, name)
			}
		}
		if err := w.fact(&p.Person, "trail.person.rights", strings.Join(languages, "; "), nil); err != nil {
			return err
		}
	}
	return w.trouble(p)
}

// trouble is what must not be overlooked: missing, an emergency, no help wanted.
func (w writer) trouble(p *Page) error {
	if w.then.Missing() {
		since := statements[*events.PersonMissing](w)
		at, err := w.words.Moment(since[len(since)-1].Item.Happened(), w.now)
		if err := w.fact(&p.Person, "trail.person.missing", at, err); err != nil {
			return err
		}
	}
	if w.then.HelpDeclined() {
		said := statements[*events.HelpDeclined](w)
		back, err := w.words.Code("way-back", string(said[len(said)-1].facts.WayBack))
		if err := w.fact(&p.Person, "trail.person.declined", back, err); err != nil {
			return err
		}
	}
	for _, e := range w.then.Emergencies() {
		to, err := w.agency(e.To)
		if err != nil {
			return err
		}
		key := map[bool]string{true: "trail.emergency.confirmed", false: "trail.emergency.unconfirmed"}[e.Confirmed]
		says, err := w.words.Say(key, "To", to, "Entry", strconv.FormatUint(e.Number, 10))
		if err := w.fact(&p.Person, "trail.person.emergency", says, err); err != nil {
			return err
		}
	}
	return nil
}

func (w writer) referrals(p *Page) error {
	for _, r := range w.then.Referrals() {
		one := Referral{Number: r.Number}
		var err error
		if one.By, err = w.agency(r.By); err != nil {
			return err
		}
		if one.Purpose, err = w.words.Code("purpose", string(r.Purpose)); err != nil {
			return err
		}
		needs, err := codes(w, "need", r.Needs)
		if err := w.fact(&one.Facts, "trail.fact.needs", needs, err); err != nil {
			return err
		}
		urgency, err := w.words.Code("urgency", string(r.Urgency))
		if err := w.fact(&one.Facts, "trail.fact.urgency", urgency, err); err != nil {
			return err
		}
		sections, err := codes(w, "section", r.Sections)
		if err := w.fact(&one.Facts, "trail.fact.sections", sections, err); err != nil {
			return err
		}
		for _, l := range r.Legs {
			leg := Leg{Code: l.State, Holds: l.Holds, Owes: l.Owes}
			if leg.To, err = w.agency(l.To); err != nil {
				return err
			}
			if leg.State, err = w.words.Say("state.leg." + string(l.State)); err != nil {
				return err
			}
			one.Legs = append(one.Legs, leg)
		}
		p.Asked = append(p.Asked, one)
	}
	return nil
}

func codes[T ~string](w writer, list string, of []T) (string, error) {
	texts := make([]string, len(of))
	for i, one := range of {
		var err error
		if texts[i], err = w.words.Code(list, string(one)); err != nil {
			return "", err
		}
	}
	return strings.Join(texts, "; "), nil
}

func (w writer) duties(p *Page) error {
	for _, c := range w.then.Clocks(w.clock) {
		d := Duty{Code: c.State, Set: c.Set}
		var err error
		if d.What, err = w.words.Say("duty." + string(c.Rule)); err != nil {
			return err
		}
		if d.Owes, err = w.agency(c.Owes); err != nil {
			return err
		}
		if d.State, err = w.words.Say("state.clock." + string(c.State)); err != nil {
			return err
		}
		if d.Due, err = w.time(c.Due); err != nil {
			return err
		}
		if !slices.Contains([]mou.ClockState{mou.ClockPending, mou.ClockDueSoon, mou.ClockSuspended, mou.ClockMissed}, c.State) {
			p.Done = append(p.Done, d)
			continue
		}
		if c.State != mou.ClockSuspended {
			if d.Left, err = w.words.Left(c.Due, w.clock); err != nil {
				return err
			}
		}
		d.Tenths, d.Bar = w.left(c)
		p.Open = append(p.Open, d)
	}
	slices.SortStableFunc(p.Open, func(a, b Duty) int { return cmp.Compare(a.Due.Exact, b.Due.Exact) })
	return nil
}

// left is how much of a clock's time is left, in tenths, and how the bar beside it is drawn.
func (w writer) left(c mou.Clock) (tenths int, bar string) {
	bar = "ok"
	switch c.State {
	case mou.ClockMissed:
		return 10, "late"
	case mou.ClockDueSoon:
		bar = "soon"
	default:
	}
	var set time.Time
	for _, e := range w.Entries {
		if e.Number == c.Set && !e.Waiting {
			set = e.Admitted
		}
	}
	whole := c.Due.Sub(set)
	if set.IsZero() || whole <= 0 {
		return 0, bar
	}
	return min(10, max(0, int(10*c.Due.Sub(w.clock)/whole))), bar
}

func (w writer) records(p *Page) error {
	for _, r := range w.then.Records() {
		if r.Number == 0 {
			continue // a tombstone: the reader never had it
		}
		one := Record{Number: r.Number, Disputed: r.Disputed, Released: r.State == mou.RecordReleased}
		var err error
		if one.Section, err = w.words.Code("section", string(r.Section)); err != nil {
			return err
		}
		if one.From, err = w.agency(r.By); err != nil {
			return err
		}
		if one.To, err = w.agency(r.To); err != nil {
			return err
		}
		if one.Purpose, err = w.words.Code("purpose", string(r.Purpose)); err != nil {
			return err
		}
		if one.State, err = w.words.Say("state.record." + string(r.State)); err != nil {
			return err
		}
		if one.Gone, err = w.gone(r.ID); err != nil {
			return err
		}
		p.Records = append(p.Records, one)
	}
	return nil
}

// answers is what holders said that they did with what they had, and who has not said.
func (w writer) answers(p *Page) error {
	for _, s := range statements[*events.ErasureConfirmed](w) {
		who, err := w.agency(s.By)
		if err != nil {
			return err
		}
		at, err := w.words.Moment(s.Admitted, w.now)
		if err != nil {
			return err
		}
		answer, err := w.words.Code("erasure-answer", string(s.facts.Answer))
		if err != nil {
			return err
		}
		says, err := w.words.Say("trail.answer", "Answer", answer, "Moment", at, "Entry", strconv.FormatUint(s.Number, 10))
		if err != nil {
			return err
		}
		if s.facts.Ground != "" {
			ground, err := w.words.Code("keep-ground", string(s.facts.Ground))
			if err != nil {
				return err
			}
			until, err := w.words.Date(s.facts.Until.Time())
			if err != nil {
				return err
			}
			if says, err = w.words.Say("trail.answer.kept", "Answer", answer, "Moment", at, "Entry", strconv.FormatUint(s.Number, 10), "Ground", ground, "Until", until); err != nil {
				return err
			}
		}
		p.Answers = append(p.Answers, Fact{who, says})
	}
	for _, r := range w.then.Referrals() {
		for _, leg := range r.Legs {
			if !leg.Owes {
				continue
			}
			who, err := w.agency(leg.To)
			if err != nil {
				return err
			}
			says, err := w.words.Say("trail.answer.owed")
			if err != nil {
				return err
			}
			p.Answers = append(p.Answers, Fact{who, says})
		}
	}
	return nil
}
