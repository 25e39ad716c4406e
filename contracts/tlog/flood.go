package tlog

import (
	"encoding/hex"
	"errors"
	"fmt"

	sumdb "golang.org/x/mod/sumdb/tlog"

	"handrail/events"
)

// RuleFlood is the rule of an entry that stands for many refusals of one sender
// at once. No submission is refused by it: each has a rule of its own.
const RuleFlood events.Rule = "refusal-flood"

const refusalTag = "handrail-refusal v1\n"

// Refusal is one of the refusals that a flood's entry commits to: what an entry
// of its own would have said of it. Its case is never known.
type Refusal struct {
	Rule    events.Rule
	Pointer string   // see [CleanPointer]; may be empty
	Salted  [32]byte // [SaltedDigest] of the submission
}

// Leaf is the refusal's leaf bytes in its flood: lines "name SP value LF", the
// tag first.
func (r Refusal) Leaf() []byte {
	b := refusalTag + "rule " + string(r.Rule) + "\n"
	if r.Pointer != "" {
		b += "pointer " + r.Pointer + "\n"
	}
	return []byte(b + "salted-digest " + hex.EncodeToString(r.Salted[:]) + "\n")
}

func (r Refusal) wellFormed() bool {
	return ruleSyntax.MatchString(string(r.Rule)) && r.Rule != RuleFlood && CleanPointer(r.Pointer) == r.Pointer && r.Salted != [32]byte{}
}

// Flood is the RFC 6962 tree over many refusals, in order.
type Flood struct{ tree *Batch }

// NewFlood builds the tree of two or more refusals. It fails on one that no
// entry could bear.
func NewFlood(refusals []Refusal) (Flood, error) {
	if len(refusals) < 2 {
		return Flood{}, errors.New("a flood is of two refusals or more")
	}
	f := Flood{new(Tree).Grow()}
	for i, r := range refusals {
		if !r.wellFormed() {
			return Flood{}, fmt.Errorf("refusal %d of a flood is not of the log's syntax", i)
		}
		f.tree.Append(sumdb.RecordHash(r.Leaf()), nil)
	}
	return f, nil
}

// Count is the number of refusals.
func (f Flood) Count() uint64 { return f.tree.Size() }

// Root is the RFC 6962 root over the refusals' leaves.
func (f Flood) Root() Hash { return f.tree.Root() }

// Path is the inclusion proof of the refusal with this index, from 0.
func (f Flood) Path(index uint64) ([]Hash, error) { return f.tree.Prove(index) }

// Why gives the rule and the pointer by which a delivered refusal was refused:
// its entry's or, of a flood, its own.
func (d Delivery) Why(entry Entry) (events.Rule, string) {
	if d.Rule != "" {
		return d.Rule, d.Pointer
	}
	return entry.Rule, entry.Pointer
}

// refusal is what an entry says of the submission that a delivery answers.
func (d Delivery) refusal(entry Entry) (Refusal, error) {
	own := Refusal{d.Rule, d.Pointer, d.Salted}
	switch flood := entry.Rule == RuleFlood; {
	case flood != (d.Rule != ""):
		return own, fmt.Errorf("%w: it and the answer differ on whether it is a flood", ErrEntry)
	case !flood:
		return Refusal{entry.Rule, entry.Pointer, entry.Salted}, nil
	case d.Index >= entry.Count:
		return own, fmt.Errorf("%w: the flood has fewer refusals", ErrProof)
	}
	if err := sumdb.CheckRecord(d.Path, signed(entry.Count), entry.Root, signed(d.Index), sumdb.RecordHash(own.Leaf())); err != nil {
		return own, fmt.Errorf("%w: the flood does not hold this refusal: %w", ErrProof, err)
	}
	return own, nil
}
