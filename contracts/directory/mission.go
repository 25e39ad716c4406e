package directory

import (
	"maps"

	"handrail/events"
)

// listed takes the hub's word that shows a foreign mission one agency.
func (d *Directory) listed(number uint64, mission events.AgencyID, p *events.DirectoryListed) (*Directory, error) {
	f := d.founded
	switch {
	case len(p.Agencies) != 1:
		return nil, events.Refuse(events.RuleDataRange, "/agencies", "one agency is listed")
	case p.Log != f.Log || p.Signing != f.Signing || p.Profile != f.Profile || p.Text != f.Text:
		return nil, events.Refuse(events.RuleDataRange, "", "a listing names other keys of the hub, or another profile, than the founding")
	case d.mission != "":
		return d.shown(number, mission, p.Agencies[0])
	case p.Agencies[0].Agency == mission:
		return d.ownListing(number, p.Agencies[0])
	}
	return d.introduced(number, mission, p.Agencies[0])
}

// ownListing is what founds a mission's view: right behind genesis it lists the
// mission, and behind a joined it says again what that says.
func (d *Directory) ownListing(number uint64, l events.Listing) (*Directory, error) {
	now := d.agencies[l.Agency].at(Now)
	switch {
	case l.Kind != events.ForeignMission:
		return nil, events.Refuse(events.RuleDataRange, "/agencies", "only a foreign mission has a listing of its own")
	case now != nil && (now.listed.Listing != l || now.number != d.last || d.opening):
		return nil, events.Refuse(events.RuleDataRange, "/agencies", "a mission's own listing stands behind its joining, ahead of every other change, and says the same")
	case now != nil:
		return d.fork(number), nil
	case !d.opening || number != d.last+1:
		return nil, events.Refuse(events.RuleVouching, "/agencies", "founding missions are listed right behind genesis; each later one joins")
	case len(d.agencies) >= MaxAgencies:
		return nil, events.Refuse(events.RuleDataRange, "", "a directory lists at most 128 agencies")
	}
	next := d.fork(number)
	next.opening = true
	if err := next.found(number, l); err != nil {
		return nil, err
	}
	next.meet(l.Agency, l.Agency)
	return next, nil
}

// introduced shows a mission an agency as it was listed first; the entries about the
// agency that came since follow it to the mission.
func (d *Directory) introduced(number uint64, mission events.AgencyID, l events.Listing) (*Directory, error) {
	to, of := d.agencies[mission].at(Now), d.agencies[l.Agency]
	switch {
	case to == nil || to.listed.Kind != events.ForeignMission:
		return nil, events.Refuse(events.RuleDataRange, "attribute subject", "an agency is shown to a foreign mission")
	case of == nil || of.epochs[0].listed.Listing != l:
		return nil, events.Refuse(events.RuleKeyUnknown, "/agencies", "a mission is shown an agency as the directory first listed it")
	case d.Knows(mission, l.Agency):
		return nil, events.Refuse(events.RuleDataRange, "/agencies", "a mission is shown an agency once")
	}
	next := d.fork(number)
	next.meet(mission, l.Agency)
	return next, nil
}

// shown takes a listing into a mission's own view. It counts for all that the
// agency said before: what changed since, the mission is told by the entries that
// follow, whose numbers may be smaller.
func (d *Directory) shown(number uint64, subject events.AgencyID, l events.Listing) (*Directory, error) {
	switch {
	case subject != d.mission:
		return nil, events.Refuse(events.RuleDataRange, "attribute subject", "the listing is for another mission")
	case d.agencies[l.Agency] != nil:
		return nil, events.Refuse(events.RuleDataRange, "/agencies", "a mission is shown an agency once")
	case len(d.agencies) >= MaxAgencies:
		return nil, events.Refuse(events.RuleDataRange, "", "a directory lists at most 128 agencies")
	}
	next := d.fork(number)
	if err := next.found(number, l); err != nil {
		return nil, err
	}
	next.meet(d.mission, l.Agency)
	return next, nil
}

// meet notes that a mission was shown an agency. The directory is still the caller's own.
func (d *Directory) meet(mission, agency events.AgencyID) {
	if d.met[mission][agency] {
		return
	}
	d.met = maps.Clone(d.met)
	known := maps.Clone(d.met[mission])
	if known == nil {
		known = map[events.AgencyID]bool{}
	}
	known[agency] = true
	d.met[mission] = known
}
