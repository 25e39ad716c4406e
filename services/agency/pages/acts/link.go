package acts

import "handrail/events"

// linking opens a case of its own for an embassy and links it, in one breath. The case
// has the form's id.
func linking() manner {
	return manner{
		choices: func(x *act) error {
			x.choices.Fixed["case"] = string(x.statement)
			x.choices.First.Set("for", string(events.LinkConsular))
			return nil
		},
		speak: func(x *act, given asked) error {
			payload, err := x.form.Read(given.values, x.choices)
			if err != nil {
				return err
			}
			facts, is := payload.(*events.CaseLinked)
			if !is {
				return events.Refuse(events.RuleDataMalformed, "", "this links no case")
			}
			if _, err := x.a.Link(x.Context(), x.id, facts.For, facts.Case); err != nil {
				return err
			}
			return x.a.Assign(x.Context(), facts.Case, x.Person.Code, x.Person.Code)
		},
		leads: func(x *act) string { return "/cases/" + string(x.statement) },
	}
}
