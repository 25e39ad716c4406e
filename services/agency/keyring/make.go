package keyring

import (
	"crypto/rand"
	"fmt"
	"slices"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// Make makes new keys of the uses, in files of their own, and gives the listing
// with them and the keys in force for the rest. Files and listing are durable when
// it returns; nothing is in force by it.
func (k *Keyring) Make(uses []Use) (events.Listing, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	set := map[Use]heldKey{}
	for _, use := range Uses(k.config.Kind) {
		set[use] = k.inForce(use)
		if !slices.Contains(uses, use) {
			continue
		}
		file, err := k.write(use)
		if err == nil {
			set[use], err = k.load(use, file) // what can be read again is what is listed
		}
		if err != nil {
			return events.Listing{}, fmt.Errorf("making a new %s key: %w", use, err)
		}
		k.held = append(k.held, set[use])
	}
	l := seal.NewListing(k.config.Agency, k.config.Kind, set[Signing].signing, set[Sealing].sealing, set[Witness].public, k.config.Hub.Origin())
	own := k.own
	if !slices.Contains(own, l) {
		own = append(slices.Clip(own), l)
	}
	if err := k.config.writeListings(own); err != nil {
		return l, fmt.Errorf("keeping the new listing: %w", err)
	}
	k.own = own
	return l, nil
}

// write makes one key and writes its file.
func (k *Keyring) write(use Use) (file string, err error) {
	switch use {
	case Signing:
		key, err := seal.NewSigningKey(rand.Reader)
		if err != nil {
			return "", err
		}
		file = use.fileOf(string(key.ID()))
		return file, key.SaveWith(k.config.path(file), k.pass)
	case Sealing:
		key, err := seal.NewSealingKey(rand.Reader)
		if err != nil {
			return "", err
		}
		file = use.fileOf(string(key.ID()))
		return file, key.SaveWith(k.config.path(file), k.pass)
	default:
		secret, verifier, err := tlog.NewWitnessKey(k.config.Hub.Origin(), k.config.Agency, rand.Reader)
		if err != nil {
			return "", err
		}
		file = use.fileOf(witnessID(verifier))
		return file, seal.WriteSecret(k.config.path(file), []byte(secret+"\n"), k.pass)
	}
}
