package directory

import (
	"handrail/events"
	"handrail/events/seal"
)

// Signer gives the public key behind a key id, if it was the agency's signing key
// when the entry of a number was judged; [Now] asks for what is admitted next. An
// agency that was revoked by then had none. The hub has one for ever.
func (d *Directory) Signer(a events.AgencyID, key events.KeyID, number uint64) (events.PublicKey, bool) {
	if a == events.HubAgency {
		return d.founded.Signing, key == d.hubID
	}
	e := d.agencies[a].at(min(number, d.before))
	if e == nil || e.standing == Revoked || e.listed.signing != key {
		return "", false
	}
	return e.listed.Signing, true
}

// Key is an agency's signing key when the entry of a number was judged, as Signer
// says; false if it had none.
func (d *Directory) Key(a events.AgencyID, number uint64) (events.PublicKey, bool) {
	if a == events.HubAgency {
		return d.founded.Signing, true
	}
	e := d.agencies[a].at(min(number, d.before))
	if e == nil || e.standing == Revoked {
		return "", false
	}
	return e.listed.Signing, true
}

// StandingAt is how an agency stood when the entry of a number was judged; empty if
// it was not listed yet.
func (d *Directory) StandingAt(a events.AgencyID, number uint64) Standing {
	if e := d.agencies[a].at(min(number, d.before)); e != nil {
		return e.standing
	}
	return ""
}

// ListingAt is how an agency was listed when the entry of a number was judged.
func (d *Directory) ListingAt(a events.AgencyID, number uint64) (events.Listing, bool) {
	if e := d.agencies[a].at(min(number, d.before)); e != nil {
		return e.listed.Listing, true
	}
	return events.Listing{}, false
}

// FirstListing is how an agency was listed first: it shows the agency to a foreign
// mission, which is then told of what changed since.
func (d *Directory) FirstListing(a events.AgencyID) (events.Listing, bool) {
	if d.agencies[a].at(d.before) == nil {
		return events.Listing{}, false
	}
	return d.agencies[a].epochs[0].listed.Listing, true
}

// Claim is an event's signature, to be checked, if it names the key that its source
// had when the entry of a number was judged: see [Directory.Signer]. It refuses with
// key-unknown or signature-invalid.
func (d *Directory) Claim(e events.Event, dataDigest [32]byte, number uint64) (seal.Claim, error) {
	key, err := seal.KeyOf(e)
	if err != nil {
		return seal.Claim{}, err
	}
	public, known := d.Signer(e.Agency(), key, number)
	if !known {
		return seal.Claim{}, events.Refuse(events.RuleKeyUnknown, "attribute dssematerial", "the directory does not list this key for the event's source")
	}
	return seal.ClaimOf(e, dataDigest, public)
}

// Verify checks an event's own signature, given the SHA-256 of its data, as Claim
// says. It works on what an entry keeps, after the data are erased.
func (d *Directory) Verify(e events.Event, dataDigest [32]byte, number uint64) error {
	claim, err := d.Claim(e, dataDigest, number)
	if err != nil {
		return err
	}
	return claim.Verify()
}

// Sealing is the key to seal to now, and the entry that first listed it; false if
// nobody may seal to the agency: it is not listed, or revoked.
func (d *Directory) Sealing(a events.AgencyID) (key events.PublicKey, since uint64, ok bool) {
	e := d.agencies[a].at(d.before)
	if e == nil || e.standing == Revoked {
		return "", 0, false
	}
	return e.listed.Sealing, d.agencies[a].sealed(e.listed.sealing).listed.since, true
}

// sealed is the epoch that first listed a sealing key; nil if none did.
func (a *agency) sealed(key events.KeyID) *epoch {
	if a == nil {
		return nil
	}
	for _, e := range a.epochs {
		if e.listed.sealing == key {
			return e
		}
	}
	return nil
}

// SealingEnded says whether a sealing key is not the agency's any more, and whether
// it ended for good: it was lost or revoked, and what was sealed to it and waits is
// never released. After a key that its agency merely replaced, what waits may still
// be released, and nothing new is sealed to it. A key that the agency never had has
// ended for good.
func (d *Directory) SealingEnded(a events.AgencyID, key events.KeyID) (ended, forGood bool) {
	now, listed := d.agencies[a].at(d.before), d.agencies[a].sealed(key)
	if now == nil || listed == nil || listed.number >= d.before {
		return true, true
	}
	return now.standing == Revoked || now.listed.sealing != key, listed.number < now.lost
}

// CheckSealing refuses a new record for an agency that is sealed to another key than
// the one that it has: key-replaced if it was its key, record-header if it never
// was. Who may be addressed at all is the memorandum's to judge: to one that is not
// listed nothing stands against it here.
func (d *Directory) CheckSealing(to events.AgencyID, key events.KeyID) error {
	if d.agencies[to].at(d.before) == nil {
		return nil
	}
	had := d.agencies[to].sealed(key)
	switch ended, _ := d.SealingEnded(to, key); {
	case had == nil || had.number >= d.before:
		return events.Refuse(events.RuleRecordHeader, "/kid", "the record is sealed to a key that the directory does not list for its recipient")
	case ended:
		return events.Refuse(events.RuleKeyReplaced, "/kid", "the recipient has another sealing key now, or none; seal to the one that the directory lists")
	}
	return nil
}
