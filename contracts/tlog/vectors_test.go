package tlog_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/contracts/tlog"
	"handrail/events"
)

var update = flag.Bool("update", false, "write the published files anew instead of comparing them")

const (
	published    = "../vectors"
	wireContract = "../decisions/0001-wire-contract.md"
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

// refusal names the check that does not believe a vector. Nobody is told of it: whoever is lied to keeps the lie and looks into it.
type refusal struct {
	Check string `json:"check"`
}

// refusedBy gives the check that an error comes from; errors of no check are those of the form.
func refusedBy(t *testing.T, name string, err error) *refusal {
	t.Helper()
	if err == nil {
		t.Errorf("%s: accepted", name)
		return nil
	}
	for check, kind := range map[string]error{"statement": tlog.ErrStatement, "checkpoint": tlog.ErrCheckpoint, "proof": tlog.ErrProof, "entry": tlog.ErrEntry, "event": tlog.ErrEvent, "fork": tlog.ErrForked, "tile": tlog.ErrTile} {
		if errors.Is(err, kind) {
			return &refusal{check}
		}
	}
	return &refusal{"form"}
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

const (
	sentenceHeader     = "Everything numbered that the hub sends carries one header `handrail-delivery` (see 24): compact JSON of printable ASCII in one form, at most 32 KiB, because NATS allows 64 KiB of headers in a message and the attributes need theirs."
	sentenceLines      = "*Entry bytes* are lines `name SP value LF` in a fixed order, the first `handrail-entry v1`."
	sentenceLeaf       = "*Leaf bytes* are `handrail-leaf v1`, LF, and HMAC-SHA-256 of the entry bytes under a 32-byte salt;"
	sentenceTree       = "the tree is RFC 6962 over leaf bytes."
	sentenceAdmitted   = "An admitted entry holds number, admission time (six decimals), verdict, submitter, profile, clause, semantics, all attributes, SHA-256 of the data, and number and leaf hash of the previous entry of its visibility chain."
	sentenceRefused    = "A refused entry holds number, time, verdict, submitter, rule, pointer, the case if it was authenticated, and a salted digest."
	sentenceKinds      = "A *delivery* is one of `event`, `receipt`, `refusal`, `tombstone`, numbered from 1 without gap per recipient;"
	sentenceCarries    = "it carries the opening (salt, entry bytes), the inclusion proof at the entry's batch size, that batch's checkpoint, and the hub key's signed statement of hub, recipient, delivery number, kind and entry."
	sentenceRebuilds   = "The receiver rebuilds the leaf from its own copy of the event."
	sentenceRefusal    = "A refusal adds the submission's id, its sequence, the reason, and the salt of its digest; a tombstone carries the reason and no opening."
	sentenceSigns      = "The statement signs these too: no log proves them."
	sentenceCheckpoint = "Checkpoints are signed notes (C2SP tlog-checkpoint) whose origin is `handrail/<hub>`, without extension lines; further signatures are allowed."
)

func pairs(e events.Event) [][2]string {
	var out [][2]string
	for _, a := range e.Attributes() {
		out = append(out, [2]string{a.Name, a.Value})
	}
	return out
}
