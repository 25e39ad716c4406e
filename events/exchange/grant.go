package exchange

import (
	"fmt"
	"slices"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nkeys"

	"handrail/events"
)

const (
	maxAgencies    = 128 // as in the directory
	maxConnections = 16  // of one agency at a time
	maxSubs        = 512 // of one connection
	apiPrefix      = "hub.api"
)

// Accounts is what a broker and its clients need: the broker OperatorJWT,
// SystemAccount and Resolver, which hold no secret; the hub its HubCreds; each
// agency its own Creds. Credentials are NATS creds files: store them 0600.
type Accounts struct {
	OperatorJWT   string                     `json:"operator_jwt"`
	SystemAccount string                     `json:"system_account"` // public key
	Resolver      map[string]string          `json:"resolver"`       // account JWT by account public key
	HubCreds      []byte                     `json:"-"`
	Creds         map[events.AgencyID][]byte `json:"-"`
}

// service is one way out of an agency's account into the hub's.
type service struct {
	subject string // in the hub's account
	local   string // in the agency's account; empty when it is the same
	answers jwt.ResponseType
}

// services of an agency. The publish subject and the ack subject are never
// renamed: a renamed import lets an agency aim replies at the stream.
func services(agency events.AgencyID) []service {
	consumer := streamOut + "." + durable(agency)
	return []service{
		{subject: subjectIn(agency), answers: jwt.ResponseTypeSingleton},
		{subject: "$JS.API.CONSUMER.MSG.NEXT." + consumer, local: apiPrefix + ".CONSUMER.MSG.NEXT." + consumer, answers: jwt.ResponseTypeStream},
		{subject: "$JS.API.CONSUMER.INFO." + consumer, local: apiPrefix + ".CONSUMER.INFO." + consumer, answers: jwt.ResponseTypeSingleton},
		{subject: "$JS.ACK." + consumer + ".>", answers: jwt.ResponseTypeSingleton},
	}
}

// Grant mints the system account, the hub's account and one account for each of
// agencies, with nothing but its services between it and the hub. Calling it
// again with more agencies keeps the keys of all earlier ones, so that their
// credentials go on working; agencies left out lose theirs when the broker gets
// the new accounts. Save the operator afterwards.
func (o *Operator) Grant(hub events.HubID, agencies []events.AgencyID) (Accounts, error) {
	if len(agencies) > maxAgencies {
		return Accounts{}, fmt.Errorf("granting accounts: at most %d agencies share a hub", maxAgencies)
	}
	m, err := o.newMint(hub)
	if err != nil {
		return Accounts{}, fmt.Errorf("granting accounts: %w", err)
	}
	for _, agency := range slices.Compact(slices.Sorted(slices.Values(agencies))) {
		if err := m.agency(agency); err != nil {
			return Accounts{}, fmt.Errorf("granting an account to %s: %w", agency, err)
		}
	}
	if err := m.finish(); err != nil {
		return Accounts{}, fmt.Errorf("granting accounts: %w", err)
	}
	return m.accounts, nil
}

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
	m.accounts = Accounts{SystemAccount: systemKey, Resolver: map[string]string{}, Creds: map[events.AgencyID][]byte{}}
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
// holds an activation token, and imports them into the agency's.
func (m *mint) agency(agency events.AgencyID) error {
	if err := agency.UnmarshalText([]byte(agency)); err != nil {
		return err
	}
	if agency == events.HubAgency {
		return fmt.Errorf("%s is the hub", agency)
	}
	own, known := m.seeds.Agencies[agency]
	if !known {
		var err error
		if own, err = newAccountSeeds(); err != nil {
			return err
		}
		m.seeds.Agencies[agency] = own
	}
	account, accountKey, err := pair(own.Account)
	if err != nil {
		return err
	}
	claims := jwt.NewAccountClaims(accountKey)
	claims.Name = string(agency)
	limitAgency(claims)
	for _, s := range services(agency) {
		if err := m.open(s, claims); err != nil {
			return err
		}
	}
	if err := m.publish(claims); err != nil {
		return err
	}
	m.accounts.Creds[agency], err = credentials(account, own.User, string(agency), agencyPermissions(agency))
	return err
}

// limitAgency leaves an agency's account its imports and nothing else: no
// streams, no exports, no leaf nodes, no bearer tokens.
func limitAgency(claims *jwt.AccountClaims) {
	claims.Limits.JetStreamLimits = jwt.JetStreamLimits{}
	claims.Limits.Exports = 0
	claims.Limits.WildcardExports = false
	claims.Limits.LeafNodeConn = 0
	claims.Limits.DisallowBearer = true
	claims.Limits.Conn = maxConnections
	claims.Limits.Subs = maxSubs
}

func (m *mint) open(s service, to *jwt.AccountClaims) error {
	subject := jwt.Subject(s.subject)
	m.claims.Exports.Add(&jwt.Export{Name: s.subject, Subject: subject, Type: jwt.Service, ResponseType: s.answers, TokenReq: true})
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
