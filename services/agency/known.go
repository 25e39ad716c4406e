package agency

import (
	"handrail/contracts/known"
	"handrail/contracts/mou"
	"handrail/events"
)

// Known is who knows what about the person, as far as this agency may know it: an
// auditor's sheet is whole. The contact desk gives it to the person.
func (a *Agency) Known(id events.CaseID) (known.Sheet, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.book.files[id]
	if f == nil {
		return known.Sheet{}, events.Refuse(mou.RuleCaseUnknown, "", "this agency knows no case of that id")
	}
	return known.Of(f.tentative, a.directory.Kinds()), nil
}
