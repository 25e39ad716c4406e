package events

// Sex matters to a placement only.
type Sex string

// Codes lists every value; unknown means not asked or not said.
func (Sex) Codes() []string { return []string{"woman", "man", "trans-nonconforming", "unknown"} }

// UnmarshalText accepts a value of the list.
func (s *Sex) UnmarshalText(text []byte) error { return code(s, text) }

// Access is what a place must offer for the person to use it.
type Access string

// Codes lists every access need.
func (Access) Codes() []string {
	return []string{"step-free", "sign-language", "low-vision", "carer", "service-animal"}
}

// UnmarshalText accepts an access need of the list.
func (a *Access) UnmarshalText(text []byte) error { return code(a, text) }

// Safety is a warning that a provider must know before it accepts.
type Safety string

// Codes lists every safety flag.
func (Safety) Codes() []string {
	return []string{"pursued", "armed-threat", "tracked-phone", "self-harm-risk", "suspect-nearby"}
}

// UnmarshalText accepts a safety flag of the list.
func (s *Safety) UnmarshalText(text []byte) error { return code(s, text) }

// Present is somebody who was there when consent was asked.
type Present string

// Codes lists who may have been present. An employer, companion or unknown
// person makes a consent provisional.
func (Present) Codes() []string {
	return []string{"person-alone", "guardian", "lawyer", "interpreter", "support-person", "companion", "employer", "unknown-person"}
}

// UnmarshalText accepts a value of the list.
func (p *Present) UnmarshalText(text []byte) error { return code(p, text) }

// DeclineReason says why a provider cannot take the person.
type DeclineReason string

// Codes lists every reason.
func (DeclineReason) Codes() []string {
	return []string{"full", "need-not-served", "access-not-served", "language-not-served", "not-safe-here", "conflict-of-interest"}
}

// UnmarshalText accepts a reason of the list.
func (r *DeclineReason) UnmarshalText(text []byte) error { return code(r, text) }

// EndReason says why something ended without its purpose being met, or closed.
type EndReason string

// Codes lists every reason.
func (EndReason) Codes() []string {
	return []string{"completed", "person-declined", "person-left", "no-longer-needed", "not-reached", "moved-elsewhere", "duplicate"}
}

// UnmarshalText accepts a reason of the list.
func (r *EndReason) UnmarshalText(text []byte) error { return code(r, text) }
