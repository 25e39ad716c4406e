package tlog_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

var update = flag.Bool("update", false, "rewrite golden files")

// golden compares v with a published vector file, or rewrites it.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	b, err := json.MarshalIndent(v, "", "  ")
	must(t, err)
	b = append(b, '\n')
	path := filepath.Join("..", "vectors", name)
	if *update {
		must(t, os.WriteFile(path, b, 0o644))
	}
	want, err := os.ReadFile(path)
	must(t, err)
	if !bytes.Equal(b, want) {
		t.Errorf("%s differs from what the code does; if that is meant, run the tests with -update", name)
	}
}

type vector map[string]any

func attributesOf(e events.Event) [][2]string {
	var out [][2]string
	for _, a := range e.Attributes() {
		out = append(out, [2]string{a.Name, a.Value})
	}
	return out
}

func TestEntryAndLeafVectors(t *testing.T) {
	d := deliverAll(t)
	first, _ := tlog.ParseEntry(d.openings[0].Entry)
	chained, _ := tlog.ParseEntry(d.openings[5].Entry)
	refused, _ := tlog.ParseEntry(d.openings[6].Entry)
	bare := refused
	bare.Pointer, bare.Case, bare.Rule = "", "", "signature-invalid"
	submission := tlog.SubmissionDigest(d.refused.Attributes(), d.refused.Data)
	golden(t, "entry.json", vector{
		"about": "Entry bytes: lines 'name SP value LF' in this order. ce- lines are the event's attributes in the contract's order. Every text here is the whole entry.",
		"valid": []vector{
			{"what": "admitted, first of its chain", "entry": string(first.Bytes())},
			{"what": "admitted, linked to the previous entry of its chain", "entry": string(chained.Bytes()), "data": string(d.admitted.Data)},
			{"what": "refused after the signature was checked", "entry": string(refused.Bytes())},
			{"what": "refused before that: neither pointer nor case", "entry": string(bare.Bytes())},
		},
		"salted-digest": vector{
			"about":             "SHA-256 over SHA-256(name), SHA-256(value) of each attribute by name, then SHA-256(data); under HMAC-SHA-256 with the salt, in hexadecimal",
			"attributes":        attributesOf(d.refused),
			"data":              string(d.refused.Data),
			"submission-digest": hex.EncodeToString(submission[:]),
			"salt":              hex.EncodeToString(d.refusal.DigestSalt[:]),
			"salted-digest":     hex.EncodeToString(refused.Salted[:]),
		},
	})
	var leaves []vector
	for _, o := range d.openings[5:7] {
		h := o.LeafHash()
		leaves = append(leaves, vector{
			"salt": hex.EncodeToString(o.Salt[:]), "entry": string(o.Entry), "leaf": hex.EncodeToString(o.Leaf()), "leaf-hash": hex.EncodeToString(h[:]),
		})
	}
	golden(t, "leaf.json", vector{
		"about":  "Leaf: the bytes 'handrail-leaf v1' LF, then the 32 bytes of HMAC-SHA-256(salt, entry bytes). Leaf hash: SHA-256(0x00 || leaf).",
		"leaves": leaves,
	})
}

func TestTreeAndCheckpointVectors(t *testing.T) {
	_, stored, _ := grown(65536 + 300)
	var trees []vector
	for _, c := range [][]uint64{{1, 0}, {2, 0, 1}, {7, 3, 6}, {255, 254}, {256, 0, 255}, {257, 0, 256}, {600, 255, 256, 599}, {65536, 65535}, {65537, 0, 65536}, {65836, 65791, 65835}} {
		prover := tlog.NewProver(c[0], stored.read)
		root, err := prover.Root()
		must(t, err)
		proofs := map[string][]tlog.Hash{}
		for _, n := range c[1:] {
			proof, err := prover.Prove(n)
			must(t, err)
			proofs[strconv.FormatUint(n, 10)] = proof
		}
		trees = append(trees, vector{"size": c[0], "root": root, "proofs": proofs})
	}
	golden(t, "tree.json", vector{
		"about": "RFC 6962 roots and inclusion proofs in base64. Leaf n is the 8 bytes of n, big-endian; its hash SHA-256(0x00 || leaf). Stored nodes: root of the complete subtree of 256^level leaves at index.",
		"trees": trees,
		"nodes": []vector{
			{"level": 1, "index": 0, "hash": stored.levels[1][0]},
			{"level": 1, "index": 256, "hash": stored.levels[1][256]},
			{"level": 2, "index": 0, "hash": stored.levels[2][0]},
		},
	})
	h := newHub(t, sampleland, "checkpoint vector")
	h.admit(h.opened(1))
	h.admit(h.opened(2))
	golden(t, "checkpoint.json", vector{
		"about":  "Checkpoint: C2SP tlog-checkpoint as a signed note by the log key, whose name is the origin. No extension lines; further signatures are allowed.",
		"vkey":   h.vkey,
		"origin": sampleland.Origin(), "size": h.tree.Size(), "root": h.tree.Root(),
		"note": string(h.checkpoint()),
	})
}

func TestDeliveryVectors(t *testing.T) {
	d := deliverAll(t)
	vkey := hubKey(t, d.hub)
	show := func(about string, delivery tlog.Delivery, e *events.Event) vector {
		header, err := delivery.Header()
		must(t, err)
		v := vector{
			"about": about, "hub": d.id, "log-key": d.vkey, "hub-key": vkey,
			"header": header, "statement": string(delivery.Statement), "checkpoint": string(delivery.Checkpoint),
		}
		if e != nil {
			v["attributes"], v["data"] = attributesOf(*e), string(e.Data)
		}
		return v
	}
	golden(t, "delivery.json", show("Delivery of another agency's event: the header handrail-delivery beside the event. 'statement' and 'checkpoint' are its members, decoded.", d.event, &d.admitted))
	golden(t, "receipt.json", show("Receipt: the sender's own event was admitted. No event travels beside it; the sender checks against its own copy.", d.receipt, &d.admitted))
	golden(t, "refusal.json", show("Refusal: the sender's submission was refused. The entry has rule and pointer; digestsalt and the submission give its salted-digest.", d.refusal, &d.refused))
	golden(t, "tombstone.json", show("Tombstone: what had this number was withdrawn or erased before it was delivered. Only the hub's statement.", d.tombstone, nil))
}

// hubKey is the hub's key in signed-note form, for those without our code.
func hubKey(t *testing.T, h *hub) string {
	raw, err := h.key.Public().Bytes()
	must(t, err)
	vkey, err := note.NewEd25519VerifierKey(tlog.HubKeyName(h.id), raw)
	must(t, err)
	return vkey
}
