// Package referral serves the page of one referral: what may be known before it is accepted, what may be answered, and the
// sealed sections after.
//
// Before acceptance it shows coded facts only, to all of the staff; afterwards the case is that of whoever is assigned to
// it. A sealed section is shown once, in the answer to the form that says for what and on which ground it is opened; it is
// never kept by the browser and has no address of its own.
package referral

import (
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Register serves the pages under /referrals and /tasks.
func Register(site *web.Site, a *agency.Agency) {
	site.Page("GET /referrals/{case}/{referral}", access.SeeCase, func(v *web.Visit) (web.Answer, error) { return show(v, a) })
	site.Page("GET /referrals/{case}/{referral}/open/{record}", access.OpenSealed, func(v *web.Visit) (web.Answer, error) {
		return askToOpen(v, a, nil)
	})
	site.Page("POST /referrals/{case}/{referral}/open/{record}", access.OpenSealed, func(v *web.Visit) (web.Answer, error) { return open(v, a) })
	site.Page("GET /tasks", access.SeeInbox, func(v *web.Visit) (web.Answer, error) { return listTasks(v, a, "") })
	site.Page("GET /cases/{case}/tasks", access.SeeCase, func(v *web.Visit) (web.Answer, error) {
		return listTasks(v, a, events.CaseID(v.PathValue("case")))
	})
	site.Page("GET /tasks/{task}", access.Say, func(v *web.Visit) (web.Answer, error) { return showTask(v, a, nil, nil) })
	site.Page("POST /tasks/{task}", access.Say, func(v *web.Visit) (web.Answer, error) { return answerTask(v, a) })
}
