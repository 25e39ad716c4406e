package ledger

import (
	"crypto/sha256"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// rows are the columns of everything that a batch inserts, ready for unnest.
type rows struct {
	numbers  []uint64
	leaves   [][]byte
	macs     [][]byte
	salts    [][]byte
	openings [][]byte

	payloadNumbers []uint64
	payloads       [][]byte

	nodeLevels  []int
	nodeIndexes []int64
	nodeHashes  [][]byte

	submissionAgencies, submissionIDs []string
	submissionNumbers                 []uint64
	submissionDigests                 [][]byte

	answerAgencies []string
	answerDigests  [][]byte
	answerNumbers  []uint64
	answerLeaves   []int

	refusalNumbers                               []uint64
	refusalLeaves                                []int
	refusalIDs, refusalSequences, refusalReasons []string
	refusalSalts                                 [][]byte
	refusalRules, refusalPointers                []string
	refusalDigests, refusalPaths                 [][]byte

	caseIDs     []string
	caseNumbers []uint64

	recipients      []string
	deliveryNumbers []uint64
	deliveryKinds   []string
	deliveryEntries []uint64
	deliveryLeaves  []int

	heads  map[headKey]tlog.Link
	states map[events.CaseID]stored
	erases []erased

	fired    []firing
	changes  []change
	signers  []ownKey
	holding  holding
	capacity []capacityAt
	resets   []resetTo
	access   access
}

type headKey struct {
	caseID events.CaseID
	chain  string
}

// stored is a case as the database keeps it.
type stored struct {
	opened uint64
	state  []byte
	clocks []mou.Clock
}

// erased is one held record that the hub destroys, and the entry that says so.
type erased struct {
	sealed, by uint64
	record     events.EventID
	reason     events.ErasureReason
	caseID     events.CaseID
}

func newRows() rows {
	return rows{heads: map[headKey]tlog.Link{}, states: map[events.CaseID]stored{}}
}

func (r *rows) entry(number uint64, a *act) {
	r.numbers = append(r.numbers, number)
	r.leaves = append(r.leaves, a.leaf[:])
	leaf := a.opening.Leaf()
	r.macs = append(r.macs, leaf[len(leaf)-sha256.Size:])
	r.salts = append(r.salts, a.opening.Salt[:])
	r.openings = append(r.openings, a.opening.Entry)
}

func (r *rows) payload(number uint64, data []byte) {
	r.payloadNumbers = append(r.payloadNumbers, number)
	r.payloads = append(r.payloads, data)
}

func (r *rows) node(n tlog.Node) {
	r.nodeLevels = append(r.nodeLevels, n.Level)
	r.nodeIndexes = append(r.nodeIndexes, n.Index)
	r.nodeHashes = append(r.nodeHashes, n.Hash[:])
}

func (r *rows) submission(agency events.AgencyID, id events.EventID, digest [32]byte, number uint64) {
	r.submissionAgencies = append(r.submissionAgencies, string(agency))
	r.submissionIDs = append(r.submissionIDs, string(id))
	r.submissionDigests = append(r.submissionDigests, digest[:])
	r.submissionNumbers = append(r.submissionNumbers, number)
}

func (r *rows) answer(agency events.AgencyID, digest [32]byte, at answerAt) {
	r.answerAgencies = append(r.answerAgencies, string(agency))
	r.answerDigests = append(r.answerDigests, digest[:])
	r.answerNumbers = append(r.answerNumbers, at.entry)
	r.answerLeaves = append(r.answerLeaves, at.leaf)
}

func (r *rows) refusal(at answerAt, of *refused) {
	r.refusalNumbers = append(r.refusalNumbers, at.entry)
	r.refusalLeaves = append(r.refusalLeaves, at.leaf)
	r.refusalIDs = append(r.refusalIDs, string(of.id))
	r.refusalSequences = append(r.refusalSequences, of.sequence)
	r.refusalReasons = append(r.refusalReasons, of.reason)
	r.refusalSalts = append(r.refusalSalts, of.salt[:])
	r.refusalRules = append(r.refusalRules, string(of.Rule))
	r.refusalPointers = append(r.refusalPointers, of.Pointer)
	r.refusalDigests = append(r.refusalDigests, of.Salted[:])
	r.refusalPaths = append(r.refusalPaths, joined(of.path))
}

// joined is the hashes of a path one behind the other; never nil.
func joined(path []tlog.Hash) []byte {
	out := make([]byte, 0, len(path)*len(tlog.Hash{}))
	for _, h := range path {
		out = append(out, h[:]...)
	}
	return out
}

func (r *rows) caseEntry(id events.CaseID, number uint64) {
	r.caseIDs = append(r.caseIDs, string(id))
	r.caseNumbers = append(r.caseNumbers, number)
}

func (r *rows) head(id events.CaseID, chain string, number uint64, leaf tlog.Hash) {
	r.heads[headKey{id, chain}] = tlog.Link{Number: number, Leaf: leaf}
}

// state keeps the newest state of a case, and every clock that changed in the batch.
func (r *rows) state(id events.CaseID, opened uint64, state []byte, clocks []mou.Clock) {
	all := r.states[id].clocks
	for _, clock := range clocks { // one row each: the last of a batch counts
		all = slices.DeleteFunc(all, func(c mou.Clock) bool { return sameClock(c, clock) })
		all = append(all, clock)
	}
	r.states[id] = stored{opened, state, all}
}

// changed gives the clocks that are not as they were stored. One that waits and
// that the case has no more is ended: it would be looked at for ever.
func changed(before, now []mou.Clock) []mou.Clock {
	var out []mou.Clock
	for _, clock := range now {
		if !slices.Contains(before, clock) {
			out = append(out, clock)
		}
	}
	for _, clock := range before {
		waits := slices.Contains([]mou.ClockState{mou.ClockPending, mou.ClockDueSoon, mou.ClockSuspended}, clock.State) || !clock.Look.IsZero()
		if waits && !slices.ContainsFunc(now, func(c mou.Clock) bool { return sameClock(c, clock) }) {
			clock.State, clock.Look = mou.ClockEnded, time.Time{}
			out = append(out, clock)
		}
	}
	return out
}

// sameClock compares what names a clock.
func sameClock(a, b mou.Clock) bool {
	return a.Set == b.Set && a.Rule == b.Rule && a.Owes == b.Owes && a.Referral == b.Referral
}

// looks gives when the hub must first look at a clock that changed; zero: never.
func (r *rows) looks() time.Time {
	var first time.Time
	for _, c := range r.states {
		for _, clock := range c.clocks {
			first = earlier(first, clock.Look)
		}
	}
	return first
}

// earlier is the earlier of two instants, of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func (r *rows) delivery(d delivery, number uint64) {
	r.recipients = append(r.recipients, string(d.to))
	r.deliveryNumbers = append(r.deliveryNumbers, number)
	r.deliveryKinds = append(r.deliveryKinds, string(d.kind))
	r.deliveryEntries = append(r.deliveryEntries, d.entry)
	r.deliveryLeaves = append(r.deliveryLeaves, d.leaf)
}
