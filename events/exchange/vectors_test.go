package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"handrail/events"
	"handrail/events/seal"
)

var update = flag.Bool("update", false, "write the published files anew instead of comparing them")

const (
	published    = "../../contracts/vectors"
	wireContract = "../../contracts/decisions/0001-wire-contract.md"

	sentenceBinary     = "Binary mode: header `ce-<attribute>` for every attribute, the data untouched as the body."
	sentenceNames      = "Header names are compared without case and stand once."
	sentenceStructured = "The hub also accepts structured mode (`Content-Type: application/cloudevents+json`)."
	sentenceRaw        = "The signed bytes are the raw `data` value as received; for a sealed record `data` is a JSON string and the signed bytes are its content."
	sentenceBase64     = "`data_base64` is refused."
	sentenceAll        = "All are required; every other attribute, `tracestate` among them, is refused (`attribute-unknown`)."
	sentenceSyntax     = "Every attribute has a closed ASCII syntax, so percent-encoding has nothing to do; a value with `%`, a quote or a space is refused (`attribute-syntax`)."
	sentenceHub        = "The hub speaks as agency `hub`, with its own key and sequence."
	sentenceHeaders    = "A message has at most 64 headers."
	sentenceBody       = "In structured mode the whole body weighs."
	sentenceControl    = "Control messages are signed and unlogged, have no sequence, and must be strictly newer than the sender's last of the type: `inbox-position` and `checkpoint-cosigned` (agency), `head-announced`, `resend-from` and `checkpoint-offered` (hub)."
	sentenceNoDelivery = "Control messages (27) do not."
)

type vectorFile struct {
	Contract string         `json:"contract"`
	About    string         `json:"about"`
	Given    map[string]any `json:"given,omitempty"`
	Vectors  []vector       `json:"vectors"`
}

// vector is one example of one sentence of the wire contract.
type vector struct {
	Name     string    `json:"name"`
	Sentence string    `json:"sentence"`
	Input    wire      `json:"input"`
	Output   *envelope `json:"output,omitempty"`
	Refused  *refused  `json:"refused,omitempty"`
}

// wire is a message as published: header lines sorted by name, the body's text.
type wire struct {
	Header [][2]string `json:"header"`
	Body   string      `json:"body"`
	BodyOf []piece     `json:"body_of,omitempty"` // instead of a body that is too long to publish
}

// piece is a text, repeated.
type piece struct {
	Text  string `json:"text"`
	Times int    `json:"times"`
}

// envelope is the event that a message holds.
type envelope struct {
	Attributes [][2]string `json:"attributes"`
	Data       string      `json:"data"`
}

type refused struct {
	Rule    string `json:"rule"`
	Pointer string `json:"pointer"`
}

func onWire(m Message) wire {
	w := wire{Header: [][2]string{}, Body: string(m.Data)}
	for _, name := range slices.Sorted(maps.Keys(m.Header)) {
		for _, value := range m.Header[name] {
			w.Header = append(w.Header, [2]string{name, value})
		}
	}
	return w
}

// decoded fills in what Decode makes of the vector's message.
func decoded(t *testing.T, name, sentence string, m Message) vector {
	t.Helper()
	v := vector{Name: name, Sentence: sentence, Input: onWire(m)}
	e, err := Decode(m)
	if err != nil {
		violation, ok := errors.AsType[*events.Violation](err)
		if !ok {
			t.Fatalf("%s: got %v, want a refusal", name, err)
		}
		v.Refused = &refused{Rule: string(violation.Rule), Pointer: violation.Pointer}
		return v
	}
	v.Output = &envelope{Data: string(e.Data)}
	for _, a := range e.Attributes() {
		v.Output.Attributes = append(v.Output.Attributes, [2]string{a.Name, a.Value})
	}
	return v
}

// publish compares the file with what the code gives now, or writes it with
// -update. Every sentence must stand in the wire contract word for word.
func publish(t *testing.T, name string, file vectorFile) {
	t.Helper()
	file.Contract = "contracts/decisions/0001-wire-contract.md"
	contract, err := os.ReadFile(wireContract)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(strings.Fields(string(contract)), " ")
	for _, v := range file.Vectors {
		if !strings.Contains(text, v.Sentence) {
			t.Errorf("%s: the wire contract has no sentence %q", v.Name, v.Sentence)
		}
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(file); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(published, name)
	if *update {
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, b.Bytes()) {
		t.Errorf("%s is not what the code gives; if the wire contract changed, run go test with -update and read the difference", name)
	}
}

// The sizes that events publishes are judged alike on the wire, before anything
// is read; in structured mode the whole body weighs.
func TestSizeVectorsOnTheWire(t *testing.T) {
	content, err := os.ReadFile(filepath.Join(published, "size.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Vectors []struct {
			Name  string
			Input struct {
				Attributes [][2]string
				DataOf     []piece `json:"data_of"`
			}
			Refused *refused
		}
	}
	if err := json.Unmarshal(content, &file); err != nil {
		t.Fatal(err)
	}
	judged := 0
	for _, v := range file.Vectors {
		if v.Input.Attributes == nil {
			continue // facts, which the codec does not judge
		}
		m := Message{Header: map[string][]string{}}
		for _, a := range v.Input.Attributes {
			m.Header["ce-"+a[0]] = []string{a[1]}
		}
		for _, p := range v.Input.DataOf {
			m.Data = append(m.Data, strings.Repeat(p.Text, p.Times)...)
		}
		if got := decoded(t, v.Name, "", m).Refused; (got == nil) != (v.Refused == nil) || got != nil && *got != *v.Refused {
			t.Errorf("%s: refused %v, want %v", v.Name, got, v.Refused)
		}
		judged++
	}
	if judged < 2 {
		t.Errorf("%d events in size.json", judged)
	}
}

// heavyBodies are structured messages at the limit of size, white space included.
func heavyBodies(t *testing.T, e events.Event) []vector {
	t.Helper()
	body := structured(e)
	var all []vector
	for name, size := range map[string]int{"a body of 768 KiB": events.MaxBytes, "a body of one byte too many": events.MaxBytes + 1} {
		spaces := piece{" ", size - len(body)}
		m := structuredMessage("{" + strings.Repeat(spaces.Text, spaces.Times) + body[1:])
		v := decoded(t, name, sentenceBody, m)
		if heavy := size > events.MaxBytes; heavy != (v.Refused != nil) || heavy && v.Refused.Rule != string(events.RuleEventTooLarge) {
			t.Errorf("%s: refused %v", name, v.Refused)
		}
		v.Input.Body, v.Input.BodyOf = "", []piece{{"{", 1}, spaces, {body[1:], 1}}
		all = append(all, v)
	}
	slices.SortFunc(all, func(a, b vector) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// signingKey is the same for the same name on every run.
func signingKey(t testing.TB, name events.AgencyID) seal.SigningKey {
	t.Helper()
	var seed [32]byte
	copy(seed[:], "exchange "+string(name))
	key, err := seal.NewSigningKey(rand.NewChaCha8(seed))
	if err != nil {
		t.Fatal(err)
	}
	return key
}
