package events

import (
	"encoding/base64"
	"strings"
)

// PublicKey is a public key in standard base64: 32 bytes Ed25519 for signing,
// 65 bytes uncompressed P-256 point for sealing.
type PublicKey string

// Bytes decodes the key.
func (k PublicKey) Bytes() ([]byte, error) { return base64.StdEncoding.DecodeString(string(k)) }

// UnmarshalText accepts base64 of either length.
func (k *PublicKey) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.Strict().DecodeString(string(text))
	if err != nil || len(raw) != 32 && len(raw) != 65 || base64.StdEncoding.EncodeToString(raw) != string(text) { // Strict still skips line ends
		return Refuse(RuleDataCode, "", "a public key is base64 of 32 bytes (Ed25519) or 65 bytes (P-256)")
	}
	*k = PublicKey(text)
	return nil
}

// Listing is one agency in the directory, with proof that it holds its keys.
type Listing struct {
	Agency  AgencyID   `json:"agency" reads:"route directory"`
	Kind    AgencyKind `json:"kind" reads:"rule power"`
	Signing PublicKey  `json:"signing" reads:"rule signature-invalid"`
	Sealing PublicKey  `json:"sealing" reads:"rule record-header"`
	Witness string     `json:"witness,omitzero" reads:"rule checkpoint" pattern:"^handrail/[a-z0-9-]{1,32}/[a-z0-9-]{1,32}[+][0-9a-f]{8}[+][A-Za-z0-9+/]{44}$"` // verifier key of its cosignatures (C2SP tlog-cosignature), named <origin>/<agency>; auditors and foreign missions have none
	Proof   string     `json:"proof" reads:"rule key-unknown" pattern:"^[A-Za-z0-9+/]{85}[AQgw]==$"`                                                            // base64 of the Ed25519 signature by Signing over ProofText
}

// ProofText is what an agency signs with its own key to enter the directory.
func (l Listing) ProofText(origin string) []byte {
	return []byte("handrail listing v1\n" + origin + "\n" + string(l.Agency) + "\n" + string(l.Kind) + "\n" + string(l.Signing) + "\n" + string(l.Sealing) + "\n" + l.Witness + "\n")
}

// witnesses says whether the listing has a witness key of the agency's own name,
// or is of a kind that has none.
func (l Listing) witnesses() bool {
	if l.Kind == Auditor || l.Kind == ForeignMission {
		return l.Witness == ""
	}
	name, _, _ := strings.Cut(l.Witness, "+")
	return strings.HasSuffix(name, "/"+string(l.Agency))
}

// DirectoryFounded is genesis: entry 0 of every log. It founds the directory
// with the hub's own keys and the founding agencies, of at least two kinds, none
// of them a foreign mission (see [DirectoryListed]). Whoever joins compares its
// digest out of band.
type DirectoryFounded struct {
	Log      string    `json:"log" reads:"rule checkpoint" pattern:"^handrail/[a-z0-9-]{1,32}[+][0-9a-f]{8}[+][A-Za-z0-9+/]{44}$"` // the log's verifier key, in signed-note form
	Signing  PublicKey `json:"signing" reads:"rule signature-invalid"`
	Profile  string    `json:"profile" reads:"rule profile" pattern:"^[a-z][a-z0-9-]{0,31}@[1-9][0-9]{0,5}$"` // name@version of the country profile in force
	Text     string    `json:"text" reads:"rule profile" pattern:"^[0-9a-f]{64}$"`                            // digest of the profile's text, so that a version can never mean something else
	Agencies []Listing `json:"agencies" reads:"route directory"`
}

// Type implements Payload.
func (*DirectoryFounded) Type() Type { return TypeDirectoryFounded }

func (d *DirectoryFounded) check() error {
	kinds, names := map[AgencyKind]bool{}, map[AgencyID]bool{HubAgency: true}
	for _, a := range d.Agencies {
		if names[a.Agency] {
			return Refuse(RuleDataRange, "/agencies", "an agency stands once in the directory, and hub is the hub")
		}
		names[a.Agency] = true
		if a.Kind == ForeignMission {
			return Refuse(RuleDataRange, "/agencies", "a foreign mission knows no directory; it is listed by itself after genesis")
		}
		if a.Kind != Auditor {
			kinds[a.Kind] = true
		}
		if !a.witnesses() {
			return Refuse(RuleDataRange, "/agencies", "every agency of genesis but auditors witnesses the log, with a key of its own name")
		}
	}
	if len(kinds) < 2 || len(d.Agencies) > 128 {
		return Refuse(RuleDataRange, "/agencies", "the founding agencies are of at least two kinds")
	}
	return nil
}

// DirectoryListed is the part of the directory that a foreign mission may know,
// and what others may know of it. The event's subject is the mission. The first
// lists the mission itself and goes to it and to every agency that is no foreign
// mission; it takes the place of genesis for the mission, which compares its
// digest out of band. Each later one lists an agency that addresses the mission
// and goes to the mission alone.
type DirectoryListed struct {
	Log      string    `json:"log" reads:"rule checkpoint" pattern:"^handrail/[a-z0-9-]{1,32}[+][0-9a-f]{8}[+][A-Za-z0-9+/]{44}$"`
	Signing  PublicKey `json:"signing" reads:"rule signature-invalid"`
	Profile  string    `json:"profile" reads:"rule profile" pattern:"^[a-z][a-z0-9-]{0,31}@[1-9][0-9]{0,5}$"`
	Text     string    `json:"text" reads:"rule profile" pattern:"^[0-9a-f]{64}$"`
	Agencies []Listing `json:"agencies" reads:"route directory"`
}

// Type implements Payload.
func (*DirectoryListed) Type() Type { return TypeDirectoryListed }

func (d *DirectoryListed) check() error {
	if len(d.Agencies) != 1 || d.Agencies[0].Agency == HubAgency || !d.Agencies[0].witnesses() {
		return Refuse(RuleDataRange, "/agencies", "one agency is listed, which is not the hub; with a witness key of its name, unless it is a foreign mission")
	}
	return nil
}
