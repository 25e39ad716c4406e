package acts

import (
	"maps"
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
)

// offer is something that help may be asked for: what the person agreed to, or what
// needs no consent here.
type offer struct {
	name     string
	label    string // message
	class    events.AgencyKind
	only     events.AgencyID // not empty: to no other agency
	purpose  events.Purpose
	sections []events.Section
}

// Names of what needs no bundle.
const (
	forChild     = "child-protection"
	forEmergency = "emergency"
)

// offers lists for what somebody of the directory may be asked now.
func (x *act) offers() (all []offer) {
	bundles := x.memo.Profile.Bundles
	for _, name := range slices.Sorted(maps.Keys(bundles)) {
		b := bundles[name]
		all = append(all, offer{name: name, label: "bundle." + name, class: b.Class, purpose: b.Purpose, sections: b.Sections})
	}
	if x.memo.Profile.Exempt(events.ChildProtection, x.of.Age()) {
		all = append(all, offer{
			name: forChild, label: "acts.offer.child-protection", class: events.ChildProtection, purpose: events.PurposeChildProtection,
			sections: []events.Section{events.SectionIdentity, events.SectionContact, events.SectionNeeds, events.SectionRisk},
		})
	}
	for _, e := range x.of.Emergencies() {
		if e.By == x.me && x.Now.Before(e.Until) {
			all = append(all, offer{
				name: forEmergency + "-" + string(e.ID), label: "acts.offer.emergency", class: x.memo.Directory[e.To], only: e.To,
				purpose: events.PurposeEmergency, sections: e.Sections,
			})
		}
	}
	return slices.DeleteFunc(all, func(o offer) bool { return len(x.reachable(o)) == 0 })
}

// reachable lists whom an offer may be asked of.
func (x *act) reachable(o offer) (all []events.AgencyID) {
	for _, id := range slices.Sorted(maps.Keys(x.memo.Directory)) {
		meant := x.memo.Directory[id] == o.class && (o.only == "" || o.only == id)
		if meant && id != x.me && !x.memo.Away[id] && slices.ContainsFunc(o.sections, func(s events.Section) bool { return x.shares(id, o, s) }) {
			all = append(all, id)
		}
	}
	return all
}

// shares says whether a section of an offer may go to an agency now: the agreement
// and the person's consent both allow it.
func (x *act) shares(to events.AgencyID, o offer, s events.Section) bool {
	if !x.memo.Profile.Allows(x.kind, x.memo.Directory[to], o.purpose, s) {
		return false
	}
	switch x.of.Consent(to, o.purpose, s, x.Now) {
	case mou.ConsentGiven, mou.ConsentProvisional, mou.ConsentNotRequired:
		return true
	case mou.ConsentNone, mou.ConsentRefused, mou.ConsentWithdrawn, mou.ConsentExpired:
	}
	return false
}
