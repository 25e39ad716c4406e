package exchange

import (
	"errors"
	"fmt"
	"strings"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"
)

// UserKey is an agency's own key at the broker. It is made at the agency; the
// hub learns its public half and answers with a token that is worth nothing
// without the other.
type UserKey struct{ seed, public string }

// NewUserKey makes a key.
func NewUserKey() (UserKey, error) {
	seed, err := newSeed(nkeys.CreateUser)
	if err != nil {
		return UserKey{}, err
	}
	return userKey(seed)
}

func userKey(seed string) (UserKey, error) {
	_, public, err := pair(seed)
	if err != nil || !nkeys.IsValidPublicUserKey(public) {
		return UserKey{}, errors.New("this is not the seed of a user of the broker")
	}
	return UserKey{seed: seed, public: public}, nil
}

// ParseUserKey reads a seed, as Seed gives it.
func ParseUserKey(seed []byte) (UserKey, error) { return userKey(strings.TrimSpace(string(seed))) }

// Public is what the hub's operator is told.
func (k UserKey) Public() string { return k.public }

// String names the key without its secret.
func (k UserKey) String() string { return "user key " + k.public }

// GoString is String, so that no way of printing shows the secret.
func (k UserKey) GoString() string { return k.String() }

// Seed is the secret, to be stored where only the agency reads it.
func (k UserKey) Seed() []byte { return []byte(k.seed + "\n") }

// Credentials joins the key with the token that the hub's operator gave for it
// to the content of a NATS creds file, to be stored 0600. It refuses a token of
// another key.
func (k UserKey) Credentials(token string) ([]byte, error) {
	claims, err := jwt.DecodeUserClaims(token)
	if err != nil {
		return nil, fmt.Errorf("reading the token for the broker: %w", err)
	}
	if claims.Subject != k.public {
		return nil, errors.New("the token for the broker belongs to another key than the one made here")
	}
	return jwt.FormatUserConfig(token, []byte(k.seed))
}

// CheckUserKey refuses what is not the public half of a user key.
func CheckUserKey(public string) error {
	if !nkeys.IsValidPublicUserKey(public) {
		return errors.New("this is not the public key of a user of the broker")
	}
	return nil
}
