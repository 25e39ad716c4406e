package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"time"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// maxAhead is how far an event's time may be ahead of its admission.
const maxAhead = 5 * time.Minute

// opened reads an entry whose opening is what its leaf commits to. That the leaf
// stands in the log is for the caller to know.
func opened(e ledger.TrailEntry) (tlog.Entry, error) {
	if err := committed(e); err != nil {
		return tlog.Entry{}, err
	}
	entry, _, err := parsed(e)
	return entry, err
}

// committed checks that an entry's opening is what its leaf commits to.
func committed(e ledger.TrailEntry) error {
	if len(e.Salt) != 32 || len(e.Opening) == 0 {
		return unopened(e)
	}
	opening := tlog.Opening{Salt: [32]byte(e.Salt), Entry: e.Opening}
	if opening.LeafHash() != e.Leaf {
		return errors.New("its content is not what its leaf commits to: it was altered after it was admitted")
	}
	return nil
}

// parsed reads the opening of an entry, whose leaf the caller has checked, and the
// event that it records, if it was admitted.
func parsed(e ledger.TrailEntry) (tlog.Entry, events.Event, error) {
	entry, event, err := tlog.ParseEvent(e.Opening)
	if err != nil {
		return tlog.Entry{}, event, err
	}
	if entry.Number != e.Number {
		return tlog.Entry{}, event, errors.New("it was recorded under another number")
	}
	event.Data = e.Data
	return entry, event, nil
}

func unopened(e ledger.TrailEntry) error {
	if e.Damaged != "" {
		return fmt.Errorf("the ledger's own row of it (%s) is missing or damaged, and no erasure explains it: the operator must restore it", e.Damaged)
	}
	return errors.New("its opening is missing, and no end of retention explains it")
}

// event rebuilds the signed event of an admitted entry, with its facts, and has its
// signature checked, at once or later.
func (d *parties) event(e ledger.TrailEntry, entry tlog.Entry, check func(seal.Claim) error) (events.Event, events.Payload, error) {
	event, err := events.Parse(entry.Attributes, e.Data)
	if err != nil {
		return event, nil, err
	}
	payload, err := d.judged(e, entry, event, check)
	return event, payload, err
}

// judged has the signature of a parsed event checked, and what the entry says of
// the verdict, and gives the facts.
func (d *parties) judged(e ledger.TrailEntry, entry tlog.Entry, event events.Event, check func(seal.Claim) error) (events.Payload, error) {
	if err := d.admits(entry, event, check); err != nil {
		return nil, err
	}
	return d.facts(e, entry, event)
}

// admits checks that an event could be admitted at its entry: it is signed with the
// key that its sender had then, which took part, and its verdict is by the
// memorandum in force.
func (d *parties) admits(entry tlog.Entry, event events.Event, check func(seal.Claim) error) error {
	by := event.Agency()
	key, has := d.who.Key(by, entry.Number)
	switch {
	case !has || by != entry.Submitter || event.Hub != d.hub.Origin():
		return errors.New("the directory has no key of its sender")
	case by != events.HubAgency && d.who.StandingAt(by, entry.Number) != directory.Active:
		return errors.New("its sender was suspended, and nothing of it may be admitted")
	}
	claim, err := seal.ClaimOf(event, entry.DataDigest, key)
	if err == nil {
		err = check(claim)
	}
	if err != nil {
		return err
	}
	switch term, _ := d.memos[0].Term(event.Type); {
	case entry.Semantics != mou.Semantics || entry.Profile != d.founded.Profile || entry.Clause != term.Clause:
		return errors.New("it was judged by another clause, profile or version of the memorandum than it should")
	case event.Time.Time().Sub(entry.Admitted) > maxAhead:
		return errors.New("its time is more than 5 minutes ahead of its admission")
	}
	return nil
}

// facts are what an event says, or the header of a sealed record.
func (d *parties) facts(e ledger.TrailEntry, entry tlog.Entry, event events.Event) (events.Payload, error) {
	switch {
	case event.Type.Sealed() && e.Record != nil:
		return &events.Record{Header: *e.Record}, d.agrees(entry.Number, event, *e.Record)
	case e.Damaged != "":
		return nil, unopened(e)
	case e.Erased != 0 || len(e.Data) == 0:
		return nil, errors.New("its facts are gone, so the verdicts behind it cannot be judged again")
	case sha256.Sum256(e.Data) != entry.DataDigest:
		return nil, errors.New("its facts are not the ones that were signed")
	}
	payload, err := events.Decode(event.Type, e.Data)
	if err != nil {
		return nil, err
	}
	return payload, events.CheckTimes(event, payload)
}

// agrees checks what the hub says of a record's header against what was signed.
// The rest of the header is covered by the signed digest, which only those who
// hold the record can compare.
func (d *parties) agrees(number uint64, e events.Event, h events.RecordHeader) error {
	if h.Source != e.Source || h.ID != e.ID || string(h.Case) != e.Subject || h.Referral != e.CorrelationID || h.Type != e.Type {
		return errors.New("the record's header does not belong to its event")
	}
	if err := d.who.At(number).CheckSealing(h.To, h.KeyID); err != nil {
		return fmt.Errorf("the record is sealed to a key that %s did not have: %w", h.To, err)
	}
	return nil // who may be addressed is the memorandum's to judge
}
