package match

import (
	"time"

	"handrail/events"
)

// Fresh is how long a published capacity counts as known. Beds change by the
// day; after a day the last word is still shown, marked, and ranks lower. It
// decides an order on a screen, no duty and no power, so it is no profile value
// (own choice).
const Fresh = 24 * time.Hour

// Wish is what is looked for. The zero value of a member was not asked and
// demands nothing, but an age or a sex not asked is shown where it matters.
type Wish struct {
	Needs    events.Set[events.Need] // the provider serves all of them
	Age      events.AgeClass
	Sex      events.Sex
	Children int // who come along
	Language events.Language
	Access   events.Set[events.Access]
	Region   events.Region
	Urgency  events.Urgency // absent: standard

	// At is now, in the local time of the profile: hours are published in it.
	At time.Time
}

// For is the wish that a request's matching facts make.
func For(r *events.ReferralRequested, at time.Time) Wish {
	return Wish{
		Needs: r.Needs, Age: r.Age, Sex: r.Sex, Children: r.Children.Under9 + r.Children.Under18,
		Language: r.Language, Access: r.Access, Region: r.Region, Urgency: r.Urgency, At: at,
	}
}

// Offer is one provider, with the newest capacity that it published.
type Offer struct {
	Agency    events.AgencyID
	Kind      events.AgencyKind
	Capacity  *events.CapacityPublished // nil: it published none
	Published time.Time                 // when the ledger admitted it
}
