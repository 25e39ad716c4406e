package tlog

import (
	"fmt"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// Prove gives the RFC 6962 inclusion proof of entry number in the tree of a
// size, from stored hashes. For several proofs use one [Prover].
func Prove(size, number uint64, read Read) ([]Hash, error) {
	return NewProver(size, read).Prove(number)
}

// Prover makes proofs in one stored tree and reads each tile that it needs
// once. It is not safe for concurrent use.
type Prover struct {
	size  uint64
	read  Read
	tiles map[tile][]Hash
}

type tile struct {
	level int
	index int64
}

// NewProver makes a prover for the stored tree of a size, which may be smaller
// than what is stored.
func NewProver(size uint64, read Read) *Prover {
	return &Prover{size, read, map[tile][]Hash{}}
}

// Prove gives the inclusion proof of entry number.
func (p *Prover) Prove(number uint64) ([]Hash, error) {
	return prove(p.size, number, p.readHashes)
}

// Root is the root of the prover's tree, computed from stored hashes.
func (p *Prover) Root() (Hash, error) {
	return sumdb.TreeHash(signed(p.size), sumdb.HashReaderFunc(p.readHashes))
}

func prove(size, number uint64, read sumdb.HashReaderFunc) ([]Hash, error) {
	if number >= size || size > maxNumber {
		return nil, fmt.Errorf("proving entry %d: a tree of %d entries does not hold it", number, size)
	}
	proof, err := sumdb.ProveRecord(signed(size), signed(number), read)
	if err != nil {
		return nil, fmt.Errorf("proving entry %d: %w", number, err)
	}
	if len(proof) == 0 { // alone in its tree: one form of an empty proof
		return nil, nil
	}
	return proof, nil
}

// readHashes answers with complete subtrees of the binary tree, each computed
// from the 1 to 128 stored hashes of its tile below it.
func (p *Prover) readHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, 0, len(indexes))
	for _, index := range indexes {
		level, n := sumdb.SplitStoredHashIndex(index)
		width := int64(1) << (level % 8)
		first := n * width
		hashes, err := p.tile(tile{level / 8, first / TileWidth})
		if err != nil {
			return nil, err
		}
		var subtree Tree
		for _, h := range hashes[first%TileWidth : first%TileWidth+width] {
			subtree.Append(h, nil)
		}
		out = append(out, subtree.Root())
	}
	return out, nil
}

func (p *Prover) tile(at tile) ([]Hash, error) {
	if hashes, ok := p.tiles[at]; ok {
		return hashes, nil
	}
	from := at.index * TileWidth
	hashes, err := readAll(p.read, at.level, from, min(from+TileWidth, signed(p.size>>(8*at.level))))
	if err == nil {
		p.tiles[at] = hashes
	}
	return hashes, err
}
