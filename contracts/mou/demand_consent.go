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
			return speaksFor(p.By, q.s.age)
		})
	}}
}

// needsKnownRecipient asks that every agency that the person's word names, meant
// or excepted, is one of the directory: an id is no place for free text.
func needsKnownRecipient() demand {
	return demand{RuleRecipientUnknown, "/recipient", "name agencies of the directory only", func(q *question) bool {
		var r events.Recipient
		switch p := q.facts.(type) {
		case *events.ConsentGiven:
			r = p.Recipient
		case *events.ConsentRefused:
			r = p.Recipient
		case *events.ConsentWithdrawn:
			r = p.Recipient
		}
		unknown := func(a events.AgencyID) bool { return !q.knows(a) }
		return (r.Agency == "" || q.knows(r.Agency)) && !slices.ContainsFunc(r.Except, unknown)
	}}
}

// knows says whether the speaker may name an agency. A foreign mission sees no
// directory, so it names whom it meets in the case: then its own view and the
// ledger's agree, and a refusal does not tell which agencies exist.
func (q *question) knows(a events.AgencyID) bool {
	if q.kind == events.ForeignMission {
		return a == q.by || q.s.takesPart(a)
	}
	_, listed := q.m.Directory[a]
	return listed
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
	case *events.EmergencyDisclosed:
		return shared{[]events.AgencyID{p.To}, events.PurposeEmergency, p.Sections}, true
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
			return q.s.anyConsent(q.m, q.now) || q.s.age != events.Adult || q.s.anyEmergency(q.m, q.now)
		}
		return x.all(func(to events.AgencyID, section events.Section) bool {
			return q.s.consented(q.m, to, x.purpose, section, q.now)
		})
	}}
}
