package exchange

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/nats-io/jwt/v2"

	"handrail/events"
)

// forever is a time of revocation after every token that will ever be minted:
// the last second that RFC 3339 can write.
const forever = 253402300799

// Standing of an agency's account at the broker.
const (
	standingSuspended = "suspended"
	standingRevoked   = "revoked"
)

// Admit gives an agency an account for the user key that was made there, with
// credentials that end at expires unless that is zero. Again with the same key
// changes at most that time, so a command may be repeated. With another key, or
// after [Operator.Revoke], the agency gets a new account, and whatever was issued
// under the old one is worthless for good. Save the operator afterwards.
func (o *Operator) Admit(agency events.AgencyID, userKey string, expires time.Time) error {
	if err := nameable(agency); err != nil {
		return fmt.Errorf("admitting an agency: %w", err)
	}
	if err := CheckUserKey(userKey); err != nil {
		return fmt.Errorf("admitting %s: %w", agency, err)
	}
	own, known := o.seeds.Agencies[agency]
	if !known && len(o.seeds.Agencies) >= maxAgencies {
		return fmt.Errorf("admitting %s: at most %d agencies share a hub", agency, maxAgencies)
	}
	own.Expires = 0
	if !expires.IsZero() {
		own.Expires = expires.Unix()
	}
	earlier, err := own.userKey()
	if err != nil {
		return fmt.Errorf("admitting %s: %w", agency, err)
	}
	if !known || own.Standing == standingRevoked || earlier != userKey {
		if own, err = own.renewed(); err != nil {
			return fmt.Errorf("admitting %s: %w", agency, err)
		}
	}
	own.User, own.UserKey = "", userKey
	o.seeds.Agencies[agency] = own
	return nil
}

// Suspend closes an agency's account until [Operator.Resume]; of a revoked one it
// changes nothing. It counts at a broker once it is told: see [Operator.Push].
func (o *Operator) Suspend(agency events.AgencyID) error {
	return o.change(agency, func(own *accountSeeds) {
		if own.Standing == "" {
			own.Standing = standingSuspended
		}
	})
}

// Doubt notes that the credentials of a suspended agency may be in other hands:
// [Operator.Resume] does not make them good again unless told so; a new user key
// does ([Operator.Admit]), and ends them for good.
func (o *Operator) Doubt(agency events.AgencyID) error {
	return o.change(agency, func(own *accountSeeds) { own.Doubted = own.Standing == standingSuspended })
}

// Doubted says whether an agency's credentials are in doubt.
func (o *Operator) Doubted(agency events.AgencyID) bool { return o.seeds.Agencies[agency].Doubted }

// ErrDoubted says that an agency's credentials may be in other hands.
var ErrDoubted = errors.New("the credentials of before may be in other hands")

// Resume opens the account of a suspended agency again, with the credentials of
// before; those that are in doubt only if trusted. Errors: [ErrDoubted]; the
// agency was revoked and needs new keys.
func (o *Operator) Resume(agency events.AgencyID, trusted bool) error {
	switch own := o.seeds.Agencies[agency]; {
	case own.Standing == standingRevoked:
		return fmt.Errorf("%s was revoked: it comes back with new keys only", agency)
	case own.Doubted && !trusted:
		return ErrDoubted
	}
	return o.change(agency, func(own *accountSeeds) { own.Standing, own.Doubted = "", false })
}

// Revoke closes an agency's account for good.
func (o *Operator) Revoke(agency events.AgencyID) error {
	return o.change(agency, func(own *accountSeeds) { own.Standing, own.Doubted = standingRevoked, false })
}

func (o *Operator) change(agency events.AgencyID, how func(*accountSeeds)) error {
	own, known := o.seeds.Agencies[agency]
	if !known {
		return fmt.Errorf("%s has no account at the broker", agency)
	}
	how(&own)
	o.seeds.Agencies[agency] = own
	return nil
}

// userKey is the public key of the account's user.
func (s accountSeeds) userKey() (string, error) {
	if s.UserKey != "" || s.User == "" {
		return s.UserKey, nil
	}
	_, public, err := pair(s.User)
	return public, err
}

// renewed is the agency with a fresh account; the one of before is barred.
func (s accountSeeds) renewed() (accountSeeds, error) {
	earlier := slices.Clone(s.Earlier)
	if s.Account != "" {
		_, key, err := pair(s.Account)
		if err != nil {
			return s, err
		}
		earlier = append(earlier, key)
	}
	fresh, err := newAccountSeeds()
	return accountSeeds{Account: fresh.Account, Expires: s.Expires, Earlier: earlier}, err
}

// bar leaves an account nothing: no credentials count, and nothing leads out. Its
// connections end because they are revoked, not by a limit on their number: so
// the broker says to a site why.
func bar(claims *jwt.AccountClaims) {
	claims.Limits.NatsLimits = jwt.NatsLimits{}
	claims.Limits.AccountLimits = jwt.AccountLimits{DisallowBearer: true, Conn: jwt.NoLimit}
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{}
	claims.Revocations = jwt.RevocationList{jwt.All: forever}
}

func nameable(agency events.AgencyID) error {
	if err := agency.UnmarshalText([]byte(agency)); err != nil {
		return err
	}
	if agency == events.HubAgency {
		return errors.New("hub is the hub")
	}
	return nil
}
