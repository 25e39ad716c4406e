package local

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

const (
	operatorLock = "operator.lock"
	// operatorPatience is how long one command waits for another that changes accounts.
	operatorPatience = 30 * time.Second
)

// Access changes who may use the broker of a data directory. Every change is
// stored first and told to the running broker then; repeated after a failure it
// ends what was begun, and with a broker that is away it counts when that starts.
// One process at a time has it: close it.
type Access struct {
	at         Layout
	directions Directions
	operator   *exchange.Operator
	lock       *os.File
}

// OpenAccess takes hold of the operator's keys.
func OpenAccess(ctx context.Context, at Layout) (*Access, error) {
	directions, err := at.Directions()
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(ctx, filepath.Join(at.Hub(), operatorLock), operatorPatience)
	if err != nil {
		return nil, fmt.Errorf("taking hold of the broker's accounts: %w", err)
	}
	operator, err := exchange.LoadOperator(filepath.Join(at.Hub(), operatorFile))
	if err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return &Access{at: at, directions: directions, operator: operator, lock: lock}, nil
}

// Close gives the operator's keys up.
func (a *Access) Close() error { return a.lock.Close() }

// Admit gives an agency an account for its own user key, and the token for it.
// See [exchange.Operator.Admit].
func (a *Access) Admit(ctx context.Context, agency events.AgencyID, userKey string, expires time.Time) (token string, err error) {
	if err := a.operator.Admit(agency, userKey, expires); err != nil {
		return "", err
	}
	accounts, err := a.keep()
	if err != nil {
		return "", err
	}
	return accounts.Users[agency], a.tell(ctx, agency)
}

// Suspend closes an agency's way to the broker and ends its connections. Doubted:
// its credentials may be in other hands, see [exchange.Operator.Doubt].
func (a *Access) Suspend(ctx context.Context, agency events.AgencyID, doubted bool) error {
	return a.change(ctx, agency, func(agency events.AgencyID) error {
		if err := a.operator.Suspend(agency); err != nil || !doubted {
			return err
		}
		return a.operator.Doubt(agency)
	})
}

// Resume opens it again, see [exchange.Operator.Resume].
func (a *Access) Resume(ctx context.Context, agency events.AgencyID, trusted bool) error {
	return a.change(ctx, agency, func(agency events.AgencyID) error { return a.operator.Resume(agency, trusted) })
}

// MayResume says whether Resume would do it.
func (a *Access) MayResume(agency events.AgencyID, trusted bool) error {
	if trusted || !a.operator.Doubted(agency) {
		return nil
	}
	return exchange.ErrDoubted
}

// Revoke closes it for good.
func (a *Access) Revoke(ctx context.Context, agency events.AgencyID) error {
	return a.change(ctx, agency, a.operator.Revoke)
}

func (a *Access) change(ctx context.Context, agency events.AgencyID, how func(events.AgencyID) error) error {
	if err := how(agency); err != nil {
		return err
	}
	if _, err := a.keep(); err != nil {
		return err
	}
	return a.tell(ctx, agency)
}

// keep stores the operator's keys and what a broker reads when it starts.
func (a *Access) keep() (exchange.Accounts, error) {
	if err := a.operator.Save(filepath.Join(a.at.Hub(), operatorFile)); err != nil {
		return exchange.Accounts{}, err
	}
	return keepAccounts(a.at, a.operator, a.directions.Hub)
}

func (a *Access) tell(ctx context.Context, agency events.AgencyID) error {
	tokens, err := a.operator.Tokens(a.directions.Hub, agency)
	if err != nil {
		return err
	}
	return a.operator.Push(ctx, a.directions.BrokerURL(), a.directions.Transport(), tokens, time.Now())
}

// keepAccounts writes what the broker trusts and the hub's own credentials.
// Accounts that the file knew and the operator does not mint any more stay.
func keepAccounts(l Layout, operator *exchange.Operator, hub events.HubID) (exchange.Accounts, error) {
	accounts, err := operator.Accounts(hub)
	if err != nil {
		return accounts, err
	}
	all := map[string]string{}
	if before, err := l.BrokerAccounts(); err == nil {
		maps.Copy(all, before.Accounts)
	}
	maps.Copy(all, accounts.Resolver)
	return accounts, errors.Join(
		seal.ReplaceSecret(l.HubCreds(), accounts.HubCreds),
		writeJSON(filepath.Join(l.Hub(), accountsFile), BrokerAccounts{Operator: accounts.OperatorJWT, System: accounts.SystemAccount, Accounts: all}))
}

// grant founds the broker's accounts: one for the hub, one per agency, whose key
// is made in its own folder.
func grant(l Layout, f Founding) error {
	operator, err := exchange.NewOperator()
	if err != nil {
		return err
	}
	keys := map[events.AgencyID]exchange.UserKey{}
	for _, m := range f.Members {
		key, err := exchange.NewUserKey()
		if err != nil {
			return err
		}
		if err := seal.ReplaceSecret(filepath.Join(l.Agency(m.Agency), UserKeyFile), key.Seed()); err != nil {
			return err
		}
		if err := operator.Admit(m.Agency, key.Public(), time.Time{}); err != nil {
			return err
		}
		keys[m.Agency] = key
	}
	if err := operator.Save(filepath.Join(l.Hub(), operatorFile)); err != nil {
		return err
	}
	accounts, err := keepAccounts(l, operator, f.Hub)
	if err != nil {
		return err
	}
	for id, key := range keys {
		creds, err := key.Credentials(accounts.Users[id])
		if err != nil {
			return err
		}
		if err := seal.ReplaceSecret(filepath.Join(l.Agency(id), CredsFile), creds); err != nil {
			return err
		}
	}
	return nil
}

// BrokerAccounts is what the broker trusts: public tokens only.
type BrokerAccounts struct {
	Operator string            `json:"operator"`
	System   string            `json:"system"`
	Accounts map[string]string `json:"accounts"` // public account key → token
}

// NewToken makes the secret with which an agency's own systems come in.
func NewToken() string { return rand.Text() + rand.Text() }
