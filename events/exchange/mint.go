package exchange

import (
	"fmt"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"handrail/events"
)

// mint holds the keys and claims of one Grant.
type mint struct {
	seeds    *seeds
	operator nkeys.KeyPair
	hub      nkeys.KeyPair
	claims   *jwt.AccountClaims // the hub's, growing an export per service
	accounts Accounts
}

func (o *Operator) newMint(hub events.HubID) (*mint, error) {
	operator, operatorKey, err := pair(o.seeds.Operator)
	if err != nil {
		return nil, err
	}
	_, systemKey, err := pair(o.seeds.System)
	if err != nil {
		return nil, err
	}
	hubPair, hubKey, err := pair(o.seeds.Hub.Account)
	if err != nil {
		return nil, err
	}
	m := &mint{seeds: &o.seeds, operator: operator, hub: hubPair, claims: jwt.NewAccountClaims(hubKey)}
	m.accounts = Accounts{SystemAccount: systemKey, Resolver: map[string]string{}, Creds: map[events.AgencyID][]byte{}, Users: map[events.AgencyID]string{}}
	m.claims.Name = hub.Origin()
	m.claims.Limits.JetStreamLimits = jwt.JetStreamLimits{DiskStorage: jwt.NoLimit, Streams: 2, Consumer: jwt.NoLimit}
	m.claims.Limits.LeafNodeConn = 0

	claims := jwt.NewOperatorClaims(operatorKey)
	claims.Name = hub.Origin()
	claims.SystemAccount = systemKey
	if m.accounts.OperatorJWT, err = claims.Encode(operator); err != nil {
		return nil, err
	}
	system := jwt.NewAccountClaims(systemKey)
	system.Name = "system"
	return m, m.publish(system)
}

// agency exports the agency's services from the hub's account, each only to who
// holds an activation token, and imports them into the agency's. Accounts that
// the agency had before stay closed.
func (m *mint) agency(agency events.AgencyID, own accountSeeds) error {
	for _, key := range own.Earlier {
		if err := m.barred(agency, key); err != nil {
			return err
		}
	}
	account, accountKey, err := pair(own.Account)
	if err != nil {
		return err
	}
	if own.Standing == standingRevoked {
		return m.barred(agency, accountKey)
	}
	claims := jwt.NewAccountClaims(accountKey)
	claims.Name = string(agency)
	limitAgency(claims)
	for _, s := range services(agency) {
		if err := m.open(s, claims, own.Earlier); err != nil {
			return err
		}
	}
	if own.Standing == standingSuspended { // its services stay, for the day when it is resumed
		return m.barred(agency, accountKey)
	}
	if err := m.publish(claims); err != nil {
		return err
	}
	return m.user(agency, own, account)
}

func (m *mint) barred(agency events.AgencyID, key string) error {
	claims := jwt.NewAccountClaims(key)
	claims.Name = string(agency)
	bar(claims)
	return m.publish(claims)
}

// user mints the token of the agency's user, and its credentials if the seed is here.
func (m *mint) user(agency events.AgencyID, own accountSeeds, account nkeys.KeyPair) error {
	key, err := own.userKey()
	if err != nil {
		return err
	}
	claims := jwt.NewUserClaims(key)
	claims.Name = string(agency)
	claims.Permissions = agencyPermissions(agency)
	claims.AllowedConnectionTypes.Add(jwt.ConnectionTypeStandard, jwt.ConnectionTypeWebsocket)
	claims.Expires = own.Expires
	token, err := claims.Encode(account)
	if err != nil {
		return err
	}
	m.accounts.Users[agency] = token
	if own.User == "" {
		return nil
	}
	m.accounts.Creds[agency], err = jwt.FormatUserConfig(token, []byte(own.User))
	return err
}

// limitAgency leaves an agency's account its imports and nothing else: no
// streams, no exports, no leaf nodes, no bearer tokens. How much of it may wait
// is the quota of its subject (see [HubConfig]); the broker knows no limit on
// bytes per account (nats-server 2.15 reads the token's "data" and never uses it).
func limitAgency(claims *jwt.AccountClaims) {
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{}
	claims.Limits.Exports = 0
	claims.Limits.WildcardExports = false
	claims.Limits.LeafNodeConn = 0
	claims.Limits.DisallowBearer = true
	claims.Limits.Conn = maxConnections
	claims.Limits.Subs = maxSubs
	claims.Limits.Payload = maxSubmission
}

func (m *mint) open(s service, to *jwt.AccountClaims, barred []string) error {
	subject := jwt.Subject(s.subject)
	export := &jwt.Export{Name: s.subject, Subject: subject, Type: jwt.Service, ResponseType: s.answers, TokenReq: true}
	for _, key := range barred { // activation tokens of before
		if export.Revocations == nil {
			export.Revocations = jwt.RevocationList{}
		}
		export.Revocations[key] = forever
	}
	m.claims.Exports.Add(export)
	activation := jwt.NewActivationClaims(to.Subject)
	activation.Name = s.subject
	activation.ImportSubject = subject
	activation.ImportType = jwt.Service
	token, err := activation.Encode(m.hub)
	if err != nil {
		return err
	}
	to.Imports.Add(&jwt.Import{
		Name: s.subject, Subject: subject, Account: m.claims.Subject, Type: jwt.Service,
		Token: token, LocalSubject: jwt.RenamingSubject(s.local),
	})
	return nil
}

// agencyPermissions repeats the services for the user, so that a broker set up
// with a wrong account still lets nobody do more.
func agencyPermissions(agency events.AgencyID) jwt.Permissions {
	var p jwt.Permissions
	for _, s := range services(agency) {
		if s.local != "" {
			p.Pub.Allow.Add(s.local)
		} else {
			p.Pub.Allow.Add(s.subject)
		}
	}
	p.Sub.Allow.Add("_INBOX.>")
	return p
}

func (m *mint) finish() error {
	if err := m.publish(m.claims); err != nil {
		return err
	}
	var err error
	m.accounts.HubCreds, err = credentials(m.hub, m.seeds.Hub.User, string(events.HubAgency), jwt.Permissions{})
	return err
}

// publish validates an account and puts it into the resolver.
func (m *mint) publish(claims *jwt.AccountClaims) error {
	var found jwt.ValidationResults
	claims.Validate(&found)
	if errs := found.Errors(); len(errs) > 0 {
		return fmt.Errorf("account %s: %w", claims.Name, errs[0])
	}
	token, err := claims.Encode(m.operator)
	if err != nil {
		return err
	}
	m.accounts.Resolver[claims.Subject] = token
	return nil
}

func credentials(account nkeys.KeyPair, userSeed, name string, p jwt.Permissions) ([]byte, error) {
	_, key, err := pair(userSeed)
	if err != nil {
		return nil, err
	}
	claims := jwt.NewUserClaims(key)
	claims.Name = name
	claims.Permissions = p
	token, err := claims.Encode(account)
	if err != nil {
		return nil, err
	}
	return jwt.FormatUserConfig(token, []byte(userSeed))
}

func pair(seed string) (nkeys.KeyPair, string, error) {
	p, err := nkeys.FromSeed([]byte(seed))
	if err != nil {
		return nil, "", fmt.Errorf("reading a NATS seed: %w", err)
	}
	key, err := p.PublicKey()
	if err != nil {
		return nil, "", fmt.Errorf("reading a NATS seed: %w", err)
	}
	return p, key, nil
}
