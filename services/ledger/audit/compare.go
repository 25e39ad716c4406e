package audit

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

// compare holds what an agency shows against the log.
func (c *complete) compare(e *evidence) error {
	c.out.Shown = &Shown{Submissions: uint64(len(e.submissions)), Deliveries: uint64(len(e.deliveries))}
	parsed := map[uint64]answer{}
	for _, number := range slices.Sorted(maps.Keys(e.deliveries)) {
		d, err := tlog.ParseDelivery(e.deliveries[number])
		if err != nil {
			return err
		}
		entry, err := c.delivery(d)
		if err != nil {
			return about(err, "delivery %d to %s", number, c.agency)
		}
		if d.Kind == tlog.KindReceipt || d.Kind == tlog.KindRefusal {
			parsed[number] = answer{d, entry}
		}
	}
	return c.submissions(e.submissions, parsed)
}

// answer is a receipt or a refusal that holds.
type answer struct {
	delivery tlog.Delivery
	entry    tlog.Entry
}

// delivery checks one delivery: the hub signed it to the agency under its number,
// lists it so, and the log still holds its entry.
func (c *complete) delivery(d tlog.Delivery) (tlog.Entry, error) {
	signed, err := note.Open(d.Statement, note.VerifierList(c.hubKey))
	if err != nil || d.Recipient != c.agency || signed.Text != tlog.Statement(c.hub, d) {
		return tlog.Entry{}, tlog.ErrStatement
	}
	if d.Number > uint64(len(c.lines)) {
		return tlog.Entry{}, fmt.Errorf("the hub signed it, and lists no more than %d for this agency", len(c.lines))
	}
	line := c.lines[d.Number-1]
	switch {
	case line.entry != d.Entry, line.kind != d.Kind && d.Kind != tlog.KindTombstone:
		return tlog.Entry{}, fmt.Errorf("the hub signed it as a %s of entry %d, and lists a %s of entry %d", d.Kind, d.Entry, line.kind, line.entry)
	case d.Kind == tlog.KindTombstone && !line.tombstone:
		return tlog.Entry{}, errors.New("the hub sent a tombstone, and lists none")
	case d.Kind == tlog.KindTombstone:
		return tlog.Entry{}, nil
	}
	v := tlog.Verifier{Hub: c.hub, Recipient: c.agency, Log: c.log, HubKey: c.hubKey}
	if d.Kind == tlog.KindRefusal {
		if _, err := v.Verify(d, nil); err != nil {
			return tlog.Entry{}, err
		}
	}
	entry, checkpoint, err := v.VerifyEntry(d.Entry, d.Opening(), d.Proof, d.Checkpoint)
	if err != nil {
		return entry, err
	}
	own, refused := entry.Submitter == c.agency, entry.Verdict == tlog.Refused
	if own != (d.Kind != tlog.KindEvent) || refused != (d.Kind == tlog.KindRefusal) {
		return entry, errors.New("it is of another kind than its entry makes it")
	}
	if err := c.sameLog(checkpoint); err != nil {
		return entry, err
	}
	return entry, c.holds(d.Entry, d.Opening().LeafHash())
}

// sameLog checks that a checkpoint that somebody was shown is of the log that the
// hub shows now.
func (c *complete) sameLog(shown tlog.Checkpoint) error {
	root, known := c.roots[shown.Size]
	if !known {
		if shown.Size > c.checkpoint.Size {
			return fmt.Errorf("it was proved in a log of %d entries, and the hub now shows one of %d: it was rolled back", shown.Size, c.checkpoint.Size)
		}
		roots, err := c.tiles.Roots([]uint64{shown.Size})
		if err != nil {
			return unread(err)
		}
		root = roots[0]
		c.roots[shown.Size] = root
	}
	if root != shown.Root {
		return fmt.Errorf("it was proved in another log of %d entries than the hub shows now: the log was forked", shown.Size)
	}
	return nil
}

// submissions checks that each has its answer. The newest of a key may wait for one.
func (c *complete) submissions(all []shownSubmission, answers map[uint64]answer) error {
	slices.SortStableFunc(all, func(a, b shownSubmission) int {
		return cmp.Or(cmp.Compare(a.Key, b.Key), cmp.Compare(a.Sequence, b.Sequence))
	})
	last := map[events.KeyID]string{}
	for _, s := range all {
		if s.Answered != 0 {
			last[s.Key] = s.Sequence
		}
	}
	for i, s := range all {
		if i > 0 && all[i-1].Key == s.Key {
			if err := follows(all[i-1].Sequence, s.Sequence); err != nil {
				return err
			}
		}
		switch {
		case s.Answered == 0 && s.Sequence > last[s.Key]:
			c.out.Shown.Waiting++
		case s.Answered == 0:
			return unverified("submission %s (sequence %s) was never answered, and later ones were", s.ID, s.Sequence)
		default:
			if err := c.answered(s, answers); err != nil {
				return unverified("submission %s (sequence %s): %v", s.ID, s.Sequence, err)
			}
			c.out.Shown.Answered++
		}
	}
	return nil
}

func follows(before, after string) error {
	a, errA := events.ParseSequence(before)
	b, errB := events.ParseSequence(after)
	if errA == nil && errB == nil && (b == a || b == a+1) { // the same: sent again as something else, and refused
		return nil
	}
	return unverified("between the sequences %s and %s of one key a submission is missing", before, after)
}

// answered checks that the delivery that is said to answer a submission does.
func (c *complete) answered(s shownSubmission, answers map[uint64]answer) error {
	a, shown := answers[s.Answered]
	if !shown {
		return fmt.Errorf("delivery %d, which is said to answer it, is not among what the agency shows, or is no answer", s.Answered)
	}
	same := a.entry.Attribute("id") == string(s.ID) && a.entry.SubmissionDigest() == s.digest
	if a.delivery.Kind == tlog.KindRefusal {
		salted := a.entry.Salted
		if a.delivery.Rule != "" {
			salted = a.delivery.Salted
		}
		same = tlog.SaltedDigest(a.delivery.DigestSalt, s.digest) == salted
	}
	if !same {
		return fmt.Errorf("delivery %d answers another submission", s.Answered)
	}
	if entry, known := c.known[s.ID]; a.delivery.Kind == tlog.KindReceipt && (!known || entry != a.entry.Number) {
		return fmt.Errorf("it has a receipt for entry %d, and the hub lists it otherwise or not at all", a.entry.Number)
	}
	return nil
}
