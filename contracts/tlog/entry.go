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
func (e Entry) Bytes() []byte {
	b := make([]byte, 0, 2048)
	line := func(name, value string) {
		b = append(b, name...)
		b = append(b, ' ')
		b = append(b, value...)
		b = append(b, '\n')
	}
	optional := func(name, value string) {
		if value != "" {
			line(name, value)
		}
	}
	line("handrail-entry", "v1")
	line("number", strconv.FormatUint(e.Number, 10))
	line("admitted", e.Admitted.UTC().Format(AdmittedFormat))
	line("verdict", string(e.Verdict))
	line("submitter", string(e.Submitter))
	if e.Verdict == Refused {
		line("rule", string(e.Rule))
		if e.Rule == RuleFlood {
			line("refusals", strconv.FormatUint(e.Count, 10))
			line("refusals-root", hex.EncodeToString(e.Root[:]))
			return b
		}
		optional("pointer", e.Pointer)
		optional("case", string(e.Case))
		line("salted-digest", hex.EncodeToString(e.Salted[:]))
		return b
	}
	line("profile", e.Profile)
	optional("clause", e.Clause)
	line("semantics", strconv.Itoa(e.Semantics))
	for _, a := range e.Attributes {
		line("ce-"+a.Name, a.Value)
	}
	line("data-sha256", hex.EncodeToString(e.DataDigest[:]))
	if e.Previous != nil {
		line("previous-number", strconv.FormatUint(e.Previous.Number, 10))
		line("previous-leaf", hex.EncodeToString(e.Previous.Leaf[:]))
	}
	return b
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
