package local

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats-server/v2/server"

	"handrail/events/exchange"
)

const (
	accountsDir  = "accounts"      // in the broker's directory: the full NATS resolver
	accountsSync = 2 * time.Minute // between servers of a cluster
	maxAccounts  = 4096            // agencies' own, and those that were closed for good
)

// keepAccounts gives the server the full NATS resolver, as production has it: an
// account can be changed while it runs ([exchange.Operator.Push]) and stays so
// when it starts again. Of two tokens for an account the one minted later counts;
// of two of the same second, the one of the options.
func (o BrokerOptions) keepAccounts(config *server.Options) error {
	resolver, err := server.NewDirAccResolver(filepath.Join(config.StoreDir, accountsDir), maxAccounts, accountsSync, server.NoDelete)
	if err != nil {
		return fmt.Errorf("opening the directory of accounts: %w", err)
	}
	for key, token := range o.Accounts {
		claims, err := jwt.DecodeAccountClaims(token)
		if err != nil {
			return fmt.Errorf("reading account %s: %w", key, err)
		}
		if claims.Subject != key {
			return fmt.Errorf("account %s is filed under %s", claims.Subject, key)
		}
		if err := resolver.Store(key, token); err != nil {
			return fmt.Errorf("storing account %s: %w", key, err)
		}
	}
	config.AccountResolver = resolver
	return nil
}

// NATSAccounts is what a nats-server includes to trust a hub's accounts (see
// deploy/nats): the operator, and the accounts to start with. It holds no secret.
func NATSAccounts(a exchange.Accounts) string {
	var b strings.Builder
	fmt.Fprintf(&b, "operator: %s\nsystem_account: %s\nresolver_preload {\n", a.OperatorJWT, a.SystemAccount)
	for _, key := range slices.Sorted(maps.Keys(a.Resolver)) {
		fmt.Fprintf(&b, "  %s: %s\n", key, a.Resolver[key])
	}
	b.WriteString("}\n")
	return b.String()
}
