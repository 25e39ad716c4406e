package events

import "slices"

// coded is a string type with a closed list of values.
type coded interface {
	~string
	Codes() []string
}

// code accepts text only if it stands in the type's closed list.
func code[C coded](to *C, text []byte) error {
	return codeOf(to, text, (*to).Codes())
}

func codeOf[C ~string](to *C, text []byte, list []string) error {
	if !slices.Contains(list, string(text)) {
		return Refuse(RuleDataCode, "", "the value is not in the closed list that the schema gives")
	}
	*to = C(text)
	return nil
}

// AgencyKind is the type of an organisation; powers belong to it, not to the agency.
type AgencyKind string

// Kinds of organisation, by the desk that they usually use.
const (
	Police             AgencyKind = "police"
	BorderGuard        AgencyKind = "border-guard"
	Prosecutor         AgencyKind = "prosecutor"
	Social             AgencyKind = "social"
	Migration          AgencyKind = "migration"
	LabourInspectorate AgencyKind = "labour-inspectorate"
	Health             AgencyKind = "health"
	ChildProtection    AgencyKind = "child-protection"
	Municipality       AgencyKind = "municipality"
	Shelter            AgencyKind = "shelter"
	Counselling        AgencyKind = "counselling"
	Hotline            AgencyKind = "hotline"
	LegalAid           AgencyKind = "legal-aid"
	OwnMission         AgencyKind = "own-mission"
	ForeignMission     AgencyKind = "foreign-mission"
	IOM                AgencyKind = "iom"
	Coordinator        AgencyKind = "coordinator"
	FocalPoint         AgencyKind = "focal-point"
	Rapporteur         AgencyKind = "rapporteur"
	Auditor            AgencyKind = "auditor"
)

// Codes lists every kind.
func (AgencyKind) Codes() []string {
	return []string{
		"police", "border-guard", "prosecutor", "social", "migration", "labour-inspectorate", "health", "child-protection", "municipality",
		"shelter", "counselling", "hotline", "legal-aid", "own-mission", "foreign-mission", "iom", "coordinator", "focal-point", "rapporteur", "auditor",
	}
}

// UnmarshalText accepts a kind of the list.
func (k *AgencyKind) UnmarshalText(text []byte) error { return code(k, text) }

// AgeClass says whether the child rules apply; unsure means child until determined.
type AgeClass string

// The age classes.
const (
	Adult  AgeClass = "adult"
	Child  AgeClass = "child"
	Unsure AgeClass = "unsure"
)

// Codes lists every age class.
func (AgeClass) Codes() []string { return []string{"adult", "child", "unsure"} }

// UnmarshalText accepts an age class of the list.
func (a *AgeClass) UnmarshalText(text []byte) error { return code(a, text) }

// Channel is how something was said before it was recorded.
type Channel string

// The channels.
const (
	InPerson  Channel = "in-person"
	Telephone Channel = "telephone"
	System    Channel = "system"
)

// Codes lists every channel.
func (Channel) Codes() []string { return []string{"in-person", "telephone", "system"} }

// UnmarshalText accepts a channel of the list.
func (c *Channel) UnmarshalText(text []byte) error { return code(c, text) }

// Section is one part of what is known about a person, sealed as one record.
type Section string

// The sections.
const (
	SectionIdentity   Section = "identity"
	SectionContact    Section = "contact"
	SectionNeeds      Section = "needs"
	SectionRisk       Section = "risk"
	SectionHealth     Section = "health"
	SectionTestimony  Section = "testimony"
	SectionTravel     Section = "travel"
	SectionStatistics Section = "statistics"
	SectionQuestion   Section = "question"
)

// Codes lists every section.
func (Section) Codes() []string {
	return []string{"identity", "contact", "needs", "risk", "health", "testimony", "travel", "statistics", "question"}
}

// UnmarshalText accepts a section of the list.
func (s *Section) UnmarshalText(text []byte) error { return code(s, text) }

// Purpose is what data may be used for.
type Purpose string

// The purposes.
const (
	PurposeAccommodation   Purpose = "accommodation"
	PurposeCounselling     Purpose = "counselling"
	PurposeMedical         Purpose = "medical"
	PurposeLegalAid        Purpose = "legal-aid"
	PurposeInvestigation   Purpose = "investigation"
	PurposeConsular        Purpose = "consular"
	PurposeReturn          Purpose = "return"
	PurposeResidence       Purpose = "residence"
	PurposeChildProtection Purpose = "child-protection"
	PurposeStatistics      Purpose = "statistics"
	PurposeEmergency       Purpose = "emergency"
)

// Codes lists every purpose.
func (Purpose) Codes() []string {
	return []string{"accommodation", "counselling", "medical", "legal-aid", "investigation", "consular", "return", "residence", "child-protection", "statistics", "emergency"}
}

// UnmarshalText accepts a purpose of the list.
func (p *Purpose) UnmarshalText(text []byte) error { return code(p, text) }

// Need is a service that the person needs and a provider gives.
type Need string

// Codes lists every need: urgent, ongoing, legal, return.
func (Need) Codes() []string {
	return []string{
		"emergency-shelter", "extraction", "transport", "emergency-medical", "subsistence",
		"safe-accommodation", "medical", "psychological", "counselling", "interpretation", "material", "childcare", "education", "employment", "family-contact",
		"legal-aid", "documents", "residence", "asylum", "proceedings-support", "compensation",
		"return", "reintegration",
	}
}

// UnmarshalText accepts a need of the list.
func (n *Need) UnmarshalText(text []byte) error { return code(n, text) }

// Urgency decides the clocks of a referral.
type Urgency string

// The urgencies.
const (
	Tonight  Urgency = "tonight"
	Standard Urgency = "standard"
)

// Codes lists every urgency.
func (Urgency) Codes() []string { return []string{"tonight", "standard"} }

// UnmarshalText accepts an urgency of the list.
func (u *Urgency) UnmarshalText(text []byte) error { return code(u, text) }

// AskOrder says whether the candidates of a request are asked one after another,
// in the order in which it names them, or all at once.
type AskOrder string

// The orders.
const (
	AtOnce AskOrder = "at-once"
	InTurn AskOrder = "in-turn"
)

// Codes lists every order.
func (AskOrder) Codes() []string { return []string{"at-once", "in-turn"} }

// UnmarshalText accepts an order of the list.
func (o *AskOrder) UnmarshalText(text []byte) error { return code(o, text) }

// Interpreter says who interpreted.
type Interpreter string

// The interpreters.
const (
	NoInterpreter  Interpreter = "none"
	Independent    Interpreter = "independent"
	NotIndependent Interpreter = "not-independent"
)

// Codes lists every interpreter.
func (Interpreter) Codes() []string { return []string{"none", "independent", "not-independent"} }

// UnmarshalText accepts an interpreter of the list.
func (i *Interpreter) UnmarshalText(text []byte) error { return code(i, text) }
