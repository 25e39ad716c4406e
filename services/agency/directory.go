package agency

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// directory is who takes part and with which keys, as the log says. It is never
// changed: see [directory.with].
type directory struct {
	log     string
	profile string
	text    string // digest of the profile's texts; a foreign mission's listing has none
	listed  map[events.AgencyID]events.Listing
	hubKey  events.PublicKey
}

// found reads the directory from genesis, which must be the pinned one and
// list this agency with the keys that it has. A foreign mission gets no genesis:
// its own listing takes the place.
func (a *Agency) found(data []byte) (*directory, error) {
	digest := sha256.Sum256(data)
	if hex.EncodeToString(digest[:]) != a.config.Pins.Genesis {
		return nil, errors.New("genesis is not the one that was pinned when joining")
	}
	first := events.TypeDirectoryFounded
	if a.config.Kind == events.ForeignMission {
		first = events.TypeDirectoryListed
	}
	payload, err := events.Decode(first, data)
	if err != nil {
		return nil, err
	}
	genesis, ok := payload.(*events.DirectoryFounded)
	if listed, own := payload.(*events.DirectoryListed); own {
		genesis = &events.DirectoryFounded{Log: listed.Log, Signing: listed.Signing, Profile: listed.Profile, Text: listed.Text, Agencies: listed.Agencies}
		ok = true // of the same facts, those that the mission may know
	}
	if !ok || genesis.Signing != a.config.Pins.HubKey || genesis.Log != a.config.Pins.LogVKey {
		return nil, errors.New("genesis names other keys of the hub than were pinned when joining")
	}
	d := &directory{log: genesis.Log, profile: genesis.Profile, text: genesis.Text, listed: map[events.AgencyID]events.Listing{}, hubKey: genesis.Signing}
	for _, l := range genesis.Agencies {
		if err := checkListing(l, a.config.Hub.Origin()); err != nil {
			return nil, fmt.Errorf("checking a listing of genesis: %w", err)
		}
		d.listed[l.Agency] = l
	}
	own := d.listed[a.config.Agency]
	if own.Signing != a.keys.signing.Public() || own.Sealing != a.keys.sealing.Public() || own.Kind != a.config.Kind {
		return nil, errors.New("genesis lists this agency with other keys, or as another kind, than it has")
	}
	if a.config.witnesses() {
		key, err := tlog.NewWitnessVerifier(own.Witness)
		if err != nil || key.KeyHash() != a.keys.witness.Verifier().KeyHash() {
			return nil, errors.New("genesis lists this agency with another witness key than it has")
		}
	}
	return d, nil
}

// checkListing refuses keys that nobody could use or that the agency itself does
// not vouch for.
func checkListing(l events.Listing, origin string) error {
	if err := seal.CheckListing(l, origin); err != nil || l.Witness == "" {
		return err
	}
	key, err := tlog.NewWitnessVerifier(l.Witness)
	if err == nil && key.Name() != tlog.WitnessName(origin, l.Agency) {
		err = errors.New("the witness key is of another agency or hub")
	}
	return err
}

func (d *directory) kinds() map[events.AgencyID]events.AgencyKind {
	kinds := make(map[events.AgencyID]events.AgencyKind, len(d.listed))
	for id, l := range d.listed {
		kinds[id] = l.Kind
	}
	return kinds
}

// ofKind lists the agencies of a kind, in the order of their ids.
func (d *directory) ofKind(kind events.AgencyKind) []events.AgencyID {
	var ids []events.AgencyID
	for id, l := range d.listed {
		if l.Kind == kind {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// check verifies an event's own signature with the key of its source.
func (d *directory) check(e events.Event) error {
	public, err := d.signing(e)
	if err != nil {
		return err
	}
	return seal.Verify(e, public)
}

// checkWithoutData verifies an event whose data were erased.
func (d *directory) checkWithoutData(e events.Event, digest [32]byte) error {
	public, err := d.signing(e)
	if err != nil {
		return err
	}
	return seal.VerifyMaterial(e.Attributes(), digest, public)
}

func (d *directory) signing(e events.Event) (events.PublicKey, error) {
	public := d.listed[e.Agency()].Signing
	if e.Agency() == events.HubAgency {
		public = d.hubKey
	}
	key, err := seal.KeyOf(e)
	if err != nil {
		return "", err
	}
	if id, err := seal.SigningKeyID(public); err != nil || id != key {
		return "", events.Refuse(events.RuleKeyUnknown, "attribute dssematerial", "the directory does not list this key for the event's source")
	}
	return public, nil
}

// sealingKey is the one policy for sealing: to the key of an agency that the
// verified log lists: genesis, which is pinned, or what the log that this agency
// cosigns lists after it.
func (d *directory) sealingKey(to events.AgencyID) (events.PublicKey, error) {
	l, ok := d.listed[to]
	if !ok {
		return "", events.Refuse("recipient-unknown", "/to", "the directory lists no agency of that id")
	}
	return l.Sealing, nil
}
