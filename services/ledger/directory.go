package ledger

import (
	"fmt"
	"slices"

	"handrail/events"
	"handrail/events/seal"
)

// directory is who may speak: the agencies of genesis, and the foreign missions
// that were listed with it. It never changes once built.
type directory struct {
	founded  *events.DirectoryFounded
	listed   map[events.AgencyID]member
	listings map[events.AgencyID]events.Listing
	// recipients are all agencies that deliveries go to, sorted: everyone but auditors, who read over HTTP.
	recipients []events.AgencyID
	insiders   []events.AgencyID // recipients that are no foreign missions: they have the whole directory
	missions   []events.AgencyID // recipients that are
}

type member struct {
	kind    events.AgencyKind
	key     events.KeyID
	signing events.PublicKey
	sealing events.KeyID
}

func newDirectory(founded *events.DirectoryFounded, missions []*events.DirectoryListed) (*directory, error) {
	d := &directory{founded: founded, listed: map[events.AgencyID]member{}, listings: map[events.AgencyID]events.Listing{}}
	for _, l := range founded.Agencies {
		if err := d.list(l); err != nil {
			return nil, err
		}
	}
	for _, m := range missions {
		if err := d.list(m.Agencies[0]); err != nil {
			return nil, err
		}
	}
	slices.Sort(d.recipients)
	slices.Sort(d.insiders)
	slices.Sort(d.missions)
	return d, nil
}

func (d *directory) list(l events.Listing) error {
	key, err := seal.SigningKeyID(l.Signing)
	if err != nil {
		return fmt.Errorf("reading the directory: %w", err)
	}
	sealing, err := seal.SealingKeyID(l.Sealing)
	if err != nil {
		return fmt.Errorf("reading the directory: %w", err)
	}
	d.listed[l.Agency] = member{kind: l.Kind, key: key, signing: l.Signing, sealing: sealing}
	d.listings[l.Agency] = l
	switch l.Kind {
	case events.Auditor:
		return nil
	case events.ForeignMission:
		d.missions = append(d.missions, l.Agency)
	default:
		d.insiders = append(d.insiders, l.Agency)
	}
	d.recipients = append(d.recipients, l.Agency)
	return nil
}

// listedOf is the statement that shows a foreign mission one agency.
func (d *directory) listedOf(l events.Listing) *events.DirectoryListed {
	return &events.DirectoryListed{Log: d.founded.Log, Signing: d.founded.Signing, Profile: d.founded.Profile, Agencies: []events.Listing{l}}
}

// signer is the public key behind a key id, if it is the agency's key now.
func (d *directory) signer(agency events.AgencyID, key events.KeyID) (events.PublicKey, bool) {
	m, ok := d.listed[agency]
	return m.signing, ok && m.key == key
}

// receives says whether the agency gets numbered deliveries.
func (d *directory) receives(agency events.AgencyID) bool {
	_, found := slices.BinarySearch(d.recipients, agency)
	return found
}

// kinds is the directory as the memorandum reads it.
func (d *directory) kinds() map[events.AgencyID]events.AgencyKind {
	kinds := make(map[events.AgencyID]events.AgencyKind, len(d.listed))
	for agency, m := range d.listed {
		kinds[agency] = m.kind
	}
	return kinds
}
