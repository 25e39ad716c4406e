package tlog_test

import (
	"crypto/sha256"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

const (
	sampleland events.HubID    = "sampleland"
	police     events.AgencyID = "sampletown-police"
	shelter    events.AgencyID = "lighthouse-shelter"
)

var epoch = time.Date(2026, 11, 2, 8, 0, 0, 0, time.UTC)

// hub is a ledger in memory: real keys, real events, real entries.
type hub struct {
	t        testing.TB
	id       events.HubID
	random   io.Reader
	log      note.Signer
	vkey     string
	key      seal.SigningKey
	police   seal.SigningKey
	tree     tlog.Tree
	stored   store
	openings []tlog.Opening
}

// newHub makes a hub whose every byte follows from the seed.
func newHub(t testing.TB, id events.HubID, seed string) *hub {
	t.Helper()
	h := &hub{t: t, id: id, random: rand.NewChaCha8(sha256.Sum256([]byte(seed)))}
	skey, vkey, err := tlog.NewLogKey(id.Origin(), h.random)
	must(t, err)
	h.vkey = vkey
	h.log, err = note.NewSigner(skey)
	must(t, err)
	h.key, err = seal.NewSigningKey(h.random)
	must(t, err)
	h.police, err = seal.NewSigningKey(h.random)
	must(t, err)
	return h
}

func (h *hub) uuid(at time.Time) string {
	id, err := events.NewUUID(at, h.random)
	must(h.t, err)
	return id
}

// opened is a signed case.opened of the police, the sequence-th of its key.
func (h *hub) opened(sequence events.Sequence) events.Event {
	at := epoch.Add(time.Duration(sequence) * time.Minute)
	data, err := events.Encode(&events.CaseOpened{Said: events.Said{Happened: events.At(at), Recorded: events.At(at), Channel: events.InPerson}, Age: events.Adult})
	must(h.t, err)
	id := events.EventID(h.uuid(at))
	person := h.uuid(at)
	e, err := h.police.Sign(events.Event{
		ID: id, Source: events.Source(h.id, police), Type: events.TypeCaseOpened, DataContentType: events.FactsContent,
		DataSchema: events.TypeCaseOpened.Schema(), Subject: person, Time: events.At(at), Hub: h.id.Origin(),
		Sequence: sequence.String(), CorrelationID: events.EventID(person), CausationID: id,
		TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", Data: data,
	})
	must(h.t, err)
	return e
}

func (h *hub) admit(e events.Event) tlog.Entry {
	n := h.tree.Size()
	entry := tlog.Entry{
		Number: n, Admitted: e.Time.Time().Add(1234567 * time.Microsecond), Verdict: tlog.Admitted, Submitter: e.Agency(),
		Profile: "model@1", Clause: "4.2", Semantics: 1, Attributes: e.Attributes(), DataDigest: sha256.Sum256(e.Data),
	}
	if n > 0 {
		entry.Previous = &tlog.Link{Number: n - 1, Leaf: h.openings[n-1].LeafHash()}
	}
	h.append(entry)
	return entry
}

func (h *hub) refuse(e events.Event, digestSalt [32]byte) tlog.Entry {
	entry := tlog.Entry{
		Number: h.tree.Size(), Admitted: e.Time.Time().Add(time.Second), Verdict: tlog.Refused, Submitter: e.Agency(),
		Rule: "consent-required", Pointer: "/sections", Case: e.Case(),
		Salted: tlog.SaltedDigest(digestSalt, tlog.SubmissionDigest(e.Attributes(), e.Data)),
	}
	h.append(entry)
	return entry
}

func (h *hub) append(entry tlog.Entry) {
	o, err := tlog.NewOpening(entry, h.random)
	must(h.t, err)
	h.openings = append(h.openings, o)
	h.stored.leaf(o.LeafHash())
	h.tree.Append(o.LeafHash(), h.stored.node)
}

func (h *hub) checkpoint() []byte {
	signed, err := tlog.Checkpoint{Origin: h.id.Origin(), Size: h.tree.Size(), Root: h.tree.Root()}.Sign(h.log)
	must(h.t, err)
	return signed
}

// deliver opens an entry to a recipient, with a proof in the tree as it is now.
func (h *hub) deliver(d tlog.Delivery) tlog.Delivery {
	if d.Kind != tlog.KindTombstone {
		proof, err := tlog.Prove(h.tree.Size(), d.Entry, h.stored.read)
		must(h.t, err)
		o := h.openings[d.Entry]
		d.Salt, d.EntryBytes, d.Proof, d.Checkpoint = o.Salt, o.Entry, proof, h.checkpoint()
	}
	return h.sign(d)
}

func (h *hub) sign(d tlog.Delivery) tlog.Delivery {
	signer, err := tlog.HubSigner(h.id, h.key.Public(), h.key.SignBytes)
	must(h.t, err)
	d, err = d.Sign(h.id, signer)
	must(h.t, err)
	return d
}

// pins is what an agency of this hub pinned.
func (h *hub) pins(recipient events.AgencyID) tlog.Verifier {
	logKey, err := note.NewVerifier(h.vkey)
	must(h.t, err)
	hubKey, err := tlog.HubVerifier(h.id, h.key.Public())
	must(h.t, err)
	return tlog.Verifier{Hub: h.id, Recipient: recipient, Log: logKey, HubKey: hubKey}
}

// store keeps hashes as the ledger's two tables do, and counts reads.
type store struct {
	levels [8][]tlog.Hash
	reads  map[string]int
}

func (s *store) leaf(h tlog.Hash) { s.levels[0] = append(s.levels[0], h) }

func (s *store) node(n tlog.Node) {
	if int64(len(s.levels[n.Level])) != n.Index {
		panic("nodes of a level come in order")
	}
	s.levels[n.Level] = append(s.levels[n.Level], n.Hash)
}

func (s *store) read(level int, from, to int64) ([]tlog.Hash, error) {
	if s.reads != nil {
		s.reads[fmt.Sprint(level, "/", from, "-", to)]++
	}
	if from < 0 || to > int64(len(s.levels[level])) {
		return nil, fmt.Errorf("level %d holds %d hashes", level, len(s.levels[level]))
	}
	return s.levels[level][from:to], nil
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
