package tlog

import (
	"crypto/sha256"
	"fmt"
	"math"
	"slices"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// TileWidth is the number of children of a stored subtree: 8 tree levels make
// one tile level.
const TileWidth = 256

// Node is the root of the complete subtree number Index (from 0) at tile Level:
// the leaves [Index·256^Level, (Index+1)·256^Level). The ledger stores leaf
// hashes as level 0 and one row per Node from level 1 on.
type Node struct {
	Level int
	Index int64
	Hash  Hash
}

// Read gives the stored hashes [from, to) of a tile level, in order: leaf
// hashes at level 0, nodes above. It fails unless it has all of them.
type Read func(level int, from, to int64) ([]Hash, error)

// Tree is the right edge of an RFC 6962 tree: one hash per set bit of its size,
// largest subtree first. The zero Tree is empty and ready to use; it is not
// safe for concurrent use.
type Tree struct {
	size uint64
	edge []Hash
}

// Size is the number of leaves.
func (t *Tree) Size() uint64 { return t.size }

// Clone gives a tree that grows apart from t.
func (t *Tree) Clone() Tree { return Tree{t.size, slices.Clone(t.edge)} }

// Append adds a leaf hash and calls emit, which may be nil, for every node that
// it completes, lowest level first.
func (t *Tree) Append(leaf Hash, emit func(Node)) {
	t.append(leaf, func(level int, index int64, h Hash) {
		if level > 0 && level%8 == 0 && emit != nil {
			emit(Node{level / 8, index, h})
		}
	})
}

// append calls complete for the leaf and for every subtree that it completes,
// with the binary tree's level.
func (t *Tree) append(h Hash, complete func(level int, index int64, h Hash)) {
	level := 0
	complete(level, signed(t.size), h)
	for s := t.size; s&1 == 1; s >>= 1 {
		last := len(t.edge) - 1
		h = sumdb.NodeHash(t.edge[last], h)
		t.edge = t.edge[:last]
		level++
		complete(level, signed(t.size>>level), h)
	}
	t.edge = append(t.edge, h)
	t.size++
}

// Root is the RFC 6962 root; of an empty tree, the hash of nothing.
func (t *Tree) Root() Hash {
	if len(t.edge) == 0 {
		return Hash(sha256.Sum256(nil))
	}
	root := t.edge[len(t.edge)-1]
	for _, left := range slices.Backward(t.edge[:len(t.edge)-1]) {
		root = sumdb.NodeHash(left, root)
	}
	return root
}

// RestoreTree rebuilds the right edge of a stored tree. It reads one range of
// fewer than 256 hashes per tile level.
func RestoreTree(size uint64, read Read) (Tree, error) {
	t := Tree{size: size}
	for level := tileLevels(size) - 1; level >= 0; level-- {
		to := signed(size >> (8 * level))
		from := to / TileWidth * TileWidth
		if from == to {
			continue
		}
		hashes, err := readAll(read, level, from, to)
		if err != nil {
			return Tree{}, err
		}
		var tile Tree
		for _, h := range hashes {
			tile.Append(h, nil)
		}
		t.edge = append(t.edge, tile.edge...)
	}
	return t, nil
}

// signed is a size or number as x/mod's tlog and SQL have it; none comes near 2^63.
func signed(n uint64) int64 { return int64(n & math.MaxInt64) }

// tileLevels is the number of tile levels that hold a hash of a tree of a size.
func tileLevels(size uint64) int {
	n := 0
	for ; size > 0; size >>= 8 {
		n++
	}
	return n
}

// readAll holds a reader to its contract, so that a short answer cannot turn
// into a wrong tree.
func readAll(read Read, level int, from, to int64) ([]Hash, error) {
	hashes, err := read(level, from, to)
	if err != nil {
		return nil, fmt.Errorf("reading hashes %d to %d of level %d: %w", from, to, level, err)
	}
	if int64(len(hashes)) != to-from {
		return nil, fmt.Errorf("reading hashes %d to %d of level %d: got %d", from, to, level, len(hashes))
	}
	return hashes, nil
}
