package audit

import (
	"time"

	"handrail/services/ledger"
)

// For is this auditor for one person and one occasion: what it reads is recorded
// in the log by itself, whatever others of the same auditor have read, and it shows
// a second auditor's approval with each request. Empty: it has none to show.
func (a *Auditor) For(approval string) *Auditor {
	config := a.config
	config.Approval = approval
	return &Auditor{config: config, key: a.key, http: a.http, profiles: a.profiles, readings: map[ledger.ReadingRequest]leave{}}
}

// Recorded says which entry of the log records a reading of this auditor, and since
// when; false: it has not read that.
func (a *Auditor) Recorded(what ledger.ReadingRequest) (entry uint64, since time.Time, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	known, ok := a.readings[what]
	return known.number, known.since, ok
}
