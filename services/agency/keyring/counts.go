package keyring

import (
	"slices"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// inForce gives the key of a use that the directory lists; before there is a
// directory, or if it lists another than this agency has, the one whose file has
// the plain name. Keyring.mu is held.
func (k *Keyring) inForce(use Use) heldKey {
	if k.listed != nil {
		if key, held := k.find(use, use.of(*k.listed)); held {
			return key
		}
	}
	first := -1
	for i, key := range k.held {
		switch {
		case key.use != use:
		case key.file == use.File():
			return key
		case first < 0:
			first = i
		}
	}
	if first < 0 {
		return heldKey{}
	}
	return k.held[first]
}

// find gives the held key of a use that a listing names. Keyring.mu is held.
func (k *Keyring) find(use Use, public string) (heldKey, bool) {
	for _, key := range k.held {
		if key.use == use && key.public == public {
			return key, true
		}
	}
	return heldKey{}, false
}

// withID gives the held key of a use and an id. Keyring.mu is held.
func (k *Keyring) withID(use Use, id string) (heldKey, bool) {
	if at := k.at(use, id); at >= 0 {
		return k.held[at], true
	}
	return heldKey{}, false
}

// at is where a key lies in held; -1: nowhere. Keyring.mu is held.
func (k *Keyring) at(use Use, id string) int {
	return slices.IndexFunc(k.held, func(key heldKey) bool { return key.use == use && key.id == id })
}

// Voice is the key with which this agency is heard now.
func (k *Keyring) Voice() seal.SigningKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.inForce(Signing).signing
}

// Speaker is the key with which the next statement is signed: while new keys were
// said and wait for the ledger's answer, that is the new one.
func (k *Keyring) Speaker() seal.SigningKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.speaker()
}

func (k *Keyring) speaker() seal.SigningKey {
	if key, held := k.withID(Signing, string(k.assumed)); held {
		return key.signing
	}
	if k.next != nil {
		if key, held := k.find(Signing, string(k.next.Signing)); held {
			return key.signing
		}
	}
	return k.inForce(Signing).signing
}

// InTurn is the key with which to say where this agency stands, which must be heard
// whichever key counts at the hub. While new keys wait for their receipt that is in
// turn the old and the new one: if the receipt was lost, the hub heeds only the new
// one. While there is no directory it is in turn each signing key that is here: an
// agency that lost its journal in the middle of a change does not know which counts.
func (k *Keyring) InTurn() seal.SigningKey {
	k.mu.Lock()
	defer k.mu.Unlock()
	voices := []seal.SigningKey{k.inForce(Signing).signing}
	switch {
	case k.listed == nil:
		for _, key := range k.held {
			if key.use == Signing && key.id != string(voices[0].ID()) {
				voices = append(voices, key.signing)
			}
		}
	case k.next != nil:
		voices = append(voices, k.speaker())
	}
	k.turns++
	return voices[(k.turns-1)%len(voices)]
}

// Sealer is the agency's own sealing key in force.
func (k *Keyring) Sealer() seal.SealingKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.inForce(Sealing).sealing
}

// Cosigner is the witness key in force; the zero one for an agency that does not witness.
func (k *Keyring) Cosigner() tlog.WitnessKey {
	k.mu.RLock()
	defer k.mu.RUnlock()
	return k.inForce(Witness).witness
}

// Signer gives the signing key of an id, if it is here.
func (k *Keyring) Signer(id events.KeyID) (seal.SigningKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, held := k.withID(Signing, string(id))
	return key.signing, held
}

// Opener gives the sealing key of an id, if it is here.
func (k *Keyring) Opener(id events.KeyID) (seal.SealingKey, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, held := k.withID(Sealing, string(id))
	return key.sealing, held
}
