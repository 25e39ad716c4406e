package report

import (
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
)

// Limits of what is written for the sealed sections, in characters.
const (
	maxLine = 200
	maxText = 2000
)

// part is one sealed section, and what is asked for it.
type part struct {
	section events.Section
	fields  []ask.Field
}

// parts are the sections that people write in this form, in their order.
func parts() []part {
	note := func(name string) []ask.Field {
		return []ask.Field{{Name: name, Kind: ask.Text, Most: maxText, Free: true}}
	}
	return []part{
		{events.SectionContact, []ask.Field{{Name: "call_back", Kind: ask.Phone, Most: 40, Free: true}, {Name: "safe", Kind: ask.Line, Most: maxLine, Free: true}}},
		{events.SectionIdentity, []ask.Field{{Name: "name", Kind: ask.Line, Most: maxLine, Free: true}}},
		{events.SectionNeeds, note("needs_note")},
		{events.SectionRisk, note("risk_note")},
		{events.SectionHealth, note("health_note")},
		{events.SectionTestimony, note("testimony_note")},
		{events.SectionTravel, note("travel_note")},
	}
}

func (f *form) readDetails(r *ask.Reader) {
	may := f.told.may(f)
	for _, part := range parts() {
		if !slices.Contains(may, part.section) {
			continue
		}
		for _, field := range part.fields {
			if field.Kind == ask.Phone {
				f.told.text[field.Name] = r.Number(field.Name, false)
				continue
			}
			f.told.text[field.Name] = r.Words(field.Name, false, field.Most)
		}
	}
	if f.told.text["call_back"] != "" && f.told.text["safe"] == "" {
		r.Refuse("safe", "report.safe.missing")
	}
}

func (f *form) readSigns(r *ask.Reader) {
	f.told.signs = ask.Set[string](r, "signs", false, codes()...)
	if slices.Contains(f.told.may(f), events.SectionRisk) {
		f.told.keep = r.Choice("keep", false, "yes", "no") == "yes"
	}
}

// values are the sections that are written, each a JSON object, as a request for
// tonight writes them too. What nobody may get is in none.
func (f *form) values() (map[events.Section]jsontext.Value, error) {
	t := f.told
	contents := map[events.Section]map[string]any{
		events.SectionContact:   {"call_back": t.text["call_back"], "safe_contact": t.text["safe"]},
		events.SectionIdentity:  {"name": t.text["name"]},
		events.SectionNeeds:     {"needs": t.needs, "children": t.children, "language": t.language, "interpreter": t.interpreter, "access": t.access, "note": t.text["needs_note"]},
		events.SectionRisk:      {"dangers": t.safety, "note": t.text["risk_note"]},
		events.SectionHealth:    {"note": t.text["health_note"]},
		events.SectionTestimony: {"note": t.text["testimony_note"]},
		events.SectionTravel:    {"note": t.text["travel_note"]},
	}
	if t.keep && len(t.signs) > 0 {
		contents[events.SectionRisk]["signs"] = t.signs
		contents[events.SectionRisk]["signs_of"] = list().Source
	}
	values := map[events.Section]jsontext.Value{}
	for section, content := range contents {
		if !slices.Contains(t.may(f), section) {
			continue
		}
		written := written(content)
		if section == events.SectionRisk && t.withPerson && written["dangers"] == nil {
			written["dangers"] = []string{} // gone through with the person: none
		}
		if len(written) == 0 || section == events.SectionNeeds && len(t.needs) == 0 {
			continue
		}
		text, err := json.Marshal(written, json.Deterministic(true))
		if err != nil {
			return nil, err
		}
		values[section] = text
	}
	return values, nil
}

// written leaves out what was not answered.
func written(content map[string]any) map[string]any {
	some := map[string]any{}
	for name, value := range content {
		if text, err := json.Marshal(value); err != nil || !slices.Contains([]string{`""`, `[]`, `{}`, `null`}, string(text)) {
			some[name] = value
		}
	}
	return some
}

// sectionsOf are the written sections that an offer's request would share.
func (f *form) sectionsOf(o agency.OfferView) (sections events.Set[events.Section]) {
	values, err := f.values()
	if err != nil {
		return nil
	}
	for _, section := range o.Sections {
		if values[section] != nil {
			sections = append(sections, section)
		}
	}
	return sections
}
