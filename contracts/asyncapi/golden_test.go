package asyncapi_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"handrail/contracts/asyncapi"
	"handrail/contracts/schemas"
	"handrail/events"
)

var update = flag.Bool("update", false, "rewrite golden files")

const published = "../asyncapi.yaml"

func TestTheDocumentIsWhatTheCodeSays(t *testing.T) {
	described, err := asyncapi.Describe()
	must(t, err)
	if *update {
		must(t, os.WriteFile(published, described, 0o644))
	}
	file, err := os.ReadFile(published)
	must(t, err)
	if !bytes.Equal(file, described) {
		t.Error("asyncapi.yaml is not what the catalogue says; run make golden and read the difference")
	}
}

// document is the published file as a tree of JSON.
func document(t *testing.T) map[string]any {
	t.Helper()
	file, err := os.ReadFile(published)
	must(t, err)
	asJSON, err := yaml.YAMLToJSON(file)
	must(t, err)
	tree, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	must(t, err)
	root, ok := tree.(map[string]any)
	if !ok {
		t.Fatal("the document is no object")
	}
	return root
}

func TestTheDocumentIsAsyncAPI(t *testing.T) {
	file, err := os.ReadFile("testdata/asyncapi-3.0.0.json")
	must(t, err)
	rules, err := jsonschema.UnmarshalJSON(bytes.NewReader(file))
	must(t, err)
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	must(t, c.AddResource("http://asyncapi.com/definitions/3.0.0/asyncapi.json", rules))
	schema, err := c.Compile("http://asyncapi.com/definitions/3.0.0/asyncapi.json")
	must(t, err)
	root := document(t)
	if err := schema.Validate(any(root)); err != nil {
		t.Errorf("it is no AsyncAPI 3.0 document: %v", err)
	}
	root["channels"] = map[string]any{"in": map[string]any{"address": 7}}
	if schema.Validate(any(root)) == nil {
		t.Error("the check accepts anything")
	}
}

// Every reference leads somewhere, and every message is sent or received.
func TestReferencesLeadSomewhere(t *testing.T) {
	root := document(t)
	used := map[string]bool{}
	var walk func(any)
	walk = func(at any) {
		switch at := at.(type) {
		case []any:
			for _, item := range at {
				walk(item)
			}
		case map[string]any:
			if ref, ok := at["$ref"].(string); ok {
				used[ref] = true
			}
			for _, value := range at {
				walk(value)
			}
		}
	}
	walk(root)
	for ref := range used {
		if path, ok := strings.CutPrefix(ref, "#/"); ok {
			var at any = root
			for step := range strings.SplitSeq(path, "/") {
				parent, _ := at.(map[string]any)
				at = parent[step]
			}
			if at == nil {
				t.Errorf("nothing is at %s", ref)
			}
			continue
		}
		if _, err := os.Stat(filepath.Join("..", ref)); err != nil {
			t.Error(err)
		}
	}
	for _, typ := range events.Types() {
		in, out := used["#/channels/in/messages/"+typ.Name()], used["#/channels/out/messages/"+typ.Name()]
		if in == typ.HubOnly() || out == (typ.IsControl() && !typ.HubOnly()) || !used["./schemas/"+schemas.FileName(typ)] {
			t.Errorf("%s: submitted %v, delivered %v", typ.Name(), in, out)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
