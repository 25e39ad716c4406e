// Package cases shows the agency's cases: the list, each case as it stands, what must be erased, and who read what.
//
// A case is open to those of the staff who are assigned to it, the duty lead and the data-protection officer. What may be
// done in it is what the memorandum says (mou.Case.Next): every button, also the greyed ones, comes from there.
package cases

import (
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/web"
	"handrail/services/web/access"
)

// fresh is after how long a case is shown anew although nothing happened: the words
// say how much time is left.
const fresh = 30 * time.Second

// Register adds the area's pages.
func Register(site *web.Site, a *agency.Agency) {
	p := pages{a}
	site.Page("GET /cases", access.SeeCase, p.list)
	site.Page("GET /cases/{case}", access.SeeCase, p.show)
	site.Live("GET /cases/{case}/live", access.SeeCase, p.live)
	site.Page("POST /cases/{case}/staff", access.Assign, p.assign)
	site.Page("POST /cases/{case}/staff/remove", access.Assign, p.unassign)
	site.Page("GET /erasure", access.SeeErasure, p.erasure)
	site.Page("GET /readlog", access.SeeReadLog, p.readLog)
}

// pages are the area's pages of one agency.
type pages struct{ agency *agency.Agency }

// open gives a case of the path, if whoever looks may see it. Every unknown case is
// no page: its number tells nobody whether it exists elsewhere.
func (p pages) open(v *web.Visit) (events.CaseID, mou.Case, error) {
	id := events.CaseID(v.PathValue("case"))
	c, err := p.agency.Stands(id)
	if err != nil {
		return id, c, web.ErrNoPage
	}
	return id, c, v.May(access.SeeCase, &access.Case{Assigned: p.agency.Assigned(id)})
}

// Short is how people name a case to one another: the end of its number, which tells
// nothing of the person.
func Short(id events.CaseID) string { return string(id[max(0, len(id)-8):]) }
