// Package tonight is a bed for the night: the request in eight choices and a number to call back, who is asked until when,
// and the shelter's answer in two taps.
//
// Everything stands on one page in plain words, the rules for children too: nothing is hidden behind a script. The request
// carries a case id that was made with the form, so that sending it twice asks once; what is typed is kept as a draft under
// that id while there are scripts to send it. Consent is never chosen beforehand. Sealed sections are opened on the page of
// the referral, where reading them is recorded; this package shows codes, agencies and times only.
package tonight

import (
	"handrail/services/agency"
	"handrail/services/agency/pages/joined"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Register adds the pages to an agency's site.
func Register(site *web.Site, a *agency.Agency) {
	p := pages{a}
	page := joined.Pages(site)
	page("GET /tonight", access.AskTonight, p.begin)
	page("POST /tonight", access.AskTonight, p.ask)
	page("POST /tonight/{case}/keep", access.AskTonight, p.keep)
	page("POST /tonight/{case}/delete", access.AskTonight, p.delete)
	page("GET /tonight/{case}", access.AskTonight, p.show)
	site.Live("GET /tonight/{case}/live", access.AskTonight, p.follow)

	page("GET /tonight/answer/{case}/{referral}", access.SeeInbox, p.asked)
	site.Live("GET /tonight/answer/{case}/{referral}/live", access.SeeInbox, p.followAsked)
	page("POST /tonight/answer/{case}/{referral}/seen", access.Say, p.seen)
	for _, step := range []string{"yes", "no", "ask"} {
		page("GET /tonight/answer/{case}/{referral}/"+step, access.Say, func(v *web.Visit) (web.Answer, error) { return p.confirm(v, step, nil) })
	}
	page("POST /tonight/answer/{case}/{referral}/yes", access.Say, p.accept)
	page("POST /tonight/answer/{case}/{referral}/no", access.Say, p.decline)
	page("POST /tonight/answer/{case}/{referral}/ask", access.Say, p.question)
}

// pages answers for one agency.
type pages struct{ a *agency.Agency }
