package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/directory"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/agency/strict"
)

// When a recipient's key ended, what was sealed to it is of no use: the hub erased it
// where it waited, or refused it. The sender seals it anew to the key that the
// recipient has then: by itself while it still holds back what it said, else its
// people are asked.

// anew is a record to seal anew.
type anew struct {
	record   events.EventID // that was erased or refused
	of       events.CaseID
	referral events.ReferralID
	to       events.AgencyID
	section  events.Section
	purpose  events.Purpose
	as       events.Type
	since    time.Time
}

// noteAnew notes what a delivery asks to be sealed anew, in the transaction that
// stores it. Agency.mu is held.
func (a *Agency) noteAnew(ctx context.Context, tx *sql.Tx, p proven, now time.Time) error {
	switch facts := p.payload.(type) {
	case *events.RecordErased:
		f := a.book.files[p.event.Case()]
		if facts.Reason != events.ErasedKeyEnded || f == nil {
			return nil
		}
		for _, r := range f.settled.Records() {
			if r.ID == facts.Record && r.By == a.config.Agency {
				return storeAnew(ctx, tx, anew{r.ID, p.event.Case(), r.Referral, r.To, r.Section, r.Purpose, r.Type, now})
			}
		}
	case *events.Record:
		if p.own == nil || p.delivery.Kind != tlog.KindRefusal {
			return nil
		}
		if rule, _ := p.delivery.Why(p.entry); rule == events.RuleKeyReplaced {
			h := facts.Header
			return storeAnew(ctx, tx, anew{h.ID, h.Case, h.Referral, h.To, h.Section, h.Purpose, h.Type, now})
		}
	}
	return nil
}

func storeAnew(ctx context.Context, tx *sql.Tx, n anew) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO seal_anew (record, case_id, referral, to_agency, section, purpose, type, since) VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
		string(n.record), string(n.of), string(n.referral), string(n.to), string(n.section), string(n.purpose), string(n.as), n.since.UnixNano())
	if err != nil {
		return fmt.Errorf("noting what is to be sealed anew: %w", err)
	}
	return ensureTask(ctx, tx, n.of, SealAnew, n.since)
}

// readAnew lists what waits to be sealed anew, the oldest first.
func readAnew(ctx context.Context, q querier) ([]anew, error) {
	rows, err := q.QueryContext(ctx, `SELECT record, case_id, referral, to_agency, section, purpose, type, since FROM seal_anew WHERE done IS NULL ORDER BY since, record`)
	if err != nil {
		return nil, fmt.Errorf("reading what is to be sealed anew: %w", err)
	}
	defer func() { _ = rows.Close() }() // read to the end, or its error is reported below
	var all []anew
	for rows.Next() {
		var record, of, referral, to, section, purpose, as string
		var since int64
		if err := rows.Scan(&record, &of, &referral, &to, &section, &purpose, &as, &since); err != nil {
			return nil, fmt.Errorf("reading what is to be sealed anew: %w", err)
		}
		all = append(all, anew{
			events.EventID(record), events.CaseID(of), events.ReferralID(referral), events.AgencyID(to),
			events.Section(section), events.Purpose(purpose), events.Type(as), instant(since),
		})
	}
	return all, rows.Err()
}

func doneAnew(ctx context.Context, tx *sql.Tx, record events.EventID, now time.Time) error {
	if _, err := tx.ExecContext(ctx, `UPDATE seal_anew SET done = ? WHERE record = ?`, now.UnixNano(), string(record)); err != nil {
		return fmt.Errorf("noting what was sealed anew: %w", err)
	}
	return nil
}

// sealAnew seals by itself what can be, and leaves the rest to people.
func (a *Agency) sealAnew(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	all, err := readAnew(ctx, a.journal.reader)
	if err == nil && a.book.memo != nil {
		for _, n := range all {
			err = errors.Join(err, a.sealOneAnew(ctx, n))
		}
		all, err = a.leftAnew(ctx, err)
	}
	if err != nil && ctx.Err() == nil {
		a.log.LogAttrs(ctx, slog.LevelError, "what is to be sealed anew waits", slog.Any("cause", err))
	}
	a.anew = all
}

// leftAnew lists what is left to seal anew.
func (a *Agency) leftAnew(ctx context.Context, before error) ([]anew, error) {
	left, err := readAnew(ctx, a.journal.reader)
	return left, errors.Join(before, err)
}

// sealOneAnew seals one section that is still held back here, if its recipient has
// a key to seal to. What the memorandum does not let be shared any more is left.
// Agency.mu is held.
func (a *Agency) sealOneAnew(ctx context.Context, n anew) error {
	now := a.now()
	if _, err := a.sealingKey(n.to); err != nil {
		return nil // until it has one
	}
	if to, _ := a.directory.Member(n.to); to.Standing != directory.Active || a.mayBeHeard() != nil {
		return nil // until it takes part again, and this agency is heard: no reason to give the record up
	}
	if f := a.book.files[n.of]; f == nil || f.settled.ID() == "" {
		return nil
	}
	if n.as != events.TypeRecordSealed {
		return nil // what was asked or answered is not kept: people say it again
	}
	value, err := readDraft(ctx, a.journal.reader, n.of, n.section, now)
	if _, missing := errors.AsType[*events.Violation](err); missing {
		return nil // people are asked for it
	}
	if err != nil {
		return err
	}
	statement, err := a.anewStatement(n, value, now)
	if err != nil {
		return err
	}
	done := func(tx *sql.Tx) error { return doneAnew(ctx, tx, n.record, now) }
	_, err = a.sayLocked(ctx, true, done, statement)
	if _, refused := errors.AsType[*events.Violation](err); refused {
		return a.journal.update(ctx, done) // consent or the referral ended meanwhile: nothing is to be shared
	}
	return err
}

func (a *Agency) anewStatement(n anew, value jsontext.Value, now time.Time) (Statement, error) {
	key, err := a.sealingKey(n.to)
	if err != nil {
		return Statement{}, err
	}
	return a.sealOne(Sealing{Case: n.of, Referral: n.referral, To: n.to, Purpose: n.purpose}, n.as, n.section, value, key, now)
}

// anewIn lists what is to be sealed anew in a case. Agency.mu is held.
func (a *Agency) anewIn(of events.CaseID) (list []anew) {
	for _, n := range a.anew {
		if n.of == of {
			list = append(list, n)
		}
	}
	return list
}

// askSealAnew asks people for what this agency does not hold back any more.
func askSealAnew() question {
	return question{
		prompt: "The key of a provider ended before it could read what you shared, so it was destroyed unread. What this service still held back it has sealed anew by itself; give the rest again, or leave it.",
		known:  func(a *Agency, f *file, _ time.Time) bool { return len(a.anewIn(f.settled.ID())) == 0 },
		stands: func(a *Agency, f *file, _ time.Time) *events.Violation {
			for _, n := range a.anewIn(f.settled.ID()) {
				_, err := a.sealingKey(n.to)
				if v, no := errors.AsType[*events.Violation](err); no {
					return events.Refuse(v.Rule, "", string(n.to)+" has no key to seal to yet; it is done by itself, or asked of you, once it has")
				}
			}
			return nil
		},
		fields: func(a *Agency, t task) []Field {
			var sections []string
			for _, n := range a.anewIn(t.of) {
				if !slices.Contains(sections, string(n.section)) {
					sections = append(sections, string(n.section))
				}
			}
			return []Field{
				{Name: "values", Says: "The sections, each by its name as a JSON object.", Form: "object", Codes: sections},
				{Name: "leave", Says: "Do not share again what is not given.", Form: "yes-no"},
			}
		},
		answer: answerSealAnew,
	}
}

func answerSealAnew(a *Agency, ctx context.Context, t task, body []byte, now time.Time) (reply, error) {
	var given struct {
		Values map[events.Section]jsontext.Value `json:"values,omitzero"`
		Leave  bool                              `json:"leave,omitzero"`
	}
	if err := strict.Read(body, &given); err != nil {
		return reply{}, err
	}
	var made reply
	var settled []anew
	for _, n := range a.anewIn(t.of) {
		value, is := given.Values[n.section]
		if !is && !given.Leave {
			continue
		}
		settled = append(settled, n)
		if !is {
			continue
		}
		statement, err := a.anewStatement(n, value, now)
		if err != nil {
			return reply{}, err
		}
		made.statements = append(made.statements, statement)
	}
	if len(settled) == 0 {
		return reply{}, events.Refuse(events.RuleDataMalformed, "/values", "give a section that is asked for, or leave=yes")
	}
	made.also = func(tx *sql.Tx) error {
		for _, n := range settled {
			if err := doneAnew(ctx, tx, n.record, now); err != nil {
				return err
			}
		}
		return nil
	}
	return made, nil
}
