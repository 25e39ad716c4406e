package systems

import (
	"bytes"
	"flag"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"handrail/contracts/schemas"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
)

var update = flag.Bool("update", false, "rewrite golden files")

const descriptionFile = "../../../contracts/agency.openapi.yaml"

func TestTheInterfaceOfSystemsIsPublishedAsItIs(t *testing.T) {
	s, err := New(agencytest.New(t, events.Shelter).Open(), Config{})
	must(t, err)
	text, err := description(s.describe(http.NewServeMux()))
	must(t, err)
	if *update {
		if err := os.WriteFile(descriptionFile, text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	onFile, err := os.ReadFile(descriptionFile)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(onFile, text) {
		t.Errorf("%s differs from what the service serves; go test ./services/agency/systems -run Published -update writes it", descriptionFile)
	}
}

// publishedSchema compiles a schema of the published description, with the schemas
// of the types that it refers to.
func publishedSchema(t *testing.T, name string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(descriptionFile)
	if err != nil {
		t.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	add := func(at string, text []byte) {
		doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
		if err == nil {
			err = compiler.AddResource(at, doc)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("https://contract.example/agency.openapi.yaml", asJSON)
	for _, of := range factTypes() {
		text, err := schemas.Of(of)
		if err != nil {
			t.Fatal(err)
		}
		add("https://contract.example/schemas/"+schemas.FileName(of), text)
	}
	schema, err := compiler.Compile("https://contract.example/agency.openapi.yaml#/components/schemas/" + name)
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func TestThePublishedSchemasTellGoodFromBad(t *testing.T) {
	const id, good = "01890a5d-ac96-774b-bcce-b302099a8057", `{"happened":"2026-11-22T01:10:00Z","recorded":"2026-11-22T01:20:00Z","channel":"system","age":"adult"}`
	cloud := `{"specversion":"1.0","id":"` + id + `","source":"urn:handrail:testland:agency:testtown-police","type":"org.handrail.case.opened.v1","subject":"` + id + `","data":`
	for _, c := range []struct {
		schema, text string
		valid        bool
	}{
		{"Statement", `{"type":"org.handrail.case.opened.v1","case":"` + id + `","data":` + good + `}`, true},
		{"Statement", `{"type":"org.handrail.case.opened.v1","case":"` + id + `","data":` + strings.Replace(good, "adult", "grown-up", 1) + `}`, false},
		{"Statement", `{"type":"org.handrail.case.opened.v1","case":"` + id + `","data":` + strings.Replace(good, `}`, `,"name":"x"}`, 1) + `}`, false},
		{"Statement", `{"type":"org.handrail.record.released.v1","case":"` + id + `","data":{}}`, false},
		{"CloudEvent", cloud + good + `}`, true},
		{"CloudEvent", cloud + good + `,"comment":"x"}`, false},
		{"CloudEvent", cloud + strings.Replace(good, "system", "fax", 1) + `}`, false},
		{"Record", `{"type":"org.handrail.record.sealed.v1","case":"` + id + `","referral":"` + id + `","to":"harbour-shelter","section":"identity","value":{"name":"x"}}`, true},
		{"Record", `{"type":"org.handrail.record.sealed.v1","case":"` + id + `","referral":"` + id + `","to":"harbour-shelter","section":"question"}`, false},
		{"Reading", `{"case":"` + id + `","purpose":"accommodation","basis":"consent"}`, true},
		{"Reading", `{"case":"` + id + `","purpose":"curiosity","basis":"consent"}`, false},
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(c.text))
		if err != nil {
			t.Fatal(err)
		}
		if err := publishedSchema(t, c.schema).Validate(value); (err == nil) != c.valid {
			t.Errorf("%s: %s: %v", c.schema, c.text, err)
		}
	}
	for _, name := range []string{"Problem", "HookMessage", "Deliveries", "Submission", "Self", "Said", "Filed", "Opened"} {
		publishedSchema(t, name)
	}
}

// Every type that a system may be told to say is decodable, and none is that
// only people, the runtime or the hub say.
func TestSystemsSayStatementsOnly(t *testing.T) {
	for _, of := range []events.Type{
		events.TypeDirectoryFounded, events.TypeRecordReleased, events.TypeWitnessReset, events.TypeDirectoryKeyed, events.TypeRecordOpened,
		events.TypeControlPosition, events.TypeReferralAsked, events.TypeReferralAnswered,
	} {
		if agency.SystemsSay(of) {
			t.Errorf("systems say %s", of)
		}
	}
	for _, of := range factTypes() {
		if events.New(of) == nil {
			t.Errorf("nobody can say %s", of)
		}
	}
}
