package seal_test

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the published files anew instead of comparing them")

const (
	published    = "../../contracts/vectors"
	wireContract = "../../contracts/decisions/0001-wire-contract.md"
)

// vectorFile is one published file of golden vectors.
type vectorFile struct {
	Contract string         `json:"contract"`
	About    string         `json:"about"`
	Given    map[string]any `json:"given,omitempty"` // what all vectors of the file share
	Vectors  []vector       `json:"vectors"`
}

// vector is one example of one sentence of the wire contract.
type vector struct {
	Name     string         `json:"name"`
	Sentence string         `json:"sentence"`
	Input    map[string]any `json:"input"`
	Output   map[string]any `json:"output,omitempty"`
	Refused  *refusal       `json:"refused,omitempty"`
}

type refusal struct {
	Rule    string `json:"rule"`
	Pointer string `json:"pointer"`
}

// publish compares the file with what the code gives now, or writes it with
// -update. Every sentence must stand in the wire contract word for word.
func publish(t *testing.T, name string, file vectorFile) {
	t.Helper()
	file.Contract = "contracts/decisions/0001-wire-contract.md"
	contract, err := os.ReadFile(wireContract)
	must(t, err)
	text := strings.Join(strings.Fields(string(contract)), " ")
	names := map[string]bool{}
	for _, v := range file.Vectors {
		if v.Sentence == "" || !strings.Contains(text, v.Sentence) {
			t.Errorf("%s: the wire contract has no sentence %q", v.Name, v.Sentence)
		}
		if names[v.Name] {
			t.Errorf("two vectors are named %s", v.Name)
		}
		names[v.Name] = true
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	must(t, encoder.Encode(file))
	path := filepath.Join(published, name)
	if *update {
		must(t, os.WriteFile(path, b.Bytes(), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(want, b.Bytes()) {
		t.Errorf("%s is not what the code gives; if the wire contract changed, run go test with -update and read the difference", name)
	}
}

func readPublished(t testing.TB, name string, file *vectorFile) {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(published, name))
	must(t, err)
	must(t, json.Unmarshal(content, file))
}
