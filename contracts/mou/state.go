package mou

import (
	"slices"
	"time"

	"handrail/events"
)

// state is what a trail says, ready to be judged by. Numbers are those of ledger
// entries; 0 means that it did not happen, as far as the viewer knows.
type state struct {
	opened    uint64
	owner     events.AgencyID // the desk that opened the case: its contact desk
	age       events.AgeClass
	closed    uint64
	rights    []rights
	words     []word
	notices   []notice
	referrals []referral
	records   []record
	steps     []Escalation
	alarms    []alarm
	missing   []absence // the person; see missing.go
	paths     paths
	places    []place // parallel to the trail: where each statement may be seen

	// index finds a record by its id while a whole trail is folded. A clone does
	// without: one act looks for one record.
	index map[events.EventID]int
}

// rights is one rights.informed.
type rights struct {
	language    events.Language
	interpreter events.Interpreter
}

// verb is what the person said of sharing.
type verb int

const (
	given verb = iota
	refused
	withdrawn
)

// word is one statement of the person about sharing.
type word struct {
	number      uint64
	verb        verb
	by          events.AgencyID // the desk that recorded it
	happened    time.Time
	recipient   events.Recipient
	purpose     events.Purpose // empty: every purpose (withdrawn only)
	sections    []events.Section
	expires     time.Time
	provisional bool
	speaker     events.Speaker // of a yes
	lapsed      uint64         // the entry since which the voice does not speak for the person any more
}

// notice is one notice.sent.
type notice struct {
	number uint64
	by, to events.AgencyID
}

// referral is one request with a leg for each provider asked.
type referral struct {
	id        events.ReferralID
	number    uint64
	by        events.AgencyID
	purpose   events.Purpose
	sections  []events.Section
	needs     []events.Need
	urgency   events.Urgency
	order     events.AskOrder
	withdrawn uint64
	legs      []leg
}

// leg is what stands between the case and one provider asked.
type leg struct {
	to           events.AgencyID
	turn         uint64 // the entry that asked it; 0: its turn has not come
	acknowledged uint64
	duty         bool   // a named duty worker acknowledged
	told         uint64 // its own word that it accepts
	promised     uint64 // the same by telephone, while who asked had not confirmed it
	confirmed    uint64 // the word of who asked that it accepted
	accepted     uint64 // since when its acceptance counts
	expired      uint64 // the hub's word that its answer was missed
	unconfirmed  uint64 // the hub's word that who asked did not confirm the promise in time
	spared       uint64 // the hub's word that it is no longer needed
	declined     uint64
	arranged     []arrangement // each takes the place of the one before
	completed    uint64        // the person arrived
	failed       uint64
	feedback     uint64
	services     []service
	holds        int    // released records, not answered as erased
	gave         uint64 // the entry that last answered that nothing is held any more
	debts        []debt // answers that it owes or gave about them
	home         home   // of a return
	ended        uint64 // the entry that ended the leg; the provider sees the case up to it
	how          ending
}

// arrangement is one handover.arranged.
type arrangement struct {
	number  uint64
	planned time.Time
}

// debt is one duty of a holder to say what it did with its records.
type debt struct{ set, met uint64 }

// ending is how a leg ended.
type ending string

const (
	endDeclined     ending = "declined"
	endNotChosen    ending = "not-chosen"
	endWithdrawn    ending = "withdrawn"
	endConsentEnded ending = "consent-ended"
	endFailed       ending = "failed"
)

// service is one service that a provider gives.
type service struct {
	need           events.Need
	started, ended uint64
}

// record is one sealed record, known by its header alone.
type record struct {
	id       events.EventID
	kind     events.Type // record.sealed, or a question or its answer
	number   uint64
	by, to   events.AgencyID
	key      events.KeyID // that it is sealed to; of a tombstone it is not known
	referral events.ReferralID
	purpose  events.Purpose
	section  events.Section
	released uint64
	erased   uint64
	disputed uint64
}

// newState is what an empty trail says.
func newState() *state { return &state{index: map[events.EventID]int{}} }

func (s *state) clone() *state {
	t := *s
	t.index = nil
	t.rights = slices.Clone(s.rights)
	t.words = slices.Clone(s.words)
	t.notices = slices.Clone(s.notices)
	t.records = slices.Clone(s.records)
	t.steps = slices.Clone(s.steps)
	t.alarms = slices.Clone(s.alarms)
	t.places = slices.Clip(s.places) // only added to, never written in place
	t.missing = slices.Clone(s.missing)
	t.paths = s.paths.clone()
	t.referrals = slices.Clone(s.referrals)
	for i := range t.referrals {
		legs := slices.Clone(t.referrals[i].legs)
		for j := range legs {
			legs[j].services = slices.Clone(legs[j].services)
			legs[j].debts = slices.Clone(legs[j].debts)
			legs[j].arranged = slices.Clone(legs[j].arranged)
		}
		t.referrals[i].legs = legs
	}
	return &t
}

func (s *state) referral(id events.ReferralID) *referral {
	for i := range s.referrals {
		if id != "" && s.referrals[i].id == id {
			return &s.referrals[i]
		}
	}
	return nil
}

func (s *state) record(id events.EventID) *record {
	if at := s.recordAt(id); at >= 0 {
		return &s.records[at]
	}
	return nil
}

// recordAt is where a record stands; -1 if it is unknown.
func (s *state) recordAt(id events.EventID) int {
	if s.index == nil {
		return slices.IndexFunc(s.records, func(r record) bool { return r.id == id })
	}
	if at, known := s.index[id]; known {
		return at
	}
	return -1
}

// keep adds a record.
func (s *state) keep(r record) {
	if _, known := s.index[r.id]; s.index != nil && !known {
		s.index[r.id] = len(s.records)
	}
	s.records = append(s.records, r)
}

func (r *referral) leg(a events.AgencyID) *leg {
	if r == nil {
		return nil
	}
	for i := range r.legs {
		if r.legs[i].to == a {
			return &r.legs[i]
		}
	}
	return nil
}

// chosen is the leg of the provider whose acceptance counts: the newest one, if
// a hand-over failed and another accepted after it.
func (r *referral) chosen() *leg {
	if r == nil {
		return nil
	}
	var last *leg
	for i := range r.legs {
		if l := &r.legs[i]; l.accepted != 0 && (last == nil || l.accepted > last.accepted) {
			last = l
		}
	}
	return last
}

// alive says whether the leg may still lead to help.
func (l *leg) alive() bool { return l.ended == 0 }

// hopeful says whether the leg may still lead to help in time.
func (l *leg) hopeful() bool {
	switch {
	case !l.alive():
		return false
	case l.accepted != 0:
		return true
	case l.told != 0:
		return l.unconfirmed == 0
	}
	return l.expired == 0
}

// finished says whether every service that was given has ended.
func (l *leg) finished() bool {
	running := func(s service) bool { return s.ended == 0 }
	return l.completed != 0 && len(l.services) > 0 && !slices.ContainsFunc(l.services, running)
}

func (l *leg) end(number uint64, how ending) {
	if l.ended == 0 {
		l.ended, l.how = number, how
	}
}

// oweAnswer makes a provider that holds records owe an answer about them, once
// at a time.
func (l *leg) oweAnswer(number uint64) {
	if l.holds > 0 && !l.owing() {
		l.debts = append(l.debts, debt{set: number})
	}
}

// held says whether the provider held released records at a number.
func (l *leg) held(number uint64) bool { return l.holds > 0 || number <= l.gave }

// owing says whether an answer is outstanding.
func (l *leg) owing() bool { return len(l.debts) > 0 && l.debts[len(l.debts)-1].met == 0 }

// inContact says whether an agency meets the person: it opened the case, or
// accepted a referral that is not over.
func (s *state) inContact(a events.AgencyID) bool {
	if s.opened != 0 && s.owner == a {
		return true
	}
	return slices.ContainsFunc(s.referrals, func(r referral) bool {
		l := r.leg(a)
		return l != nil && l.accepted != 0 && l.alive() && !l.finished()
	})
}

// takesPart says whether an agency is or was a party to the case.
func (s *state) takesPart(a events.AgencyID) bool {
	if s.opened != 0 && s.owner == a {
		return true
	}
	return slices.ContainsFunc(s.referrals, func(r referral) bool { return r.by == a || r.leg(a).asked() })
}

// waiting says whether a referral still waits for an answer or a hand-over.
func (s *state) waiting() bool {
	return slices.ContainsFunc(s.referrals, func(r referral) bool {
		return slices.ContainsFunc(r.legs, func(l leg) bool { return l.alive() && l.completed == 0 })
	})
}
