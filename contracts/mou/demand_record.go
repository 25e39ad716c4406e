package mou

import (
	"slices"
	"time"

	"handrail/events"
)

func needsHeader() demand {
	return demand{RuleRecordNotAsked, "", "the record's header and its envelope differ; seal it anew", func(q *question) bool {
		return factsOr(q, true, func(p *events.Record) bool {
			h := p.Header
			return string(h.Case) == q.event.Subject && h.ID == q.event.ID && h.Referral == q.event.Referral() && h.Source == q.event.Source
		})
	}}
}

// recordLeg is the leg that a record is sealed for.
func (q *question) recordLeg(p *events.Record) *leg { return q.referral.leg(p.Header.To) }

func needsRecordCandidate() demand {
	return demand{RuleNotCandidate, "/to", "seal records for the providers that the referral asks", func(q *question) bool {
		return factsOr(q, true, func(p *events.Record) bool { return q.recordLeg(p) != nil })
	}}
}

func needsRecordAsked() demand {
	return demand{RuleRecordNotAsked, "/section", "seal only the sections that the request named, for its purpose", func(q *question) bool {
		return factsOr(q, true, func(p *events.Record) bool {
			return p.Header.Purpose == q.referral.purpose && slices.Contains(q.referral.sections, p.Header.Section)
		})
	}}
}

func needsRecordStanding() demand {
	return demand{RuleReferralWithdraw, "attribute correlationid", saysWithdrawn, func(q *question) bool {
		return factsOr(q, q.referral.withdrawn == 0, func(p *events.Record) bool { return !q.recordLeg(p).withdrawn() })
	}}
}

func needsRecordInTime() demand {
	return demand{RuleReferralOver, "attribute correlationid", "this provider's part in the referral is over; ask anew if more is to be shared", func(q *question) bool {
		open := func(l leg) bool { return l.alive() && !l.finished() }
		return factsOr(q, slices.ContainsFunc(q.referral.legs, open), func(p *events.Record) bool { return open(*q.recordLeg(p)) })
	}}
}

// recordOf is the record that a statement names.
func (q *question) recordOf() *record {
	switch p := q.facts.(type) {
	case *events.RecordReleased:
		if r := q.s.record(p.Record); r != nil && r.to == p.To {
			return r
		}
	case *events.RecordErased:
		return q.s.record(p.Record)
	case *events.RecordDisputed:
		return q.s.record(p.Record)
	case *events.RecordOpened:
		return q.s.record(p.Record)
	}
	return nil
}

func needsHeld() demand {
	return demand{RuleRecordUnknown, "/record", "no such record is held in this case", func(q *question) bool {
		r := q.recordOf()
		return r != nil && r.held() && !q.m.keyEnded(*r)
	}}
}

// needsOpening asks that the record's recipient may open it now.
func needsOpening() demand {
	return demand{RuleNotAccepted, "/record", "a record is released to the provider that accepted; tonight, risk and needs to the duty worker that acknowledged", func(q *question) bool {
		r := q.recordOf()
		return q.s.opens(*r)
	}}
}

// needsReleaseConsent checks consent again when a record is released.
func needsReleaseConsent() demand {
	return demand{RuleConsentRequired, "/record", "no active consent covers this record any more", func(q *question) bool {
		r := q.recordOf()
		return q.s.covered(q.m, *r, q.now)
	}}
}

// needsNotErased asks for a record that was not erased before, held or released.
func needsNotErased() demand {
	return demand{RuleRecordUnknown, "/record", "no such record is left in this case", func(q *question) bool {
		r := q.recordOf()
		return r != nil && r.erased == 0
	}}
}

// needsErasureDue asks that the reason given is the one for which the record
// goes: a held one that nobody will read, or a released one to be stopped on its way.
func needsErasureDue() demand {
	return demand{RuleRecordUnknown, "/reason", "the record is not to be erased for this reason", func(q *question) bool {
		return factsOr(q, true, func(p *events.RecordErased) bool {
			r := *q.recordOf()
			if !r.held() {
				reason, may := q.s.recall(q.m, r, q.now)
				return may && reason == p.Reason
			}
			fate, reason := q.s.fate(q.m, r, q.now)
			return fate == fateErase && reason == p.Reason
		})
	}}
}

// needsReleasedToMe asks that the record was released to whoever disputes it, once.
func needsReleasedToMe() demand {
	return demand{RuleRecordUnknown, "/record", "dispute a record that was released to your agency, once", func(q *question) bool {
		mine := func(r record) bool { return r.to == q.by && r.released != 0 && r.disputed == 0 }
		return factsOr(q, slices.ContainsFunc(q.s.records, mine), func(p *events.RecordDisputed) bool {
			r := q.s.record(p.Record)
			return r != nil && mine(*r)
		})
	}}
}

// needsReadable asks that the record was released to whoever opened it, and was not
// erased by then. A reading that reaches the ledger after the erasure is taken: it
// happened, and an agency that is cut off can read.
func needsReadable() demand {
	return demand{RuleRecordUnknown, "/record", "open a record that was released to your agency and not erased", func(q *question) bool {
		mine := func(r record) bool { return r.to == q.by && r.released != 0 }
		return factsOr(q, slices.ContainsFunc(q.s.records, mine), func(p *events.RecordOpened) bool {
			r := q.s.record(p.Record)
			return r != nil && mine(*r) && (r.erased == 0 || !p.Happened.Time().After(q.c.admitted(r.erased)))
		})
	}}
}

// admitted is when the statement of a number was admitted; zero if it is not there.
func (c Case) admitted(number uint64) time.Time {
	for _, i := range c.trail {
		if i.Number == number {
			return i.Admitted
		}
	}
	return time.Time{}
}

func needsItsPurpose() demand {
	return demand{RulePurposeOther, "/purpose", "a record is opened for the purpose for which it was shared", func(q *question) bool {
		return factsOr(q, true, func(p *events.RecordOpened) bool { return p.Purpose == q.recordOf().purpose })
	}}
}

func needsHolding() demand {
	return demand{RuleNothingHeld, "", "your agency holds no released record of this referral", func(q *question) bool { return q.leg.holds > 0 }}
}

func needsGround() demand {
	return demand{RuleErasureGround, "/ground", "keep a record only on a ground of the profile, until a time that is still to come", func(q *question) bool {
		return factsOr(q, true, func(p *events.ErasureConfirmed) bool {
			listed := slices.ContainsFunc(q.m.Profile.Grounds, func(g Ground) bool { return g.Ground == p.Ground })
			return p.Answer == events.Erased || listed && p.Until.Time().After(q.now)
		})
	}}
}
