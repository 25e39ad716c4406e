package tlog_test

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

const (
	sentenceWitnessKey  = "A witness is an agency with a key of C2SP tlog-cosignature, Ed25519 (type `04`), named `handrail/<hub>/<agency>` and used for nothing else; its listing holds the verifier key."
	sentenceCosignature = "Its cosignature is one more signature line of the checkpoint and tells the second at which it was made."
	sentenceOnce        = "An agency counts once. A bad signature by a listed key makes the whole note malformed."
	sentenceJudges      = "A witness judges an offered checkpoint as C2SP tlog-witness says and remembers what it cosigned before anybody gets the cosignature."
	sentenceUnsigned    = "It answers `unsigned` when the log's key did not sign it;"
	sentenceForked      = "`inconsistent` when it has another root at the same size, or its proof does not show that it goes on from the one cosigned last;"
	sentenceRolledBack  = "`rolled-back` when it is smaller than that one;"
	sentenceStateLost   = "`state-lost` when the log says that it goes on from a larger size than the witness remembers;"
	sentenceOldSize     = "`old-size` when from a smaller one."
	sentenceExtra       = "Proof of one entry for later is a C2SP tlog-proof: its `extra` is the salt and the entry bytes, one behind the other, and is absent once they are destroyed; its checkpoint has the cosignatures."
	sentenceProofForm   = "It has one form, at most 64 KiB, a checkpoint in it at most 24 KiB."
)

// listed is how a vector names the cosigners that count.
func (w witnesses) listed() []map[string]any {
	var all []map[string]any
	for _, c := range w.cosigners() {
		all = append(all, map[string]any{"agency": c.Agency, "kind": c.Kind, "witness_key": w.vkey[c.Agency]})
	}
	return all
}

func (w witnesses) cosignedBy(signed []byte) ([]map[string]any, error) {
	got, err := tlog.Cosignatures(signed, w.cosigners())
	all := []map[string]any{}
	for _, c := range got {
		all = append(all, map[string]any{"agency": c.Agency, "kind": c.Kind, "at": c.At.Format(time.RFC3339)})
	}
	return all, err
}

// signedBy checks by Ed25519 itself that a signature line is the agency's over a message.
func (w witnesses) signedBy(agency events.AgencyID, message, line string) {
	w.t.Helper()
	public, err := base64.StdEncoding.DecodeString(strings.SplitN(w.vkey[agency], "+", 3)[2])
	must(w.t, err)
	signature, err := base64.StdEncoding.DecodeString(strings.TrimSpace(line[strings.LastIndex(line, " "):]))
	must(w.t, err)
	if !ed25519.Verify(public[1:], []byte(message), signature[4+8:]) {
		w.t.Error("the message is not what was signed")
	}
}

func TestCosignatureVectors(t *testing.T) {
	w := newWitnesses(t, "cosignature vectors")
	file := vectorFile{
		About: "Cosignatures. Cosign input.note with given.secret at input.time (seconds since 1970): the signed message is output.message, the cosigned note output.note. " +
			"Read input.cosigned with given.witnesses: output.cosignatures says who cosigned and when. input.witness_key is a key to read.",
		Given: map[string]any{"origin": sampleland.Origin(), "log_key": w.hub.vkey, "secret": w.secret[shelter], "witnesses": w.listed()},
	}
	signed := w.checkpoint()
	one := w.cosign(signed, shelter, epoch)
	text, _, _ := strings.Cut(string(signed), "\n\n")
	message := fmt.Sprintf("cosignature/v1\ntime %d\n%s\n", epoch.Unix(), text)
	w.signedBy(shelter, message, string(one[len(signed):]))
	file.Vectors = append(file.Vectors, vector{
		Name: "cosigned by lighthouse-shelter", Sentence: sentenceCosignature, Input: map[string]any{"note": string(signed), "time": epoch.Unix()},
		Output: map[string]any{"message": message, "note": string(one)},
	})
	two := w.cosign(one, police, epoch.Add(time.Minute))
	stranger, err := note.Sign(&note.Note{Text: text + "\n"}, w.log)
	must(t, err)
	for _, c := range []struct{ name, cosigned string }{{"nobody's", string(stranger)}, {"one's", string(one)}, {"two's", string(two)}, {"a stranger's line is ignored", string(one) + "— stranger.example AAAAAAA=\n"}, {"the same line twice", string(one) + string(one[len(signed):])}} {
		by, err := w.cosignedBy([]byte(c.cosigned))
		must(t, err)
		file.Vectors = append(file.Vectors, vector{Name: c.name, Sentence: sentenceOnce, Input: map[string]any{"cosigned": c.cosigned}, Output: map[string]any{"cosignatures": by}})
	}
	other := w.cosign(w.signedHead(leafHashes(2)), shelter, epoch)
	line := other[strings.LastIndex(string(other), "— "):]
	for _, c := range []struct{ name, cosigned string }{
		{"a line of another checkpoint", string(signed) + string(line)},
		{"another size below the lines", strings.Replace(string(one), "\n3\n", "\n4\n", 1)},
		{"a line without a line feed", string(one[:len(one)-1])},
	} {
		_, err := w.cosignedBy([]byte(c.cosigned))
		file.Vectors = append(file.Vectors, vector{Name: c.name, Sentence: sentenceOnce, Input: map[string]any{"cosigned": c.cosigned}, Refused: refusedBy(t, c.name, err)})
	}
	file.Vectors = append(file.Vectors, vector{Name: "a witness key", Sentence: sentenceWitnessKey, Input: map[string]any{"witness_key": w.vkey[police]}, Output: map[string]any{"name": w.witness[police].Verifier().Name()}})
	keys := otherKeys()
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		changed := keys[name](w.vkey[shelter])
		_, err := tlog.NewWitnessVerifier(changed)
		file.Vectors = append(file.Vectors, vector{Name: "a witness key: " + name, Sentence: sentenceWitnessKey, Input: map[string]any{"witness_key": changed}, Refused: refusedBy(t, name, err)})
	}
	publish(t, "cosignature.json", file)
}

func TestWitnessVectors(t *testing.T) {
	h := newHub(t, sampleland, "witness vectors")
	file := vectorFile{
		About: "What a witness answers. It cosigned input.last last (absent: none yet) and is offered input.checkpoint, a signed note, from the size input.old with input.proof, hashes in base64. Without refused it cosigns; else refused.check is its finding. Leaf n is the 8 bytes of n, big-endian, as in tree.json.",
		Given: map[string]any{"origin": sampleland.Origin(), "log_key": h.vkey},
	}
	sentences := map[events.Finding]string{
		"": sentenceJudges, events.FindingUnsigned: sentenceUnsigned, events.FindingInconsistent: sentenceForked,
		events.FindingRolledBack: sentenceRolledBack, events.FindingStateLost: sentenceStateLost, events.FindingOldSize: sentenceOldSize,
	}
	for _, o := range offers(h, newHub(t, sampleland, "a second key of the same name")) {
		memory := remembers(o.last)
		_, finding, err := memory.Judge(o.signed, o.old, o.proof, h.pins(police).Log)
		if (err != nil) != (finding != "") {
			t.Errorf("%s: finding %q: %v", o.name, finding, err)
		}
		v := vector{Name: o.name, Sentence: sentences[finding], Input: map[string]any{"checkpoint": string(o.signed), "old": o.old, "proof": append([]tlog.Hash{}, o.proof...)}}
		if len(o.last) > 0 {
			v.Input["last"] = map[string]any{"size": memory.Last.Size, "root": memory.Last.Root}
		}
		if finding != "" {
			v.Refused = &refusal{string(finding)}
		}
		file.Vectors = append(file.Vectors, v)
	}
	publish(t, "witness.json", file)
}

func TestProofVectors(t *testing.T) {
	w := newWitnesses(t, "proof vectors")
	file := vectorFile{
		About: "Proofs that an entry stands in the log, to be verified offline: input.tlog_proof is the text of a C2SP tlog-proof. output has the number, the entry, and who cosigned the checkpoint, by given.witnesses. Without extra, check input.leaf_hash in its place.",
		Given: map[string]any{"hub": sampleland, "log_key": w.hub.vkey, "witnesses": w.listed()},
	}
	for n, name := range []string{"genesis", "an entry", "the last entry"} {
		p := w.proved(uint64(n))
		entry, checkpoint, err := w.pins("").VerifyProof(p)
		must(t, err)
		by, err := w.cosignedBy(p.Checkpoint)
		must(t, err)
		file.Vectors = append(file.Vectors, vector{
			Name: name, Sentence: sentenceExtra, Input: map[string]any{"tlog_proof": string(p.Marshal())},
			Output: map[string]any{"number": entry.Number, "entry": string(entry.Bytes()), "size": checkpoint.Size, "cosignatures": by},
		})
	}
	good := w.proved(1)
	bare := good
	bare.Extra = nil
	checkpoint, err := tlog.ParseCheckpoint(bare.Checkpoint, w.logKey)
	must(t, err)
	must(t, tlog.VerifyInclusion(checkpoint, bare.Index, w.openings[1].LeafHash(), bare.Path))
	file.Vectors = append(file.Vectors, vector{
		Name: "an entry that was destroyed", Sentence: sentenceExtra, Input: map[string]any{"tlog_proof": string(bare.Marshal()), "leaf_hash": w.openings[1].LeafHash()}, Output: map[string]any{"number": 1, "size": checkpoint.Size},
	})
	refuse := func(name, sentence, text string) {
		p, err := tlog.ParseProof([]byte(text))
		if err == nil {
			_, _, err = w.pins("").VerifyProof(p)
		}
		file.Vectors = append(file.Vectors, vector{Name: name, Sentence: sentence, Input: map[string]any{"tlog_proof": text}, Refused: refusedBy(t, name, err)})
	}
	texts := otherProofs(string(good.Marshal()))
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		if len(texts[name]) < 8<<10 {
			refuse(name, sentenceProofForm, texts[name])
		}
	}
	moved, other, unsigned := good, good, good
	moved.Index, other.Extra = 0, w.proved(2).Extra
	unsigned.Checkpoint = []byte(strings.Replace(string(good.Checkpoint), "\n3\n", "\n4\n", 1))
	refuse("another number", sentenceExtra, string(moved.Marshal()))
	refuse("another opening", sentenceExtra, string(other.Marshal()))
	refuse("another checkpoint", sentenceExtra, string(unsigned.Marshal()))
	publish(t, "tlog-proof.json", file)
}
