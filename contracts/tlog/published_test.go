package tlog_test

import (
	"errors"
	"testing"

	"handrail/contracts/tlog"
)

// A log can hold any leaf: what is no entry, or an entry that bears another
// number, proves nothing although its place is proven.
func TestALogOfNonsenseProvesNothing(t *testing.T) {
	h := newHub(t, sampleland, "nonsense")
	e := h.opened(1)
	h.admit(e)
	junk := h.openings[0]
	for name, o := range map[string]tlog.Opening{
		"no entry":       {Salt: [32]byte{1}, Entry: []byte("hello\n")},
		"another number": junk,
	} {
		h.openings = append(h.openings, o)
		h.stored.leaf(o.LeafHash())
		h.tree.Append(o.LeafHash(), h.stored.node)
		n := h.tree.Size() - 1
		d := h.deliver(tlog.Delivery{Kind: tlog.KindEvent, Number: 2, Recipient: shelter, Entry: n})
		if _, err := h.pins(shelter).Verify(d, &e); !errors.Is(err, tlog.ErrEntry) {
			t.Errorf("%s: %v", name, err)
		}
	}
	younger := h.deliver(tlog.Delivery{Kind: tlog.KindEvent, Number: 2, Recipient: shelter, Entry: 0})
	younger.Entry = h.tree.Size()
	if _, err := h.pins(shelter).Verify(h.sign(younger), &e); !errors.Is(err, tlog.ErrProof) {
		t.Errorf("an entry beyond the checkpoint: %v", err)
	}
	pins := h.pins(shelter)
	pins.Hub = "otherland"
	if _, _, err := pins.VerifyEntry(0, h.openings[0], nil, h.checkpoint()); !errors.Is(err, tlog.ErrCheckpoint) {
		t.Errorf("a checkpoint of another hub: %v", err)
	}
}
