package section

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
	"handrail/services/web/language"
)

// Line is one thing that a section tells, ready to be shown.
type Line struct {
	Label string
	Raw   bool // the label is the member's own name: no words are known for it
	Says  []string
}

// lists are the code lists of members that hold codes.
func lists() map[string]string {
	return map[string]string{"needs": "need", "language": "language", "interpreter": "interpreter", "access": "access", "dangers": "safety"}
}

// Show gives the lines of an opened section: first what people are asked for, in
// that order, then the rest by name. Codes are put into words.
func Show(words *language.Words, s events.Section, value jsontext.Value) ([]Line, error) {
	var whole any
	if err := json.Unmarshal(value, &whole); err != nil { // such as a number beyond all measure: shown as it came
		return []Line{{Label: string(s), Raw: true, Says: []string{string(value)}}}, nil //nolint:nilerr // the text is what was opened
	}
	members, is := whole.(map[string]any)
	if !is {
		says, err := texts(words, "", whole)
		return []Line{{Label: string(s), Raw: true, Says: says}}, err
	}
	var order []string
	for _, m := range Members(s) {
		if _, told := members[m.Name]; told {
			order = append(order, m.Name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if !slices.Contains(order, name) {
			order = append(order, name)
		}
	}
	lines := make([]Line, 0, len(order))
	for _, name := range order {
		line, err := lineOf(words, s, name, members[name])
		if err != nil {
			return nil, err
		}
		lines = append(lines, line)
	}
	return lines, nil
}

func lineOf(words *language.Words, s events.Section, name string, value any) (Line, error) {
	line := Line{Label: name, Raw: true}
	for _, key := range []string{"section." + string(s) + "." + name, "section.any." + name} {
		if words.Has(key) {
			text, err := words.Say(key)
			if err != nil {
				return line, err
			}
			line.Label, line.Raw = text, false
			break
		}
	}
	var err error
	line.Says, err = texts(words, lists()[name], value)
	return line, err
}

// texts puts a value into words, one for each member of a list.
func texts(words *language.Words, list string, value any) ([]string, error) {
	switch value := value.(type) {
	case nil:
		return nil, nil
	case bool:
		key := "acts.no"
		if value {
			key = "acts.yes"
		}
		text, err := words.Say(key)
		return []string{text}, err
	case []any:
		var all []string
		for _, one := range value {
			some, err := texts(words, list, one)
			if err != nil {
				return nil, err
			}
			all = append(all, some...)
		}
		return all, nil
	case map[string]any:
		return inner(words, value)
	case string:
		if list == "" {
			return strings.Split(value, "\n"), nil
		}
		if text, err := words.Code(list, value); err == nil {
			return []string{text}, nil
		}
		return []string{value}, nil // another system's own code
	}
	return []string{fmt.Sprint(value)}, nil
}

// inner shows an object inside a section, such as the children by age.
func inner(words *language.Words, value map[string]any) ([]string, error) {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(value)) {
		label := name
		if words.Has("field." + name) {
			text, err := words.Say("field." + name)
			if err != nil {
				return nil, err
			}
			label = text
		}
		some, err := texts(words, "", value[name])
		if err != nil {
			return nil, err
		}
		all = append(all, label+": "+strings.Join(some, ", "))
	}
	return all, nil
}
