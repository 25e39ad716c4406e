package tlog_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
	"testing"

	sumdb "golang.org/x/mod/sumdb/tlog"
	"pgregory.net/rapid"

	"handrail/contracts/tlog"
)

// slowPath is tlog-tiles' encoding of a path, word for word.
func slowPath(p tlog.TilePath) string {
	path := "tile/" + strconv.Itoa(p.Level) + "/"
	if p.Entries {
		path = "tile/entries/"
	}
	digits := strconv.FormatUint(p.Index, 10)
	for len(digits)%3 != 0 {
		digits = "0" + digits
	}
	for len(digits) > 3 {
		path += "x" + digits[:3] + "/"
		digits = digits[3:]
	}
	path += digits
	if p.Width < 256 {
		path += fmt.Sprintf(".p/%d", p.Width)
	}
	return path
}

func TestTilePathsAreThoseOfTheSpecification(t *testing.T) {
	for path, want := range map[string]tlog.TilePath{
		"tile/0/x001/x234/067":      {Index: 1234067, Width: 256},
		"tile/0/000.p/1":            {Width: 1},
		"tile/1/000.p/255":          {Level: 1, Width: 255},
		"tile/63/999":               {Level: 63, Index: 999, Width: 256},
		"tile/2/x001/000":           {Level: 2, Index: 1000, Width: 256},
		"tile/entries/x273/112.p/7": {Entries: true, Index: 273112, Width: 7},
	} {
		got, err := tlog.ParseTilePath(path)
		if err != nil || got != want || want.String() != path || slowPath(want) != path {
			t.Errorf("%s: read %+v: %v", path, got, err)
		}
	}
}

// otherPaths are texts that are nearly the path of a tile.
func otherPaths() []string {
	return []string{
		"", "tile", "tile/", "tile/0", "tile/0/", "/tile/0/000", "tile/0/000/", "tile/0/0", "tile/0/00", "tile/0/0000", "tile/0/1000", "tile/0/x000/001", "tile/0/001/067",
		"tile/0/x01/067", "tile/0/x001/x067", "tile/0/xx01/067", "tile/0/x001067", "tile/0//000", "tile/00/000", "tile/01/000", "tile/64/000", "tile/256/000", "tile/-1/000", "tile/+1/000",
		"tile/0/-01", "tile/0/+01", "tile/0/000.p", "tile/0/000.p/", "tile/0/000.p/0", "tile/0/000.p/00", "tile/0/000.p/01", "tile/0/000.p/256", "tile/0/000.p/-1", "tile/0/000.p/1/", "tile/0/000.p/1.p/1",
		"tile/0/000.P/1", "tile/Entries/000", "tile/entries", "tile/entries/", "tile/data/000", "tile/8/0/000", "tile/0/000?x", "tile/0/%30%30%30", "tile/0/000 ", " tile/0/000", "tile/0/000\n",
		"tile/0/../000", "tile/0/x999/x999/x999/x999/999", "tile/0/x999/x999/x999/x999/x999/x999/999", "tile/0/" + strings.Repeat("x000/", 1000) + "000", "tile/0/٠٠٠",
	}
}

func TestTilePathHasOneForm(t *testing.T) {
	for _, path := range otherPaths() {
		if got, err := tlog.ParseTilePath(path); err == nil {
			t.Errorf("read %q as %+v", path, got)
		}
	}
}

func FuzzTilePath(f *testing.F) {
	for _, path := range append(otherPaths(), "tile/0/x001/x234/067", "tile/entries/000.p/7", "tile/63/x035/x184/x372/x088/831.p/255") {
		f.Add(path)
	}
	f.Fuzz(func(t *testing.T, path string) {
		got, err := tlog.ParseTilePath(path)
		if err != nil {
			return
		}
		if got.String() != path || slowPath(got) != path {
			t.Fatalf("read %q as %+v, which is %q", path, got, slowPath(got))
		}
		// x/mod writes the height into its paths, which are else the same.
		level := got.Level
		if got.Entries {
			level = -1
		}
		other := sumdb.Tile{H: 8, L: level, N: int64(got.Index), W: got.Width}.Path()
		other = strings.Replace(strings.Replace(other, "tile/8/", "tile/", 1), "tile/data/", "tile/entries/", 1)
		if other != path {
			t.Fatalf("x/mod writes %q for %q", other, path)
		}
		if from, to := got.Range(); to-from != uint64(got.Width) || from != got.Index*256 {
			t.Fatalf("%q holds %d to %d", path, from, to)
		}
	})
}

// The example of the specification: what a log of 70,000 entries has.
func TestALogHasTheTilesOfItsSize(t *testing.T) {
	for path, has := range map[string]bool{
		"tile/0/272": true, "tile/0/273": false, "tile/0/273.p/112": true, "tile/0/273.p/111": true, "tile/0/273.p/113": false, "tile/0/274.p/1": false,
		"tile/1/000": true, "tile/1/001.p/17": true, "tile/1/001.p/18": false, "tile/1/001": false, "tile/2/000.p/1": true, "tile/2/000.p/2": false,
		"tile/3/000.p/1": false, "tile/63/000.p/1": false, "tile/entries/272": true, "tile/entries/273.p/112": true, "tile/entries/273.p/113": false,
	} {
		p, err := tlog.ParseTilePath(path)
		must(t, err)
		if p.Within(70000) != has {
			t.Errorf("%s: within: %v", path, !has)
		}
	}
	for _, p := range []tlog.TilePath{{}, {Width: 257}, {Width: -1}, {Level: -1, Width: 1}, {Level: 64, Width: 1}, {Index: 1 << 60, Width: 1}} {
		if p.Within(1<<53 - 1) {
			t.Errorf("a log has %+v", p)
		}
	}
}

func TestTilesAndBundlesHaveOneForm(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		width := rapid.IntRange(1, 256).Draw(r, "width")
		hashes, leaves := leafHashes(width), make([][]byte, width)
		for i, h := range hashes {
			leaf, err := tlog.LeafOfMAC(h[:])
			must(t, err)
			leaves[i] = leaf
		}
		tile := tlog.TileBytes(hashes)
		bundle, err := tlog.BundleBytes(leaves)
		must(t, err)
		got, err := tlog.ParseTile(tile, width)
		if err != nil || !bytes.Equal(tlog.TileBytes(got), tile) {
			r.Fatal("another tile", err)
		}
		entries, err := tlog.ParseBundle(bundle, width)
		if err != nil || len(entries) != width || !bytes.Equal(bytes.Join(entries, nil), bytes.Join(leaves, nil)) {
			r.Fatal("another bundle", err)
		}
		cut := rapid.IntRange(0, len(tile)-1).Draw(r, "cut")
		for _, other := range []int{width - 1, width + 1, 0, -1, 257} {
			_, err := tlog.ParseTile(tile, other)
			_, also := tlog.ParseBundle(bundle, other)
			if err == nil || also == nil {
				r.Fatalf("read %d hashes as %d", width, other)
			}
		}
		_, err = tlog.ParseTile(tile[:cut], width)
		_, also := tlog.ParseBundle(bundle[:cut], width)
		if err == nil || also == nil {
			r.Fatal("read a truncated tile or bundle")
		}
	})
}

func TestOnlyLeavesStandInBundles(t *testing.T) {
	h := newHub(t, sampleland, "bundles")
	h.admit(h.opened(1))
	o := h.openings[0]
	mac := hmac.New(sha256.New, o.Salt[:])
	mac.Write(o.Entry)
	made := o.MAC()
	if !hmac.Equal(made[:], mac.Sum(nil)) {
		t.Fatal("another MAC")
	}
	leaf, err := tlog.LeafOfMAC(made[:])
	must(t, err)
	if !bytes.Equal(leaf, o.Leaf()) {
		t.Fatal("another leaf")
	}
	for _, n := range []int{0, 31, 33} {
		if _, err := tlog.LeafOfMAC(make([]byte, n)); err == nil {
			t.Errorf("made a leaf of %d bytes", n)
		}
	}
	wrong := bytes.Clone(leaf)
	wrong[0] = 'H'
	for name, leaves := range map[string][][]byte{"none": nil, "an empty one": {{}}, "a long one": {append(leaf, 0)}, "another tag": {wrong}, "too many": make([][]byte, 257)} {
		if _, err := tlog.BundleBytes(leaves); err == nil {
			t.Errorf("%s: written", name)
		}
	}
	bundle, err := tlog.BundleBytes([][]byte{leaf})
	must(t, err)
	for i := range 2 + len("handrail-leaf v1\n") {
		changed := bytes.Clone(bundle)
		changed[i] ^= 1
		if _, err := tlog.ParseBundle(changed, 1); err == nil {
			t.Errorf("read a bundle with byte %d changed", i)
		}
	}
}

func FuzzBundle(f *testing.F) {
	leaf := append([]byte("handrail-leaf v1\n"), make([]byte, 32)...)
	f.Add(append([]byte{0, 49}, leaf...), 1)
	f.Add(append([]byte{0, 48}, leaf...), 1)
	f.Add([]byte{}, 0)
	f.Fuzz(func(t *testing.T, data []byte, width int) {
		leaves, err := tlog.ParseBundle(data, width)
		if err != nil {
			return
		}
		if again, err := tlog.BundleBytes(leaves); err != nil || !bytes.Equal(again, data) || len(leaves) != width {
			t.Fatalf("another form was read: %v", err)
		}
	})
}
