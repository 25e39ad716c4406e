package schemas_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"handrail/contracts/schemas"
	"handrail/events"
)

var update = flag.Bool("update", false, "rewrite golden files")

// The published files are what the payload types say, one for each type and
// none besides.
func TestPublishedSchemasAreGenerated(t *testing.T) {
	published := map[string]bool{}
	for _, typ := range events.Types() {
		name := schemas.FileName(typ)
		published[name] = true
		generated, err := schemas.Generate(typ)
		must(t, err)
		if *update {
			must(t, os.WriteFile(name, generated, 0o644))
		}
		file, err := os.ReadFile(name)
		must(t, err)
		if !bytes.Equal(file, generated) {
			t.Errorf("%s differs from its payload type; a published schema never changes its meaning: if that is meant, run the tests with -update", name)
		}
		if embedded, err := schemas.Of(typ); !*update && (err != nil || !bytes.Equal(embedded, file)) {
			t.Errorf("%s is not the embedded one: %v", name, err)
		}
	}
	files, err := filepath.Glob("*.json")
	must(t, err)
	for _, name := range files {
		if !published[name] {
			t.Errorf("%s is of no type of the catalogue", name)
		}
	}
	if _, err := schemas.Of("org.handrail.nothing.said.v1"); err == nil {
		t.Error("found a schema for an unknown type")
	}
	if _, err := schemas.Generate("org.handrail.nothing.said.v1"); err == nil {
		t.Error("generated a schema for an unknown type")
	}
}

// compile checks a published schema against the meta-schema and gives it under
// its $id, which must be the dataschema that events carry.
func compile(t testing.TB, typ events.Type, fragment string) *jsonschema.Schema {
	t.Helper()
	file, err := os.ReadFile(schemas.FileName(typ))
	must(t, err)
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(file))
	must(t, err)
	meta, err := jsonschema.NewCompiler().Compile("https://json-schema.org/draft/2020-12/schema")
	must(t, err)
	must(t, meta.Validate(doc))
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	must(t, c.AddResource(typ.Schema(), doc))
	s, err := c.Compile(typ.Schema() + fragment)
	must(t, err)
	if s.ID != typ.Schema() && fragment == "" {
		t.Fatalf("$id is %s", s.ID)
	}
	return s
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
