package events

// Staff is a member of staff as role and number, like duty-3; never a name.
type Staff string

//nolint:gochecknoglobals // read-only, as a compiled pattern is
var staffSyntax = newSyntax(`^(duty|lead|officer|consul|inspector|worker|dpo)-[0-9]{1,4}$`)

// Pattern is the form that the schemas publish.
func (Staff) Pattern() string { return staffSyntax.String() }

// UnmarshalText accepts a role of the list with a number.
func (s *Staff) UnmarshalText(text []byte) error {
	return parseText(s, text, staffSyntax, "a member of staff is a role and a number, like duty-3; never a name")
}

// Danger is why an emergency disclosure cannot wait for consent.
type Danger string

// Codes lists every danger.
func (Danger) Codes() []string { return []string{"life", "freedom", "integrity"} }

// UnmarshalText accepts a danger of the list.
func (d *Danger) UnmarshalText(text []byte) error { return code(d, text) }

// EmergencyDisclosed lets one agency have these sections at once, without the
// person's consent, on one signature (domain rule 8). A second person confirms.
type EmergencyDisclosed struct {
	Said
	Reason   Danger       `json:"reason" reads:"rule emergency"`
	To       AgencyID     `json:"to" reads:"rule consent-required"`
	Sections Set[Section] `json:"sections" reads:"rule consent-required"`
	Staff    Staff        `json:"staff" reads:"rule second-person"`
}

// Type implements Payload.
func (*EmergencyDisclosed) Type() Type { return TypeEmergencyDisclosed }

func (*EmergencyDisclosed) check() error { return nil }

// Told says whether the person was told afterwards of an emergency disclosure.
type Told string

// Codes lists every answer.
func (Told) Codes() []string { return []string{"told", "would-endanger"} }

// UnmarshalText accepts an answer of the list.
func (t *Told) UnmarshalText(text []byte) error { return code(t, text) }

// EmergencyConfirmed is a second person's confirmation of an emergency
// disclosure of the same agency.
type EmergencyConfirmed struct {
	Said
	Disclosure EventID `json:"disclosure" reads:"clock emergency-confirmed"`
	Staff      Staff   `json:"staff" reads:"rule second-person"`
	Person     Told    `json:"person" reads:"rule person-told"`
}

// Type implements Payload.
func (*EmergencyConfirmed) Type() Type { return TypeEmergencyConfirmed }

func (*EmergencyConfirmed) check() error { return nil }
