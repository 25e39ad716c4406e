package audit

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// dealt is what the hub dealt with the police, and the police's own evidence of it.
type dealt struct {
	*complete

	book       *book
	signed     []byte // the checkpoint
	signer     note.Signer
	deliveries []tlog.Delivery
	shown      *evidence
}

// deals gives the police a receipt for each of its admitted statements.
func deals(t *testing.T) *dealt {
	t.Helper()
	b := newBook(t)
	b.referred(true)
	return b.deals()
}

// deals gives the police a receipt for each of its admitted statements in the book as it is.
func (b *book) deals() *dealt {
	b.t.Helper()
	log, err := note.NewVerifier(b.logKey)
	b.must(err)
	signed := b.checkpoint()
	checkpoint, err := tlog.ParseCheckpoint(signed, log)
	b.must(err)
	hubKey, err := tlog.HubVerifier(hubID, b.founded.Signing)
	b.must(err)
	signer, err := tlog.HubSigner(hubID, b.founded.Signing, b.signing[events.HubAgency].SignBytes)
	b.must(err)
	d := &dealt{book: b, signed: signed, signer: signer, shown: &evidence{agency: police, hub: hubID, deliveries: map[uint64]string{}}, complete: &complete{
		hub: hubID, agency: police, log: log, hubKey: hubKey, checkpoint: checkpoint, answers: map[uint64]bool{}, known: map[events.EventID]uint64{},
		roots: map[uint64]tlog.Hash{}, out: &Completeness{Agency: police},
	}}
	d.tiles = tlog.ReadTiles(checkpoint, func(path string) ([]byte, error) { return tileOf(b.nodes, path) })
	for _, e := range b.entries {
		entry, err := tlog.ParseEntry(e.Opening)
		b.must(err)
		if entry.Submitter != police || entry.Verdict != tlog.Admitted {
			continue
		}
		number := d.delivers(d.opens(tlog.KindReceipt, e.Number), assignedLine{e.Number, tlog.KindReceipt, false})
		d.known[events.EventID(entry.Attribute("id"))] = e.Number
		d.shown.submissions = append(d.shown.submissions, shownSubmission{
			ID: events.EventID(entry.Attribute("id")), Sequence: entry.Attribute("sequence"), Key: b.signing[police].ID(), Answered: number, digest: entry.SubmissionDigest(),
		})
	}
	return d
}

// tileOf gives a tile of a log by its path.
func tileOf(nodes map[int][]tlog.Hash, path string) ([]byte, error) {
	p, err := tlog.ParseTilePath(path)
	if err != nil {
		return nil, err
	}
	from, to := p.Range()
	return tlog.TileBytes(nodes[p.Level][from:to]), nil
}

// opens begins a delivery of an entry, proved in the log as it is.
func (d *dealt) opens(kind tlog.Kind, entry uint64) tlog.Delivery {
	d.book.t.Helper()
	prover := tlog.NewProver(d.checkpoint.Size, func(level int, from, to int64) ([]tlog.Hash, error) { return d.book.nodes[level][from:to], nil })
	proof, err := prover.Prove(entry)
	d.book.must(err)
	e := d.book.entries[entry]
	return tlog.Delivery{Kind: kind, Entry: entry, Salt: e.Salt, EntryBytes: e.Opening, Proof: proof, Checkpoint: d.signed}
}

// delivers gives the police a delivery under the next number, and lists it as the hub likes.
func (d *dealt) delivers(one tlog.Delivery, listed assignedLine) uint64 {
	d.book.t.Helper()
	one.Number = uint64(len(d.deliveries)) + 1
	d.deliveries, d.lines = append(d.deliveries, one), append(d.lines, listed)
	if listed.kind == tlog.KindReceipt || listed.kind == tlog.KindRefusal {
		d.answers[listed.entry] = true
	}
	d.redelivers(one)
	return one.Number
}

// redelivers has the police show another form of a delivery, which the hub signed too.
func (d *dealt) redelivers(one tlog.Delivery) {
	d.book.t.Helper()
	d.to(police, one)
}

// to has the police show a delivery that the hub signed to somebody.
func (d *dealt) to(recipient events.AgencyID, one tlog.Delivery) {
	d.book.t.Helper()
	one.Recipient = recipient
	one, err := one.Sign(hubID, d.signer)
	d.book.must(err)
	header, err := one.Header()
	d.book.must(err)
	d.deliveries[one.Number-1], d.shown.deliveries[one.Number] = one, header
}

func TestWhatAnAgencyShowsIsComplete(t *testing.T) {
	d := deals(t)
	last := d.shown.submissions[len(d.shown.submissions)-1]
	sequence, err := events.ParseSequence(last.Sequence)
	d.book.must(err)
	d.shown.submissions = append(d.shown.submissions, shownSubmission{ID: "waits", Sequence: (sequence + 1).String(), Key: last.Key})
	d.book.must(d.accounted())
	d.book.must(d.compare(d.shown))
	if s := d.out.Shown; s.Answered != uint64(len(d.deliveries)) || s.Waiting != 1 {
		t.Errorf("it counts %+v", s)
	}
	d.book.must(ShowCompleteness(io.Discard, *d.out, false))
}

func TestTheFirstThingMissingIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*dealt)
		want   string
	}{
		"a submission is shown unanswered":  {func(d *dealt) { d.shown.submissions[1].Answered = 0 }, "was never answered, and later ones were"},
		"a submission is missing":           {func(d *dealt) { d.shown.submissions = append(d.shown.submissions[:1], d.shown.submissions[2:]...) }, "a submission is missing"},
		"its answer is another's":           {func(d *dealt) { d.shown.submissions[1].Answered = 1 }, "delivery 1 answers another submission"},
		"another content was answered":      {func(d *dealt) { d.shown.submissions[1].digest[0] ^= 1 }, "answers another submission"},
		"its answer is not shown":           {func(d *dealt) { delete(d.shown.deliveries, 2) }, "delivery 2, which is said to answer it, is not among"},
		"the hub does not know it":          {func(d *dealt) { delete(d.known, d.shown.submissions[1].ID) }, "the hub lists it otherwise or not at all"},
		"the hub lists another entry":       {func(d *dealt) { d.lines[1].entry++ }, "delivery 2 to sampletown-police: the hub signed it as a receipt"},
		"the hub lists fewer":               {func(d *dealt) { d.lines = d.lines[:2] }, "delivery 3 to sampletown-police: the hub signed it, and lists no more than 2"},
		"the log was exchanged":             {func(d *dealt) { d.book.nodes[0][d.deliveries[1].Entry][0] ^= 1 }, "delivery 1 to sampletown-police"},
		"the log was rolled back":           {func(d *dealt) { d.checkpoint.Size-- }, "it was rolled back"},
		"another hub's delivery":            {func(d *dealt) { d.hub = "otherland" }, "delivery 1 to sampletown-police: the hub did not sign this delivery"},
		"an entry that the log has not":     {func(d *dealt) { d.lines[1].entry = 1000 }, "the log of "},
		"a submission that nobody answered": {func(d *dealt) { delete(d.answers, d.deliveries[1].Entry) }, "no delivery answers it"},
	} {
		t.Run(name, func(t *testing.T) {
			d := deals(t)
			c.change(d)
			err := d.accounted()
			if err == nil {
				err = d.compare(d.shown)
			}
			if !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}

// That the hub does not answer says nothing of what it holds.
func TestALogThatCannotBeReadIsNoFinding(t *testing.T) {
	d := deals(t)
	away := errors.New("the hub does not answer")
	d.tiles = tlog.ReadTiles(d.checkpoint, func(string) ([]byte, error) { return nil, away })
	if err := d.compare(d.shown); !errors.Is(err, away) || errors.Is(err, ErrUnverified) {
		t.Errorf("without the hub it says %v", err)
	}
	d.tiles = tlog.ReadTiles(d.checkpoint, func(string) ([]byte, error) { return []byte("cut off"), nil })
	if err := d.compare(d.shown); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), "delivery 1") {
		t.Errorf("with tiles that are cut off it says %v", err)
	}
}

func TestEvidenceIsReadStrictly(t *testing.T) {
	d := deals(t)
	head, line := `{"agency":"sampletown-police","hub":"sampleland"}`, fmt.Sprintf(`{"submission":{"id":"%s","sequence":"00000000000000000001","key":"%s","digest":"%s","answered":1}}`,
		d.shown.submissions[0].ID, d.shown.submissions[0].Key, hex.EncodeToString(d.shown.submissions[0].digest[:]))
	e, err := readEvidence(strings.NewReader(head + "\n" + line + "\n"))
	d.book.must(err)
	if len(e.submissions) != 1 || e.submissions[0].digest != d.shown.submissions[0].digest {
		t.Errorf("it reads %+v", e.submissions)
	}
	other := d.deliveries[0]
	other.Checkpoint = append(slices.Clone(other.Checkpoint), "\n"...)
	one := d.shown.deliveryLine(1)
	d.redelivers(other)
	_, err = readEvidence(strings.NewReader(head + "\n" + one + "\n" + one))
	d.book.must(err) // the same twice says nothing else
	for _, bad := range []string{
		"", "{}", line, head + "\n{}", head + "\n" + head, head + "\n" + line + "x", head + "\n" + `{"delivery":"{}"}`,
		head + "\n" + strings.Replace(line, `"answered":1`, `"answered":-1`, 1), head + "\n" + strings.Replace(line, "00000000000000000001", "1", 1), head + "\n" + strings.Repeat("x", maxEvidenceLine+1),
		strings.Replace(head, "sampletown-police", "", 1), strings.Replace(head, "sampleland", "", 1), strings.Replace(head, `"agency":"sampletown-police",`, "", 1), strings.Replace(head, `,"hub":"sampleland"`, "", 1),
		head + "\n" + strings.Replace(line, `","answered"`, `00","answered"`, 1), head + "\n" + strings.Replace(line, `","answered"`, `x","answered"`, 1), head + "\n" + regexp.MustCompile(`"digest":"..`).ReplaceAllString(line, `"digest":"`),
		head + "\n" + regexp.MustCompile(`"id":"[^"]*",`).ReplaceAllString(line, ""), head + "\n" + regexp.MustCompile(`"key":"[^"]*",`).ReplaceAllString(line, ""),
		head + "\n" + one + "\n" + d.shown.deliveryLine(1),
	} {
		if _, err := readEvidence(strings.NewReader(bad)); err == nil {
			t.Errorf("%.60q is evidence", bad)
		}
	}
}

func FuzzEvidence(f *testing.F) {
	f.Add([]byte(`{"agency":"sampletown-police","hub":"sampleland"}` + "\n" + `{"delivery":"{}"}`))
	f.Fuzz(func(_ *testing.T, data []byte) { _, _ = readEvidence(bytes.NewReader(data)) })
}

// FuzzLogByCase reads any stream as the log by case, and judges what comes out.
func FuzzLogByCase(f *testing.F) {
	b := newBook(f)
	b.referred(true)
	f.Add([]byte{0xff, 0})
	r := &logRun{LogVerification: b.verification()}
	var err error
	r.checkpoint, err = r.reopen(r.Checkpoint)
	b.must(err)
	s, err := r.begin(f.Context())
	b.must(err)
	s.tags = make([]uint64, r.checkpoint.Size)
	f.Fuzz(func(_ *testing.T, data []byte) {
		page := ledger.NewLogReader(data)
		for {
			one, err := readCase(page)
			if err != nil {
				return
			}
			r.judgeChunk(s, &casesChunk{cases: []CaseEntries{one}})
			for _, e := range one.Entries {
				_, _ = r.checkEntry(s, e, e.Number)
			}
		}
	})
}
