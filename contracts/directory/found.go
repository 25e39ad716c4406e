package directory

import (
	"slices"

	"handrail/events"
	"handrail/events/seal"
)

// Found gives the directory that a first entry founds: genesis, which is entry 0,
// or a foreign mission's own listing, whatever its number. That it is the entry that
// was compared out of band, and is signed by the hub key that it names, is for the
// caller to check. The error is an *events.Violation.
func Found(hub events.HubID, number uint64, first events.Payload) (*Directory, error) {
	d := &Directory{
		hub: hub, agencies: map[events.AgencyID]*agency{}, met: map[events.AgencyID]map[events.AgencyID]bool{},
		last: number, before: Now,
	}
	switch p := first.(type) {
	case *events.DirectoryFounded:
		if number != 0 {
			return nil, events.Refuse(events.RuleDataRange, "", "genesis is entry 0")
		}
		d.founded, d.opening = p, true
	case *events.DirectoryListed:
		if len(p.Agencies) != 1 || p.Agencies[0].Kind != events.ForeignMission {
			return nil, events.Refuse(events.RuleDataRange, "/agencies", "only a foreign mission's own listing founds a part of the directory")
		}
		d.mission = p.Agencies[0].Agency
		d.founded = &events.DirectoryFounded{Log: p.Log, Signing: p.Signing, Profile: p.Profile, Text: p.Text, Agencies: slices.Clone(p.Agencies)}
		d.met[d.mission] = map[events.AgencyID]bool{d.mission: true}
	default:
		return nil, events.Refuse(events.RuleDataMalformed, "", "a directory is founded by genesis, or by a foreign mission's own listing")
	}
	var err error
	if d.hubID, err = seal.SigningKeyID(d.founded.Signing); err != nil {
		return nil, events.Refuse(events.RuleKeyUnknown, "/signing", "the hub's signing key is none that could be used")
	}
	for _, l := range d.founded.Agencies {
		if err := d.found(number, l); err != nil {
			return nil, err
		}
	}
	return d, nil
}

// found lists an agency as the directory, or a mission's part of it, begins with it.
// Whom a mission is shown counts for all that came before. The directory is still
// the caller's own.
func (d *Directory) found(number uint64, l events.Listing) error {
	if d.agencies[l.Agency] != nil {
		return events.Refuse(events.RuleDataRange, "/agencies", "an agency is founded once")
	}
	read, err := d.read(l, number)
	if err != nil {
		return err
	}
	if err := d.unlisted(read.keys); err != nil {
		return err
	}
	from := number
	if d.mission != "" && l.Agency != d.mission {
		from = 0
	}
	var new *agency
	d.agencies[l.Agency] = new.with(&epoch{number: from, listed: read, standing: Active})
	return nil
}

// unlisted refuses keys that were ever listed, for whomever, as the hub's own too,
// and one key for two purposes.
func (d *Directory) unlisted(keys []string) error {
	hub, err := d.founded.Signing.Bytes()
	if err != nil {
		return errNoKey
	}
	log, err := verifierBytes(d.founded.Log)
	if err != nil {
		return events.Refuse(events.RuleKeyUnknown, "/log", "the log's verifier key is none")
	}
	for i, key := range keys {
		reused := key == string(hub) || key == log || slices.Contains(keys[:i], key)
		for _, one := range d.agencies {
			reused = reused || one.keys[key]
		}
		if reused {
			return events.Refuse(events.RuleKeyReused, "/listing", "a key is listed once, for one agency and one purpose; make new keys")
		}
	}
	return nil
}
