package mou

import (
	"slices"

	"handrail/events"
)

func needsRights() demand {
	return demand{RuleRightsFirst, "", "tell the person of their rights first, then ask", func(q *question) bool { return len(q.s.rights) > 0 }}
}

func needsRightsLanguage() demand {
	return demand{RuleRightsLanguage, "/language", "ask in a language in which the person was told of their rights", func(q *question) bool {
		return factsOr(q, true, func(p *events.ConsentGiven) bool {
			return slices.ContainsFunc(q.s.rights, func(r rights) bool { return r.language == p.Language })
		})
	}}
}

func needsRightVoice() demand {
	return demand{RuleChildGuardian, "/by", "for a child, or while the age is unsure, a guardian consents; an adult consents for themselves", func(q *question) bool {
		return factsOr(q, true, func(p *events.ConsentGiven) bool {
			return (q.s.age == events.Adult) == (p.By == events.ByPerson)
		})
	}}
}

// needsKnownRecipient asks that a consent for one agency names one of the directory.
func needsKnownRecipient() demand {
	return demand{RuleRecipientUnknown, "/recipient/agency", "name an agency of the directory", func(q *question) bool {
		var a events.AgencyID
		switch p := q.facts.(type) {
		case *events.ConsentGiven:
			a = p.Recipient.Agency
		case *events.ConsentRefused:
			a = p.Recipient.Agency
		}
		_, listed := q.m.Directory[a]
		return a == "" || listed
	}}
}

// shared is what a statement shares: the same sections with each recipient.
type shared struct {
	to       []events.AgencyID
	purpose  events.Purpose
	sections []events.Section
}

// sharing reads what a request or a record shares; false without facts.
func sharing(facts events.Payload) (shared, bool) {
	switch p := facts.(type) {
	case *events.ReferralRequested:
		return shared{p.To, p.Purpose, p.Sections}, true
	case *events.Record:
		return shared{[]events.AgencyID{p.Header.To}, p.Header.Purpose, []events.Section{p.Header.Section}}, true
	}
	return shared{}, false
}

func (x shared) all(holds func(events.AgencyID, events.Section) bool) bool {
	for _, to := range x.to {
		for _, section := range x.sections {
			if !holds(to, section) {
				return false
			}
		}
	}
	return true
}

func needsAgreement(pointer string) demand {
	return demand{RuleAgreementTable, pointer, "the agreement table does not let your kind of agency send this section to that kind of agency for this purpose; leave it out", func(q *question) bool {
		x, some := sharing(q.facts)
		return !some || x.all(func(to events.AgencyID, section events.Section) bool {
			return q.m.Profile.Allows(q.kind, q.m.kind(to), x.purpose, section)
		})
	}}
}

// needsConsent asks for an active consent for every recipient and section.
func needsConsent(pointer string) demand {
	return demand{RuleConsentRequired, pointer, "no active consent covers this recipient, purpose and section; ask the person, or leave it out", func(q *question) bool {
		x, some := sharing(q.facts)
		if !some {
			return q.s.anyConsent(q.m, q.now) || q.s.age != events.Adult
		}
		return x.all(func(to events.AgencyID, section events.Section) bool {
			return q.s.consented(q.m, to, x.purpose, section, q.now)
		})
	}}
}
