package events

// What concerns the log itself and no single case: who read it, what was
// destroyed when its time had come, and witnesses that began anew.

// Reading is what an auditor reads.
type Reading string

// The readings.
const (
	ReadingCases        Reading = "cases"        // the list of cases
	ReadingReplay       Reading = "replay"       // one case's trail, shown
	ReadingExport       Reading = "export"       // one case's trail, taken away as a file
	ReadingLog          Reading = "log"          // every entry, to verify the whole log
	ReadingCompleteness Reading = "completeness" // what one agency submitted and was delivered
)

// Codes lists every reading.
func (Reading) Codes() []string {
	return []string{"cases", "replay", "export", "log", "completeness"}
}

// UnmarshalText accepts a reading of the list.
func (r *Reading) UnmarshalText(text []byte) error { return code(r, text) }

// TrailRead is the hub's note that an auditor read what the ledger holds. The
// event's subject is the auditor. It stands in the log before the auditor gets
// anything, and is delivered to nobody: auditors see it in the trail.
type TrailRead struct {
	What     Reading  `json:"what" reads:"rule access"`
	Case     CaseID   `json:"case,omitzero" reads:"rule access"`     // of a replay and an export
	Agency   AgencyID `json:"agency,omitzero" reads:"rule access"`   // of a check for completeness
	Approved AgencyID `json:"approved,omitzero" reads:"rule access"` // the second auditor, where the profile asks for one
}

// Type implements Payload.
func (*TrailRead) Type() Type { return TypeTrailRead }

func (r *TrailRead) check() error {
	ofCase := r.What == ReadingReplay || r.What == ReadingExport
	if ofCase != (r.Case != "") || (r.What == ReadingCompleteness) != (r.Agency != "") {
		return Refuse(RuleDataRange, "/case", "a replay and an export name their case, a check for completeness its agency, any other reading neither")
	}
	return nil
}

// RetentionEnded is the hub's note that the time for which a case's facts may be
// kept is over: the openings of its entries are destroyed behind it, their leaves
// stay. The event's subject is the hub. It goes to every agency that was
// delivered something of the case.
type RetentionEnded struct {
	Case    CaseID `json:"case" reads:"clock retention"`
	Entries uint64 `json:"entries" reads:"clock retention"`                         // how many were the case's
	Leaves  string `json:"leaves" reads:"clock retention" pattern:"^[0-9a-f]{64}$"` // SHA-256 over their numbers and leaf hashes, a line "number SP hex LF" each, in the order of the log
}

// Type implements Payload.
func (*RetentionEnded) Type() Type { return TypeRetentionEnded }

func (*RetentionEnded) check() error { return nil }

// ResetGround is why a witness began anew.
type ResetGround string

// The grounds.
const (
	ResetStateLost ResetGround = "state-lost" // its own state and the copy of it are gone
	ResetLogForked ResetGround = "log-forked" // the log was forked or rolled back, and the parties agreed to go on from here
)

// Codes lists every ground.
func (ResetGround) Codes() []string { return []string{"state-lost", "log-forked"} }

// UnmarshalText accepts a ground of the list.
func (g *ResetGround) UnmarshalText(text []byte) error { return code(g, text) }

// WitnessReset is an agency's statement that its witness forgets what it cosigned
// and goes on from a checkpoint that its people compared out of band. The event's
// subject is the agency. Everyone but foreign missions gets it: a reset is never silent.
type WitnessReset struct {
	Said
	Because ResetGround `json:"because" reads:"rule checkpoint"`
	Lost    uint64      `json:"lost,omitzero" reads:"rule checkpoint"` // size that it cosigned last; 0 if nobody knows
	Size    uint64      `json:"size" reads:"rule checkpoint"`          // of the checkpoint from which it goes on
	Root    string      `json:"root" reads:"rule checkpoint" pattern:"^[0-9a-f]{64}$"`
}

// Type implements Payload.
func (*WitnessReset) Type() Type { return TypeWitnessReset }

func (*WitnessReset) check() error { return nil }
