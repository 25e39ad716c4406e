package audit

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

const (
	chunkEntries = 512
	chunkBytes   = 4 << 20
)

// inOrderChunk is some entries on their way through a worker.
type inOrderChunk struct {
	first   uint64
	entries []*ledger.LogEntry
	checked []inOrder
	err     error
}

// inOrder is what the first reading finds of one entry.
type inOrder struct {
	leaf     tlog.Hash
	tag      uint64 // 0: all of it is verified
	admitted string // empty: not opened
	erased   uint64 // of what is not opened: the entry that is said to have destroyed that
	refused  bool
	payload  events.Payload // of what is about no case
	uncased  *uncased       // what is about no case, still to be judged under the directory
	by       events.AgencyID
	at       time.Time
}

// entriesInOrder is the first phase.
func (r *logRun) entriesInOrder(ctx context.Context, s *logState) error {
	r.progress.begin(1, s.tree.Size(), r.checkpoint.Size)
	chunks := chunked(r.Source.Entries(ctx, s.tree.Size(), r.checkpoint.Size), s.tree.Size())
	err := inTurn(ctx, r.Workers, chunks,
		func(c *inOrderChunk) *inOrderChunk { r.checkChunk(s, c); return c },
		func(c *inOrderChunk) error { return r.takeChunk(s, c) })
	if err != nil {
		return err
	}
	if s.tree.Size() != r.checkpoint.Size {
		return unverified("entry %d: it is missing, although the checkpoint covers %d entries", s.tree.Size(), r.checkpoint.Size)
	}
	if s.tree.Root() != r.checkpoint.Root {
		return unverified("the log's %d leaves do not give the root that its checkpoint signs: a leaf was exchanged, dropped or inserted", s.tree.Size())
	}
	s.phase = phaseCases
	return nil
}

// chunked cuts a stream of entries into chunks. The error of a stream ends it.
func chunked(entries iter.Seq2[*ledger.LogEntry, error], from uint64) iter.Seq2[*inOrderChunk, error] {
	return func(yield func(*inOrderChunk, error) bool) {
		c, bytes := &inOrderChunk{first: from}, 0
		for e, err := range entries {
			if err != nil {
				yield(nil, err)
				return
			}
			c.entries = append(c.entries, e)
			if bytes += len(e.Opening) + len(e.Data) + len(e.Record); len(c.entries) < chunkEntries && bytes < chunkBytes {
				continue
			}
			next := c.first + uint64(len(c.entries))
			if !yield(c, nil) {
				return
			}
			c, bytes = &inOrderChunk{first: next}, 0
		}
		if len(c.entries) > 0 {
			yield(c, nil)
		}
	}
}

// checkChunk does what needs no other entry.
func (r *logRun) checkChunk(s *logState, c *inOrderChunk) {
	c.checked = make([]inOrder, 0, len(c.entries))
	for i, e := range c.entries {
		number := c.first + uint64(i)
		one, err := r.checkEntry(s, e, number)
		if err != nil {
			c.err = unverified("entry %d: %v", number, err)
			return
		}
		c.checked = append(c.checked, one)
	}
}

func (r *logRun) checkEntry(s *logState, e *ledger.LogEntry, number uint64) (one inOrder, err error) {
	shown, leaf, err := r.shown(e, number)
	if err != nil {
		return one, err
	}
	one.leaf = leaf
	if e.Opening == nil {
		if e.Erased == 0 {
			return one, unopened(shown)
		}
		one.tag, one.erased = s.tag(number, leafGone(leaf, e.Erased)), e.Erased
		return one, nil
	}
	recorded := uint64(0)
	if recorded, one.admitted, err = firstLines(e.Opening); err != nil {
		return one, err
	}
	switch {
	case recorded != number:
		return one, errors.New("it was recorded under another number")
	case r.LeavesOnly && !looksOfDirectory(e.Opening):
		return one, nil
	case looksCased(e.Opening):
		one.tag = s.tag(number, leaf)
		return one, nil
	}
	return one, r.readUncased(shown, &one)
}

// takeChunk takes a chunk's findings in, in the order of the log.
func (r *logRun) takeChunk(s *logState, c *inOrderChunk) error {
	batch := &signatureBatch{}
	err := r.takeEntries(s, c, batch)
	if number, bad := batch.verify(); bad != nil { // it stands ahead of whatever else was found
		return unverified("entry %d: %v", number, bad)
	}
	if err = cmp.Or(err, c.err); err != nil {
		return err
	}
	r.tell(1, s.tree.Size())
	return r.saved.keep(r, s)
}

// takeEntries takes in entries, and collects the signatures that are still to be checked.
func (r *logRun) takeEntries(s *logState, c *inOrderChunk, batch *signatureBatch) error {
	for i := range c.checked {
		one, number := &c.checked[i], s.tree.Size()
		if one.admitted != "" && one.admitted < s.admitted {
			return unverified("entry %d: it was admitted before an entry that stands ahead of it", number)
		}
		if one.admitted != "" {
			s.admitted = one.admitted
		}
		if one.uncased != nil {
			if err := r.directory.takeUncased(one.uncased, func(claim seal.Claim) error { batch.add(number, claim); return nil }); err != nil {
				return unverified("entry %d: %v", number, err)
			}
			s.keep(one.uncased)
		}
		if err := s.take(one); err != nil {
			return err
		}
	}
	return nil
}
