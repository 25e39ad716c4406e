package agency

import (
	"sync"
	"time"
)

const (
	positionMost  = 30 * time.Second
	positionLeast = time.Second // control messages are strictly newer by whole seconds
	positionStep  = 64          // deliveries after which the hub, which sends a window beyond the position, is told
	headPatience  = 2 * time.Second
)

// link is what this agency has told the hub about its position, and what it
// has to tell. It tells often after a new connection, when something may have
// been lost on the way, and then less and less, down to every 30 seconds.
// Asking for the same again takes longer each time too, so that a hub that cannot
// help is not flooded.
type link struct {
	now  func() time.Time
	wake chan struct{}

	mu       sync.Mutex
	resume   bool          // ask for everything beyond the position again
	damaged  bool          // ask for some up to the position again
	mend     time.Time     // when that is due
	slack    time.Duration // and how long after it the next time
	report   bool          // tell the position
	position uint64        // last number stored
	told     uint64        // last number that the hub was told
	head     uint64        // the highest number that the hub announced
	behind   time.Time     // since when the head is beyond the position with no progress
	asked    time.Time     // when a resume was last sent
	patience time.Duration // until the same is asked for again
	next     time.Time     // when the position is told although nothing happened
	pace     time.Duration // between such tellings
}

func newLink(now func() time.Time) *link {
	l := &link{now: now, wake: make(chan struct{}, 1)}
	l.connected()
	return l
}

func (l *link) nudge() {
	select {
	case l.wake <- struct{}{}:
	default: // it is awake already
	}
}

// askAgain asks the hub for everything beyond the position.
func (l *link) askAgain() {
	l.mu.Lock()
	l.resume = true
	l.mu.Unlock()
	l.nudge()
}

// connected asks at once, however often it was asked before: the broker may
// have lost everything.
func (l *link) connected() {
	l.mu.Lock()
	l.resume, l.report, l.patience, l.asked = true, true, positionLeast, time.Time{}
	l.pace, l.slack, l.mend = positionLeast, positionLeast, time.Time{}
	l.mu.Unlock()
	l.nudge()
}

// damage asks the hub for what is damaged.
func (l *link) damage() {
	l.mu.Lock()
	if !l.damaged {
		l.damaged, l.slack, l.mend = true, positionLeast, time.Time{}
	}
	l.mu.Unlock()
	l.nudge()
}

// repaired asks for what is still damaged soon: the hub has sound copies.
func (l *link) repaired() {
	l.mu.Lock()
	l.slack = positionLeast
	l.mend = l.now().Add(positionLeast)
	l.mu.Unlock()
	l.nudge()
}

func (l *link) progressed(position uint64) {
	l.mu.Lock()
	l.position, l.patience, l.behind = position, positionLeast, l.now()
	far := position >= l.told+positionStep
	l.report = l.report || far
	l.mu.Unlock()
	if far {
		l.nudge()
	}
}

// announced takes the hub's word on the head. The hub always gets an answer: it
// announces when it started anew, and sends nothing until it has heard.
func (l *link) announced(head uint64) {
	l.mu.Lock()
	l.report = true
	if head > l.head {
		l.head = head
		if l.behind.IsZero() || l.head <= l.position {
			l.behind = l.now()
		}
	}
	l.mu.Unlock()
	l.nudge()
}

// due says whether a control message is to be sent now, and else when to look
// again.
func (l *link) due() (send, resume bool, again time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	again = l.next.Sub(now)
	if l.head > l.position {
		if now.Sub(l.behind) >= headPatience {
			l.resume = true // what was announced is not coming
		}
		again = min(again, headPatience)
	}
	if l.resume {
		if now.Sub(l.asked) >= l.patience {
			return true, true, 0
		}
		again = min(again, l.patience-now.Sub(l.asked))
	}
	if l.damaged {
		if !now.Before(l.mend) {
			return true, false, 0
		}
		again = min(again, l.mend.Sub(now))
	}
	return l.report || !now.Before(l.next), false, again
}

// sent notes what the hub was told. While rows are damaged that question stays.
func (l *link) sent(position uint64, resume, damaged bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	l.report, l.told = false, position
	l.pace = min(2*l.pace, positionMost)
	l.next = now.Add(l.pace)
	if resume {
		l.resume, l.asked, l.patience = false, now, min(2*l.patience, positionMost)
	}
	if l.damaged = damaged; damaged {
		l.mend, l.slack = now.Add(l.slack), min(2*l.slack, positionMost)
	}
}
