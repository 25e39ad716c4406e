package match

import (
	"slices"

	"handrail/events"
)

// weigh lists every reason for and against a capacity, in a fixed order.
func (w Wish) weigh(o Offer) []Reason {
	c := o.Capacity
	if c == nil {
		return []Reason{NothingPublished}
	}
	all := []Reason{
		w.need(c), room(c.Places), w.sex(c.Sexes), w.age(c.Ages),
		unless(w.Children <= c.Children, ChildrenNotTaken),
		unless(!slices.ContainsFunc(w.Access, func(a events.Access) bool { return !slices.Contains(c.Access, a) }), AccessNotServed),
		w.hour(c), w.word(o), w.region(c.Region), w.language(c.Languages),
	}
	return slices.DeleteFunc(all, func(r Reason) bool { return r == "" })
}

func unless(holds bool, against Reason) Reason {
	if holds {
		return ""
	}
	return against
}

// need: nothing asked is served by everybody.
func (w Wish) need(c *events.CapacityPublished) Reason {
	served := 0
	for _, n := range w.Needs {
		if slices.Contains(c.Needs, n) {
			served++
		}
	}
	switch {
	case served == len(w.Needs):
		return NeedServed
	case served > 0:
		return NeedPartly
	}
	return NeedNotServed
}

func room(p events.Places) Reason {
	switch p {
	case events.SomePlaces:
		return SomePlaces
	case events.FewPlaces:
		return FewPlaces
	case events.NoPlaces:
		return Full
	default: // a capacity that no check has seen
		return Full
	}
}

// sex that was not asked is covered by those who take everybody, or say that
// they take people without asking.
func (w Wish) sex(taken events.Set[events.Sex]) Reason {
	has := func(s events.Sex) bool { return slices.Contains(taken, s) }
	if w.Sex != "" && w.Sex != "unknown" {
		return unless(has(w.Sex), SexNotServed)
	}
	return unless(has("unknown") || has("woman") && has("man") && has("trans-nonconforming"), SexNotAsked)
}

// age that is unsure is a child's: doubt means child until it is determined
// (domain rule 7).
func (w Wish) age(taken events.Set[events.AgeClass]) Reason {
	has := func(a events.AgeClass) bool { return slices.Contains(taken, a) }
	switch w.Age {
	case "":
		return unless(has(events.Adult) && has(events.Child), AgeNotAsked)
	case events.Unsure:
		return unless(has(events.Unsure) || has(events.Child), AgeNotServed)
	default:
		return unless(has(w.Age), AgeNotServed)
	}
}

// hour: tonight somebody has to be there, else it is only better.
func (w Wish) hour(c *events.CapacityPublished) Reason {
	switch {
	case c.Staffed(w.At):
		return SomebodyThere
	case w.Urgency == events.Tonight:
		return NobodyTonight
	}
	return NobodyNow
}

// word is how old the provider's own word is.
func (w Wish) word(o Offer) Reason {
	if w.At.Sub(o.Published) > Fresh {
		return Stale
	}
	return Said
}

func (w Wish) region(of events.Region) Reason {
	switch {
	case w.Region == "":
		return ""
	case of == "":
		return RegionNotSaid
	case of == w.Region:
		return Near
	}
	return Elsewhere
}

func (w Wish) language(spoken events.Set[events.Language]) Reason {
	switch {
	case w.Language == "":
		return ""
	case slices.Contains(spoken, w.Language):
		return LanguageServed
	}
	return LanguageNotServed
}
