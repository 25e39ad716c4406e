package acts

import "handrail/events"

// linking opens a case of its own for an embassy and links it, in one breath.
func linking() manner {
	return manner{
		choices: func(x *act) error {
			x.choices.Fixed["case"] = string(x.id) // the linked one is made when it is said
			x.choices.First.Set("for", string(events.LinkConsular))
			return nil
		},
		speak: func(x *act, given asked) (*spoken, error) {
			payload, err := x.form.Read(given.values, x.choices)
			if err != nil {
				return nil, err
			}
			facts, is := payload.(*events.CaseLinked)
			if !is {
				return nil, events.Refuse(events.RuleDataMalformed, "", "this links no case")
			}
			linked, err := x.a.Link(x.Context(), x.id, facts.For)
			if err != nil {
				return nil, err
			}
			if err := x.a.Assign(x.Context(), linked.Linked, x.Person.Code, x.Person.Code); err != nil {
				return nil, err
			}
			return &spoken{to: "/cases/" + string(linked.Linked) + "?said=" + x.t.Name()}, nil
		},
	}
}
