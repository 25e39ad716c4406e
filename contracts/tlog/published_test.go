package tlog_test

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

// Whoever reads only the published files can check every delivery in them.
func TestPublishedDeliveriesVerify(t *testing.T) {
	for _, name := range []string{"delivery.json", "receipt.json", "refusal.json", "tombstone.json"} {
		b, err := os.ReadFile(filepath.Join("..", "vectors", name))
		must(t, err)
		var published struct {
			Hub        events.HubID
			LogKey     string `json:"log-key"`
			HubKey     string `json:"hub-key"`
			Header     string
			Attributes [][2]string
			Data       string
		}
		must(t, json.Unmarshal(b, &published))
		d, err := tlog.ParseDelivery(published.Header)
		must(t, err)
		logKey, err := note.NewVerifier(published.LogKey)
		must(t, err)
		hubKey, err := note.NewVerifier(published.HubKey)
		must(t, err)
		var event *events.Event
		if published.Attributes != nil {
			var attributes []events.Attribute
			for _, a := range published.Attributes {
				attributes = append(attributes, events.Attribute{Name: a[0], Value: a[1]})
			}
			e, err := events.Parse(attributes, []byte(published.Data))
			must(t, err)
			event = &e
		}
		pins := tlog.Verifier{Hub: published.Hub, Recipient: d.Recipient, Log: logKey, HubKey: hubKey}
		if _, err := pins.Verify(d, event); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

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
