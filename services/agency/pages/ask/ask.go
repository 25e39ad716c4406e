// Package ask shows the questions of a form, one after another, and reads the answers.
//
// A sheet is made of what was given before, so that whoever comes back, or gave something that cannot stand, finds it as
// they left it. What is wrong stands beside the question and, with a link, above the form. Answers are read by the closed
// lists of the wire; nothing outside of them passes. No question needs JavaScript.
//
// The templates are ask-field and ask-fields, which take one [Field] or several, and ask-problems, which takes what is
// [Wrong].
package ask

import (
	"errors"
	"net/url"
	"slices"

	"handrail/services/web"
)

// Sheet makes the questions of one form in the reader's language.
type Sheet struct {
	visit    *web.Visit
	prefix   string
	given    url.Values
	problems Problems
	fields   []Field
	err      error
}

// NewSheet begins a form. The messages of a question are prefix.name, and, if the
// language has them, prefix.name.hint and prefix.name.<code>.hint; given is what was
// answered before.
func NewSheet(v *web.Visit, prefix string, given url.Values, problems Problems) *Sheet {
	return &Sheet{visit: v, prefix: prefix, given: given, problems: problems}
}

// Say gives a message; an error is kept until [Sheet.Fields].
func (s *Sheet) Say(key string, members ...any) string {
	text, err := s.visit.Say(key, members...)
	s.err = errors.Join(s.err, err)
	return text
}

// Code gives the words of a code.
func (s *Sheet) Code(list, code string) string {
	text, err := s.visit.Words.Code(list, code)
	s.err = errors.Join(s.err, err)
	return text
}

// May gives a message if the language has it.
func (s *Sheet) May(key string) string {
	if !s.visit.Words.Has(key) {
		return ""
	}
	return s.Say(key)
}

// Given is what was answered to a question, once or several times.
func (s *Sheet) Given(name string) []string { return s.given[name] }

// Add puts a question on the sheet. Words that it has not are looked up.
func (s *Sheet) Add(f Field) {
	if f.Label == "" {
		f.Label = s.Say(s.prefix + "." + f.Name)
	}
	if f.Hint == "" {
		f.Hint = s.May(s.prefix + "." + f.Name + ".hint")
	}
	if p, wrong := s.problems[f.Name]; wrong {
		var err error
		f.Problem, err = p.Says(s.visit.Words)
		s.err = errors.Join(s.err, err)
	}
	f.Value = s.given.Get(f.Name)
	for g := range f.Groups {
		for o := range f.Groups[g].Options {
			option := &f.Groups[g].Options[o]
			option.Chosen = slices.Contains(s.given[f.Name], option.Value)
		}
	}
	s.fields = append(s.fields, f)
}

// Options gives the codes of a list in words.
func (s *Sheet) Options(name, list string, codes ...string) []Option {
	options := make([]Option, len(codes))
	for i, code := range codes {
		options[i] = Option{Value: code, Label: s.Code(list, code), Hint: s.May(s.prefix + "." + name + "." + code + ".hint")}
	}
	return options
}

// Listed adds a question about the codes of a list.
func (s *Sheet) Listed(name string, kind Kind, list string, codes ...string) {
	s.Add(Field{Name: name, Kind: kind, Free: kind == Many, Groups: []Group{{Options: s.Options(name, list, codes...)}}})
}

// Written adds a question that is answered in words, of at most so many characters.
func (s *Sheet) Written(name string, kind Kind, most int) {
	s.Add(Field{Name: name, Kind: kind, Most: most, Free: true})
}

// Fields gives the questions, in their order. The error is of a message that the
// language lacks.
func (s *Sheet) Fields() ([]Field, error) { return s.fields, s.err }
