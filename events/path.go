package events

// LinkKind says why two cases of one person are kept apart and linked.
type LinkKind string

// LinkConsular is a case of its own for a foreign mission.
const LinkConsular LinkKind = "consular"

// Codes lists every kind of link.
func (LinkKind) Codes() []string { return []string{"consular"} }

// UnmarshalText accepts a kind of the list.
func (k *LinkKind) UnmarshalText(text []byte) error { return code(k, text) }

// CaseLinked says, in the person's own case, that another case of theirs was
// opened for a recipient that must not know of the first. Only its speaker and
// auditors see it.
type CaseLinked struct {
	Said
	Case CaseID   `json:"case" reads:"rule mission-linked"`
	For  LinkKind `json:"for" reads:"rule mission-linked"`
}

// Type implements Payload.
func (*CaseLinked) Type() Type { return TypeCaseLinked }

func (*CaseLinked) check() error { return nil }

// IncidentLinked says that a case belongs to one raid or one family with others:
// opened together, one case each.
type IncidentLinked struct {
	Said
	Incident EventID `json:"incident" reads:"route incident"`
}

// Type implements Payload.
func (*IncidentLinked) Type() Type { return TypeIncidentLinked }

func (*IncidentLinked) check() error { return nil }

// AgeDetermined ends a doubt about the person's age, says that a child has come
// of age, or raises a doubt (unsure: a child until determined). Consents of the
// voice that is now the wrong one lapse and are asked anew (domain rule 7).
type AgeDetermined struct {
	Said
	Age AgeClass `json:"age" reads:"rule child-guardian"`
}

// Type implements Payload.
func (*AgeDetermined) Type() Type { return TypeAgeDetermined }

func (*AgeDetermined) check() error { return nil }

// GuardianConflicted says that a child's guardian may be involved: from now on
// only an appointed guardian speaks for the child (domain rule 7).
type GuardianConflicted struct{ Said }

// Type implements Payload.
func (*GuardianConflicted) Type() Type { return TypeGuardianConflicted }

func (*GuardianConflicted) check() error { return nil }

// WayBack is how a person who wants no help now can come back safely.
type WayBack string

// Codes lists every way back.
func (WayBack) Codes() []string {
	return []string{"hotline-number", "come-back-here", "safe-contact", "none-wanted"}
}

// UnmarshalText accepts a way back of the list.
func (w *WayBack) UnmarshalText(text []byte) error { return code(w, text) }

// HelpDeclined says that the person wants no help now, and which way back was
// offered. "Not now" is an outcome.
type HelpDeclined struct {
	Said
	WayBack WayBack `json:"way_back" reads:"rule way-back"`
}

// Type implements Payload.
func (*HelpDeclined) Type() Type { return TypeHelpDeclined }

func (*HelpDeclined) check() error { return nil }

// PersonMissing says that whoever holds the person does not know where they are;
// what waits for the person is suspended.
type PersonMissing struct{ Said }

// Type implements Payload.
func (*PersonMissing) Type() Type { return TypePersonMissing }

func (*PersonMissing) check() error { return nil }

// PersonFound ends PersonMissing.
type PersonFound struct{ Said }

// Type implements Payload.
func (*PersonFound) Type() Type { return TypePersonFound }

func (*PersonFound) check() error { return nil }

// AsylumSought says that the person seeks asylum: no contact with a foreign
// mission until that has ended.
type AsylumSought struct{ Said }

// Type implements Payload.
func (*AsylumSought) Type() Type { return TypeAsylumSought }

func (*AsylumSought) check() error { return nil }

// AsylumEnded says that the person no longer seeks asylum.
type AsylumEnded struct{ Said }

// Type implements Payload.
func (*AsylumEnded) Type() Type { return TypeAsylumEnded }

func (*AsylumEnded) check() error { return nil }

// ConsularAllowed is the hub's note, in a linked case, that a foreign mission may
// be addressed there. No agency sees it.
type ConsularAllowed struct {
	Said
	Owner AgencyID `json:"owner" reads:"rule mission-linked"` // who opened both cases
}

// Type implements Payload.
func (*ConsularAllowed) Type() Type { return TypeConsularAllowed }

func (*ConsularAllowed) check() error { return nil }

// ConsularBarred is the hub's note, in a linked case, that no foreign mission may
// be addressed there any more. No agency sees it.
type ConsularBarred struct{ Said }

// Type implements Payload.
func (*ConsularBarred) Type() Type { return TypeConsularBarred }

func (*ConsularBarred) check() error { return nil }
