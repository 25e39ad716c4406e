package ask

import (
	"slices"

	"handrail/services/web/language"
)

// Key is a message that is a member of another one.
type Key string

// Problem is why an answer cannot stand: a message, with its members.
type Problem struct {
	Key     string
	Members []any
}

// Says puts the problem into words.
func (p Problem) Says(words *language.Words) (string, error) {
	members := slices.Clone(p.Members)
	for i, member := range members {
		key, is := member.(Key)
		if !is {
			continue
		}
		text, err := words.Say(string(key))
		if err != nil {
			return "", err
		}
		members[i] = text
	}
	return words.Say(p.Key, members...)
}

// Problems are what stands against a form, by the name of the question. What is about
// no question stands under "".
type Problems map[string]Problem //nolint:errname // what a form shows; an error only on its way there

func (Problems) Error() string { return "the form cannot be taken as it is" }

// Refuse notes what is wrong with an answer; the first word on a question counts.
func (p Problems) Refuse(name, key string, members ...any) {
	if _, known := p[name]; !known {
		p[name] = Problem{Key: key, Members: members}
	}
}

// Wrong is the summary above a form of what cannot stand in it.
type Wrong struct {
	Heading string // message; empty: this package's
	Lines   []WrongLine
}

// WrongLine is one thing that is wrong.
type WrongLine struct {
	At   string // name of the question; empty: it is about the whole form
	Says string
}

// WrongIn lists the questions whose answers cannot stand.
func WrongIn(fields []Field) (w Wrong) {
	for _, f := range fields {
		if f.Problem != "" {
			w.Lines = append(w.Lines, WrongLine{f.Name, f.Label + ": " + f.Problem})
		}
	}
	return w
}
