package tlog_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

// deliveryFile gives the published file of a kind of delivery.
func deliveryFile(kind tlog.Kind) string {
	if kind == tlog.KindEvent {
		return "delivery.json"
	}
	return string(kind) + ".json"
}

func TestDeliveryVectors(t *testing.T) {
	d := deliverAll(t)
	var files [4]vectorFile
	kinds := []tlog.Kind{tlog.KindEvent, tlog.KindReceipt, tlog.KindRefusal, tlog.KindTombstone}
	for i, about := range []string{
		"Deliveries of another agency's event: the header handrail-delivery beside the event's own.",
		"Receipts: the sender's own event was admitted. No event travels beside one; the sender checks it against its own copy.",
		"Refusals: the sender's submission was refused. The entry has rule and pointer; digestsalt and the submission give its salted-digest. A sender without its copy can check everything else.",
		"Tombstones: what had this number was withdrawn or erased before it was delivered. Only the hub's statement.",
	} {
		files[i] = vectorFile{
			About: about + " input.recipient is who received input.header; attributes and data are the event as it has it. refused.check says which check does not believe it: form, statement, checkpoint, proof, entry or event.",
			Given: map[string]any{"hub": d.id, "log_key": d.vkey, "hub_key": hubKey(t, d.hub)},
		}
	}
	at := func(kind tlog.Kind) *vectorFile { return &files[slices.Index(kinds, kind)] }
	for _, c := range []struct {
		name, sentence string
		delivery       tlog.Delivery
		e              *events.Event
	}{
		{"event", sentenceKinds, d.event, &d.admitted},
		{"receipt", sentenceKinds, d.receipt, &d.admitted},
		{"refusal", sentenceRefusal, d.refusal, &d.refused},
		{"refusal of a submission that is not at hand", sentenceRefusal, d.refusal, nil},
		{"tombstone", sentenceRefusal, d.tombstone, nil},
	} {
		v := received(t, c.name, c.sentence, c.delivery.Recipient, c.delivery, c.e)
		v.Output = map[string]any{"statement": string(c.delivery.Statement)}
		if c.delivery.Kind != tlog.KindTombstone {
			v.Output["entry"], v.Output["checkpoint"] = string(c.delivery.EntryBytes), string(c.delivery.Checkpoint)
		}
		at(c.delivery.Kind).Vectors = append(at(c.delivery.Kind).Vectors, v)
	}
	for _, c := range d.changes() {
		delivery, e, pins := c.apply(d)
		if _, err := delivery.Header(); err != nil || pins.Hub != d.id || pins.Log.KeyHash() != d.log.KeyHash() {
			continue // has no header, or is about pins that are not given
		}
		v := received(t, c.name, sentenceOf(c), pins.Recipient, delivery, e)
		_, err := pins.Verify(delivery, e)
		v.Refused = refusedBy(t, c.name, err)
		at(c.kind).Vectors = append(at(c.kind).Vectors, v)
	}
	told := lies()
	for _, name := range slices.Sorted(maps.Keys(told)) {
		lie := d.deliver(told[name])
		v := received(t, "signed by the hub: "+name, sentenceKinds, lie.Recipient, lie, &d.admitted)
		_, err := d.pins(lie.Recipient).Verify(lie, &d.admitted)
		v.Refused = refusedBy(t, name, err)
		at(lie.Kind).Vectors = append(at(lie.Kind).Vectors, v)
	}
	addOtherForms(t, d, at)
	for i, kind := range kinds {
		publish(t, deliveryFile(kind), files[i])
	}
}

func received(t *testing.T, name, sentence string, by events.AgencyID, delivery tlog.Delivery, e *events.Event) vector {
	t.Helper()
	header, err := delivery.Header()
	must(t, err)
	input := map[string]any{"recipient": by, "header": header}
	if e != nil {
		input["attributes"], input["data"] = pairs(*e), string(e.Data)
	}
	return vector{Name: name, Sentence: sentence, Input: input}
}

// sentenceOf is the sentence that a changed delivery breaks.
func sentenceOf(c deliveryChange) string {
	switch {
	case errors.Is(c.want, tlog.ErrEvent):
		return sentenceRebuilds
	case c.kind == tlog.KindRefusal, c.kind == tlog.KindTombstone, strings.HasPrefix(c.name, "tombstone"):
		return sentenceSigns
	}
	return sentenceCarries
}

func addOtherForms(t *testing.T, d delivered, at func(tlog.Kind) *vectorFile) {
	t.Helper()
	header, err := d.event.Header()
	must(t, err)
	tomb, err := d.tombstone.Header()
	must(t, err)
	forms := otherHeaders(header, tomb)
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		kind := tlog.KindEvent
		if strings.Contains(forms[name], `"kind":"tombstone"`) {
			kind = tlog.KindTombstone
		}
		_, err := tlog.ParseDelivery(forms[name])
		at(kind).Vectors = append(at(kind).Vectors, vector{
			Name: "form: " + name, Sentence: sentenceHeader, Input: map[string]any{"recipient": shelter, "header": forms[name]}, Refused: refusedBy(t, name, err),
		})
	}
}

// hubKey is the hub's key in signed-note form, for those without our code.
func hubKey(t *testing.T, h *hub) string {
	t.Helper()
	raw, err := h.key.Public().Bytes()
	must(t, err)
	vkey, err := note.NewEd25519VerifierKey(tlog.HubKeyName(h.id), raw)
	must(t, err)
	return vkey
}
