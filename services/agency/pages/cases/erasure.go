package cases

import (
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/leaf"
	"handrail/services/agency/pages/left"
	"handrail/services/web"
	"handrail/services/web/access"
)

// erasureView is what this agency must answer, who has not answered it, and what was
// answered.
type erasureView struct {
	Ours, Others, Done []owed
}

// owed is one holder's answer.
type owed struct {
	agency.Holder

	Case  events.CaseID
	Short string
	Type  string // what ended the use
	By    events.AgencyID
	Since left.Time
	Open  bool   // the case is open to whoever looks
	To    string // where it is answered; empty: it is not this agency's to answer
}

func (p pages) erasure(v *web.Visit) (web.Answer, error) {
	title, err := v.Say("cases.erasure.title")
	if err != nil {
		return nil, err
	}
	seen, me := erasureView{}, p.agency.ID()
	for _, e := range p.agency.Erasures() {
		open := v.May(access.SeeCase, &access.Case{Assigned: p.agency.Assigned(e.Case)}) == nil
		for _, h := range e.Holders {
			one := owed{Holder: h, Case: e.Case, Short: Short(e.Case), Type: e.Type, By: e.By, Since: left.Of(e.Happened, h.Due, v.Now), Open: open}
			switch {
			case h.Answer != agency.NoneYet:
				seen.Done = append(seen.Done, one)
			case h.Agency == me:
				one.To = "/cases/" + string(e.Case) + "/say/erasure.confirmed?referral=" + string(h.Referral)
				seen.Ours = append(seen.Ours, one)
			default:
				seen.Others = append(seen.Others, one)
			}
		}
	}
	seen.Ours, seen.Others, seen.Done = first(seen.Ours), first(seen.Others), first(seen.Done)
	return web.Show{Template: "cases-erasure", Title: title, Data: seen}, nil
}

// first cuts a list to what one page shows: the newest.
func first[T any](list []T) []T { return list[:min(len(list), 4*leaf.Lines)] }
