package schemas_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"maps"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"handrail/events"
	"handrail/events/seal"
)

// A real sealed record, question and answer, and what happens to the two schemas
// when it is changed.
func TestSealedSchemas(t *testing.T) {
	for typ, section := range map[events.Type]events.Section{
		events.TypeRecordSealed: events.SectionNeeds, events.TypeReferralAsked: events.SectionQuestion, events.TypeReferralAnswered: events.SectionQuestion,
	} {
		t.Run(typ.Name(), func(t *testing.T) { sealedSchema(t, typ, section) })
	}
}

func sealedSchema(t *testing.T, typ events.Type, section events.Section) {
	t.Helper()
	key, err := seal.NewSealingKey(rand.Reader)
	must(t, err)
	jwe, _, err := seal.Seal(key.Public(), events.RecordHeader{
		KeyID: key.ID(), Source: events.Source("sampleland", "sampletown-police"), ID: "01a19b4c-20a0-7e8c-8472-b897ed4fb4c1",
		To: "lighthouse-shelter", Case: "01a19b4c-20a0-7531-87a2-558fe9392d5e", Referral: "01a19b4c-20a0-7531-87a2-558fe9392d5f",
		Purpose: events.PurposeAccommodation, Type: typ, Section: section,
	}, []byte(`{"bed":true}`), rand.Reader)
	must(t, err)
	whole, header := compile(t, typ, ""), compile(t, typ, "#protected-header")
	if err := whole.Validate(string(jwe)); err != nil {
		t.Errorf("a real record: %v", err)
	}
	parts := strings.Split(string(jwe), ".")
	for name, changed := range map[string]string{
		"four parts": strings.Join(parts[:4], "."), "quoted": `"` + string(jwe) + `"`, "padded": string(jwe) + "=",
		"no key": parts[0] + ".." + strings.Join(parts[2:], "."), "a line feed": string(jwe) + "\n",
	} {
		if whole.Validate(changed) == nil {
			t.Errorf("%s: accepted", name)
		}
		if _, err := seal.ParseRecord([]byte(changed)); err == nil {
			t.Errorf("%s: parsed", name)
		}
	}
	raw, err := base64.RawURLEncoding.DecodeString(parts[0])
	must(t, err)
	agrees := func(raw []byte) bool { return headerAgrees(t, typ, header, raw, parts) }
	if !agrees(raw) {
		t.Error("a real header is refused")
	}
	var members map[string]any
	must(t, json.Unmarshal(raw, &members))
	changeable := maps.Clone(members)
	delete(changeable, "source") // seal.CheckRecord holds it to the event's source, whose syntax is checked; the schema alone says it here
	for name := range changeable {
		for what, value := range map[string]any{
			"missing": nil, "empty": "", "free text": "the person's name", "a number": 7, "of facts": events.TypeCaseOpened,
		} {
			changed := maps.Clone(members)
			changed[name] = value
			if value == nil {
				delete(changed, name)
			}
			b, err := json.Marshal(changed)
			must(t, err)
			if agrees(b) {
				t.Errorf("%s %s: accepted", name, what)
			}
		}
	}
	for _, other := range []events.Section{events.SectionQuestion, events.SectionNeeds, events.SectionTestimony} {
		changed := maps.Clone(members)
		changed["section"] = other
		b, err := json.Marshal(changed)
		must(t, err)
		if agrees(b) != ((section == events.SectionQuestion) == (other == events.SectionQuestion)) {
			t.Errorf("section %s: accepted, or refused though it is its own", other)
		}
	}
	members["zip"] = "DEF"
	b, err := json.Marshal(members)
	must(t, err)
	if agrees(b) {
		t.Error("zip: accepted")
	}
}

// headerAgrees fails unless the schema and seal.ParseRecord say the same of a
// protected header for events of type typ, and says what.
func headerAgrees(t *testing.T, typ events.Type, header *jsonschema.Schema, raw []byte, parts []string) bool {
	t.Helper()
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	must(t, err)
	bySchema := header.Validate(instance)
	parsed, byParse := seal.ParseRecord([]byte(base64.RawURLEncoding.EncodeToString(raw) + "." + strings.Join(parts[1:], ".")))
	accepted := byParse == nil && parsed.Type == typ // which seal.CheckRecord holds it to
	if (bySchema == nil) != accepted {
		t.Errorf("of %s\nthe schema says %v\nand ParseRecord %v", raw, bySchema, byParse)
	}
	return accepted
}
