package mou

import "handrail/events"

// A provider that hesitates asks; whoever asked it answers. Both are sealed
// records, released at once and held, recalled, disputed and answered for as any
// other. They stop no clock.

// needsQuestionTo asks that a question goes to the agency that asked for help,
// of the section and for the purpose that questions have.
func needsQuestionTo() demand {
	return demand{RuleRecordNotAsked, "/to", "send your question, in the section question and for the referral's purpose, to the agency that asked you", func(q *question) bool {
		return factsOr(q, true, func(p *events.Record) bool { return p.Header.To == q.referral.by && q.aboutReferral(p) })
	}}
}

// aboutReferral says whether a question or an answer has the section and the
// purpose that it must.
func (q *question) aboutReferral(p *events.Record) bool {
	return p.Header.Section == events.SectionQuestion && p.Header.Purpose == q.referral.purpose
}

// needsPartRunning asks that the provider's part in the referral is not over.
func needsPartRunning() demand {
	return demand{RuleReferralOver, "attribute correlationid", "your part in this referral is over", func(q *question) bool {
		return q.leg.alive() && !q.leg.finished()
	}}
}

// needsQuestion asks that the provider waits for an answer.
func needsQuestion() demand {
	return demand{RuleRecordNotAsked, "/to", "answer, in the section question and for the referral's purpose, a provider whose question waits", func(q *question) bool {
		for _, l := range q.referral.legs {
			if p, ok := q.facts.(*events.Record); ok && (p.Header.To != l.to || !q.aboutReferral(p)) {
				continue
			}
			if q.s.questions(q.referral.id, l.to) > 0 {
				return true
			}
		}
		return false
	}}
}

// questions counts a provider's questions in a referral that wait for an answer.
func (s *state) questions(id events.ReferralID, provider events.AgencyID) int {
	n := 0
	for _, r := range s.records {
		switch {
		case r.referral != id:
		case r.kind == events.TypeReferralAsked && r.by == provider:
			n++
		case r.kind == events.TypeReferralAnswered && r.to == provider:
			n--
		}
	}
	return n
}
