package pages

import (
	"bytes"
	"context"
	"sync"
	"time"

	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
)

const (
	// keptFor is how long what was read is kept after its reader last looked (own
	// choice: one look at a case).
	keptFor = 10 * time.Minute

	// keptMost is how many cases one reader may have open.
	keptMost = 12

	// followIn is how often the log is asked whether it grew, while somebody looks.
	followIn = 2 * time.Second
)

// book is one thing that one person read, and for what they may read it again: the
// hub lets a reading be repeated under its entry.
type book struct {
	reader *audit.Auditor
	entry  uint64 // of the log, that records the reading
	at     time.Time

	mu       sync.Mutex
	verified audit.Verified
	cases    []ledger.CaseSummary // of the list of cases
	seen     time.Time
	looking  int           // streams that follow it
	head     []byte        // of the log when it was last fetched for them
	next     chan struct{} // closed by the next change
}

// shelf is what people have read and still look at. Nothing of it is stored.
type shelf struct {
	now func() time.Time

	mu    sync.Mutex
	books map[place]*book
}

// place is whose reading it is, and of what; no case is the list of cases.
type place struct {
	code string
	of   events.CaseID
}

func newShelf(now func() time.Time) *shelf { return &shelf{now: now, books: map[place]*book{}} }

// put keeps what was read. A reader who has too much open loses what they looked at
// longest ago.
func (s *shelf) put(at place, b *book) {
	s.mu.Lock()
	defer s.mu.Unlock()
	b.seen, b.next = s.now(), make(chan struct{})
	s.books[at] = b
	var oldest place
	var since time.Time
	count := 0
	for where, one := range s.books {
		if where.code != at.code || where == at {
			continue
		}
		count++
		if seen := one.lastSeen(); since.IsZero() || seen.Before(since) {
			oldest, since = where, seen
		}
	}
	if count >= keptMost {
		delete(s.books, oldest)
	}
}

// take gives what was read, if it is still kept, and keeps it a while longer.
func (s *shelf) take(at place) (*book, bool) {
	s.mu.Lock()
	b, ok := s.books[at]
	s.mu.Unlock()
	if !ok || s.now().Sub(b.lastSeen()) > keptFor {
		return nil, false
	}
	b.look(s.now())
	return b, true
}

// forget drops what nobody looked at.
func (s *shelf) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for at, b := range s.books {
		if s.now().Sub(b.lastSeen()) > keptFor {
			delete(s.books, at)
		}
	}
}

// followed lists what somebody follows.
func (s *shelf) followed() []*book {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []*book
	for _, b := range s.books {
		if b.following() {
			all = append(all, b)
		}
	}
	return all
}

func (b *book) lastSeen() time.Time {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.seen
}

func (b *book) look(now time.Time) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = now
}

func (b *book) following() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.looking > 0
}

// follows counts one who follows, until ctx ends.
func (b *book) follows(ctx context.Context) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.looking++
	context.AfterFunc(ctx, func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.looking--
	})
}

// content is what is kept now.
func (b *book) content() audit.Verified {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.verified
}

// position is the number of the newest entry of the case, and a channel that is
// closed by the next.
func (b *book) position(now time.Time) (uint64, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.seen = now
	return newest(b.verified), b.next
}

// renew keeps a newer history in its place, fetched behind a head of the log, and
// wakes those who follow if it has grown.
func (b *book) renew(v audit.Verified, head []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	grown := newest(v) != newest(b.verified)
	b.verified, b.head = v, head
	if grown {
		close(b.next)
		b.next = make(chan struct{})
	}
}

// sawHead says whether it was fetched since the log had this head: the same entries,
// cosigned by the same witnesses.
func (b *book) sawHead(head []byte) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return bytes.Equal(b.head, head)
}

func newest(v audit.Verified) uint64 {
	if n := len(v.Trail.Entries); n > 0 {
		return v.Trail.Entries[n-1].Number
	}
	return 0
}
