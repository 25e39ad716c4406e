package report

import (
	"slices"

	"handrail/contracts/match"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
)

// fitting are the needs that a request for a purpose may name, so that nobody is told
// of needs that are none of their business (own choice, read from the domain's list of
// services). Child protection decides about a child, so it is told all of them.
func fitting(p events.Purpose) []string {
	switch p {
	case events.PurposeAccommodation:
		return []string{"emergency-shelter", "safe-accommodation", "extraction", "transport", "subsistence", "material", "interpretation", "childcare", "education", "employment", "family-contact"}
	case events.PurposeCounselling:
		return []string{"counselling", "psychological", "interpretation", "family-contact"}
	case events.PurposeMedical:
		return []string{"emergency-medical", "medical", "psychological", "interpretation"}
	case events.PurposeLegalAid:
		return []string{"legal-aid", "proceedings-support", "compensation", "documents", "residence", "asylum", "interpretation"}
	case events.PurposeInvestigation:
		return []string{"proceedings-support", "extraction", "interpretation"}
	case events.PurposeConsular:
		return []string{"documents", "return"}
	case events.PurposeResidence:
		return []string{"residence", "documents"}
	case events.PurposeReturn:
		return []string{"return", "reintegration", "documents", "transport"}
	default:
		return events.Need("").Codes()
	}
}

// needsOf are the needs that an offer's request names.
func (f *form) needsOf(o agency.OfferView) (needs events.Set[events.Need]) {
	for _, need := range f.told.needs {
		if slices.Contains(fitting(o.Bundle.Purpose), string(need)) {
			needs = append(needs, need)
		}
	}
	return needs
}

// urgencyOf is an offer's urgency: tonight counts where somebody has to answer within
// minutes, for a place, a doctor and a child; others are asked in their ordinary time.
func (f *form) urgencyOf(o agency.OfferView) events.Urgency {
	soon := []events.Purpose{events.PurposeAccommodation, events.PurposeMedical, events.PurposeChildProtection}
	if f.told.urgency == events.Tonight && slices.Contains(soon, o.Bundle.Purpose) {
		return events.Tonight
	}
	return events.Standard
}

// offered are the needs that the person's answers leave room for.
func (f *form) offered() (needs []string) {
	for _, code := range events.Need("").Codes() {
		if slices.ContainsFunc(f.agreed(), func(o agency.OfferView) bool { return slices.Contains(fitting(o.Bundle.Purpose), code) }) {
			needs = append(needs, code)
		}
	}
	return needs
}

func (f *form) readNeeds(r *ask.Reader) {
	t := &f.told
	t.needs = ask.Set[events.Need](r, "needs", true, f.offered()...)
	for _, o := range f.agreed() {
		if len(f.needsOf(o)) == 0 {
			r.Refuse("needs", "report.needs.missing", "Offer", ask.Key(keyOf(o)))
		}
	}
	t.urgency = ask.Code[events.Urgency](r, "urgency", true)
	t.region = ask.Code[events.Region](r, "region", false)
	t.sex = ask.Code[events.Sex](r, "sex", false)
	t.children = events.Children{Under9: r.Count("under9", 20), Under18: r.Count("under18", 20)}
	t.access = ask.Codes[events.Access](r, "access", false)
	t.safety = ask.Codes[events.Safety](r, "safety", false)
	t.withPerson = r.Ticked("with_person", "yes")
}

// wish is what is looked for, for one offer.
func (f *form) wish(o agency.OfferView) match.Wish {
	t := f.told
	return match.Wish{
		Needs: f.needsOf(o), Age: t.age, Sex: t.sex, Children: t.children.Under9 + t.children.Under18, Language: t.language,
		Access: t.access, Region: t.region, Urgency: f.urgencyOf(o),
	}
}

// asked are the offers for which somebody is asked here: not those that go through a
// case of their own.
func (f *form) asked() []agency.OfferView {
	return slices.DeleteFunc(f.agreed(), func(o agency.OfferView) bool { return o.Apart })
}

func (f *form) readWhom(r *ask.Reader) {
	for _, o := range f.asked() {
		name := nameOf(o)
		could := make([]string, 0, len(o.Could))
		for _, id := range o.Could {
			if !slices.Contains(f.told.except, id) {
				could = append(could, string(id))
			}
		}
		to := ask.Set[events.AgencyID](r, "to."+name, false, could...)
		if to == nil {
			continue
		}
		f.told.to[name] = f.ranked(o, to)
		f.told.order[name] = events.AskOrder(r.Choice("order."+name, len(to) > 1, events.AskOrder("").Codes()...))
		if f.told.order[name] == "" {
			f.told.order[name] = events.InTurn
		}
		if len(f.sectionsOf(o)) == 0 {
			r.Refuse("to."+name, "report.to.nothing")
		}
	}
}

// ranked puts whom to ask in the order of the list that they were chosen from.
func (f *form) ranked(o agency.OfferView, to events.Set[events.AgencyID]) (ranked events.Set[events.AgencyID]) {
	candidates, err := f.a.Candidates(o.Name, f.wish(o), f.told.except)
	if err != nil {
		return to // the order as the directory has it: sending says what stands against it
	}
	for _, c := range candidates {
		if slices.Contains(to, c.Agency) {
			ranked = append(ranked, c.Agency)
		}
	}
	for _, id := range to {
		if !slices.Contains(ranked, id) {
			ranked = append(ranked, id) // whose key nobody witnessed yet: sending says so
		}
	}
	return ranked
}
