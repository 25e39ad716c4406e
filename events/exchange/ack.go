package exchange

import (
	"sync"
	"time"
)

// linger is how long the newest acknowledgement is kept back for another to follow:
// far shorter than any AckWait.
const linger = 100 * time.Millisecond

// lastAck keeps back the newest acknowledgement until the next one, or for [linger]. A
// work queue that every message empties removes its file each time and begins
// another, which takes the broker longer than all the rest that it does for one.
type lastAck struct {
	mu    sync.Mutex
	kept  func() error
	timer *time.Timer
}

// keep says what was kept back, and keeps the next.
func (a *lastAck) keep(next func() error) error {
	a.mu.Lock()
	before := a.kept
	a.kept = next
	if a.timer == nil {
		a.timer = time.AfterFunc(linger, func() { _ = a.say() }) // what fails comes again
	} else {
		a.timer.Reset(linger)
	}
	a.mu.Unlock()
	if before == nil {
		return nil
	}
	return before()
}

// say says what is kept back, if anything is.
func (a *lastAck) say() error {
	a.mu.Lock()
	kept := a.kept
	a.kept = nil
	a.mu.Unlock()
	if kept == nil {
		return nil
	}
	return kept()
}
