package audit

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// listing is what a hub answers an auditor of the police's deliveries and submissions.
type listing struct {
	*dealt

	of          events.AgencyID // whose deliveries these are
	ofToo       events.AgencyID // whose submissions
	deliveries  []ledger.DeliveryLine
	submissions []ledger.SubmissionLine
	assigned    uint64

	// Until all submissions were asked for:
	early  int                 // deliveries that are listed
	first  []byte              // the checkpoint
	before map[int][]tlog.Hash // the log
	asked  bool
}

// lists is an honest hub's answer.
func (d *dealt) lists() *listing {
	l := &listing{dealt: d, of: police, ofToo: police, first: d.signed, before: d.book.nodes, early: len(d.lines), assigned: uint64(len(d.lines))}
	for i, one := range d.lines {
		l.deliveries = append(l.deliveries, ledger.DeliveryLine{Number: uint64(i) + 1, Kind: one.kind, Entry: one.entry})
	}
	for id, entry := range d.known {
		l.submissions = append(l.submissions, ledger.SubmissionLine{ID: id, Entry: entry, Leaf: d.book.nodes[0][entry]})
	}
	slices.SortFunc(l.submissions, func(a, b ledger.SubmissionLine) int { return strings.Compare(string(a.ID), string(b.ID)) })
	return l
}

// auditor asks this hub, which serves until the test ends.
func (l *listing) auditor() *Auditor {
	l.book.t.Helper()
	says := func(w http.ResponseWriter, answer any) {
		if err := json.MarshalWrite(w, answer); err != nil {
			l.book.t.Error(err)
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/agencies/sampletown-police/deliveries", func(w http.ResponseWriter, r *http.Request) {
		all, assigned := l.deliveries, l.assigned
		if !l.asked && l.early < len(all) {
			all, assigned = all[:l.early], uint64(l.early)
		}
		after, err := strconv.Atoi(r.URL.Query().Get("after"))
		if err != nil {
			l.book.t.Error(err)
		}
		says(w, ledger.DeliveryPage{Agency: l.of, Assigned: assigned, Deliveries: all[min(after, len(all)):min(after+2, len(all))]})
	})
	mux.HandleFunc("GET /v1/agencies/sampletown-police/submissions", func(w http.ResponseWriter, r *http.Request) {
		page := ledger.SubmissionPage{Agency: l.ofToo}
		if l.asked = r.URL.Query().Get("after") != ""; !l.asked {
			page.Submissions = l.submissions
		}
		says(w, page)
	})
	mux.HandleFunc("GET /v1/tlog/checkpoint", func(w http.ResponseWriter, _ *http.Request) {
		signed := l.signed
		if !l.asked {
			signed = l.first
		}
		_, _ = w.Write(signed)
	})
	mux.HandleFunc("GET /v1/tlog/{tile...}", func(w http.ResponseWriter, r *http.Request) {
		nodes := l.book.nodes
		if !l.asked {
			nodes = l.before
		}
		tile, err := tileOf(nodes, r.PathValue("tile"))
		if err != nil {
			l.book.t.Error(err)
		}
		_, _ = w.Write(tile)
	})
	return l.book.askedOf(mux, ledger.ReadingRequest{What: events.ReadingCompleteness, Agency: police})
}

// deliveryLine is the line of a delivery; its header is ASCII.
func (e *evidence) deliveryLine(number uint64) string {
	return fmt.Sprintf(`{"delivery":%q}`, e.deliveries[number])
}

// text is the evidence as `handrail evidence` writes it.
func (e *evidence) text() io.Reader {
	var text strings.Builder
	fmt.Fprintf(&text, `{"agency":"%s","hub":"%s"}`, e.agency, e.hub)
	for _, s := range e.submissions {
		fmt.Fprintf(&text, "\n"+`{"submission":{"id":"%s","sequence":"%s","key":"%s","digest":"%x","answered":%d}}`, s.ID, s.Sequence, s.Key, s.digest, s.Answered)
	}
	for number := range e.deliveries {
		text.WriteString("\n" + e.deliveryLine(number))
	}
	return strings.NewReader(text.String())
}

func TestAnHonestHubAccountsForAnAgency(t *testing.T) {
	for _, meanwhile := range []int{0, 1} { // deliveries that are assigned while it is asked
		d := deals(t)
		l := d.lists()
		l.early -= meanwhile
		got, err := l.auditor().Completeness(t.Context(), police, d.shown.text())
		d.book.must(err)
		n := uint64(len(d.lines))
		if got.Assigned != n || got.Receipts != n || got.Submissions != n || got.LogSize != d.checkpoint.Size || got.Shown == nil || got.Shown.Answered != n {
			t.Errorf("with %d meanwhile it counts %+v, shown %+v", meanwhile, got, got.Shown)
		}
	}
}

// What was submitted while the hub is asked has its answer behind the checkpoint.
func TestASubmissionMayBeYoungerThanTheCheckpoint(t *testing.T) {
	d := deals(t)
	l := d.lists()
	youngest := d.lines[len(d.lines)-1].entry
	l.first, l.before = d.book.logOf(slices.Clone(d.book.nodes[0][:youngest]))
	l.early--
	got, err := l.auditor().Completeness(t.Context(), police, nil)
	d.book.must(err)
	if n := uint64(len(d.lines)); got.Assigned != n || got.Submissions != n-1 || got.LogSize != d.checkpoint.Size {
		t.Errorf("it counts %+v", got)
	}
}

func TestAHubThatDoesNotAccountForAnAgencyIsFound(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*listing)
		want   string
	}{
		"a submission with another leaf": {func(l *listing) { l.submissions[1].Leaf[0] ^= 1 }, "the log holds something else at entry"},
		"a submission at another entry":  {func(l *listing) { l.submissions[1].Entry++ }, "the log holds something else at entry"},
		"a delivery is left out":         {func(l *listing) { l.deliveries = slices.Delete(l.deliveries, 1, 2) }, "delivery 2 to sampletown-police is missing: behind it the hub lists 3"},
		"the last is left out":           {func(l *listing) { l.deliveries = l.deliveries[:len(l.deliveries)-1] }, "the hub says that it assigned"},
		"a submission without an answer": {func(l *listing) {
			l.submissions = append(l.submissions, ledger.SubmissionLine{ID: "ffffffff-ffff-7fff-bfff-ffffffffffff", Entry: 0, Leaf: l.book.nodes[0][0]})
		}, "and no delivery answers it"},
		"an entry that the log has not": {func(l *listing) { l.deliveries[1].Entry = 1000 }, "is of entry 1000, which the log of"},
		"the log was forked meanwhile": {func(l *listing) {
			l.early--
			l.first, l.before = l.forked(l.checkpoint.Size - 1)
		}, "the log was forked"},
		"the log was rolled back meanwhile": {func(l *listing) {
			l.early--
			l.signed, _ = l.book.logOf(slices.Clone(l.book.nodes[0][:l.checkpoint.Size-1]))
		}, "it was rolled back"},
		"another's checkpoint": {func(l *listing) { l.signed[len(l.signed)-5] ^= 1 }, "the checkpoint is not signed by the log key that was pinned"},
	} {
		t.Run(name, func(t *testing.T) {
			d := deals(t)
			l := d.lists()
			c.change(l)
			if _, err := l.auditor().Completeness(t.Context(), police, nil); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}

// What is no answer to the question is refused; it is no finding about the log.
func TestAnAnswerToAnotherQuestionIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*listing)
		want   string
	}{
		"of another agency's deliveries":   {func(l *listing) { l.of = shelter }, "another agency than the one that was asked for"},
		"of another agency's submissions":  {func(l *listing) { l.ofToo = shelter }, "or of another agency"},
		"submissions out of order":         {func(l *listing) { slices.Reverse(l.submissions) }, "out of order"},
		"evidence of another agency":       {func(l *listing) { l.shown.agency = shelter }, "the evidence is of lighthouse-shelter"},
		"evidence of dealings with others": {func(l *listing) { l.shown.hub = "otherland" }, "at the hub otherland"},
	} {
		t.Run(name, func(t *testing.T) {
			d := deals(t)
			l := d.lists()
			c.change(l)
			if _, err := l.auditor().Completeness(t.Context(), police, d.shown.text()); err == nil || errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}
