package seal

import (
	"crypto/ed25519"
	"encoding/base64"
	"strings"

	"handrail/events"
)

// NewListing is an agency's line in the directory of the hub with that origin,
// proved with its own signing key. witness is the verifier key of its
// cosignatures; auditors and foreign missions have none.
func NewListing(agency events.AgencyID, kind events.AgencyKind, signing SigningKey, sealing SealingKey, witness, origin string) events.Listing {
	l := events.Listing{Agency: agency, Kind: kind, Signing: signing.Public(), Sealing: sealing.Public(), Witness: witness}
	l.Proof = base64.StdEncoding.EncodeToString(signing.SignBytes(l.ProofText(origin)))
	return l
}

// CheckListing refuses, as key-unknown, a listing whose keys nobody could use
// or whose proof its signing key did not make for the hub with that origin.
func CheckListing(l events.Listing, origin string) error {
	signing, err := signingBytes(l.Signing)
	if err != nil {
		return events.Refuse(events.RuleKeyUnknown, "/signing", "a signing key is base64 of an Ed25519 public key")
	}
	if _, err := SealingKeyID(l.Sealing); err != nil {
		return events.Refuse(events.RuleKeyUnknown, "/sealing", "a sealing key is base64 of an uncompressed point of P-256")
	}
	if l.Witness != "" && !strings.HasPrefix(l.Witness, origin+"/"+string(l.Agency)+"+") {
		return events.Refuse(events.RuleKeyUnknown, "/witness", "a witness key is named after the log's origin and the agency")
	}
	proof, err := strictBase64(base64.StdEncoding, l.Proof)
	if err != nil || !ed25519.Verify(signing, l.ProofText(origin), proof) {
		return events.Refuse(events.RuleKeyUnknown, "/proof", "the listing is not signed by its own signing key for this hub")
	}
	return nil
}
