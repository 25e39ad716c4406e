package exchange

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/nats-io/nkeys"

	"handrail/events"
	"handrail/events/seal"
)

// Operator mints the broker's accounts. Who holds its seeds can mint any account
// and read and drop all traffic, but can sign no event and open no record.
type Operator struct {
	seeds seeds
}

// seeds are NATS nkeys seeds: an account has a key of its own and one user.
type seeds struct {
	Operator string                           `json:"operator"`
	System   string                           `json:"system"`
	Hub      accountSeeds                     `json:"hub"`
	Agencies map[events.AgencyID]accountSeeds `json:"agencies"`
}

type accountSeeds struct {
	Account string `json:"account"`
	User    string `json:"user,omitzero"` // empty when the user key was made at the agency

	UserKey  string   `json:"user_key,omitzero"` // public, of a key made at the agency
	Expires  int64    `json:"expires,omitzero"`  // Unix time at which its credentials end; 0: never
	Standing string   `json:"standing,omitzero"` // empty, suspended or revoked
	Doubted  bool     `json:"doubted,omitzero"`  // suspended, and its credentials may be in other hands
	Earlier  []string `json:"earlier,omitzero"`  // public keys of accounts that the agency had, closed for good
}

// NewOperator makes fresh seeds for the operator, the system account and the hub.
func NewOperator() (*Operator, error) {
	o := &Operator{seeds: seeds{Agencies: map[events.AgencyID]accountSeeds{}}}
	var err error
	if o.seeds.Operator, err = newSeed(nkeys.CreateOperator); err != nil {
		return nil, err
	}
	if o.seeds.System, err = newSeed(nkeys.CreateAccount); err != nil {
		return nil, err
	}
	o.seeds.Hub, err = newAccountSeeds()
	return o, err
}

func newAccountSeeds() (accountSeeds, error) {
	account, err := newSeed(nkeys.CreateAccount)
	if err != nil {
		return accountSeeds{}, err
	}
	user, err := newSeed(nkeys.CreateUser)
	return accountSeeds{Account: account, User: user}, err
}

func newSeed(create func() (nkeys.KeyPair, error)) (string, error) {
	pair, err := create()
	if err != nil {
		return "", fmt.Errorf("making a NATS key: %w", err)
	}
	seed, err := pair.Seed()
	if err != nil {
		return "", fmt.Errorf("reading a new NATS key: %w", err)
	}
	return string(seed), nil
}

// Save writes the seeds to a file that only its owner may read, replacing it as
// a whole. Save after every [Operator.Grant] that named a new agency: an account
// minted from lost seeds cannot be minted again.
func (o *Operator) Save(path string) error {
	text, err := json.Marshal(o.seeds, json.Deterministic(true), jsontext.Multiline(true))
	if err != nil {
		return fmt.Errorf("encoding the operator's seeds: %w", err)
	}
	if err := seal.ReplaceSecret(path, append(text, '\n')); err != nil {
		return fmt.Errorf("saving the operator's seeds: %w", err)
	}
	return nil
}

// LoadOperator reads what Save wrote. It refuses a file that others may read.
func LoadOperator(path string) (*Operator, error) {
	text, err := ownersOnly(path)
	if err != nil {
		return nil, fmt.Errorf("loading the operator's seeds: %w", err)
	}
	o := &Operator{}
	if err := json.Unmarshal(text, &o.seeds, json.RejectUnknownMembers(true)); err != nil {
		return nil, fmt.Errorf("loading the operator's seeds: %s does not hold them", filepath.Base(path)) // the cause could repeat a seed
	}
	if o.seeds.Agencies == nil {
		o.seeds.Agencies = map[events.AgencyID]accountSeeds{}
	}
	return o, nil
}

// ownersOnly reads a file of secrets, and refuses one that others may read.
func ownersOnly(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, fmt.Errorf("others than the owner may read %s; make it mode 0600", filepath.Base(path))
	}
	return os.ReadFile(path) //nolint:gosec // the file is the one that its operator names
}
