package tlog_test

import (
	"crypto/sha256"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"handrail/contracts/tlog"
)

// The proofs by which another implementation of RFC 6962 is held to account are
// believed, or not, as it believes them.
func TestProofVectorsOfAnotherImplementation(t *testing.T) {
	content, err := os.ReadFile("testdata/merkle-proofs.json")
	must(t, err)
	var file struct {
		Inclusion []struct {
			Name              string
			LeafIdx, TreeSize uint64
			Root, LeafHash    []byte
			Proof             [][]byte
			WantErr           bool
		}
		Consistency []struct {
			Name         string
			Size1, Size2 uint64
			Root1, Root2 []byte
			Proof        [][]byte
			WantErr      bool
		}
	}
	must(t, json.Unmarshal(content, &file))
	if len(file.Inclusion) < 90 || len(file.Consistency) < 90 {
		t.Fatalf("%d and %d vectors", len(file.Inclusion), len(file.Consistency))
	}
	for _, v := range file.Inclusion {
		hashes, ok := ourHashes(append([][]byte{v.Root, v.LeafHash}, v.Proof...))
		accepted := ok && tlog.VerifyInclusion(tlog.Checkpoint{Size: v.TreeSize, Root: hashes[0]}, v.LeafIdx, hashes[1], hashes[2:]) == nil
		if accepted == v.WantErr {
			t.Errorf("%s: believed: %v", v.Name, accepted)
		}
	}
	for _, v := range file.Consistency {
		hashes, ok := ourHashes(append([][]byte{v.Root1, v.Root2}, v.Proof...))
		accepted := ok && tlog.VerifyConsistency(tlog.Checkpoint{Size: v.Size1, Root: hashes[0]}, tlog.Checkpoint{Size: v.Size2, Root: hashes[1]}, hashes[2:]) == nil
		if v.Size1 == 0 && v.Size2 > 0 && len(v.Proof) == 0 && string(v.Root1) == string(hashBytes(slowRoot(nil))) {
			accepted = !accepted // C2SP tlog-witness: every log goes on from nothing; theirs will not say
		}
		if accepted == v.WantErr {
			t.Errorf("%s: believed: %v", v.Name, accepted)
		}
	}
}

// ourHashes gives the hashes and whether all are: what is not cannot even be
// asked about. A few of the vectors have a word in place of a root, which only
// counts by its equality; its digest stands for it.
func ourHashes(raw [][]byte) ([]tlog.Hash, bool) {
	hashes := make([]tlog.Hash, len(raw))
	for i, b := range raw {
		switch {
		case len(b) == len(tlog.Hash{}):
			hashes[i] = tlog.Hash(b)
		case strings.HasPrefix(string(b), "don't care"):
			hashes[i] = sha256.Sum256(b)
		default:
			return nil, false
		}
	}
	return hashes, true
}
