package tlog_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/transparency-dev/formats/log"
	othernote "github.com/transparency-dev/formats/note"
	otherproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"handrail/contracts/tlog"
)

// proved is the tlog-proof of the hub's entry, cosigned by police and shelter.
func (w witnesses) proved(entry uint64) tlog.Proof {
	w.t.Helper()
	path, err := tlog.Prove(w.tree.Size(), entry, w.stored.read)
	must(w.t, err)
	return tlog.NewProof(entry, w.openings[entry], path, w.cosign(w.cosign(w.checkpoint(), police, epoch), shelter, epoch))
}

func TestProofVerifies(t *testing.T) {
	w := newWitnesses(t, "proof")
	for n := range w.tree.Size() {
		p := w.proved(n)
		got, err := tlog.ParseProof(p.Marshal())
		must(t, err)
		entry, checkpoint, err := w.pins("").VerifyProof(got)
		must(t, err)
		if entry.Number != n || !bytes.Equal(entry.Bytes(), w.openings[n].Entry) || checkpoint.Size != w.tree.Size() {
			t.Errorf("read entry %d at %d", entry.Number, checkpoint.Size)
		}
		by, err := tlog.Cosignatures(got.Checkpoint, w.cosigners())
		if err != nil || len(by) != 2 {
			t.Errorf("cosigned by %d: %v", len(by), err)
		}
	}
}

// A proof is read, and each of its parts believed, by code that shares nothing with ours.
func TestProofChecksWithIndependentCode(t *testing.T) {
	w := newWitnesses(t, "portable proof")
	ours := w.proved(1)
	var got otherproof.TLogProof
	must(t, got.Unmarshal(ours.Marshal()))
	if !bytes.Equal(got.Marshal(), ours.Marshal()) {
		t.Error("they write another proof")
	}
	verifier, err := othernote.NewVerifier(w.hub.vkey)
	must(t, err)
	cosigner, err := othernote.NewVerifierForCosignatureV1(w.vkey[shelter])
	must(t, err)
	checkpoint, _, n, err := log.ParseCheckpoint(got.Checkpoint, sampleland.Origin(), verifier, cosigner)
	must(t, err)
	if len(n.Sigs) != 2 || len(n.UnverifiedSigs) != 1 {
		t.Errorf("they believe %d signatures", len(n.Sigs))
	}
	hashes := make([][]byte, len(got.Hashes))
	for i := range got.Hashes {
		hashes[i] = got.Hashes[i][:]
	}
	opening := tlog.Opening{Salt: [32]byte(got.ExtraData[:32]), Entry: got.ExtraData[32:]}
	must(t, proof.VerifyInclusion(rfc6962.DefaultHasher, got.Index, checkpoint.Size, rfc6962.DefaultHasher.HashLeaf(opening.Leaf()), hashes, checkpoint.Hash))
	theirs, err := tlog.ParseProof(otherproof.TLogProof{Index: 1, Hashes: got.Hashes, Checkpoint: got.Checkpoint, ExtraData: got.ExtraData}.Marshal())
	must(t, err)
	if _, _, err := w.pins("").VerifyProof(theirs); err != nil {
		t.Error(err)
	}
}

// After erasure a proof without opening still parses and still shows its place by the leaf alone.
func TestProofWithoutOpening(t *testing.T) {
	w := newWitnesses(t, "destroyed")
	p := w.proved(1)
	leaf := w.openings[1].LeafHash()
	p.Extra = nil
	got, err := tlog.ParseProof(p.Marshal())
	must(t, err)
	if _, _, err := w.pins("").VerifyProof(got); !errors.Is(err, tlog.ErrEntry) {
		t.Errorf("believed an entry that nobody can open: %v", err)
	}
	checkpoint, err := tlog.ParseCheckpoint(got.Checkpoint, w.logKey)
	must(t, err)
	must(t, tlog.VerifyInclusion(checkpoint, got.Index, leaf, got.Path))
	for _, extra := range [][]byte{make([]byte, 32), make([]byte, 32+tlog.MaxEntryBytes+1)} {
		p.Extra = extra
		if _, err := p.Opening(); err == nil {
			t.Errorf("opened %d bytes", len(extra))
		}
	}
}

// No changed byte of a proof leaves all that it said.
func TestEveryFlippedByteOfAProofIsNoticed(t *testing.T) {
	w := newWitnesses(t, "proof flips")
	text, pins, cosigners := w.proved(1).Marshal(), w.pins(""), w.cosigners()
	for i := range text {
		flip := byte(1) << (i % 8)
		bad := bytes.Clone(text)
		bad[i] ^= flip
		p, err := tlog.ParseProof(bad)
		if err != nil {
			continue
		}
		_, _, err = pins.VerifyProof(p)
		by, also := tlog.Cosignatures(p.Checkpoint, cosigners)
		if err == nil && also == nil && len(by) == 2 {
			t.Fatalf("byte %d changed by %#x: believed", i, flip)
		}
	}
}

func TestProofHasOneForm(t *testing.T) {
	w := newWitnesses(t, "proof form")
	text := string(w.proved(1).Marshal())
	for name, changed := range otherProofs(text) {
		if changed == text {
			t.Fatalf("%s: the test changed nothing", name)
		}
		if _, err := tlog.ParseProof([]byte(changed)); err == nil {
			t.Errorf("%s: read", name)
		}
	}
}

// otherProofs are texts that are nearly the proof of entry 1 in a log of 3.
func otherProofs(text string) map[string]string {
	lines := strings.SplitAfter(text, "\n")
	without := func(n int) string { return strings.Join(slices.Delete(slices.Clone(lines), n, n+1), "") }
	return map[string]string{
		"nothing":            "",
		"another version":    strings.Replace(text, "@v1", "@v2", 1),
		"no version":         without(0),
		"no index":           without(2),
		"index with zero":    strings.Replace(text, "index 1", "index 01", 1),
		"index with sign":    strings.Replace(text, "index 1", "index +1", 1),
		"negative index":     strings.Replace(text, "index 1", "index -1", 1),
		"index beyond 2^53":  strings.Replace(text, "index 1", "index 9007199254740992", 1),
		"index beyond 2^64":  strings.Replace(text, "index 1", "index 18446744073709551617", 1),
		"empty extra":        strings.Replace(text, lines[1], "extra \n", 1),
		"extra without name": strings.Replace(text, "extra ", "", 1),
		"two extras":         strings.Replace(text, lines[1], lines[1]+lines[1], 1),
		"extra behind index": strings.Replace(text, lines[1]+lines[2], lines[2]+lines[1], 1),
		"loose extra":        strings.Replace(text, lines[1], "extra AAB=\n", 1),
		"a short hash":       strings.Replace(text, lines[3], lines[3][4:], 1),
		"carriage returns":   strings.ReplaceAll(text, "\n", "\r\n"),
		"no checkpoint":      text[:strings.Index(text, "\n\n")+2],
		"no blank line":      strings.Replace(text, "\n\n", "\n", 1),
		"a space":            strings.Replace(text, "index ", "index  ", 1),
		"64 hashes":          strings.Replace(text, lines[3], strings.Repeat(lines[3], 64), 1),
		"huge":               text + strings.Repeat("x", tlog.MaxProofBytes),
	}
}

func TestProofOfAnotherEntryIsNotBelieved(t *testing.T) {
	w := newWitnesses(t, "other entries")
	good := w.proved(1)
	other := newHub(t, "otherland", "another country")
	other.admit(other.opened(1))
	for name, c := range map[string]struct {
		want   error
		change func(*tlog.Proof)
	}{
		"another number":       {tlog.ErrProof, func(p *tlog.Proof) { p.Index = 0 }},
		"beyond the log":       {tlog.ErrProof, func(p *tlog.Proof) { p.Index = 3 }},
		"another path":         {tlog.ErrProof, func(p *tlog.Proof) { p.Path = w.proved(2).Path }},
		"no path":              {tlog.ErrProof, func(p *tlog.Proof) { p.Path = nil }},
		"another opening":      {tlog.ErrProof, func(p *tlog.Proof) { p.Extra = w.proved(2).Extra }},
		"another log":          {tlog.ErrCheckpoint, func(p *tlog.Proof) { p.Checkpoint = other.checkpoint() }},
		"no entry":             {tlog.ErrEntry, func(p *tlog.Proof) { p.Extra = nil }},
		"entry without a salt": {tlog.ErrProof, func(p *tlog.Proof) { p.Extra = p.Extra[32:] }},
	} {
		bad := good
		c.change(&bad)
		if _, _, err := w.pins("").VerifyProof(bad); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// FuzzProof holds the reader to its one form, and to what the other implementation reads.
func FuzzProof(f *testing.F) {
	w := newWitnesses(f, "proof fuzz")
	text := string(w.proved(1).Marshal())
	f.Add([]byte(text))
	for _, other := range otherProofs(text) {
		f.Add([]byte(other))
	}
	pins := w.pins("")
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := tlog.ParseProof(data)
		if err != nil {
			return
		}
		if !bytes.Equal(p.Marshal(), data) {
			t.Fatal("read another form")
		}
		var theirs otherproof.TLogProof
		if err := theirs.Unmarshal(data); err == nil && (theirs.Index != p.Index || !bytes.Equal(theirs.ExtraData, p.Extra) || len(theirs.Hashes) != len(p.Path)) {
			t.Fatalf("they read another proof: %+v", theirs)
		}
		if entry, _, err := pins.VerifyProof(p); err == nil && !bytes.Equal(entry.Bytes(), w.openings[entry.Number].Entry) {
			t.Fatal("believed an entry that is not in the log:", base64.StdEncoding.EncodeToString(entry.Bytes()))
		}
	})
}
