package events

// Control messages keep agency and hub in step. They are signed, never logged,
// carry no sequence, and each must be strictly newer than the sender's last of
// its type; only the newest counts.

// InboxPosition is an agency's word on the last delivery number that it has
// stored. With Resume the hub delivers everything beyond it again.
type InboxPosition struct {
	Position uint64   `json:"position" reads:"clock delivery"`
	Resume   bool     `json:"resume,omitzero" reads:"clock delivery"`
	Again    []uint64 `json:"again,omitzero" reads:"clock delivery"` // numbers up to Position whose copies did not verify, at most 32: only they are delivered again
}

// Type implements Payload.
func (*InboxPosition) Type() Type { return TypeControlPosition }

func (p *InboxPosition) check() error {
	if p.Again == nil {
		return nil
	}
	last := uint64(0)
	for _, n := range p.Again {
		if n <= last {
			return Refuse(RuleDataRange, "/again", "numbers from 1, each greater than the one before it")
		}
		last = n
	}
	if last == 0 || last > p.Position || len(p.Again) > maxSet {
		return Refuse(RuleDataRange, "/again", "1 to 32 numbers up to the position; none is said by leaving the member out")
	}
	return nil
}

// HeadAnnounced is the hub's word on the last delivery number that it has
// assigned to the agency, so that the agency sees what it lacks.
type HeadAnnounced struct {
	Delivered uint64 `json:"delivered" reads:"clock delivery"`
}

// Type implements Payload.
func (*HeadAnnounced) Type() Type { return TypeControlHead }

func (*HeadAnnounced) check() error { return nil }

// ResendFrom tells an agency which sequence the hub expects next of a key.
type ResendFrom struct {
	Key      KeyID  `json:"key" reads:"rule sequence-reused"`
	Sequence uint64 `json:"sequence" reads:"rule sequence-reused"`
}

// Type implements Payload.
func (*ResendFrom) Type() Type { return TypeControlResend }

func (*ResendFrom) check() error { return nil }

// CheckpointOffered is the hub's question to a witness: will it cosign this
// checkpoint? It says what C2SP tlog-witness says in add-checkpoint.
type CheckpointOffered struct {
	Old        uint64 `json:"old" reads:"rule checkpoint"`                                             // size that the witness cosigned last, as the hub knows it; 0: none
	Proof      string `json:"proof,omitzero" reads:"rule checkpoint" pattern:"^[A-Za-z0-9+/]+={0,2}$"` // base64 of the hashes of the RFC 6962 consistency proof from Old, one behind the other; absent if there are none
	Checkpoint string `json:"checkpoint" reads:"rule checkpoint" pattern:"^[A-Za-z0-9+/]+={0,2}$"`     // base64 of the checkpoint as the log signed it
}

// Type implements Payload.
func (*CheckpointOffered) Type() Type { return TypeControlOffered }

func (*CheckpointOffered) check() error { return nil }

// CheckpointCosigned is a witness's answer to an offer: the newest checkpoint
// that it cosigned, whatever was offered. If that is not what was offered, Finding
// says why. A checkpoint that the log signed and that is larger than the hub's own
// log, or another at its size, proves that the hub was rolled back or forked.
type CheckpointCosigned struct {
	Size       uint64  `json:"size" reads:"rule checkpoint"`                                                 // 0: it never cosigned any
	Checkpoint string  `json:"checkpoint,omitzero" reads:"rule checkpoint" pattern:"^[A-Za-z0-9+/]+={0,2}$"` // base64 of that checkpoint with the log's signature and the witness's cosignature
	Finding    Finding `json:"finding,omitzero" reads:"rule checkpoint"`
}

// Type implements Payload.
func (*CheckpointCosigned) Type() Type { return TypeControlCosigned }

func (c *CheckpointCosigned) check() error {
	if (c.Size == 0) != (c.Checkpoint == "") {
		return Refuse(RuleDataRange, "/checkpoint", "a witness that has cosigned shows the checkpoint, one that has not says size 0")
	}
	return nil
}

// Finding is why a witness did not cosign an offered checkpoint.
type Finding string

// The findings.
const (
	FindingOldSize      Finding = "old-size"     // it cosigned another size last than the hub says: offer from there
	FindingUnsigned     Finding = "unsigned"     // the pinned log key did not sign it
	FindingInconsistent Finding = "inconsistent" // the log does not go on from what it cosigned last: it was forked
	FindingRolledBack   Finding = "rolled-back"  // the log is smaller than what it cosigned last
	FindingStateLost    Finding = "state-lost"   // it lost its own state and waits for its people to reset it
)

// Codes lists every finding.
func (Finding) Codes() []string {
	return []string{"old-size", "unsigned", "inconsistent", "rolled-back", "state-lost"}
}

// UnmarshalText accepts a finding of the list.
func (f *Finding) UnmarshalText(text []byte) error { return code(f, text) }
