package tlog_test

import (
	"encoding/hex"
	"errors"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"

	"handrail/contracts/tlog"
	"handrail/events"
)

// flooded is a hub that answered many submissions of the police with one entry.
type flooded struct {
	*hub
	sent    []events.Event
	answers []tlog.Delivery
	entry   tlog.Entry
}

func flood(t *testing.T, n int) flooded {
	t.Helper()
	f := flooded{hub: newHub(t, sampleland, "flood")}
	f.admit(f.opened(1))
	var refusals []tlog.Refusal
	for i := range n {
		e := f.opened(events.Sequence(i + 2))
		salt := [32]byte{1, byte(i)}
		r := tlog.Refusal{Rule: "signature-invalid", Salted: tlog.SaltedDigest(salt, tlog.SubmissionDigest(e.Attributes(), e.Data))}
		if i%3 == 0 {
			r.Rule, r.Pointer = "source-mismatch", "attribute source"
		}
		f.sent, refusals = append(f.sent, e), append(refusals, r)
		f.answers = append(f.answers, tlog.Delivery{
			Kind: tlog.KindRefusal, Number: uint64(i + 2), Recipient: police, Entry: 1, ID: e.ID, Sequence: e.Sequence,
			DigestSalt: salt, Reason: "the signature is not of this agency's key", Rule: r.Rule, Pointer: r.Pointer, Salted: r.Salted, Index: uint64(i),
		})
	}
	tree, err := tlog.NewFlood(refusals)
	must(t, err)
	f.entry = tlog.Entry{
		Number: 1, Admitted: epoch, Verdict: tlog.Refused, Submitter: police, Rule: tlog.RuleFlood, Count: tree.Count(), Root: tree.Root(),
	}
	f.append(f.entry)
	for i := range f.answers {
		f.answers[i].Path, err = tree.Path(uint64(i))
		must(t, err)
		f.answers[i] = f.deliver(f.answers[i])
	}
	return f
}

func TestEachRefusalOfAFloodIsProvenToItsSender(t *testing.T) {
	for _, n := range []int{2, 17, 100} {
		f := flood(t, n)
		pins := f.pins(police)
		for i, answer := range f.answers {
			header, err := answer.Header()
			must(t, err)
			got, err := tlog.ParseDelivery(header)
			must(t, err)
			for _, e := range []*events.Event{&f.sent[i], nil} {
				entry, err := pins.Verify(got, e)
				if err != nil {
					t.Fatalf("refusal %d of %d: %v", i, n, err)
				}
				if rule, pointer := got.Why(entry); rule != answer.Rule || pointer != answer.Pointer || entry.Rule != tlog.RuleFlood {
					t.Errorf("refusal %d is by %s at %q", i, rule, pointer)
				}
			}
			leaf := tlog.Refusal{Rule: answer.Rule, Pointer: answer.Pointer, Salted: answer.Salted}.Leaf()
			path := make([][]byte, len(answer.Path))
			for at, h := range answer.Path {
				path[at] = h[:]
			}
			if err := proof.VerifyInclusion(rfc6962.DefaultHasher, answer.Index, f.entry.Count, rfc6962.DefaultHasher.HashLeaf(leaf), path, f.entry.Root[:]); err != nil {
				t.Errorf("another implementation does not find refusal %d: %v", i, err)
			}
		}
	}
}

func TestAFloodsEntryHasOneForm(t *testing.T) {
	f := flood(t, 17)
	got, err := tlog.ParseEntry(f.entry.Bytes())
	must(t, err)
	if !reflect.DeepEqual(got, f.entry) {
		t.Errorf("read back %+v, want %+v", got, f.entry)
	}
	text := string(f.entry.Bytes())
	for name, changed := range f.otherForms(text) {
		if changed == text {
			t.Fatalf("%s: the test changed nothing", name)
		}
		if _, err := tlog.ParseEntry([]byte(changed)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

// otherForms are texts that look like a flood's entry and are none.
func (f flooded) otherForms(text string) map[string]string {
	return map[string]string{
		"one refusal":      strings.Replace(text, "refusals 17", "refusals 1", 1),
		"no count":         strings.Replace(text, "refusals 17\n", "", 1),
		"a pointer":        strings.Replace(text, "refusals 17", "pointer /age\nrefusals 17", 1),
		"a case":           text + "case " + f.sent[0].Subject + "\n",
		"a salted digest":  text + "salted-digest " + strings.Repeat("ab", 32) + "\n",
		"another rule":     strings.Replace(text, "refusal-flood", "signature-invalid", 1),
		"upper-case root":  upperLine(text, "refusals-root"),
		"half a root":      text[:len(text)-3] + "\n",
		"a count in words": strings.Replace(text, "refusals 17", "refusals many", 1),
	}
}

// What somebody between, or the hub itself, could change about an answer.
func TestAChangedAnswerOfAFloodIsRefused(t *testing.T) {
	f := flood(t, 17)
	single := newHub(t, sampleland, "single")
	single.admit(single.opened(1))
	lone := single.opened(2)
	single.refuse(lone, [32]byte{3})
	lie := tlog.Delivery{Kind: tlog.KindRefusal, Number: 3, Recipient: police, Entry: 1, DigestSalt: [32]byte{3}, Reason: "no", Rule: "hub-fault", Salted: [32]byte{1}, Path: []tlog.Hash{{1}}}
	if _, err := single.pins(police).Verify(single.deliver(lie), &lone); !errors.Is(err, tlog.ErrEntry) {
		t.Errorf("a refusal of its own shown as one of a flood: %v", err)
	}
	for name, c := range f.changes() {
		if _, err := f.changed(c); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

type floodChange struct {
	change func(*tlog.Delivery)
	sign   bool // the hub itself lies
	want   error
}

// changes are what makes an answer another that is not true.
func (f flooded) changes() map[string]floodChange {
	return map[string]floodChange{
		"another path":             {func(d *tlog.Delivery) { d.Path = f.answers[5].Path }, false, tlog.ErrProof},
		"a path too short":         {func(d *tlog.Delivery) { d.Path = d.Path[1:] }, false, tlog.ErrProof},
		"no path":                  {func(d *tlog.Delivery) { d.Path = nil }, false, tlog.ErrStatement},
		"another place":            {func(d *tlog.Delivery) { d.Index++ }, false, tlog.ErrStatement},
		"another rule":             {func(d *tlog.Delivery) { d.Rule = "key-unknown" }, false, tlog.ErrStatement},
		"another rule, signed":     {func(d *tlog.Delivery) { d.Rule = "key-unknown" }, true, tlog.ErrProof},
		"another pointer, signed":  {func(d *tlog.Delivery) { d.Pointer = "" }, true, tlog.ErrProof},
		"another place, signed":    {func(d *tlog.Delivery) { d.Index++ }, true, tlog.ErrProof},
		"beyond the flood, signed": {func(d *tlog.Delivery) { d.Index = 17 }, true, tlog.ErrProof},
		"the flood's own rule":     {func(d *tlog.Delivery) { d.Rule = tlog.RuleFlood }, false, tlog.ErrStatement},
		"somebody else's refusal": {func(d *tlog.Delivery) {
			o := f.answers[3]
			d.Rule, d.Pointer, d.Salted, d.Index, d.Path, d.DigestSalt = o.Rule, o.Pointer, o.Salted, o.Index, o.Path, o.DigestSalt
		}, true, tlog.ErrEvent},
		"no rule of its own": {func(d *tlog.Delivery) { d.Rule, d.Pointer, d.Salted, d.Index, d.Path = "", "", [32]byte{}, 0, nil }, true, tlog.ErrEntry},
	}
}

const (
	sentenceFlood     = "its rule is `refusal-flood`, and instead of pointer, case and digest it holds their number and the RFC 6962 root over their leaves."
	sentenceFloodLeaf = "Such a leaf is `handrail-refusal v1`, LF, and the lines `rule`, `pointer` (if there is one) and `salted-digest` of the refusal."
	sentenceInFlood   = "The refusal of a submission that went under in a flood adds its own rule, pointer and salted digest, its index among the flood's leaves, from 0, and the inclusion proof that leads from its leaf to their root;"
)

func TestFloodVectors(t *testing.T) {
	f := flood(t, 17)
	file := vectorFile{
		About: "Floods: one entry for many refusals of one submitter. input.entry is a flood's entry; input.leaf one of its leaves; input.header an answer as input.recipient received it, attributes and data the submission as it has it. refused.check says which check does not believe it.",
		Given: map[string]any{"hub": f.id, "log_key": f.vkey, "hub_key": hubKey(t, f.hub)},
	}
	text := string(f.entry.Bytes())
	file.Vectors = append(file.Vectors, vector{Name: "entry", Sentence: sentenceFlood, Input: map[string]any{"entry": text}, Output: map[string]any{
		"number": f.entry.Number, "submitter": f.entry.Submitter, "rule": f.entry.Rule, "refusals": f.entry.Count, "refusals_root_hex": hex.EncodeToString(f.entry.Root[:]),
	}})
	forms := f.otherForms(text)
	for _, name := range slices.Sorted(maps.Keys(forms)) {
		_, err := tlog.ParseEntry([]byte(forms[name]))
		file.Vectors = append(file.Vectors, vector{Name: "entry: " + name, Sentence: sentenceFlood, Input: map[string]any{"entry": forms[name]}, Refused: refusedBy(t, name, err)})
	}
	for i, name := range []string{"leaf with a pointer", "leaf without"} {
		r := tlog.Refusal{Rule: f.answers[i].Rule, Pointer: f.answers[i].Pointer, Salted: f.answers[i].Salted}
		h := rfc6962.DefaultHasher.HashLeaf(r.Leaf())
		file.Vectors = append(file.Vectors, vector{Name: name, Sentence: sentenceFloodLeaf, Input: map[string]any{
			"rule": r.Rule, "pointer": r.Pointer, "salted_digest_hex": hex.EncodeToString(r.Salted[:]),
		}, Output: map[string]any{"leaf": string(r.Leaf()), "leaf_hash_hex": hex.EncodeToString(h)}})
	}
	for _, i := range []int{0, 6, 16} {
		file.Vectors = append(file.Vectors, received(t, "answer "+strconv.Itoa(i), sentenceInFlood, police, f.answers[i], &f.sent[i]))
	}
	file.Vectors = append(file.Vectors, received(t, "answer to a submission that is not at hand", sentenceInFlood, police, f.answers[6], nil))
	changes := f.changes()
	for _, name := range slices.Sorted(maps.Keys(changes)) {
		d, err := f.changed(changes[name])
		if _, unwritable := d.Header(); unwritable != nil {
			continue
		}
		v := received(t, "answer: "+name, sentenceInFlood, police, d, &f.sent[6])
		v.Refused = refusedBy(t, name, err)
		file.Vectors = append(file.Vectors, v)
	}
	slices.SortStableFunc(file.Vectors, func(a, b vector) int { return strings.Compare(a.Sentence, b.Sentence) })
	publish(t, "flood.json", file)
}

// changed is the seventh answer after a change, and what its recipient finds.
func (f flooded) changed(c floodChange) (tlog.Delivery, error) {
	d := f.answers[6]
	c.change(&d)
	if c.sign {
		d = f.sign(d)
	}
	_, err := f.pins(police).Verify(d, &f.sent[6])
	return d, err
}

func TestNoFloodOfOneOrOfWhatNoEntryCouldSay(t *testing.T) {
	good := tlog.Refusal{Rule: "key-unknown", Salted: [32]byte{1}}
	for name, refusals := range map[string][]tlog.Refusal{
		"none": nil,
		"one":  {good},
		"free": {good, {Rule: "she said no", Salted: [32]byte{1}}},
		"deep": {good, {Rule: tlog.RuleFlood, Salted: [32]byte{1}}},
		"text": {good, {Rule: "key-unknown", Pointer: "the person", Salted: [32]byte{1}}},
		"bare": {good, {Rule: "key-unknown"}},
	} {
		if _, err := tlog.NewFlood(refusals); err == nil {
			t.Errorf("%s: a flood", name)
		}
	}
}
