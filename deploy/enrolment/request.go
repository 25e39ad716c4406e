// Package enrolment takes a new agency into a running hub, and cuts one off: the
// agency's side makes keys and compares pins, the hub's side gives access to the
// broker and has the ledger say who is listed.
//
// Three things travel, none of them secret: the agency's request, the words of
// agencies that vouch for it, and the hub's admission. Whoever changes one on its
// way is found by eight words that people read to each other on the telephone.
//
// An attacker who holds all three can connect nowhere: every secret is made, and
// stays, in the agency's folder.
package enrolment

import (
	"crypto/ed25519"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/words"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

const (
	requestForm = "handrail request v1"
	maxFile     = 1 << 20 // bytes of a file that came from elsewhere

	// RequestFile is the name of the request in an agency's folder.
	RequestFile = "request.json"
)

// Request is what an agency asks with to be listed and let in.
type Request struct {
	Form    string         `json:"form"`
	Hub     events.HubID   `json:"hub"`
	Listing events.Listing `json:"listing"`
	User    string         `json:"user"`  // public key of its user at the broker
	Proof   string         `json:"proof"` // base64 of the signature by the listing's signing key: both are of one hand
}

// text is what the request's proof signs.
func (r Request) text() []byte {
	return []byte(requestForm + "\n" + r.Hub.Origin() + "\n" + seal.ListingDigest(r.Listing, r.Hub.Origin()) + "\n" + r.User + "\n")
}

// Words are what the agency reads to those who vouch for it and to the hub's
// operator: they commit to the hub, to the agency's id and kind, to every public
// key in the listing and to its key at the broker.
func (r Request) Words() []string {
	return words.Of(words.Request, r.Hub.Origin(), string(r.Listing.ProofText(r.Hub.Origin())), r.User)
}

// Check refuses a request whose maker does not hold the keys in it.
func (r Request) Check() error {
	if r.Form != requestForm {
		return errors.New("this is not a request to join a hub")
	}
	if err := seal.CheckListing(r.Listing, r.Hub.Origin()); err != nil {
		return fmt.Errorf("the listing in the request: %w", err)
	}
	if err := exchange.CheckUserKey(r.User); err != nil {
		return fmt.Errorf("the key for the broker in the request: %w", err)
	}
	signature, err := base64.StdEncoding.DecodeString(r.Proof)
	public, errKey := r.Listing.Signing.Bytes()
	if err != nil || errKey != nil || len(public) != ed25519.PublicKeySize || !ed25519.Verify(public, r.text(), signature) {
		return errors.New("the request is not signed by the agency whose listing it holds: somebody put it together")
	}
	return nil
}

// ReadRequest reads and checks a request.
func ReadRequest(path string) (Request, error) {
	var r Request
	if err := readFile(path, &r); err != nil {
		return r, fmt.Errorf("reading a request: %w", err)
	}
	return r, r.Check()
}

// VouchingFile is an agency's word for a listing, as it travels to the hub's operator.
type VouchingFile struct {
	Form     string          `json:"form"`
	Hub      events.HubID    `json:"hub"`
	For      events.AgencyID `json:"for"`
	Vouching events.Vouching `json:"vouching"`
}

const vouchingForm = "handrail vouching v1"

// WriteVouching stores a vouching for its way to the hub.
func WriteVouching(path string, r Request, v events.Vouching) error {
	return writeFile(path, VouchingFile{Form: vouchingForm, Hub: r.Hub, For: r.Listing.Agency, Vouching: v})
}

// ReadVouching reads a vouching and refuses one for another hub or agency. Whether
// its signature counts is the ledger's to say.
func ReadVouching(path string, r Request) (events.Vouching, error) {
	var v VouchingFile
	if err := readFile(path, &v); err != nil {
		return v.Vouching, fmt.Errorf("reading a vouching: %w", err)
	}
	if v.Form != vouchingForm {
		return v.Vouching, fmt.Errorf("%s is not a vouching", path)
	}
	if v.Hub != r.Hub || v.For != r.Listing.Agency {
		return v.Vouching, fmt.Errorf("%s vouches for %s at the hub %s, not for %s at %s", path, v.For, v.Hub, r.Listing.Agency, r.Hub)
	}
	return v.Vouching, nil
}

// readFile reads JSON that somebody sent, no more than a megabyte of it.
func readFile(path string, value any) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() || info.Size() > maxFile {
		return fmt.Errorf("%s is not a file of this kind", path)
	}
	text, err := os.ReadFile(path) //nolint:gosec // the file is the one that its user names
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, value, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("%s is damaged, or not a file of this kind: %w", path, err)
	}
	return nil
}

// writeFile stores what travels. It holds nothing secret, and is its owner's all the same.
func writeFile(path string, value any) error {
	text, err := json.Marshal(value, jsontext.WithIndent("  "), json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	if err := os.WriteFile(path, append(text, '\n'), 0o600); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return nil
}

// keysOf names the files of keys in an agency's folder.
func keysOf(folder string) (signing, sealing, witness, user string) {
	return filepath.Join(folder, local.SigningKeyFile), filepath.Join(folder, local.SealingKeyFile), filepath.Join(folder, local.WitnessKeyFile), filepath.Join(folder, local.UserKeyFile)
}
