package hsds

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// ids are UUIDs in HSDS 3.0 and any text in drafts of 3.1; what is kept to
// choose by has to be an opaque word.
var opaque = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// Read gives a proposal for each service of a record: one service, a list of
// them, or the page that an HSDS API answers with (member contents), each as
// full as the directory has it. At is now, in the local time of the profile, in
// which hours are published. Errors are *events.Violation and name a place in
// the record, never what stands there.
func Read(body []byte, at time.Time) ([]Proposal, error) {
	services, where, err := unpack(body)
	if err != nil {
		return nil, err
	}
	proposals := make([]Proposal, len(services))
	for i, raw := range services {
		pointer := where
		if where != "" || len(services) > 1 || jsontext.Value(body).Kind() == '[' {
			pointer += "/" + strconv.Itoa(i)
		}
		if proposals[i], err = propose(raw, pointer, at); err != nil {
			return nil, err
		}
	}
	return proposals, nil
}

// unpack finds the services of a record, and where in it they stand.
func unpack(body []byte) ([]jsontext.Value, string, error) {
	if len(body) > MaxBytes {
		return nil, "", events.Refuse(events.RuleEventTooLarge, "", "a record is at most 1 MiB")
	}
	record := jsontext.Value(body)
	if !record.IsValid() {
		return nil, "", malformed("", "the record is one JSON value in UTF-8, each member once, with nothing behind it")
	}
	where := ""
	if record.Kind() == '{' {
		var page map[string]jsontext.Value
		if err := json.Unmarshal(record, &page); err != nil {
			return nil, "", malformed("", "the record is one JSON value in UTF-8, each member once, with nothing behind it")
		}
		contents, paged := page["contents"]
		if !paged {
			return []jsontext.Value{record}, "", nil
		}
		record, where = contents, "/contents"
	}
	var services []jsontext.Value
	if err := json.Unmarshal(record, &services); err != nil || record.Kind() != '[' || len(services) == 0 || len(services) > maxServices {
		return nil, "", malformed(where, "a record has 1 to "+strconv.Itoa(maxServices)+" services")
	}
	return services, where, nil
}

// propose reads one service.
func propose(raw jsontext.Value, pointer string, at time.Time) (Proposal, error) {
	r := &reader{dropped: map[Dropped]bool{}}
	o, err := r.object(raw, service, pointer)
	if err != nil {
		return Proposal{}, err
	}
	known, err := o.texts("id", "status")
	if err != nil {
		return Proposal{}, err
	}
	if !opaque.MatchString(known[0]) {
		return Proposal{}, malformed(pointer+"/id", "a service has an identifier, one word of at most 64 characters")
	}
	if !slices.Contains([]string{"active", "inactive", "defunct", "temporarily closed"}, known[1]) {
		return Proposal{}, events.Refuse(events.RuleDataCode, pointer+"/status", "a service's status is active, inactive, defunct or temporarily closed")
	}
	p := Proposal{ID: known[0], Active: known[1] == "active"}
	sites, err := r.sites(o)
	if err != nil {
		return Proposal{}, err
	}
	for _, part := range []func(*reader, object, []site, time.Time, *Answers) error{needs, ages, always, spoken, hours, places, whereabouts} {
		if err := part(r, o, sites, at, &p.Capacity); err != nil {
			return Proposal{}, err
		}
	}
	p.Questions, p.Unknown = r.asks, r.unknown
	for d := range r.dropped {
		p.Dropped = append(p.Dropped, d)
	}
	slices.SortFunc(p.Dropped, func(x, y Dropped) int { return cmp.Or(cmp.Compare(x.Field, y.Field), cmp.Compare(x.Why, y.Why)) })
	return p, nil
}

// always asks what HSDS has no member for.
func always(r *reader, _ object, _ []site, _ time.Time, _ *Answers) error {
	r.ask("sexes", "HSDS does not say which sexes a service takes", true)
	r.ask("children", "HSDS does not say how many children may come along with an adult", true)
	return nil
}

// ages are established only where the record covers a whole class: from 18
// without an end, from birth without an end, or from birth to 17. A service
// from 12 takes some children, and a class cannot say so.
func ages(r *reader, o object, _ []site, _ time.Time, to *Answers) error {
	from, hasFrom, err := o.number("minimum_age")
	if err != nil {
		return err
	}
	until, hasUntil, err := o.number("maximum_age")
	if err != nil {
		return err
	}
	open := !hasUntil || until >= 99
	switch {
	case hasFrom && from == 18 && open:
		to.Ages = events.Set[events.AgeClass]{events.Adult}
	case hasFrom && from == 0 && open:
		to.Ages = events.Set[events.AgeClass]{events.Adult, events.Child}
	case hasFrom && from == 0 && until == 17:
		to.Ages = events.Set[events.AgeClass]{events.Child}
	case hasFrom || hasUntil:
		r.ask("ages", "the ages in the record do not cover adults or children as a whole", true)
	default:
		r.ask("ages", "the record names no ages", true)
	}
	return nil
}
