package hsds

import (
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// Limits of one record. A page of an HSDS API is far below them.
const (
	MaxBytes    = 1 << 20
	maxServices = 200
	maxList     = 200
	maxText     = 16 << 10
)

// reader walks one service and notes what it does not keep.
type reader struct {
	dropped map[Dropped]bool
	unknown int
	asks    []Question
}

// object is the members of one HSDS object that are read.
type object struct {
	at  string // JSON pointer
	has map[string]jsontext.Value
}

// object sorts the members of one object into read, dropped and unknown. Null
// says nothing and counts as left out.
func (r *reader) object(raw jsontext.Value, e entity, at string) (object, error) {
	var all map[string]jsontext.Value
	if err := json.Unmarshal(raw, &all); err != nil || all == nil {
		return object{}, malformed(at, "an object of HSDS is expected here")
	}
	table, o := members(e), object{at, map[string]jsontext.Value{}}
	for name, value := range all {
		why, known := table[name]
		switch {
		case !known:
			r.unknown++
		case value.Kind() == 'n':
		case why == read:
			o.has[name] = value
		default:
			r.drop(string(e)+"."+name, why)
		}
	}
	return o, nil
}

func (r *reader) drop(field, why string) {
	r.dropped[Dropped{field, why}] = true
}

func (r *reader) ask(field, why string, required bool) {
	q := Question{field, why, required}
	if !slices.Contains(r.asks, q) {
		r.asks = append(r.asks, q)
	}
}

func malformed(at, says string) *events.Violation {
	return events.Refuse(events.RuleDataMalformed, at, says)
}

// text is a member's string without surrounding space; empty if it is left out.
func (o object) text(name string) (string, error) {
	raw, ok := o.has[name]
	if !ok {
		return "", nil
	}
	var s string
	if err := json.Unmarshal(raw, &s); err != nil || raw.Kind() != '"' || len(s) > maxText || strings.ContainsRune(s, 0) {
		return "", malformed(o.at+"/"+name, "HSDS has text of at most 16 KiB here, without the character NUL")
	}
	return strings.TrimSpace(s), nil
}

// texts reads several members in order.
func (o object) texts(names ...string) ([]string, error) {
	list := make([]string, len(names))
	for i, name := range names {
		var err error
		if list[i], err = o.text(name); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// number is a member's number, and whether there is one.
func (o object) number(name string) (float64, bool, error) {
	raw, ok := o.has[name]
	if !ok {
		return 0, false, nil
	}
	n, err := strconv.ParseFloat(string(raw), 64)
	if err != nil || raw.Kind() != '0' || len(raw) > 32 || math.Abs(n) > 1e9 {
		return 0, false, malformed(o.at+"/"+name, "HSDS has a number here, of reasonable size")
	}
	return n, true, nil
}

// one is a member that is an object; false if it is left out.
func (r *reader) one(in object, name string, e entity) (object, bool, error) {
	raw, ok := in.has[name]
	if !ok {
		return object{}, false, nil
	}
	o, err := r.object(raw, e, in.at+"/"+name)
	return o, err == nil, err
}

// list is a member that is a list of objects; none if it is left out.
func (r *reader) list(in object, name string, e entity) ([]object, error) {
	raw, ok := in.has[name]
	if !ok {
		return nil, nil
	}
	at := in.at + "/" + name
	var items []jsontext.Value
	if err := json.Unmarshal(raw, &items); err != nil || raw.Kind() != '[' || len(items) > maxList {
		return nil, malformed(at, "HSDS has a list here, of at most "+strconv.Itoa(maxList)+" objects")
	}
	list := make([]object, len(items))
	for i, item := range items {
		var err error
		if list[i], err = r.object(item, e, at+"/"+strconv.Itoa(i)); err != nil {
			return nil, err
		}
	}
	return list, nil
}
