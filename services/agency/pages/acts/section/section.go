// Package section knows what people write into each sealed section, and how a section that was opened is shown.
//
// Only what is sealed holds free text. Sections also come from other agencies' systems, with members of their own: those
// are shown under the names that they came with.
package section

import (
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// maxText is how long one member may be, in characters (own choice: three pages of
// an account; an event takes 768 KiB).
const maxText = 12_000

// Member is one thing that a section tells.
type Member struct {
	Name string
	Long bool // more than a line
}

// Members lists what people are asked for in a section, in the order of the page.
// The words are the messages section.<section>.<member>.
func Members(s events.Section) []Member {
	return map[events.Section][]Member{
		events.SectionIdentity:   {{Name: "name"}, {Name: "also_called"}, {Name: "date_of_birth"}},
		events.SectionContact:    {{Name: "call_back"}, {Name: "safe_contact", Long: true}, {Name: "meeting_point", Long: true}},
		events.SectionNeeds:      {{Name: "details", Long: true}},
		events.SectionRisk:       {{Name: "details", Long: true}},
		events.SectionHealth:     {{Name: "details", Long: true}, {Name: "medicines", Long: true}},
		events.SectionTestimony:  {{Name: "account", Long: true}},
		events.SectionTravel:     {{Name: "nationality"}, {Name: "documents", Long: true}, {Name: "journey", Long: true}},
		events.SectionStatistics: {{Name: "citizenship"}, {Name: "exploitation", Long: true}},
	}[s]
}

// Field is the name of a member in a form: section.identity.name.
func Field(s events.Section, member string) string { return "section." + string(s) + "." + member }

// Read gives the section that a form filled, as it is sealed; nil if nothing was
// written. tooLong names the fields whose text is.
func Read(s events.Section, value func(field string) string) (section jsontext.Value, tooLong []string, err error) {
	given := map[string]string{}
	for _, m := range Members(s) {
		text := strings.TrimSpace(strings.ToValidUTF8(value(Field(s, m.Name)), "\uFFFD"))
		if utf8.RuneCountInString(text) > maxText {
			tooLong = append(tooLong, Field(s, m.Name))
		}
		if text != "" {
			given[m.Name] = text
		}
	}
	if len(given) == 0 || len(tooLong) > 0 {
		return nil, tooLong, nil
	}
	section, err = json.Marshal(given, json.Deterministic(true))
	return section, nil, err
}
