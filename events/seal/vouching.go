package seal

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"

	"handrail/events"
)

// ListingDigest is what people compare and an agency vouches for: the lower-case
// hexadecimal SHA-256 of the listing's proof text for the hub with that origin.
func ListingDigest(l events.Listing, origin string) string {
	sum := sha256.Sum256(l.ProofText(origin))
	return hex.EncodeToString(sum[:])
}

// NewVouching is an agency's word, with its signing key, that a listing is the keys
// of who it says it is. The caller answers for its people having compared the
// listing's digest with that agency's, by another way than the one it came by.
func NewVouching(by events.AgencyID, signing SigningKey, l events.Listing, origin string) events.Vouching {
	text := events.VouchingText(origin, ListingDigest(l, origin), by)
	return events.Vouching{Agency: by, Key: signing.ID(), Signature: base64.StdEncoding.EncodeToString(signing.SignBytes(text))}
}

// CheckVouching refuses, with the rule vouching, a word that the agency's signing key
// did not give for this listing and this hub. That the key is the agency's is for the
// caller to know.
func CheckVouching(v events.Vouching, l events.Listing, origin string, signing events.PublicKey) error {
	public, err := signingBytes(signing)
	if err == nil && v.Key == keyID(public) {
		signature, err := strictBase64(base64.StdEncoding, v.Signature)
		if err == nil && ed25519.Verify(public, events.VouchingText(origin, ListingDigest(l, origin), v.Agency), signature) {
			return nil
		}
	}
	return events.Refuse(events.RuleVouching, "/vouching", "a vouching is not signed for this listing and this hub by the key that it names")
}
