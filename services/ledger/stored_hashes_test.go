package ledger

import (
	"encoding/binary"
	"errors"
	"testing"

	sumdb "golang.org/x/mod/sumdb/tlog"

	"handrail/contracts/tlog"
)

// storedTree is a tree with every hash that the database would have of it.
func storedTree(size uint64) (root tlog.Hash, leaves []tlog.Hash, levels [][]tlog.Hash) {
	levels = make([][]tlog.Hash, 4)
	var t tlog.Tree
	for i := range size {
		leaf := sumdb.RecordHash(binary.BigEndian.AppendUint64(nil, i))
		levels[0] = append(levels[0], leaf)
		t.Append(leaf, func(n tlog.Node) { levels[n.Level] = append(levels[n.Level], n.Hash) })
	}
	return t.Root(), levels[0], levels
}

func TestTheTilesThatAreReadAreThoseThatProofsNeed(t *testing.T) {
	for _, size := range []uint64{1, 2, 255, 256, 257, 511, 512, 513, 65535, 65536, 65537, 65536 + 256, 70001} {
		root, leaves, levels := storedTree(size)
		numbers := []uint64{0, size / 3, size / 2, size - 1}
		stored := storedHashes{}
		for _, r := range tilesOf(size, numbers) {
			stored[r] = levels[r.level][r.from:r.to]
		}
		prover := tlog.NewProver(size, stored.read)
		for _, n := range numbers {
			proof, err := prover.Prove(n)
			if err != nil {
				t.Errorf("entry %d of %d: %v", n, size, err)
				continue
			}
			if err := sumdb.CheckRecord(sumdb.RecordProof(proof), int64(size), root, int64(n), leaves[n]); err != nil {
				t.Errorf("entry %d of %d: %v", n, size, err)
			}
		}
		if size > 512 {
			if _, err := prover.Prove(300); !errors.Is(err, errNotStored) && size/3/256 != 1 && size/2/256 != 1 {
				t.Errorf("an entry whose tile was not read: %v", err)
			}
		}
	}
}
