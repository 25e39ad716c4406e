package exchange

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nkeys"

	"handrail/events"
)

const (
	subjectUpdate = "$SYS.REQ.CLAIMS.UPDATE"
	subjectLookup = "$SYS.REQ.ACCOUNT.%s.CLAIMS.LOOKUP"
	pushTime      = 10 * time.Second
	pushCreds     = 5 * time.Minute // how long the credentials of one push are good
)

// AccountToken is one account as a broker is told of it. It holds no secret.
type AccountToken struct{ Key, Token string }

// Tokens are the accounts that a change of one agency concerns, in the order in
// which a broker must be told: what is barred first, then the hub's own, whose
// services the agency's account needs.
func (o *Operator) Tokens(hub events.HubID, agency events.AgencyID) ([]AccountToken, error) {
	own, known := o.seeds.Agencies[agency]
	if !known {
		return nil, fmt.Errorf("%s has no account at the broker", agency)
	}
	accounts, err := o.Accounts(hub)
	if err != nil {
		return nil, err
	}
	_, ownKey, err := pair(own.Account)
	if err != nil {
		return nil, err
	}
	_, hubKey, err := pair(o.seeds.Hub.Account)
	if err != nil {
		return nil, err
	}
	order := append([]string{}, own.Earlier...)
	if own.Standing != "" {
		order = append(order, ownKey, hubKey)
	} else {
		order = append(order, hubKey, ownKey)
	}
	var all []AccountToken
	for _, key := range order {
		all = append(all, AccountToken{Key: key, Token: accounts.Resolver[key]})
	}
	return all, nil
}

// Push tells a running broker, which has the full NATS resolver, of accounts. A
// connection of an account that is closed by it ends at once. In a cluster every
// server that is up is told; one that is down learns it from the others when it
// starts. A token that says what the broker knows already is left out. The
// credentials for it are minted here, may do nothing else, and end five
// minutes after now. Errors: [ErrAway]; a broker that refuses.
func (o *Operator) Push(ctx context.Context, addresses string, way Transport, tokens []AccountToken, now time.Time) error {
	options, err := way.options(addresses)
	if err != nil {
		return fmt.Errorf("telling the broker: %w", err)
	}
	user, err := o.systemUser(now)
	if err != nil {
		return fmt.Errorf("telling the broker: %w", err)
	}
	conn, err := nats.Connect(addresses, append(options, nats.Name("handrail operator"), user, nats.NoReconnect())...)
	if err != nil {
		return fmt.Errorf("telling the broker: %w: %w", ErrAway, err)
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(ctx, pushTime)
	defer cancel()
	for _, t := range tokens {
		if err := tell(ctx, conn, t); err != nil {
			return fmt.Errorf("telling the broker: %w", err)
		}
	}
	return nil
}

func tell(ctx context.Context, conn *nats.Conn, t AccountToken) error {
	known, err := conn.RequestWithContext(ctx, fmt.Sprintf(subjectLookup, t.Key), nil)
	switch {
	case errors.Is(err, nats.ErrNoResponders):
		return errors.New("it keeps no accounts that can be changed: it needs the full NATS resolver, see deploy/nats")
	case err != nil:
		return fmt.Errorf("%w: %w", ErrAway, err)
	case sameAccount(string(known.Data), t.Token):
		return nil
	}
	answer, err := conn.RequestWithContext(ctx, subjectUpdate, []byte(t.Token))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrAway, err)
	}
	var said struct {
		Data  *struct{ Code int }
		Error *struct{ Description string }
	}
	if err := json.Unmarshal(answer.Data, &said); err != nil || said.Data == nil {
		if said.Error != nil {
			return fmt.Errorf("it refuses account %s: %s", t.Key, said.Error.Description)
		}
		return errors.New("its answer cannot be read")
	}
	return nil
}

// sameAccount compares what two tokens grant, whenever they were minted.
func sameAccount(a, b string) bool {
	var text [2]string
	for i, token := range []string{a, b} {
		claims, err := jwt.DecodeAccountClaims(token)
		if err != nil {
			return false
		}
		claims.ID, claims.IssuedAt = "", 0
		text[i] = claims.String()
	}
	return text[0] == text[1]
}

// systemUser is a fresh user of the system account who may ask for and change
// accounts, and nothing else.
func (o *Operator) systemUser(now time.Time) (nats.Option, error) {
	system, _, err := pair(o.seeds.System)
	if err != nil {
		return nil, err
	}
	user, err := newSeed(nkeys.CreateUser)
	if err != nil {
		return nil, err
	}
	_, key, err := pair(user)
	if err != nil {
		return nil, err
	}
	claims := jwt.NewUserClaims(key)
	claims.Name = "operator"
	claims.Expires = now.Add(pushCreds).Unix()
	claims.Pub.Allow.Add(subjectUpdate, fmt.Sprintf(subjectLookup, "*"))
	claims.Sub.Allow.Add("_INBOX.>")
	claims.AllowedConnectionTypes.Add(jwt.ConnectionTypeStandard, jwt.ConnectionTypeWebsocket)
	token, err := claims.Encode(system)
	if err != nil {
		return nil, err
	}
	return nats.UserJWTAndSeed(token, user), nil
}
