package tlog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

const (
	tilePrefix   = "tile/"
	entriesLevel = "entries"
	maxTileLevel = 63                    // C2SP tlog-tiles
	maxTileIndex = maxNumber / TileWidth // beyond it no log has a tile
)

// TilePath names a tile of hashes or a bundle of entries as C2SP tlog-tiles
// does, relative to the log's prefix: "tile/0/x001/067", "tile/0/x001/067.p/3",
// "tile/entries/000". The zero TilePath names nothing.
type TilePath struct {
	Level   int    // tile level from 0; 0 for a bundle
	Entries bool   // it is a bundle of entries, not a tile of hashes
	Index   uint64 // its place in its level, from 0
	Width   int    // hashes or entries in it: 256 when full, 1 to 255 when partial
}

// ParseTilePath reads what [TilePath.String] gives, and nothing else: no leading
// zeros, no other padding, no width of 0 or 256, levels to 63.
func ParseTilePath(path string) (TilePath, error) {
	t, err := parseTilePath(path)
	if err != nil {
		return TilePath{}, fmt.Errorf("reading the path of a tile: %w", err)
	}
	if t.String() != path {
		return TilePath{}, errors.New("reading the path of a tile: it is not in the one form that such paths have")
	}
	return t, nil
}

func parseTilePath(path string) (TilePath, error) {
	const longest = len("tile/63/x000/x000/x000/x000/x000/000.p/255")
	rest, ok := strings.CutPrefix(path, tilePrefix)
	level, rest, split := strings.Cut(rest, "/")
	if !ok || !split || len(path) > longest {
		return TilePath{}, errors.New("it is not tile/<L>/<N> or tile/entries/<N>")
	}
	t := TilePath{Entries: level == entriesLevel, Width: TileWidth}
	if !t.Entries {
		n, err := strconv.ParseUint(level, 10, 8)
		if err != nil || n > maxTileLevel {
			return TilePath{}, errors.New("its level is no number from 0 to 63")
		}
		t.Level = int(n)
	}
	index, width, partial := strings.Cut(rest, ".p/")
	if partial {
		n, err := strconv.ParseUint(width, 10, 8)
		if err != nil || n == 0 {
			return TilePath{}, errors.New("its width is no number from 1 to 255")
		}
		t.Width = int(n)
	}
	var digits strings.Builder
	for group := range strings.SplitSeq(index, "/") {
		digits.WriteString(strings.TrimPrefix(group, "x"))
	}
	n, err := strconv.ParseUint(digits.String(), 10, 64)
	if err != nil || n > maxTileIndex {
		return TilePath{}, errors.New("its index is no number that a log can have, in groups of three digits")
	}
	t.Index = n
	return t, nil
}

// String is the path, without a leading slash.
func (t TilePath) String() string {
	level := entriesLevel
	if !t.Entries {
		level = strconv.Itoa(t.Level)
	}
	index := fmt.Sprintf("%03d", t.Index%1000)
	for n := t.Index / 1000; n > 0; n /= 1000 {
		index = fmt.Sprintf("x%03d/", n%1000) + index
	}
	path := tilePrefix + level + "/" + index
	if t.Width != TileWidth {
		path += ".p/" + strconv.Itoa(t.Width)
	}
	return path
}

// Range gives the hashes of its level that a tile holds, or the entries that a
// bundle holds, from the first to behind the last.
func (t TilePath) Range() (from, to uint64) {
	from = t.Index * TileWidth
	return from, from + uint64(max(t.Width, 0))
}

// Within says whether a log of a size has the whole tile or bundle. A partial
// one may be narrower than what the log has there by now.
func (t TilePath) Within(size uint64) bool {
	if t.Level < 0 || t.Level > maxTileLevel || t.Width < 1 || t.Width > TileWidth || t.Index > maxTileIndex {
		return false
	}
	_, to := t.Range()
	return to <= size>>(8*t.Level)
}
