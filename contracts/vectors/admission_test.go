package vectors

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/events/exchange"
)

const (
	sentenceAhead      = "more than 5 minutes ahead of the hub's clock is refused (`time-ahead`)."
	sentenceAccount    = "`source` names the agency whose account submitted the event (`source-mismatch`)."
	sentenceCorrelated = "`correlationid` is the referral id (the id of its `referral.requested`) on a request, on an answer or a step of a referral, on whatever is about a record and on what the hub says of a referral; the case id on every other case event; the event's own id on all others. Another is refused (`correlation`)."
	sentenceSubject    = "`subject` is the case id of a case event, else the id of the agency that it is about: its speaker on `capacity.published`, `directory.keyed` and `witness.reset`, the foreign mission on `directory.listed`, the auditor on `trail.read`, `hub` on `directory.founded` and `retention.ended`."
	sentenceCaused     = "`causationid` is the id of an earlier event of the same case that everybody sees who may see this one, else the event's own id. Another is refused (`cause-unknown`)."
	sentenceNothing    = "Refusals of the envelope, the source, an unknown key or a bad signature consume no sequence and remember no id."
	sentenceExpected   = "The ledger judges only the expected number of a key."
	sentenceHigher     = "A higher one is answered by the control message `resend-from`."
	sentenceLower      = "A lower one: the same submission gets its first answer again; a known id with another digest is refused `id-reused`; an unknown id is refused `sequence-reused`; neither consumes."
	sentenceConsumes   = "At the expected number a known id is refused `id-reused`; that refusal, and every later verdict, consumes the number."
	sentenceSame       = "Two submissions are the same if `source`, `id` and digest agree; the digest is SHA-256 over the key id and the DSSE payload bytes."
	sentenceFinal      = "A refusal is final for its id."
	sentenceAgain      = "Delivering again gives the same bytes, unless a tombstone took their place."
	sentenceBytes      = "What 17 refuses has no such digest: it is the same if all its attributes and its data are."
)

// step is one message and the answer that a hub must give to it. Which numbers
// the answers have follows from the steps before.
type step struct {
	name, sentence string
	from           events.AgencyID
	message        exchange.Message
	answer         string // receipt, refusal, again or resend-from
	of             string // again: the step that was answered first
	rule           events.Rule
	pointer        string
	consumes       bool
}

type vector struct {
	Name     string         `json:"name"`
	Sentence string         `json:"sentence"`
	Input    map[string]any `json:"input"`
	Output   map[string]any `json:"output"`
	Refused  map[string]any `json:"refused,omitempty"`
}

// TestAdmissionVectors writes the script. That the ledger answers as it says is
// tested on the real one, in test/ledger.
func TestAdmissionVectors(t *testing.T) {
	file := struct {
		Contract string         `json:"contract"`
		About    string         `json:"about"`
		Given    map[string]any `json:"given"`
		Vectors  []vector       `json:"vectors"`
	}{
		Contract: contract,
		About: "A script of submissions to a hub that was just founded with given.genesis, in this order, each after the answer to the one before; the hub's clock shows given.clock at the first, and runs. " +
			"input.from is the account that submits. output.answer is receipt, refusal (see refused), again (the very bytes of the first answer to the vector named in output.of) or resend-from. " +
			"Receipts and refusals have output.entry in the log and output.delivery for their sender; the other two add no entry. output.next is the number that the hub expects then of the sender's key.",
		Given: given(t),
	}
	entries, next, deliveries := 1, map[events.AgencyID]int{police: 1, shelter: 1}, map[events.AgencyID]int{police: 1, shelter: 1}
	names := map[string]bool{}
	for _, s := range script(t) {
		if names[s.name] || s.of != "" && !names[s.of] {
			t.Errorf("%s: named twice, or repeats what did not happen", s.name)
		}
		names[s.name] = true
		v := vector{Name: s.name, Sentence: s.sentence, Input: onWire(s), Output: map[string]any{"answer": s.answer, "consumes": s.consumes}}
		switch s.answer {
		case "receipt", "refusal":
			deliveries[s.from]++
			v.Output["entry"], v.Output["delivery"] = entries, deliveries[s.from]
			entries++
		case "again":
			v.Output["of"] = s.of
		}
		if s.answer == "refusal" {
			v.Refused = map[string]any{"rule": s.rule, "pointer": s.pointer}
		}
		if s.consumes {
			next[s.from]++
		}
		v.Output["next"] = map[string]any{"key": signingKey(t, string(s.from)).ID(), "sequence": next[s.from]}
		file.Vectors = append(file.Vectors, v)
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	must(t, encoder.Encode(file))
	if *update {
		must(t, os.WriteFile("admission.json", b.Bytes(), 0o644))
		return
	}
	want, err := os.ReadFile("admission.json")
	must(t, err)
	if !bytes.Equal(want, b.Bytes()) {
		t.Error("admission.json is not what the script gives; run make golden and read the difference")
	}
}

func onWire(s step) map[string]any {
	header := [][2]string{}
	for _, name := range slices.Sorted(maps.Keys(s.message.Header)) {
		for _, value := range s.message.Header[name] {
			header = append(header, [2]string{name, value})
		}
	}
	return map[string]any{"from": s.from, "header": header, "body": string(s.message.Data)}
}

func script(t *testing.T) []step {
	t.Helper()
	plain := exchange.Encode
	first := opened(t, police, 1, 1)
	second := plain(opened(t, police, 2, 2))
	malformed := with(second, "ce-hub", "%")
	early := plain(opened(t, police, 4, 4))
	unknown := plain(opened(t, police, 3, 3, func(e *events.Event) {
		e.Type, e.DataSchema = events.TypeRightsInformed, events.TypeRightsInformed.Schema()
		e.Data = []byte(strings.Replace(string(e.Data), `"age":"adult"`, `"language":"eng","interpreter":"none"`, 1))
	}))
	sameID := func(e *events.Event) { e.ID = first.ID }
	data := func(old, by string) change {
		return func(e *events.Event) { e.Data = []byte(strings.Replace(string(e.Data), old, by, 1)) }
	}
	at := func(ahead time.Duration) change {
		return func(e *events.Event) { e.Time = events.At(clock.Add(ahead)) }
	}
	all := []step{
		{name: "the first of a key", sentence: sentenceConsumes, message: plain(first), answer: "receipt", consumes: true},
		{name: "the same", sentence: sentenceLower, message: plain(first), answer: "again", of: "the first of a key"},
		{name: "the same in structured mode", sentence: sentenceSame, message: structured(t, first), answer: "again", of: "the first of a key"},
	}
	all = append(all, unauthenticated(t, second, malformed)...)
	all = append(all, []step{
		{name: "well-formed, under the id of those refused", sentence: sentenceNothing, message: second, answer: "receipt", consumes: true},
		{name: "early", sentence: sentenceHigher, message: early, answer: "resend-from"},
		{name: "refused by the memorandum", sentence: sentenceConsumes, message: unknown, answer: "refusal", rule: "case-unknown", pointer: "attribute subject", consumes: true},
		{name: "the early one in its turn", sentence: sentenceExpected, message: early, answer: "receipt", consumes: true},
		{name: "what was refused, the same", sentence: sentenceAgain, message: unknown, answer: "again", of: "refused by the memorandum"},
		{name: "a lower number, a known id, another case", sentence: sentenceLower, message: plain(opened(t, police, 5, 1, sameID)), answer: "refusal", rule: events.RuleIDReused, pointer: "attribute id"},
		{name: "a lower number, an unknown id", sentence: sentenceLower, message: plain(opened(t, police, 6, 2)), answer: "refusal", rule: events.RuleSequenceReused, pointer: "attribute sequence"},
		{name: "that id, at the expected number", sentence: sentenceFinal, message: plain(opened(t, police, 6, 5)), answer: "refusal", rule: events.RuleIDReused, pointer: "attribute id", consumes: true},
		{name: "the expected number, the id of an admitted event", sentence: sentenceConsumes, message: plain(opened(t, police, 7, 6, sameID)), answer: "refusal", rule: events.RuleIDReused, pointer: "attribute id", consumes: true},
		{name: "a code of no list", sentence: sentenceConsumes, message: plain(opened(t, police, 8, 7, data("adult", "grown"))), answer: "refusal", rule: events.RuleDataCode, pointer: "/age", consumes: true},
		{name: "5 minutes ahead", sentence: sentenceAhead, message: plain(opened(t, police, 9, 8, at(5*time.Minute))), answer: "receipt", consumes: true},
		{name: "an hour ahead", sentence: sentenceAhead, message: plain(opened(t, police, 10, 9, at(time.Hour))), answer: "refusal", rule: events.RuleTimeAhead, pointer: "attribute time", consumes: true},
		{name: "the first of another agency, under an id that the police used", sentence: sentenceSame, from: shelter, message: plain(opened(t, shelter, 11, 1, sameID)), answer: "receipt", consumes: true},
		{name: "the next of the police", sentence: sentenceExpected, message: plain(opened(t, police, 12, 10)), answer: "receipt", consumes: true},
		{name: "correlated with another case", sentence: sentenceCorrelated, message: plain(opened(t, police, 13, 11, func(e *events.Event) { e.CorrelationID = events.EventID(first.Subject) })), answer: "refusal", rule: "correlation", pointer: "attribute correlationid", consumes: true},
		{name: "caused by an event of another case", sentence: sentenceCaused, message: plain(opened(t, police, 14, 12, func(e *events.Event) { e.CausationID = first.ID })), answer: "refusal", rule: "cause-unknown", pointer: "attribute causationid", consumes: true},
	}...)
	all = append(all, capacities(t)...)
	for i := range all {
		if all[i].from == "" {
			all[i].from = police
		}
	}
	return all
}

// capacities are what agencies say of themselves, about no case. They stand at the
// end of the script: what is admitted goes to everybody else as an event.
func capacities(t *testing.T) []step {
	t.Helper()
	published := func(by events.AgencyID, n int, sequence events.Sequence, changes ...change) exchange.Message {
		return exchange.Encode(opened(t, by, n, sequence, append([]change{capacity}, changes...)...))
	}
	inACase := func(e *events.Event) {
		e.CorrelationID = "01936a00-0000-7000-8000-0000ca5e0001"
	}
	return []step{
		{name: "capacity of an agency that takes nobody in", sentence: sentenceExpected, message: published(police, 15, 13), answer: "refusal", rule: "power", pointer: "attribute source", consumes: true},
		{name: "capacity of another provider", sentence: sentenceSubject, from: shelter, message: with(published(shelter, 16, 2), "ce-subject", string(police)), answer: "refusal", rule: events.RuleAttributeSyntax, pointer: "attribute subject"},
		{name: "capacity correlated with a case", sentence: sentenceCorrelated, from: shelter, message: published(shelter, 17, 2, inACase), answer: "refusal", rule: "correlation", pointer: "attribute correlationid", consumes: true},
		{name: "capacity", sentence: sentenceSubject, from: shelter, message: published(shelter, 18, 3), answer: "receipt", consumes: true},
	}
}

// capacity makes an event the capacity of its speaker.
func capacity(e *events.Event) {
	e.Type, e.DataSchema = events.TypeCapacityPublished, events.TypeCapacityPublished.Schema()
	e.Subject, e.CorrelationID = string(e.Agency()), e.ID
	e.Data = []byte(strings.Replace(string(e.Data), `"age":"adult"`, `"needs":["emergency-shelter"],"sexes":["woman"],"ages":["adult","child"],"children":2,"hours":["daily 00:00-24:00"],"places":"few","region":"LT-VL"`, 1))
}

// unauthenticated are messages of which nothing can be believed, all under the id
// and number of second.
func unauthenticated(t *testing.T, second, malformed exchange.Message) []step {
	t.Helper()
	elsewhere := func(e *events.Event) {
		e.Hub, e.Source = "handrail/otherland", events.Source("otherland", police)
	}
	unlisted := opened(t, police, 2, 2)
	stranger, neighbour := signedBy(t, "nobody", unlisted), signedBy(t, string(shelter), unlisted)
	forged := with(second, "ce-time", clock.Add(-time.Second).Format(time.RFC3339))
	return []step{
		{name: "a malformed attribute", sentence: sentenceNothing, message: malformed, answer: "refusal", rule: events.RuleAttributeSyntax, pointer: "attribute hub"},
		{name: "the same malformed attribute", sentence: sentenceBytes, message: malformed, answer: "again", of: "a malformed attribute"},
		{name: "an attribute too few", sentence: sentenceNothing, message: with(second, "ce-traceparent", ""), answer: "refusal", rule: events.RuleAttributeMissing, pointer: "attribute traceparent"},
		{name: "another hub", sentence: sentenceNothing, message: exchange.Encode(opened(t, police, 2, 2, elsewhere)), answer: "refusal", rule: events.RuleHubMismatch, pointer: "attribute hub"},
		{name: "another agency's event", sentence: sentenceAccount, message: exchange.Encode(opened(t, shelter, 2, 2)), answer: "refusal", rule: events.RuleSourceMismatch, pointer: "attribute source"},
		{name: "signed with a key of nobody", sentence: sentenceNothing, message: exchange.Encode(stranger), answer: "refusal", rule: events.RuleKeyUnknown, pointer: "attribute dssematerial"},
		{name: "signed with another agency's key", sentence: sentenceNothing, message: exchange.Encode(neighbour), answer: "refusal", rule: events.RuleKeyUnknown, pointer: "attribute dssematerial"},
		{name: "an attribute changed after signing", sentence: sentenceNothing, message: forged, answer: "refusal", rule: events.RuleSignatureInvalid, pointer: "attribute dssematerial"},
		{name: "the same change again", sentence: sentenceBytes, message: forged, answer: "again", of: "an attribute changed after signing"},
	}
}

// with is a message with one header replaced, or taken away.
func with(m exchange.Message, header, value string) exchange.Message {
	changed := maps.Clone(m.Header)
	if changed[header] = []string{value}; value == "" {
		delete(changed, header)
	}
	return exchange.Message{Header: changed, Data: m.Data}
}
