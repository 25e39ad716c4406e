package audit

import (
	"time"

	"handrail/contracts/directory"
	"handrail/contracts/tlog"
	"handrail/events"
)

// The phases of a verification.
const (
	phaseOrder = iota + 1
	phaseCases
)

// logState is how far a verification has come. It holds ids and hashes, and hours
// at which agencies are staffed; nothing of any case.
type logState struct {
	phase       int
	key         [32]byte // of the tags; whoever knows it could show another entry the second time
	tree        tlog.Tree
	edges       [][]tlog.Hash // by tile level, the hashes of its unfinished tile: the tree is built from them again
	admitted    string        // time of the last entry
	tags        []uint64      // by entry; 0: nothing to come
	cased       uint64        // entries that the second phase must show
	hours       *hours
	retirements map[events.CaseID]retirement
	gone        map[uint64]string // by the entry that is said to end its retention, when the last without an opening was admitted at the earliest
	early       []uint64          // see LogReport.Early
	changes     []savedChange     // what changed the directory behind genesis
	after       events.CaseID     // the last case of the second phase
	again       uint64            // entries that the second phase has shown
	counts      LogCounts
}

// retirement is what the end of a case's retention commits to.
type retirement struct {
	number  uint64
	entries uint64
	digest  string
	at      time.Time
}

// take takes in one entry of the first phase.
func (s *logState) take(one *inOrder) error {
	number := s.tree.Size()
	s.grow(one.leaf)
	s.tags = append(s.tags, one.tag)
	s.counts.Entries++
	if one.tag != 0 {
		if one.admitted == "" {
			s.gone[one.erased] = s.admitted
		}
		s.cased++
		return nil
	}
	if one.refused {
		s.counts.Refused++
	}
	if one.payload != nil {
		s.counts.Signatures++
	}
	switch p := one.payload.(type) {
	case *events.CapacityPublished:
		s.hours.add(one.by, number, p.Hours)
	case *events.RetentionEnded:
		if _, twice := s.retirements[p.Case]; twice {
			return unverified("entry %d: it ends the retention of a case a second time", number)
		}
		s.retirements[p.Case] = retirement{number, p.Entries, p.Leaves, one.at}
	case *events.TrailRead:
		s.counts.Readings++
	case *events.WitnessReset:
		s.counts.Resets++
	}
	return nil
}

// keep remembers what changed the directory, for a run that goes on.
func (s *logState) keep(u *uncased) {
	if u.entry.Number > 0 && u.entry.Verdict == tlog.Admitted && directory.Changes(u.event.Type) {
		s.changes = append(s.changes, savedChange{u.entry.Number, u.shown.Salt, u.shown.Opening, u.shown.Data})
	}
}

// grow adds a leaf to the tree, and keeps what the tree is built from again.
func (s *logState) grow(leaf tlog.Hash) {
	s.edge(0, leaf)
	s.tree.Append(leaf, func(n tlog.Node) { s.edge(n.Level, n.Hash) })
}

func (s *logState) edge(level int, h tlog.Hash) {
	for len(s.edges) <= level {
		s.edges = append(s.edges, nil)
	}
	if len(s.edges[level]) == tlog.TileWidth {
		s.edges[level] = s.edges[level][:0]
	}
	s.edges[level] = append(s.edges[level], h)
}

// logProgress tells whoever looks how far a verification has come.
type logProgress struct {
	phase int
	from  uint64
	of    uint64
	since time.Time
	told  time.Time
}

// tellEvery is how often progress is told.
const tellEvery = 100 * time.Millisecond

func (p *logProgress) begin(phase int, from, of uint64) {
	*p = logProgress{phase: phase, from: from, of: of, since: time.Now()}
}

func (r *logRun) tell(phase int, done uint64) {
	now := time.Now()
	if r.Progress == nil || now.Sub(r.progress.told) < tellEvery && done < r.progress.of {
		return
	}
	r.progress.told = now
	r.Progress(LogProgress{Phase: phase, Done: done, Of: r.progress.of, Resumed: r.progress.from, Took: now.Sub(r.progress.since)})
}
