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
	tiles map[tile][][]Hash
}

type tile struct {
	level int
	index int64
}

// NewProver makes a prover for the stored tree of a size, which may be smaller
// than what is stored.
func NewProver(size uint64, read Read) *Prover {
	return &Prover{size, read, map[tile][][]Hash{}}
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

// readHashes answers with complete subtrees of the binary tree.
func (p *Prover) readHashes(indexes []int64) ([]Hash, error) {
	out := make([]Hash, 0, len(indexes))
	for _, index := range indexes {
		level, n := sumdb.SplitStoredHashIndex(index)
		inside, width := level%8, int64(TileWidth)>>(level%8)
		subtrees, err := p.tile(tile{level / 8, n / width})
		if err != nil {
			return nil, err
		}
		out = append(out, subtrees[inside][n%width])
	}
	return out, nil
}

// tile gives the complete subtrees inside a tile, by their height from 0: proofs
// of many entries meet in the same upper tiles, which are hashed once.
func (p *Prover) tile(at tile) ([][]Hash, error) {
	if subtrees, ok := p.tiles[at]; ok {
		return subtrees, nil
	}
	from := at.index * TileWidth
	hashes, err := readAll(p.read, at.level, from, min(from+TileWidth, signed(p.size>>(8*at.level))))
	if err != nil {
		return nil, err
	}
	subtrees := make([][]Hash, 8)
	subtrees[0] = hashes
	for height := 1; height < len(subtrees); height++ {
		below := subtrees[height-1]
		for i := 0; i+1 < len(below); i += 2 {
			subtrees[height] = append(subtrees[height], sumdb.NodeHash(below[i], below[i+1]))
		}
	}
	p.tiles[at] = subtrees
	return subtrees, nil
}
