package ledger

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
)

// storedHashes are the tiles that proofs of some entries need, read in one round trip.
type storedHashes map[hashRange][]tlog.Hash

// hashRange names the hashes [from, to) of a tile level.
type hashRange struct {
	level    int
	from, to int64
}

// errNotStored means that hashes which a proof needs are missing in the database.
var errNotStored = errors.New("hashes of the tree are missing")

// read implements tlog.Read.
func (s storedHashes) read(level int, from, to int64) ([]tlog.Hash, error) {
	hashes, ok := s[hashRange{level, from, to}]
	if !ok {
		return nil, errNotStored
	}
	return hashes, nil
}

const selectHashes = `SELECT r.level, r.a, r.b, CASE r.level
	WHEN 0 THEN (SELECT string_agg(s.leaf_hash, '') FROM (SELECT leaf_hash FROM entry WHERE number >= r.a AND number < r.b ORDER BY number) s)
	ELSE (SELECT string_agg(s.hash, '') FROM (SELECT hash FROM node WHERE level = r.level AND index >= r.a AND index < r.b ORDER BY index) s) END
	FROM unnest($1::integer[], $2::bigint[], $3::bigint[]) r(level, a, b)`

// readTilesOf reads every tile that proves one of these entries in the tree of a
// size: at each level the tile above the entry, and the last one.
func readTilesOf(ctx context.Context, db querier, size uint64, numbers []uint64) (storedHashes, error) {
	var levels []int
	var from, to []int64
	for _, r := range tilesOf(size, numbers) {
		levels, from, to = append(levels, r.level), append(from, r.from), append(to, r.to)
	}
	found, err := db.Query(ctx, selectHashes, levels, from, to)
	if err != nil {
		return nil, fmt.Errorf("reading hashes: %w", err)
	}
	stored := storedHashes{}
	var r hashRange
	var joined []byte
	if _, err := pgx.ForEachRow(found, []any{&r.level, &r.from, &r.to, &joined}, func() error {
		if int64(len(joined)) != (r.to-r.from)*int64(len(tlog.Hash{})) {
			return nil // some are missing: what needs them cannot be proved
		}
		hashes := make([]tlog.Hash, 0, r.to-r.from)
		for h := range slices.Chunk(joined, len(tlog.Hash{})) {
			hashes = append(hashes, tlog.Hash(h))
		}
		stored[r] = hashes
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading hashes: %w", err)
	}
	return stored, nil
}

// tilesOf lists the ranges that [readTilesOf] reads, each once.
func tilesOf(size uint64, numbers []uint64) []hashRange {
	seen := map[hashRange]bool{}
	var all []hashRange
	for level := 0; size>>(8*level) > 0; level++ {
		width := size >> (8 * level) // hashes of this level
		tiles := []uint64{(width - 1) / tlog.TileWidth}
		for _, n := range numbers {
			if tile := n >> (8 * (level + 1)); tile*tlog.TileWidth < width {
				tiles = append(tiles, tile)
			}
		}
		for _, tile := range tiles {
			r := hashRange{level, int64(tile * tlog.TileWidth), int64(min((tile+1)*tlog.TileWidth, width))} //nolint:gosec // far below 2^63
			if !seen[r] {
				seen[r] = true
				all = append(all, r)
			}
		}
	}
	return all
}
