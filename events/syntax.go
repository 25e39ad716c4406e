package events

import (
	"math"
	re "regexp/syntax"
	"slices"
	"strings"
)

// syntax is the closed syntax of an attribute or an id: a regular expression that
// is matched in a fraction of the usual time, because every entry of a log has
// fifteen attributes, and a log is read again whole.
type syntax struct {
	pattern string   // as the schemas publish it
	forms   [][]part // a value has one of them
}

// part is a text, or characters of a class. Each part takes as many characters as
// it can and gives none back: no pattern here may need what an earlier part has
// taken. A test holds every syntax against its regular expression.
type part struct {
	text        string
	class       *[128]bool // nil: the text
	least, most int
}

// newSyntax takes a pattern apart that begins with ^, ends with $ and has nothing
// but ASCII texts, classes, their repetitions and alternatives. Any other panics.
func newSyntax(pattern string) *syntax {
	parsed, err := re.Parse(pattern, re.Perl)
	if err != nil {
		panic(err)
	}
	return &syntax{pattern, formsOf(parsed)}
}

func formsOf(r *re.Regexp) [][]part {
	switch r.Op {
	case re.OpBeginText, re.OpEndText:
		return [][]part{nil}
	case re.OpLiteral:
		return [][]part{{{text: string(r.Rune)}}}
	case re.OpCharClass:
		return [][]part{{repeated(r, 1, 1)}}
	case re.OpQuest:
		return [][]part{{repeated(r.Sub[0], 0, 1)}}
	case re.OpStar:
		return [][]part{{repeated(r.Sub[0], 0, math.MaxInt)}}
	case re.OpRepeat:
		return [][]part{{repeated(r.Sub[0], r.Min, r.Max)}}
	case re.OpCapture:
		return formsOf(r.Sub[0])
	case re.OpAlternate:
		var all [][]part
		for _, one := range r.Sub {
			all = append(all, formsOf(one)...)
		}
		return all
	case re.OpConcat:
		all := [][]part{nil}
		for _, next := range r.Sub {
			var longer [][]part
			for _, form := range all {
				for _, rest := range formsOf(next) {
					longer = append(longer, slices.Concat(form, rest))
				}
			}
			all = longer
		}
		return all
	default:
		panic("no syntax has a part such as " + r.String())
	}
}

// repeated is least to most characters of a class, or of one character.
func repeated(of *re.Regexp, least, most int) part {
	runes := of.Rune // pairs of a class: from, to
	if of.Op == re.OpLiteral && len(runes) == 1 {
		runes = []rune{runes[0], runes[0]}
	} else if of.Op != re.OpCharClass {
		panic("no syntax repeats a part such as " + of.String())
	}
	p := part{class: new([128]bool), least: least, most: most}
	for i := 0; i < len(runes); i += 2 {
		for c := runes[i]; c <= runes[i+1]; c++ {
			p.class[c] = true
		}
	}
	return p
}

// String is the pattern.
func (s *syntax) String() string { return s.pattern }

// MatchString says whether a value is of the syntax.
func (s *syntax) MatchString(value string) bool {
	for _, form := range s.forms {
		if matchesAll(form, value) {
			return true
		}
	}
	return false
}

func matchesAll(form []part, rest string) bool {
	for _, p := range form {
		if p.class == nil {
			var ok bool
			if rest, ok = strings.CutPrefix(rest, p.text); !ok {
				return false
			}
			continue
		}
		n := 0
		for n < len(rest) && n < p.most && rest[n] < 128 && p.class[rest[n]] {
			n++
		}
		if n < p.least {
			return false
		}
		rest = rest[n:]
	}
	return rest == ""
}
