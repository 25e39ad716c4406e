package events_test

import (
	"slices"
	"strings"
	"testing"

	cloudevents "github.com/cloudevents/sdk-go/v2/event"
	"github.com/cloudevents/sdk-go/v2/types"

	"handrail/events"
	"handrail/events/seal"
)

func TestEveryTypeMakesAnEvent(t *testing.T) {
	for _, of := range events.Types() {
		e := signed(t, of)
		again, err := events.Parse(e.Attributes(), e.Data)
		must(t, err)
		if !slices.Equal(again.Attributes(), e.Attributes()) || of.Schema() != "urn:handrail:schema:"+of.Name()+".v1" {
			t.Errorf("%s: attributes changed", of.Name())
		}
		if about := e.Case() != ""; about != (e.Subject == theCase) || e.Agency() != "sampletown-police" {
			t.Errorf("%s: read as about another case or by another agency", of.Name())
		}
		if sealed := e.DataContentType == events.SealedContent; sealed != of.Sealed() || sealed != (e.PlainCommit != "") || sealed != (events.New(of) == nil) {
			t.Errorf("%s: sealed in one way and not in another", of.Name())
		}
	}
}

func TestWhichReferralAnEventBelongsTo(t *testing.T) {
	request := signed(t, events.TypeReferralRequested)
	request.CorrelationID = theCase
	opened := signed(t, events.TypeCaseOpened)
	opened.CorrelationID = theCase
	position := signed(t, events.TypeControlPosition)
	for e, want := range map[*events.Event]events.ReferralID{&request: eventID, &opened: "", &position: ""} {
		if e.Referral() != want {
			t.Errorf("%s: got referral %q", e.Type.Name(), e.Referral())
		}
	}
	for _, of := range []events.Type{events.TypeReferralAsked, events.TypeReferralEscalated, events.TypeDeadlineMissed, events.TypeReturnArrived} {
		if e := signed(t, of); e.Referral() != referral {
			t.Errorf("%s does not belong to its referral", of.Name())
		}
	}
	for _, of := range []events.Type{events.TypeCapacityPublished, events.TypeDirectoryListed, events.TypeDirectoryJoined, events.TypeDirectoryKeyed, events.TypeDirectoryRevoked, events.TypeTrailRead, events.TypeRetentionEnded, events.TypeWitnessReset} {
		if e := signed(t, of); e.Referral() != "" || e.Case() != "" {
			t.Errorf("%s belongs to a case or referral", of.Name())
		}
	}
	if accepted := signed(t, events.TypeReferralAccepted); accepted.Referral() != referral {
		t.Error("an answer belongs to its referral")
	}
}

// changed gives an event's attributes with one of them set, or taken away.
func changed(e events.Event, name, value string) []events.Attribute {
	all := slices.DeleteFunc(slices.Clone(e.Attributes()), func(a events.Attribute) bool { return a.Name == name })
	if value != "" {
		all = append(all, events.Attribute{Name: name, Value: value})
	}
	return all
}

func TestEveryAttributeIsRequired(t *testing.T) {
	for _, of := range []events.Type{
		events.TypeCaseOpened, events.TypeRecordSealed, events.TypeControlHead, events.TypeReferralAsked, events.TypeCapacityPublished, events.TypeDirectoryListed,
	} {
		e := signed(t, of)
		for _, a := range e.Attributes() {
			_, err := events.Parse(changed(e, a.Name, ""), e.Data)
			if v, rule := "attribute "+a.Name, events.RuleAttributeMissing; a.Name != "type" || of == events.TypeCaseOpened {
				refused(t, err, rule, v)
			} else if err == nil {
				t.Error("an event without type")
			}
			_, err = events.Parse(append(e.Attributes(), a), e.Data)
			refused(t, err, events.RuleAttributeRepeated, "attribute "+a.Name)
			empty := slices.Clone(e.Attributes())
			empty[slices.Index(empty, a)].Value = ""
			_, err = events.Parse(empty, e.Data)
			refused(t, err, events.RuleAttributeSyntax, "attribute "+a.Name)
			for _, free := range []string{marker, "100%", `"x"`, "a b", "ž", "\x00", a.Value + "\n", " " + a.Value, a.Value + "%41"} {
				_, err := events.Parse(changed(e, a.Name, free), e.Data)
				refused(t, err, events.RuleAttributeSyntax, "attribute "+a.Name)
			}
		}
	}
}

func TestTheEnvelopeIsClosed(t *testing.T) {
	for _, c := range refusedEnvelopes() {
		t.Run(c.name, func(t *testing.T) {
			e := signed(t, c.of)
			_, err := events.Parse(changed(e, c.attribute, c.value), e.Data)
			refused(t, err, c.rule, c.pointer)
		})
	}
	e := signed(t, events.TypeCaseOpened)
	_, err := events.Parse(e.Attributes(), make([]byte, events.MaxBytes))
	refused(t, err, events.RuleEventTooLarge, "")
	weight := 0
	for _, a := range e.Attributes() {
		weight += len(a.Name) + len(a.Value)
	}
	_, err = events.Parse(e.Attributes(), make([]byte, events.MaxBytes-weight))
	must(t, err)
	_, err = events.Parse(nil, nil)
	refused(t, err, events.RuleAttributeMissing, "attribute id")
}

// Others read and write our events with the CloudEvents SDK.
func TestEventsAreCloudEvents(t *testing.T) {
	for _, of := range []events.Type{events.TypeReferralRequested, events.TypeRecordSealed, events.TypeReferralAsked, events.TypeCapacityPublished, events.TypeControlPosition} {
		e := signed(t, of)
		theirs := cloudevents.New("1.0")
		for _, a := range e.Attributes() {
			switch a.Name {
			case "id":
				theirs.SetID(a.Value)
			case "source":
				theirs.SetSource(a.Value)
			case "specversion":
			case "type":
				theirs.SetType(a.Value)
			case "datacontenttype":
				theirs.SetDataContentType(a.Value)
			case "dataschema":
				theirs.SetDataSchema(a.Value)
			case "subject":
				theirs.SetSubject(a.Value)
			case "time":
				theirs.SetTime(e.Time.Time())
			default:
				theirs.SetExtension(a.Name, a.Value)
			}
		}
		theirs.DataEncoded = e.Data
		must(t, theirs.Validate())
		structured, err := theirs.MarshalJSON()
		must(t, err)
		var read cloudevents.Event
		must(t, read.UnmarshalJSON(structured))
		back, err := events.Parse(ours(t, read), e.Data)
		must(t, err)
		if !slices.Equal(back.Attributes(), e.Attributes()) {
			t.Errorf("%s comes back with other attributes", of.Name())
		}
		must(t, seal.Verify(back, signingKey(t).Public()))
		if !of.Sealed() && string(read.Data()) != string(e.Data) {
			t.Error("the facts come back as other bytes")
		}
	}
}

func ours(t *testing.T, e cloudevents.Event) []events.Attribute {
	t.Helper()
	all := []events.Attribute{
		{Name: "id", Value: e.ID()},
		{Name: "source", Value: e.Source()},
		{Name: "specversion", Value: e.SpecVersion()},
		{Name: "type", Value: e.Type()},
		{Name: "datacontenttype", Value: e.DataContentType()},
		{Name: "dataschema", Value: e.DataSchema()},
		{Name: "subject", Value: e.Subject()},
		{Name: "time", Value: types.FormatTime(e.Time())},
	}
	for name, value := range e.Extensions() {
		text, err := types.Format(value)
		must(t, err)
		all = append(all, events.Attribute{Name: name, Value: text})
	}
	return all
}

// Parsing never panics; what it accepts has exactly the attributes it was given.
func FuzzParse(f *testing.F) {
	for _, of := range []events.Type{
		events.TypeCaseOpened, events.TypeRecordSealed, events.TypeControlResend, events.TypeDirectoryFounded,
		events.TypeReferralAsked, events.TypeReferralAnswered, events.TypeCapacityPublished, events.TypeDirectoryListed, events.TypeConsularBarred,
	} {
		var lines []string
		for _, a := range signed(f, of).Attributes() {
			lines = append(lines, a.Name+" "+a.Value)
		}
		f.Add(strings.Join(lines, "\n"), []byte(examples()[of]))
	}
	f.Add("id "+marker+"\n"+marker+" x", []byte{})
	f.Fuzz(func(t *testing.T, text string, data []byte) {
		var attributes []events.Attribute
		for line := range strings.SplitSeq(text, "\n") {
			name, value, _ := strings.Cut(line, " ")
			attributes = append(attributes, events.Attribute{Name: name, Value: value})
		}
		e, err := events.Parse(attributes, data)
		if err != nil {
			if strings.Contains(err.Error(), marker) {
				t.Error("the error repeats what was sent")
			}
			return
		}
		order := func(a, b events.Attribute) int { return strings.Compare(a.Name, b.Name) }
		given, kept := slices.SortedFunc(slices.Values(attributes), order), slices.SortedFunc(slices.Values(e.Attributes()), order)
		if !slices.Equal(given, kept) || e.Agency() == "" {
			t.Error("an accepted event is not what was given")
		}
	})
}
