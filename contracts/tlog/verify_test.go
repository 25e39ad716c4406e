package tlog_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"handrail/contracts/tlog"
	"handrail/events"
)

// delivered is a hub with some history, one of each kind of delivery, and the
// events that belong to them.
type delivered struct {
	*hub
	own, foreign                       tlog.Verifier // the police's pins, the shelter's pins
	event, receipt, refusal, tombstone tlog.Delivery
	admitted, refused                  events.Event
}

func deliverAll(t testing.TB) delivered {
	t.Helper()
	d := delivered{hub: newHub(t, sampleland, "deliveries")}
	for n := range events.Sequence(5) {
		d.admit(d.opened(n + 1))
	}
	d.admitted, d.refused = d.opened(6), d.opened(7)
	d.admit(d.admitted)
	salt := [32]byte{7, 7}
	d.refuse(d.refused, salt)
	d.admit(d.opened(8))
	d.own, d.foreign = d.pins(police), d.pins(shelter)
	d.event = d.deliver(tlog.Delivery{Kind: tlog.KindEvent, Number: 3, Recipient: shelter, Entry: 5})
	d.receipt = d.deliver(tlog.Delivery{Kind: tlog.KindReceipt, Number: 6, Recipient: police, Entry: 5})
	d.refusal = d.deliver(tlog.Delivery{
		Kind: tlog.KindRefusal, Number: 7, Recipient: police, Entry: 6,
		ID: d.refused.ID, Sequence: d.refused.Sequence, DigestSalt: salt,
		Reason: "no active consent covers this recipient; ask the person first",
	})
	d.tombstone = d.deliver(tlog.Delivery{Kind: tlog.KindTombstone, Number: 4, Recipient: shelter, Entry: 5, Reason: tlog.TombstoneWithdrawn})
	return d
}

func TestDeliveriesVerify(t *testing.T) {
	d := deliverAll(t)
	for _, c := range []struct {
		pins tlog.Verifier
		d    tlog.Delivery
		e    *events.Event
	}{
		{d.foreign, d.event, &d.admitted},
		{d.own, d.receipt, &d.admitted},
		{d.own, d.refusal, &d.refused},
		{d.own, d.refusal, nil},
		{d.foreign, d.tombstone, nil},
	} {
		header, err := c.d.Header()
		must(t, err)
		if strings.ContainsFunc(header, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Error("a header is printable ASCII")
		}
		got, err := tlog.ParseDelivery(header)
		must(t, err)
		entry, err := c.pins.Verify(got, c.e)
		if err != nil {
			t.Errorf("%s: %v", c.d.Kind, err)
		}
		if c.d.Kind != tlog.KindTombstone && (entry.Number != c.d.Entry || entry.Submitter != police) {
			t.Errorf("%s: entry %d of %s", c.d.Kind, entry.Number, entry.Submitter)
		}
		if again := d.deliver(c.d); !bytes.Equal(again.Statement, c.d.Statement) || !bytes.Equal(again.Checkpoint, c.d.Checkpoint) {
			t.Errorf("%s: delivering again gave other bytes", c.d.Kind)
		}
	}
}

// deliveryChange is something that somebody between hub and agency could change
// about a delivery, and the check that is there for it. A nil change takes the event away.
type deliveryChange struct {
	name   string
	kind   tlog.Kind
	want   error
	change func(*tlog.Delivery, *events.Event, *tlog.Verifier)
}

func (d delivered) changes() []deliveryChange {
	t := d.t
	other := newHub(t, "otherland", "another country")
	forked := newHub(t, sampleland, "a second history of the same name")
	for n := range events.Sequence(8) {
		other.admit(other.opened(n + 1))
		forked.admit(forked.opened(n + 1))
	}
	event, receipt, refusal, tombstone := tlog.KindEvent, tlog.KindReceipt, tlog.KindRefusal, tlog.KindTombstone
	return []deliveryChange{
		{"another number", event, tlog.ErrStatement, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Number++ }},
		{"another recipient named", event, tlog.ErrStatement, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Recipient = "harbour-shelter" }},
		{"delivered to another", event, tlog.ErrStatement, func(_ *tlog.Delivery, _ *events.Event, v *tlog.Verifier) { v.Recipient = "harbour-shelter" }},
		{"from another hub", event, tlog.ErrStatement, func(_ *tlog.Delivery, _ *events.Event, v *tlog.Verifier) { *v = other.pins(shelter) }},
		{"pinned to another log", event, tlog.ErrCheckpoint, func(_ *tlog.Delivery, _ *events.Event, v *tlog.Verifier) { v.Log = other.pins(shelter).Log }},
		{"pinned to a forged log", event, tlog.ErrCheckpoint, func(_ *tlog.Delivery, _ *events.Event, v *tlog.Verifier) { v.Log = forked.pins(shelter).Log }},
		{"a receipt as an event", receipt, tlog.ErrStatement, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Kind = event }},
		{"an event as a receipt", event, tlog.ErrStatement, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Kind = receipt }},
		{"another entry number", event, tlog.ErrStatement, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Entry-- }},
		{"statement of another delivery", event, tlog.ErrStatement, func(x *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { x.Statement = d.receipt.Statement }},
		{"checkpoint of another log", event, tlog.ErrCheckpoint, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Checkpoint = other.checkpoint() }},
		{"checkpoint of a forged log", event, tlog.ErrCheckpoint, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Checkpoint = forked.checkpoint() }},
		{"no checkpoint", event, tlog.ErrStatement, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Checkpoint = nil }},
		{"a proof too short", event, tlog.ErrProof, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Proof = d.Proof[1:] }},
		{"a proof changed", event, tlog.ErrProof, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) {
			d.Proof = append([]tlog.Hash{{1}}, d.Proof[1:]...)
		}},
		{"another salt", event, tlog.ErrProof, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Salt[0]++ }},
		{"opening of another entry", event, tlog.ErrProof, func(x *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) {
			x.Salt, x.EntryBytes = d.openings[4].Salt, d.openings[4].Entry
		}},
		{"a word of the entry changed", event, tlog.ErrProof, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) {
			d.EntryBytes = bytes.Replace(d.EntryBytes, []byte("clause 4.2"), []byte("clause 4.3"), 1)
		}},
		{"event missing", event, tlog.ErrEvent, nil},
		{"event swapped", event, tlog.ErrEvent, func(_ *tlog.Delivery, e *events.Event, _ *tlog.Verifier) { *e = d.refused }},
		{"event of another hub", event, tlog.ErrEvent, func(_ *tlog.Delivery, e *events.Event, _ *tlog.Verifier) { e.Hub = "handrail/otherland" }},
		{"an attribute changed", event, tlog.ErrEvent, func(_ *tlog.Delivery, e *events.Event, _ *tlog.Verifier) {
			e.TraceParent = strings.Replace(e.TraceParent, "-01", "-00", 1)
		}},
		{"a signature stripped", event, tlog.ErrEvent, func(_ *tlog.Delivery, e *events.Event, _ *tlog.Verifier) { e.DSSEMaterial = "" }},
		{"a byte of the data changed", event, tlog.ErrEvent, func(_ *tlog.Delivery, e *events.Event, _ *tlog.Verifier) {
			e.Data = bytes.Replace(e.Data, []byte("adult"), []byte("child"), 1)
		}},
		{"data lost", receipt, tlog.ErrEvent, func(_ *tlog.Delivery, e *events.Event, _ *tlog.Verifier) { e.Data = nil }},
		{"refusal of another submission", refusal, tlog.ErrEvent, func(_ *tlog.Delivery, e *events.Event, _ *tlog.Verifier) { *e = d.admitted }},
		{"refusal with other advice", refusal, tlog.ErrStatement, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Reason = "all is well" }},
		{"refusal under another id", refusal, tlog.ErrStatement, func(x *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { x.ID = d.admitted.ID }},
		{"refusal under another sequence", refusal, tlog.ErrStatement, func(x *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { x.Sequence = d.admitted.Sequence }},
		{"refusal with another salt", refusal, tlog.ErrStatement, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.DigestSalt[1]++ }},
		{"refusal without its salt", refusal, tlog.ErrStatement, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.DigestSalt = [32]byte{} }},
		{"tombstone with an event", tombstone, tlog.ErrEvent, func(*tlog.Delivery, *events.Event, *tlog.Verifier) {}},
		{"tombstone for another reason", tombstone, tlog.ErrStatement, func(d *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) { d.Reason = tlog.TombstoneErased }},
		{"tombstone for what was an event", event, tlog.ErrStatement, func(x *tlog.Delivery, _ *events.Event, _ *tlog.Verifier) {
			*x = tlog.Delivery{Kind: tombstone, Number: x.Number, Recipient: x.Recipient, Entry: x.Entry, Reason: tlog.TombstoneErased, Statement: x.Statement}
		}},
	}
}

// apply gives the changed delivery with the event and the pins to verify it with.
func (c deliveryChange) apply(d delivered) (tlog.Delivery, *events.Event, tlog.Verifier) {
	delivery := map[tlog.Kind]tlog.Delivery{tlog.KindEvent: d.event, tlog.KindReceipt: d.receipt, tlog.KindRefusal: d.refusal, tlog.KindTombstone: d.tombstone}[c.kind]
	e, pins := d.admitted, d.pins(delivery.Recipient)
	if c.kind == tlog.KindRefusal {
		e = d.refused
	}
	if c.change == nil {
		return delivery, nil, pins
	}
	c.change(&delivery, &e, &pins)
	return delivery, &e, pins
}

func TestChangedDeliveriesAreRefused(t *testing.T) {
	d := deliverAll(t)
	for _, c := range d.changes() {
		t.Run(c.name, func(t *testing.T) {
			delivery, e, pins := c.apply(d)
			if _, err := pins.Verify(delivery, e); !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
		})
	}
}

// lies are deliveries of what the log of deliverAll holds otherwise.
func lies() map[string]tlog.Delivery {
	return map[string]tlog.Delivery{
		"a receipt as somebody else's event": {Kind: tlog.KindEvent, Number: 6, Recipient: police, Entry: 5},
		"an event as the recipient's own":    {Kind: tlog.KindReceipt, Number: 3, Recipient: shelter, Entry: 5},
		"a refused entry as a receipt":       {Kind: tlog.KindReceipt, Number: 7, Recipient: police, Entry: 6},
		"a refusal told to another":          {Kind: tlog.KindRefusal, Number: 7, Recipient: shelter, Entry: 6, DigestSalt: [32]byte{1}, Reason: "no"},
		"an admitted entry as a refusal":     {Kind: tlog.KindRefusal, Number: 7, Recipient: police, Entry: 5, DigestSalt: [32]byte{1}, Reason: "no"},
	}
}

// Even the hub's own signature cannot make a delivery say something else than
// the log: here the hub itself lies.
func TestTheHubCannotLieAboutAnEntry(t *testing.T) {
	d := deliverAll(t)
	for name, lie := range lies() {
		if _, err := d.pins(lie.Recipient).Verify(d.deliver(lie), &d.admitted); !errors.Is(err, tlog.ErrEntry) {
			t.Errorf("%s: %v", name, err)
		}
	}
	// The opening of entry 5 shown as entry 4: signed, but not in the log there.
	lie := d.deliver(tlog.Delivery{Kind: tlog.KindEvent, Number: 3, Recipient: shelter, Entry: 4})
	lie.Salt, lie.EntryBytes = d.openings[5].Salt, d.openings[5].Entry
	if _, err := d.foreign.Verify(lie, &d.admitted); !errors.Is(err, tlog.ErrProof) {
		t.Errorf("an entry at another's place: %v", err)
	}
	// An event that was signed for another hub: logged all the same.
	other := newHub(t, "otherland", "another hub").opened(1)
	d.admit(other)
	lie = d.deliver(tlog.Delivery{Kind: tlog.KindEvent, Number: 3, Recipient: shelter, Entry: uint64(len(d.openings)) - 1})
	if _, err := d.foreign.Verify(lie, &other); !errors.Is(err, tlog.ErrEvent) {
		t.Errorf("another hub's event: %v", err)
	}
	// The right refusal, as if it were of what has another id or sequence.
	for name, change := range map[string]func(*tlog.Delivery){
		"id":       func(lie *tlog.Delivery) { lie.ID = d.admitted.ID },
		"sequence": func(lie *tlog.Delivery) { lie.Sequence = d.admitted.Sequence },
	} {
		lie := d.refusal
		change(&lie)
		if _, err := d.own.Verify(d.deliver(lie), &d.refused); !errors.Is(err, tlog.ErrEvent) {
			t.Errorf("a refusal with another %s: %v", name, err)
		}
	}
}

// No single changed byte of a delivery's wire form passes.
func TestEveryFlippedByteIsRefused(t *testing.T) {
	d := deliverAll(t)
	for _, c := range []struct {
		pins tlog.Verifier
		d    tlog.Delivery
		e    *events.Event
	}{
		{d.own, d.receipt, &d.admitted}, {d.own, d.refusal, &d.refused}, {d.foreign, d.tombstone, nil},
	} {
		header, err := c.d.Header()
		must(t, err)
		for i := range len(header) {
			for _, flip := range []byte{0x01, 0x20, 0x80} {
				b := []byte(header)
				b[i] ^= flip
				changed, err := tlog.ParseDelivery(string(b))
				if err != nil {
					continue
				}
				if _, err := c.pins.Verify(changed, c.e); err == nil {
					t.Fatalf("%s: accepted with byte %d changed by %#x", c.d.Kind, i, flip)
				}
			}
		}
	}
}

func TestDeliveryHasOneForm(t *testing.T) {
	d := deliverAll(t)
	header, err := d.event.Header()
	must(t, err)
	tomb, err := d.tombstone.Header()
	must(t, err)
	forms := otherHeaders(header, tomb)
	forms["too long"] = header + strings.Repeat(" ", tlog.MaxDeliveryBytes)
	for name, changed := range forms {
		if changed == header || changed == tomb {
			t.Fatalf("%s: the test changed nothing", name)
		}
		if _, err := tlog.ParseDelivery(changed); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	d.refusal.Reason = "she said: \n\"no\""
	if _, err := d.refusal.Header(); err == nil {
		t.Error("wrote a reason of two lines")
	}
}

// otherHeaders are texts that are nearly the header of an event's delivery, number 3, or of a tombstone.
func otherHeaders(header, tomb string) map[string]string {
	return map[string]string{
		"a space":          strings.Replace(header, ",", ", ", 1),
		"trailing bytes":   header + "{}",
		"a line feed":      header + "\n",
		"unknown member":   strings.Replace(header, `"number"`, `"colour":1,"number"`, 1),
		"repeated member":  strings.Replace(header, `"number":3`, `"number":3,"number":3`, 1),
		"folded name":      strings.Replace(header, `"number"`, `"Number"`, 1),
		"number as text":   strings.Replace(header, `"number":3`, `"number":"3"`, 1),
		"number zero":      strings.Replace(header, `"number":3`, `"number":0`, 1),
		"number in floats": strings.Replace(header, `"number":3`, `"number":3.0`, 1),
		"unknown kind":     strings.Replace(header, `"kind":"event"`, `"kind":"gift"`, 1),
		"reason on event":  strings.Replace(header, `"statement"`, `"reason":"why","statement"`, 1),
		"empty proof":      header[:strings.Index(header, `"proof":[`)] + `"proof":[],` + header[strings.Index(header, `"checkpoint"`):],
		"opened tombstone": strings.Replace(tomb, `"reason"`, `"opening":"AAAA","reason"`, 1),
		"free tombstone":   strings.Replace(tomb, `"withdrawn"`, `"she left"`, 1),
		"nothing":          "",
		"null":             "null",
	}
}

func FuzzParseDelivery(f *testing.F) {
	d := deliverAll(f)
	for _, delivery := range []tlog.Delivery{d.event, d.receipt, d.refusal, d.tombstone} {
		header, err := delivery.Header()
		must(f, err)
		f.Add(header)
	}
	f.Fuzz(func(t *testing.T, header string) {
		got, err := tlog.ParseDelivery(header)
		if err != nil {
			return
		}
		if again, err := got.Header(); err != nil || again != header {
			t.Fatalf("accepted another form: %v\n%q\n%q", err, header, again)
		}
		if _, err := d.foreign.Verify(got, &d.admitted); err == nil && got.Recipient != shelter {
			t.Fatal("believed a delivery to somebody else")
		}
	})
}

// Genesis alone in its log has an empty proof, and is delivered like the rest.
func TestGenesisNeedsNoSiblings(t *testing.T) {
	h := newHub(t, sampleland, "genesis")
	e := h.opened(1)
	h.admit(e)
	d := h.deliver(tlog.Delivery{Kind: tlog.KindEvent, Number: 1, Recipient: shelter, Entry: 0})
	header, err := d.Header()
	must(t, err)
	got, err := tlog.ParseDelivery(header)
	must(t, err)
	if _, err := h.pins(shelter).Verify(got, &e); err != nil || strings.Contains(header, "proof") {
		t.Error(err)
	}
}
