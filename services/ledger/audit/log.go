package audit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// LogSource is where a whole log is read from. Nothing that it gives is believed.
type LogSource interface {
	// Entries gives the entries [from, to) in the order of the log.
	Entries(ctx context.Context, from, to uint64) iter.Seq2[*ledger.LogEntry, error]
	// Cases gives every case of the log whose id is behind another, in the order of
	// the ids, each with all its entries in the order of the log. Entries that are
	// younger than the checkpoint may be among them.
	Cases(ctx context.Context, after events.CaseID) iter.Seq2[CaseEntries, error]
}

// CaseEntries is one case with its entries.
type CaseEntries struct {
	Head    ledger.LogCase
	Entries []*ledger.LogEntry
}

// shows says whether an entry of this number is among the case's.
func (c *CaseEntries) shows(number uint64) bool {
	return slices.ContainsFunc(c.Entries, func(e *ledger.LogEntry) bool { return e.Number == number })
}

// LogVerification is a whole log to verify.
type LogVerification struct {
	Source     LogSource
	Hub        events.HubID
	Pins       Pins
	Checkpoint []byte            // the signed note up to which the log is verified
	Texts      []mou.ProfileText // of the profile; nil: those that this program has

	Workers    int               // how many at once; 0: as many as there are cores
	Resume     string            // file that a broken-off run goes on from, and writes; empty: none
	LeavesOnly bool              // only that every leaf is of its opening, and that the leaves give the root
	Progress   func(LogProgress) // called now and then, from one goroutine; nil: nobody looks

	saveAlways bool // not only every few seconds
}

// LogProgress is how far a verification has come.
type LogProgress struct {
	Phase   int    // 1: entries in their order; 2: cases, judged again
	Done    uint64 // entries of the phase
	Of      uint64
	Resumed uint64        // of Done, by an earlier run
	Took    time.Duration // for the rest of Done
}

// Rate is how many entries a second were verified in this run.
func (p LogProgress) Rate() float64 {
	if p.Took <= 0 {
		return 0
	}
	return float64(p.Done-p.Resumed) / p.Took.Seconds()
}

// Left is how much longer the phase takes at this rate; 0 if that is unknown.
func (p LogProgress) Left() time.Duration {
	if rate := p.Rate(); rate > 0 {
		return time.Duration(float64(p.Of-min(p.Done, p.Of)) / rate * float64(time.Second))
	}
	return 0
}

// LogReport is what a log that verifies holds.
type LogReport struct {
	Size       uint64             `json:"size"`
	Root       tlog.Hash          `json:"root"`
	Pins       Pins               `json:"pins"`
	Witnesses  []tlog.Cosignature `json:"-"`
	Witnessed  bool               `json:"witnessed"`
	Counts     LogCounts          `json:"counts"`
	LeavesOnly bool               `json:"leaves_only,omitzero"`
	Profile    *mou.Profile       `json:"-"`

	// Early are the ends of retention, by their entries, that came sooner behind
	// something that they took than the profile says: with them a hub could hide
	// what it wants to. They prove nothing false, and people must ask.
	Early []uint64 `json:"retired_early,omitzero"`
}

// LogCounts is what a verification counted.
type LogCounts struct {
	Entries    uint64 `json:"entries"`
	Refused    uint64 `json:"refused"`
	Cases      uint64 `json:"cases"`
	Judged     uint64 `json:"judged"`     // admitted statements about cases, judged again
	Signatures uint64 `json:"signatures"` // checked
	Readings   uint64 `json:"readings"`   // by auditors
	Erased     uint64 `json:"erased"`     // records destroyed at the hub
	Retired    uint64 `json:"retired"`    // cases whose openings retention destroyed
	Resets     uint64 `json:"resets"`     // of witnesses
}

// ErrRetiredMeanwhile means that retention destroyed openings while the log was
// read: what was verified holds, and the rest must be read anew.
var ErrRetiredMeanwhile = errors.New("retention destroyed the openings of a case while the log was read: run the verification again from the start")

// logRun is one verification under way.
type logRun struct {
	LogVerification

	checkpoint tlog.Checkpoint
	directory  *parties
	progress   logProgress
	saved      progressFile
	state      *logState // nil: nothing is verified yet
}

// VerifyLog verifies a whole log up to a checkpoint, trusting only the pins. First
// it reads all entries in their order: each leaf is of its opening, time never
// decreases, the leaves give the root that the checkpoint signs, and what is about
// no case is in order. Then it reads them case by case and judges each again:
// signatures, links, verdicts, the stored state; and finds that the two readings
// show the same entries, none left out. Every finding is [ErrUnverified] and names
// the first entry that fails.
//
// Signatures are verified in batches, which accept what a single check accepts. A
// signer who lies about its own signature could make one that only the batch
// accepts; it binds the signer all the same, and nobody else can make it.
func VerifyLog(ctx context.Context, of LogVerification) (LogReport, error) {
	if of.Workers <= 0 {
		of.Workers = runtime.GOMAXPROCS(0)
	}
	r := &logRun{LogVerification: of}
	var err error
	if r.checkpoint, err = r.reopen(of.Checkpoint); err != nil {
		return LogReport{}, err
	}
	report, err := r.verify(ctx)
	switch {
	case of.Resume == "":
	case err == nil, errors.Is(err, ErrUnverified), errors.Is(err, ErrRetiredMeanwhile):
		err = errors.Join(err, r.saved.remove(of.Resume)) // the next run begins anew
	case r.state != nil:
		err = errors.Join(err, r.saved.save(r, r.state)) // it broke off: the next run goes on from here
	}
	return report, err
}

// reopen reads a checkpoint of the pinned log.
func (r *logRun) reopen(signed []byte) (tlog.Checkpoint, error) {
	log, err := note.NewVerifier(r.Pins.Log)
	if err != nil || log.Name() != r.Hub.Origin() {
		return tlog.Checkpoint{}, unverified("the log key that was pinned is none of this hub")
	}
	c, err := tlog.ParseCheckpoint(signed, log)
	if err != nil {
		return c, unverified("the checkpoint is not signed by the log key that was pinned")
	}
	return c, nil
}

func (r *logRun) verify(ctx context.Context) (LogReport, error) {
	state, err := r.begin(ctx)
	if err != nil {
		return LogReport{}, err
	}
	r.state = state
	if state.phase == phaseOrder {
		if err := r.entriesInOrder(ctx, state); err != nil {
			return LogReport{}, err
		}
	}
	if !r.LeavesOnly {
		if err := r.casesAgain(ctx, state); err != nil {
			return LogReport{}, err
		}
	}
	report := LogReport{
		Size: r.checkpoint.Size, Root: r.checkpoint.Root, Pins: r.Pins, Counts: state.counts, LeavesOnly: r.LeavesOnly, Profile: r.directory.profile, Early: state.early,
	}
	if report.Witnesses, report.Witnessed, err = r.directory.witnesses(r.checkpoint.Size, r.Checkpoint); err != nil {
		return report, unverified("%v", err)
	}
	return report, nil
}

// begin founds the directory from genesis, and takes up an earlier run if there is one.
func (r *logRun) begin(ctx context.Context) (*logState, error) {
	if err := r.found(ctx); err != nil {
		return nil, err
	}
	state := &logState{phase: phaseOrder, hours: newHours(), retirements: map[events.CaseID]retirement{}, gone: map[uint64]string{}}
	if _, err := rand.Read(state.key[:]); err != nil {
		return nil, fmt.Errorf("making a key for the tags of entries: %w", err)
	}
	if r.Resume != "" {
		if err := r.saved.load(r, state); err != nil {
			return nil, err
		}
	}
	return state, nil
}

// found reads genesis. What changes the directory behind it is taken in its order.
func (r *logRun) found(ctx context.Context) error {
	for e, err := range r.Source.Entries(ctx, 0, min(r.checkpoint.Size, 1)) {
		if err != nil {
			return err
		}
		shown, _, err := r.shown(e, 0)
		if err == nil {
			r.directory, err = found(r.Hub, shown, r.Texts, newProfiles())
		}
		if err != nil {
			return unverified("entry 0, the founding of the directory: %v", err)
		}
		if what := r.directory.pins.differ(r.Pins); what != "" {
			return otherHub(what)
		}
		return nil
	}
	return unverified("entry 0, the founding of the directory: it is missing")
}
