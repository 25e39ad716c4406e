package referral

import (
	"slices"

	"handrail/events"
	"handrail/services/agency"
)

// Section is one sealed section that reached this agency.
type Section struct {
	agency.SectionView

	Against string // message; empty: it may be opened
}

// Question is a question or an answer in the referral: who asked whom is seen, the text is
// sealed.
type Question struct {
	agency.AskedQuestion

	Asked    bool // this agency asked
	Answer   events.EventID
	CanReply bool
}

// sectionsOf lists the sections of a referral that reached this agency, without
// questions and answers.
func sectionsOf(a *agency.Agency, s subject) (all []Section, err error) {
	views, err := a.Sections(s.id)
	if err != nil {
		return nil, err
	}
	for _, view := range views {
		if view.Referral != s.asked.ID || view.Section == events.SectionQuestion {
			continue
		}
		one := Section{SectionView: view}
		if !view.Open {
			one.Against = "rule." + string(view.Rule)
		}
		all = append(all, one)
	}
	return all, nil
}

// questionsOf lists the questions of a referral, with the answers that this agency
// can open.
func questionsOf(a *agency.Agency, s subject) (all []Question) {
	for _, q := range a.Questions() {
		if q.Case != s.id || q.Referral != s.asked.ID {
			continue
		}
		one := Question{AskedQuestion: q, Asked: q.From == s.me, CanReply: q.To == s.me && q.Answered == ""}
		if one.Asked {
			one.Answer = q.Answered
		}
		all = append(all, one)
	}
	slices.Reverse(all) // the newest first
	return all
}
