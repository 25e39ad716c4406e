package cases

import (
	"slices"
	"strings"

	"handrail/contracts/mou"
	"handrail/services/agency"
	"handrail/services/agency/pages/leaf"
	"handrail/services/web"
	"handrail/services/web/access"
)

// filter is which cases a list shows; its code stands in the address.
type filter struct {
	Code  string
	holds func(agency.CaseLine) bool
}

func filters() []filter {
	asked := func(states ...mou.LegState) func(agency.CaseLine) bool {
		return func(l agency.CaseLine) bool { return slices.Contains(states, l.Asked) }
	}
	return []filter{
		{"open", func(l agency.CaseLine) bool { return l.Status != mou.StatusClosed }},
		{"asked", asked(mou.LegRequested, mou.LegAcknowledged, mou.LegByTelephone, mou.LegExpired)},
		{"helping", asked(mou.LegAccepted, mou.LegHandedOver, mou.LegInService)},
		{"asking", func(l agency.CaseLine) bool {
			return l.Status != mou.StatusClosed && slices.Contains([]mou.LegState{
				mou.LegWaiting, mou.LegRequested, mou.LegAcknowledged, mou.LegByTelephone, mou.LegExpired, mou.LegDeclined, mou.LegFailed,
			}, l.Asks)
		}},
		{"missing", func(l agency.CaseLine) bool { return l.Missing }},
		{"late", func(l agency.CaseLine) bool { return l.Late }},
		{"waiting", func(l agency.CaseLine) bool { return l.Waiting > 0 }},
		{"over", asked(mou.LegDeclined, mou.LegNotChosen, mou.LegWithdrawn, mou.LegFailed, mou.LegCompleted)},
		{"closed", func(l agency.CaseLine) bool { return l.Status == mou.StatusClosed }},
		{"all", func(agency.CaseLine) bool { return true }},
	}
}

// listView is the list of cases.
type listView struct {
	Filters []string
	State   string
	Mine    bool
	Number  string // a part of a case's number
	Lines   []line
	Count   int
	Leaf    leaf.Leaf
	Any     bool // there is a case at all
	MayAsk  bool
}

// line is one case of the list.
type line struct {
	agency.CaseLine

	Short string
	Staff string
	Open  bool // to whoever looks
	Take  bool // nobody has it, and whoever looks may take it
}

func (p pages) list(v *web.Visit) (web.Answer, error) {
	title, err := v.Say("cases.title")
	if err != nil {
		return nil, err
	}
	query := v.URL.Query()
	seen := listView{State: "open", Mine: query.Get("mine") == "1", Number: number(query.Get("number")), MayAsk: v.May(access.Report, nil) == nil}
	holds := filters()[0].holds
	for _, f := range filters() {
		seen.Filters = append(seen.Filters, f.Code)
		if f.Code == query.Get("state") {
			seen.State, holds = f.Code, f.holds
		}
	}
	found := p.agency.CaseLines(func(l *agency.CaseLine) bool {
		staff := p.agency.Assigned(l.Case)
		if !take(v, staff) && !open(v, staff) {
			return false
		}
		seen.Any = true
		return holds(*l) && (!seen.Mine || slices.Contains(staff, v.Person.Code)) && strings.Contains(string(l.Case), seen.Number)
	})
	seen.Count = len(found)
	found, seen.Leaf = leaf.Of(v, seen.address(), found)
	for _, l := range found {
		staff := p.agency.Assigned(l.Case)
		seen.Lines = append(seen.Lines, line{CaseLine: l, Short: Short(l.Case), Staff: strings.Join(staff, ", "), Open: open(v, staff), Take: take(v, staff)})
	}
	return web.Show{Template: "cases-list", Title: title, Data: seen}, nil
}

// open says whether a case is open to whoever looks, and take whether they may take it.
func open(v *web.Visit, staff []string) bool {
	return v.May(access.SeeCase, &access.Case{Assigned: staff}) == nil
}

func take(v *web.Visit, staff []string) bool {
	return len(staff) == 0 && v.May(access.TakeOn, nil) == nil
}

// number keeps of what was looked for what a case's number can hold.
func number(text string) string {
	return strings.Map(func(c rune) rune {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c == '-' {
			return c
		}
		return -1
	}, strings.ToLower(text[:min(len(text), 36)]))
}

// address is that of the list, without a page.
func (s listView) address() string {
	to := "/cases?state=" + s.State
	if s.Mine {
		to += "&mine=1"
	}
	if s.Number != "" {
		to += "&number=" + s.Number
	}
	return to
}
