package ledger

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
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
	cosigners  []tlog.Cosigner   // who witnesses the log: insiders, by id
}

type member struct {
	kind    events.AgencyKind
	key     events.KeyID
	signing events.PublicKey
	sealing events.KeyID
	witness note.Verifier // of its cosignatures; nil: it does not witness
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
	for _, agency := range d.insiders {
		if m := d.listed[agency]; m.witness != nil {
			d.cosigners = append(d.cosigners, tlog.Cosigner{Agency: agency, Kind: m.kind, Key: m.witness})
		}
	}
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
	witness, err := d.witnessOf(l)
	if err != nil {
		return fmt.Errorf("reading the directory: the listing of %s: %w", l.Agency, err)
	}
	d.listed[l.Agency] = member{kind: l.Kind, key: key, signing: l.Signing, sealing: sealing, witness: witness}
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

// witnessOf reads a listing's witness key, which bears the names of this log and
// of the agency; nil if it has none.
func (d *directory) witnessOf(l events.Listing) (note.Verifier, error) {
	if l.Witness == "" {
		return nil, nil //nolint:nilnil // a foreign mission and an auditor have none
	}
	key, err := tlog.NewWitnessVerifier(l.Witness)
	if err != nil {
		return nil, err
	}
	origin, _, _ := strings.Cut(d.founded.Log, "+")
	if key.Name() != tlog.WitnessName(origin, l.Agency) {
		return nil, fmt.Errorf("its witness key is named %s, and not %s", key.Name(), tlog.WitnessName(origin, l.Agency))
	}
	return key, nil
}

// listedOf is the statement that shows a foreign mission one agency.
func (d *directory) listedOf(l events.Listing) *events.DirectoryListed {
	return &events.DirectoryListed{Log: d.founded.Log, Signing: d.founded.Signing, Profile: d.founded.Profile, Text: d.founded.Text, Agencies: []events.Listing{l}}
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
