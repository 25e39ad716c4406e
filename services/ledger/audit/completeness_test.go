package audit

import (
	"crypto/sha256"
	"errors"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// digestSalt opens the salted digests of the tests' refusals.
func digestSalt() [32]byte { return [32]byte{7} }

// submitted is the digest of a submission of which nothing else is known.
func submitted(what string) [32]byte { return sha256.Sum256([]byte(what)) }

// refused is what the hub dealt with the police, and two entries by which it refused more.
type refused struct {
	*dealt

	plain, flooded uint64
	flood          tlog.Flood
}

// saysNo is how one submission is refused.
func saysNo(what string) tlog.Refusal {
	return tlog.Refusal{Rule: mou.RuleConsentRequired, Salted: tlog.SaltedDigest(digestSalt(), submitted(what))}
}

func refuses(t *testing.T) *refused {
	t.Helper()
	b := newBook(t)
	b.referred(true)
	r := &refused{}
	var err error
	r.flood, err = tlog.NewFlood([]tlog.Refusal{saysNo("first of many"), saysNo("second of many")})
	b.must(err)
	r.plain = b.append(tlog.Entry{Verdict: tlog.Refused, Submitter: police, Rule: mou.RuleConsentRequired, Salted: saysNo("one").Salted}, &ledger.LogEntry{})
	r.flooded = b.append(tlog.Entry{Verdict: tlog.Refused, Submitter: police, Rule: tlog.RuleFlood, Count: r.flood.Count(), Root: r.flood.Root()}, &ledger.LogEntry{})
	b.refuses(shelter, "")
	r.dealt = b.deals()
	return r
}

// refuse refuses what the police submitted next, by an entry or within its flood.
func (r *refused) refuse(entry uint64, what string, within *tlog.Refusal, index uint64) {
	r.book.t.Helper()
	one := r.opens(tlog.KindRefusal, entry)
	one.DigestSalt, one.Reason = digestSalt(), "ask the person first"
	if within != nil {
		path, err := r.flood.Path(index)
		r.book.must(err)
		one.Rule, one.Pointer, one.Salted, one.Index, one.Path = within.Rule, within.Pointer, within.Salted, index, path
	}
	number := r.delivers(one, assignedLine{entry, tlog.KindRefusal, false})
	last := r.shown.submissions[len(r.shown.submissions)-1]
	sequence, err := events.ParseSequence(last.Sequence)
	r.book.must(err)
	r.shown.submissions = append(r.shown.submissions, shownSubmission{
		ID: events.EventID(what), Sequence: (sequence + 1).String(), Key: last.Key, Answered: number, digest: submitted(what),
	})
}

func TestARefusalAnswersASubmission(t *testing.T) {
	r := refuses(t)
	r.refuse(r.plain, "one", nil, 0)
	for i, what := range []string{"first of many", "second of many"} {
		no := saysNo(what)
		r.refuse(r.flooded, what, &no, uint64(i))
	}
	r.book.must(r.accounted())
	r.book.must(r.compare(r.shown))
	if s := r.out.Shown; s.Answered != uint64(len(r.shown.submissions)) || s.Waiting != 0 {
		t.Errorf("it counts %+v", s)
	}
}

// TestWhatTheHubSignedIsNotYetAnAnswer: the hub signed each of these, and lists it so.
func TestWhatTheHubSignedIsNotYetAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		deal func(*refused)
		want string
	}{
		"a refusal of another submission":   {func(r *refused) { r.refuse(r.plain, "another", nil, 0) }, "answers another submission"},
		"within a flood, of another":        {func(r *refused) { no := saysNo("second of many"); r.refuse(r.flooded, "another", &no, 1) }, "answers another submission"},
		"a refusal that its flood has not":  {func(r *refused) { no := saysNo("another"); r.refuse(r.flooded, "another", &no, 1) }, "the flood does not hold this refusal"},
		"a refusal at another place":        {func(r *refused) { no := saysNo("second of many"); r.refuse(r.flooded, "second of many", &no, 0) }, "the flood does not hold this refusal"},
		"a refusal beside the one recorded": {func(r *refused) { no := saysNo("another"); r.refuse(r.plain, "another", &no, 1) }, "differ on whether it is a flood"},
		"a receipt of what was refused": {func(r *refused) {
			r.delivers(r.opens(tlog.KindReceipt, r.plain), assignedLine{r.plain, tlog.KindReceipt, false})
		}, "of another kind than its entry makes it"},
		"a refusal of what was admitted":     {func(r *refused) { entry := r.deliveries[0].Entry; r.refuse(entry, "one", nil, 0) }, "do not fit the kind refusal"},
		"an event that is the police's own":  {func(r *refused) { r.is(tlog.KindEvent, r.deliveries[0].Entry) }, "of another kind than its entry makes it"},
		"a receipt of what another said":     {func(r *refused) { r.is(tlog.KindReceipt, 1) }, "of another kind than its entry makes it"},
		"an event that was refused":          {func(r *refused) { r.is(tlog.KindEvent, r.flooded+1) }, "of another kind than its entry makes it"},
		"an event that is listed otherwise":  {func(r *refused) { r.delivers(r.opens(tlog.KindEvent, 1), assignedLine{1, tlog.KindReceipt, false}) }, "signed it as a event of entry 1, and lists a receipt of entry 1"},
		"a tombstone that is not listed":     {func(r *refused) { r.buries(assignedLine{1, tlog.KindEvent, false}) }, "sent a tombstone, and lists none"},
		"a tombstone of another entry":       {func(r *refused) { r.buries(assignedLine{2, tlog.KindEvent, true}) }, "signed it as a tombstone of entry 1, and lists a event of entry 2"},
		"a tombstone that answers":           {func(r *refused) { r.shown.submissions[0].Answered = r.buries(assignedLine{1, tlog.KindEvent, true}) }, "or is no answer"},
		"an event that answers":              {func(r *refused) { r.shown.submissions[0].Answered = r.is(tlog.KindEvent, 1) }, "or is no answer"},
		"a receipt that is listed otherwise": {func(r *refused) { r.known[r.shown.submissions[0].ID] = r.deliveries[1].Entry }, "the hub lists it otherwise or not at all"},
		"a delivery to another agency":       {func(r *refused) { r.is(tlog.KindEvent, 1); r.to(shelter, r.deliveries[len(r.deliveries)-1]) }, "did not sign this delivery to this recipient"},
	} {
		t.Run(name, func(t *testing.T) {
			r := refuses(t)
			c.deal(r)
			r.book.must(r.accounted())
			if err := r.compare(r.shown); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}

// is delivers an entry as a kind, and lists it so.
func (d *dealt) is(kind tlog.Kind, entry uint64) uint64 {
	d.book.t.Helper()
	return d.delivers(d.opens(kind, entry), assignedLine{entry, kind, false})
}

// buries delivers a tombstone of entry 1, and lists it as the hub likes.
func (d *dealt) buries(listed assignedLine) uint64 {
	d.book.t.Helper()
	return d.delivers(tlog.Delivery{Kind: tlog.KindTombstone, Entry: 1, Reason: tlog.TombstoneErased}, listed)
}

// What is no answer is delivered too, and what was erased since was delivered before.
func TestEventsAndTombstonesAreDeliveredBesideTheAnswers(t *testing.T) {
	d := deals(t)
	d.is(tlog.KindEvent, 1)
	d.buries(assignedLine{1, tlog.KindEvent, true})
	d.delivers(d.opens(tlog.KindEvent, 1), assignedLine{1, tlog.KindEvent, true})
	d.book.must(d.accounted())
	d.book.must(d.compare(d.shown))
}

// forked is the log up to a size with another last leaf.
func (d *dealt) forked(size uint64) (checkpoint []byte, nodes map[int][]tlog.Hash) {
	leaves := slices.Clone(d.book.nodes[0][:size])
	leaves[size-1][0] ^= 1
	return d.book.logOf(leaves)
}

// logOf signs a log of other leaves with the hub's own key.
func (b *book) logOf(leaves []tlog.Hash) (checkpoint []byte, nodes map[int][]tlog.Hash) {
	b.t.Helper()
	var tree tlog.Tree
	nodes = map[int][]tlog.Hash{0: leaves}
	for _, leaf := range leaves {
		tree.Append(leaf, func(n tlog.Node) { nodes[n.Level] = append(nodes[n.Level], n.Hash) })
	}
	checkpoint, err := tlog.Checkpoint{Origin: hubID.Origin(), Size: tree.Size(), Root: tree.Root()}.Sign(b.log)
	b.must(err)
	return checkpoint, nodes
}

// TestAForkThatAnAgencyWasShownIsFound: the log's own key signed both, and the entry
// itself stands in both at the same place.
func TestAForkThatAnAgencyWasShownIsFound(t *testing.T) {
	for name, size := range map[string]func(*dealt) uint64{
		"as large as the log": func(d *dealt) uint64 { return d.checkpoint.Size },
		"of some time ago":    func(d *dealt) uint64 { return d.checkpoint.Size - 1 },
	} {
		t.Run(name, func(t *testing.T) {
			d := deals(t)
			one := d.deliveries[1]
			checkpoint, nodes := d.forked(size(d))
			proof, err := tlog.NewProver(size(d), func(level int, from, to int64) ([]tlog.Hash, error) { return nodes[level][from:to], nil }).Prove(one.Entry)
			d.book.must(err)
			one.Checkpoint, one.Proof = checkpoint, proof
			d.redelivers(one)
			err = d.compare(d.shown)
			if !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), "delivery 2 to sampletown-police: ") || !strings.Contains(err.Error(), "the log was forked") {
				t.Errorf("it says %v", err)
			}
		})
	}
}
