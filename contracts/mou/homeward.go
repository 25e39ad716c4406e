package mou

import (
	"slices"

	"handrail/events"
)

// home is how far one provider has brought a voluntary return.
type home struct {
	assessed, agreed, departed, arrived uint64
	by                                  events.Speaker // who agreed
}

// returnRisk is the newest assessment of the case, whoever made it.
type returnRisk struct {
	number  uint64
	adverse bool
}

func (s *state) stepHome(i *Item) {
	l := s.referral(i.Referral).leg(i.By)
	if l == nil {
		return
	}
	switch p := i.Facts.(type) {
	case *events.ReturnRiskAssessed:
		l.home.assessed = i.Number
		s.paths.risk = returnRisk{i.Number, p.Outcome == events.ReturnAdverse}
	case *events.ReturnAgreed:
		l.home.agreed, l.home.by = i.Number, p.By
	case *events.ReturnDeparted:
		l.home.departed = i.Number
	case *events.ReturnArrived:
		l.home.arrived = i.Number
	}
}

// blocked says whether the newest assessment forbids the return: for a child an
// adverse one does (CETS 197 Art. 16(7)); an adult decides.
func (s *state) blocked() bool { return s.age != events.Adult && s.paths.risk.adverse }

// stands says whether an agreement to return still counts: it was given by the
// voice that speaks for the person now, and nobody has said no since.
func (s *state) stands(m *Memorandum, l *leg) bool {
	h := l.home
	if h.agreed == 0 || !speaksFor(h.by, s.age) || h.by == events.ByGuardian && s.paths.conflicted != 0 {
		return false
	}
	return !slices.ContainsFunc(s.words, func(w word) bool {
		return w.verb != given && w.number > h.agreed && (w.purpose == "" || w.purpose == events.PurposeReturn) && m.covers(w.recipient, l.to)
	})
}

func needsReturnReferral() demand {
	return demand{RuleReturnOrder, "attribute correlationid", "this belongs to a referral whose purpose is the return", func(q *question) bool { return q.referral.purpose == events.PurposeReturn }}
}

// needsHomeStep asks for one step of a return after the other.
func needsHomeStep(reason string, holds func(*question, home) bool) demand {
	return demand{RuleReturnOrder, "", reason, func(q *question) bool { return holds(q, q.leg.home) }}
}

func needsNotDeparted() demand {
	return needsHomeStep("the person has left; nothing is assessed or agreed any more", func(_ *question, h home) bool { return h.departed == 0 })
}

func needsAssessment() demand {
	return needsHomeStep("assess the risks of the return first", func(_ *question, h home) bool { return h.assessed != 0 })
}

func needsAgreedReturn() demand {
	return needsHomeStep("the person, or who speaks for the child now, agrees to the return first and has not taken it back", func(q *question, _ home) bool {
		return q.s.stands(q.m, q.leg)
	})
}

func needsDeparture() demand {
	return needsHomeStep("the person left first, and arrives once", func(_ *question, h home) bool { return h.departed != 0 && h.arrived == 0 })
}

func needsNoReturnRisk() demand {
	return demand{RuleReturnRisk, "", "the newest assessment is adverse; a child does not return", func(q *question) bool { return !q.s.blocked() }}
}

// needsReturnVoice asks that whoever speaks for the person agrees.
func needsReturnVoice() demand {
	return demand{RuleChildGuardian, "/by", "for a child, or while the age is unsure, a guardian agrees; an adult decides alone", func(q *question) bool {
		return factsOr(q, true, func(p *events.ReturnAgreed) bool { return speaksFor(p.By, q.s.age) })
	}}
}

// needsValidDocument asks that a travel document can still be used when it is recorded.
func needsValidDocument() demand {
	return demand{RuleTravelDocument, "/until", "record a travel document that is valid for some time to come", func(q *question) bool {
		return factsOr(q, true, func(p *events.TravelDocumentIssued) bool { return p.Until.Time().After(q.now) })
	}}
}
