package ledger

import (
	"bytes"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"
)

// description is what the test needs of an OpenAPI document.
type description struct {
	OpenAPI    string                          `yaml:"openapi"`
	Paths      map[string]map[string]operation `yaml:"paths"`
	Components struct {
		Schemas map[string]struct {
			Required   []string       `yaml:"required"`
			Properties map[string]any `yaml:"properties"`
		} `yaml:"schemas"`
	} `yaml:"components"`
}

type operation struct {
	Security []map[string][]string `yaml:"security"`
}

const openAPIFile = "../../contracts/ledger.openapi.yaml"

func readDescription(t *testing.T) (d description, text []byte) {
	t.Helper()
	text, err := os.ReadFile(openAPIFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	return d, text
}

func TestTheInterfaceIsDescribedAsItIs(t *testing.T) {
	d, _ := readDescription(t)
	var described, served []string
	for path, methods := range d.Paths {
		for method, of := range methods {
			described = append(described, strings.ToUpper(method)+" "+path)
			open := !strings.HasPrefix(path, "/v1/") || path == "/v1/doctor"
			if open != (len(of.Security) == 0) {
				t.Errorf("%s: it says of the signature what is not so", path)
			}
		}
	}
	for _, e := range new(httpAPI).endpoints() {
		served = append(served, strings.ReplaceAll(e.pattern, "...}", "}"))
	}
	slices.Sort(described)
	slices.Sort(served)
	if !slices.Equal(described, served) {
		t.Errorf("%s describes\n%s\nand the ledger serves\n%s", openAPIFile, strings.Join(described, "\n"), strings.Join(served, "\n"))
	}
	if !strings.HasPrefix(d.OpenAPI, "3.1.") {
		t.Errorf("it is of OpenAPI %s", d.OpenAPI)
	}
}

// bodies are the types of bodies, whose members the description has by name.
func bodies() []any {
	return []any{
		Problem{},
		DirectoryChange{},
		DirectoryChanged{},
		DirectoryPage{},
		DirectoryLine{},
		ReadingRequest{},
		ReadingRecorded{},
		CasePage{},
		CaseSummary{},
		ReferralCase{},
		Trail{},
		TrailEntry{},
		DeliveryPage{},
		DeliveryLine{},
		SubmissionPage{},
		SubmissionLine{},
		Doctor{},
		Connection{},
		Witness{},
	}
}

func TestBodiesAreDescribedAsTheyAre(t *testing.T) {
	d, _ := readDescription(t)
	for _, body := range bodies() {
		of := reflect.TypeOf(body)
		var members, always []string
		for field := range of.Fields() {
			name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
			members = append(members, name)
			if options == "" {
				always = append(always, name)
			}
		}
		s := d.Components.Schemas[of.Name()]
		for name := range s.Properties {
			if !slices.Contains(members, name) {
				t.Errorf("%s has no member %s", of.Name(), name)
			}
		}
		if len(s.Properties) != len(members) || !slices.Equal(s.Required, always) {
			t.Errorf("%s has the members %v, of them always %v; described are %d, of them always %v", of.Name(), members, always, len(s.Properties), s.Required)
		}
	}
}

// Each schema compiles, which resolves its references; and what has no member that
// must be filled in is valid as it is written.
func TestDescribedSchemasAreSchemas(t *testing.T) {
	d, text := readDescription(t)
	asJSON, err := yaml.YAMLToJSON(text)
	if err != nil {
		t.Fatal(err)
	}
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	if err := c.AddResource("openapi.json", document); err != nil {
		t.Fatal(err)
	}
	for name := range d.Components.Schemas {
		if _, err := c.Compile("openapi.json#/components/schemas/" + name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, body := range []any{Problem{}, ReadingRecorded{}, DirectoryChanged{}, CasePage{}, Doctor{}, Connection{}, Witness{}} {
		written, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(written))
		if err != nil {
			t.Fatal(err)
		}
		schema, err := c.Compile("openapi.json#/components/schemas/" + reflect.TypeOf(body).Name())
		if err != nil {
			continue // told above
		}
		if err := schema.Validate(value); err != nil {
			t.Errorf("%s: %v", written, err)
		}
	}
	for _, ref := range strings.Split(string(text), `$ref: "#/components/`)[1:] {
		kind, rest, _ := strings.Cut(ref, "/")
		name, _, _ := strings.Cut(rest, `"`)
		parts, _ := document.(map[string]any)["components"].(map[string]any)[kind].(map[string]any)
		if _, there := parts[name]; !there {
			t.Errorf("nothing is at #/components/%s/%s", kind, name)
		}
	}
}
