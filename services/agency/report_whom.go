package agency

import (
	"maps"
	"slices"

	"handrail/contracts/match"
	"handrail/contracts/mou"
	"handrail/events"
)

// OfferView is one bundle of the profile that this agency can offer to a person:
// somebody of the directory could be asked, and something may be sent to them.
type OfferView struct {
	Name     string // empty: child protection, which needs no consent
	Bundle   mou.Bundle
	Sections events.Set[events.Section]  // that the agreement lets this agency send
	Could    events.Set[events.AgencyID] // who could be asked, in the order of their ids
	Apart    bool                        // asked only in a case of its own, linked to the person's: foreign missions
}

// Offers lists what this agency can offer to a person, in the order of the names.
// Error: [ErrNotJoined].
func (a *Agency) Offers() ([]OfferView, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.book.memo == nil || a.directory == nil {
		return nil, ErrNotJoined
	}
	list := []OfferView{}
	for _, name := range slices.Sorted(maps.Keys(a.book.memo.Profile.Bundles)) {
		if o := a.offerView(name, a.book.memo.Profile.Bundles[name]); len(o.Could) > 0 && len(o.Sections) > 0 {
			list = append(list, o)
		}
	}
	return list, nil
}

// ChildOffer is what child protection gets of a child, or of a person who may be one,
// without a consent; false where the profile or the directory has no such thing.
func (a *Agency) ChildOffer(age events.AgeClass) (OfferView, bool) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.book.memo == nil || a.directory == nil || a.config.Kind == events.ChildProtection || !a.book.memo.Profile.Exempt(events.ChildProtection, age) {
		return OfferView{}, false
	}
	o := a.offerView("", childBundle())
	return o, len(o.Could) > 0 && len(o.Sections) > 0
}

// offerView shows a bundle as this agency can offer it. Agency.mu is held.
func (a *Agency) offerView(name string, b mou.Bundle) OfferView {
	o := OfferView{Name: name, Bundle: b, Apart: b.Class == events.ForeignMission && a.config.Kind != events.ForeignMission}
	for _, could := range a.couldAsk(b) {
		o.Could = append(o.Could, could.Agency)
	}
	slices.Sort(o.Could)
	for _, section := range b.Sections {
		if a.book.memo.Profile.Allows(a.config.Kind, b.Class, b.Purpose, section) {
			o.Sections = append(o.Sections, section)
		}
	}
	return o
}

// Notified is whom the profile's duty to notify addresses of a person of an age.
func (a *Agency) Notified(age events.AgeClass) []events.AgencyID {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.book.memo == nil || a.directory == nil {
		return nil
	}
	return slices.DeleteFunc(a.notified(age), func(id events.AgencyID) bool { return id == a.config.Agency })
}

// Candidates ranks whom a bundle could be asked of; by no name, child protection.
// Left out is who is excepted, and who has no key yet that anything could be sealed
// to. Of a kind that publishes no capacity no reasons are given, and the order is the
// desk's. It suggests; people choose. Errors: *events.Violation, [ErrNotJoined].
func (a *Agency) Candidates(bundle string, wish match.Wish, except events.Set[events.AgencyID]) ([]ProviderView, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.book.memo == nil || a.directory == nil {
		return nil, ErrNotJoined
	}
	b, err := a.bundleOf(bundle, wish.Age)
	if err != nil {
		return nil, err
	}
	could := slices.DeleteFunc(a.couldAsk(b), func(o Provider) bool {
		_, err := a.sealingKey(o.Agency)
		return err != nil || slices.Contains(except, o.Agency)
	})
	wish.At = a.book.memo.Profile.Local(a.now())
	list := []ProviderView{}
	for _, r := range match.Rank(wish, could) {
		view := viewOf(r)
		if !a.book.memo.Profile.May(r.Kind, events.TypeCapacityPublished) {
			view.Says, view.Against, view.For = "", []match.Reason{}, []match.Reason{}
		}
		list = append(list, view)
	}
	return list, nil
}
