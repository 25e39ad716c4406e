package acts

import (
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/ask"
)

// Questions and answers are free text, so they travel sealed: only the agency that
// they are for can read them.
const (
	textField     = "text"
	questionField = "question"
)

func question() manner {
	return manner{fields: textFields, speak: func(x *act, given asked) error {
		_, err := x.a.Ask(x.Context(), agency.Asking{Case: x.id, Referral: x.referral, Text: given.values.Get(textField), ID: x.statement})
		return atText(err)
	}}
}

func reply() manner {
	return manner{fields: replyFields, speak: func(x *act, given asked) error {
		_, err := x.a.Reply(x.Context(), agency.Replying{
			Case: x.id, Question: events.EventID(given.values.Get(questionField)), Text: given.values.Get(textField), ID: x.statement,
		})
		if v, is := violation(err); is && v.Rule == agency.RuleQuestionUnknown {
			return ask.Problems{questionField: {Key: "rule." + string(v.Rule)}}
		}
		return atText(err)
	}}
}

// atText puts what stands against a text beside it.
func atText(err error) error {
	if v, is := violation(err); is && v.Pointer == "/text" {
		return ask.Problems{textField: {Key: "acts.error.text"}}
	}
	return err
}

func textFields(x *act, p *page, given asked) error {
	return x.poses(p, x.choices, given, form.Member{Name: textField, Key: textField, Kind: ask.Text, Needed: true})
}

// replyFields lets one choose which question is answered: those that wait for an
// answer of this agency in the referral.
func replyFields(x *act, p *page, given asked) error {
	c := x.choices
	for _, q := range x.a.Questions() {
		if q.Case != x.id || q.To != x.me || x.referral != "" && q.Referral != x.referral || q.Answered != "" {
			continue
		}
		option, err := x.agency(q.From)
		if err != nil {
			return err
		}
		option.Value = string(q.Question)
		c.Offered[questionField] = append(c.Offered[questionField], option)
	}
	if all := c.Offered[questionField]; len(all) > 0 {
		c.First.Set(questionField, all[len(all)-1].Value)
	}
	if err := x.poses(p, c, given, form.Member{Name: questionField, Key: questionField, Kind: ask.One, List: "agency", Needed: true}); err != nil {
		return err
	}
	return textFields(x, p, given)
}
