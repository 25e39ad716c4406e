package tlog_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
)

func TestTreeVectors(t *testing.T) {
	_, stored, _ := grown(65536 + 300)
	file := vectorFile{About: "RFC 6962 trees, hashes in base64. Leaf n is the 8 bytes of n, big-endian; its hash SHA-256(0x00 || leaf). output.proofs are inclusion proofs by number; " +
		"a node is the root of the complete subtree of 256^level leaves at index. What is refused is an inclusion that must not be believed."}
	for _, c := range [][]uint64{{1, 0}, {2, 0, 1}, {7, 3, 6}, {255, 254}, {256, 0, 255}, {257, 0, 256}, {600, 255, 256, 599}, {65536, 65535}, {65537, 0, 65536}, {65836, 65791, 65835}} {
		prover := tlog.NewProver(c[0], stored.read)
		root, err := prover.Root()
		must(t, err)
		proofs := map[string][]tlog.Hash{}
		for _, n := range c[1:] {
			proof, err := prover.Prove(n)
			must(t, err)
			proofs[strconv.FormatUint(n, 10)] = append([]tlog.Hash{}, proof...)
		}
		file.Vectors = append(file.Vectors, vector{
			Name: fmt.Sprintf("tree of %d", c[0]), Sentence: sentenceTree, Input: map[string]any{"size": c[0], "numbers": c[1:]}, Output: map[string]any{"root": root, "proofs": proofs},
		})
	}
	for _, n := range []struct{ level, index int }{{1, 0}, {1, 256 - 1}, {1, 256}, {2, 0}} {
		file.Vectors = append(file.Vectors, vector{
			Name: fmt.Sprintf("node %d of level %d", n.index, n.level), Sentence: sentenceTree,
			Input: map[string]any{"level": n.level, "index": n.index}, Output: map[string]any{"hash": stored.levels[n.level][n.index]},
		})
	}
	file.Vectors = append(file.Vectors, falseInclusions(t, stored)...)
	publish(t, "tree.json", file)
}

// falseInclusions are changed copies of the proof of number 256 in the tree of 600.
func falseInclusions(t *testing.T, stored *store) []vector {
	t.Helper()
	prover := tlog.NewProver(600, stored.read)
	root, err := prover.Root()
	must(t, err)
	proof, err := prover.Prove(256)
	must(t, err)
	must(t, tlog.VerifyInclusion(tlog.Checkpoint{Size: 600, Root: root}, 256, leafHash(256), proof))
	bent, swapped := slices.Clone(proof), slices.Clone(proof)
	bent[3][31] ^= 1
	swapped[0], swapped[1] = swapped[1], swapped[0]
	var all []vector
	for _, c := range []struct {
		name         string
		size, number uint64
		leaf         tlog.Hash
		proof        []tlog.Hash
	}{
		{"a changed byte", 600, 256, leafHash(256), bent},
		{"another leaf", 600, 256, leafHash(257), proof},
		{"another number", 600, 257, leafHash(256), proof},
		{"a hash too few", 600, 256, leafHash(256), proof[:len(proof)-1]},
		{"a hash too many", 600, 256, leafHash(256), append(slices.Clone(proof), proof[0])},
		{"two hashes swapped", 600, 256, leafHash(256), swapped},
		{"another size", 512, 256, leafHash(256), proof},
		{"a number beyond the size", 600, 600, leafHash(600), proof},
		{"a node as a leaf", 600, 0, stored.levels[1][0], []tlog.Hash{}},
	} {
		err := tlog.VerifyInclusion(tlog.Checkpoint{Size: c.size, Root: root}, c.number, c.leaf, c.proof)
		all = append(all, vector{
			Name: c.name, Sentence: sentenceTree,
			Input: map[string]any{"size": c.size, "root": root, "number": c.number, "leaf_hash": c.leaf, "proof": c.proof}, Refused: refusedBy(t, c.name, err),
		})
	}
	return all
}

func TestCheckpointVectors(t *testing.T) {
	h := newHub(t, sampleland, "checkpoint vector")
	h.admit(h.opened(1))
	pins := h.pins(police)
	file := vectorFile{
		About: "Checkpoints: input.note is a signed note, to be verified with the log's key in signed-note form, whose name is the origin.",
		Given: map[string]any{"origin": sampleland.Origin(), "log_key": h.vkey},
	}
	one := h.checkpoint()
	text := tlog.Checkpoint{Origin: sampleland.Origin(), Size: 1, Root: h.tree.Root()}.Text()
	h.admit(h.opened(2))
	for _, c := range []struct {
		name string
		note []byte
	}{{"size 1", one}, {"size 2", h.checkpoint()}, {"with a witness's signature", h.witnessed()}} {
		got, err := tlog.ParseCheckpoint(c.note, pins.Log)
		must(t, err)
		file.Vectors = append(file.Vectors, vector{
			Name: c.name, Sentence: sentenceCheckpoint, Input: map[string]any{"note": string(c.note)}, Output: map[string]any{"origin": got.Origin, "size": got.Size, "root": got.Root},
		})
	}
	refuse := func(name string, signed []byte) {
		_, err := tlog.ParseCheckpoint(signed, pins.Log)
		file.Vectors = append(file.Vectors, vector{Name: name, Sentence: sentenceCheckpoint, Input: map[string]any{"note": string(signed)}, Refused: refusedBy(t, name, err)})
	}
	texts := otherCheckpointTexts(text)
	for _, name := range slices.Sorted(maps.Keys(texts)) {
		signed, err := note.Sign(&note.Note{Text: texts[name]}, h.log)
		must(t, err)
		refuse(name, signed)
	}
	forked := newHub(t, sampleland, "a second history of the same name")
	forked.admit(forked.opened(1))
	refuse("signed by another key of the same name", forked.checkpoint())
	refuse("not signed", []byte(text+"\n"))
	refuse("a text that was not signed", append([]byte(tlog.Checkpoint{Origin: sampleland.Origin(), Size: 2, Root: h.tree.Root()}.Text()), one[len(text):]...))
	publish(t, "checkpoint.json", file)
}
