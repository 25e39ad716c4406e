package mou

import (
	"time"

	"handrail/events"
)

// opens says whether a held record may go to its recipient now, consent given:
// the provider accepted, or there is an emergency; or it is asked for a bed tonight, a named duty worker
// has acknowledged, and the record is what is dangerous or needed, not who it is
// (domain rule 4); or it is a question or an answer, which never wait.
func (s *state) opens(r record) bool {
	if r.question() {
		return true
	}
	of := s.referral(r.referral)
	l := of.leg(r.to)
	switch {
	case l == nil || !l.alive():
		return false
	case l.accepted != 0, l.asked() && of.purpose == events.PurposeEmergency:
		return true
	}
	return of.urgency == events.Tonight && l.duty && (r.section == events.SectionRisk || r.section == events.SectionNeeds)
}

// question says whether a record is a provider's question or the answer to it.
func (r *record) question() bool {
	return r.kind == events.TypeReferralAsked || r.kind == events.TypeReferralAnswered
}

// covered says whether the person's consent lets the recipient of a record have
// it. A question needs none: it goes to who holds the consent.
func (s *state) covered(m *Memorandum, r record, now time.Time) bool {
	return r.kind == events.TypeReferralAsked || s.consented(m, r.to, r.purpose, r.section, now)
}

// part is the leg that a record lives and ends with: its recipient's or, for a
// question, that of the provider that asks it.
func (s *state) part(r record) *leg {
	if r.kind == events.TypeReferralAsked {
		return s.referral(r.referral).leg(r.by)
	}
	return s.referral(r.referral).leg(r.to)
}
