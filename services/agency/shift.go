package agency

import (
	"context"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// ShiftKind is why a case stands on the hand-over of a shift.
type ShiftKind string

// What one shift tells the next.
const (
	ShiftWaits   ShiftKind = "waits"   // this agency is asked for help and has not answered
	ShiftTonight ShiftKind = "tonight" // this agency asked for tonight, and nobody has taken the person yet
	ShiftTold    ShiftKind = "told"    // nobody answered, so the hub turned to this agency
	ShiftAsked   ShiftKind = "asked"   // a provider asked this agency, which has not answered
	ShiftAsks    ShiftKind = "asks"    // this agency asked, and was not answered
	ShiftLate    ShiftKind = "late"    // a clock is due soon or was missed
	ShiftErase   ShiftKind = "erase"   // this agency owes word on records that it may not use any more
	ShiftHeld    ShiftKind = "held"    // sections wait to be sealed and will be deleted soon, as the profile warns
	ShiftSends   ShiftKind = "sends"   // own statements wait to be sent
	ShiftNobody  ShiftKind = "nobody"  // the case is open and nobody of the staff is assigned
)

// ShiftKinds lists every kind.
func ShiftKinds() []ShiftKind {
	return []ShiftKind{ShiftWaits, ShiftTonight, ShiftTold, ShiftAsked, ShiftAsks, ShiftLate, ShiftErase, ShiftHeld, ShiftSends, ShiftNobody}
}

// ShiftLine is one thing that one shift tells the next about a case: codes and times.
type ShiftLine struct {
	Kind     ShiftKind
	Referral events.ReferralID
	Urgency  events.Urgency  // where one is known
	Who      events.AgencyID // the other side
	Duty     events.Rule     // of ShiftLate: which clock
	Mine     bool            // of ShiftLate: this agency owes it
	Count    int             // of ShiftHeld: sections; of ShiftSends: statements
	Since    time.Time
	Due      time.Time // zero: no clock runs
}

// ShiftCase is all that one shift tells the next about a case.
type ShiftCase struct {
	Case     events.CaseID
	Lines    []ShiftLine // what is due first stands first
	Assigned []string    // codes of the staff
}

// Shift lists the cases about which one shift has something to tell the next, what is
// due first standing first: all of it as the journal knows it now.
func (a *Agency) Shift(ctx context.Context) ([]ShiftCase, error) {
	now := a.now()
	held, err := a.expiring(ctx)
	if err != nil {
		return nil, err
	}
	heldBy := map[events.CaseID]HeldBack{}
	for _, h := range held {
		heldBy[h.Case] = h
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	list := []ShiftCase{}
	for _, id := range a.book.ids() {
		g := a.glance(a.book.files[id], now)
		one := ShiftCase{Case: id, Lines: a.shiftLines(id, g), Assigned: a.Assigned(id)}
		if h := heldBy[id]; h.Sections > 0 {
			one.Lines = append(one.Lines, ShiftLine{Kind: ShiftHeld, Count: h.Sections, Since: h.Deleted.Add(-a.book.memo.Profile.DraftLife()), Due: h.Deleted})
		}
		if len(one.Assigned) == 0 && g.line.Status != mou.StatusClosed {
			one.Lines = append(one.Lines, ShiftLine{Kind: ShiftNobody})
		}
		if len(one.Lines) > 0 {
			slices.SortStableFunc(one.Lines, func(x, y ShiftLine) int { return compareDue(x.Due, y.Due) })
			list = append(list, one)
		}
	}
	slices.SortStableFunc(list, func(x, y ShiftCase) int { return compareDue(x.Lines[0].Due, y.Lines[0].Due) })
	return list, nil
}

// compareDue orders what is due first before what is due later, and that before what
// no clock waits for.
func compareDue(x, y time.Time) int {
	switch {
	case x.IsZero() && y.IsZero():
		return 0
	case x.IsZero():
		return 1
	case y.IsZero():
		return -1
	}
	return x.Compare(y)
}

// shiftLines are those of one case that its history alone tells: they stand as long as
// the glance does. Agency.mu is held.
func (a *Agency) shiftLines(id events.CaseID, g *glance) []ShiftLine {
	known := g.shift.Load()
	if known == nil {
		lines := a.shiftTold(id, g)
		known = &lines
		g.shift.Store(known)
	}
	return slices.Clone(*known)
}

func (a *Agency) shiftTold(id events.CaseID, g *glance) (lines []ShiftLine) {
	for _, w := range g.waiting {
		line := ShiftLine{Kind: ShiftWaits, Referral: w.Referral, Urgency: w.Facts.Urgency, Who: w.From, Since: w.Arrived, Due: w.AnswerBy}
		if !w.Acknowledged && !w.AckBy.IsZero() {
			line.Due = w.AckBy
		}
		lines = append(lines, line)
	}
	lines = append(lines, a.shiftTonight(id, g)...)
	for _, e := range g.escalated {
		lines = append(lines, ShiftLine{Kind: ShiftTold, Referral: e.Referral, Urgency: e.Urgency, Who: e.Call, Since: e.Since, Due: e.Due})
	}
	if g.line.Status != mou.StatusClosed {
		lines = append(lines, a.shiftQuestions(id)...)
	}
	for _, l := range g.late {
		told := l.Mine && slices.Contains([]events.Rule{mou.ClockAcknowledge, mou.ClockAnswer, mou.ClockErasure}, l.Duty)
		if l.State != mou.ClockLateMet && !told {
			lines = append(lines, ShiftLine{Kind: ShiftLate, Referral: l.Referral, Who: l.Owes, Duty: l.Duty, Mine: l.Mine, Since: l.Since, Due: l.Due})
		}
	}
	for _, o := range g.over {
		if !o.Due.IsZero() {
			lines = append(lines, ShiftLine{Kind: ShiftErase, Referral: o.Referral, Who: o.From, Count: o.Holds, Since: o.Ended, Due: o.Due})
		}
	}
	if n := g.line.Waiting; n > 0 {
		lines = append(lines, ShiftLine{Kind: ShiftSends, Count: n})
	}
	return lines
}

// shiftTonight are this agency's requests for tonight that nobody has taken: who is
// asked now, and until when. Agency.mu is held.
func (a *Agency) shiftTonight(id events.CaseID, g *glance) (lines []ShiftLine) {
	if g.line.Asks == "" {
		return nil
	}
	c := a.book.files[id].tentative
	for _, r := range c.Referrals() {
		if r.By != a.config.Agency || r.Urgency != events.Tonight {
			continue
		}
		v := a.askedView(c, r)
		if v.Over {
			continue
		}
		line := ShiftLine{Kind: ShiftTonight, Referral: r.ID, Urgency: r.Urgency}
		for _, leg := range v.Legs {
			if open(leg.State) && leg.AnswerBy.After(line.Due) {
				line.Who, line.Since, line.Due = leg.Agency, leg.Since, leg.AnswerBy
			}
		}
		lines = append(lines, line)
	}
	return lines
}

// shiftQuestions are those without an answer, of referrals that are still open.
// Agency.mu is held.
func (a *Agency) shiftQuestions(id events.CaseID) (lines []ShiftLine) {
	c := a.book.files[id].tentative
	for _, q := range a.questionsIn(id) {
		leg, asked := legOf(c, q.Referral, q.From)
		switch {
		case q.Answered != "" || !asked || !open(leg.State):
		case q.To == a.config.Agency:
			lines = append(lines, ShiftLine{Kind: ShiftAsked, Referral: q.Referral, Who: q.From, Urgency: urgencyOf(c, q.Referral)})
		case q.From == a.config.Agency:
			lines = append(lines, ShiftLine{Kind: ShiftAsks, Referral: q.Referral, Who: q.To, Urgency: urgencyOf(c, q.Referral)})
		}
	}
	return lines
}
