package form

import (
	"errors"
	"maps"
	"net/url"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/services/agency/pages/ask"
)

// Messages of what a form can tell before anything is decoded.
const (
	saysNeeded = "acts.error.needed"
	saysMoment = "acts.error.moment"
	saysNumber = "acts.error.number"
)

// Read gives the payload that a form stands for. The error is [ask.Problems] that name
// each member with what is wrong; it never repeats what was written.
func (f Form) Read(from url.Values, c Choices) (events.Payload, error) {
	members, problems := Collect(f.Members, from, c)
	if len(problems) > 0 {
		return nil, problems
	}
	data, err := json.Marshal(members, json.Deterministic(true))
	if err != nil {
		return nil, ask.Problems{"": {Key: "rule." + string(events.RuleDataMalformed)}} // not valid UTF-8
	}
	payload, err := events.Decode(f.Type, data)
	if err != nil {
		return nil, f.ProblemsOf(err)
	}
	return payload, nil
}

// Collect gives the JSON object that a form stands for, and what stands against it.
func Collect(members []Member, from url.Values, c Choices) (map[string]any, ask.Problems) {
	problems := ask.Problems{}
	return readMembers(members, from, c, problems), problems
}

// ProblemsOf puts a violation beside the member that it points at; other errors are
// given back as they are.
func (f Form) ProblemsOf(err error) error {
	v, is := errors.AsType[*events.Violation](err)
	if !is {
		return err
	}
	return ask.Problems{f.at(v.Pointer): {Key: "rule." + string(v.Rule)}}
}

// at is the member that a pointer means, or the one around it; "" if it is none of
// the form's.
func (f Form) at(pointer string) string {
	name := strings.ReplaceAll(strings.TrimPrefix(pointer, "/"), "/", ".")
	for name != "" {
		if m := find(f.Members, name); m != nil {
			return name
		}
		name = name[:max(strings.LastIndexByte(name, '.'), 0)]
	}
	return ""
}

func find(members []Member, name string) *Member {
	for i := range members {
		if members[i].Name == name {
			return &members[i]
		}
		if strings.HasPrefix(name, members[i].Name+".") {
			return find(members[i].Members, name)
		}
	}
	return nil
}

// readMembers reads what was given; what was not is left out.
func readMembers(members []Member, from url.Values, c Choices, problems ask.Problems) map[string]any {
	given := map[string]any{}
	for _, m := range members {
		value, is := c.fixed(m.Name)
		switch {
		case is && value == nil:
			continue
		case !is:
			value, is = m.read(from, c, problems)
		}
		_, noted := problems[m.Name]
		switch {
		case is:
			given[m.Key] = value
		case c.needs(m) && !noted && m.Kind != ask.Nested:
			problems.Refuse(m.Name, saysNeeded)
		}
	}
	return given
}

// read gives the JSON value of one member, if it was given.
func (m Member) read(from url.Values, c Choices, problems ask.Problems) (any, bool) {
	text := strings.TrimSpace(from.Get(m.Name))
	if text == "" && Aside(m.Key) {
		text = c.First.Get(m.Name) // it goes without saying
	}
	switch m.Kind {
	case ask.Nested:
		inner := readMembers(m.Members, from, c, problems)
		return inner, len(inner) > 0 || m.Needed
	case ask.Many:
		return m.many(from)
	case ask.Moment:
		at, given, readable := c.moment(from, m.Name)
		switch {
		case !readable:
			problems.Refuse(m.Name, saysMoment)
			return nil, false
		case !given && m.Key == happened:
			at, given = c.Now, true
		}
		return events.At(at), given
	case ask.YesNo:
		return text == yes, text == yes || text == no
	case ask.Count:
		n, err := strconv.Atoi(text)
		if text != "" && err != nil {
			problems.Refuse(m.Name, saysNumber)
		}
		return n, text != "" && err == nil && n != 0
	case ask.One, ask.Pick, ask.Line, ask.Phone, ask.Text:
	}
	return text, text != ""
}

// many reads a set.
func (m Member) many(from url.Values) (any, bool) {
	var list []string
	for _, text := range from[m.Name] {
		if text = strings.TrimSpace(text); text != "" {
			list = append(list, text)
		}
	}
	return list, len(list) > 0
}

// What the answers of yes and no are called in a form, and the member that is now
// unless somebody says otherwise.
const (
	yes      = "yes"
	no       = "no"
	happened = "happened"
)

// With gives choices with more members fixed.
func (c Choices) With(fixed map[string]any) Choices {
	all := map[string]any{}
	maps.Copy(all, c.Fixed)
	maps.Copy(all, fixed)
	c.Fixed = all
	return c
}
