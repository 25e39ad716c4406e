package tlog

import (
	"fmt"

	"golang.org/x/mod/sumdb/note"

	"handrail/events"
)

// Witness is what a witness remembers of a log: the newest checkpoint that it
// cosigned. The zero Witness has cosigned none. Its rules are those of C2SP
// tlog-witness; messages replace its HTTP requests.
type Witness struct {
	Last Checkpoint
	Note []byte // Last as the log signed it and the witness cosigned it
}

// Judge says whether the witness may cosign an offered checkpoint, given the size
// that the log says it goes on from and the proof. With an empty finding it may,
// and the checkpoint becomes its Last; it must be stored before anybody gets the
// cosignature. Otherwise the error says why in words, [ErrCheckpoint] or
// [ErrForked] among its causes where they fit; the checkpoint is what the log
// signed, the zero one if it did not.
//
// What the log signed at the same size with another root, or smaller, is found
// first, whatever the log says it goes on from: it proves a fork or a rollback. A
// log that goes on from a size beyond Last has a cosignature that the witness
// forgot, or lies; either way people must look, and nothing is cosigned.
func (w Witness) Judge(offered []byte, old uint64, proof []Hash, log note.Verifier) (Checkpoint, events.Finding, error) {
	c, err := ParseCheckpoint(offered, log)
	switch {
	case err != nil:
		return Checkpoint{}, events.FindingUnsigned, err
	case w.Last.Size > 0 && c.Size == w.Last.Size && c.Root != w.Last.Root:
		return c, events.FindingInconsistent, fmt.Errorf("%w: it has another root at the same size %d", ErrForked, c.Size)
	case c.Size < w.Last.Size:
		return c, events.FindingRolledBack, fmt.Errorf("%w: it was cosigned at %d entries and now has %d", ErrForked, w.Last.Size, c.Size)
	case old > w.Last.Size:
		return c, events.FindingStateLost, fmt.Errorf("the log says that this witness cosigned it at %d entries, and the witness remembers %d", old, w.Last.Size)
	case old < w.Last.Size:
		return c, events.FindingOldSize, fmt.Errorf("the log offers to go on from %d entries, and this witness cosigned %d last", old, w.Last.Size)
	}
	last := w.Last
	if last.Size == 0 {
		last = EmptyCheckpoint(c.Origin)
	}
	if err := VerifyConsistency(last, c, proof); err != nil {
		return c, events.FindingInconsistent, err
	}
	return c, "", nil
}
