package form

import (
	"net/url"
	"slices"
	"strings"

	"handrail/services/agency/pages/ask"
	"handrail/services/web/language"
)

// most is how many of something a form counts, as the wire has it.
const most = 20

// wide is from how many boxes to tick on they stand beside one another.
const wide = 9

// Aside says whether most statements leave a member as it is: when it was, and how it was said.
func Aside(name string) bool { return name == happened || name == "channel" }

// Show gives the fields of the form as it was filled; from nil: as it is at first.
func (f Form) Show(words *language.Words, from url.Values, c Choices, problems ask.Problems) ([]ask.Field, error) {
	return Show(f.Type.Name(), f.Members, words, from, c, problems)
}

// Show gives questions as they were answered, or from nil, as they are at first; about
// is what they are about: the names of a task or a type, of which the first one that has
// words for a question counts.
func Show(about string, members []Member, words *language.Words, from url.Values, c Choices, problems ask.Problems) ([]ask.Field, error) {
	if from == nil {
		from = c.First
	}
	var fields []ask.Field
	for _, m := range members {
		if _, is := c.fixed(m.Name); is {
			continue
		}
		field, err := m.show(about, words, from, c, problems)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	return fields, nil
}

func (m Member) show(about string, words *language.Words, from url.Values, c Choices, problems ask.Problems) (f ask.Field, err error) {
	f = ask.Field{
		Name: m.Name, Kind: m.Kind, Value: from.Get(m.Name), Free: !c.needs(m) && m.Kind != ask.Nested, Mark: "acts.optional", Blank: "acts.choose", Most: m.most(),
	}
	if f.Label, err = word(words, about, m.Key, ""); err != nil {
		return f, err
	}
	if f.Hint, err = word(words, about, m.Key, ".hint"); err != nil {
		return f, err
	}
	if problem, is := problems[m.Name]; is {
		if f.Problem, err = problem.Says(words); err != nil {
			return f, err
		}
	}
	switch m.Kind {
	case ask.Nested:
		f.Fields, err = Show(about, m.Members, words, from, c, problems)
	case ask.Moment:
		m.showMoment(&f, from, c)
	case ask.One, ask.Pick, ask.Many, ask.YesNo:
		var options []ask.Option
		options, err = m.options(words, from, c)
		f.Groups = []ask.Group{{Options: options}}
		f.Beside = m.Kind == ask.Many && len(options) >= wide && m.List != "agency" // whose names are long
	case ask.Count, ask.Line, ask.Phone, ask.Text:
	}
	return f, err
}

// most is the limit that the question tells.
func (m Member) most() int {
	if m.Kind == ask.Count {
		return most
	}
	return 0
}

// showMoment gives day and time of day; what happened, happened now unless somebody
// says otherwise.
func (m Member) showMoment(f *ask.Field, from url.Values, c Choices) {
	f.Day, f.Clock, f.Shown = from.Get(m.Name+dayPart), from.Get(m.Name+clockPart), from.Get(m.Name+shownPart)
	if m.Key == happened && f.Day == "" && f.Clock == "" {
		now := c.Now.In(c.Place)
		f.Day, f.Clock = now.Format(dayFormat), now.Format(clockFormat)
		f.Shown = f.Day + " " + f.Clock
	}
}

// options lists what may be chosen, in words; lists of languages and places in the
// order of the reader's alphabet. One of a few may be left open by a choice of its own.
func (m Member) options(words *language.Words, from url.Values, c Choices) (all []ask.Option, err error) {
	offered, limited := c.Offered[m.Name]
	switch {
	case limited:
	case m.Kind == ask.YesNo:
		offered = []ask.Option{{Value: yes}, {Value: no}}
	default:
		for _, code := range m.Codes {
			offered = append(offered, ask.Option{Value: code})
		}
	}
	for _, o := range offered {
		switch {
		case o.Label != "":
		case m.Kind == ask.YesNo:
			o.Label, err = words.Say("acts." + o.Value)
		case m.List != "":
			o.Label, err = words.Code(m.List, o.Value)
		}
		if err != nil {
			return nil, err
		}
		o.Chosen = slices.Contains(from[m.Name], o.Value)
		all = append(all, o)
	}
	if m.List == "language" || m.List == "region" {
		language.Sorted(words, all, func(o ask.Option) string { return o.Label })
	}
	if len(all) > 0 && !c.needs(m) && (m.Kind == ask.One || m.Kind == ask.YesNo) {
		open := ask.Option{Chosen: !slices.ContainsFunc(all, func(o ask.Option) bool { return o.Chosen })}
		open.Label, err = words.Say("acts.unsaid")
		all = append(all, open)
	}
	return all, err
}

// word is the message of a member in what it is about, or else of the member everywhere. A
// hint may be missing, a label not.
func word(words *language.Words, about, key, end string) (string, error) {
	for name := range strings.FieldsSeq(about) {
		if message := "field." + name + "." + key + end; words.Has(message) {
			return words.Say(message)
		}
	}
	if message := "field." + key + end; words.Has(message) {
		return words.Say(message)
	}
	if end != "" {
		return "", nil
	}
	return words.Say("field." + key)
}
