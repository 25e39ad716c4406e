package agency

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
)

// Errors of drafts.
var (
	ErrNoForm      = errors.New("there is no draft under this id") // it was never begun, was deleted, was sent or has expired
	ErrFormChanged = errors.New("the draft was changed since it was read")
)

// FormDraft is a form that a member of staff has begun and not sent: what they
// typed, as they typed it. It stays in the journal's file, which only its owner can
// read, until it is sent, deleted, or expires as the country profile says (domain
// rule 10). Saving it again does not prolong its life.
type FormDraft struct {
	ID      events.CaseID  // of the case that sending it opens: sent twice, it is one case
	Kind    string         // which form
	Author  string         // a code of the staff
	Form    jsontext.Value // as the page that shows it keeps it
	Begun   time.Time
	Stored  time.Time
	Expires time.Time
}

// BeginForm keeps a new draft under a new id, or under the id that is given. Errors:
// [ErrNotJoined], because the profile says how long it lives; [ErrStaffCode];
// *events.Violation case-exists if the id is one of a case that this agency knows.
func (a *Agency) BeginForm(ctx context.Context, d FormDraft) (FormDraft, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	switch {
	case a.book.memo == nil:
		return d, ErrNotJoined
	case !isStaffCode(d.Author):
		return d, ErrStaffCode
	}
	if d.ID == "" {
		id, err := events.NewUUID(a.now(), rand.Reader)
		if err != nil {
			return d, err
		}
		d.ID = events.CaseID(id)
	}
	if err := a.unsent(d.ID); err != nil {
		return d, err
	}
	d.Begun = a.now().UTC()
	d.Stored, d.Expires = d.Begun, d.Begun.Add(a.book.memo.Profile.DraftLife())
	return d, a.journal.update(ctx, func(tx *sql.Tx) error { return insertForm(ctx, tx, d) })
}

// KeepForm replaces what a draft holds, durably, unless somebody else did since it
// was read: d is the draft as [Agency.Form] gave it, with another Form. Errors:
// [ErrNoForm]; [ErrFormChanged]: read it again; *events.Violation case-exists once it
// was sent.
func (a *Agency) KeepForm(ctx context.Context, d FormDraft) error {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if err := a.unsent(d.ID); err != nil {
		return err
	}
	return a.journal.update(ctx, func(tx *sql.Tx) error { return updateForm(ctx, tx, d, a.now()) })
}

// unsent refuses an id under which a case is known. Agency.mu is held.
func (a *Agency) unsent(id events.CaseID) error {
	if new(events.CaseID).UnmarshalText([]byte(id)) != nil {
		return ErrNoForm
	}
	if a.book.files[id] != nil {
		return events.Refuse(mou.RuleCaseExists, "/case", "the form was sent: the case is open under this id")
	}
	return nil
}

// Form gives a draft. Errors: [ErrNoForm], also if it has expired.
func (a *Agency) Form(ctx context.Context, id events.CaseID) (FormDraft, error) {
	list, err := readForms(ctx, a.journal.reader, `id = ? AND expires > ?`, string(id), a.now().UnixNano())
	if err == nil && len(list) == 0 {
		err = ErrNoForm
	}
	if err != nil {
		return FormDraft{}, err
	}
	return list[0], nil
}

// Forms lists the drafts of a kind, who began first standing first.
func (a *Agency) Forms(ctx context.Context, kind string) ([]FormDraft, error) {
	return readForms(ctx, a.journal.reader, `kind = ? AND expires > ?`, kind, a.now().UnixNano())
}

// DropForm deletes a draft, and what is left of it in the journal's files. It does
// nothing if there is none.
func (a *Agency) DropForm(ctx context.Context, id events.CaseID) error {
	var dropped int64
	err := a.journal.update(ctx, func(tx *sql.Tx) (err error) {
		dropped, err = dropForms(ctx, tx, `id = ?`, string(id))
		return err
	})
	if err == nil && dropped > 0 {
		a.purge(ctx)
	}
	return err
}
