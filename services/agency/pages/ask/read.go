package ask

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"handrail/events"
)

// What is wrong with an answer, in words.
const (
	saysChoose = "ask.choose"
	saysTick   = "ask.tick"
	saysWrite  = "ask.write"
	saysLong   = "ask.long"
	saysList   = "ask.list"
	saysCount  = "ask.count"
	saysPhone  = "ask.phone"
)

// Reader reads the answers of one form, and collects what is wrong with them.
type Reader struct {
	Problems Problems
	given    url.Values
}

// NewReader reads what a form sent.
func NewReader(given url.Values) *Reader { return &Reader{Problems: Problems{}, given: given} }

// Refuse is [Problems.Refuse].
func (r *Reader) Refuse(name, key string, members ...any) { r.Problems.Refuse(name, key, members...) }

// Raw is an answer as it was given.
func (r *Reader) Raw(name string) string { return strings.TrimSpace(r.given.Get(name)) }

// Ticked says whether an answer is among those given to a question.
func (r *Reader) Ticked(name, answer string) bool { return slices.Contains(r.given[name], answer) }

// Choice is one answer of a list of words; empty if nothing stands.
func (r *Reader) Choice(name string, needed bool, of ...string) string {
	given := r.Raw(name)
	switch {
	case given == "" && needed:
		r.Refuse(name, saysChoose)
	case given != "" && !slices.Contains(of, given):
		r.Refuse(name, saysList)
		return ""
	}
	return given
}

// coded is a type of the wire with a closed list.
type coded interface {
	~string
	Codes() []string
}

// Code is one code of a closed list; empty if nothing stands.
func Code[C coded](r *Reader, name string, needed bool) C {
	var list C
	return C(r.Choice(name, needed, list.Codes()...))
}

// Codes are the codes of a closed list, each once, in the list's order.
func Codes[C coded](r *Reader, name string, needed bool) events.Set[C] {
	var list C
	return Set[C](r, name, needed, list.Codes()...)
}

// Set is answers of a list of words, each once, in the list's order.
func Set[C ~string](r *Reader, name string, needed bool, of ...string) (set events.Set[C]) {
	given := slices.DeleteFunc(slices.Clone(r.given[name]), func(text string) bool { return text == "" })
	for _, code := range of {
		if slices.Contains(given, code) {
			set = append(set, C(code))
		}
	}
	switch {
	case slices.ContainsFunc(given, func(text string) bool { return !slices.Contains(of, text) }):
		r.Refuse(name, saysList)
	case set == nil && needed:
		r.Refuse(name, saysTick)
	}
	return set
}

// Words is a text of at most so many characters.
func (r *Reader) Words(name string, needed bool, most int) string {
	text := r.Raw(name)
	switch {
	case text == "" && needed:
		r.Refuse(name, saysWrite)
	case !utf8.ValidString(text) || utf8.RuneCountInString(text) > most:
		r.Refuse(name, saysLong, "Count", most)
		return ""
	}
	return text
}

// Number is a telephone number, as people write them.
func (r *Reader) Number(name string, needed bool) string {
	text := r.Words(name, needed, 40)
	if text != "" && (strings.Trim(text, "+0123456789 -()/.") != "" || !strings.ContainsAny(text, "0123456789")) {
		r.Refuse(name, saysPhone)
		return ""
	}
	return text
}

// Count is a number from 0; nothing written is 0.
func (r *Reader) Count(name string, most int) int {
	text := r.Raw(name)
	if text == "" {
		return 0
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > most {
		r.Refuse(name, saysCount, "Count", most)
		return 0
	}
	return n
}
