package inbox

import (
	"strconv"
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

// overdueView is what is late, or soon will be.
type overdueView struct {
	Position           uint64 // of the journal, from which the page goes on
	Stream             string // where it goes on
	Ours, Others, Done []late
	Escalated          []escalated
	Leaf               leaf.Leaf
	Count              int
	Open               int // of those that somebody still has to do
}

// late is one clock.
type late struct {
	agency.Late

	ID    string // of its line on the page
	Short string
	Left  left.Time
	To    string // where something can be done about it; empty: the case is not open to whoever looks
}

// escalated is a chase that turned to this agency.
type escalated struct {
	agency.Escalated

	Short string
	Left  *left.Time
}

func (p pages) overdue(v *web.Visit) (web.Answer, error) {
	title, err := v.Say("inbox.overdue.title")
	if err != nil {
		return nil, err
	}
	position, _ := p.agency.Changes()
	seen := p.seeOverdue(v)
	seen.Position, seen.Stream = position, "/overdue/live"
	if seen.Leaf.Page > 1 {
		seen.Stream += "?page=" + strconv.Itoa(seen.Leaf.Page)
	}
	return web.Show{Template: "inbox-overdue", Title: title, Data: seen}, nil
}

func (p pages) overdueLive(v *web.Visit) (web.Show, error) {
	return web.Show{Template: "inbox-overdue-live", Data: p.seeOverdue(v)}, nil
}

func (p pages) seeOverdue(v *web.Visit) overdueView {
	all := p.agency.Overdue()
	seen := overdueView{Count: len(all.Clocks), Open: len(all.Escalated)}
	for _, clock := range all.Clocks {
		if clock.State != mou.ClockLateMet {
			seen.Open++
		}
	}
	clocks, page := leaf.Of(v, "/overdue", mineFirst(all.Clocks))
	seen.Leaf = page
	for _, clock := range clocks {
		line := late{Late: clock, ID: lineOf(clock), Short: cases.Short(clock.Case), Left: left.Of(clock.Since, clock.Due, v.Now), To: p.pathOf(v, clock.Case, clock.Referral)}
		switch {
		case clock.State == mou.ClockLateMet:
			seen.Done = append(seen.Done, line)
		case clock.Mine:
			seen.Ours = append(seen.Ours, line)
		default:
			seen.Others = append(seen.Others, line)
		}
	}
	for _, e := range all.Escalated[:min(len(all.Escalated), leaf.Lines)] {
		line := escalated{Escalated: e, Short: cases.Short(e.Case)}
		if !e.Due.IsZero() {
			due := left.Of(e.Since, e.Due, v.Now)
			line.Left = &due
		}
		seen.Escalated = append(seen.Escalated, line)
	}
	return seen
}

// lineOf names the line of a clock, the same for as long as it is shown: what has the
// focus in it keeps that when others come and go.
func lineOf(l agency.Late) string {
	return strings.Join([]string{"late", string(l.Case), string(l.Referral), string(l.Duty), string(l.Owes), strconv.FormatInt(l.Since.UnixNano(), 36)}, "-")
}

// mineFirst puts what this agency owes first, then what others owe, then what was
// done late; each by when it was due.
func mineFirst(clocks []agency.Late) []agency.Late {
	return agency.Foremost(clocks,
		func(l agency.Late) bool { return l.State != mou.ClockLateMet },
		func(l agency.Late) bool { return l.Mine })
}

func (p pages) pathOf(v *web.Visit, of events.CaseID, referral events.ReferralID) string {
	if v.May(access.SeeCase, &access.Case{Assigned: p.agency.Assigned(of)}) != nil {
		return ""
	}
	if referral != "" {
		return "/referrals/" + string(of) + "/" + string(referral)
	}
	return "/cases/" + string(of)
}
