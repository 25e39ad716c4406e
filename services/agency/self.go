package agency

import (
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// Hub is the hub that this agency belongs to.
func (a *Agency) Hub() events.HubID { return a.config.Hub }

// ID is this agency's id.
func (a *Agency) ID() events.AgencyID { return a.config.Agency }

// Kind is which kind of organisation this agency is.
func (a *Agency) Kind() events.AgencyKind { return a.config.Kind }

// Now is the time by this agency's clock.
func (a *Agency) Now() time.Time { return a.now() }

// Profile is what the parties agreed in this country; it is read-only. Error:
// [ErrNotJoined].
func (a *Agency) Profile() (*mou.Profile, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.book.memo == nil {
		return nil, ErrNotJoined
	}
	return a.book.memo.Profile, nil
}
