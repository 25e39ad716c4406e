package events

import (
	"slices"
	"strings"
)

// MaxBytes is the most that one event may weigh, data and attributes together.
// A delivery adds its proof and must still fit into NATS's 1 MiB.
const MaxBytes = 768 << 10

// maxAttribute bounds the longest attribute, the signature, with room to spare.
const maxAttribute = 1024

// Content types of the two kinds of data.
const (
	FactsContent  = "application/json"
	SealedContent = "application/jose"
)

// Event is one CloudEvents 1.0 event with exactly Handrail's attributes. The
// strings are kept as they were signed; their syntax was checked by [Parse], or
// they were set by us. Data is never re-encoded: these bytes are signed.
type Event struct {
	ID              EventID
	Source          string
	Type            Type
	DataContentType string
	DataSchema      string
	Subject         string // the case id; the agency id for directory, capacity and control events
	Time            Time   // the signing instant
	Hub             string // extension: origin of the log
	Sequence        string // extension: 20 digits; empty on control messages
	CorrelationID   EventID
	CausationID     EventID
	TraceParent     string
	PlainCommit     string // extension, on sealed records only
	DSSEMaterial    string // base64 of the DSSE envelope; empty until signed

	Data []byte
}

// Attribute is a CloudEvents attribute in its canonical string form.
type Attribute struct{ Name, Value string }

// Attributes lists the attributes that are set, in the contract's fixed order:
// the core in the order of its digest, then the signed extensions, then the
// signature.
func (e Event) Attributes() []Attribute {
	all := []Attribute{
		{"id", string(e.ID)},
		{"source", e.Source},
		{"specversion", "1.0"},
		{"type", string(e.Type)},
		{"datacontenttype", e.DataContentType},
		{"dataschema", e.DataSchema},
		{"subject", e.Subject},
		{"time", e.Time.String()},
		{"hub", e.Hub},
		{"sequence", e.Sequence},
		{"correlationid", string(e.CorrelationID)},
		{"causationid", string(e.CausationID)},
		{"traceparent", e.TraceParent},
		{"plaincommit", e.PlainCommit},
		{"dssematerial", e.DSSEMaterial},
	}
	return slices.DeleteFunc(all, func(a Attribute) bool { return a.Value == "" })
}

// SignedExtensions lists, in order, the extension attributes that the
// signature of an event of type t covers: always the same list for a type.
func SignedExtensions(t Type) []string {
	switch {
	case t.IsControl():
		return []string{"hub", "correlationid", "causationid", "traceparent"}
	case t.Sealed():
		return []string{"hub", "sequence", "correlationid", "causationid", "traceparent", "plaincommit"}
	}
	return []string{"hub", "sequence", "correlationid", "causationid", "traceparent"}
}

// Each attribute has a closed ASCII syntax, so nothing free can slip into the
// permanent record and percent-encoding has nothing to do.
//
//nolint:gochecknoglobals // read-only, as compiled patterns are
var (
	sourceSyntax      = newSyntax(`^urn:handrail:[a-z0-9-]{1,32}:agency:[a-z0-9-]{1,32}$`)
	specVersionSyntax = newSyntax(`^1\.0$`)
	typeSyntax        = newSyntax(`^org\.handrail\.[a-z-]{1,24}\.[a-z-]{1,24}\.v[1-9]$`)
	contentSyntax     = newSyntax(`^application/(json|jose)$`)
	schemaSyntax      = newSyntax(`^urn:handrail:schema:[a-z-]{1,24}\.[a-z-]{1,24}\.v[1-9]$`)
	subjectSyntax     = newSyntax(`^([a-z0-9-]{1,32}|[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12})$`)
	timeSyntax        = newSyntax(`^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$`)
	originSyntax      = newSyntax(`^handrail/[a-z0-9-]{1,32}$`)
	sequenceSyntax    = newSyntax(`^[0-9]{20}$`)
	traceSyntax       = newSyntax(`^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$`)
	materialSyntax    = newSyntax(`^[A-Za-z0-9+/]{16}[A-Za-z0-9+/]*={0,2}$`)
)

// attribute is one that the wire contract names.
type attribute struct {
	name   string
	syntax *syntax
}

// attributes are in the contract's fixed order, see [Event.Attributes].
//
//nolint:gochecknoglobals // read-only, as compiled patterns are
var attributes = [...]attribute{
	{"id", uuidSyntax},
	{"source", sourceSyntax},
	{"specversion", specVersionSyntax},
	{"type", typeSyntax},
	{"datacontenttype", contentSyntax},
	{"dataschema", schemaSyntax},
	{"subject", subjectSyntax},
	{"time", timeSyntax},
	{"hub", originSyntax},
	{"sequence", sequenceSyntax},
	{"correlationid", uuidSyntax},
	{"causationid", uuidSyntax},
	{"traceparent", traceSyntax},
	{"plaincommit", hexSyntax},
	{"dssematerial", materialSyntax},
}

// Parse builds an event from attributes and data as received. It refuses what
// is unknown, repeated, missing, malformed or too large, and checks what the
// attributes say of one another; it judges neither signature nor payload.
func Parse(given []Attribute, data []byte) (Event, error) {
	weight := len(data)
	var values [len(attributes)]string // in the contract's order; no syntax takes an empty one
	for _, a := range given {
		at := slices.IndexFunc(attributes[:], func(known attribute) bool { return known.name == a.Name })
		switch {
		case at < 0:
			return Event{}, Refuse(RuleAttributeUnknown, "", "an attribute that the wire contract does not name; send only its attributes")
		case values[at] != "":
			return Event{}, Refuse(RuleAttributeRepeated, "attribute "+a.Name, "each attribute stands once")
		case len(a.Value) > maxAttribute || !attributes[at].syntax.MatchString(a.Value):
			return Event{}, Refuse(RuleAttributeSyntax, "attribute "+a.Name, "the value is not of the form that the wire contract gives for it")
		}
		values[at] = a.Value
		weight += len(a.Name) + len(a.Value)
	}
	if weight > MaxBytes {
		return Event{}, Refuse(RuleEventTooLarge, "", "an event weighs at most 768 KiB with its attributes")
	}
	e := Event{ // the values by their place in attributes
		ID: EventID(values[0]), Source: values[1], Type: Type(values[3]), DataContentType: values[4], DataSchema: values[5], Subject: values[6],
		Hub: values[8], Sequence: values[9], CorrelationID: EventID(values[10]), CausationID: EventID(values[11]), TraceParent: values[12],
		PlainCommit: values[13], DSSEMaterial: values[14], Data: data,
	}
	if err := e.whole(&values); err != nil {
		return Event{}, err
	}
	var err error
	if e.Time, err = ParseTime(values[7]); err != nil {
		return Event{}, Refuse(RuleAttributeSyntax, "attribute time", "a time is YYYY-MM-DDTHH:MM:SSZ")
	}
	return e, e.consistent()
}

// whole checks that the event has the attributes that its type has, and no other.
func (e Event) whole(values *[len(attributes)]string) error {
	other := false
	for i, value := range values {
		has := true
		switch attributes[i].name {
		case "sequence":
			has = !e.Type.IsControl()
		case "plaincommit":
			has = e.Type.Sealed()
		}
		if has && value == "" {
			return Refuse(RuleAttributeMissing, "attribute "+attributes[i].name, "the attribute is required")
		}
		other = other || !has && value != ""
	}
	if other {
		return Refuse(RuleAttributeUnknown, "", "an attribute that events of this type do not have")
	}
	return nil
}

// consistent checks what one attribute says of another.
func (e Event) consistent() error {
	form, err := e.Type.form()
	if err != nil {
		return err
	}
	if e.Sequence != "" {
		if _, err := ParseSequence(e.Sequence); err != nil {
			return err
		}
	}
	if strings.Contains(e.TraceParent, "-00000000000000000000000000000000-") || strings.Contains(e.TraceParent, "-0000000000000000-") {
		return Refuse(RuleAttributeSyntax, "attribute traceparent", "trace and span ids are not all zero")
	}
	switch {
	case !strings.HasPrefix(e.Source, "urn:handrail:"+strings.TrimPrefix(e.Hub, "handrail/")+":"):
		return Refuse(RuleHubMismatch, "attribute hub", "source and hub name different hubs")
	case e.DataSchema != e.Type.Schema():
		return Refuse(RuleAttributeSyntax, "attribute dataschema", "each type has one schema: urn:handrail:schema: and the type's name")
	case e.DataContentType != form.content:
		return Refuse(RuleAttributeSyntax, "attribute datacontenttype", "facts are application/json, sealed records application/jose")
	case form.subject == aboutCase && !uuidSyntax.MatchString(e.Subject), form.subject == aboutAgency && !nameSyntax.MatchString(e.Subject):
		return Refuse(RuleAttributeSyntax, "attribute subject", "the subject is the case id of a case event, the agency id of any other")
	case !e.aboutRightAgency():
		return Refuse(RuleAttributeSyntax, "attribute subject", "an agency speaks of its own capacity, keys and witness; genesis and the end of retention are about the hub, no other listing and no reading is")
	}
	return nil
}

// aboutRightAgency checks the agency of the types whose subject says which it is.
func (e Event) aboutRightAgency() bool {
	switch e.Type {
	case TypeCapacityPublished, TypeWitnessReset, TypeDirectoryKeyed:
		return e.Subject == string(e.Agency())
	case TypeDirectoryFounded, TypeRetentionEnded:
		return e.Subject == string(HubAgency)
	case TypeDirectoryListed, TypeDirectoryJoined, TypeDirectorySuspended, TypeDirectoryResumed, TypeDirectoryRevoked, TypeTrailRead:
		return e.Subject != string(HubAgency)
	default:
		return true
	}
}

// Agency is the agency that the source names.
func (e Event) Agency() AgencyID {
	return AgencyID(e.Source[strings.LastIndexByte(e.Source, ':')+1:])
}

// Case is the case that the event is about; empty for events about an agency.
func (e Event) Case() CaseID {
	if form, err := e.Type.form(); err != nil || form.subject != aboutCase {
		return ""
	}
	return CaseID(e.Subject)
}

// Referral is the referral that the event belongs to, if the correlation id
// names one: neither the case id nor, unless it is a request, the event itself.
func (e Event) Referral() ReferralID {
	switch {
	case e.Type == TypeReferralRequested:
		return e.ID
	case string(e.CorrelationID) == e.Subject || e.CorrelationID == e.ID:
		return ""
	}
	return e.CorrelationID
}
