package tlog

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// ErrForked means that of two checkpoints the log signed, the younger is not a
// continuation of the older: entries were altered, dropped or inserted.
var ErrForked = errors.New("the log does not go on from what it was")

// maxPath is the most hashes that any proof has (C2SP tlog-witness).
const maxPath = 63

// ProveConsistency gives the RFC 6962 consistency proof from the tree of an old
// size to the tree of a size, from stored hashes. From size 0 and from the size
// itself it is empty. For several proofs use one [Prover].
func ProveConsistency(size, old uint64, read Read) ([]Hash, error) {
	return NewProver(size, read).ProveConsistency(old)
}

// ProveConsistency gives the consistency proof from the tree of an old size.
func (p *Prover) ProveConsistency(old uint64) ([]Hash, error) {
	if old > p.size || p.size > maxNumber {
		return nil, fmt.Errorf("proving that %d entries go on from %d: no log shrinks", p.size, old)
	}
	if old == 0 || old == p.size {
		return nil, nil
	}
	proof, err := sumdb.ProveTree(signed(p.size), signed(old), sumdb.HashReaderFunc(p.readHashes))
	if err != nil {
		return nil, fmt.Errorf("proving that %d entries go on from %d: %w", p.size, old, err)
	}
	return proof, nil
}

// VerifyConsistency checks that a checkpoint goes on from an older one of the
// same log: its first old.Size entries are the same. It judges no signature. An
// empty tree is consistent with every other, with an empty proof. The error is
// [ErrForked].
func VerifyConsistency(old, current Checkpoint, proof []Hash) error {
	nothing := Hash(sha256.Sum256(nil))
	switch {
	case old.Origin != current.Origin:
		return fmt.Errorf("%w: it is another log", ErrForked)
	case current.Size < old.Size:
		return fmt.Errorf("%w: it shrank from %d entries to %d", ErrForked, old.Size, current.Size)
	case current.Size > maxNumber:
		return fmt.Errorf("%w: no log has %d entries", ErrForked, current.Size)
	case old.Size == 0 && old.Root != nothing, current.Size == 0 && current.Root != nothing:
		return fmt.Errorf("%w: it has a root and no entries", ErrForked)
	case old.Size == current.Size && old.Root != current.Root:
		return fmt.Errorf("%w: it has another root at the same size %d", ErrForked, old.Size)
	case old.Size == 0 || old.Size == current.Size:
		if len(proof) != 0 {
			return fmt.Errorf("%w: its proof should be empty", ErrForked)
		}
		return nil
	}
	if err := sumdb.CheckTree(proof, signed(current.Size), current.Root, signed(old.Size), old.Root); err != nil {
		return fmt.Errorf("%w: from %d entries to %d: %w", ErrForked, old.Size, current.Size, err)
	}
	return nil
}

// JoinHashes is the hashes' bytes, one behind the other.
func JoinHashes(hashes []Hash) []byte {
	out := make([]byte, 0, len(hashes)*len(Hash{}))
	for _, h := range hashes {
		out = append(out, h[:]...)
	}
	return out
}

// SplitHashes reads a proof that [JoinHashes] wrote, of at most 63 hashes. Of
// nothing it gives nil.
func SplitHashes(data []byte) ([]Hash, error) {
	if len(data)%len(Hash{}) != 0 || len(data) > maxPath*len(Hash{}) {
		return nil, fmt.Errorf("reading a proof: %d bytes are no 0 to %d hashes", len(data), maxPath)
	}
	return splitHashes(data), nil
}

func splitHashes(data []byte) []Hash {
	var hashes []Hash
	for h := range slices.Chunk(data, len(Hash{})) {
		hashes = append(hashes, Hash(h))
	}
	return hashes
}
