package tlog_test

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"

	sumdb "golang.org/x/mod/sumdb/tlog"

	"handrail/contracts/tlog"
)

const (
	sentencePaths    = "A path has one form, `<N>` in groups of three digits; any other is refused, an empty tile is never served, and no tile or bundle reaches beyond the checkpoint that is served beside it."
	sentenceBundle   = "An entry of a bundle is leaf bytes (23) behind their length, `00 31`."
	sentenceTile     = "A hash counts when its tile gives the checkpoint's root, or its node in a tile that counts."
	sentenceGoesOn   = "That one checkpoint goes on from another is shown by the consistency proof of RFC 6962; from size 0, and from itself, by an empty one."
	vectorLogSize    = 258
	vectorEarlierLog = 200
)

// vectorLog is a log of leaves that anybody can rebuild.
func vectorLog(t *testing.T) (leaves [][]byte, stored *store) {
	t.Helper()
	var tree tlog.Tree
	stored = &store{}
	for n := range uint64(vectorLogSize) {
		mac := sha256.Sum256(binary.BigEndian.AppendUint64(nil, n))
		leaf, err := tlog.LeafOfMAC(mac[:])
		must(t, err)
		leaves = append(leaves, leaf)
		h := sumdb.RecordHash(leaf)
		stored.leaf(h)
		tree.Append(h, stored.node)
	}
	return leaves, stored
}

func TestTileVectors(t *testing.T) {
	leaves, stored := vectorLog(t)
	s := serve(t, stored, vectorLogSize)
	file := vectorFile{
		About: "Tiles and bundles as they are served, of a log of 258 leaves: the MAC of leaf n is the SHA-256 of the 8 bytes of n, big-endian. input.path is a path behind the prefix: output says what it names, and whether logs of some sizes have it. " +
			"input.tiles are fetched tiles in hexadecimal; with the checkpoint's size and root they give the roots of earlier sizes.",
		Given: map[string]any{"size": vectorLogSize, "root": s.checkpoint().Root},
	}
	for _, path := range []string{"tile/0/000", "tile/0/001.p/2", "tile/1/000.p/1", "tile/0/x001/x234/067", "tile/63/000.p/255", "tile/entries/x001/000", "tile/entries/001.p/2"} {
		p, err := tlog.ParseTilePath(path)
		must(t, err)
		from, to := p.Range()
		within := map[string]bool{}
		for _, size := range []uint64{1, 257, 258, 65536, 315921408} {
			within[fmt.Sprint(size)] = p.Within(size)
		}
		file.Vectors = append(file.Vectors, vector{
			Name: path, Sentence: sentencePaths, Input: map[string]any{"path": path},
			Output: map[string]any{"level": p.Level, "entries": p.Entries, "index": p.Index, "width": p.Width, "from": from, "to": to, "within": within},
		})
	}
	for _, path := range otherPaths() {
		if len(path) > 100 {
			continue
		}
		_, err := tlog.ParseTilePath(path)
		name := fmt.Sprintf("the path %q", path)
		file.Vectors = append(file.Vectors, vector{Name: name, Sentence: sentencePaths, Input: map[string]any{"path": path}, Refused: refusedBy(t, name, err)})
	}
	file.Vectors = append(file.Vectors, bundleVectors(t, leaves)...)
	file.Vectors = append(file.Vectors, tileVectors(t, s)...)
	publish(t, "tiles.json", file)
}

func bundleVectors(t *testing.T, leaves [][]byte) []vector {
	t.Helper()
	bundle, err := tlog.BundleBytes(leaves[256:])
	must(t, err)
	got, err := tlog.ParseBundle(bundle, 2)
	must(t, err)
	all := []vector{{
		Name: "the bundle tile/entries/001.p/2", Sentence: sentenceBundle, Input: map[string]any{"bundle_hex": hex.EncodeToString(bundle), "width": 2},
		Output: map[string]any{"leaves_hex": []string{hex.EncodeToString(got[0]), hex.EncodeToString(got[1])}, "leaf_hashes": []tlog.Hash{sumdb.RecordHash(got[0]), sumdb.RecordHash(got[1])}},
	}}
	longer, tagged := slices.Clone(bundle), slices.Clone(bundle)
	longer[1]++
	tagged[2] ^= 0x20
	for _, c := range []struct {
		name  string
		data  []byte
		width int
	}{{"a bundle cut off", bundle[:len(bundle)-1], 2}, {"a bundle of another width", bundle, 3}, {"an empty bundle", nil, 0}, {"a bundle with another length", longer, 2}, {"a bundle of other leaves", tagged, 2}} {
		_, err := tlog.ParseBundle(c.data, c.width)
		all = append(all, vector{Name: c.name, Sentence: sentenceBundle, Input: map[string]any{"bundle_hex": hex.EncodeToString(c.data), "width": c.width}, Refused: refusedBy(t, c.name, err)})
	}
	return all
}

// tileVectors read the root that the log had earlier from tiles, true and false ones.
func tileVectors(t *testing.T, s *served) []vector {
	t.Helper()
	tiles := map[string]string{}
	for _, path := range []string{"tile/0/000", "tile/0/001.p/2", "tile/1/000.p/1"} {
		data, err := s.fetch(path)
		must(t, err)
		tiles[path] = hex.EncodeToString(data)
	}
	read := func(tiles map[string]string) ([]tlog.Hash, error) {
		return tlog.ReadTiles(s.checkpoint(), func(path string) ([]byte, error) { return hex.DecodeString(tiles[path]) }).Roots([]uint64{vectorEarlierLog})
	}
	roots, err := read(tiles)
	must(t, err)
	all := []vector{{Name: "the root of an earlier size", Sentence: sentenceTile, Input: map[string]any{"tiles": tiles, "earlier_size": vectorEarlierLog}, Output: map[string]any{"earlier_root": roots[0]}}}
	for _, c := range []struct{ name, path, data string }{
		{"a changed tile at the edge", "tile/0/001.p/2", "00" + tiles["tile/0/001.p/2"][2:]},
		{"a tile that is too short", "tile/0/001.p/2", tiles["tile/0/001.p/2"][:64]},
		{"no tile", "tile/0/001.p/2", ""},
		{"a changed node", "tile/1/000.p/1", strings.Repeat("00", 32)},
	} {
		changed := map[string]string{"tile/0/001.p/2": tiles["tile/0/001.p/2"], "tile/1/000.p/1": tiles["tile/1/000.p/1"], c.path: c.data}
		_, err := read(changed)
		all = append(all, vector{Name: c.name, Sentence: sentenceTile, Input: map[string]any{"tiles": changed, "earlier_size": vectorEarlierLog}, Refused: refusedBy(t, c.name, err)})
	}
	return all
}

func TestConsistencyVectors(t *testing.T) {
	_, stored, _ := grown(65536 + 300)
	file := vectorFile{About: "Does a log go on? Hashes in base64; leaf n is the 8 bytes of n, big-endian, as in tree.json. What is refused is a proof, or a pair of sizes and roots, that must not be believed."}
	at := func(size uint64) map[string]any {
		root, err := tlog.NewProver(size, stored.read).Root()
		must(t, err)
		return map[string]any{"size": size, "root": root}
	}
	for _, c := range [][2]uint64{{0, 7}, {1, 2}, {3, 7}, {4, 7}, {6, 7}, {7, 7}, {255, 256}, {256, 600}, {300, 600}, {599, 600}, {65536, 65836}, {65535, 65537}} {
		proof, err := tlog.ProveConsistency(c[1], c[0], stored.read)
		must(t, err)
		file.Vectors = append(file.Vectors, vector{Name: fmt.Sprintf("from %d to %d", c[0], c[1]), Sentence: sentenceGoesOn, Input: map[string]any{"old": at(c[0]), "new": at(c[1]), "proof": append([]tlog.Hash{}, proof...)}})
	}
	leaves := stored.levels[0][:12]
	right, forked := slowConsistency(7, leaves), altered(leaves, 4)
	bent, swapped := slices.Clone(right), slices.Clone(right)
	bent[1][31] ^= 1
	swapped[0], swapped[1] = swapped[1], swapped[0]
	seven, twelve := checkpointOf(leaves[:7]), checkpointOf(leaves)
	for _, c := range []struct {
		name         string
		old, current tlog.Checkpoint
		proof        []tlog.Hash
	}{
		{"a changed byte", seven, twelve, bent},
		{"two hashes swapped", seven, twelve, swapped},
		{"a hash too few", seven, twelve, right[:len(right)-1]},
		{"a hash too many", seven, twelve, append(slices.Clone(right), right[0])},
		{"no proof", seven, twelve, nil},
		{"an altered entry", seven, checkpointOf(forked), slowConsistency(7, forked)},
		{"an altered entry, with the proof of the log that was", seven, checkpointOf(forked), right},
		{"an inserted entry", seven, checkpointOf(slices.Insert(slices.Clone(leaves), 3, leafHash(99))), right},
		{"a dropped entry", seven, checkpointOf(slices.Delete(slices.Clone(leaves), 3, 4)), slowConsistency(7, leaves[:11])},
		{"another root at the same size", seven, checkpointOf(forked[:7]), nil},
		{"a smaller log", twelve, seven, right},
		{"a proof from nothing", checkpointOf(nil), twelve, right},
		{"a proof from itself", twelve, twelve, right},
		{"nothing with a root", tlog.Checkpoint{Origin: sampleland.Origin(), Root: seven.Root}, twelve, nil},
	} {
		err := tlog.VerifyConsistency(c.old, c.current, c.proof)
		file.Vectors = append(file.Vectors, vector{
			Name: c.name, Sentence: sentenceGoesOn, Refused: refusedBy(t, c.name, err),
			Input: map[string]any{"old": map[string]any{"size": c.old.Size, "root": c.old.Root}, "new": map[string]any{"size": c.current.Size, "root": c.current.Root}, "proof": append([]tlog.Hash{}, c.proof...)},
		})
	}
	publish(t, "consistency.json", file)
}
