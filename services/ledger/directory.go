package ledger

import (
	"fmt"
	"slices"

	"handrail/events"
	"handrail/events/seal"
)

// directory is who may speak, since genesis. It never changes once built.
type directory struct {
	founded *events.DirectoryFounded
	listed  map[events.AgencyID]member
	// recipients are all agencies that deliveries go to, sorted: everyone but auditors, who read over HTTP.
	recipients []events.AgencyID
}

type member struct {
	kind    events.AgencyKind
	key     events.KeyID
	signing events.PublicKey
	sealing events.KeyID
}

func newDirectory(founded *events.DirectoryFounded) (*directory, error) {
	d := &directory{founded: founded, listed: make(map[events.AgencyID]member, len(founded.Agencies))}
	for _, l := range founded.Agencies {
		key, err := seal.SigningKeyID(l.Signing)
		if err != nil {
			return nil, fmt.Errorf("reading the directory: %w", err)
		}
		sealing, err := seal.SealingKeyID(l.Sealing)
		if err != nil {
			return nil, fmt.Errorf("reading the directory: %w", err)
		}
		d.listed[l.Agency] = member{kind: l.Kind, key: key, signing: l.Signing, sealing: sealing}
		if l.Kind != events.Auditor {
			d.recipients = append(d.recipients, l.Agency)
		}
	}
	slices.Sort(d.recipients)
	return d, nil
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
