package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// directory is what the first entries of a log say: who takes part, with which
// keys, under which memorandum. It is read-only once it is founded.
type directory struct {
	hub        events.HubID
	founded    *events.DirectoryFounded
	pins       Pins
	listings   map[events.AgencyID]events.Listing // the hub has none
	memorandum *mou.Memorandum
	cosigners  []tlog.Cosigner
}

// found checks genesis against its digest and takes the directory from it. The
// texts are of the profile that genesis names; their digest stands in it. Without
// any they are the ones that this program has.
func found(hub events.HubID, e ledger.TrailEntry, texts []mou.ProfileText, read *profiles) (*directory, error) {
	entry, err := opened(e)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(e.Data)
	event, err := events.Parse(entry.Attributes, e.Data)
	if err != nil {
		return nil, err
	}
	if e.Number != 0 || entry.DataDigest != digest {
		return nil, errors.New("its facts are not the ones that were signed")
	}
	payload, err := events.Decode(event.Type, e.Data)
	if err != nil {
		return nil, err
	}
	founded, ok := payload.(*events.DirectoryFounded)
	if !ok || event.Hub != hub.Origin() {
		return nil, errors.New("it does not found the directory of this hub")
	}
	if err := seal.Verify(event, founded.Signing); err != nil {
		return nil, err
	}
	d := &directory{
		hub: hub, founded: founded, listings: map[events.AgencyID]events.Listing{},
		pins:       Pins{Log: founded.Log, Hub: founded.Signing, Genesis: hex.EncodeToString(digest[:])},
		memorandum: &mou.Memorandum{Directory: map[events.AgencyID]events.AgencyKind{}},
	}
	if texts == nil {
		if texts, err = read.embedded(founded.Profile); err != nil {
			return nil, fmt.Errorf("this program does not have the profile that it names: %w", err)
		}
	}
	if d.memorandum.Profile, err = d.profile(texts, read); err != nil {
		return nil, err
	}
	for _, listing := range founded.Agencies {
		if err := d.list(listing); err != nil {
			return nil, fmt.Errorf("the listing of %s: %w", listing.Agency, err)
		}
	}
	return d, nil
}

// profile reads the profile in force from its texts, if they are the ones that
// genesis commits to.
func (d *directory) profile(texts []mou.ProfileText, read *profiles) (*mou.Profile, error) {
	if mou.ProfileDigest(texts) != d.founded.Text {
		return nil, fmt.Errorf("the text of the profile %s is another than the one that the parties founded the hub on", d.founded.Profile)
	}
	profile, err := read.parse(texts)
	if err != nil {
		return nil, err
	}
	if profile.Ref() != d.founded.Profile {
		return nil, fmt.Errorf("the profile in force is %s, and the text is of %s", d.founded.Profile, profile.Ref())
	}
	return profile, nil
}

// list takes an agency in whose listing proves that it holds its keys.
func (d *directory) list(l events.Listing) error {
	if err := seal.CheckListing(l, d.hub.Origin()); err != nil {
		return err
	}
	if _, twice := d.listings[l.Agency]; twice || l.Agency == events.HubAgency {
		return errors.New("the agency is listed a second time")
	}
	if l.Witness != "" {
		key, err := tlog.NewWitnessVerifier(l.Witness)
		if err != nil {
			return err
		}
		if key.Name() != tlog.WitnessName(d.hub.Origin(), l.Agency) {
			return errors.New("its witness key is of another name")
		}
		d.cosigners = append(d.cosigners, tlog.Cosigner{Agency: l.Agency, Kind: l.Kind, Key: key})
	}
	d.listings[l.Agency], d.memorandum.Directory[l.Agency] = l, l.Kind
	return nil
}

// key is an agency's signing key, or the hub's.
func (d *directory) key(a events.AgencyID) (events.PublicKey, bool) {
	if a == events.HubAgency {
		return d.founded.Signing, true
	}
	l, listed := d.listings[a]
	return l.Signing, listed
}

// mission checks the listing of one founding foreign mission and takes it in. They
// stand right behind genesis, so that the hub cannot list one otherwise to somebody else.
func (d *directory) mission(e ledger.TrailEntry, number uint64) error {
	entry, err := opened(e)
	if err != nil {
		return err
	}
	event, payload, err := d.event(e, entry, seal.Claim.Verify)
	if err != nil {
		return err
	}
	listed, ok := payload.(*events.DirectoryListed)
	switch {
	case !ok || e.Number != number || entry.Submitter != events.HubAgency:
		return errors.New("it does not stand behind genesis as it was signed")
	case listed.Agencies[0].Kind != events.ForeignMission || event.Subject != string(listed.Agencies[0].Agency):
		return errors.New("it lists no foreign mission")
	case listed.Log != d.founded.Log || listed.Signing != d.founded.Signing || listed.Profile != d.founded.Profile || listed.Text != d.founded.Text:
		return errors.New("it says something else of the hub than genesis")
	}
	return d.list(listed.Agencies[0])
}
