package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"slices"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// Reading is one note of the hub that an auditor read something.
type Reading struct {
	Number   uint64          `json:"number"`
	At       time.Time       `json:"at"`
	Auditor  events.AgencyID `json:"auditor"`
	What     events.Reading  `json:"what"`
	Approved events.AgencyID `json:"approved,omitzero"` // by a second auditor
}

// Retirement is the end of the time for which a case's facts may be kept.
type Retirement struct {
	Number    uint64    `json:"number"` // the retention.ended
	At        time.Time `json:"at"`
	Entries   uint64    `json:"entries"`   // that it commits to
	Destroyed bool      `json:"destroyed"` // their openings are gone

	// Early says that it came sooner behind an entry that it took than the profile
	// says, as far as the trail shows: see [LogReport.Early].
	Early bool `json:"early,omitzero"`

	last uint64 // entry that it took
}

// retired checks the end of retention against the entries that it commits to, and
// says how many of the case's entries have no opening any more: all of them that
// are older, or none.
func (v *verifier) retired(e ledger.TrailEntry) (int, error) {
	destroyed := 0
	entry, _, payload, err := v.signed(e)
	ended, ok := payload.(*events.RetentionEnded)
	if err == nil && (!ok || ended.Case != v.trail.Case) {
		err = errors.New("it does not end this case's retention")
	}
	if err != nil {
		return 0, unverified("entry %d, the end of retention: %v", e.Number, err)
	}
	v.out.Retirement = &Retirement{Number: e.Number, At: entry.Admitted, Entries: ended.Entries}
	leaves, last := newLeaves(), uint64(0)
	for _, one := range v.trail.Entries {
		if one.Number > e.Number {
			break
		}
		if err := v.held(one); err != nil {
			return 0, unverified("entry %d: %v", one.Number, err)
		}
		if one.Number <= last {
			return 0, unverified("entry %d: it is out of order", one.Number)
		}
		last = one.Number
		leaves.add(one.Number, one.Leaf)
		if len(one.Opening) == 0 {
			if one.Erased != e.Number {
				return 0, unverified("entry %d: %v", one.Number, unopened(one))
			}
			destroyed++
		}
	}
	if err := leaves.are(ended); err != nil {
		return 0, unverified("entry %d, the end of retention: %v", e.Number, err)
	}
	if destroyed != 0 && uint64(destroyed) != ended.Entries {
		return 0, unverified("entry %d, the end of retention: openings of only some of its entries were destroyed", e.Number)
	}
	v.out.Retirement.Destroyed, v.out.Retirement.last = destroyed > 0, last
	behind := slices.IndexFunc(v.trail.Entries, func(one ledger.TrailEntry) bool { return one.Number > e.Number })
	switch {
	case destroyed == 0:
		return 0, nil
	case behind < 0:
		return len(v.trail.Entries), nil
	}
	return behind, nil
}

// early compares the end of retention with the last statement ahead of it or, once
// that is destroyed, with what else of the trail was admitted before it.
func (v *verifier) early() {
	end := v.out.Retirement
	if end == nil {
		return
	}
	var last time.Time
	for _, s := range v.out.Steps {
		if s.Entry.Number < end.Number && s.Entry.Verdict == tlog.Admitted {
			last = s.Entry.Admitted
		}
	}
	if end.Destroyed {
		for _, e := range slices.Concat([]ledger.TrailEntry{v.trail.Founding}, v.trail.Capacity, v.trail.Readings) {
			if entry, err := opened(e); err == nil && e.Number < end.last && entry.Admitted.After(last) {
				last = entry.Admitted
			}
		}
	}
	end.Early = !last.IsZero() && end.At.Sub(last) < v.out.Profile.Retention()
}

// leaves is what a retention.ended commits to.
type leaves struct {
	digest hash.Hash
	count  uint64
}

func newLeaves() *leaves { return &leaves{digest: sha256.New()} }

func (l *leaves) add(number uint64, leaf tlog.Hash) {
	_, _ = fmt.Fprintf(l.digest, "%d %s\n", number, hex.EncodeToString(leaf[:])) // a hash takes all
	l.count++
}

func (l *leaves) are(ended *events.RetentionEnded) error {
	if l.count != ended.Entries || hex.EncodeToString(l.digest.Sum(nil)) != ended.Leaves {
		return errors.New("it commits to other leaves than the case has: an entry was dropped, inserted or exchanged")
	}
	return nil
}

// readings checks who read the case.
func (v *verifier) readings() error {
	for _, e := range v.trail.Readings {
		one, err := v.reading(e)
		if err != nil {
			return unverified("entry %d, a reading: %v", e.Number, err)
		}
		v.out.Readings = append(v.out.Readings, one)
	}
	return nil
}

func (v *verifier) reading(e ledger.TrailEntry) (Reading, error) {
	entry, event, payload, err := v.signed(e)
	if err != nil {
		return Reading{}, err
	}
	read, ok := payload.(*events.TrailRead)
	if !ok || read.Case != v.trail.Case {
		return Reading{}, errors.New("it says of no reading of this case")
	}
	if err := v.directory.mayRead(e.Number, events.AgencyID(event.Subject), read); err != nil {
		return Reading{}, err
	}
	return Reading{Number: e.Number, At: entry.Admitted, Auditor: events.AgencyID(event.Subject), What: read.What, Approved: read.Approved}, nil
}

// mayRead checks that a reading is of an auditor, and approved where the profile asks for it.
func (d *parties) mayRead(number uint64, reader events.AgencyID, read *events.TrailRead) error {
	switch {
	case d.kind(reader, number) != events.Auditor:
		return errors.New("it is of somebody who is no auditor")
	case read.Approved != "" && (d.kind(read.Approved, number) != events.Auditor || read.Approved == reader):
		return errors.New("it was not approved by another auditor")
	case read.Approved == "" && d.profile.NeedsApproval(read.What):
		return errors.New("the profile asks for a second auditor's approval, and it has none")
	}
	return nil
}

// witnessed finds who cosigned the checkpoint, and whether the profile counts that as enough.
func (v *verifier) witnessed() error {
	var err error
	if v.out.Witnesses, v.out.Witnessed, err = v.directory.witnesses(v.checkpoint.Size, v.trail.Checkpoint); err != nil {
		return unverified("%v", err)
	}
	return nil
}

// witnesses finds who cosigned a checkpoint of a size, of those whose cosignatures
// of it count.
func (d *parties) witnesses(size uint64, checkpoint []byte) ([]tlog.Cosignature, bool, error) {
	all, err := tlog.Cosignatures(checkpoint, d.who.Cosigners(size))
	if err != nil {
		return nil, false, errors.New("a cosignature on the checkpoint was not made by the agency that it names")
	}
	kinds := make([]events.AgencyKind, len(all))
	for i, one := range all {
		kinds[i] = one.Kind
	}
	return all, d.profile.Witnessed(kinds), nil
}
