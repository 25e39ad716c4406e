package agency

import (
	"context"

	"handrail/contracts/mou"
	"handrail/events"
)

// What pages need to know of a case before they offer anything. All of it is read
// only: it does not change under the reader when the journal goes on.

// Me is this agency and its kind, as the directory lists it.
func (a *Agency) Me() (events.AgencyID, events.AgencyKind) { return a.config.Agency, a.config.Kind }

// Memorandum gives what statements are judged by now: the country's profile, and the
// directory as it stands. Error: [ErrNotJoined].
func (a *Agency) Memorandum() (*mou.Memorandum, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.book.memo == nil {
		return nil, ErrNotJoined
	}
	return a.book.memo, nil
}

// Stands gives a case as this agency sees it, its own unanswered statements
// included. Error: *events.Violation if the case is not known here.
func (a *Agency) Stands(id events.CaseID) (mou.Case, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	f := a.book.files[id]
	if f == nil {
		return mou.Case{}, events.Refuse(mou.RuleCaseUnknown, "", "this agency knows no case of that id")
	}
	return f.tentative, nil
}

// HeldSections lists which sections of a case are held back here, ready to be
// sealed, in the order of their names. Their content is not read.
func (a *Agency) HeldSections(ctx context.Context, id events.CaseID) ([]events.Section, error) {
	return draftSections(ctx, a.journal.reader, id, a.now())
}
