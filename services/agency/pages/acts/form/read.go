package form

import (
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"

	"handrail/events"
)

// Faults are what stands against a form, by the name of the member: the key of the
// message that says so. What is about no member stands under "".
type Faults map[string]string //nolint:errname // what a form shows; an error only on its way there

func (f Faults) Error() string { return "the form cannot be taken as it is" }

// Messages of what a form can tell before anything is decoded.
const (
	faultNeeded = "acts.error.needed"
	faultMoment = "acts.error.moment"
	faultNumber = "acts.error.number"
)

// Add notes a fault, unless the member has one already.
func (f Faults) Add(name, message string) {
	if _, noted := f[name]; !noted {
		f[name] = message
	}
}

// Read gives the payload that a form stands for. The error is a [Faults] that names
// each member with what is wrong; it never repeats what was written.
func (f Form) Read(from url.Values, c Choices) (events.Payload, error) {
	members, faults := Collect(f.Members, from, c)
	if len(faults) > 0 {
		return nil, faults
	}
	data, err := json.Marshal(members, json.Deterministic(true))
	if err != nil {
		return nil, Faults{"": "rule." + string(events.RuleDataMalformed)} // not valid UTF-8
	}
	payload, err := events.Decode(f.Type, data)
	if err != nil {
		return nil, f.FaultsOf(err)
	}
	return payload, nil
}

// Collect gives the JSON object that a form stands for, and what stands against it.
func Collect(members []Member, from url.Values, c Choices) (map[string]any, Faults) {
	faults := Faults{}
	return readMembers(members, from, c, faults), faults
}

// FaultsOf puts a violation beside the member that it points at; other errors are
// given back as they are.
func (f Form) FaultsOf(err error) error {
	v, is := errors.AsType[*events.Violation](err)
	if !is {
		return err
	}
	return Faults{f.at(v.Pointer): "rule." + string(v.Rule)}
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
func readMembers(members []Member, from url.Values, c Choices, faults Faults) map[string]any {
	given := map[string]any{}
	for _, m := range members {
		value, is := c.fixed(m.Name)
		switch {
		case is && value == nil:
			continue
		case !is:
			value, is = m.read(from, c, faults)
		}
		_, noted := faults[m.Name]
		switch {
		case is:
			given[m.Key] = value
		case c.needs(m) && !noted && m.Kind != Group:
			faults.Add(m.Name, faultNeeded)
		}
	}
	return given
}

// read gives the JSON value of one member, if it was given.
func (m Member) read(from url.Values, c Choices, faults Faults) (any, bool) {
	text := strings.TrimSpace(from.Get(m.Name))
	if text == "" && slices.Contains(aside(), m.Key) {
		text = c.First.Get(m.Name) // it goes without saying
	}
	switch m.Kind {
	case Group:
		inner := readMembers(m.Members, from, c, faults)
		return inner, len(inner) > 0 || m.Needed
	case Many:
		return m.many(from)
	case Moment:
		at, given, readable := c.moment(from, m.Name)
		switch {
		case !readable:
			faults.Add(m.Name, faultMoment)
			return nil, false
		case !given && m.Key == happened:
			at, given = c.Now, true
		}
		return events.At(at), given
	case YesNo:
		return text == yes, text == yes || text == no
	case Number:
		n, err := strconv.Atoi(text)
		if text != "" && err != nil {
			faults.Add(m.Name, faultNumber)
		}
		return n, text != "" && err == nil && n != 0
	case One, Pick, Text, Long:
	}
	return text, text != ""
}

// many reads a set: ticked boxes, or lines.
func (m Member) many(from url.Values) (any, bool) {
	var list []string
	for _, text := range from[m.Name] {
		if m.Codes == nil && m.List == "" {
			list = append(list, strings.Split(text, "\n")...)
		} else {
			list = append(list, text)
		}
	}
	for i := range list {
		list[i] = strings.TrimSpace(list[i])
	}
	list = slices.DeleteFunc(list, func(text string) bool { return text == "" })
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
