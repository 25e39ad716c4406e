package events

import "slices"

// Recipient is whom a consent covers: one agency, or every agency of a class
// but the excluded, so that asking the next provider needs no new consent.
type Recipient struct {
	Agency AgencyID      `json:"agency,omitzero" reads:"rule consent-required"`
	Class  AgencyKind    `json:"class,omitzero" reads:"rule consent-required"`
	Except Set[AgencyID] `json:"except,omitzero" reads:"rule consent-required"`
}

// Covers says whether an agency of a kind is meant.
func (r Recipient) Covers(agency AgencyID, kind AgencyKind) bool {
	if r.Agency != "" {
		return r.Agency == agency
	}
	return r.Class == kind && !slices.Contains(r.Except, agency)
}

func (r Recipient) check() error {
	if (r.Agency == "") == (r.Class == "") {
		return Refuse(RuleDataRange, "/recipient", "name either an agency or a class")
	}
	if r.Agency != "" && r.Except != nil {
		return Refuse(RuleDataRange, "/recipient/except", "only a class has exceptions")
	}
	return nil
}

// Speaker is who gave a consent.
type Speaker string

// The speakers.
const (
	ByPerson    Speaker = "person"
	ByGuardian  Speaker = "guardian"
	ByAppointed Speaker = "appointed-guardian" // by an authority, in place of a guardian who may be involved
)

// Codes lists every speaker.
func (Speaker) Codes() []string { return []string{"person", "guardian", "appointed-guardian"} }

// UnmarshalText accepts a speaker of the list.
func (s *Speaker) UnmarshalText(text []byte) error { return code(s, text) }

// Capacity says whether whoever asked doubted that the person could decide.
type Capacity string

// The capacities.
const (
	Clear    Capacity = "clear"
	Doubtful Capacity = "doubtful"
)

// Codes lists every capacity.
func (Capacity) Codes() []string { return []string{"clear", "doubtful"} }

// UnmarshalText accepts a capacity of the list.
func (c *Capacity) UnmarshalText(text []byte) error { return code(c, text) }

// ChildView is what the child itself said when a guardian consented.
type ChildView string

// Codes lists every view.
func (ChildView) Codes() []string { return []string{"agrees", "objects", "too-young"} }

// UnmarshalText accepts a view of the list.
func (v *ChildView) UnmarshalText(text []byte) error { return code(v, text) }

// ConsentGiven is the person's agreement that one recipient gets these sections
// for this purpose until it expires.
type ConsentGiven struct {
	Said
	Recipient   Recipient    `json:"recipient" reads:"rule consent-required"`
	Purpose     Purpose      `json:"purpose" reads:"rule consent-required"`
	Sections    Set[Section] `json:"sections" reads:"rule consent-required"`
	Expires     Time         `json:"expires" reads:"clock consent-expiry"`
	By          Speaker      `json:"by" reads:"rule child-guardian"`
	Capacity    Capacity     `json:"capacity" reads:"rule consent-provisional"`
	Language    Language     `json:"language" reads:"rule rights-language"`
	Interpreter Interpreter  `json:"interpreter" reads:"rule consent-provisional"`
	Present     Set[Present] `json:"present" reads:"rule consent-provisional"`
	ChildView   ChildView    `json:"child_view,omitzero" reads:"rule child-view"` // of a child, or while the age is unsure
}

// Type implements Payload.
func (*ConsentGiven) Type() Type { return TypeConsentGiven }

func (c *ConsentGiven) check() error {
	if !c.Expires.Time().After(c.Happened.Time()) {
		return Refuse(RuleDataRange, "/expires", "a consent expires after it was given")
	}
	return c.Recipient.check()
}

// ConsentRefused records that the person said no; help goes on without it.
type ConsentRefused struct {
	Said
	Recipient Recipient `json:"recipient" reads:"rule consent-required"`
	Purpose   Purpose   `json:"purpose" reads:"rule consent-required"`
}

// Type implements Payload.
func (*ConsentRefused) Type() Type { return TypeConsentRefused }

func (c *ConsentRefused) check() error { return c.Recipient.check() }

// ConsentWithdrawn takes a consent back, through any desk, at once. Without a
// purpose it takes back every purpose.
type ConsentWithdrawn struct {
	Said
	Recipient Recipient `json:"recipient" reads:"rule consent-required"`
	Purpose   Purpose   `json:"purpose,omitzero" reads:"rule consent-required"`
}

// Type implements Payload.
func (*ConsentWithdrawn) Type() Type { return TypeConsentWithdrawn }

func (c *ConsentWithdrawn) check() error { return c.Recipient.check() }
