package events_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"handrail/events"
)

var update = flag.Bool("update", false, "write the published files anew instead of comparing them")

const (
	published    = "../contracts/vectors"
	wireContract = "../contracts/decisions/0001-wire-contract.md"
)

// vectorFile is one published file of golden vectors.
type vectorFile struct {
	Contract string   `json:"contract"`
	About    string   `json:"about"`
	Vectors  []vector `json:"vectors"`
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

// refusedBy gives the refusal of a vector, or nil if it was accepted.
func refusedBy(t *testing.T, err error) *refusal {
	t.Helper()
	if err == nil {
		return nil
	}
	v, ok := errors.AsType[*events.Violation](err)
	if !ok {
		t.Fatalf("got %v, want a refusal", err)
	}
	return &refusal{string(v.Rule), v.Pointer}
}

const (
	sentenceExactly    = "An event is a CloudEvents 1.0 event with exactly these attributes: `id`, `source`, `specversion`, `type`, `datacontenttype`, `dataschema`, `subject`, `time`; extensions `hub`, `sequence`, `correlationid`, `causationid`, `traceparent`, on sealed records also `plaincommit`; and `dssematerial`."
	sentenceAttributes = "All are required; every other attribute, `tracestate` among them, is refused (`attribute-unknown`)."
	sentenceNames      = "Hub and agency ids are `[a-z0-9-]{1,32}`."
	sentenceSource     = "`source` is `urn:handrail:<hub>:agency:<id>`; `hub` is `handrail/<hub>`; both name the same hub (`hub-mismatch`)."
	sentenceType       = "`type` is `org.handrail.<thing>.<verb>.v1`, `dataschema` is `urn:handrail:schema:<thing>.<verb>.v1` and never changes its meaning."
	sentenceContent    = "`datacontenttype` is `application/json` for facts and `application/jose` for sealed records: `record.sealed`, `referral.asked`, `referral.answered`."
	sentenceIDs        = "`id`, `correlationid`, `causationid` and case ids are lower-case UUIDv7."
	sentenceReferral   = "`correlationid` is the referral id (the id of its `referral.requested`) on a request, on an answer or a step of a referral, on whatever is about a record and on what the hub says of a referral; the case id on every other case event; the event's own id on all others."
	sentenceSubject    = "`subject` is the case id of a case event, else the id of the agency that it is about: its speaker on `capacity.published`, `directory.keyed` and `witness.reset`, the foreign mission on `directory.listed`, the auditor on `trail.read`, `hub` on `directory.founded` and `retention.ended`."
	sentenceTime       = "`time` is the signing instant, `YYYY-MM-DDTHH:MM:SSZ` exactly; `happened ≤ recorded ≤ time` (`times-order`)"
	sentenceSequence   = "`sequence` is 20 digits, from 1, counted per signing key."
	sentenceSyntax     = "Every attribute has a closed ASCII syntax, so percent-encoding has nothing to do; a value with `%`, a quote or a space is refused (`attribute-syntax`)."
	sentenceFacts      = "Facts are JSON in UTF-8, at most 64 KiB (`event-too-large`), nested at most 6 deep, numbers of at most 16 characters, no NUL, no `null`, no repeated, unknown or missing members, no trailing bytes (`data-malformed`)."
	sentenceLength     = "A value has at most 1024 bytes."
	sentenceWeight     = "An event weighs at most 768 KiB, names and values of its attributes and its data together (`event-too-large`)."
	sentenceNoText     = "There is no free text and no identity."
	sentenceRange      = "How long a list may be, and what one member says of another, stands in the schema and its `$comment` (`data-range`)."
	sentencePinned     = "A recipient's first delivery is genesis, a foreign mission's the `directory.listed` that lists it; the SHA-256 of its data is compared out of band."
	sentenceCodes      = "Values come from closed lists (`data-code`)."
)

// envelopeChange is an envelope that one changed attribute makes refused.
type envelopeChange struct {
	name, sentence   string
	of               events.Type
	attribute, value string
	rule             events.Rule
	pointer          string
}

func refusedEnvelopes() []envelopeChange {
	opened, record, control := events.TypeCaseOpened, events.TypeRecordSealed, events.TypeControlPosition
	asked, answered, capacity := events.TypeReferralAsked, events.TypeReferralAnswered, events.TypeCapacityPublished
	return []envelopeChange{
		{"tracestate", sentenceAttributes, opened, "tracestate", "a=1", events.RuleAttributeUnknown, ""},
		{"free extension", sentenceAttributes, opened, "comment", marker, events.RuleAttributeUnknown, ""},
		{"signedextattrs as attribute", sentenceAttributes, opened, "signedextattrs", "hub", events.RuleAttributeUnknown, ""},
		{"plaincommit on facts", sentenceAttributes, opened, "plaincommit", strings.Repeat("0a", 32), events.RuleAttributeUnknown, ""},
		{"sequence on control", sentenceAttributes, control, "sequence", "00000000000000000001", events.RuleAttributeUnknown, ""},
		{"record without plaincommit", sentenceAttributes, record, "plaincommit", "", events.RuleAttributeMissing, "attribute plaincommit"},
		{"question without plaincommit", sentenceAttributes, asked, "plaincommit", "", events.RuleAttributeMissing, "attribute plaincommit"},
		{"plaincommit on what the hub says", sentenceAttributes, events.TypeReferralEscalated, "plaincommit", strings.Repeat("0a", 32), events.RuleAttributeUnknown, ""},
		{"no sequence", sentenceAttributes, opened, "sequence", "", events.RuleAttributeMissing, "attribute sequence"},
		{"unsigned", sentenceAttributes, opened, "dssematerial", "", events.RuleAttributeMissing, "attribute dssematerial"},
		{"capitals in a name", sentenceAttributes, opened, "Hub", "handrail/sampleland", events.RuleAttributeUnknown, ""},
		{"another specversion", sentenceAttributes, opened, "specversion", "0.3", events.RuleAttributeSyntax, "attribute specversion"},
		{"another hub", sentenceSource, opened, "hub", "handrail/elsewhere", events.RuleHubMismatch, "attribute hub"},
		{"hub of a longer name", sentenceSource, opened, "hub", "handrail/sample", events.RuleHubMismatch, "attribute hub"},
		{"source of another form", sentenceSource, opened, "source", "https://police.example", events.RuleAttributeSyntax, "attribute source"},
		{"agency id of 33 characters", sentenceNames, opened, "source", "urn:handrail:sampleland:agency:" + strings.Repeat("a", 33), events.RuleAttributeSyntax, "attribute source"},
		{"source in capitals", sentenceNames, opened, "source", "urn:handrail:sampleland:agency:Police", events.RuleAttributeSyntax, "attribute source"},
		{"type of another catalogue", sentenceType, opened, "type", "org.example.case.opened.v1", events.RuleAttributeSyntax, "attribute type"},
		{"type not in the catalogue", sentenceType, opened, "type", "org.handrail.case.renamed.v1", events.RuleTypeUnknown, "attribute type"},
		{"version not in the catalogue", sentenceType, opened, "type", "org.handrail.case.opened.v2", events.RuleTypeUnknown, "attribute type"},
		{"schema of another type", sentenceType, opened, "dataschema", "urn:handrail:schema:case.closed.v1", events.RuleAttributeSyntax, "attribute dataschema"},
		{"facts as a record", sentenceContent, opened, "datacontenttype", events.SealedContent, events.RuleAttributeSyntax, "attribute datacontenttype"},
		{"record as facts", sentenceContent, record, "datacontenttype", events.FactsContent, events.RuleAttributeSyntax, "attribute datacontenttype"},
		{"question as facts", sentenceContent, asked, "datacontenttype", events.FactsContent, events.RuleAttributeSyntax, "attribute datacontenttype"},
		{"answer as facts", sentenceContent, answered, "datacontenttype", events.FactsContent, events.RuleAttributeSyntax, "attribute datacontenttype"},
		{"confirmation as a record", sentenceContent, events.TypeReferralConfirmed, "datacontenttype", events.SealedContent, events.RuleAttributeSyntax, "attribute datacontenttype"},
		{"content type with a parameter", sentenceContent, opened, "datacontenttype", "application/json; charset=utf-8", events.RuleAttributeSyntax, "attribute datacontenttype"},
		{"id of version 4", sentenceIDs, opened, "id", "01936a00-0000-4000-8000-000000000002", events.RuleAttributeSyntax, "attribute id"},
		{"id in capitals", sentenceIDs, opened, "id", "01936A00-0000-7000-8000-000000000002", events.RuleAttributeSyntax, "attribute id"},
		{"correlation of free text", sentenceIDs, opened, "correlationid", marker, events.RuleAttributeSyntax, "attribute correlationid"},
		{"agency as a case", sentenceSubject, opened, "subject", "sampletown-police", events.RuleAttributeSyntax, "attribute subject"},
		{"name as a case", sentenceSubject, opened, "subject", marker, events.RuleAttributeSyntax, "attribute subject"},
		{"case as an agency", sentenceSubject, control, "subject", theCase, events.RuleAttributeSyntax, "attribute subject"},
		{"case as a provider", sentenceSubject, capacity, "subject", theCase, events.RuleAttributeSyntax, "attribute subject"},
		{"capacity of another provider", sentenceSubject, capacity, "subject", "lighthouse-shelter", events.RuleAttributeSyntax, "attribute subject"},
		{"mission as a case", sentenceSubject, events.TypeConsularBarred, "subject", "farland-mission", events.RuleAttributeSyntax, "attribute subject"},
		{"another agency's witness", sentenceSubject, events.TypeWitnessReset, "subject", "lighthouse-shelter", events.RuleAttributeSyntax, "attribute subject"},
		{"retention of an agency", sentenceSubject, events.TypeRetentionEnded, "subject", "sampletown-police", events.RuleAttributeSyntax, "attribute subject"},
		{"the hub as its reader", sentenceSubject, events.TypeTrailRead, "subject", "hub", events.RuleAttributeSyntax, "attribute subject"},
		{"genesis about an agency", sentenceSubject, events.TypeDirectoryFounded, "subject", "sampletown-police", events.RuleAttributeSyntax, "attribute subject"},
		{"keys of another agency", sentenceSubject, events.TypeDirectoryKeyed, "subject", "lighthouse-shelter", events.RuleAttributeSyntax, "attribute subject"},
		{"hub as one that joins", sentenceSubject, events.TypeDirectoryJoined, "subject", "hub", events.RuleAttributeSyntax, "attribute subject"},
		{"hub revoked", sentenceSubject, events.TypeDirectoryRevoked, "subject", "hub", events.RuleAttributeSyntax, "attribute subject"},
		{"a case suspended", sentenceSubject, events.TypeDirectorySuspended, "subject", theCase, events.RuleAttributeSyntax, "attribute subject"},
		{"hub as a mission", sentenceSubject, events.TypeDirectoryListed, "subject", "hub", events.RuleAttributeSyntax, "attribute subject"},
		{"time with a fraction", sentenceTime, opened, "time", "2026-11-22T09:30:00.5Z", events.RuleAttributeSyntax, "attribute time"},
		{"time with an offset", sentenceTime, opened, "time", "2026-11-22T09:30:00+00:00", events.RuleAttributeSyntax, "attribute time"},
		{"no such day", sentenceTime, opened, "time", "2026-02-30T09:30:00Z", events.RuleAttributeSyntax, "attribute time"},
		{"sequence unpadded", sentenceSequence, opened, "sequence", "7", events.RuleAttributeSyntax, "attribute sequence"},
		{"sequence zero", sentenceSequence, opened, "sequence", strings.Repeat("0", 20), events.RuleAttributeSyntax, "attribute sequence"},
		{"sequence too large", sentenceSequence, opened, "sequence", strings.Repeat("9", 20), events.RuleAttributeSyntax, "attribute sequence"},
		{"percent", sentenceSyntax, opened, "subject", "01936a00%2D0000-7000-8000-00000000ca5e", events.RuleAttributeSyntax, "attribute subject"},
		{"quote", sentenceSyntax, opened, "hub", `"handrail/sampleland"`, events.RuleAttributeSyntax, "attribute hub"},
		{"space", sentenceSyntax, opened, "hub", "handrail/sampleland ", events.RuleAttributeSyntax, "attribute hub"},
		{"trace id zero", sentenceSyntax, opened, "traceparent", "00-" + strings.Repeat("0", 32) + "-b7ad6b7169203331-01", events.RuleAttributeSyntax, "attribute traceparent"},
		{"span id zero", sentenceSyntax, opened, "traceparent", "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", events.RuleAttributeSyntax, "attribute traceparent"},
		{"value of 1025 bytes", sentenceLength, opened, "dssematerial", strings.Repeat("A", 1025), events.RuleAttributeSyntax, "attribute dssematerial"},
	}
}
