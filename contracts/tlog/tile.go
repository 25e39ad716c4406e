package tlog

import (
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// leafBytes is the length of every leaf: the tag and the MAC.
const leafBytes = len(leafTag) + 32

// TileBytes is a tile as tlog-tiles serves it: its hashes, one behind the other.
func TileBytes(hashes []Hash) []byte { return JoinHashes(hashes) }

// ParseTile reads a tile of a width from 1 to 256. It checks the length only;
// whether the hashes are the log's, see [ReadTiles].
func ParseTile(data []byte, width int) ([]Hash, error) {
	if width < 1 || width > TileWidth || len(data) != width*len(Hash{}) {
		return nil, fmt.Errorf("reading a tile: %d bytes are no tile of %d hashes", len(data), width)
	}
	return splitHashes(data), nil
}

// BundleBytes is a bundle of entries as tlog-tiles serves it: every leaf behind
// its length, 2 bytes big-endian. It fails unless it gets 1 to 256 leaves of
// this log, see [LeafOfMAC].
func BundleBytes(leaves [][]byte) ([]byte, error) {
	if len(leaves) < 1 || len(leaves) > TileWidth {
		return nil, fmt.Errorf("writing a bundle: no bundle has %d entries", len(leaves))
	}
	out := make([]byte, 0, len(leaves)*(2+leafBytes))
	for i, leaf := range leaves {
		if !isLeaf(leaf) {
			return nil, fmt.Errorf("writing a bundle: entry %d of it is no leaf", i)
		}
		out = append(binary.BigEndian.AppendUint16(out, uint16(leafBytes)), leaf...)
	}
	return out, nil
}

// ParseBundle reads a bundle of a width from 1 to 256 and gives its leaves. It
// checks the form only: the RFC 6962 hash of each leaf must be the hash of a verified
// tile of level 0.
func ParseBundle(data []byte, width int) ([][]byte, error) {
	const each = 2 + leafBytes
	if width < 1 || width > TileWidth || len(data) != width*each {
		return nil, fmt.Errorf("reading a bundle: %d bytes are no bundle of %d leaves", len(data), width)
	}
	leaves := make([][]byte, 0, width)
	for entry := range slices.Chunk(data, each) {
		if binary.BigEndian.Uint16(entry) != uint16(leafBytes) || !isLeaf(entry[2:]) {
			return nil, fmt.Errorf("reading a bundle: entry %d of it is no leaf", len(leaves))
		}
		leaves = append(leaves, slices.Clone(entry[2:]))
	}
	return leaves, nil
}

// MAC is the part of the leaf that differs from entry to entry: HMAC-SHA-256 of
// the entry bytes under the salt.
func (o Opening) MAC() [32]byte { return [32]byte(o.Leaf()[len(leafTag):]) }

// LeafOfMAC is the leaf with this MAC, see [Opening.MAC]. It fails unless the MAC
// has 32 bytes.
func LeafOfMAC(mac []byte) ([]byte, error) {
	if len(mac) != leafBytes-len(leafTag) {
		return nil, errors.New("making a leaf: its MAC has not 32 bytes")
	}
	return append([]byte(leafTag), mac...), nil
}

func isLeaf(leaf []byte) bool {
	return len(leaf) == leafBytes && string(leaf[:len(leafTag)]) == leafTag
}
