package ledger

import (
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// DirectoryChange is what the hub's operator has the hub say of the directory: the
// body of POST /v1/directory.
type DirectoryChange struct {
	Type   events.Type     `json:"type"`   // directory.joined, .suspended, .resumed or .revoked, as an event has it
	Agency events.AgencyID `json:"agency"` // the event's subject
	Data   jsontext.Value  `json:"data"`   // the event's facts
}

// DirectoryChanged answers it: the change stands in the log.
type DirectoryChanged struct {
	Number uint64 `json:"number"` // of its entry
	Size   uint64 `json:"size"`   // of the log with it
}

// DirectoryPage is who takes part, in the order of the ids.
type DirectoryPage struct {
	Agencies []DirectoryLine `json:"agencies"`
}

// DirectoryLine is one agency that is or was listed.
type DirectoryLine struct {
	Agency   events.AgencyID    `json:"agency"`
	Kind     events.AgencyKind  `json:"kind"`
	Standing directory.Standing `json:"standing"`          // active, suspended or revoked
	Signing  events.KeyID       `json:"signing"`           // id of its signing key; of a revoked agency of the last, as the others
	Sealing  events.KeyID       `json:"sealing"`           // id of its sealing key
	Witness  string             `json:"witness,omitzero"`  // verifier key of its cosignatures
	Since    uint64             `json:"since"`             // entry that lists it with these keys
	Changed  uint64             `json:"changed"`           // entry that changed its listing or standing last
	Position uint64             `json:"position,omitzero"` // last delivery number that it said it stored; for the hub and auditors
	Pin      string             `json:"pin,omitzero"`      // of a foreign mission: hexadecimal SHA-256 of its own first listing, which takes the place of genesis for it
}

// ReadingRequest is what an auditor asks leave for: the body of POST /v1/readings.
type ReadingRequest struct {
	What   events.Reading  `json:"what"`
	Case   events.CaseID   `json:"case,omitzero"`   // of a replay and an export
	Agency events.AgencyID `json:"agency,omitzero"` // of a check for completeness
}

// ReadingRecorded answers it: the reading stands in the log. Every request that
// it allows names it as ?reading=.
type ReadingRecorded struct {
	Reading uint64 `json:"reading"` // number of its trail.read
	Size    uint64 `json:"size"`    // of the log with it
}

// CasePage is one page of the list of cases.
type CasePage struct {
	Cases []CaseSummary `json:"cases"` // in the order of their ids; none: there are no more
}

// CaseSummary is one case in the list of cases, which is ordered by case id.
type CaseSummary struct {
	Case    events.CaseID   `json:"case"`
	Entries int             `json:"entries"` // admitted, and refused ones of authenticated senders
	Status  mou.Status      `json:"status,omitzero"`
	Owner   events.AgencyID `json:"owner,omitzero"`   // the contact desk
	Opened  time.Time       `json:"opened,omitzero"`  // when its opening was admitted
	Retired uint64          `json:"retired,omitzero"` // the retention.ended of the case; its state may be gone

	Unreadable bool `json:"unreadable,omitzero"` // the stored state cannot be read: nothing but id and entries is known; its trail tells more
}

// ReferralCase is the case of a referral.
type ReferralCase struct {
	Case events.CaseID `json:"case"`
}

// Trail is everything that is needed to verify and judge one case again offline,
// without trusting the hub: see contracts/tlog, events/seal and contracts/mou.
type Trail struct {
	Case       events.CaseID  `json:"case"`
	Hub        events.HubID   `json:"hub"`
	Profile    string         `json:"profile"`
	Semantics  int            `json:"semantics"`
	LogKey     string         `json:"log_key"`    // verifier key; compare with the one pinned out of band
	Genesis    string         `json:"genesis"`    // hexadecimal digest of the founding data; likewise
	Checkpoint []byte         `json:"checkpoint"` // signed note with cosignatures, newer than every entry below: the newest that counts as witnessed if that is newer than they are, else the newest
	Founding   TrailEntry     `json:"founding"`   // entry 0: the directory as it was founded
	Directory  []TrailEntry   `json:"directory"`  // the entries behind it that changed the directory, older than the checkpoint, in the order of the log: founding foreign missions, and who joined, changed keys, was suspended, resumed or revoked
	Capacity   []TrailEntry   `json:"capacity"`   // what the duties that the hub told had published of their hours, by entry number
	Readings   []TrailEntry   `json:"readings"`   // who read the case: each trail.read of it that is older than the checkpoint
	Retired    *TrailEntry    `json:"retired"`    // the retention.ended behind which the openings of all entries were destroyed; null: none
	Entries    []TrailEntry   `json:"entries"`    // of the case, in the order of the log, refusals among them; those behind Retired are refusals of what came too late
	State      jsontext.Value `json:"state"`      // the case as the ledger stores it, null if all that was said of it was refused or retention destroyed it; folding the entries must give the same. What is stored and is no JSON comes as a string of base64
}

// TrailEntry is one entry with its proof at the trail's checkpoint.
type TrailEntry struct {
	Number uint64      `json:"number"`
	Leaf   tlog.Hash   `json:"leaf"`
	Proof  []tlog.Hash `json:"proof"`

	Salt    []byte `json:"salt,omitzero"` // with Opening it opens the leaf; both gone when retention destroyed them
	Opening []byte `json:"opening,omitzero"`

	Data   []byte               `json:"data,omitzero"`   // facts as they were signed; never a sealed record
	Record *events.RecordHeader `json:"record,omitzero"` // of a sealed record: its protected header; the entry has the digest of the whole
	Erased uint64               `json:"erased,omitzero"` // the data were destroyed: number of the record.erased that says so, among the entries; of an entry behind retention: of the retention.ended
	Reason string               `json:"reason,omitzero"` // of a refusal

	Damaged Damage `json:"damaged,omitzero"` // what of it the ledger itself cannot read, and no erasure explains; the rest is as it is stored
}

// Damage is what is wrong with the stored rows of one entry. An auditor needs no
// such word to notice: it says which row the operator must look at.
type Damage string

// The damages.
const (
	DamagedEntry   Damage = "entry"   // the row of the entry is missing: it has neither leaf nor proof
	DamagedOpening Damage = "opening" // the opening is missing or cannot be read
	DamagedData    Damage = "data"    // the facts or the sealed record are missing
	DamagedRecord  Damage = "record"  // what is stored is no sealed record
	DamagedProof   Damage = "proof"   // hashes that the proof needs are missing
)

// DeliveryPage is what the ledger assigned to one agency, a page of it.
type DeliveryPage struct {
	Agency     events.AgencyID `json:"agency"`
	Assigned   uint64          `json:"assigned"`   // last number
	Reported   uint64          `json:"reported"`   // last number that the agency said it stored
	Deliveries []DeliveryLine  `json:"deliveries"` // in the order of their numbers; none: there are no more
}

// DeliveryLine is one delivery number.
type DeliveryLine struct {
	Number    uint64    `json:"number"`
	Kind      tlog.Kind `json:"kind"`               // as it was assigned: event, receipt or refusal
	Entry     uint64    `json:"entry"`              // number in the log
	Leaf      uint64    `json:"leaf,omitzero"`      // place in the entry's flood of refusals
	Tombstone string    `json:"tombstone,omitzero"` // delivered again it is a tombstone, for this reason
}

// SubmissionPage is what the ledger answered of one agency's correctly signed
// submissions, a page of it.
type SubmissionPage struct {
	Agency      events.AgencyID  `json:"agency"`
	Submissions []SubmissionLine `json:"submissions"` // in the order of their ids; none: there are no more
}

// SubmissionLine is one of them. The digest is the one that [seal.Digest] gives.
type SubmissionLine struct {
	ID     events.EventID `json:"id"`
	Digest string         `json:"digest"` // hexadecimal
	Entry  uint64         `json:"entry"`  // that answers it
	Leaf   tlog.Hash      `json:"leaf"`   // the entry's leaf hash
}
