package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency/strict"
)

// Reading is an act. Who opens what was sealed to this agency says in which role,
// for what purpose and on which legal basis; that is durable, in the read log and
// in the outbox, before anything is decrypted. If it cannot be made durable, nothing
// is shown. It works as well while the hub is away.

// RuleKeyGone answers a wish to read what was sealed to a key that is destroyed or lost.
const RuleKeyGone events.Rule = "key-gone"

// Opening is a wish to read one sealed section. All but Reader is needed.
type Opening struct {
	Case    events.CaseID
	Record  events.EventID
	Role    events.ReaderRole // in which part somebody of this agency's staff reads
	Purpose events.Purpose
	Basis   events.LegalBasis
	Reader  string // a code within the role, never a name; it stays in this agency
}

func (o Opening) check() error {
	for member, given := range map[string]bool{"role": o.Role != "", "purpose": o.Purpose != "", "basis": o.Basis != ""} {
		if err := strict.Wanted(given, member); err != nil {
			return err
		}
	}
	switch {
	case new(events.ReaderRole).UnmarshalText([]byte(o.Role)) != nil:
		return events.Refuse(events.RuleDataCode, "/role", "a role is one of the list, such as case-worker or duty-worker")
	case new(events.LegalBasis).UnmarshalText([]byte(o.Basis)) != nil:
		return events.Refuse(events.RuleDataCode, "/basis", "a legal basis is one of the list: consent, vital-interest, legal-obligation, public-task")
	case o.Reader != "" && !staffSyntax.MatchString(o.Reader):
		return events.Refuse(events.RuleDataCode, "/reader", "a reader is a code of 1 to 32 of a-z, 0-9 and hyphen; never a name")
	}
	return nil
}

// Open gives the text of a released section, after the reading was recorded
// durably. A section whose sender committed to something else is answered with
// record.disputed and not shown.
func (a *Agency) Open(ctx context.Context, o Opening) (jsontext.Value, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	header, err := a.mayOpen(o)
	if err != nil {
		return nil, err
	}
	locked, err := a.lockedText(ctx, o.Record)
	if err != nil {
		return nil, err
	}
	if err := a.recordReading(ctx, o, header); err != nil {
		return nil, err
	}
	section, err := locked.key.Open(locked.jwe, locked.commitment)
	if errors.Is(err, seal.ErrDisputed) {
		return nil, a.dispute(ctx, o, header, o.Record)
	}
	return section, err
}

// mayOpen checks what the journal shows: the record was released, for this
// purpose, and nothing has ended its use.
func (a *Agency) mayOpen(o Opening) (mou.SealedRecord, error) {
	f := a.book.files[o.Case]
	if f == nil {
		return mou.SealedRecord{}, events.Refuse(mou.RuleCaseUnknown, "", "this agency knows no case of that id")
	}
	records := f.tentative.Records()
	at := slices.IndexFunc(records, func(r mou.SealedRecord) bool { return r.ID == o.Record && r.To == a.config.Agency })
	switch {
	case at < 0:
		return mou.SealedRecord{}, events.Refuse(mou.RuleRecordUnknown, "", "this agency holds no record of that id in the case")
	case o.Purpose != records[at].Purpose:
		return records[at], events.Refuse(RulePurposeOther, "/purpose", "the section was shared for "+string(records[at].Purpose)+" and may be read for nothing else")
	case records[at].Number == 0:
		return records[at], events.Refuse(RuleRecordRecalled, "", "the record was withdrawn before it arrived here: a tombstone came in its place, and nothing of it is held")
	}
	return records[at], a.mayUse(f.tentative, records[at])
}

// recordReading makes the reading durable: in the read log and, on its way to the
// ledger, as record.opened. All of it or nothing.
func (a *Agency) recordReading(ctx context.Context, o Opening, header mou.SealedRecord) error {
	now := a.now()
	at := events.At(now)
	said := Statement{
		Case: o.Case, Referral: header.Referral, Cause: o.Record, ceremony: true,
		Payload: &events.RecordOpened{Said: events.Said{Happened: at, Recorded: at, Channel: events.System}, Record: o.Record, Role: o.Role, Purpose: o.Purpose, Basis: o.Basis},
	}
	_, err := a.sayLocked(ctx, true, func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, `INSERT INTO readlog (record, case_id, section, role, purpose, basis, reader, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
			string(o.Record), string(o.Case), string(header.Section), string(o.Role), string(o.Purpose), string(o.Basis), o.Reader, now.UnixNano())
		if err != nil {
			return fmt.Errorf("logging the read: %w", err)
		}
		return nil
	}, said)
	return err
}

// lockedText is a sealed section and the key that opens it.
type lockedText struct {
	key        seal.SealingKey
	jwe        []byte
	commitment string
}

// lockedText finds a record in the journal and verifies its delivery again. Nothing
// is decrypted.
func (a *Agency) lockedText(ctx context.Context, record events.EventID) (lockedText, error) {
	var number uint64
	row := a.journal.reader.QueryRowContext(ctx, `SELECT number FROM inbox WHERE record = ?`, string(record))
	if err := row.Scan(&number); err != nil {
		return lockedText{}, fmt.Errorf("finding a record: %w", err)
	}
	h, err := readDelivery(ctx, a.journal.reader, number)
	if err != nil {
		a.markDamaged(ctx, number, err)
		return lockedText{}, err
	}
	p, err := a.prove(ctx, a.journal.reader, a.directory, h)
	switch {
	case err != nil:
		a.markDamaged(ctx, number, err)
		return lockedText{}, fmt.Errorf("%w: %w", errDamaged, err)
	case p.erased:
		return lockedText{}, events.Refuse(RuleRecordErased, "", "this agency erased the record, as it confirmed")
	}
	sealed, ok := p.payload.(*events.Record)
	if !ok {
		return lockedText{}, fmt.Errorf("%w: it is no record", errDamaged)
	}
	if key, held := a.keys.Opener(sealed.Header.KeyID); held {
		return lockedText{key, p.event.Data, p.event.PlainCommit}, nil
	}
	return a.keptText(ctx, record)
}

func (a *Agency) dispute(ctx context.Context, o Opening, header mou.SealedRecord, record events.EventID) error {
	now := events.At(a.now())
	_, err := a.sayLocked(ctx, true, nil, Statement{
		Case: o.Case, Referral: header.Referral, Cause: record,
		Payload: &events.RecordDisputed{Said: events.Said{Happened: now, Recorded: now, Channel: events.System}, Record: record},
	})
	var v *events.Violation
	if err != nil && !errors.As(err, &v) { // a violation: it was disputed before
		return err
	}
	return events.Refuse(RuleRecordDisputed, "", "the record is not what its sender committed to; its sender was told, and nothing of it is shown")
}
