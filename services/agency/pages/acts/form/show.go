package form

import (
	"net/url"
	"slices"
	"strings"

	"handrail/services/web/language"
)

// Field is a member as a page shows it, in the reader's language.
type Field struct {
	Name    string
	ID      string // in the page
	Kind    Kind
	Label   string
	Hint    string
	Fault   string // what is wrong with it, in words
	Needed  bool
	Options []Choice
	Value   string
	Day     string
	Clock   string
	Shown   string // what the form shows for now
	Pattern string
	Fields  []Field
	Aside   bool // goes without saying: when, and how it was said
	Unsaid  bool // nothing is chosen
}

// Choice is an option, and whether it is taken.
type Choice struct {
	Option

	ID    string
	Taken bool
}

// aside are the members that most statements leave as they are.
func aside() []string { return []string{happened, "channel"} }

// Show gives the fields of the form as it was filled; from nil: as it is at first.
func (f Form) Show(words *language.Words, from url.Values, c Choices, faults Faults) ([]Field, error) {
	if from == nil {
		from = c.First
	}
	return Show(f.Type.Name(), f.Members, words, from, c, faults)
}

// Show gives questions as they were answered; about is what they are about: the names
// of a task or a type, of which the first one that has words for a question counts.
func Show(about string, members []Member, words *language.Words, from url.Values, c Choices, faults Faults) ([]Field, error) {
	var fields []Field
	for _, m := range members {
		if _, is := c.fixed(m.Name); is {
			continue
		}
		field, err := m.Show(about, words, from, c, faults)
		if err != nil {
			return nil, err
		}
		fields = append(fields, field)
	}
	return fields, nil
}

// Show gives one question; about is what the form is about: the type's name.
func (m Member) Show(about string, words *language.Words, from url.Values, c Choices, faults Faults) (f Field, err error) {
	f = Field{
		Name: m.Name, ID: IDOf(m.Name), Kind: m.Kind, Needed: c.needs(m), Pattern: m.Pattern,
		Value: from.Get(m.Name), Aside: slices.Contains(aside(), m.Name),
	}
	if f.Label, err = word(words, about, m.Key, ""); err != nil {
		return f, err
	}
	if f.Hint, err = word(words, about, m.Key, ".hint"); err != nil {
		return f, err
	}
	if key := faults[m.Name]; key != "" {
		if f.Fault, err = words.Say(key); err != nil {
			return f, err
		}
	}
	switch m.Kind {
	case Group:
		f.Fields, err = Show(about, m.Members, words, from, c, faults)
	case Moment:
		m.showMoment(&f, from, c)
	case One, Pick, Many:
		f.Options, err = m.options(words, from, c)
		f.Unsaid = !slices.ContainsFunc(f.Options, func(o Choice) bool { return o.Taken })
		if m.Kind == Many && f.Options == nil {
			f.Kind, f.Value = Long, strings.Join(from[m.Name], "\n")
		}
	case YesNo:
		f.Options, err = yesNo(words, m.Name, from.Get(m.Name))
		f.Unsaid = f.Value == ""
	case Number, Text, Long:
	}
	return f, err
}

// showMoment gives day and time of day; what happened, happened now unless somebody
// says otherwise.
func (m Member) showMoment(f *Field, from url.Values, c Choices) {
	f.Day, f.Clock, f.Shown = from.Get(m.Name+dayPart), from.Get(m.Name+clockPart), from.Get(m.Name+shownPart)
	if m.Key == happened && f.Day == "" && f.Clock == "" {
		now := c.Now.In(c.Place)
		f.Day, f.Clock = now.Format(dayFormat), now.Format(clockFormat)
		f.Shown = f.Day + " " + f.Clock
	}
}

// options lists what may be chosen, in words; lists of languages and places in the
// order of the reader's alphabet.
func (m Member) options(words *language.Words, from url.Values, c Choices) ([]Choice, error) {
	offered, limited := c.Offered[m.Name]
	if !limited {
		for _, code := range m.Codes {
			offered = append(offered, Option{Value: code})
		}
	}
	all := make([]Choice, 0, len(offered))
	for _, o := range offered {
		if o.Label == "" && m.List != "" {
			label, err := words.Code(m.List, o.Value)
			if err != nil {
				return nil, err
			}
			o.Label = label
		}
		all = append(all, Choice{Option: o, ID: IDOf(m.Name + "." + o.Value), Taken: slices.Contains(from[m.Name], o.Value)})
	}
	if m.List == "language" || m.List == "region" {
		language.Sorted(words, all, func(o Choice) string { return o.Label })
	}
	return first(all, m.Name), nil
}

func yesNo(words *language.Words, name, taken string) ([]Choice, error) {
	var all []Choice
	for _, value := range []string{yes, no} {
		label, err := words.Say("acts." + value)
		if err != nil {
			return nil, err
		}
		all = append(all, Choice{Option: Option{Value: value, Label: label}, ID: IDOf(name + "." + value), Taken: value == taken})
	}
	return first(all, name), nil
}

// first gives the first choice the id of the question, to which the summary of what
// is wrong leads.
func first(all []Choice, name string) []Choice {
	if len(all) > 0 {
		all[0].ID = IDOf(name)
	}
	return all
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

// IDOf is the id in a page of a field of that name.
func IDOf(name string) string {
	return "f-" + strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' {
			return r
		}
		return '-'
	}, strings.ToLower(name))
}
