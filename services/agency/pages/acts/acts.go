// Package acts serves one page for every statement that the memorandum lets an agency make about a case.
//
// What is offered, and what stands against it, is [mou.Case.Next]; what is asked comes from the payload's type (package
// form). A statement that needs more than its own members, such as a request with its sealed sections, has a manner of its
// own; all others, and every type that is ever added, share one.
//
// A form that was sent twice says its statement once: it carries the id under which the statement is said. Other areas use
// the templates acts-aside, acts-against and acts-said.
package acts

import (
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Register serves the pages under /cases/{case}/say/{type}; type is the event type
// as people say it, such as referral.accepted.
func Register(site *web.Site, a *agency.Agency) {
	site.Page("GET /cases/{case}/say/{type}", access.Say, func(v *web.Visit) (web.Answer, error) {
		act, err := meet(v, a)
		if err != nil {
			return nil, err
		}
		return act.show(nil, nil)
	})
	site.Page("POST /cases/{case}/say/{type}", access.Say, func(v *web.Visit) (web.Answer, error) {
		if err := v.Form(); err != nil {
			return nil, err
		}
		act, err := meet(v, a)
		if err != nil {
			return nil, err
		}
		return act.say(v.PostForm)
	})
}

// manner is how one type of statement is asked for and said. What it leaves nil is
// done as for all.
type manner struct {
	choices func(*act) error               // what the form offers and fills in; it changes act.choices
	fields  func(*act, *page, asked) error // what the page asks beside the payload's members
	last    []string                       // members of the payload that are asked after all others
	again   func(*act, asked) bool         // the form is only to be shown again, with what follows from what it holds
	speak   func(*act, asked) error        // says it; the error is ask.Problems, *events.Violation or a failure
	leads   func(*act) string              // where to go when it was said, other than to the case or referral
}

func mannerOf(t events.Type) manner {
	m, own := map[events.Type]manner{
		events.TypeReferralRequested:    request(),
		events.TypeConsentGiven:         consent(),
		events.TypeConsentRefused:       refusal(),
		events.TypeConsentWithdrawn:     withdrawal(),
		events.TypeRecordSealed:         sealing(),
		events.TypeReferralAsked:        question(),
		events.TypeReferralAnswered:     reply(),
		events.TypeCaseLinked:           linking(),
		events.TypeNoticeSent:           {choices: notice},
		events.TypeReferralAcknowledged: {choices: onDuty("duty")},
		events.TypeReferralConfirmed:    {choices: provider},
		events.TypeServiceStarted:       {choices: needsAsked},
		events.TypeServiceEnded:         {choices: needsAsked},
		events.TypeIncidentLinked:       {choices: incidents},
		events.TypeRecordDisputed:       {choices: opened, speak: speakDispute},
		events.TypeErasureConfirmed:     {choices: grounds},
		events.TypeEmergencyDisclosed:   {choices: emergency},
		events.TypeEmergencyConfirmed:   {choices: unconfirmed},
	}[t]
	if !own {
		return manner{}
	}
	return m
}
