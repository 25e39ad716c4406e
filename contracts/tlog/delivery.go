package tlog

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/go-json-experiment/json"

	"handrail/events"
)

// MaxDeliveryBytes bounds the header that carries a delivery: far above the
// longest opening with a proof of 53 hashes and a well-witnessed checkpoint.
const MaxDeliveryBytes = 32 << 10

// Kind is what a numbered delivery is.
type Kind string

// The kinds.
const (
	KindEvent     Kind = "event"     // another agency's admitted event, which travels beside it
	KindReceipt   Kind = "receipt"   // the recipient's own event was admitted
	KindRefusal   Kind = "refusal"   // the recipient's own submission was refused
	KindTombstone Kind = "tombstone" // what had this number was destroyed before it was delivered
)

// Why a tombstone stands where an event stood.
const (
	TombstoneWithdrawn = "withdrawn"
	TombstoneErased    = "erased"
)

// Delivery is one numbered message from the hub to one recipient: every number
// from 1 is used once per recipient, so a gap shows. Delivering again gives the
// same bytes. Its wire form is compact JSON of ASCII, see [Delivery.Header].
type Delivery struct {
	Kind      Kind            `json:"kind"`
	Number    uint64          `json:"number"` // per recipient, from 1
	Recipient events.AgencyID `json:"recipient"`
	Entry     uint64          `json:"entry"` // number in the log

	// The opening of the entry, its inclusion proof and the signed checkpoint
	// that the proof leads to. None of them on a tombstone.
	Salt       [32]byte `json:"salt,omitzero"`
	EntryBytes []byte   `json:"opening,omitempty"`
	Proof      []Hash   `json:"proof,omitempty"`
	Checkpoint []byte   `json:"checkpoint,omitempty"`

	// What the sender needs to recognise its refused submission. ID and
	// Sequence are as submitted; empty when they were unreadable.
	ID         events.EventID `json:"id,omitzero"`
	Sequence   string         `json:"sequence,omitzero"`
	DigestSalt [32]byte       `json:"digestsalt,omitzero"` // opens the salted digest of the submission

	// Set when the entry is a [Flood]: the refusal itself, its place among the
	// flood's refusals, from 0, and the path from it to their root.
	Rule    events.Rule `json:"rule,omitzero"`
	Pointer string      `json:"pointer,omitzero"`
	Salted  [32]byte    `json:"salteddigest,omitzero"`
	Index   uint64      `json:"index,omitzero"`
	Path    []Hash      `json:"path,omitempty"`

	// Reason is a refusal's advice in plain ASCII English, or why there is a
	// tombstone: withdrawn or erased.
	Reason string `json:"reason,omitzero"`

	// Statement is the hub's signed note over [Statement].
	Statement []byte `json:"statement"`
}

// Opening is the entry's opening as delivered.
func (d Delivery) Opening() Opening { return Opening{Salt: d.Salt, Entry: d.EntryBytes} }

// Header is the delivery's one wire form. It fails on a delivery that
// [ParseDelivery] would not accept.
func (d Delivery) Header() (string, error) {
	header, err := d.header()
	if err != nil {
		return "", fmt.Errorf("writing a delivery: %w", err)
	}
	return header, nil
}

func (d Delivery) header() (string, error) {
	if err := d.wellFormed(); err != nil {
		return "", err
	}
	var b strings.Builder
	b.Grow(1024 + 2*(len(d.EntryBytes)+len(d.Checkpoint)+len(d.Statement)) + 48*len(d.Proof))
	err := json.MarshalWrite(&b, d, hashesWritten)
	if err == nil && b.Len() > MaxDeliveryBytes {
		err = errors.New("it is longer than any delivery")
	}
	return b.String(), err
}

// ParseDelivery reads what [Delivery.Header] wrote, and nothing else. It judges
// the form only; [Verifier.Verify] judges the rest.
func ParseDelivery(header string) (Delivery, error) {
	if len(header) > MaxDeliveryBytes {
		return Delivery{}, errors.New("reading a delivery: it is longer than any delivery")
	}
	var d Delivery
	if err := json.Unmarshal([]byte(header), &d, json.RejectUnknownMembers(true), hashesRead); err != nil {
		return Delivery{}, errors.New("reading a delivery: it is not the JSON of a delivery")
	}
	again, err := d.header()
	if err != nil {
		return Delivery{}, fmt.Errorf("reading a delivery: %w", err)
	}
	if again != header {
		return Delivery{}, errors.New("reading a delivery: it is not in the one form that deliveries have")
	}
	return d, nil
}

var (
	sequenceSyntax = regexp.MustCompile(`^[0-9]{20}$`)
	reasonSyntax   = regexp.MustCompile(`^[ -~]{1,400}$`) // printable ASCII
)

// wellFormed checks which members a delivery of each kind has.
func (d Delivery) wellFormed() error {
	switch {
	case d.Number == 0 || d.Number > maxNumber || d.Entry > maxNumber:
		return errors.New("a number is out of range")
	case !agencySyntax.MatchString(string(d.Recipient)):
		return errors.New("the recipient is no agency id")
	case len(d.Statement) == 0:
		return errors.New("the hub's statement is missing")
	case d.Reason != "" && !reasonSyntax.MatchString(d.Reason):
		return errors.New("the reason is not short plain ASCII")
	}
	opened := d.Salt != [32]byte{} && len(d.EntryBytes) > 0 && len(d.Checkpoint) > 0
	closed := d.Salt == [32]byte{} && len(d.EntryBytes)+len(d.Checkpoint)+len(d.Proof) == 0
	recognisable := d.DigestSalt != [32]byte{} && d.Reason != ""
	single := d.Rule == "" && d.Pointer == "" && d.Salted == [32]byte{} && d.Index == 0 && len(d.Path) == 0
	flooded := Refusal{d.Rule, d.Pointer, d.Salted}.wellFormed() && d.Index <= maxNumber && len(d.Path) > 0
	plain := single && d.ID == "" && d.Sequence == "" && d.DigestSalt == [32]byte{}
	var ok bool
	switch d.Kind {
	case KindEvent, KindReceipt:
		ok = opened && plain && d.Reason == ""
	case KindRefusal:
		ok = opened && recognisable && (single || flooded) && (d.Sequence == "" || sequenceSyntax.MatchString(d.Sequence))
		if d.ID != "" && new(events.EventID).UnmarshalText([]byte(d.ID)) != nil {
			ok = false
		}
	case KindTombstone:
		ok = closed && plain && (d.Reason == TombstoneWithdrawn || d.Reason == TombstoneErased)
	}
	if !ok {
		return errors.New("a member is missing, unexpected or malformed for its kind")
	}
	return nil
}
