package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// found checks genesis and takes the directory from it.
func (v *verifier) found(hub events.PublicKey) error {
	entry, err := v.open(v.trail.Founding)
	if err != nil {
		return err
	}
	digest := sha256.Sum256(v.trail.Founding.Data)
	if hex.EncodeToString(digest[:]) != v.trail.Genesis || entry.DataDigest != digest {
		return errors.New("its data are not the genesis that was pinned")
	}
	if err := seal.VerifyMaterial(entry.Attributes, entry.DataDigest, hub); err != nil {
		return err
	}
	payload, err := events.Decode(events.TypeDirectoryFounded, v.trail.Founding.Data)
	if err != nil {
		return err
	}
	founded, ok := payload.(*events.DirectoryFounded)
	if !ok {
		return errors.New("its data do not found a directory")
	}
	v.keys = map[events.AgencyID]events.PublicKey{events.HubAgency: founded.Signing}
	kinds := map[events.AgencyID]events.AgencyKind{}
	for _, listing := range founded.Agencies {
		if err := seal.CheckListing(listing, v.trail.Hub.Origin()); err != nil {
			return err
		}
		v.keys[listing.Agency], kinds[listing.Agency] = listing.Signing, listing.Kind
	}
	for i, e := range v.trail.Missions {
		listing, err := v.mission(e, uint64(i)+1, hub)
		if err != nil {
			return fmt.Errorf("entry %d, the listing of a foreign mission: %w", e.Number, err)
		}
		if _, twice := v.keys[listing.Agency]; twice {
			return fmt.Errorf("entry %d lists an agency a second time", e.Number)
		}
		v.keys[listing.Agency], kinds[listing.Agency] = listing.Signing, listing.Kind
	}
	profile, err := mou.LoadProfile(founded.Profile)
	if err != nil {
		return err
	}
	v.memorandum = &mou.Memorandum{Profile: profile, Directory: kinds}
	v.folded = v.memorandum.NewCase("")
	return nil
}

// mission checks the listing of one founding foreign mission. These stand right
// behind genesis, so that the hub cannot list one otherwise to somebody else.
func (v *verifier) mission(e ledger.TrailEntry, number uint64, hub events.PublicKey) (events.Listing, error) {
	entry, err := v.open(e)
	if err != nil {
		return events.Listing{}, err
	}
	event, err := events.Parse(entry.Attributes, e.Data)
	switch {
	case err != nil:
		return events.Listing{}, err
	case e.Number != number || event.Type != events.TypeDirectoryListed || sha256.Sum256(e.Data) != entry.DataDigest:
		return events.Listing{}, errors.New("it does not stand behind genesis as it was signed")
	}
	if err := seal.VerifyMaterial(entry.Attributes, entry.DataDigest, hub); err != nil {
		return events.Listing{}, err
	}
	payload, err := events.Decode(event.Type, e.Data)
	if err != nil {
		return events.Listing{}, err
	}
	listed, ok := payload.(*events.DirectoryListed)
	if !ok || listed.Agencies[0].Kind != events.ForeignMission || event.Subject != string(listed.Agencies[0].Agency) {
		return events.Listing{}, errors.New("it lists no foreign mission")
	}
	return listed.Agencies[0], seal.CheckListing(listed.Agencies[0], v.trail.Hub.Origin())
}

// staffed says whether the trail proves that an agency had published, ahead of an
// entry, hours that cover its admission. The hub takes the newest that an agency
// published; that none came between, the log shows and a trail does not.
func (v *verifier) staffed(agency events.AgencyID, before uint64, at time.Time) bool {
	var newest *events.CapacityPublished
	var number uint64
	for _, e := range v.trail.Capacity {
		said, err := v.capacity(agency, e)
		if err == nil && e.Number < before && (newest == nil || e.Number > number) {
			newest, number = said, e.Number
		}
	}
	return newest != nil && newest.Staffed(v.memorandum.Profile.Local(at))
}

// capacity verifies what an agency published of itself.
func (v *verifier) capacity(agency events.AgencyID, e ledger.TrailEntry) (*events.CapacityPublished, error) {
	entry, err := v.open(e)
	if err != nil {
		return nil, err
	}
	if entry.Verdict != tlog.Admitted {
		return nil, errors.New("it was refused")
	}
	event, payload, err := v.event(e, entry)
	if err != nil {
		return nil, err
	}
	said, ok := payload.(*events.CapacityPublished)
	if !ok || event.Agency() != agency {
		return nil, errors.New("it is no capacity of the agency")
	}
	return said, nil
}
