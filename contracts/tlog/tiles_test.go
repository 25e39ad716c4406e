package tlog_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	sumdb "golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"handrail/contracts/tlog"
)

// served is a store as a hub serves it at a size, with how often each path was asked for.
type served struct {
	t     testing.TB
	store *store
	size  uint64
	asked map[string]int
}

func serve(t testing.TB, stored *store, size uint64) *served {
	return &served{t, stored, size, map[string]int{}}
}

func (s *served) fetch(path string) ([]byte, error) {
	s.asked[path]++
	p, err := tlog.ParseTilePath(path)
	must(s.t, err)
	if !p.Within(s.size) || p.Entries {
		return nil, errors.New("404")
	}
	from, to := p.Range()
	hashes, err := s.store.read(p.Level, int64(from), int64(to))
	must(s.t, err)
	return tlog.TileBytes(hashes), nil
}

// ReadTiles, SaveTiles and Height let x/mod's own reader read what is served here.
func (s *served) ReadTiles(tiles []sumdb.Tile) ([][]byte, error) {
	var all [][]byte
	for _, tile := range tiles {
		data, err := s.fetch(tlog.TilePath{Level: tile.L, Index: uint64(tile.N), Width: tile.W}.String())
		if err != nil {
			return nil, err
		}
		all = append(all, data)
	}
	return all, nil
}

func (s *served) SaveTiles([]sumdb.Tile, [][]byte) {}
func (s *served) Height() int                      { return 8 }

func (s *served) checkpoint() tlog.Checkpoint {
	root, err := tlog.NewProver(s.size, s.store.read).Root()
	must(s.t, err)
	return tlog.Checkpoint{Origin: sampleland.Origin(), Size: s.size, Root: root}
}

// Earlier roots and proofs read from tiles are those of the log, and each tile
// is fetched once. x/mod's reader reads the same tiles.
func TestTilesGiveEarlierRootsAndProofs(t *testing.T) {
	const most = 65536 + 700
	_, stored, other := grown(most)
	for _, size := range []uint64{1, 255, 256, 257, 600, 65535, 65536, 65537, most} {
		s := serve(t, stored, size)
		c := s.checkpoint()
		tiles := tlog.ReadTiles(c, s.fetch)
		sizes := []uint64{size, size / 2, 0, 1, min(size, 256), min(size, 300), size - 1, size - size/3}
		roots, err := tiles.Roots(sizes)
		must(t, err)
		for i, root := range roots {
			if sizes[i] > 0 && string(root[:]) != string(other.HashAt(sizes[i])) {
				t.Fatalf("another root at %d of %d", sizes[i], size)
			}
		}
		number := size / 3
		path, err := tlog.Prove(size, number, tiles.Read)
		must(t, err)
		must(t, tlog.VerifyInclusion(c, number, leafHash(int(number)), path))
		old := size - size/4
		proof, err := tlog.ProveConsistency(size, old, tiles.Read)
		must(t, err)
		must(t, tlog.VerifyConsistency(tlog.Checkpoint{Origin: c.Origin, Size: old, Root: tlog.Hash(other.HashAt(old))}, c, proof))
		for path, times := range s.asked {
			if times != 1 {
				t.Errorf("size %d: fetched %s %d times", size, path, times)
			}
		}
		theirs, err := sumdb.TreeHash(int64(old), sumdb.TileHashReader(sumdb.Tree{N: int64(size), Hash: c.Root}, s))
		if err != nil || string(theirs[:]) != string(other.HashAt(old)) {
			t.Fatalf("size %d: x/mod reads another root: %v", size, err)
		}
	}
}

// No changed byte of any tile gives a hash.
func TestEveryFlippedByteOfATileIsNoticed(t *testing.T) {
	_, stored, _ := grown(300)
	s := serve(t, stored, 300)
	c := s.checkpoint()
	_, err := tlog.ReadTiles(c, s.fetch).Roots([]uint64{200})
	must(t, err)
	if len(s.asked) != 3 {
		t.Fatalf("fetched %v", s.asked)
	}
	for path := range s.asked {
		good, err := s.fetch(path)
		must(t, err)
		for i := range good {
			bad := bytes.Clone(good)
			bad[i] ^= 0x40
			_, err := tlog.ReadTiles(c, swapped(s, path, bad)).Roots([]uint64{200})
			if !errors.Is(err, tlog.ErrTile) {
				t.Fatalf("%s: byte %d changed: %v", path, i, err)
			}
		}
		for _, bad := range [][]byte{nil, good[:len(good)-1], good[:len(good)-32], append(bytes.Clone(good), good[:32]...), make([]byte, len(good))} {
			if _, err := tlog.ReadTiles(c, swapped(s, path, bad)).Roots([]uint64{200}); !errors.Is(err, tlog.ErrTile) {
				t.Errorf("%s of %d bytes: %v", path, len(bad), err)
			}
		}
	}
}

// swapped serves other bytes under one path.
func swapped(s *served, at string, data []byte) tlog.Fetch {
	return func(path string) ([]byte, error) {
		if path == at {
			return data, nil
		}
		return s.fetch(path)
	}
}

// Tiles of a forked log, mixed in any way with true ones, give the true root or none.
func TestTilesOfAForkAreNoticed(t *testing.T) {
	const size = 1500
	_, stored, other := grown(size)
	var tree tlog.Tree
	forked := &store{}
	for n := range size {
		h := leafHash(n)
		if n == 700 {
			h = leafHash(1 << 20)
		}
		forked.leaf(h)
		tree.Append(h, forked.node)
	}
	good, bad := serve(t, stored, size), serve(t, forked, size)
	c := good.checkpoint()
	rapid.Check(t, func(r *rapid.T) {
		chosen := map[string]bool{}
		mixed := func(path string) ([]byte, error) {
			if _, ok := chosen[path]; !ok {
				chosen[path] = rapid.Bool().Draw(r, path)
			}
			if chosen[path] {
				return bad.fetch(path)
			}
			return good.fetch(path)
		}
		at := rapid.OneOf(rapid.Uint64Range(1, size), rapid.Uint64Range(690, 770)).Draw(r, "at")
		roots, err := tlog.ReadTiles(c, mixed).Roots([]uint64{at})
		if err == nil && string(roots[0][:]) != string(other.HashAt(at)) {
			r.Fatalf("believed another root at %d", at)
		}
		if err != nil && !errors.Is(err, tlog.ErrTile) {
			r.Fatal(err)
		}
	})
}

func TestTilesThatAreNotThereAreErrors(t *testing.T) {
	_, stored, _ := grown(300)
	s := serve(t, stored, 300)
	c := s.checkpoint()
	gone := errors.New("the hub is away")
	if _, err := tlog.ReadTiles(c, func(string) ([]byte, error) { return nil, gone }).Roots([]uint64{7}); !errors.Is(err, gone) {
		t.Error(err)
	}
	tiles := tlog.ReadTiles(c, s.fetch)
	if _, err := tiles.Roots([]uint64{301}); err == nil {
		t.Error("gave a root of the future")
	}
	for _, bad := range []struct {
		level    int
		from, to int64
	}{{0, 0, 301}, {0, -1, 3}, {0, 4, 3}, {-1, 0, 1}, {1, 1, 2}, {2, 0, 1}, {63, 0, 1}} {
		if _, err := tiles.Read(bad.level, bad.from, bad.to); err == nil {
			t.Errorf("read %+v", bad)
		}
	}
	all, err := tiles.Read(0, 0, 300)
	must(t, err)
	if !slices.Equal(all, stored.levels[0]) {
		t.Error("read other hashes")
	}
	empty, err := tlog.ReadTiles(tlog.EmptyCheckpoint(sampleland.Origin()), s.fetch).Roots([]uint64{0})
	if err != nil || empty[0] != slowRoot(nil) {
		t.Error("the root of nothing", err)
	}
	wrong := tlog.EmptyCheckpoint(sampleland.Origin())
	wrong.Root = leafHash(1)
	if _, err := tlog.ReadTiles(wrong, s.fetch).Roots([]uint64{0}); err == nil {
		t.Error("believed a root of nothing")
	}
}
