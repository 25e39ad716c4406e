package schemas_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"pgregory.net/rapid"

	"handrail/contracts/schemas"
	"handrail/events"
)

// betweenMembers lists where Decode checks what one member says of another,
// which a schema cannot: here, and nowhere else, it may accept more. The
// schemas' $comment says each in words.
var betweenMembers = []string{"/recipient", "/recipient/except", "/expires", "/ground", "/agencies", "/hours", "/until", "/again", "/case", "/checkpoint", "/listing", "/vouching"}

// A schema accepts exactly what events.Decode accepts, for documents made from
// the schema and then damaged in every way that JSON allows.
func TestSchemasAgreeWithDecode(t *testing.T) {
	for _, typ := range events.Types() {
		if events.New(typ) == nil {
			continue
		}
		t.Run(typ.Name(), func(t *testing.T) {
			published := compile(t, typ, "")
			shape := load(t, typ)
			accepted, refused := 0, 0
			rapid.Check(t, func(r *rapid.T) {
				whole := document(r, shape)
				for range 8 {
					doc := whole
					for range rapid.IntRange(0, 2).Draw(r, "damages") {
						doc = damage(r, doc)
					}
					data, err := json.Marshal(doc)
					if err != nil {
						r.Fatal(err)
					}
					if agree(r, typ, published, data) {
						accepted++
					} else {
						refused++
					}
				}
			})
			if accepted < 20 || refused < 20 {
				t.Errorf("the test tried too little: %d accepted, %d refused", accepted, refused)
			}
		})
	}
}

// agree fails unless schema and Decode say the same of data, and says what.
func agree(t rapid.TB, typ events.Type, published *jsonschema.Schema, data []byte) bool {
	instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	bySchema := published.Validate(instance)
	_, byDecode := events.Decode(typ, data)
	var v *events.Violation
	if errors.As(byDecode, &v) && v.Rule == events.RuleDataRange && slices.Contains(betweenMembers, v.Pointer) {
		return false
	}
	if (bySchema == nil) != (byDecode == nil) {
		t.Fatalf("of %s\nthe schema says %v\nand Decode %v", data, bySchema, byDecode)
	}
	return byDecode == nil
}

func load(t *testing.T, typ events.Type) map[string]any {
	t.Helper()
	file, err := os.ReadFile(schemas.FileName(typ))
	must(t, err)
	var shape map[string]any
	must(t, json.Unmarshal(file, &shape))
	return shape
}

// document draws a value that a schema describes.
func document(r *rapid.T, shape map[string]any) any {
	switch {
	case shape["pattern"] == events.Hours("").Pattern() && rapid.IntRange(0, 9).Draw(r, "hours as they should be") > 0:
		return hours(r)
	case shape["enum"] != nil:
		return rapid.SampledFrom(shape["enum"].([]any)).Draw(r, "code")
	case shape["pattern"] != nil:
		return rapid.StringMatching(strings.Trim(shape["pattern"].(string), "^$")).Draw(r, "text")
	}
	switch shape["type"] {
	case "boolean":
		return rapid.Bool().Draw(r, "bool")
	case "integer":
		return rapid.Uint64Range(0, uint64(shape["maximum"].(float64))).Draw(r, "count")
	case "array":
		low := int(shape["minItems"].(float64))
		list := make([]any, rapid.IntRange(low, low+3).Draw(r, "length"))
		for i := range list {
			list[i] = document(r, shape["items"].(map[string]any))
		}
		return list
	case "object":
		required, _ := shape["required"].([]any)
		object := map[string]any{}
		properties, _ := shape["properties"].(map[string]any) // a statement may say all by its type
		for _, name := range slices.Sorted(maps.Keys(properties)) {
			if slices.Contains(required, any(name)) || rapid.Bool().Draw(r, "with "+name) {
				object[name] = document(r, properties[name].(map[string]any))
			}
		}
		if properties["witness"] != nil && rapid.IntRange(0, 9).Draw(r, "witness as it should be") > 0 {
			witness(object)
		}
		if properties["class"] != nil && rapid.IntRange(0, 9).Draw(r, "recipient as it should be") > 0 {
			if object["agency"] != nil {
				return map[string]any{"agency": object["agency"]}
			}
			object["class"] = document(r, properties["class"].(map[string]any))
		}
		return object
	}
	panic("a schema of another kind")
}

// witness gives a listing the key of its own name, if it is of a kind that has one.
func witness(listing map[string]any) {
	delete(listing, "witness")
	if kind := listing["kind"]; kind != "auditor" && kind != "foreign-mission" {
		listing["witness"] = fmt.Sprintf("handrail/sampleland/%s+0123abcd+%s", listing["agency"], strings.Repeat("A", 44))
	}
}

// hours draws a span that ends after it begins.
func hours(r *rapid.T) string {
	from := rapid.IntRange(0, 24*60-1).Draw(r, "from")
	to := rapid.IntRange(from+1, 24*60).Draw(r, "to")
	day := rapid.SampledFrom([]string{"mo", "tu", "we", "th", "fr", "sa", "su", "daily"}).Draw(r, "day")
	return fmt.Sprintf("%s %02d:%02d-%02d:%02d", day, from/60, from%60, to/60, to%60)
}

// damage changes one place of a document.
func damage(r *rapid.T, doc any) any {
	switch v := doc.(type) {
	case map[string]any:
		names := slices.Sorted(maps.Keys(v))
		if len(names) == 0 {
			return wrong(r)
		}
		out := maps.Clone(v)
		name := rapid.SampledFrom(names).Draw(r, "member")
		switch rapid.IntRange(0, 4).Draw(r, "damage") {
		case 0:
			delete(out, name)
		case 1:
			out[rapid.SampledFrom([]string{"note", "Age", "name", ""}).Draw(r, "unknown")] = wrong(r)
		case 2:
			delete(out, name)
			out[strings.ToUpper(name)] = v[name]
		case 3:
			out[name] = v[rapid.SampledFrom(names).Draw(r, "other member")]
		default:
			out[name] = damage(r, v[name])
		}
		return out
	case []any:
		if len(v) == 0 {
			return wrong(r)
		}
		switch i := rapid.IntRange(0, len(v)).Draw(r, "index"); {
		case i == len(v) && rapid.Bool().Draw(r, "again"):
			return append(slices.Clone(v), v[0])
		case i == len(v):
			return slices.Repeat(v, rapid.IntRange(0, 40).Draw(r, "times"))
		default:
			out := slices.Clone(v)
			out[i] = damage(r, v[i])
			return out
		}
	case string:
		if rapid.Bool().Draw(r, "nearly") {
			return rapid.SampledFrom([]string{v + " ", v + "\n", " " + v, strings.ToUpper(v), v[:len(v)/2], v + v, regexp.MustCompile(`-[0-9]{2}T`).ReplaceAllString(v, "-31T")}).Draw(r, "near")
		}
	}
	return wrong(r)
}

// wrong draws a value of any kind.
func wrong(r *rapid.T) any {
	return rapid.SampledFrom([]any{
		nil, true, false, 0, 1, 20, 21, -1, json.Number("9999999999999999"), json.Number("10000000000000000"), 1.5,
		"", "x", "adult", "police", "null", "2026-02-30T00:00:00Z", "2026-11-02T08:00:00Z", "2026-11-02T08:00:60Z", "2026-11-02T08:00:00+00:00",
		[]any{},
		[]any{nil},
		[]any{"police"},
		[]any{"police", "police"},
		map[string]any{},
		map[string]any{"x": 1},
	}).Draw(r, "wrong")
}

// What JSON Schema cannot see and Decode refuses, so that nobody reads more
// into a schema than it says.
func TestDecodeIsStricterThanAnySchema(t *testing.T) {
	published := compile(t, events.TypeCaseOpened, "")
	const good = `{"happened":"2026-11-02T08:00:00Z","recorded":"2026-11-02T08:00:00Z","channel":"in-person","age":"adult"}`
	if !agree(t, events.TypeCaseOpened, published, []byte(good)) {
		t.Fatal("a good document is refused")
	}
	_, err := events.Decode(events.TypeCaseOpened, []byte(strings.Replace(good, `"age"`, `"age":"child","age"`, 1)))
	if err == nil {
		t.Error("accepted a member that stands twice")
	}
	if _, err := events.Decode(events.TypeControlHead, []byte(`{"delivered":3.0}`)); err == nil {
		t.Error("accepted a number that is not plain digits")
	}
	if _, err := events.Decode(events.TypeCaseOpened, []byte(good+strings.Repeat(" ", 64<<10))); err == nil {
		t.Error("accepted more than 64 KiB")
	}
}
