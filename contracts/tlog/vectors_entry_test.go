package tlog_test

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/tlog"
	"handrail/events"
)

func TestEntryVectors(t *testing.T) {
	d := deliverAll(t)
	first, err := tlog.ParseEntry(d.openings[0].Entry)
	must(t, err)
	chained, err := tlog.ParseEntry(d.openings[5].Entry)
	must(t, err)
	refused, err := tlog.ParseEntry(d.openings[6].Entry)
	must(t, err)
	bare := refused
	bare.Pointer, bare.Case, bare.Rule = "", "", "signature-invalid"
	file := vectorFile{
		About: "Entry bytes: input.entry is the whole entry, output what it says. Lines of name ce- are the event's attributes in the contract's order. What is refused is no entry, in any log: one entry has one form.",
		Vectors: []vector{
			entryVector("admitted, first of its chain", sentenceAdmitted, first),
			entryVector("admitted, linked to the previous entry of its chain", sentenceAdmitted, chained),
			entryVector("refused after the signature was checked", sentenceRefused, refused),
			entryVector("refused before that: neither pointer nor case", sentenceRefused, bare),
			saltedDigest(d.refused, d.refusal.DigestSalt, refused.Salted),
		},
	}
	h := newHub(t, sampleland, "form")
	h.admit(h.opened(1))
	forms := otherEntryForms(string(h.admit(h.opened(2)).Bytes()), string(h.refuse(h.opened(3), [32]byte{1}).Bytes()))
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		sentence := sentenceLines
		switch {
		case strings.Contains(forms[name], "verdict refused"):
			sentence = sentenceRefused
		case strings.HasPrefix(name, "attribute"), strings.Contains(name, "link"), name == "milliseconds", name == "another submitter":
			sentence = sentenceAdmitted
		}
		_, err := tlog.ParseEntry([]byte(forms[name]))
		file.Vectors = append(file.Vectors, vector{Name: name, Sentence: sentence, Input: map[string]any{"entry": forms[name]}, Refused: refusedBy(t, name, err)})
	}
	publish(t, "entry.json", file)
}

func entryVector(name, sentence string, e tlog.Entry) vector {
	says := map[string]any{"number": e.Number, "admitted": e.Admitted.Format(tlog.AdmittedFormat), "verdict": e.Verdict, "submitter": e.Submitter}
	if e.Verdict == tlog.Refused {
		says["rule"], says["pointer"], says["case"], says["salted_digest_hex"] = e.Rule, e.Pointer, e.Case, hex.EncodeToString(e.Salted[:])
	} else {
		says["profile"], says["clause"], says["semantics"], says["data_sha256_hex"] = e.Profile, e.Clause, e.Semantics, hex.EncodeToString(e.DataDigest[:])
	}
	if e.Previous != nil {
		says["previous_number"], says["previous_leaf_hex"] = e.Previous.Number, hex.EncodeToString(e.Previous.Leaf[:])
	}
	return vector{Name: name, Sentence: sentence, Input: map[string]any{"entry": string(e.Bytes())}, Output: says}
}

// saltedDigest shows on bytes what no sentence spells out: how a refused submission is digested.
func saltedDigest(e events.Event, salt, salted [32]byte) vector {
	submission := tlog.SubmissionDigest(e.Attributes(), e.Data)
	return vector{
		Name: "salted digest: of SHA-256(name), SHA-256(value) of each attribute in the order of their names, then SHA-256(data), the SHA-256; of that, HMAC-SHA-256 under the salt", Sentence: sentenceRefused,
		Input:  map[string]any{"attributes": pairs(e), "data": string(e.Data), "salt_hex": hex.EncodeToString(salt[:])},
		Output: map[string]any{"submission_sha256_hex": hex.EncodeToString(submission[:]), "salted_digest_hex": hex.EncodeToString(salted[:])},
	}
}

func TestLeafVectors(t *testing.T) {
	d := deliverAll(t)
	file := vectorFile{About: "Leaves: the bytes 'handrail-leaf v1' LF and the 32 bytes of HMAC-SHA-256(salt, entry bytes). Leaf hash: SHA-256(0x00 || leaf). One changed byte of salt or entry is another leaf, so no proof leads from it to the checkpoint."}
	admitted, refused := d.openings[5], d.openings[6]
	resalted, changed := admitted, admitted
	resalted.Salt[31] ^= 1
	changed.Entry = []byte(strings.Replace(string(admitted.Entry), "clause 4.2", "clause 4.3", 1))
	for _, c := range []struct {
		name string
		of   tlog.Opening
	}{{"admitted entry", admitted}, {"refused entry", refused}, {"another salt, another leaf", resalted}, {"another entry, another leaf", changed}} {
		h := c.of.LeafHash()
		file.Vectors = append(file.Vectors, vector{
			Name: c.name, Sentence: sentenceLeaf,
			Input:  map[string]any{"salt_hex": hex.EncodeToString(c.of.Salt[:]), "entry": string(c.of.Entry)},
			Output: map[string]any{"leaf_hex": hex.EncodeToString(c.of.Leaf()), "leaf_hash_hex": hex.EncodeToString(h[:])},
		})
	}
	publish(t, "leaf.json", file)
}
