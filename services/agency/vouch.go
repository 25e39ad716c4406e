package agency

import (
	"context"
	"database/sql"

	"handrail/contracts/directory"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency/strict"
)

// Vouch is what the agency's people compared out of band: that a listing's keys
// are those of who it says it is.
type Vouch struct {
	Listing events.Listing `json:"listing"`
	Staff   string         `json:"staff"` // role and code of who compared, never a name; stays in this agency
}

// Vouched is this agency's word for a listing.
type Vouched struct {
	Vouching events.Vouching `json:"vouching"`
	Digest   string          `json:"digest"` // hexadecimal SHA-256 of the listing's proof text: what was compared, in words
}

// Vouch signs that a listing's keys are those of who it says it is, after its people
// compared them out of band, and keeps who did. Nothing is sent: two such words of
// agencies of different kinds let the hub list it. Errors: *events.Violation,
// [ErrNotJoined].
func (a *Agency) Vouch(ctx context.Context, v Vouch) (Vouched, error) {
	if !staffSyntax.MatchString(v.Staff) {
		return Vouched{}, events.Refuse(events.RuleDataCode, "/staff", "who vouches is a role and code, 1 to 32 of a-z, 0-9 and hyphen; never a name")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.book.memo == nil {
		return Vouched{}, ErrNotJoined
	}
	if err := a.mayVouch(v.Listing); err != nil {
		return Vouched{}, err
	}
	origin := a.config.Hub.Origin()
	made := Vouched{Digest: seal.ListingDigest(v.Listing, origin)}
	err := a.journal.update(ctx, func(tx *sql.Tx) error {
		return storeCeremony(ctx, tx, "vouching", string(v.Listing.Agency), made.Digest, v.Staff, a.now())
	})
	if err != nil {
		return Vouched{}, err
	}
	made.Vouching = seal.NewVouching(a.config.Agency, a.keys.Voice(), v.Listing, origin)
	return made, nil
}

// mayVouch refuses a word that the hub could not take. Agency.mu is held.
func (a *Agency) mayVouch(l events.Listing) error {
	own, listed := a.directory.Member(a.config.Agency)
	known, before := a.directory.Member(l.Agency)
	switch {
	case a.config.Kind == events.Auditor || a.config.Kind == events.ForeignMission:
		return events.Refuse(events.RuleVouching, "", "auditors and foreign missions vouch for nobody")
	case !listed || own.Standing != directory.Active:
		return events.Refuse(events.RuleAgencySuspended, "", "the directory says that this agency rests: it vouches for nobody")
	case l.Agency == a.config.Agency:
		return events.Refuse(events.RuleVouching, "/listing/agency", "no agency vouches for itself")
	case before && known.Kind != l.Kind:
		return events.Refuse(events.RuleVouching, "/listing/kind", "the directory lists that agency as another kind")
	}
	if err := seal.CheckListing(l, a.config.Hub.Origin()); err != nil {
		return strict.Inside(err, "/listing")
	}
	for _, m := range a.directory.Members() {
		if m.Listing.Signing == l.Signing || m.Listing.Sealing == l.Sealing || l.Witness != "" && m.Listing.Witness == l.Witness {
			return events.Refuse(events.RuleKeyReused, "/listing", "one of the keys is in the directory already; a key is listed once")
		}
	}
	return a.mayBeHeard()
}
