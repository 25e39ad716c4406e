package mou

import "handrail/events"

// ofAgencies are the types that an agency says of itself, not of a case: no term
// judges them, and the profile says who has the power.
func ofAgencies() []events.Type { return []events.Type{events.TypeCapacityPublished} }
