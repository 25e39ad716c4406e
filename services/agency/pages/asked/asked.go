// Package asked shows who is asked to take a person: in turn, until when, and who is told if nobody answers.
//
// It is a part of pages that know more of the case; by itself it shows agencies, codes and times only. Its template is asked-request,
// which takes a [Request].
package asked

import (
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/services/agency"
	"handrail/services/agency/pages/left"
)

// Request is one request as it is shown.
type Request struct {
	agency.AskedView
	Legs []Leg
}

// Leg is one of those asked, with the time that they have left for what they owe now.
type Leg struct {
	agency.AskedLeg
	Waits bool // an answer, or a sign that it was seen, is waited for
	Left  left.Time
}

// Of shows requests as they stand now.
func Of(views []agency.AskedView, now time.Time) []Request {
	list := make([]Request, len(views))
	for i, view := range views {
		list[i].AskedView = view
		for _, leg := range view.Legs {
			l := Leg{AskedLeg: leg}
			due := leg.AnswerBy
			switch leg.State {
			case mou.LegRequested:
				due = leg.AckBy
			case mou.LegAcknowledged, mou.LegByTelephone, mou.LegExpired:
			default:
				due = time.Time{}
			}
			if l.Waits = !due.IsZero(); l.Waits {
				l.Left = left.Of(leg.Since, due, now)
			}
			list[i].Legs = append(list[i].Legs, l)
		}
	}
	return list
}

// Could lists who could be asked for any of some offers, in the order of their ids.
func Could(offers []agency.OfferView) (ids []string) {
	for _, o := range offers {
		for _, id := range o.Could {
			if !slices.Contains(ids, string(id)) {
				ids = append(ids, string(id))
			}
		}
	}
	slices.Sort(ids)
	return ids
}
