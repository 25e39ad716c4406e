package tlog_test

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	oracle "github.com/transparency-dev/merkle/testonly"
	"pgregory.net/rapid"

	"handrail/contracts/tlog"
)

func leafHash(n int) tlog.Hash {
	var b [9]byte
	binary.BigEndian.PutUint64(b[1:], uint64(n))
	return sha256.Sum256(b[:])
}

// slowRoot is RFC 6962's definition of the root, word for word.
func slowRoot(leaves []tlog.Hash) tlog.Hash {
	switch len(leaves) {
	case 0:
		return sha256.Sum256(nil)
	case 1:
		return leaves[0]
	}
	k := split(len(leaves))
	return slowNode(slowRoot(leaves[:k]), slowRoot(leaves[k:]))
}

// slowProof is RFC 6962's PATH(m, D[n]), word for word.
func slowProof(m int, leaves []tlog.Hash) []tlog.Hash {
	if len(leaves) == 1 {
		return nil
	}
	if k := split(len(leaves)); m < k {
		return append(slowProof(m, leaves[:k]), slowRoot(leaves[k:]))
	} else {
		return append(slowProof(m-k, leaves[k:]), slowRoot(leaves[:k]))
	}
}

// split is the largest power of two smaller than n.
func split(n int) int {
	k := 1
	for k*2 < n {
		k *= 2
	}
	return k
}

func slowNode(left, right tlog.Hash) tlog.Hash {
	return sha256.Sum256(slices.Concat([]byte{1}, left[:], right[:]))
}

// grown is a stored tree beside an independent one.
func grown(size int) (tlog.Tree, *store, *oracle.Tree) {
	var tree tlog.Tree
	stored, other := &store{}, oracle.New(rfc6962.DefaultHasher)
	for n := range size {
		h := leafHash(n)
		stored.leaf(h)
		tree.Append(h, stored.node)
		other.Append(h[:])
	}
	return tree, stored, other
}

func sameProof(a []tlog.Hash, b [][]byte) bool {
	return slices.EqualFunc(a, b, func(x tlog.Hash, y []byte) bool { return string(x[:]) == string(y) })
}

// checkSize checks root, restored edge and the given proofs in the tree of a
// size against independent code; stored may hold more.
func checkSize(t *testing.T, stored *store, other *oracle.Tree, size int, numbers []int) {
	t.Helper()
	restored, err := tlog.RestoreTree(uint64(size), stored.read)
	must(t, err)
	prover := tlog.NewProver(uint64(size), stored.read)
	root, err := prover.Root()
	must(t, err)
	want := other.HashAt(uint64(size))
	if got := restored.Root(); string(got[:]) != string(want) || got != root {
		t.Fatalf("size %d: roots differ", size)
	}
	for _, n := range numbers {
		got, err := prover.Prove(uint64(n))
		must(t, err)
		expected, err := other.InclusionProof(uint64(n), uint64(size))
		must(t, err)
		if !sameProof(got, expected) {
			t.Fatalf("size %d: proofs of entry %d differ", size, n)
		}
		raw := make([][]byte, len(got))
		for i := range got {
			raw[i] = got[i][:]
		}
		h := leafHash(n)
		must(t, proof.VerifyInclusion(rfc6962.DefaultHasher, uint64(n), uint64(size), h[:], raw, want))
		must(t, tlog.VerifyInclusion(tlog.Checkpoint{Size: uint64(size), Root: root}, uint64(n), h, got))
	}
}

func TestTreeAgreesWithIndependentCode(t *testing.T) {
	_, stored, other := grown(600)
	leaves := stored.levels[0]
	for size := 1; size <= 600; size++ {
		numbers := []int{0, size / 3, size / 2, size - 1, min(255, size-1), min(256, size-1)}
		if size <= 40 || size > 253 && size < 259 || size > 510 && size < 515 {
			numbers = nil
			for n := range size {
				numbers = append(numbers, n)
			}
		}
		checkSize(t, stored, other, size, numbers)
		if root := other.HashAt(uint64(size)); string(root) != string(hashBytes(slowRoot(leaves[:size]))) {
			t.Fatalf("size %d: independent code and RFC 6962's definition differ", size)
		}
		for _, n := range []int{0, size / 2, size - 1} {
			got, err := tlog.Prove(uint64(size), uint64(n), stored.read)
			must(t, err)
			if !slices.Equal(got, slowProof(n, leaves[:size])) {
				t.Fatalf("size %d: proof of entry %d is not RFC 6962's", size, n)
			}
		}
	}
}

func hashBytes(h tlog.Hash) []byte { return h[:] }

func TestTreeAcrossTwoTileLevels(t *testing.T) {
	const most = 65536*2 + 300
	tree, stored, other := grown(most)
	if got := tree.Root(); string(got[:]) != string(other.Hash()) {
		t.Fatal("roots differ")
	}
	if len(stored.levels[1]) != most/256 || len(stored.levels[2]) != 2 {
		t.Fatalf("emitted %d and %d nodes", len(stored.levels[1]), len(stored.levels[2]))
	}
	for i, h := range stored.levels[2] {
		if h != slowRoot(stored.levels[0][i*65536:(i+1)*65536]) {
			t.Fatalf("node %d of level 2 is not the root of its 65536 leaves", i)
		}
	}
	for _, size := range []int{65535, 65536, 65537, 65536 + 255, 65536 + 256, 65536 + 257, 131071, 131072, 131073, most} {
		checkSize(t, stored, other, size, []int{0, 1, 255, 256, 65535 - 256, size / 2, size - 300, size - 257, size - 256, size - 2, size - 1})
	}
}

func TestEmptyTree(t *testing.T) {
	tree, err := tlog.RestoreTree(0, nil)
	must(t, err)
	if tree.Root() != slowRoot(nil) || tree.Size() != 0 {
		t.Fatal("the root of nothing is the hash of nothing")
	}
	if _, err := tlog.Prove(0, 0, nil); err == nil {
		t.Fatal("proved an entry of an empty tree")
	}
}

// Restoring at any size and going on gives the tree that was never interrupted.
func TestRestoredTreeGrowsAlike(t *testing.T) {
	_, stored, other := grown(1200)
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.IntRange(0, 1199).Draw(r, "size")
		more := rapid.IntRange(1, 1200-size).Draw(r, "more")
		tree, err := tlog.RestoreTree(uint64(size), stored.read)
		if err != nil {
			r.Fatal(err)
		}
		var nodes []tlog.Node
		for n := size; n < size+more; n++ {
			tree.Append(leafHash(n), func(n tlog.Node) { nodes = append(nodes, n) })
		}
		if root := tree.Root(); string(root[:]) != string(other.HashAt(uint64(size+more))) {
			r.Fatal("roots differ")
		}
		if len(nodes) != (size+more)/256-size/256 {
			r.Fatalf("%d nodes", len(nodes))
		}
		for _, n := range nodes {
			if stored.levels[n.Level][n.Index] != n.Hash {
				r.Fatal("nodes differ")
			}
		}
	})
}

// A batch proves its own entries without one read of what is stored.
func TestBatchProvesItsEntriesFromTheRightEdge(t *testing.T) {
	_, stored, other := grown(1600)
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.IntRange(0, 1200).Draw(r, "size")
		more := rapid.IntRange(1, 120).Draw(r, "more")
		tree, err := tlog.RestoreTree(uint64(size), stored.read)
		if err != nil {
			r.Fatal(err)
		}
		before := tree.Root()
		batch := tree.Grow()
		for n := size; n < size+more; n++ {
			batch.Append(leafHash(n), func(n tlog.Node) {
				if stored.levels[n.Level][n.Index] != n.Hash {
					r.Fatal("nodes differ")
				}
			})
		}
		for n := size; n < size+more; n++ {
			got, err := batch.Prove(uint64(n))
			if err != nil {
				r.Fatal(err)
			}
			want, err := other.InclusionProof(uint64(n), uint64(size+more))
			if err != nil || !sameProof(got, want) {
				r.Fatal("proofs differ", err)
			}
		}
		after := batch.Tree()
		if root := batch.Root(); root != after.Root() || string(root[:]) != string(other.HashAt(batch.Size())) || tree.Root() != before {
			r.Fatal("roots differ")
		}
		if size > 0 {
			if _, err := batch.Prove(uint64(size - 1)); err == nil {
				r.Fatal("a batch cannot prove an older entry")
			}
		}
	})
}

// The proofs of 300 entries read each stored tile once.
func TestProverReadsEachTileOnce(t *testing.T) {
	_, stored, _ := grown(70000)
	stored.reads = map[string]int{}
	prover := tlog.NewProver(70000, stored.read)
	for n := range uint64(300) {
		_, err := prover.Prove(69700 + n)
		must(t, err)
	}
	if len(stored.reads) > 6 {
		t.Errorf("read %d ranges: %v", len(stored.reads), stored.reads)
	}
	for what, times := range stored.reads {
		if times != 1 {
			t.Errorf("read %s %d times", what, times)
		}
	}
}

// A reader that answers short, or a size beyond what is stored, is an error,
// never a wrong tree.
func TestShortReadsAreRefused(t *testing.T) {
	_, stored, _ := grown(300)
	short := func(level int, from, to int64) ([]tlog.Hash, error) {
		hashes, err := stored.read(level, from, to)
		return hashes[:len(hashes)-1], err
	}
	if _, err := tlog.RestoreTree(300, short); err == nil {
		t.Error("restored a tree from short reads")
	}
	if _, err := tlog.Prove(300, 7, short); err == nil {
		t.Error("proved from short reads")
	}
	if _, err := tlog.Prove(301, 7, stored.read); err == nil {
		t.Error("proved in a tree larger than the stored one")
	}
	if _, err := tlog.Prove(300, 300, stored.read); err == nil {
		t.Error("proved an entry beyond the tree")
	}
}
