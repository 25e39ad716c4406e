// Package ask shows the questions of a form, one after another, and reads the answers.
//
// A sheet is made of what was given before, so that whoever comes back, or gave something that cannot stand, finds it as
// they left it. What is wrong stands beside the question and, with a link, above the form. Answers are read by the closed
// lists of the wire; nothing outside of them passes. No question needs JavaScript.
package ask

import (
	"embed"
	"errors"
	"io/fs"
	"net/url"
	"slices"

	"handrail/services/web"
)

//go:embed templates/*.html
var templates embed.FS

// Templates gives the shapes of questions: ask-field, ask-problems, ask-steps.
func Templates() fs.FS { return templates }

// Kind is how a question is answered.
type Kind string

// The kinds.
const (
	One   Kind = "one"   // one of a few, as cards to touch
	Many  Kind = "many"  // any of a list
	Pick  Kind = "pick"  // one of many, from a list that opens
	Line  Kind = "line"  // a line of text
	Phone Kind = "phone" // a telephone number
	Text  Kind = "text"  // some sentences
	Count Kind = "count" // a small number
)

// Option is one answer to choose. Label and Hint are in the reader's language.
type Option struct {
	Value, Label, Hint string
	Chosen             bool
}

// Group is options that stand together; one without a label is only they.
type Group struct {
	Label   string
	Options []Option
}

// Field is one question as it is shown.
type Field struct {
	Name    string
	Kind    Kind
	Label   string
	Hint    string
	Problem string // what is wrong with the answer, and what to do
	Value   string
	Groups  []Group
	Most    int  // characters, or the largest number
	Free    bool // it may be left out
	Beside  bool // the options stand beside one another where there is room
	Quiet   bool // the label is for screen readers: the text above says it
}

// Key is a message that is a member of another one.
type Key string

// Problem is why an answer cannot stand: a message, with its members.
type Problem struct {
	Key     string
	Members []any
}

// Problems are those of a form, by the name of the question.
type Problems map[string]Problem

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

// Problem says what is wrong with an answer.
func (s *Sheet) Problem(p Problem) string {
	members := slices.Clone(p.Members)
	for i, member := range members {
		if key, ok := member.(Key); ok {
			members[i] = s.Say(string(key))
		}
	}
	return s.Say(p.Key, members...)
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
		f.Problem = s.Problem(p)
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

// Wrong lists the questions whose answers cannot stand.
func Wrong(fields []Field) []Field {
	return slices.DeleteFunc(slices.Clone(fields), func(f Field) bool { return f.Problem == "" })
}

// ByName gives the questions by their names, for a page that sets each itself.
func ByName(fields []Field) map[string]Field {
	byName := map[string]Field{}
	for _, f := range fields {
		byName[f.Name] = f
	}
	return byName
}
