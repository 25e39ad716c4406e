package tlog_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"pgregory.net/rapid"

	"handrail/contracts/tlog"
)

// slowConsistency is RFC 6962's PROOF(m, D[n]), word for word; nothing for the
// sizes that need none.
func slowConsistency(m int, leaves []tlog.Hash) []tlog.Hash {
	if m == 0 || m == len(leaves) {
		return nil
	}
	return slowSubproof(m, leaves, true)
}

func slowSubproof(m int, leaves []tlog.Hash, whole bool) []tlog.Hash {
	if m == len(leaves) {
		if whole {
			return nil
		}
		return []tlog.Hash{slowRoot(leaves)}
	}
	if k := split(len(leaves)); m <= k {
		return append(slowSubproof(m, leaves[:k], whole), slowRoot(leaves[k:]))
	} else {
		return append(slowSubproof(m-k, leaves[k:], false), slowRoot(leaves[:k]))
	}
}

func checkpointOf(leaves []tlog.Hash) tlog.Checkpoint {
	return tlog.Checkpoint{Origin: sampleland.Origin(), Size: uint64(len(leaves)), Root: slowRoot(leaves)}
}

func TestConsistencyAgreesWithIndependentCode(t *testing.T) {
	_, stored, other := grown(600)
	leaves := stored.levels[0]
	for _, size := range []int{1, 2, 3, 5, 8, 40, 127, 128, 129, 255, 256, 257, 300, 511, 512, 513, 600} {
		prover := tlog.NewProver(uint64(size), stored.read)
		current := checkpointOf(leaves[:size])
		for old := 0; old <= size; old += 1 + size/97 {
			got, err := prover.ProveConsistency(uint64(old))
			must(t, err)
			if !slices.Equal(got, slowConsistency(old, leaves[:size])) {
				t.Fatalf("from %d to %d: not RFC 6962's proof", old, size)
			}
			must(t, tlog.VerifyConsistency(checkpointOf(leaves[:old]), current, got))
			if old == 0 {
				continue
			}
			want, err := other.ConsistencyProof(uint64(old), uint64(size))
			must(t, err)
			if !sameProof(got, want) {
				t.Fatalf("from %d to %d: not the other implementation's proof", old, size)
			}
			raw := slices.Collect(slices.Chunk(tlog.JoinHashes(got), len(tlog.Hash{})))
			must(t, proof.VerifyConsistency(rfc6962.DefaultHasher, uint64(old), uint64(size), raw, other.HashAt(uint64(old)), other.HashAt(uint64(size))))
		}
	}
}

func TestConsistencyAcrossTwoTileLevels(t *testing.T) {
	const most = 65536 + 300
	_, stored, other := grown(most)
	for _, c := range [][2]int{{1, most}, {255, 65536}, {256, 65537}, {65535, 65536}, {65536, most}, {65537, most}, {65792, most}, {most - 1, most}, {300, 70 + 65536}} {
		got, err := tlog.ProveConsistency(uint64(c[1]), uint64(c[0]), stored.read)
		must(t, err)
		want, err := other.ConsistencyProof(uint64(c[0]), uint64(c[1]))
		must(t, err)
		if !sameProof(got, want) {
			t.Fatalf("from %d to %d: not the other implementation's proof", c[0], c[1])
		}
	}
	if _, err := tlog.ProveConsistency(7, 8, stored.read); err == nil {
		t.Error("proved that a log shrank")
	}
	if _, err := tlog.ProveConsistency(most+1, 8, stored.read); err == nil {
		t.Error("proved in a tree larger than the stored one")
	}
}

// A proof is believed exactly if it is RFC 6962's own, of a log that goes on.
func TestOnlyTheOneConsistencyProofIsBelieved(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		size := rapid.IntRange(0, 400).Draw(r, "size")
		old := rapid.IntRange(0, size).Draw(r, "old")
		leaves := leafHashes(size)
		before, after := checkpointOf(leaves[:old]), checkpointOf(leaves)
		right := slowConsistency(old, leaves)
		shown := drawChange(r, right)
		if believed := tlog.VerifyConsistency(before, after, shown) == nil; believed != slices.Equal(shown, right) {
			r.Fatalf("from %d to %d: believed %v", old, size, believed)
		}
		if old == 0 {
			return
		}
		forked := slices.Clone(leaves)
		forked[rapid.IntRange(0, old-1).Draw(r, "altered")] = leafHash(1 << 20)
		for _, shown := range [][]tlog.Hash{right, slowConsistency(old, forked), shown} {
			if err := tlog.VerifyConsistency(before, checkpointOf(forked), shown); !errors.Is(err, tlog.ErrForked) {
				r.Fatal("believed a fork")
			}
		}
	})
}

// drawChange is a proof as it is, or with a bit, a hash or the order changed.
func drawChange(r *rapid.T, right []tlog.Hash) []tlog.Hash {
	shown := slices.Clone(right)
	at := rapid.IntRange(0, max(0, len(right)-1)).Draw(r, "at")
	switch change := rapid.IntRange(0, 4).Draw(r, "change"); {
	case change == 1:
		return slices.Insert(shown, at, leafHash(3))
	case len(right) == 0:
	case change == 2:
		shown[at][rapid.IntRange(0, 31).Draw(r, "byte")] ^= 1 << rapid.IntRange(0, 7).Draw(r, "bit")
	case change == 3:
		return slices.Delete(shown, at, at+1)
	case change == 4:
		shown[0], shown[at] = shown[at], shown[0]
	}
	return shown
}

func leafHashes(size int) []tlog.Hash {
	leaves := make([]tlog.Hash, size)
	for n := range leaves {
		leaves[n] = leafHash(n)
	}
	return leaves
}

func TestWhatNoLogCanBeIsNotConsistent(t *testing.T) {
	leaves := leafHashes(9)
	nothing, three, nine := tlog.EmptyCheckpoint(sampleland.Origin()), checkpointOf(leaves[:3]), checkpointOf(leaves)
	right := slowConsistency(3, leaves)
	must(t, tlog.VerifyConsistency(three, nine, right))
	elsewhere, huge, rooted := nine, nine, nothing
	elsewhere.Origin, huge.Size, rooted.Root = "handrail/otherland", 1<<63+9, nine.Root
	for name, c := range map[string]struct {
		old, current tlog.Checkpoint
		proof        []tlog.Hash
	}{
		"another log":             {three, elsewhere, right},
		"a log that shrank":       {nine, three, right},
		"a log of 2^63 entries":   {three, huge, right},
		"a root and no entries":   {rooted, nine, nil},
		"no entries, but a root":  {nothing, rooted, nil},
		"a proof from nothing":    {nothing, nine, right},
		"a proof from itself":     {nine, nine, right},
		"no proof":                {three, nine, nil},
		"a proof of 64 hashes":    {three, nine, make([]tlog.Hash, 64)},
		"both roots the other's":  {tlog.Checkpoint{Origin: nine.Origin, Size: 3, Root: nine.Root}, nine, right},
		"another size, same root": {three, tlog.Checkpoint{Origin: nine.Origin, Size: 9, Root: three.Root}, right},
	} {
		if err := tlog.VerifyConsistency(c.old, c.current, c.proof); !errors.Is(err, tlog.ErrForked) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestProofBytesHaveOneForm(t *testing.T) {
	for n := range 70 {
		hashes := leafHashes(n)
		got, err := tlog.SplitHashes(tlog.JoinHashes(hashes))
		if (err == nil) != (n <= 63) || err == nil && !slices.Equal(got, hashes) {
			t.Errorf("%d hashes: %v", n, err)
		}
	}
	if got, err := tlog.SplitHashes(nil); err != nil || got != nil {
		t.Error("nothing is no hashes")
	}
	if _, err := tlog.SplitHashes(bytes.Repeat([]byte{1}, 33)); err == nil {
		t.Error("read 33 bytes as hashes")
	}
}

// FuzzConsistency holds prover and verifier to RFC 6962's definition.
func FuzzConsistency(f *testing.F) {
	f.Add(uint16(3), uint16(9), []byte{})
	f.Add(uint16(256), uint16(600), []byte{0, 31, 1})
	f.Add(uint16(0), uint16(1), bytes.Repeat([]byte{7}, 32))
	_, stored, _ := grown(700)
	f.Fuzz(func(t *testing.T, old, size uint16, noise []byte) {
		if size > 700 || old > size {
			return
		}
		leaves := stored.levels[0][:size]
		right := slowConsistency(int(old), leaves)
		got, err := tlog.ProveConsistency(uint64(size), uint64(old), stored.read)
		if err != nil || !slices.Equal(got, right) {
			t.Fatalf("from %d to %d: not RFC 6962's proof: %v", old, size, err)
		}
		shown, ok := noisy(right, noise)
		if believed := tlog.VerifyConsistency(checkpointOf(leaves[:old]), checkpointOf(leaves), shown) == nil; ok && believed != slices.Equal(shown, right) {
			t.Fatalf("from %d to %d: believed %v", old, size, believed)
		}
	})
}

// noisy is a proof with bytes laid over it, and whatever is longer appended.
func noisy(right []tlog.Hash, noise []byte) ([]tlog.Hash, bool) {
	raw := tlog.JoinHashes(right)
	for i, b := range noise {
		if i < len(raw) {
			raw[i] ^= b
		} else {
			raw = append(raw, b)
		}
	}
	shown, err := tlog.SplitHashes(raw)
	return shown, err == nil
}

// FuzzInclusion does the same for inclusion proofs.
func FuzzInclusion(f *testing.F) {
	f.Add(uint16(0), uint16(1), []byte{})
	f.Add(uint16(256), uint16(600), []byte{0, 31, 1})
	f.Add(uint16(5), uint16(7), bytes.Repeat([]byte{7}, 128))
	_, stored, _ := grown(700)
	f.Fuzz(func(t *testing.T, number, size uint16, noise []byte) {
		if size > 700 || number >= size {
			return
		}
		leaves := stored.levels[0][:size]
		right := slowProof(int(number), leaves)
		got, err := tlog.Prove(uint64(size), uint64(number), stored.read)
		if err != nil || !slices.Equal(got, right) {
			t.Fatalf("%d in %d: not RFC 6962's proof: %v", number, size, err)
		}
		shown, ok := noisy(right, noise)
		if believed := tlog.VerifyInclusion(checkpointOf(leaves), uint64(number), leaves[number], shown) == nil; ok && believed != slices.Equal(shown, right) {
			t.Fatalf("%d in %d: believed %v", number, size, believed)
		}
	})
}
