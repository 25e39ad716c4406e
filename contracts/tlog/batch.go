package tlog

import (
	"fmt"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// Batch is a tree growing by one batch of entries. It proves the new entries
// from the old right edge and the batch itself, and reads nothing stored.
type Batch struct {
	tree  Tree
	first uint64
	known map[int64]Hash // by x/mod's stored hash index: the old edge, and all that the batch completed
}

// Grow begins a batch on a copy of t; t itself stays as it is, so that a batch
// that failed to commit is simply dropped.
func (t *Tree) Grow() *Batch {
	b := &Batch{tree: t.Clone(), first: t.size, known: map[int64]Hash{}}
	edge := t.edge
	for level := 63; level >= 0; level-- {
		if t.size>>level&1 == 1 {
			b.known[sumdb.StoredHashIndex(level, signed(t.size>>level)-1)] = edge[0]
			edge = edge[1:]
		}
	}
	return b
}

// Append adds a leaf hash and calls emit, which may be nil, for every node that
// it completes.
func (b *Batch) Append(leaf Hash, emit func(Node)) {
	b.tree.append(leaf, func(level int, index int64, h Hash) {
		b.known[sumdb.StoredHashIndex(level, index)] = h
		if level > 0 && level%8 == 0 && emit != nil {
			emit(Node{level / 8, index, h})
		}
	})
}

// Tree is the tree with the batch, to keep once the batch is committed.
func (b *Batch) Tree() Tree { return b.tree.Clone() }

// Size is the number of leaves with the batch.
func (b *Batch) Size() uint64 { return b.tree.size }

// Root is the root with the batch.
func (b *Batch) Root() Hash { return b.tree.Root() }

// Prove gives the inclusion proof of one of the batch's own entries in the tree
// as it is now: call it when all are appended.
func (b *Batch) Prove(number uint64) ([]Hash, error) {
	if number < b.first {
		return nil, fmt.Errorf("proving entry %d: it is older than the batch, which begins at %d", number, b.first)
	}
	return prove(b.tree.size, number, func(indexes []int64) ([]Hash, error) {
		out := make([]Hash, len(indexes))
		for i, index := range indexes {
			h, ok := b.known[index]
			if !ok {
				return nil, fmt.Errorf("the batch does not hold hash %d", index)
			}
			out[i] = h
		}
		return out, nil
	})
}
