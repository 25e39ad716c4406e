package tlog_test

import (
	"bytes"
	"errors"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"pgregory.net/rapid"

	"handrail/contracts/tlog"
	"handrail/events"
)

// signedHead is the checkpoint of some leaves as the log's operator signs it.
func (h *hub) signedHead(leaves []tlog.Hash) []byte {
	c := checkpointOf(leaves)
	c.Origin = h.id.Origin()
	signed, err := c.Sign(h.log)
	must(h.t, err)
	return signed
}

// remembers is a witness that cosigned the log of these leaves last.
func remembers(leaves []tlog.Hash) tlog.Witness {
	if len(leaves) == 0 {
		return tlog.Witness{}
	}
	return tlog.Witness{Last: checkpointOf(leaves)}
}

// altered is a history whose entry at a place is another one.
func altered(leaves []tlog.Hash, at int) []tlog.Hash {
	other := slices.Clone(leaves)
	other[at] = leafHash(1<<20 + at)
	return other
}

// offer is what a log offers to a witness, and what must come of it.
type offer struct {
	name    string
	last    []tlog.Hash // what the witness cosigned last
	signed  []byte
	old     uint64
	proof   []tlog.Hash
	finding events.Finding
	why     error
}

// offers are the cases of C2SP tlog-witness, and those of a witness that forgot.
func offers(h, forger *hub) []offer {
	leaves := leafHashes(12)
	forked := altered(leaves, 4)
	right := slowConsistency(7, leaves)
	signed := h.signedHead
	text, err := note.Sign(&note.Note{Text: "handrail/sampleland\n7\n"}, h.log)
	must(h.t, err)
	return []offer{
		{"the first that it sees", nil, signed(leaves[:7]), 0, nil, "", nil},
		{"the next one", leaves[:7], signed(leaves), 7, right, "", nil},
		{"the same again", leaves[:7], signed(leaves[:7]), 7, nil, "", nil},
		{"with a proof from nothing", nil, signed(leaves), 0, right, events.FindingInconsistent, tlog.ErrForked},
		{"with a proof from itself", leaves[:7], signed(leaves[:7]), 7, right, events.FindingInconsistent, tlog.ErrForked},
		{"without proof", leaves[:7], signed(leaves), 7, nil, events.FindingInconsistent, tlog.ErrForked},
		{"with a changed proof", leaves[:7], signed(leaves), 7, append([]tlog.Hash{leafHash(9)}, right[1:]...), events.FindingInconsistent, tlog.ErrForked},
		{"from another size, although consistent", leaves[:7], signed(leaves), 5, slowConsistency(5, leaves), events.FindingOldSize, nil},
		{"as if it were the first", leaves[:7], signed(leaves), 0, nil, events.FindingOldSize, nil},
		{"from beyond what it remembers", leaves[:7], signed(leaves), 9, slowConsistency(9, leaves), events.FindingStateLost, nil},
		{"from a size, to a witness that remembers none", nil, signed(leaves), 7, right, events.FindingStateLost, nil},
		{"a fork that grew", leaves[:7], signed(forked), 7, slowConsistency(7, forked), events.FindingInconsistent, tlog.ErrForked},
		{"a fork that grew, with the true log's proof", leaves[:7], signed(forked), 7, right, events.FindingInconsistent, tlog.ErrForked},
		{"a fork of the same size", leaves[:7], signed(forked[:7]), 7, nil, events.FindingInconsistent, tlog.ErrForked},
		{"a fork of the same size, as if it were the first", leaves[:7], signed(forked[:7]), 0, nil, events.FindingInconsistent, tlog.ErrForked},
		{"a smaller log", leaves[:7], signed(leaves[:6]), 6, nil, events.FindingRolledBack, tlog.ErrForked},
		{"a smaller log, as if it went on", leaves[:7], signed(leaves[:6]), 7, nil, events.FindingRolledBack, tlog.ErrForked},
		{"an empty log", leaves[:7], signed(nil), 0, nil, events.FindingRolledBack, tlog.ErrForked},
		{"signed by another key of the same name", leaves[:7], forger.signedHead(leaves), 7, right, events.FindingUnsigned, tlog.ErrCheckpoint},
		{"not signed", leaves[:7], []byte(checkpointOf(leaves).Text() + "\n"), 7, right, events.FindingUnsigned, tlog.ErrCheckpoint},
		{"signed, and no checkpoint", leaves[:7], text, 7, nil, events.FindingUnsigned, tlog.ErrCheckpoint},
		{"nothing", leaves[:7], nil, 7, nil, events.FindingUnsigned, tlog.ErrCheckpoint},
	}
}

func TestWitnessCosignsOnlyALogThatGoesOn(t *testing.T) {
	h := newHub(t, sampleland, "witness")
	for _, o := range offers(h, newHub(t, sampleland, "a second key of the same name")) {
		got, finding, err := remembers(o.last).Judge(o.signed, o.old, o.proof, h.pins(police).Log)
		if finding != o.finding || (err != nil) != (o.finding != "") || o.why != nil && !errors.Is(err, o.why) {
			t.Errorf("%s: finding %q: %v", o.name, finding, err)
		}
		if want, err := tlog.ParseCheckpoint(o.signed, h.pins(police).Log); err == nil && got != want || err != nil && got != (tlog.Checkpoint{}) {
			t.Errorf("%s: read %+v", o.name, got)
		}
	}
	rootless, err := tlog.Checkpoint{Origin: sampleland.Origin(), Root: leafHash(1)}.Sign(h.log)
	must(t, err)
	if _, finding, err := (tlog.Witness{}).Judge(rootless, 0, nil, h.pins(police).Log); finding != events.FindingInconsistent {
		t.Errorf("an empty log with a root: %q %v", finding, err)
	}
	elsewhere := newHub(t, "otherland", "another country")
	if _, finding, err := (tlog.Witness{}).Judge(elsewhere.signedHead(leafHashes(3)), 0, nil, h.pins(police).Log); finding != events.FindingUnsigned {
		t.Errorf("another log: %q %v", finding, err)
	}
}

// world is an operator with any number of histories of one log and two witnesses
// who never talk to each other, only remember.
type world struct {
	*hub
	log       note.Verifier
	histories [][]tlog.Hash
	memory    [2]tlog.Witness
	cosigned  [2][][]tlog.Hash // what each witness ever cosigned
	leaves    int
}

func (w *world) leaf() tlog.Hash {
	w.leaves++
	return leafHash(w.leaves)
}

func (w *world) draw(r *rapid.T) int {
	return rapid.IntRange(0, len(w.histories)-1).Draw(r, "history")
}

// show offers a history to a witness and keeps what is cosigned.
func (w *world) show(r *rapid.T, witness int, leaves []tlog.Hash, old uint64, proof []tlog.Hash) events.Finding {
	memory := &w.memory[witness]
	signed := w.signedHead(leaves)
	c, finding, err := memory.Judge(signed, old, proof, w.log)
	if (finding == "") != (err == nil) || c.Size != uint64(len(leaves)) {
		r.Fatalf("finding %q, error %v, size %d", finding, err, c.Size)
	}
	last := w.last(witness)
	goesOn := extends(leaves, last)
	switch {
	case finding == "" && (!goesOn || old != uint64(len(last))):
		r.Fatalf("cosigned %d entries after %d", len(leaves), len(last))
	case finding == "":
		*memory = tlog.Witness{Last: c, Note: signed}
		w.cosigned[witness] = append(w.cosigned[witness], slices.Clone(leaves))
	}
	return finding
}

func (w *world) last(witness int) []tlog.Hash {
	if n := len(w.cosigned[witness]); n > 0 {
		return w.cosigned[witness][n-1]
	}
	return nil
}

func extends(leaves, before []tlog.Hash) bool {
	return len(leaves) >= len(before) && slices.Equal(leaves[:len(before)], before)
}

// offerHonestly offers a history from the witness's last size with that history's own proof.
func (w *world) offerHonestly(r *rapid.T) {
	witness, leaves := rapid.IntRange(0, 1).Draw(r, "witness"), w.histories[w.draw(r)]
	last := w.last(witness)
	var proof []tlog.Hash
	if len(last) <= len(leaves) {
		proof = slowConsistency(len(last), leaves)
	}
	finding := w.show(r, witness, leaves, uint64(len(last)), proof)
	want := events.Finding("")
	switch {
	case len(leaves) < len(last):
		want = events.FindingRolledBack
	case !extends(leaves, last):
		want = events.FindingInconsistent
	}
	if finding != want {
		r.Fatalf("%d entries after %d: finding %q, want %q", len(leaves), len(last), finding, want)
	}
}

// offerSlyly offers a history from any size with a proof of any history, bent or not.
func (w *world) offerSlyly(r *rapid.T) {
	witness, leaves, other := rapid.IntRange(0, 1).Draw(r, "witness"), w.histories[w.draw(r)], w.histories[w.draw(r)]
	old := rapid.IntRange(0, len(other)).Draw(r, "old")
	if rapid.Bool().Draw(r, "the true old size") {
		old = min(len(w.last(witness)), len(other))
	}
	w.show(r, witness, leaves, uint64(old), drawChange(r, slowConsistency(old, other)))
}

// gossip shows each witness what the other cosigned last, as any party can that
// sees both: if one was shown another history, neither can be talked out of it.
func (w *world) gossip(r *rapid.T) {
	a, b := w.last(0), w.last(1)
	if extends(a, b) || extends(b, a) {
		return
	}
	for witness, shown := range [][]tlog.Hash{b, a} {
		last := w.last(witness)
		old := min(len(last), len(shown))
		for _, proof := range [][]tlog.Hash{slowConsistency(old, shown), slowConsistency(old, last), nil} {
			_, finding, err := w.memory[witness].Judge(w.memory[1-witness].Note, uint64(len(last)), proof, w.log)
			if finding != events.FindingInconsistent && finding != events.FindingRolledBack || !errors.Is(err, tlog.ErrForked) {
				r.Fatalf("a split view was not found: %q %v", finding, err)
			}
		}
	}
}

// Whatever an operator does who forks the log, rolls it back and lies, no two
// checkpoints that one witness cosigned are ever inconsistent, a log that is
// honestly offered is cosigned or found out, and a split view shows as soon as
// one witness sees what the other cosigned.
func TestNoOperatorGetsTwoHistoriesCosigned(t *testing.T) {
	h := newHub(t, sampleland, "operator")
	key := h.pins(police).Log
	rapid.Check(t, func(r *rapid.T) {
		w := &world{hub: h, log: key}
		w.histories = [][]tlog.Hash{{w.leaf()}}
		r.Repeat(map[string]func(*rapid.T){
			"grow": func(r *rapid.T) {
				at := w.draw(r)
				for range rapid.IntRange(1, 9).Draw(r, "entries") {
					w.histories[at] = append(slices.Clone(w.histories[at]), w.leaf())
				}
			},
			"fork": func(r *rapid.T) {
				from := w.histories[w.draw(r)]
				w.histories = append(w.histories, append(slices.Clone(from[:rapid.IntRange(0, len(from)-1).Draw(r, "common")]), w.leaf()))
			},
			"roll back": func(r *rapid.T) {
				at := w.draw(r)
				w.histories[at] = w.histories[at][:rapid.IntRange(1, len(w.histories[at])).Draw(r, "kept")]
			},
			"offer honestly": w.offerHonestly,
			"offer slyly":    w.offerSlyly,
			"gossip":         w.gossip,
			"": func(r *rapid.T) {
				for _, history := range w.cosigned {
					for i := 1; i < len(history); i++ {
						if !extends(history[i], history[i-1]) {
							r.Fatal("one witness cosigned two histories")
						}
					}
				}
			},
		})
	})
}

// FuzzWitness holds the witness to what the histories themselves say.
func FuzzWitness(f *testing.F) {
	f.Add(uint16(7), uint16(12), uint16(7), uint16(0), []byte{})
	f.Add(uint16(7), uint16(12), uint16(7), uint16(3), []byte{})
	f.Add(uint16(300), uint16(299), uint16(300), uint16(0), []byte{})
	f.Add(uint16(256), uint16(300), uint16(256), uint16(0), []byte{1})
	h := newHub(f, sampleland, "witness fuzz")
	key := h.pins(police).Log
	f.Fuzz(func(t *testing.T, last, size, old, fork uint16, noise []byte) {
		if last > 400 || size > 400 {
			return
		}
		remembered, offered := leafHashes(int(last)), leafHashes(int(size))
		if fork > 0 && fork <= size {
			offered = altered(offered, int(fork)-1)
		}
		var right []tlog.Hash
		if old <= size {
			right = slowConsistency(int(old), offered)
		}
		shown, ok := noisy(right, noise)
		if !ok {
			return
		}
		signed, err := checkpointOf(offered).Sign(h.log)
		must(t, err)
		_, got, err := remembers(remembered).Judge(signed, uint64(old), shown, key)
		if want := slowJudge(remembered, offered, int(old), slices.Equal(shown, right)); got != want || (err == nil) != (want == "") {
			t.Fatalf("%d after %d from %d: finding %q, want %q: %v", size, last, old, got, want, err)
		}
	})
}

// slowJudge is the witness's judgement with both histories at hand.
func slowJudge(last, offered []tlog.Hash, old int, right bool) events.Finding {
	switch {
	case len(offered) == len(last) && !slices.Equal(offered, last):
		return events.FindingInconsistent
	case len(offered) < len(last):
		return events.FindingRolledBack
	case old > len(last):
		return events.FindingStateLost
	case old < len(last):
		return events.FindingOldSize
	case !right || !extends(offered, last):
		return events.FindingInconsistent
	}
	return ""
}

// What a witness cosigned is what it can show: the note reads as its Last.
func TestAWitnessCanShowWhatItCosigned(t *testing.T) {
	w := newWitnesses(t, "memory")
	signed := w.checkpoint()
	c, finding, err := tlog.Witness{}.Judge(signed, 0, nil, w.logKey)
	must(t, err)
	memory := tlog.Witness{Last: c, Note: w.cosign(signed, police, epoch)}
	again, err := tlog.ParseCheckpoint(memory.Note, w.logKey)
	if err != nil || finding != "" || again != memory.Last {
		t.Fatalf("shows %+v: %v", again, err)
	}
	if _, finding, err := memory.Judge(memory.Note, c.Size, nil, w.logKey); finding != "" {
		t.Errorf("its own note is not good enough for it: %v", err)
	}
	if !bytes.HasPrefix(memory.Note, signed) {
		t.Error("the log's signature does not come first")
	}
}
