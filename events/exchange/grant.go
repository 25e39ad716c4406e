package exchange

import (
	"fmt"
	"maps"
	"slices"

	"github.com/nats-io/jwt/v2"

	"handrail/events"
)

const (
	maxAgencies    = 128       // as in the directory
	maxConnections = 16        // of one agency at a time
	maxSubs        = 512       // of one connection
	maxSubmission  = 800 << 10 // bytes: an event of 768 KiB with the names of its headers
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
	Creds         map[events.AgencyID][]byte `json:"-"` // of agencies whose user key was made here, see [Operator.Grant]
	Users         map[events.AgencyID]string `json:"-"` // every open agency's user token, see [UserKey.Credentials]
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
// the new accounts. An agency that was never admitted gets a user key made here,
// which is for whoever plays all parties; everybody else uses [Operator.Admit].
// Save the operator afterwards.
func (o *Operator) Grant(hub events.HubID, agencies []events.AgencyID) (Accounts, error) {
	if len(agencies) > maxAgencies {
		return Accounts{}, fmt.Errorf("granting accounts: at most %d agencies share a hub", maxAgencies)
	}
	for _, agency := range agencies {
		if err := nameable(agency); err != nil {
			return Accounts{}, fmt.Errorf("granting an account to %q: %w", agency, err)
		}
		if _, known := o.seeds.Agencies[agency]; known {
			continue
		}
		own, err := newAccountSeeds()
		if err != nil {
			return Accounts{}, fmt.Errorf("granting an account to %s: %w", agency, err)
		}
		o.seeds.Agencies[agency] = own
	}
	return o.accounts(hub, agencies)
}

// Accounts mints the accounts of every agency that was ever admitted, as it
// stands: suspended and revoked ones are closed.
func (o *Operator) Accounts(hub events.HubID) (Accounts, error) {
	return o.accounts(hub, slices.Collect(maps.Keys(o.seeds.Agencies)))
}

func (o *Operator) accounts(hub events.HubID, agencies []events.AgencyID) (Accounts, error) {
	m, err := o.newMint(hub)
	if err != nil {
		return Accounts{}, fmt.Errorf("granting accounts: %w", err)
	}
	for _, agency := range slices.Compact(slices.Sorted(slices.Values(agencies))) {
		if err := m.agency(agency, o.seeds.Agencies[agency]); err != nil {
			return Accounts{}, fmt.Errorf("granting an account to %s: %w", agency, err)
		}
	}
	if err := m.finish(); err != nil {
		return Accounts{}, fmt.Errorf("granting accounts: %w", err)
	}
	return m.accounts, nil
}
