package webhook

import (
	"context"
	"crypto/tls"
	"net/http"
	"sync"
	"time"
)

const (
	patience   = 20 * time.Second // one post, whole
	firstPause = time.Second
	mostPause  = 5 * time.Minute
	pace       = 30 * time.Second // how often it is looked without a nudge
)

// Message is one thing to post.
type Message struct {
	ID   string // the same whenever it is posted; no full stop in it
	Body []byte // JSON
}

// Config is what a [Feed] needs. All but Roots is required.
type Config struct {
	URL   string
	Key   []byte
	Roots *tls.Config // nil: the system's
	Now   func() time.Time

	// Next gives the message whose turn it is, false if there is none.
	Next func(ctx context.Context) (Message, bool, error)

	// Taken makes durable that the server took the message that Next gave, so
	// that Next gives the one after it.
	Taken func(ctx context.Context) error

	// Outcome is told of every attempt: nil, or why the feed stands still.
	Outcome func(ctx context.Context, err error)
}

// State is how a feed is.
type State struct {
	Failing time.Time // since when nothing is taken; zero: it goes well
	Reason  string    // of the last attempt, while it fails; never the server's own words
}

// Feed posts messages in their order. Make it with [NewFeed] and run it once.
type Feed struct {
	config Config
	wake   chan struct{}

	mu    sync.Mutex // guards state
	state State
}

// NewFeed makes a feed. It starts nothing.
func NewFeed(c Config) *Feed { return &Feed{config: c, wake: make(chan struct{}, 1)} }

// Nudge has Run look at once. On a nil feed it does nothing.
func (f *Feed) Nudge() {
	if f == nil {
		return
	}
	select {
	case f.wake <- struct{}{}:
	default: // it will look already
	}
}

// State says how the feed is.
func (f *Feed) State() State {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.state
}

// Run posts until ctx ends, and returns nil then. A message that is not taken
// is posted again after one second, then after twice as long each time, at most
// after five minutes; a nudge does not shorten that.
func (f *Feed) Run(ctx context.Context) error {
	pause := firstPause
	for ctx.Err() == nil {
		posted, err := f.step(ctx)
		if ctx.Err() != nil {
			return nil
		}
		if posted || err != nil {
			f.note(ctx, err)
		}
		switch {
		case err != nil:
			wait(ctx, nil, pause)
			pause = min(2*pause, mostPause)
		case posted:
			pause = firstPause
		default:
			wait(ctx, f.wake, pace)
		}
	}
	return nil
}

// step posts the message whose turn it is.
func (f *Feed) step(ctx context.Context) (posted bool, err error) {
	m, found, err := f.config.Next(ctx)
	if err != nil || !found {
		return false, err
	}
	bound, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	err = Post(bound, f.config.Roots, f.config.URL, m.Body, func(h http.Header) error {
		return Sign(h, f.config.Key, m.ID, f.config.Now(), m.Body)
	})
	if err != nil {
		return false, err
	}
	return true, f.config.Taken(context.WithoutCancel(ctx)) // it was taken, also if we end now
}

func (f *Feed) note(ctx context.Context, err error) {
	f.mu.Lock()
	switch {
	case err == nil:
		f.state = State{}
	case f.state.Failing.IsZero():
		f.state = State{Failing: f.config.Now(), Reason: err.Error()}
	default:
		f.state.Reason = err.Error()
	}
	f.mu.Unlock()
	f.config.Outcome(ctx, err)
}

func wait(ctx context.Context, wake <-chan struct{}, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-wake:
	case <-timer.C:
	}
}
