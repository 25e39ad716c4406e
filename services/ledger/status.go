package ledger

import (
	"sync"
	"time"

	"handrail/contracts/directory"
	"handrail/events"
)

// Doctor is what the ledger says of itself on the loopback interface: nothing of any case.
type Doctor struct {
	Active        bool                           `json:"active"`           // false: another ledger leads, or none can
	Standby       bool                           `json:"standby,omitzero"` // another ledger leads, and this one is ready to
	Founded       bool                           `json:"founded"`
	Witnessed     bool                           `json:"witnessed"`      // whether witnesses enough by the profile have cosigned any checkpoint
	WitnessedSize uint64                         `json:"witnessed_size"` // entries of the newest checkpoint that they did; 0: none
	Size          uint64                         `json:"size"`           // entries in the log
	Queue         int                            `json:"queue"`          // submissions that wait for the sequencer
	Broker        bool                           `json:"broker"`         // whether the broker is connected
	Agencies      map[events.AgencyID]Connection `json:"agencies"`
	Faults        int                            `json:"faults"` // since start; each needs the operator
	LastError     string                         `json:"last_error,omitempty"`
	LastErrorAt   *time.Time                     `json:"last_error_at,omitempty"`
}

// Connection is how far one agency's deliveries are.
type Connection struct {
	Assigned uint64     `json:"assigned"`     // last delivery number
	Reported uint64     `json:"reported"`     // last number that the agency said it stored
	At       *time.Time `json:"at,omitempty"` // when it last said so

	Away directory.Standing `json:"away,omitzero"` // suspended or revoked: nothing goes to it

	Witness *Witness `json:"witness,omitempty"` // nil: it does not witness the log

	ClockAhead int `json:"clock_ahead,omitzero"` // of its messages since start, ignored because its clock is more than 5 minutes ahead: it must be set right
}

// Witness is how far one agency cosigned the log.
type Witness struct {
	Size    uint64         `json:"size"`             // newest checkpoint that it cosigned; 0: none
	At      *time.Time     `json:"at,omitempty"`     // when the hub got that cosignature
	Finding events.Finding `json:"finding,omitzero"` // why it does not cosign, as it last said since this ledger leads
	Reset   uint64         `json:"reset,omitzero"`   // entry of its newest witness.reset
}

// status is what is known without asking the database.
type status struct {
	mu       sync.Mutex
	leading  *lead
	standing bool // connected, and waiting for the lock that another ledger holds
	waiting  func() int
	faults   int
	ahead    map[events.AgencyID]int // messages ignored because of the sender's clock
	findings map[events.AgencyID]events.Finding
	problem  string
	at       time.Time
}

func newStatus() *status {
	return &status{waiting: func() int { return 0 }, ahead: map[events.AgencyID]int{}, findings: map[events.AgencyID]events.Finding{}}
}

func (s *status) lead(l *lead) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leading, s.standing = l, false
	clear(s.findings) // they are the last leader's
}

// waitsForLock says that all is well and another ledger leads.
func (s *status) waitsForLock() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.standing = true
}

func (s *status) waits() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.standing
}

func (s *status) queue(length func() int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.waiting = length
}

func (s *status) standby(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.leading, s.standing = nil, false
	if err != nil {
		s.problem, s.at = plain(err), time.Now().UTC()
	}
}

func (s *status) fault(what string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults++
	s.problem, s.at = what, time.Now().UTC()
}

func (s *status) clockAhead(agency events.AgencyID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead[agency]++
}

func (s *status) witnessFound(agency events.AgencyID, finding events.Finding) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.findings[agency] = finding
}

// finding is why a witness did not cosign what it was last offered.
func (s *status) finding(agency events.AgencyID) events.Finding {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.findings[agency]
}

// messagesAhead is how many messages of an agency were ignored because of its clock.
func (s *status) messagesAhead(agency events.AgencyID) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ahead[agency]
}

// leader is the lead of this process; nil: it does not lead.
func (s *status) leader() *lead {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leading
}

// active says whether this ledger leads and reaches the broker.
func (s *status) active() (leading, broker bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.leading != nil, s.leading != nil && s.leading.exchange.Connected()
}

func (s *status) describe(d *Doctor) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.Standby = s.standing
	d.Active, d.Queue, d.Faults, d.LastError = s.leading != nil, s.waiting(), s.faults, s.problem
	if s.leading != nil {
		d.Broker = s.leading.exchange.Connected()
	}
	if !s.at.IsZero() {
		d.LastErrorAt = &s.at
	}
}
