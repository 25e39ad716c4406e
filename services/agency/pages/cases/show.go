package cases

import (
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/acts"
	"handrail/services/agency/pages/left"
	"handrail/services/web"
	"handrail/services/web/access"
)

// caseView is one case as it stands.
type caseView struct {
	agency.CaseView

	Position  uint64 // of the journal, from which the page goes on
	Short     string
	Said      string // what was said a moment ago
	Kinds     map[events.AgencyID]events.AgencyKind
	Staff     []string
	MayAssign bool
	Clocks    []clock
	Referrals []referral
	Consents  []consent
	Due       []move // which this agency owes now
	Ready     []move
	Against   []move
	Lines     []said
	Newest    *said // of the lines; nil: there is none
	Drawing   *drawing
	Tasks     []agency.Task
	Trail     bool // the trail with its proofs is open to whoever looks
	Sheet     bool // and the sheet for the person
}

// clock is a time that runs or has passed.
type clock struct {
	mou.Clock

	Mine bool
	Left left.Time
}

// referral is one request with everybody asked.
type referral struct {
	mou.Referral

	Legs []leg
}

// leg is one provider's part, with the time that it has.
type leg struct {
	mou.Leg

	Left *left.Time // for what it owes next; nil: it owes nothing
	Duty events.Rule
}

// untaken shows somebody who may take a case that nobody has.
type untaken struct{ Case, Short string }

func (p pages) show(v *web.Visit) (web.Answer, error) {
	position, _ := p.agency.Changes()
	id, c, err := p.open(v)
	if err != nil {
		if _, known := p.agency.Stands(id); known == nil && len(p.agency.Assigned(id)) == 0 && v.May(access.TakeOn, nil) == nil {
			title, err := v.Say("cases.one.title")
			return web.Show{Template: "cases-untaken", Title: title, Data: untaken{string(id), Short(id)}}, err
		}
		return nil, err
	}
	title, err := v.Say("cases.one.title")
	if err != nil {
		return nil, err
	}
	seen, err := p.seen(v, id, c)
	seen.Position, seen.Said = position, acts.Said(v)
	return web.Show{Template: "cases-one", Title: title, Data: seen}, err
}

// live shows a case for as long as it is open to whoever looks.
func (p pages) live(v *web.Visit) (web.Stream, error) {
	if _, _, err := p.open(v); err != nil {
		return web.Stream{}, err
	}
	return web.Stream{Position: p.agency.Changes, Fresh: fresh, Part: func(v *web.Visit) (web.Show, error) {
		id, c, err := p.open(v)
		if err != nil {
			return web.Show{}, err
		}
		seen, err := p.seen(v, id, c)
		return web.Show{Template: "cases-live", Data: seen}, err
	}}, nil
}

// seen is a case as it stands now.
func (p pages) seen(v *web.Visit, id events.CaseID, c mou.Case) (seen caseView, err error) {
	shown, err := p.agency.Case(id)
	if err != nil {
		return seen, err
	}
	memo, err := p.agency.Memorandum()
	if err != nil {
		return seen, err
	}
	seen = caseView{CaseView: shown, Short: Short(id), Staff: p.agency.Assigned(id), MayAssign: v.May(access.Assign, nil) == nil, Kinds: memo.Directory}
	seen.Clocks = p.clocks(v, c, shown.Clocks)
	seen.Referrals = referralsOf(v, c, shown)
	seen.Consents = consentsOf(v, c, memo)
	seen.Due, seen.Ready, seen.Against = movesOf(v, shown, seen.Clocks)
	if seen.Lines = linesOf(c, shown.Trail); len(seen.Lines) > 0 {
		seen.Newest = &seen.Lines[len(seen.Lines)-1]
	}
	seen.Drawing = draw(seen.Lines)
	if seen.Tasks, err = p.tasksOf(v, id); err != nil {
		return seen, err
	}
	of := &access.Case{Assigned: seen.Staff}
	seen.Trail, seen.Sheet = v.May(access.SeeTrail, of) == nil, v.May(access.PrintSheet, of) == nil
	return seen, nil
}

// clocks are those that run, stand still or were missed; what is due first stands first.
func (p pages) clocks(v *web.Visit, c mou.Case, all []mou.Clock) (list []clock) {
	me := p.agency.ID()
	for _, k := range all {
		if !slices.Contains([]mou.ClockState{mou.ClockPending, mou.ClockDueSoon, mou.ClockSuspended, mou.ClockMissed}, k.State) {
			continue
		}
		list = append(list, clock{Clock: k, Mine: k.Owes == me, Left: left.OfClock(c, k, v.Now)})
	}
	slices.SortStableFunc(list, func(x, y clock) int { return x.Due.Compare(y.Due) })
	return list
}

func referralsOf(v *web.Visit, c mou.Case, shown agency.CaseView) (list []referral) {
	for _, r := range shown.Referrals {
		one := referral{Referral: r}
		for _, l := range r.Legs {
			part := leg{Leg: l}
			for _, k := range shown.Clocks {
				running := k.State == mou.ClockPending || k.State == mou.ClockDueSoon || k.State == mou.ClockMissed
				if running && k.Referral == r.ID && k.Owes == l.To && (part.Left == nil || k.Due.Before(part.Left.Due)) {
					due := left.OfClock(c, k, v.Now)
					part.Left, part.Duty = &due, k.Rule
				}
			}
			one.Legs = append(one.Legs, part)
		}
		list = append(list, one)
	}
	return list
}

func (p pages) tasksOf(v *web.Visit, id events.CaseID) (list []agency.Task, err error) {
	all, err := p.agency.Tasks(v.Context())
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if t.Case == id && t.Ready {
			list = append(list, t)
		}
	}
	return list, nil
}
