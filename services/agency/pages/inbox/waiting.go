package inbox

import (
	"slices"
	"strings"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/cases"
	"handrail/services/agency/pages/leaf"
	"handrail/services/agency/pages/left"
	"handrail/services/web"
	"handrail/services/web/access"
)

// view is all that the inbox shows.
type view struct {
	Position uint64 // of the journal, from which the page goes on
	Stream   string // where it goes on
	Away     *web.Notice
	Asked    []asked
	Leaf     leaf.Leaf
	Count    int // how many wait in all
	Tasks    []task
	Ours     []ours
	OursAll  int
	Over     []ended
	Late     int // of what this agency owes
	MayAsk   bool
}

// asked is one request that waits for this agency's answer.
type asked struct {
	agency.Waiting

	Short  string
	Kind   events.AgencyKind // of who asks
	See    *left.Time        // to say that it was seen; nil: that was said
	Answer *left.Time        // nil: there is no such clock
	Staff  string            // who has the case; empty: nobody
	Take   bool              // whoever looks may take it
	To     string            // where it is answered
	Urgent bool
}

// task is what this agency still has to find out in a case.
type task struct {
	ID    agency.TaskID
	Case  events.CaseID
	Short string
	Kind  agency.TaskKind
}

// ours is a case in which others were asked and nobody has taken the person yet.
type ours struct {
	agency.CaseLine

	Short string
	To    string
}

// ended is a request that is over for this agency.
type ended struct {
	agency.Over

	Short string
	Due   *left.Time
	To    string // where it says what became of the data
}

// shortList is how many lines the lesser lists of the inbox show.
const shortList = 10

func (p pages) inbox(v *web.Visit) (web.Answer, error) {
	title, err := v.Say("inbox.title")
	if err != nil {
		return nil, err
	}
	position, _ := p.agency.Changes()
	seen, err := p.view(v)
	if err != nil {
		return nil, err
	}
	seen.Position, seen.Stream = position, Path+"/live"
	if v.URL.RawQuery != "" && seen.Leaf.Page > 1 {
		seen.Stream += "?page=" + v.URL.Query().Get("page")
	}
	return web.Show{Template: "inbox-page", Title: title, Data: seen}, nil
}

func (p pages) live(v *web.Visit) (web.Show, error) {
	seen, err := p.view(v)
	return web.Show{Template: "inbox-live", Data: seen, Part: true}, err
}

func (p pages) view(v *web.Visit) (seen view, err error) {
	if seen.Away, err = Away(v, p.agency); err != nil {
		return seen, err
	}
	all := p.agency.Inbox()
	seen.Count = len(all.Waiting)
	waiting, page := leaf.Of(v, Path, all.Waiting)
	seen.Leaf = page
	kinds := p.kinds()
	for _, w := range waiting {
		seen.Asked = append(seen.Asked, p.asked(v, w, kinds[w.From]))
	}
	for _, o := range all.Over[:min(len(all.Over), leaf.Lines)] {
		seen.Over = append(seen.Over, endedOf(v, o))
	}
	for _, late := range p.agency.Overdue().Clocks {
		if late.Mine && late.State == mou.ClockMissed {
			seen.Late++
		}
	}
	seen.MayAsk = v.May(access.Report, nil) == nil
	if seen.Tasks, err = p.tasks(v); err != nil {
		return seen, err
	}
	p.addOurs(v, &seen)
	return seen, nil
}

func (p pages) asked(v *web.Visit, w agency.Waiting, kind events.AgencyKind) asked {
	staff := p.agency.Assigned(w.Case)
	row := asked{
		Waiting: w, Short: cases.Short(w.Case), Kind: kind, Staff: strings.Join(staff, ", "), Urgent: w.Facts.Urgency == events.Tonight,
		Take: len(staff) == 0 && v.May(access.TakeOn, nil) == nil,
		To:   "/referrals/" + string(w.Case) + "/" + string(w.Referral),
	}
	if row.Urgent {
		row.To = "/tonight/answer/" + string(w.Case) + "/" + string(w.Referral)
	}
	if !w.AckBy.IsZero() && !w.Acknowledged {
		see := left.Of(w.Arrived, w.AckBy, v.Now)
		row.See = &see
	}
	if !w.AnswerBy.IsZero() && w.State != mou.LegByTelephone {
		answer := left.Of(w.Arrived, w.AnswerBy, v.Now)
		row.Answer = &answer
	}
	return row
}

// Children counts who comes along.
func (a asked) Children() int { return a.Facts.Children.Under9 + a.Facts.Children.Under18 }

// InTurn says whether providers are asked one after another.
func (a asked) InTurn() bool { return a.Facts.Order == events.InTurn && a.Of > 1 }

func endedOf(v *web.Visit, o agency.Over) ended {
	row := ended{Over: o, Short: cases.Short(o.Case)}
	if !o.Due.IsZero() {
		due := left.Of(o.Ended, o.Due, v.Now)
		row.Due = &due
		row.To = "/cases/" + string(o.Case) + "/say/erasure.confirmed?referral=" + string(o.Referral)
	}
	return row
}

// tasks are the first of those in cases that whoever looks may open.
func (p pages) tasks(v *web.Visit) (list []task, err error) {
	all, err := p.agency.Tasks(v.Context())
	if err != nil {
		return nil, err
	}
	for _, t := range all {
		if len(list) < shortList && t.Ready && v.May(access.SeeCase, &access.Case{Assigned: p.agency.Assigned(t.Case)}) == nil {
			list = append(list, task{ID: t.ID, Case: t.Case, Short: cases.Short(t.Case), Kind: t.Kind})
		}
	}
	return list, nil
}

// addOurs adds the requests of this agency that nobody has taken.
func (p pages) addOurs(v *web.Visit, seen *view) {
	open := []mou.LegState{mou.LegWaiting, mou.LegRequested, mou.LegAcknowledged, mou.LegByTelephone, mou.LegExpired, mou.LegDeclined, mou.LegFailed}
	lines := p.agency.CaseLines(func(l *agency.CaseLine) bool {
		return l.Status != mou.StatusClosed && slices.Contains(open, l.Asks) && v.May(access.SeeCase, &access.Case{Assigned: p.agency.Assigned(l.Case)}) == nil
	})
	seen.OursAll = len(lines)
	for _, line := range lines[:min(shortList, len(lines))] {
		one := ours{CaseLine: line, Short: cases.Short(line.Case), To: "/cases/" + string(line.Case)}
		if line.Tonight {
			one.To = "/tonight/" + string(line.Case)
		}
		seen.Ours = append(seen.Ours, one)
	}
}
