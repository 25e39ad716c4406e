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

// A real sealed record, and what happens to the two schemas when it is changed.
func TestSealedRecordSchema(t *testing.T) {
	key, err := seal.NewSealingKey(rand.Reader)
	must(t, err)
	jwe, _, err := seal.Seal(key.Public(), events.RecordHeader{
		KeyID: key.ID(), Source: events.Source("sampleland", "sampletown-police"), ID: "01a19b4c-20a0-7e8c-8472-b897ed4fb4c1",
		To: "lighthouse-shelter", Case: "01a19b4c-20a0-7531-87a2-558fe9392d5e", Referral: "01a19b4c-20a0-7531-87a2-558fe9392d5f",
		Purpose: events.PurposeAccommodation, Type: events.TypeRecordSealed, Section: events.SectionNeeds,
	}, []byte(`{"bed":true}`), rand.Reader)
	must(t, err)
	whole, header := compile(t, events.TypeRecordSealed, ""), compile(t, events.TypeRecordSealed, "#protected-header")
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
	if !headerAgrees(t, header, raw, parts) {
		t.Error("a real header is refused")
	}
	var members map[string]any
	must(t, json.Unmarshal(raw, &members))
	changeable := maps.Clone(members)
	delete(changeable, "source") // seal.CheckRecord holds it to the event's source, whose syntax is checked; the schema alone says it here
	for name := range changeable {
		for what, value := range map[string]any{"missing": nil, "empty": "", "free text": "the person's name", "a number": 7} {
			changed := maps.Clone(members)
			changed[name] = value
			if value == nil {
				delete(changed, name)
			}
			b, err := json.Marshal(changed)
			must(t, err)
			if headerAgrees(t, header, b, parts) {
				t.Errorf("%s %s: accepted", name, what)
			}
		}
	}
	members["zip"] = "DEF"
	b, err := json.Marshal(members)
	must(t, err)
	if headerAgrees(t, header, b, parts) {
		t.Error("zip: accepted")
	}
}

// headerAgrees fails unless the schema and seal.ParseRecord say the same of a
// protected header, and says what.
func headerAgrees(t *testing.T, header *jsonschema.Schema, raw []byte, parts []string) bool {
	t.Helper()
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	must(t, err)
	bySchema := header.Validate(instance)
	_, byParse := seal.ParseRecord([]byte(base64.RawURLEncoding.EncodeToString(raw) + "." + strings.Join(parts[1:], ".")))
	if (bySchema == nil) != (byParse == nil) {
		t.Errorf("of %s\nthe schema says %v\nand ParseRecord %v", raw, bySchema, byParse)
	}
	return byParse == nil
}
