package tlog_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/transparency-dev/formats/log"
	othernote "github.com/transparency-dev/formats/note"
	otherproof "github.com/transparency-dev/formats/proof"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// A receipt checks with transparency-dev's formats and merkle, which share no
// code with ours, and travels as a C2SP tlog-proof.
func TestReceiptChecksWithIndependentCode(t *testing.T) {
	d := deliverAll(t)
	portable := otherproof.TLogProof{Index: d.receipt.Entry, Checkpoint: d.receipt.Checkpoint}
	for _, h := range d.receipt.Proof {
		portable.Hashes = append(portable.Hashes, h)
	}
	var got otherproof.TLogProof
	must(t, got.Unmarshal(portable.Marshal()))

	verifier, err := othernote.NewVerifier(d.vkey)
	must(t, err)
	checkpoint, rest, _, err := log.ParseCheckpoint(got.Checkpoint, sampleland.Origin(), verifier)
	must(t, err)
	if len(rest) != 0 || checkpoint.Origin != sampleland.Origin() || checkpoint.Size != d.tree.Size() {
		t.Fatalf("read %+v and %d bytes more", checkpoint, len(rest))
	}
	hashes := make([][]byte, len(got.Hashes))
	for i := range got.Hashes {
		hashes[i] = got.Hashes[i][:]
	}
	leaf := rfc6962.DefaultHasher.HashLeaf(d.receipt.Opening().Leaf())
	must(t, proof.VerifyInclusion(rfc6962.DefaultHasher, got.Index, checkpoint.Size, leaf, hashes, checkpoint.Hash))
}

func TestCheckpointHasOneForm(t *testing.T) {
	h := newHub(t, sampleland, "checkpoint")
	h.admit(h.opened(1))
	pins := h.pins(police)
	good := tlog.Checkpoint{Origin: sampleland.Origin(), Size: 1, Root: h.tree.Root()}
	signed := h.checkpoint()
	got, err := tlog.ParseCheckpoint(signed, pins.Log)
	must(t, err)
	if got != good {
		t.Fatalf("read %+v", got)
	}
	for name, changed := range otherCheckpointTexts(good.Text()) {
		b, err := note.Sign(&note.Note{Text: changed}, h.log)
		must(t, err)
		if _, err := tlog.ParseCheckpoint(b, pins.Log); !errors.Is(err, tlog.ErrCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The last base64 digit before the padding has two bits that decode to nothing.
	i := bytes.LastIndexByte(signed, '=') - 1
	loose := bytes.Clone(signed)
	loose[i] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"[strings.IndexByte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/", loose[i])|1]
	if _, err := tlog.ParseCheckpoint(loose, pins.Log); !errors.Is(err, tlog.ErrCheckpoint) {
		t.Errorf("a second form of the signature: %v", err)
	}
	if _, err := (tlog.Checkpoint{Origin: "handrail/otherland"}).Sign(h.log); err == nil {
		t.Error("signed another log's checkpoint")
	}
}

// otherCheckpointTexts are texts that the log key could sign and that are no checkpoint of size 1.
func otherCheckpointTexts(text string) map[string]string {
	return map[string]string{
		"leading zero":    strings.Replace(text, "\n1\n", "\n01\n", 1),
		"extension line":  text + "more\n",
		"another origin":  strings.Replace(text, "sampleland", "otherland", 1),
		"no root":         strings.Join(strings.SplitAfter(text, "\n")[:2], ""),
		"short root":      strings.Replace(text, "=\n", "\n", 1),
		"number too high": strings.Replace(text, "\n1\n", "\n9007199254740992\n", 1),
	}
}

// Witnesses add their lines to a checkpoint without breaking it.
func TestWitnessedCheckpointStillVerifies(t *testing.T) {
	h := newHub(t, sampleland, "witnessed")
	h.admit(h.opened(1))
	signed := h.witnessed()
	if _, err := tlog.ParseCheckpoint(signed, h.pins(police).Log); err != nil {
		t.Error(err)
	}
}

// witnessed is the checkpoint with a second signature.
func (h *hub) witnessed() []byte {
	skey, _, err := tlog.NewLogKey("witness.example", h.random)
	must(h.t, err)
	witness, err := note.NewSigner(skey)
	must(h.t, err)
	n, err := note.Open(h.checkpoint(), note.VerifierList(h.pins(police).Log))
	must(h.t, err)
	signed, err := note.Sign(n, witness)
	must(h.t, err)
	return signed
}

func TestKeysAreWhatTheySay(t *testing.T) {
	if _, _, err := tlog.NewLogKey("handrail/x", bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("made a log key of 31 bytes")
	}
	if _, _, err := tlog.NewLogKey("two words", bytes.NewReader(make([]byte, 32))); err == nil {
		t.Error("made a log key with a name that notes do not allow")
	}
	h := newHub(t, sampleland, "keys")
	if _, err := tlog.HubVerifier(sampleland, "AAAA"); err == nil {
		t.Error("read a hub key of 3 bytes")
	}
	if _, err := tlog.HubSigner(sampleland, events.PublicKey("not base64"), h.key.SignBytes); err == nil {
		t.Error("read a hub key of no base64")
	}
	other, err := seal.NewSigningKey(h.random)
	must(t, err)
	if _, err := tlog.HubSigner(sampleland, h.key.Public(), other.SignBytes); err == nil {
		t.Error("would sign with a key that is not the published one")
	}
}
