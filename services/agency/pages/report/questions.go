package report

import (
	"slices"
	"strings"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
	"handrail/services/agency/pages/asked"
)

// write puts a step's questions down.
func (f *form) write(w *writer, name string) {
	switch name {
	case stepNow:
		w.Add(ask.Field{Name: "danger", Kind: ask.One, Groups: []ask.Group{{Options: []ask.Option{
			{Value: "no", Label: w.Say("report.danger.no")}, {Value: "yes", Label: w.Say("report.danger.yes")}, {Value: "unsure", Label: w.Say("report.danger.unsure")},
		}}}})
		w.Listed("age", ask.One, "age-class", events.AgeClass("").Codes()...)
		w.Listed("channel", ask.One, "channel", string(events.InPerson), string(events.Telephone))
	case stepRights:
		w.Add(ask.Field{Name: "told", Kind: ask.Many, Groups: []ask.Group{{Options: []ask.Option{{Value: "yes", Label: w.Say("report.told.yes")}}}}})
		w.Language("language")
		w.Listed("interpreter", ask.One, "interpreter", events.Interpreter("").Codes()...)
	case stepConsent:
		f.writeConsent(w)
	case stepWayBack:
		f.writeWayBack(w)
	case stepNeeds:
		f.writeNeeds(w)
	case stepDetails:
		f.writeDetails(w)
	case stepSigns:
		f.writeSigns(w)
	case stepWhom:
		f.writeWhom(w)
	}
}

func (f *form) writeConsent(w *writer) {
	if f.told.age != events.Adult {
		w.note("warning", "report.child.rules")
		if child, some := f.a.ChildOffer(f.told.age); some {
			w.note("info", "report.child.told", "Agency", child.Could[0])
		}
	}
	answers := func() []ask.Group {
		return []ask.Group{{Options: []ask.Option{
			{Value: "yes", Label: w.Code("consent-answer", "yes")},
			{Value: "no", Label: w.Code("consent-answer", "no")},
			{Value: "not-now", Label: w.Code("consent-answer", "not-now")},
			{Value: "", Label: w.Say("report.not-asked")},
		}}}
	}
	for _, o := range f.offers {
		w.Add(ask.Field{Name: "offer." + o.Name, Kind: ask.One, Label: w.Say(keyOf(o)), Hint: w.Say(keyOf(o) + ".says"), Beside: true, Groups: answers()})
	}
	w.part(w.Say("report.consent.offers"), w.Say("report.consent.offers.text"))
	if f.told.age != events.Adult {
		w.Add(ask.Field{Name: "conflict", Kind: ask.Many, Free: true, Groups: []ask.Group{{Options: []ask.Option{{Value: "yes", Label: w.Say("report.conflict.yes")}}}}})
		w.Listed("by", ask.One, "speaker", string(events.ByGuardian), string(events.ByAppointed))
		w.Listed("child_view", ask.One, "child-view", events.ChildView("").Codes()...)
	}
	w.Listed("capacity", ask.One, "capacity", events.Capacity("").Codes()...)
	w.Add(ask.Field{Name: "present", Kind: ask.Many, Beside: true, Groups: []ask.Group{{Options: w.Options("present", "present", events.Present("").Codes()...)}}})
	w.Add(ask.Field{Name: "except", Kind: ask.Many, Free: true, Groups: []ask.Group{{Options: ask.Named(asked.Could(f.offers))}}})
	w.part(w.Say("report.consent.how"), w.Say("report.consent.how.text"))
}

func (f *form) writeWayBack(w *writer) {
	w.Listed("way_back", ask.One, "way-back", f.waysBack()...)
	to := f.a.Notified(f.told.age)
	if len(to) == 0 {
		return
	}
	w.part("", "")
	w.Region("region", f.profile.Name)
	w.Add(ask.Field{Name: "notify", Kind: ask.One, Groups: []ask.Group{{Options: []ask.Option{
		{Value: "yes", Label: w.Say("report.notify.yes", "Agency", named(to))}, {Value: "no", Label: w.Say("report.notify.no")},
	}}}})
	w.part(w.Say("report.notice"), w.Say("report.notice.text"))
}

func named(ids []events.AgencyID) string {
	text := make([]string, len(ids))
	for i, id := range ids {
		text[i] = string(id)
	}
	return strings.Join(text, ", ")
}

func (f *form) writeNeeds(w *writer) {
	offered := f.offered()
	var groups []ask.Group
	for _, g := range []struct {
		name     string
		from, to int
	}{{"urgent", 0, 5}, {"ongoing", 5, 15}, {"legal", 15, 21}, {"return", 21, 23}} {
		var codes []string
		for _, code := range events.Need("").Codes()[g.from:g.to] {
			if slices.Contains(offered, code) {
				codes = append(codes, code)
			}
		}
		if codes != nil {
			groups = append(groups, ask.Group{Label: w.Say("report.needs." + g.name), Options: w.Options("needs", "need", codes...)})
		}
	}
	w.Add(ask.Field{Name: "needs", Kind: ask.Many, Beside: true, Groups: groups})
	w.Listed("urgency", ask.One, "urgency", events.Urgency("").Codes()...)
	w.Region("region", f.profile.Name)
	w.part(w.Say("report.needs.what"), w.Say("report.needs.what.text"))
	w.Add(ask.Field{Name: "sex", Kind: ask.One, Free: true, Beside: true, Groups: []ask.Group{{Options: w.Options("sex", "sex", events.Sex("").Codes()...)}}})
	w.Written("under9", ask.Count, 20)
	w.Written("under18", ask.Count, 20)
	w.Listed("access", ask.Many, "access", events.Access("").Codes()...)
	w.part(w.Say("report.needs.who"), w.Say("report.needs.who.text"))
	w.Listed("safety", ask.Many, "safety", events.Safety("").Codes()...)
	w.Add(ask.Field{Name: "with_person", Kind: ask.Many, Free: true, Groups: []ask.Group{{Options: []ask.Option{{Value: "yes", Label: w.Say("report.with_person.yes")}}}}})
	w.part(w.Say("report.needs.danger"), w.Say("report.needs.danger.text"))
}

func (f *form) writeDetails(w *writer) {
	may := f.told.may(f)
	for _, part := range parts() {
		if !slices.Contains(may, part.section) {
			continue
		}
		for _, field := range part.fields {
			w.Add(field)
		}
		w.part(w.Code("section", string(part.section)), f.opensFor(w, part.section))
	}
}

// opensFor says who can open a section, and when: tonight, what is needed and what is
// dangerous opens before the yes (domain rule 4).
func (f *form) opensFor(w *writer, section events.Section) string {
	var to, soon []string
	for _, o := range f.agreed() {
		if !slices.Contains(o.Sections, section) {
			continue
		}
		kind := w.Code("agency-kind", string(o.Bundle.Class))
		if early := section == events.SectionNeeds || section == events.SectionRisk; early && f.urgencyOf(o) == events.Tonight {
			soon = append(soon, kind)
		} else {
			to = append(to, kind)
		}
	}
	var says []string
	if soon != nil {
		says = append(says, w.Say("report.details.tonight", "Kinds", strings.Join(slices.Compact(soon), ", ")))
	}
	if to != nil {
		says = append(says, w.Say("report.details.to", "Kinds", strings.Join(slices.Compact(to), ", ")))
	}
	return strings.Join(says, " ")
}

func (f *form) writeSigns(w *writer) {
	w.note("info", "report.signs.source", "Source", list().Source)
	var options []ask.Option
	for _, sign := range codes() {
		options = append(options, ask.Option{Value: sign, Label: w.Say("report.sign." + sign)})
	}
	w.Add(ask.Field{Name: "signs", Kind: ask.Many, Free: true, Groups: []ask.Group{{Options: options}}})
	if slices.Contains(f.told.may(f), events.SectionRisk) {
		w.Add(ask.Field{Name: "keep", Kind: ask.One, Groups: []ask.Group{{Options: []ask.Option{
			{Value: "no", Label: w.Say("report.keep.no")}, {Value: "yes", Label: w.Say("report.keep.yes")},
		}}}})
	}
	if f.done(stepSigns) {
		w.note("info", advice(len(f.told.signs)))
	}
}

func (f *form) writeWhom(w *writer) {
	for _, o := range f.asked() {
		name := nameOf(o)
		candidates, err := f.a.Candidates(o.Name, f.wish(o), f.told.except)
		if err != nil {
			w.err = err
			return
		}
		var options []ask.Option
		for _, c := range candidates {
			options = append(options, ask.Option{Value: string(c.Agency), Label: string(c.Agency), Hint: reasons(w, c)})
		}
		if len(options) == 0 {
			w.part(w.Say(keyOf(o)), w.Say("report.whom.nobody"))
			continue
		}
		w.Add(ask.Field{Name: "to." + name, Kind: ask.Many, Label: w.Say("report.to"), Free: true, Groups: []ask.Group{{Options: options}}})
		if len(options) > 1 {
			w.Add(ask.Field{
				Name: "order." + name, Kind: ask.One, Label: w.Say("report.order"), Hint: w.Say("report.order.hint"), Beside: true,
				Groups: []ask.Group{{Options: w.Options("order", "ask-order", "in-turn", "at-once")}},
			})
		}
		w.part(w.Say(keyOf(o)), w.Say("report.whom.text"))
	}
	if slices.ContainsFunc(f.agreed(), func(o agency.OfferView) bool { return o.Apart }) {
		w.note("info", "report.whom.apart")
	}
}

// reasons says in words why a provider stands where it stands.
func reasons(w *writer, c agency.ProviderView) string {
	var says []string
	for _, reason := range slices.Concat(c.Against, c.For) {
		says = append(says, w.Say("match."+string(reason)))
	}
	return strings.Join(says, ", ")
}
