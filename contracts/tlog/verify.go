package tlog

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"

	"golang.org/x/mod/sumdb/note"
	sumdb "golang.org/x/mod/sumdb/tlog"

	"handrail/events"
)

// What a delivery can fail by. Each means that hub, broker or storage showed
// something that it could not have made honestly; none repeats data.
var (
	ErrStatement  = errors.New("the hub did not sign this delivery to this recipient under this number")
	ErrCheckpoint = errors.New("the checkpoint is not one that the pinned log signed")
	ErrProof      = errors.New("the log does not hold this entry at this place")
	ErrEntry      = errors.New("the entry is not what this delivery says")
	ErrEvent      = errors.New("the event is not the one that the entry records")
)

// Verifier holds what an agency pinned when it joined.
type Verifier struct {
	Hub       events.HubID
	Recipient events.AgencyID // the agency itself; it believes no delivery to another
	Log       note.Verifier   // the log key, named by the log's origin
	HubKey    note.Verifier   // the hub's signing key, see [HubVerifier]
}

// Verify checks a delivery whole: the hub's statement, the checkpoint, the
// inclusion of the leaf that the opening gives, and that the entry records
// exactly this event. It returns the entry, the zero one for a tombstone. Of a
// refusal ask [Delivery.Why] for the rule: the entry may be a flood's.
//
// An event or a receipt needs its event: what was delivered, or what the agency
// submitted. With a refusal it may be nil, when the submission is not at hand;
// a tombstone has none. Verify does not check the event's own signature (see
// events/seal), nor that numbers are contiguous, nor the entry's Previous link:
// the journal knows what came before.
func (v Verifier) Verify(d Delivery, e *events.Event) (Entry, error) {
	if err := d.wellFormed(); err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	text, err := openNote(d.Statement, v.HubKey)
	if err != nil {
		return Entry{}, fmt.Errorf("%w: %w", ErrStatement, err)
	}
	if text != Statement(v.Hub, d) || d.Recipient != v.Recipient {
		return Entry{}, ErrStatement
	}
	if d.Kind == KindTombstone {
		if e != nil {
			return Entry{}, fmt.Errorf("%w: a tombstone has no event", ErrEvent)
		}
		return Entry{}, nil
	}
	entry, _, err := v.VerifyEntry(d.Entry, d.Opening(), d.Proof, d.Checkpoint)
	if err != nil {
		return Entry{}, err
	}
	if err := d.fits(entry); err != nil {
		return Entry{}, err
	}
	if err := v.records(entry, d, e); err != nil {
		return Entry{}, err
	}
	return entry, nil
}

// VerifyEntry checks that the log holds an entry at its place, and returns it
// with the checkpoint that says so. An auditor needs no more than this.
func (v Verifier) VerifyEntry(number uint64, o Opening, proof []Hash, signed []byte) (Entry, Checkpoint, error) {
	checkpoint, err := ParseCheckpoint(signed, v.Log)
	if err != nil {
		return Entry{}, Checkpoint{}, err
	}
	if checkpoint.Origin != v.Hub.Origin() {
		return Entry{}, Checkpoint{}, fmt.Errorf("%w: it is of another hub", ErrCheckpoint)
	}
	if err := VerifyInclusion(checkpoint, number, o.LeafHash(), proof); err != nil {
		return Entry{}, Checkpoint{}, err
	}
	entry, err := ParseEntry(o.Entry)
	if err != nil {
		return Entry{}, Checkpoint{}, fmt.Errorf("%w: %w", ErrEntry, err)
	}
	if entry.Number != number {
		return Entry{}, Checkpoint{}, fmt.Errorf("%w: it bears another number", ErrEntry)
	}
	return entry, checkpoint, nil
}

// VerifyInclusion checks that a leaf stands at its number in the log of a
// checkpoint. It needs no opening, so it works after erasure.
func VerifyInclusion(c Checkpoint, number uint64, leaf Hash, proof []Hash) error {
	if number >= c.Size {
		return fmt.Errorf("%w: it is younger than the checkpoint", ErrProof)
	}
	if err := sumdb.CheckRecord(proof, signed(c.Size), c.Root, signed(number), leaf); err != nil {
		return fmt.Errorf("%w: %w", ErrProof, err)
	}
	return nil
}

// fits checks that the kind of a delivery is what the entry makes it.
func (d Delivery) fits(entry Entry) error {
	var fits bool
	switch own := entry.Submitter == d.Recipient; d.Kind {
	case KindEvent:
		fits = entry.Verdict == Admitted && !own
	case KindReceipt:
		fits = entry.Verdict == Admitted && own
	case KindRefusal:
		fits = entry.Verdict == Refused && own
	case KindTombstone:
	}
	if !fits {
		return fmt.Errorf("%w: verdict or submitter do not fit the kind %s", ErrEntry, d.Kind)
	}
	return nil
}

// records checks that an entry records an event, attribute by attribute and
// data by their digest.
func (v Verifier) records(entry Entry, d Delivery, e *events.Event) error {
	if d.Kind == KindRefusal {
		return recordsRefused(entry, d, e)
	}
	switch {
	case e == nil:
		return fmt.Errorf("%w: it is missing", ErrEvent)
	case e.Hub != v.Hub.Origin():
		return fmt.Errorf("%w: it is of another hub", ErrEvent)
	case !slices.Equal(e.Attributes(), entry.Attributes):
		return fmt.Errorf("%w: their attributes differ", ErrEvent)
	case sha256.Sum256(e.Data) != entry.DataDigest:
		return fmt.Errorf("%w: their data differ", ErrEvent)
	}
	return nil
}

func recordsRefused(entry Entry, d Delivery, e *events.Event) error {
	refusal, err := d.refusal(entry)
	if err != nil || e == nil {
		return err
	}
	digest := SaltedDigest(d.DigestSalt, SubmissionDigest(e.Attributes(), e.Data))
	switch {
	case digest != refusal.Salted,
		d.ID != "" && d.ID != e.ID,
		d.Sequence != "" && d.Sequence != e.Sequence,
		entry.Case != "" && entry.Case != e.Case():
		return fmt.Errorf("%w: another submission was refused", ErrEvent)
	}
	return nil
}
