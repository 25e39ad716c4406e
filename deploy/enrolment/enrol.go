package enrolment

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"handrail/contracts/directory"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/seal"
)

// Desk is the hub operator's side of enrolment, on the data directory of the hub.
type Desk struct {
	at       local.Layout
	registry *Registry
	access   *local.Access
}

// OpenDesk takes hold of the operator's keys; close it. The ledger's address is the
// data directory's unless given.
func OpenDesk(ctx context.Context, at local.Layout, ledger string) (*Desk, error) {
	registry, err := OpenRegistry(at, ledger)
	if err != nil {
		return nil, err
	}
	access, err := local.OpenAccess(ctx, at)
	if err != nil {
		return nil, err
	}
	return &Desk{at: at, registry: registry, access: access}, nil
}

// Close gives the operator's keys up.
func (d *Desk) Close() error { return d.access.Close() }

// Member is an agency as the ledger lists it now; false when it was never listed.
func (d *Desk) Member(ctx context.Context, agency events.AgencyID) (Member, bool, error) {
	all, err := d.registry.Members(ctx)
	i := slices.IndexFunc(all, func(m Member) bool { return m.Agency == agency })
	if err != nil || i < 0 {
		return Member{}, false, err
	}
	return all[i], true, nil
}

// Enrol has the ledger list an agency whose words were compared, and gives it its
// way to the broker. The ledger comes first: it alone judges whether the vouchings
// are enough, and nobody gets an account without. Repeated with the same request,
// it ends what was begun. For a listed agency with the same keys it renews the
// account only. entry is 0 when nothing new had to be said.
func (d *Desk) Enrol(ctx context.Context, r Request, vouchings []events.Vouching, expires time.Time) (a Admission, entry uint64, err error) {
	if entry, err = d.list(ctx, r, vouchings); err != nil {
		return a, 0, err
	}
	a, err = d.open(ctx, r, expires)
	return a, entry, err
}

// open gives the agency of a request its account, and makes the admission.
func (d *Desk) open(ctx context.Context, r Request, expires time.Time) (a Admission, err error) {
	directions, err := d.at.Directions()
	if err != nil {
		return a, err
	}
	token, err := d.access.Admit(ctx, r.Listing.Agency, r.User, expires)
	if err != nil {
		return a, err
	}
	if a, err = d.admission(directions, r); err != nil {
		return a, err
	}
	if r.Listing.Kind == events.ForeignMission { // with other keys than at first it is still founded by its first listing
		m, _, err := d.Member(ctx, r.Listing.Agency)
		if err != nil {
			return a, err
		}
		a.Genesis = cmp.Or(m.Pin, a.Genesis)
	}
	a.Token = token
	return a, d.at.Register(local.Address{Agency: r.Listing.Agency, Kind: r.Listing.Kind})
}

// list says directory.joined unless the ledger lists these very keys already.
func (d *Desk) list(ctx context.Context, r Request, vouchings []events.Vouching) (uint64, error) {
	member, same, err := d.listed(ctx, r)
	switch {
	case err != nil:
		return 0, err
	case !same:
		return d.registry.Say(ctx, r.Listing.Agency, &events.DirectoryJoined{Listing: r.Listing, Vouching: vouchings})
	case member.Standing != directory.Active:
		return 0, fmt.Errorf("%s is listed with these keys and is %s", member.Agency, member.Standing)
	}
	return 0, nil
}

// listed finds the agency of a request; same: with the keys in it.
func (d *Desk) listed(ctx context.Context, r Request) (m Member, same bool, err error) {
	directions, err := d.at.Directions()
	if err != nil {
		return m, false, err
	}
	if r.Hub != directions.Hub {
		return m, false, fmt.Errorf("the request is for the hub %s, this is %s", r.Hub, directions.Hub)
	}
	m, known, err := d.Member(ctx, r.Listing.Agency)
	if err != nil || !known {
		return m, false, err
	}
	signing, err := seal.SigningKeyID(r.Listing.Signing)
	if err != nil {
		return m, false, err
	}
	sealing, err := seal.SealingKeyID(r.Listing.Sealing)
	return m, m.Signing == signing && m.Sealing == sealing, err
}

// admission is everything but the token.
func (d *Desk) admission(directions local.Directions, r Request) (Admission, error) {
	founded, digest, err := d.at.Genesis()
	if err != nil {
		return Admission{}, err
	}
	a := Admission{
		Form: admissionForm, Hub: r.Hub, Agency: r.Listing.Agency, Kind: r.Listing.Kind,
		Broker: directions.BrokerURL(), Path: directions.Public.Path, Ledger: directions.LedgerURL(),
		LogKey: founded.Log, HubKey: founded.Signing, Genesis: digest,
	}
	if r.Listing.Kind == events.ForeignMission { // it never sees genesis: its own listing takes the place
		data, err := events.Encode(&events.DirectoryListed{Log: founded.Log, Signing: founded.Signing, Profile: founded.Profile, Text: founded.Text, Agencies: []events.Listing{r.Listing}})
		if err != nil {
			return a, err
		}
		sum := sha256.Sum256(data)
		a.Genesis = hex.EncodeToString(sum[:])
	}
	if directions.CA != "" {
		text, err := os.ReadFile(directions.CA)
		if err != nil {
			return a, fmt.Errorf("reading the authority of the hub's certificates: %w", err)
		}
		a.CA = string(text)
	}
	return a, nil
}

// Suspend cuts an agency off: the broker first, which ends its connections at once,
// then the log, after which nothing of it is admitted. Each is done even if the
// other fails; repeated, it does what is missing. entry is 0 when the log said so already.
func (d *Desk) Suspend(ctx context.Context, agency events.AgencyID, because events.SuspensionGround) (entry uint64, err error) {
	cut := d.access.Suspend(ctx, agency, because.InDoubt())
	entry, err = d.say(ctx, agency, &events.DirectorySuspended{Because: because}, directory.Suspended, directory.Revoked)
	return entry, errors.Join(cut, err)
}

// Revoke ends an agency's keys for good, in the same order.
func (d *Desk) Revoke(ctx context.Context, agency events.AgencyID, because events.RevocationGround) (entry uint64, err error) {
	cut := d.access.Revoke(ctx, agency)
	entry, err = d.say(ctx, agency, &events.DirectoryRevoked{Because: because}, directory.Revoked)
	return entry, errors.Join(cut, err)
}

// Resume ends a suspension: the log first, then the broker. The credentials of
// before are good again; if they may be in other hands, only when trusted, or else
// [exchange.ErrDoubted]: see [Desk.ResumeRenewed].
func (d *Desk) Resume(ctx context.Context, agency events.AgencyID, trusted bool) (entry uint64, err error) {
	if err := d.access.MayResume(agency, trusted); err != nil {
		return 0, err
	}
	if entry, err = d.say(ctx, agency, &events.DirectoryResumed{}, directory.Active); err != nil {
		return entry, err
	}
	return entry, d.access.Resume(ctx, agency, trusted)
}

// ResumeRenewed ends a suspension with a new key for the broker, from a request
// whose words were compared: the credentials of before never count again.
func (d *Desk) ResumeRenewed(ctx context.Context, r Request) (a Admission, entry uint64, err error) {
	_, same, err := d.listed(ctx, r)
	if err != nil {
		return a, 0, err
	}
	if !same {
		return a, 0, fmt.Errorf("%s is not listed with the keys of this request: is it made by `handrail join FOLDER --renew`?", r.Listing.Agency)
	}
	if entry, err = d.say(ctx, r.Listing.Agency, &events.DirectoryResumed{}, directory.Active); err != nil {
		return a, entry, err
	}
	a, err = d.open(ctx, r, time.Time{})
	return a, entry, err
}

// say has the hub say it, unless the agency stands so already.
func (d *Desk) say(ctx context.Context, agency events.AgencyID, payload events.Payload, already ...directory.Standing) (uint64, error) {
	member, listed, err := d.Member(ctx, agency)
	switch {
	case err != nil:
		return 0, err
	case !listed:
		return 0, fmt.Errorf("%s is not in the directory; `handrail agency list` shows who is", agency)
	case slices.Contains(already, member.Standing):
		return 0, nil
	}
	return d.registry.Say(ctx, agency, payload)
}
