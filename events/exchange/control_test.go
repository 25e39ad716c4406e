package exchange

import (
	"context"
	"encoding/base64"
	"errors"
	"reflect"
	"testing"

	"handrail/events"
	"handrail/events/seal"
)

// controls are one message of each type, as agency and hub send them.
func controls(t testing.TB) map[string]events.Event {
	t.Helper()
	encode := func(p events.Payload) string {
		data, err := events.Encode(p)
		if err != nil {
			t.Fatal(err)
		}
		return string(data)
	}
	// Whether these are what they should be is judged by whoever cosigns: see witness.json.
	hashes, note := base64.StdEncoding.EncodeToString(make([]byte, 64)), base64.StdEncoding.EncodeToString([]byte("a checkpoint, as the log signed it"))
	return map[string]events.Event{
		"inbox position":               said(t, police, events.TypeControlPosition, "01936a00-0000-7000-8000-000000000011", encode(&events.InboxPosition{Position: 41})),
		"inbox position, resumed":      said(t, police, events.TypeControlPosition, "01936a00-0000-7000-8000-000000000012", encode(&events.InboxPosition{Position: 41, Resume: true})),
		"inbox position, copies again": said(t, police, events.TypeControlPosition, "01936a00-0000-7000-8000-000000000015", encode(&events.InboxPosition{Position: 41, Again: []uint64{7, 9}})),
		"checkpoint offered":           said(t, events.HubAgency, events.TypeControlOffered, "01936a00-0000-7000-8000-000000000016", encode(&events.CheckpointOffered{Old: 40, Proof: hashes, Checkpoint: note})),
		"checkpoint cosigned":          said(t, police, events.TypeControlCosigned, "01936a00-0000-7000-8000-000000000017", encode(&events.CheckpointCosigned{Size: 41, Checkpoint: note})),
		"checkpoint not cosigned":      said(t, police, events.TypeControlCosigned, "01936a00-0000-7000-8000-000000000018", encode(&events.CheckpointCosigned{Finding: events.FindingStateLost})),
		"head announced":               said(t, events.HubAgency, events.TypeControlHead, "01936a00-0000-7000-8000-000000000013", encode(&events.HeadAnnounced{Delivered: 57})),
		"resend from":                  said(t, events.HubAgency, events.TypeControlResend, "01936a00-0000-7000-8000-000000000014", encode(&events.ResendFrom{Key: signingKey(t, police).ID(), Sequence: 9})),
	}
}

func TestControlVectors(t *testing.T) {
	file := vectorFile{
		About: "Control messages as they stand on the wire. Each output is a signed event without a sequence whose correlation and cause are its own id and whose subject is the agency concerned.",
		Given: map[string]any{"police": signingKey(t, police).Public(), "hub": signingKey(t, events.HubAgency).Public()},
	}
	all := controls(t)
	for _, name := range []string{
		"inbox position", "inbox position, resumed", "inbox position, copies again", "head announced", "resend from",
		"checkpoint offered", "checkpoint cosigned", "checkpoint not cosigned",
	} {
		e := all[name]
		if err := seal.Verify(e, signingKey(t, e.Agency()).Public()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := events.Decode(e.Type, e.Data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		sentence := sentenceControl
		if e.Agency() == events.HubAgency {
			sentence = sentenceNoDelivery
		}
		if e.Type == events.TypeControlHead {
			sentence = sentenceHub
		}
		m := Encode(e)
		if _, found, _ := m.Delivery(); found {
			t.Errorf("%s has a delivery number", name)
		}
		file.Vectors = append(file.Vectors, decoded(t, name, sentence, m))
	}
	sequenced := changed(Encode(all["inbox position"]), map[string][]string{"ce-sequence": {"00000000000000000001"}})
	file.Vectors = append(file.Vectors, decoded(t, "a control message with a sequence", sentenceControl, sequenced))
	publish(t, "control.json", file)
}

// What one side encodes the other decodes, byte for byte, through the broker.
func TestEventsThroughTheBroker(t *testing.T) {
	b := startBroker(t)
	h := b.hub(nil)
	ctx, cancel := context.WithCancel(deadline(t))
	site := b.site(police)
	from, err := h.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	all := []events.Event{acknowledged(t), record(t), controls(t)["inbox position"]}
	for _, e := range all {
		submitted(ctx, t, site, Encode(e))
		s := next(ctx, t, from)
		got, err := Decode(s.Message)
		if err != nil || !reflect.DeepEqual(got, e) || s.From != police {
			t.Errorf("the hub got %+v from %s: %v", got, s.From, err)
		}
		if err := h.Send(ctx, police, s.Message.WithDelivery(`{"number":1}`)); err != nil {
			t.Fatal(err)
		}
	}
	err = site.Receive(ctx, func(_ context.Context, m Message) error {
		got, err := Decode(m)
		if err != nil || !reflect.DeepEqual(got, all[0]) {
			t.Errorf("the agency got %+v: %v", got, err)
		}
		if value, found, err := m.Delivery(); value != `{"number":1}` || !found || err != nil {
			t.Errorf("the agency got the number %q: %v", value, err)
		}
		if all = all[1:]; len(all) == 0 {
			cancel()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}
