package events_test

import (
	"strings"
	"testing"

	"handrail/events"
)

// piece is part of a text that is too long to publish: text, repeated.
type piece struct {
	Text  string `json:"text"`
	Times int    `json:"times"`
}

func built(of []piece) []byte {
	var b strings.Builder
	for _, p := range of {
		b.WriteString(strings.Repeat(p.Text, p.Times))
	}
	return []byte(b.String())
}

// The limits on the byte: one byte more is refused, whichever part of the event has it.
func TestSizeVectors(t *testing.T) {
	file := vectorFile{About: "Events at the limits of size. Their data are too long to stand here: input.data_of lists texts with the number of times that each is repeated, one after the other. " +
		"Vectors with attributes are judged as events, before signature and data; those with a type as facts. weight and bytes are what is compared with the limit."}
	e := signed(t, events.TypeRecordSealed)
	attributes := e.Attributes()
	weight := 0
	for _, a := range attributes {
		weight += len(a.Name) + len(a.Value)
	}
	for _, c := range []struct {
		name string
		size int
	}{{"the heaviest event", events.MaxBytes}, {"an event of one byte too many", events.MaxBytes + 1}, {"data of 768 KiB, and attributes besides", events.MaxBytes + weight}} {
		data := []piece{{"a", c.size - weight}}
		_, err := events.Parse(attributes, built(data))
		file.Vectors = append(file.Vectors, vector{
			Name: c.name, Sentence: sentenceWeight, Input: map[string]any{"attributes": pairs(attributes), "data_of": data, "weight": c.size}, Refused: sized(t, err, c.size > events.MaxBytes),
		})
	}
	const facts = 64 << 10
	example, _ := strings.CutPrefix(examples()[events.TypeCaseOpened], "{")
	for _, c := range []struct {
		name string
		size int
	}{{"the longest facts", facts}, {"facts of one byte too many", facts + 1}} {
		data := []piece{{"{", 1}, {" ", c.size - 1 - len(example)}, {example, 1}}
		_, err := events.Decode(events.TypeCaseOpened, built(data))
		file.Vectors = append(file.Vectors, vector{
			Name: c.name, Sentence: sentenceFacts, Input: map[string]any{"type": events.TypeCaseOpened, "data_of": data, "bytes": c.size}, Refused: sized(t, err, c.size > facts),
		})
	}
	publish(t, "size.json", file)
}

// sized is the refusal of what is too large, and of nothing else.
func sized(t *testing.T, err error, large bool) *refusal {
	t.Helper()
	r := refusedBy(t, err)
	if (r != nil) != large || r != nil && r.Rule != string(events.RuleEventTooLarge) {
		t.Errorf("refused %v, too large %v", r, large)
	}
	return r
}
