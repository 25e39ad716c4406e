package ask

import (
	"slices"
	"strings"

	"handrail/events"
	"handrail/services/web/language"
)

// often are languages that desks meet often; they stand first, so that a thumb finds
// them (own choice; every other language stands below).
func often() []string { return []string{"eng", "rus", "ukr", "ron", "bul", "vie", "sqi", "tha", "ara"} }

// Language adds a question about a language: often met ones first, then the others, in
// the order of the reader's alphabet.
func (s *Sheet) Language(name string) {
	var all []Option
	for _, code := range events.Language("").Codes() {
		if slices.Contains(often(), code) {
			continue
		}
		all = append(all, Option{Value: code, Label: s.Code("language", code)})
	}
	language.Sorted(s.visit.Words, all, func(o Option) string { return o.Label })
	s.Add(Field{Name: name, Kind: Pick, Groups: []Group{
		{Label: s.Say("ask.languages.often"), Options: s.Options(name, "language", often()...)},
		{Label: s.Say("ask.languages.all"), Options: all},
	}})
}

// Region adds a question about a place: the own country's first, if the profile's name
// is one's, then the others'.
func (s *Sheet) Region(name, profile string) {
	own := strings.ToUpper(profile)
	if own == "UK" {
		own = "GB"
	}
	var groups []Group
	at := map[string]int{}
	for _, code := range events.Region("").Codes() {
		land, _, _ := strings.Cut(code, "-")
		if _, known := at[land]; !known {
			at[land] = len(groups)
			groups = append(groups, Group{Label: s.Code("country", land)})
		}
		groups[at[land]].Options = append(groups[at[land]].Options, Option{Value: code, Label: s.Code("region", code)})
	}
	language.Sorted(s.visit.Words, groups, func(g Group) string { return g.Label })
	for i := range groups {
		language.Sorted(s.visit.Words, groups[i].Options, func(o Option) string { return o.Label })
	}
	name0 := s.countryOf(own)
	for i, g := range groups {
		if g.Label == name0 {
			groups = append([]Group{g}, append(groups[:i:i], groups[i+1:]...)...)
			break
		}
	}
	s.Add(Field{Name: name, Kind: Pick, Free: true, Groups: groups})
}

// countryOf names a country; empty for a made-up one.
func (s *Sheet) countryOf(land string) string {
	text, err := s.visit.Words.Code("country", land)
	if err != nil {
		return ""
	}
	return text
}
