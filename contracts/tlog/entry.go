package tlog

import (
	"encoding/hex"
	"strconv"
	"time"

	sumdb "golang.org/x/mod/sumdb/tlog"

	"handrail/events"
)

// Hash is a SHA-256 node of the RFC 6962 tree.
type Hash = sumdb.Hash

// Verdict is the ledger's judgement of one submission.
type Verdict string

// The verdicts.
const (
	Admitted Verdict = "admitted"
	Refused  Verdict = "refused"
)

// AdmittedFormat is the form of an admission time: UTC with six decimals.
const AdmittedFormat = "2006-01-02T15:04:05.000000Z"

// Link names the previous entry of the same visibility chain, so that whoever
// may see the chain notices a missing one.
type Link struct {
	Number uint64
	Leaf   Hash
}

// Entry is what the ledger records of one submission. Which fields are set
// depends on the verdict; [ParseEntry] refuses any other combination.
type Entry struct {
	Number    uint64    // place in the log, from 0
	Admitted  time.Time // when it was judged, in whole microseconds, never decreasing
	Verdict   Verdict
	Submitter events.AgencyID

	// Set when admitted.
	Profile    string // country profile in force, name@version
	Clause     string // clause of the memorandum; empty where none applies
	Semantics  int    // version of the judging code, from 1
	Attributes []events.Attribute
	DataDigest [32]byte // SHA-256 of the event's data
	Previous   *Link    // nil for the first entry of a chain

	// Set when refused: nothing here tells what was sent.
	Rule    events.Rule
	Pointer string        // place of the violation, see [CleanPointer]; may be empty
	Case    events.CaseID // only if the submission's signature was good
	Salted  [32]byte      // [SaltedDigest] of the submission

	// Set when refused by [RuleFlood], and then instead of Pointer, Case and
	// Salted: the entry stands for many refusals, see [Flood].
	Count uint64
	Root  Hash
}

// Bytes is the entry's only byte form: lines "name SP value LF" in a fixed
// order, the version first. It does not check the entry; [NewOpening] does.
func (e Entry) Bytes() []byte { return e.appendTo(make([]byte, 0, usualEntryBytes)) }

// usualEntryBytes hold nearly every entry.
const usualEntryBytes = 2048

func (e Entry) appendTo(b []byte) []byte {
	b = appendLine(b, "handrail-entry", "v1")
	b = appendNumber(b, "number", e.Number)
	b = append(b, "admitted "...)
	b = e.Admitted.UTC().AppendFormat(b, AdmittedFormat)
	b = append(b, '\n')
	b = appendLine(b, "verdict", string(e.Verdict))
	b = appendLine(b, "submitter", string(e.Submitter))
	if e.Verdict == Refused {
		b = appendLine(b, "rule", string(e.Rule))
		if e.Rule == RuleFlood {
			b = appendNumber(b, "refusals", e.Count)
			return appendHex(b, "refusals-root", e.Root[:])
		}
		b = appendOptional(b, "pointer", e.Pointer)
		b = appendOptional(b, "case", string(e.Case))
		return appendHex(b, "salted-digest", e.Salted[:])
	}
	b = appendLine(b, "profile", e.Profile)
	b = appendOptional(b, "clause", e.Clause)
	b = appendNumber(b, "semantics", uint64(e.Semantics)) //nolint:gosec // it counts from 1
	for _, a := range e.Attributes {
		b = append(b, "ce-"...)
		b = appendLine(b, a.Name, a.Value)
	}
	b = appendHex(b, "data-sha256", e.DataDigest[:])
	if e.Previous != nil {
		b = appendNumber(b, "previous-number", e.Previous.Number)
		b = appendHex(b, "previous-leaf", e.Previous.Leaf[:])
	}
	return b
}

func appendLine(b []byte, name, value string) []byte {
	b = append(b, name...)
	b = append(b, ' ')
	b = append(b, value...)
	return append(b, '\n')
}

func appendOptional(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return appendLine(b, name, value)
}

func appendNumber(b []byte, name string, n uint64) []byte {
	b = append(b, name...)
	return append(strconv.AppendUint(append(b, ' '), n, 10), '\n')
}

func appendHex(b []byte, name string, digest []byte) []byte {
	b = append(b, name...)
	return append(hex.AppendEncode(append(b, ' '), digest), '\n')
}

// Attribute is the value of an admitted event's attribute; empty if it has none.
func (e Entry) Attribute(name string) string {
	for _, a := range e.Attributes {
		if a.Name == name {
			return a.Value
		}
	}
	return ""
}

// Event is the admitted event without its data, as far as the entry keeps it:
// what remains when the data were erased.
func (e Entry) Event() (events.Event, error) { return events.Parse(e.Attributes, nil) }

// CleanPointer keeps a violation's pointer if it has the closed syntax of the
// permanent record ("attribute NAME", or a short JSON pointer of plain names)
// and drops it otherwise.
func CleanPointer(pointer string) string {
	if pointerSyntax.MatchString(pointer) {
		return pointer
	}
	return ""
}
