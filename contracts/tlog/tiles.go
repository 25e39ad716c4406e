package tlog

import (
	"errors"
	"fmt"
)

// ErrTile means that a fetched tile is not of the tree that the checkpoint signs.
var ErrTile = errors.New("the tile is not of this checkpoint's log")

// Fetch gets a tile by its path, such as "tile/0/x001/067.p/3", see [TilePath].
type Fetch func(path string) ([]byte, error)

// Tiles is a log as its checkpoint signs it, read by tiles that somebody else
// serves. No hash is used before it is shown to be under the checkpoint's root.
// Each tile is fetched once and kept, 8 KiB each, until the Tiles is dropped. It
// is not safe for concurrent use.
type Tiles struct {
	checkpoint Checkpoint
	fetch      Fetch
	verified   map[tile][]Hash
}

// ReadTiles begins reading the log of a checkpoint, whose signature the caller
// has checked. It fetches nothing yet.
func ReadTiles(c Checkpoint, fetch Fetch) *Tiles {
	return &Tiles{c, fetch, map[tile][]Hash{}}
}

// Roots gives the roots that the log had at earlier sizes, in the order asked.
// The error is [ErrTile] when a tile is false, else the fetcher's own.
func (t *Tiles) Roots(sizes []uint64) ([]Hash, error) {
	if err := t.verifyEdge(); err != nil {
		return nil, err
	}
	roots := make([]Hash, 0, len(sizes))
	for _, size := range sizes {
		if size > t.checkpoint.Size {
			return nil, fmt.Errorf("reading the root at %d entries: the checkpoint has %d", size, t.checkpoint.Size)
		}
		tree, err := RestoreTree(size, t.Read)
		if err != nil {
			return nil, err
		}
		roots = append(roots, tree.Root())
	}
	return roots, nil
}

// Read is a [Read] of verified hashes: it feeds [Prove], [ProveConsistency] and
// [RestoreTree] for any size up to the checkpoint's.
func (t *Tiles) Read(level int, from, to int64) ([]Hash, error) {
	if level < 0 || level >= tileLevels(t.checkpoint.Size) || from < 0 || from > to || to > t.width(level) {
		return nil, fmt.Errorf("the log of %d entries has no hashes %d to %d of level %d", t.checkpoint.Size, from, to, level)
	}
	if err := t.verifyEdge(); err != nil {
		return nil, err
	}
	out := make([]Hash, 0, to-from)
	for at := from; at < to; {
		index := at / TileWidth
		hashes, err := t.tile(tile{level, index})
		if err != nil {
			return nil, err
		}
		end := min(to, (index+1)*TileWidth)
		out = append(out, hashes[at-index*TileWidth:end-index*TileWidth]...)
		at = end
	}
	return out, nil
}

// width is the number of hashes that a tile level has.
func (t *Tiles) width(level int) int64 { return signed(t.checkpoint.Size >> (8 * level)) }

// verifyEdge fetches the partial tiles at the right edge, once. Together they
// give the root, which shows all of them to be true.
func (t *Tiles) verifyEdge() error {
	if len(t.verified) > 0 {
		return nil
	}
	edge := map[tile][]Hash{}
	tree, err := RestoreTree(t.checkpoint.Size, func(level int, from, to int64) ([]Hash, error) {
		at := tile{level, from / TileWidth}
		hashes, err := t.fetchTile(at, int(to-from))
		edge[at] = hashes
		return hashes, err
	})
	if err != nil {
		return err
	}
	if tree.Root() != t.checkpoint.Root {
		return fmt.Errorf("%w: the tiles at its edge do not give the root at %d entries", ErrTile, t.checkpoint.Size)
	}
	t.verified = edge
	return nil
}

// tile gives a verified tile. A full one is verified by its root, which is a
// hash of the verified tile above it; the highest level has no full tile.
func (t *Tiles) tile(at tile) ([]Hash, error) {
	if hashes, ok := t.verified[at]; ok {
		return hashes, nil
	}
	above, err := t.tile(tile{at.level + 1, at.index / TileWidth})
	if err != nil {
		return nil, err
	}
	hashes, err := t.fetchTile(at, TileWidth)
	if err != nil {
		return nil, err
	}
	var subtree Tree
	for _, h := range hashes {
		subtree.Append(h, nil)
	}
	if subtree.Root() != above[at.index%TileWidth] {
		return nil, fmt.Errorf("%w: tile %d of level %d does not give its node", ErrTile, at.index, at.level)
	}
	t.verified[at] = hashes
	return hashes, nil
}

func (t *Tiles) fetchTile(at tile, width int) ([]Hash, error) {
	path := TilePath{Level: at.level, Index: uint64(max(at.index, 0)), Width: width}.String()
	data, err := t.fetch(path)
	if err != nil {
		return nil, fmt.Errorf("fetching %s: %w", path, err)
	}
	hashes, err := ParseTile(data, width)
	if err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrTile, path, err)
	}
	return hashes, nil
}
