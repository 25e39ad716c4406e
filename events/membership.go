package events

// Who joins the directory after genesis, changes keys, rests, and leaves. Each
// is an entry; whose key counts is a matter of ledger numbers, never of claimed
// time (design, "Directory in the log").

// Vouching is one listed agency's word that a listing is the keys of who it says
// it is, after its people compared them out of band.
type Vouching struct {
	Agency    AgencyID `json:"agency" reads:"rule vouching"`
	Key       KeyID    `json:"key" reads:"rule vouching"`                                             // of Agency, in force when the hub admits it
	Signature string   `json:"signature" reads:"rule vouching" pattern:"^[A-Za-z0-9+/]{85}[AQgw]==$"` // base64 of the Ed25519 signature by Key over [VouchingText]
}

// VouchingText is what an agency signs to vouch for a listing: its own id and the
// lower-case hexadecimal SHA-256 of the listing's proof text.
func VouchingText(origin, listing string, by AgencyID) []byte {
	return []byte("handrail vouching v1\n" + origin + "\n" + listing + "\n" + string(by) + "\n")
}

// DirectoryJoined lists an agency's first keys, or new ones for an agency whose
// keys were lost: two listed agencies of different kinds vouch for them. The
// event's subject is the agency. What was sealed to keys that were lost is never
// released. It goes to everyone but foreign missions that do not know the agency.
type DirectoryJoined struct {
	Listing  Listing    `json:"listing" reads:"route directory"`
	Vouching []Vouching `json:"vouching" reads:"rule vouching"`
}

// Type implements Payload.
func (*DirectoryJoined) Type() Type { return TypeDirectoryJoined }

func (d *DirectoryJoined) check() error {
	if d.Listing.Agency == HubAgency || !d.Listing.witnesses() {
		return Refuse(RuleDataRange, "/listing", "an agency joins, which is not the hub; with a witness key of its name, unless it is an auditor or a foreign mission")
	}
	if len(d.Vouching) < 2 || len(d.Vouching) > 8 {
		return Refuse(RuleDataRange, "/vouching", "two to eight agencies vouch for a listing")
	}
	seen := map[AgencyID]bool{d.Listing.Agency: true}
	for _, v := range d.Vouching {
		if seen[v.Agency] {
			return Refuse(RuleDataRange, "/vouching", "each agency vouches once, and none for itself")
		}
		seen[v.Agency] = true
	}
	return nil
}

// DirectoryKeyed replaces an agency's keys, some or all; the event is signed with
// its signing key of before. The event's subject is the agency. It goes to
// everyone but foreign missions that do not know the agency.
type DirectoryKeyed struct {
	Listing Listing `json:"listing" reads:"route directory"`
}

// Type implements Payload.
func (*DirectoryKeyed) Type() Type { return TypeDirectoryKeyed }

func (d *DirectoryKeyed) check() error {
	if d.Listing.Agency == HubAgency || !d.Listing.witnesses() {
		return Refuse(RuleDataRange, "/listing", "an agency replaces its own keys; it has a witness key of its name, unless it is an auditor or a foreign mission")
	}
	return nil
}

// SuspensionGround is why an agency rests.
type SuspensionGround string

// The grounds on which somebody else may hold what the agency gets in with.
const (
	DeviceLost  SuspensionGround = "device-lost"
	KeysInDoubt SuspensionGround = "keys-in-doubt"
)

// InDoubt says whether somebody else may hold what the agency gets in with.
func (g SuspensionGround) InDoubt() bool { return g == DeviceLost || g == KeysInDoubt }

// Codes lists every ground.
func (SuspensionGround) Codes() []string {
	return []string{"device-lost", "keys-in-doubt", "misuse", "at-its-request"}
}

// UnmarshalText accepts a ground of the list.
func (g *SuspensionGround) UnmarshalText(text []byte) error { return code(g, text) }

// DirectorySuspended is the hub's note that nothing of an agency is admitted and
// nothing is delivered to it until it is resumed. The event's subject is the agency.
type DirectorySuspended struct {
	Because SuspensionGround `json:"because" reads:"rule agency-suspended"`
}

// Type implements Payload.
func (*DirectorySuspended) Type() Type { return TypeDirectorySuspended }

func (*DirectorySuspended) check() error { return nil }

// DirectoryResumed ends a suspension. The event's subject is the agency.
type DirectoryResumed struct{}

// Type implements Payload.
func (*DirectoryResumed) Type() Type { return TypeDirectoryResumed }

func (*DirectoryResumed) check() error { return nil }

// RevocationGround is why an agency's keys count no longer.
type RevocationGround string

// Codes lists every ground.
func (RevocationGround) Codes() []string { return []string{"keys-lost", "keys-stolen", "left"} }

// UnmarshalText accepts a ground of the list.
func (g *RevocationGround) UnmarshalText(text []byte) error { return code(g, text) }

// DirectoryRevoked is the hub's note that none of an agency's keys counts from here
// on. What was sealed to them and waits is never released. The agency comes back,
// if it does, by [DirectoryJoined] with new keys. The event's subject is the agency.
type DirectoryRevoked struct {
	Because RevocationGround `json:"because" reads:"rule key-unknown"`
}

// Type implements Payload.
func (*DirectoryRevoked) Type() Type { return TypeDirectoryRevoked }

func (*DirectoryRevoked) check() error { return nil }
