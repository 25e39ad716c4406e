package directory

import (
	"handrail/events"
)

// Apply gives the directory with one more of its entries: directory.listed, .joined,
// .keyed, .suspended, .resumed or .revoked, under a number larger than that of every
// entry that it took before; in a foreign mission's part, than that of every change of
// the same agency. It refuses with an *events.Violation what the rules of
// the directory do not allow, and leaves the event's own signature to [Directory.Verify].
// The directory that [Directory.At] gives is for looking back only, and takes nothing.
func (d *Directory) Apply(number uint64, e events.Event, p events.Payload) (*Directory, error) {
	if err := d.fits(number, e, p); err != nil {
		return nil, err
	}
	subject := events.AgencyID(e.Subject)
	switch p := p.(type) {
	case *events.DirectoryListed:
		return d.listed(number, subject, p)
	case *events.DirectoryJoined:
		return d.joined(number, subject, p)
	case *events.DirectoryKeyed:
		return d.keyed(number, e, p)
	case *events.DirectorySuspended:
		return d.stand(number, subject, Suspended)
	case *events.DirectoryResumed:
		return d.stand(number, subject, Active)
	case *events.DirectoryRevoked:
		return d.stand(number, subject, Revoked)
	default:
		return nil, events.Refuse(events.RuleTypeUnknown, "attribute type", "it says nothing of who takes part")
	}
}

// Judge says whether Apply would take the entry next.
func (d *Directory) Judge(e events.Event, p events.Payload) error {
	_, err := d.Apply(d.last+1, e, p)
	return err
}

// Changes says whether events of a type are of the directory behind its founding.
func Changes(t events.Type) bool {
	switch t {
	case events.TypeDirectoryListed, events.TypeDirectoryJoined, events.TypeDirectoryKeyed, events.TypeDirectorySuspended, events.TypeDirectoryResumed, events.TypeDirectoryRevoked:
		return true
	default:
		return false
	}
}

// fits refuses what cannot be an entry of this directory at all.
func (d *Directory) fits(number uint64, e events.Event, p events.Payload) error {
	switch {
	case p == nil || p.Type() != e.Type:
		return events.Refuse(events.RuleDataMalformed, "", "the facts are not those of the event's type")
	case e.Hub != d.hub.Origin():
		return events.Refuse(events.RuleHubMismatch, "attribute hub", "the event is of another hub's log")
	case d.before != Now || number <= d.behind(events.AgencyID(e.Subject)):
		return events.Refuse(events.RuleHubFault, "", "the directory's entries are taken in the order of their numbers")
	case e.Type.HubOnly() != (e.Agency() == events.HubAgency):
		return events.Refuse(events.RuleSourceMismatch, "attribute source", "the hub lists, suspends, resumes and revokes; an agency replaces its own keys")
	case e.Subject == string(events.HubAgency):
		return events.Refuse(events.RuleDataRange, "attribute subject", "the hub is no agency of the directory")
	}
	return nil
}

// behind is the number that the next entry about an agency comes behind.
func (d *Directory) behind(a events.AgencyID) uint64 {
	if e := d.agencies[a].at(Now); d.mission != "" && e != nil {
		return e.number
	}
	return d.last
}

// joined lists an agency's first keys, or new ones for keys that were lost.
func (d *Directory) joined(number uint64, subject events.AgencyID, p *events.DirectoryJoined) (*Directory, error) {
	known := d.agencies[subject]
	switch {
	case subject != p.Listing.Agency:
		return nil, events.Refuse(events.RuleDataRange, "attribute subject", "the event's subject is the agency that joins")
	case known == nil && d.mission != "":
		return nil, events.Refuse(events.RuleDataRange, "", "a foreign mission is shown an agency by directory.listed first")
	case known == nil && len(d.agencies) >= MaxAgencies:
		return nil, events.Refuse(events.RuleDataRange, "", "a directory lists at most 128 agencies")
	case known != nil && known.at(Now).listed.Kind != p.Listing.Kind:
		return nil, events.Refuse(events.RuleDataRange, "/listing/kind", "an agency's kind never changes")
	}
	read, err := d.read(p.Listing, number)
	if err != nil {
		return nil, err
	}
	if err := d.unlisted(read.keys); err != nil {
		return nil, err
	}
	if d.mission == "" { // whose people vouched, the mission does not know
		if err := d.vouched(p); err != nil {
			return nil, err
		}
	}
	next := d.fork(number)
	next.agencies[subject] = known.with(&epoch{number: number, listed: read, standing: Active, lost: number})
	if p.Listing.Kind == events.ForeignMission {
		next.meet(subject, subject)
	}
	return next, nil
}

// keyed replaces some or all of an agency's keys; it says so itself.
func (d *Directory) keyed(number uint64, e events.Event, p *events.DirectoryKeyed) (*Directory, error) {
	now := d.agencies[e.Agency()].at(Now)
	switch {
	case e.Agency() != p.Listing.Agency || e.Subject != string(p.Listing.Agency):
		return nil, events.Refuse(events.RuleSourceMismatch, "/listing/agency", "an agency replaces its own keys")
	case now == nil || now.standing == Revoked:
		return nil, events.Refuse(events.RuleKeyUnknown, "/listing/agency", "no key of the agency is in force; it joins with keys that others vouch for")
	case now.standing == Suspended:
		return nil, events.Refuse(events.RuleAgencySuspended, "", "a suspended agency says nothing until it is resumed")
	case now.listed.Kind != p.Listing.Kind:
		return nil, events.Refuse(events.RuleDataRange, "/listing/kind", "an agency's kind never changes")
	}
	read, err := d.read(p.Listing, number)
	if err != nil {
		return nil, err
	}
	var fresh []string
	for i, key := range read.keys { // signing, sealing, witness
		if i >= len(now.listed.keys) || now.listed.keys[i] != key {
			fresh = append(fresh, key)
		}
	}
	if len(fresh) == 0 {
		return nil, events.Refuse(events.RuleKeyReused, "/listing", "at least one key is new")
	}
	if err := d.unlisted(fresh); err != nil {
		return nil, err
	}
	next := d.fork(number)
	next.agencies[e.Agency()] = d.agencies[e.Agency()].with(&epoch{number: number, listed: read, standing: Active, lost: now.lost})
	return next, nil
}

// stand suspends, resumes or revokes an agency.
func (d *Directory) stand(number uint64, subject events.AgencyID, to Standing) (*Directory, error) {
	now := d.agencies[subject].at(Now)
	switch {
	case now == nil:
		return nil, events.Refuse(events.RuleKeyUnknown, "attribute subject", "the directory lists no agency of that id")
	case to == Suspended && now.standing != Active:
		return nil, events.Refuse(RuleStanding, "attribute subject", "only an agency that takes part is suspended")
	case to == Active && now.standing != Suspended:
		return nil, events.Refuse(RuleStanding, "attribute subject", "only a suspended agency is resumed; a revoked one joins with new keys")
	case to == Revoked && now.standing == Revoked:
		return nil, events.Refuse(RuleStanding, "attribute subject", "the agency is revoked already")
	}
	change := *now
	change.number, change.standing = number, to
	if to == Revoked {
		change.lost = number
	}
	next := d.fork(number)
	next.agencies[subject] = d.agencies[subject].with(&change)
	return next, nil
}
