package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// casesChunk is some whole cases on their way through a worker.
type casesChunk struct {
	cases  []CaseEntries
	seen   []seenEntry
	counts LogCounts
	last   events.CaseID
	early  []uint64
	err    error
}

// seenEntry is an entry that the second reading showed.
type seenEntry struct{ number, tag uint64 }

// casesAgain is the second phase.
func (r *logRun) casesAgain(ctx context.Context, s *logState) error {
	r.progress.begin(2, s.again, s.cased)
	err := inTurn(ctx, r.Workers, casesChunked(r.Source.Cases(ctx, s.after), s.after),
		func(c *casesChunk) *casesChunk { r.judgeChunk(s, c); return c },
		func(c *casesChunk) error { return r.takeCases(s, c) })
	if err != nil {
		return err
	}
	for number, tag := range s.tags {
		if tag != 0 {
			return unverified("entry %d: the hub shows it in the order of the log, and of no case", number)
		}
	}
	return nil
}

// casesChunked cuts a stream of cases into chunks of whole cases.
func casesChunked(cases iter.Seq2[CaseEntries, error], after events.CaseID) iter.Seq2[*casesChunk, error] {
	return func(yield func(*casesChunk, error) bool) {
		c, entries := &casesChunk{}, 0
		for one, err := range cases {
			if err == nil && one.Head.Case <= after {
				err = errors.New("the hub shows cases out of order")
			}
			if err != nil {
				yield(nil, err)
				return
			}
			after = one.Head.Case
			c.cases, c.last = append(c.cases, one), after
			if entries += len(one.Entries); entries < chunkEntries {
				continue
			}
			if !yield(c, nil) {
				return
			}
			c, entries = &casesChunk{}, 0
		}
		if len(c.cases) > 0 {
			yield(c, nil)
		}
	}
}

// judgeChunk judges cases again and checks all their signatures at once. The first
// entry that fails is the one that a reader of the stream meets first.
func (r *logRun) judgeChunk(s *logState, c *casesChunk) {
	batch := &signatureBatch{}
	for i := range c.cases {
		number, err := r.judgeCase(s, c, &c.cases[i], batch)
		if errors.Is(err, ErrRetiredMeanwhile) {
			c.err = err
			return
		}
		if err != nil {
			c.err = unverified("entry %d: %v", number, err)
			break
		}
	}
	c.counts.Signatures += batch.size()
	if number, err := batch.verify(); err != nil {
		c.err = unverified("entry %d: %v", number, err)
	}
}

// judgeCase judges one case again, up to the checkpoint. It gives the entry that fails.
func (r *logRun) judgeCase(s *logState, c *casesChunk, one *CaseEntries, batch *signatureBatch) (uint64, error) {
	j := r.directory.newJudge(one.Head.Case)
	j.check = func(number uint64, claim seal.Claim) error { batch.add(number, claim); return nil }
	j.staffed = func(agency events.AgencyID, before uint64, at time.Time) bool {
		return s.hours.staffed(agency, before, r.directory.profile.Local(at))
	}
	gone := retiring{retirement: s.retirements[one.Head.Case], leaves: newLeaves()}
	whole, before, headers := true, len(c.seen), &storedHeaders{state: one.Head.State}
	for _, e := range one.Entries {
		if e.Number >= r.checkpoint.Size {
			whole = false
			break
		}
		if err := r.judgeEntry(s, c, one, e, j, &gone, headers); err != nil {
			return e.Number, err
		}
	}
	if err := gone.ended(); err != nil {
		return gone.number, err
	}
	if gone.destroyed > 0 {
		c.counts.Retired++
	}
	if gone.early(s.gone[gone.number], r.directory.profile.Retention()) {
		c.early = append(c.early, gone.number)
	}
	if number, err := j.destroyed(); err != nil {
		return number, err
	}
	if len(c.seen) > before { // else all of it is younger
		c.counts.Cases++
	}
	if !whole || gone.destroyed > 0 {
		return 0, nil
	}
	return j.last, sameState(j.folded, one.Head.State)
}

// sameState compares what a case's entries give with what the hub stores of it.
func sameState(folded mou.Case, stored []byte) error {
	if folded.ID() == "" && stored == nil {
		return nil
	}
	state, err := stateOf(folded)
	if err != nil {
		return err
	}
	if !bytes.Equal(state, stored) {
		return errors.New("it is the last of its case, and " + otherState)
	}
	return nil
}

func (r *logRun) judgeEntry(s *logState, c *casesChunk, one *CaseEntries, e *ledger.LogEntry, j *judge, gone *retiring, headers *storedHeaders) error {
	shown, leaf, err := r.shown(e, e.Number)
	if err != nil {
		return err
	}
	c.seen = append(c.seen, seenEntry{e.Number, s.tag(e.Number, leaf)})
	if shown.Record, err = record(e); err == nil && shown.Record == nil && e.Opening != nil && e.Erased != 0 {
		shown.Record, err = headers.of(e.Number)
	}
	if err != nil {
		return err
	}
	if done, err := gone.take(shown, r.checkpoint.Size, j); done || err != nil {
		if done {
			c.seen[len(c.seen)-1].tag = s.tag(e.Number, leafGone(leaf, e.Erased))
		}
		return err
	}
	if e.Erased >= r.checkpoint.Size && one.shows(e.Erased) {
		shown.Erased = 0 // at the checkpoint it was still there
	}
	step, err := j.step(shown)
	switch {
	case err != nil:
		return err
	case step.Entry.Verdict == tlog.Refused:
		c.counts.Refused++
	case gone.number != 0 && e.Number > gone.number:
		return errors.New("it was admitted when the case's retention had ended")
	default:
		c.counts.Judged++
		gone.last = step.Entry.Admitted
	}
	if step.Erased {
		c.counts.Erased++
	}
	return nil
}

// retiring follows the entries of a case whose retention ended.
type retiring struct {
	retirement

	leaves    *leaves
	destroyed uint64
	last      time.Time // admission of the last statement that is still opened
}

// early says whether the retention ended sooner than the profile says behind the
// last entry that it took; of destroyed ones that is when they were admitted at the
// earliest. Only a refusal, which nobody can tell from a statement any more, may be so young.
func (t *retiring) early(destroyed string, retention time.Duration) bool {
	last := t.last
	if at, err := time.Parse(tlog.AdmittedFormat, destroyed); err == nil && t.destroyed > 0 {
		last = at
	}
	return t.number != 0 && !last.IsZero() && t.at.Sub(last) < retention
}

// take counts an entry that the end of retention commits to. One without an opening
// is done with: there is nothing left to judge.
func (t *retiring) take(e ledger.TrailEntry, size uint64, j *judge) (done bool, err error) {
	if t.number != 0 && e.Number < t.number {
		t.leaves.add(e.Number, e.Leaf)
	}
	switch {
	case len(e.Opening) > 0:
		return false, nil
	case e.Erased >= size:
		return false, ErrRetiredMeanwhile
	case t.number == 0 || e.Erased != t.number || e.Number > t.number:
		return false, unopened(e)
	}
	t.destroyed++
	return true, j.inOrder(e.Number, j.at)
}

// ended compares the case's leaves with what the end of its retention commits to.
func (t *retiring) ended() error {
	if t.number == 0 {
		return nil
	}
	if err := t.leaves.are(&events.RetentionEnded{Entries: t.entries, Leaves: t.digest}); err != nil {
		return fmt.Errorf("it ends a case's retention, and %w", err)
	}
	if t.destroyed != 0 && t.destroyed != t.entries {
		return errors.New("it ends a case's retention, and openings of only some of the entries were destroyed")
	}
	return nil
}

// takeCases takes in what a chunk showed, in the order of the cases.
func (r *logRun) takeCases(s *logState, c *casesChunk) error {
	if errors.Is(c.err, ErrRetiredMeanwhile) {
		return c.err
	}
	for _, one := range c.seen {
		if s.tags[one.number] != one.tag {
			return unverified("entry %d: in its case the hub shows it otherwise than in the order of the log, or twice", one.number)
		}
		s.tags[one.number] = 0
	}
	if c.err != nil {
		return c.err
	}
	s.after = c.last
	s.again += uint64(len(c.seen))
	s.early = append(s.early, c.early...)
	s.counts.add(c.counts)
	r.tell(2, s.again)
	return r.saved.keep(r, s)
}

// add sums what the second phase counts.
func (c *LogCounts) add(more LogCounts) {
	c.Refused += more.Refused
	c.Cases += more.Cases
	c.Judged += more.Judged
	c.Signatures += more.Signatures
	c.Erased += more.Erased
	c.Retired += more.Retired
}
