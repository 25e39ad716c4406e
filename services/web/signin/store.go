package signin

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"handrail/services/web/access"
)

// Store keeps what people sign in with besides the provider. What is stored when a
// call returns nil is durable. The values are for this package only: hashes, public
// keys and times, no secret that signs in by itself.
//
// Whoever can write it can sign in as anybody of the agency's staff; whoever can read
// it learns the staff codes and can try PINs without being counted.
type Store interface {
	// KeepCredential puts a value in the place of its kind and id; staff is whose it is.
	KeepCredential(ctx context.Context, kind, id, staff string, value []byte) error
	// Credential gives whose it is and the value; a nil value if there is none.
	Credential(ctx context.Context, kind, id string) (staff string, value []byte, err error)
	// Credentials gives the values of a kind that are a person's, by id.
	Credentials(ctx context.Context, kind, staff string) (map[string][]byte, error)
	// DropCredential deletes one; it is no error if there is none.
	DropCredential(ctx context.Context, kind, id string) error
}

// The kinds of what is kept.
const (
	kindPasskey  = "passkey"  // by the credential's id
	kindPIN      = "pin"      // by staff code
	kindVouched  = "vouched"  // by staff code
	kindComputer = "computer" // by the digest of the computer's cookie
)

// vouched is the provider's last word about a person.
type vouched struct {
	Roles []access.Role
	At    time.Time
}

func (g *Gate) keep(ctx context.Context, kind, id, staff string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return fmt.Errorf("keeping a %s: %w", kind, err)
	}
	if err := g.config.Store.KeepCredential(ctx, kind, id, staff, text); err != nil {
		return fmt.Errorf("keeping a %s: %w", kind, err)
	}
	return nil
}

// kept reads a value into into; staff is empty if there is none.
func (g *Gate) kept(ctx context.Context, kind, id string, into any) (staff string, err error) {
	if g.config.Store == nil {
		return "", nil
	}
	staff, text, err := g.config.Store.Credential(ctx, kind, id)
	switch {
	case err != nil:
		return "", fmt.Errorf("reading a %s: %w", kind, err)
	case text == nil:
		return "", nil
	}
	if err := json.Unmarshal(text, into); err != nil {
		return "", fmt.Errorf("reading a %s: %w", kind, err)
	}
	return staff, nil
}

// Forget deletes everything that a person has to sign in with and ends their
// sessions: only the provider can let them in again.
func (g *Gate) Forget(ctx context.Context, code string) error {
	if g.config.Store != nil {
		if err := g.config.Store.DropCredential(ctx, kindVouched, code); err != nil {
			return fmt.Errorf("forgetting a person: %w", err)
		}
		if err := g.config.Store.DropCredential(ctx, kindPIN, code); err != nil {
			return fmt.Errorf("forgetting a person: %w", err)
		}
		keys, err := g.config.Store.Credentials(ctx, kindPasskey, code)
		if err != nil {
			return fmt.Errorf("forgetting a person: %w", err)
		}
		for id := range keys {
			if err := g.config.Store.DropCredential(ctx, kindPasskey, id); err != nil {
				return fmt.Errorf("forgetting a person: %w", err)
			}
		}
	}
	_, err := g.EndSessions(ctx, code)
	return err
}
