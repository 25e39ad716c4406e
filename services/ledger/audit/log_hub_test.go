package audit

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/services/ledger"
)

// streams is a hub that shows the book's log, whole or by case.
type streams struct {
	*book

	entries func(from, to uint64) []byte
	cases   func(after events.CaseID) []byte
}

// The frames of the log stream, see [ledger.LogContent].

func framed(e *ledger.LogEntry) []byte {
	flags, rest := byte(0), []byte(nil)
	part := func(flag byte, p []byte) {
		flags |= flag
		rest = append(binary.AppendUvarint(rest, uint64(len(p))), p...)
	}
	if e.Opening != nil {
		rest = append(rest, e.Salt[:]...)
		part(1, e.Opening)
	}
	switch {
	case e.Data != nil:
		part(2, e.Data)
	case e.Record != nil:
		part(4, e.Record)
	}
	if e.Erased != 0 {
		flags |= 8
		rest = binary.AppendUvarint(rest, e.Erased)
	}
	head := append(binary.AppendUvarint([]byte{flags}, e.Number), e.MAC[:]...)
	return append(head, rest...)
}

func framedCase(id events.CaseID, entries uint64, state []byte) []byte {
	b := binary.AppendUvarint(append([]byte{0x80}, id...), entries)
	b = binary.AppendUvarint(append(b, 0), uint64(len(state)))
	return append(b, state...)
}

func framedEnd(next uint64) []byte { return binary.AppendUvarint([]byte{0xff}, next) }

func framedWhole(c CaseEntries) []byte {
	b := framedCase(c.Head.Case, c.Head.Entries, c.Head.State)
	for _, e := range c.Entries {
		b = append(b, framed(e)...)
	}
	return b
}

// streams shows the book as it is, a few entries and one case at a time.
func (b *book) streams() *streams {
	return &streams{
		b,
		func(from, to uint64) []byte {
			var page []byte
			size := uint64(len(b.entries))
			from, to = min(from, size), min(to, from+5, size)
			for _, e := range b.entries[from:to] {
				page = append(page, framed(e)...)
			}
			return append(page, framedEnd(to)...)
		},
		func(after events.CaseID) []byte {
			for one := range b.Cases(b.t.Context(), after) {
				return append(framedWhole(one), framedEnd(1)...)
			}
			return framedEnd(0)
		},
	}
}

// source reads the log from this hub, which serves until the test ends.
func (s *streams) source() LogSource {
	s.t.Helper()
	number := func(r *http.Request, name string) uint64 {
		n, err := strconv.ParseUint(r.URL.Query().Get(name), 10, 64)
		if err != nil {
			s.t.Error(err)
		}
		return n
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/log/entries", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(s.entries(number(r, "from"), number(r, "to")))
	})
	mux.HandleFunc("GET /v1/log/cases", func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(s.cases(events.CaseID(r.URL.Query().Get("after"))))
	})
	return s.askedOf(mux, ledger.ReadingRequest{What: events.ReadingLog}).Log(false)
}

// readingOf is what the tests' hubs record of a reading.
const readingOf = 41

// askedOf asks a hub that answers whoever had this reading recorded; it serves until
// the test ends. The reading is recorded anew if the hub does not know it any more.
func (b *book) askedOf(answers http.Handler, what ledger.ReadingRequest) *Auditor {
	b.t.Helper()
	var recorded atomic.Uint64
	says := func(w http.ResponseWriter, status int, answer any) {
		w.WriteHeader(status)
		if err := json.MarshalWrite(w, answer); err != nil {
			b.t.Error(err)
		}
	}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.URL.Path == "/v1/readings":
			var asked ledger.ReadingRequest
			if err := json.UnmarshalRead(r.Body, &asked); err != nil || asked != what {
				b.t.Errorf("it has %+v recorded, want %+v: %v", asked, what, err)
			}
			says(w, http.StatusCreated, ledger.ReadingRecorded{Reading: readingOf + recorded.Add(1)})
		case strings.HasPrefix(r.URL.Path, "/v1/tlog/"):
			answers.ServeHTTP(w, r)
		case r.URL.Query().Get("reading") != strconv.Itoa(readingOf+2): // the first is forgotten
			says(w, http.StatusForbidden, ledger.Problem{Type: "urn:handrail:problem:reading-unrecorded", Title: "no such reading"})
		default:
			answers.ServeHTTP(w, r)
		}
	}))
	b.t.Cleanup(server.Close)
	a := b.auditor()
	a.config.Ledger = server.URL
	return a
}

func TestALogVerifiesAsItsHubStreamsIt(t *testing.T) {
	b := library(t)
	want, err := VerifyLog(t.Context(), b.verification())
	b.must(err)
	of := b.verification()
	of.Source = b.streams().source()
	got, err := VerifyLog(t.Context(), of)
	if err != nil || got.Counts != want.Counts {
		t.Errorf("it says %v, and counts %+v; from memory %+v", err, got.Counts, want.Counts)
	}
}

func TestAStreamThatIsNotTheLogIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		entries func(*book) []byte
		cases   func(*book) []byte
		want    string
	}{
		"an entry at another's place": {entries: func(b *book) []byte {
			return append(append(framed(b.entries[0]), framed(b.entries[2])...), framedEnd(3)...)
		}, want: "entry 1: the hub does not show it at its place"},
		"a case among the entries": {entries: func(b *book) []byte { return append(framedWhole(firstOf(b)), framedEnd(1)...) }, want: "a case stands among the entries"},
		"entries that are cut off": {entries: func(b *book) []byte { return framed(b.entries[0]) }, want: "reading the log"},
		"an entry among the cases": {cases: func(b *book) []byte { return append(framed(b.entries[0]), framedEnd(1)...) }, want: "an entry stands outside of any case"},
		"an entry too many": {cases: func(b *book) []byte {
			return append(append(framedWhole(firstOf(b)), framed(b.entries[0])...), framedEnd(1)...)
		}, want: "an entry stands outside of any case"},
		"a case twice": {cases: func(b *book) []byte {
			one := framedWhole(firstOf(b))
			return append(append(one, one...), framedEnd(2)...)
		}, want: "the hub shows cases out of order"},
		"a case for an entry": {cases: func(b *book) []byte {
			return append(append(framedCase(firstCase(b), 1, nil), framedWhole(firstOf(b))...), framedEnd(2)...)
		}, want: "unexpected EOF"},
		"a case that is cut short": {cases: func(b *book) []byte { return append(framedCase(firstCase(b), 1, nil), framedEnd(1)...) }, want: "unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			b.referred(true)
			s, err := b.streams(), error(nil)
			if c.entries != nil {
				s.entries = func(uint64, uint64) []byte { return c.entries(b) }
				for _, err = range s.source().Entries(t.Context(), 0, b.tree.Size()) {
					if err != nil {
						break
					}
				}
			} else {
				s.cases = func(events.CaseID) []byte { return c.cases(b) }
				for _, err = range s.source().Cases(t.Context(), "") {
					if err != nil {
						break
					}
				}
			}
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}

func firstOf(b *book) CaseEntries {
	for one := range b.Cases(b.t.Context(), "") {
		return one
	}
	return CaseEntries{}
}

// A hub that shows nothing, or the same again, keeps nobody waiting for ever.
func TestAStreamThatDoesNotGoOnEnds(t *testing.T) {
	b := newBook(t)
	b.referred(true)
	s := b.streams()
	s.entries = func(from, _ uint64) []byte { return framedEnd(from) }
	of := b.verification()
	of.Source = s.source()
	if _, err := VerifyLog(t.Context(), of); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), "it is missing") {
		t.Errorf("with no entries it says %v", err)
	}
	s = b.streams()
	honest := s.entries
	s.entries = func(from, to uint64) []byte {
		if from >= 5 {
			return framedEnd(from)
		}
		return honest(from, to)
	}
	of.Source = s.source()
	if _, err := VerifyLog(t.Context(), of); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), fmt.Sprintf("entry 5: it is missing, although the checkpoint covers %d entries", b.tree.Size())) {
		t.Errorf("with five entries it says %v", err)
	}
}
