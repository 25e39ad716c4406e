package mou

import (
	"slices"
	"time"

	"handrail/events"
)

// Power says which kinds of agency may make some statements.
type Power struct {
	Events     []string `yaml:"events"` // names without prefix and version: case.opened
	Kinds      []string `yaml:"kinds"`  // kinds, or groups of the profile
	Provenance `yaml:",inline"`
}

// Agreement is one row of the agreement table: what the parties may send one
// another, if the person consents. What no row allows is not sent.
type Agreement struct {
	From       []string         `yaml:"from"` // kinds, or groups of the profile
	To         []string         `yaml:"to"`
	Purpose    events.Purpose   `yaml:"purpose"`
	Sections   []events.Section `yaml:"sections"`
	Provenance `yaml:",inline"`
}

// Notices says which kinds of agency the duty to notify addresses.
type Notices struct {
	To         []events.AgencyKind `yaml:"to"`
	Provenance `yaml:",inline"`
}

// Exemption names recipients to whom a referral needs no consent for some ages.
type Exemption struct {
	To         []events.AgencyKind `yaml:"to"`
	Ages       []events.AgeClass   `yaml:"ages"`
	Provenance `yaml:",inline"`
}

// Ground is a legal ground on which a holder may keep a record.
type Ground struct {
	Ground     events.KeepGround `yaml:"ground"`
	Provenance `yaml:",inline"`
}

// Bundle is a consent that staff can offer in plain words: a bed tonight, not a matrix.
type Bundle struct {
	Says       string            `yaml:"says"`
	Class      events.AgencyKind `yaml:"class"`
	Purpose    events.Purpose    `yaml:"purpose"`
	Sections   []events.Section  `yaml:"sections"`
	Expires    Period            `yaml:"expires"`
	Provenance `yaml:",inline"`
}

// Consent is what a bundle stands for when the person agrees to it. Whoever asks
// fills in how: speaker, capacity, language, interpreter, who was present.
func (b Bundle) Consent(happened time.Time) events.ConsentGiven {
	return events.ConsentGiven{
		Said:      events.Said{Happened: events.At(happened)},
		Recipient: events.Recipient{Class: b.Class},
		Purpose:   b.Purpose,
		Sections:  slices.Clone(b.Sections),
		Expires:   events.At(happened.Add(time.Duration(b.Expires))),
	}
}

// agreed is one cell of the agreement table.
type agreed struct {
	from, to events.AgencyKind
	purpose  events.Purpose
	section  events.Section
}

// Allows says whether the agreement table lets an agency of one kind send one
// section to another for a purpose, given consent.
func (p *Profile) Allows(from, to events.AgencyKind, purpose events.Purpose, section events.Section) bool {
	return p.table[agreed{from, to, purpose, section}]
}

// May says whether the powers of a kind include an event type.
func (p *Profile) May(kind events.AgencyKind, t events.Type) bool {
	return slices.Contains(p.powers[t.Name()], kind)
}

// Exempt says whether sharing with a kind of agency needs no consent at an age.
func (p *Profile) Exempt(kind events.AgencyKind, age events.AgeClass) bool {
	return slices.ContainsFunc(p.WithoutConsent, func(e Exemption) bool {
		return slices.Contains(e.To, kind) && slices.Contains(e.Ages, age)
	})
}

// kinds expands the groups among names.
func (p *Profile) kinds(names []string) []events.AgencyKind {
	var out []events.AgencyKind
	for _, name := range names {
		members, group := p.Groups[name]
		if !group {
			members = []events.AgencyKind{events.AgencyKind(name)}
		}
		for _, kind := range members {
			if !slices.Contains(out, kind) {
				out = append(out, kind)
			}
		}
	}
	return out
}

// index builds what judging looks up.
func (p *Profile) index() {
	p.powers = map[string][]events.AgencyKind{}
	for _, power := range p.Powers {
		for _, name := range power.Events {
			p.powers[name] = p.kinds(power.Kinds)
		}
	}
	p.table = map[agreed]bool{}
	for _, row := range p.Agreement {
		for _, from := range p.kinds(row.From) {
			for _, to := range p.kinds(row.To) {
				for _, section := range row.Sections {
					p.table[agreed{from, to, row.Purpose, section}] = true
				}
			}
		}
	}
	p.rows = map[events.Type]row{}
	for _, r := range terms() {
		p.rows[r.Event] = r
	}
}
