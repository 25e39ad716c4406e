package hsds

import (
	"slices"
	"time"

	"handrail/contracts/match"
	"handrail/events"
)

// few is up to how many free beds are few. The number itself is not kept, so
// that nobody learns who came or went (own choice).
const few = 3

// places come from the one capacity (HSDS 3.1) that counts beds, if it is fresh.
func places(r *reader, o object, _ []site, at time.Time, to *Answers) error {
	all, err := r.list(o, "capacities", serviceCapacity)
	if err != nil {
		return err
	}
	var beds []object
	for _, c := range all {
		of, _, err := r.one(c, "unit", unit)
		if err != nil {
			return err
		}
		name, err := of.text("name")
		if err != nil {
			return err
		}
		if slices.Contains([]string{"bed", "beds", "bed space", "bed spaces", "place", "places"}, plain(name)) {
			beds = append(beds, c)
		}
	}
	if len(beds) != 1 {
		r.ask("places", "the record does not count beds in one capacity", true)
		return nil
	}
	return r.beds(beds[0], at, to)
}

func (r *reader) beds(o object, at time.Time, to *Answers) error {
	free, found, err := o.number("available")
	if err != nil {
		return err
	}
	said, err := o.text("updated")
	if err != nil {
		return err
	}
	updated, err := time.Parse(time.RFC3339, said)
	switch {
	case err != nil && said != "":
		return malformed(o.at+"/updated", "HSDS has a date and time with its offset here")
	case !found || said == "" || free < 0:
		r.ask("places", "the record does not say how many beds are free, and when it last knew", true)
	case at.Sub(updated) > match.Fresh || updated.Sub(at) > match.Fresh:
		r.ask("places", "what the record says about free beds is more than a day old", true)
	case free < 1:
		to.Places = events.NoPlaces
	case free <= few:
		to.Places = events.FewPlaces
	default:
		to.Places = events.SomePlaces
	}
	return nil
}
