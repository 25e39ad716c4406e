package ledger

import (
	"fmt"
	"slices"

	"handrail/contracts/tlog"
	"handrail/events"
)

// floodAbove is how many refusals of one sender that nobody can believe have an
// entry each in one transaction. More become one entry, so that whoever sends
// garbage fills its own inbox and not the log.
const floodAbove = 16

// floods makes the entries of floods, ahead of everything else in the batch: what
// is refused in them consumes no sequence and remembers no id, so its place
// among the rest means nothing.
func (b *batch) floods(all []*submission) {
	var senders []events.AgencyID
	garbage := map[events.AgencyID][]*submission{}
	seen := map[answerKey]bool{}
	for _, s := range all {
		key := answerKey{s.from, b.identity(s)}
		if b.disbelieved(s) == nil || b.hasAnswer(s) || seen[key] {
			continue
		}
		seen[key] = true
		if garbage[s.from] == nil {
			senders = append(senders, s.from)
		}
		garbage[s.from] = append(garbage[s.from], s)
	}
	for _, sender := range senders {
		if len(garbage[sender]) <= floodAbove {
			continue
		}
		if err := b.flood(sender, garbage[sender]); err != nil { // only a rule that is not of the log's syntax: ours, and each alone gets round it
			b.lead.alarm(b.ctx, "a flood of refusals could not be recorded as one", err)
		}
	}
}

// hasAnswer says whether a submission was answered before.
func (b *batch) hasAnswer(s *submission) bool {
	return slices.ContainsFunc(b.identities(s), func(identity [32]byte) bool {
		_, known := b.answers[answerKey{s.from, identity}]
		return known
	})
}

// flood makes one entry of many refusals of one sender, and an answer to each.
func (b *batch) flood(sender events.AgencyID, all []*submission) error {
	a := &act{}
	leaves := make([]tlog.Refusal, len(all))
	for i, s := range all {
		r, err := b.newRefused(s, b.disbelieved(s))
		if err != nil {
			return err
		}
		a.refused, leaves[i] = append(a.refused, r), r.Refusal
	}
	tree, err := tlog.NewFlood(leaves)
	if err != nil {
		return err
	}
	entry := tlog.Entry{
		Number: b.tree.Size(), Admitted: b.now, Verdict: tlog.Refused, Submitter: sender, Rule: tlog.RuleFlood, Count: tree.Count(), Root: tree.Root(),
	}
	if a.opening, err = tlog.NewOpening(entry, b.lead.random); err != nil {
		return fmt.Errorf("making an entry: %w", err)
	}
	a.leaf = a.opening.LeafHash()
	for i, r := range a.refused {
		if r.path, err = tree.Path(uint64(i)); err != nil {
			return err
		}
		if b.parties.receives(sender) {
			a.delivers = append(a.delivers, delivery{to: sender, kind: tlog.KindRefusal, answerAt: answerAt{entry.Number, i}})
		}
	}
	for i, s := range all {
		rule := b.disbelieved(s).Rule
		b.answered(s, answerAt{entry.Number, i}, rule)
		b.flooded[s] = rule
	}
	b.append(a)
	return nil
}
