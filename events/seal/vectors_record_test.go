package seal_test

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
	"strings"
	"testing"
	"testing/cryptotest"

	"handrail/events"
	"handrail/events/seal"
)

const (
	sentenceRecord = "A record is one section for one case and one recipient: JWE compact, `ECDH-ES+A256KW`, `A256GCM`, P-256, no `zip`."
	sentenceHeader = "Its protected header holds exactly `alg`, `enc`, `epk`, `kid`, `source`, `id`, `to`, `case`, `referral`, `purpose`, `type`, `section`; the ledger judges it by these alone, and they agree with the event's attributes (`record-header`)."
	sentenceAsked  = "The section `question`, and no other, travels as `referral.asked` or `referral.answered`; every other one as `record.sealed`."
	sentenceCommit = "`plaincommit` is the lower-case hexadecimal HMAC-SHA-256 of the raw bytes of V under the 32-byte salt."
	sentenceCheck  = "Whoever opens the record checks it; a mismatch is answered with `record.disputed`."
)

func itoa(n int) string { return strconv.Itoa(n) }

// fixedRecord is the same unsigned record event on every run.
func fixedRecord(t *testing.T) events.Event {
	t.Helper()
	return fixed(t, 21, header(), section)
}

// fixedAnswer is the same unsigned answer of the police to the shelter on
// every run, with a header that differs from the record's in type and section.
func fixedAnswer(t *testing.T) events.Event {
	t.Helper()
	return fixed(t, 22, questionHeader(events.TypeReferralAnswered), question)
}

func fixed(t *testing.T, seed uint64, h events.RecordHeader, plain string) events.Event {
	t.Helper()
	cryptotest.SetGlobalRandom(t, seed)
	e := envelope(h.Type, h.ID)
	e.DataContentType = events.SealedContent
	var err error
	e.Data, e.PlainCommit, err = seal.Seal(sealingKey(t, "shelter").Public(), h, []byte(plain), rand.Reader)
	must(t, err)
	return e
}

func TestSealedRecordVectors(t *testing.T) {
	e := fixedRecord(t)
	jwe, shelter := string(e.Data), sealingKey(t, "shelter")
	private := exportedSealing(t, shelter)
	scalar, err := private.Bytes()
	must(t, err)
	point, err := shelter.Public().Bytes()
	must(t, err)
	direct, err := private.ECDH()
	must(t, err)
	salt, _, err := openByTheBook(jwe, direct)
	must(t, err)
	opened, err := shelter.Open(e.Data, e.PlainCommit)
	must(t, err)
	url := base64.RawURLEncoding.EncodeToString

	file := vectorFile{
		About: "Opening sealed records with given.recipient, a test key. A vector with output opens to it; one that is refused is refused by anybody, without a key; " +
			"one with output.disputed is well-formed, but its recipient answers it with record.disputed.",
		Given: map[string]any{"recipient": map[string]any{
			"jwk":    map[string]any{"kty": "EC", "crv": "P-256", "x": url(point[1:33]), "y": url(point[33:]), "d": url(scalar)},
			"public": shelter.Public(), "keyid": shelter.ID(),
		}},
		Vectors: []vector{{
			Name: "opens", Sentence: sentenceRecord,
			Input: map[string]any{"jwe": jwe, "plaincommit": e.PlainCommit},
			Output: map[string]any{
				"header": string(decodePart(t, jwe, 0)), "section": string(opened),
				"plaintext": `{"salt":"` + base64.StdEncoding.EncodeToString(salt) + `","section":` + string(opened) + `}`,
			},
		}},
	}
	file.Vectors = append(file.Vectors, questionVector(t))
	file.Vectors = append(file.Vectors, disputedRecords(t, jwe, e.PlainCommit)...)
	file.Vectors = append(file.Vectors, refusedRecords(t, jwe)...)
	file.Vectors = append(file.Vectors, contradictedRecords(t, e)...)
	publish(t, "sealed-record.json", file)

	publish(t, "plaincommit.json", vectorFile{
		About: "The commitment to a section: HMAC-SHA-256 keyed with the salt, over the section's bytes as they stand in the plaintext.",
		Vectors: []vector{{
			Name: "commitment", Sentence: sentenceCommit,
			Input:  map[string]any{"salt_hex": hex.EncodeToString(salt), "section": section},
			Output: map[string]any{"plaincommit": e.PlainCommit},
		}},
	})
}

func questionVector(t *testing.T) vector {
	t.Helper()
	e := fixedAnswer(t)
	opened, err := sealingKey(t, "shelter").Open(e.Data, e.PlainCommit)
	must(t, err)
	return vector{
		Name: "an answer opens", Sentence: sentenceAsked,
		Input:  map[string]any{"jwe": string(e.Data), "plaincommit": e.PlainCommit},
		Output: map[string]any{"header": string(decodePart(t, string(e.Data), 0)), "section": string(opened)},
	}
}

func disputedRecords(t *testing.T, jwe, plaincommit string) []vector {
	t.Helper()
	var all []vector
	otherwise := plaincommit[:63] + map[bool]string{true: "1", false: "0"}[plaincommit[63] == '0']
	for _, c := range []struct{ name, jwe, commit string }{
		{"another commitment", jwe, otherwise},
		{"section relabelled", rewrite(t, jwe, func(h string) string { return strings.Replace(h, `"contact"`, `"needs"`, 1) }), plaincommit},
	} {
		if _, err := sealingKey(t, "shelter").Open([]byte(c.jwe), c.commit); !errors.Is(err, seal.ErrDisputed) {
			t.Fatalf("%s: got %v", c.name, err)
		}
		all = append(all, vector{
			Name: c.name, Sentence: sentenceCheck,
			Input: map[string]any{"jwe": c.jwe, "plaincommit": c.commit}, Output: map[string]any{"disputed": true},
		})
	}
	return all
}

func refusedRecords(t *testing.T, jwe string) []vector {
	t.Helper()
	h := string(decodePart(t, jwe, 0))
	with := func(header string) string { return rewrite(t, jwe, func(string) string { return header }) }
	replaced := func(old, new string) string { return with(strings.Replace(h, old, new, 1)) }
	var all []vector
	for _, c := range []struct{ name, sentence, jwe string }{
		{"trailing dot", sentenceRecord, jwe + "."},
		{"padding", sentenceRecord, jwe + "=="},
		{"other algorithm", sentenceRecord, replaced("ECDH-ES+A256KW", "ECDH-ES")},
		{"other encryption", sentenceRecord, replaced("A256GCM", "A128GCM")},
		{"other curve", sentenceRecord, replaced(`"P-256"`, `"P-384"`)},
		{"compressed", sentenceRecord, replaced("{", `{"zip":"DEF",`)},
		{"member added", sentenceHeader, replaced("{", `{"cty":"json",`)},
		{"member repeated", sentenceHeader, replaced("{", `{"section":"contact",`)},
		{"member removed", sentenceHeader, with(without(t, h, "purpose"))},
		{"unknown section", sentenceHeader, replaced(`"contact"`, `"gossip"`)},
		{"question as a record", sentenceAsked, replaced(`"contact"`, `"question"`)},
		{"record as a question", sentenceAsked, replaced("record.sealed", "referral.asked")},
		{"record as an answer", sentenceAsked, replaced("record.sealed", "referral.answered")},
	} {
		_, err := seal.ParseRecord([]byte(c.jwe))
		all = append(all, vector{Name: c.name, Sentence: c.sentence, Input: map[string]any{"jwe": c.jwe}, Refused: refusalOf(t, err)})
	}
	return all
}

// contradictedRecords are well-formed records in events that say otherwise.
func contradictedRecords(t *testing.T, e events.Event) []vector {
	t.Helper()
	var all []vector
	for name, change := range map[string]func(*events.Event){
		"another case":     func(e *events.Event) { e.Subject = "01936a00-0000-7000-8000-00000000beef" },
		"another referral": func(e *events.Event) { e.CorrelationID = events.EventID(theCase) },
		"another id":       func(e *events.Event) { e.ID = "01936a00-0000-7000-8000-00000000beef" },
		"another source":   func(e *events.Event) { e.Source = events.Source("sampleland", "lighthouse-shelter") },
		"an answer in a record.sealed": func(e *events.Event) {
			*e = fixedAnswer(t)
			e.Type, e.DataSchema = events.TypeRecordSealed, events.TypeRecordSealed.Schema()
		},
		"an answer in a referral.asked": func(e *events.Event) {
			*e = fixedAnswer(t)
			e.Type, e.DataSchema = events.TypeReferralAsked, events.TypeReferralAsked.Schema()
		},
	} {
		changed := e
		change(&changed)
		changed, err := signingKey(t, "police").Sign(changed)
		must(t, err)
		_, err = seal.CheckRecord(changed)
		all = append(all, vector{
			Name: name, Sentence: sentenceHeader,
			Input: map[string]any{"attributes": pairs(changed), "data": string(changed.Data)}, Refused: refusalOf(t, err),
		})
	}
	return sortedByName(all)
}
