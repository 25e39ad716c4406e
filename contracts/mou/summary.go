package mou

import (
	"slices"
	"time"

	"handrail/events"
)

// Status is the case's own axis.
type Status string

// The statuses of a case.
const (
	StatusUnknown Status = "unknown" // the viewer does not see it opened
	StatusActive  Status = "active"
	StatusClosed  Status = "closed"
)

// Status of the case.
func (c Case) Status() Status {
	switch {
	case c.state.opened == 0:
		return StatusUnknown
	case c.state.closed != 0:
		return StatusClosed
	}
	return StatusActive
}

// Owner is the contact desk, which opened the case; empty if unknown.
func (c Case) Owner() events.AgencyID { return c.state.owner }

// Age is the age class under which the case runs; empty if unknown.
func (c Case) Age() events.AgeClass { return c.state.age }

// LegState is how a referral stands with one provider asked.
type LegState string

// The states of a provider's part in a referral.
const (
	LegWaiting      LegState = "waiting" // for its turn; it knows of nothing
	LegRequested    LegState = "requested"
	LegAcknowledged LegState = "acknowledged"
	LegAccepted     LegState = "accepted"
	LegHandedOver   LegState = "handed-over"
	LegInService    LegState = "in-service"
	LegCompleted    LegState = "completed"
	LegDeclined     LegState = "declined"
	LegNotChosen    LegState = "not-chosen"
	LegWithdrawn    LegState = "withdrawn"
	LegFailed       LegState = "failed"
	// LegByTelephone is accepted by telephone, not yet recorded by both sides.
	LegByTelephone LegState = "accepted-by-telephone"
	// LegExpired is asked and not answered in time; an answer still counts, late.
	LegExpired LegState = "expired"
)

// LegStates lists every state.
func LegStates() []LegState {
	return []LegState{
		LegWaiting, LegRequested, LegExpired, LegByTelephone, LegAcknowledged, LegAccepted, LegHandedOver, LegInService, LegCompleted,
		LegDeclined, LegNotChosen, LegWithdrawn, LegFailed,
	}
}

// Leg is one provider's part in a referral.
type Leg struct {
	To    events.AgencyID `json:"to"`
	State LegState        `json:"state"`
	Turn  uint64          `json:"turn"`  // the entry that asked it; 0 while it waits for its turn
	Holds int             `json:"holds"` // released records that it has not answered as erased
	Owes  bool            `json:"owes"`  // an answer about them is outstanding
}

// Referral is one request and how it stands. A partial case shows the legs of
// which its viewer hears.
type Referral struct {
	ID       events.ReferralID `json:"id"`
	Number   uint64            `json:"number"`
	By       events.AgencyID   `json:"by"`
	Purpose  events.Purpose    `json:"purpose"`
	Sections []events.Section  `json:"sections"`
	Needs    []events.Need     `json:"needs"`
	Urgency  events.Urgency    `json:"urgency"`
	Order    events.AskOrder   `json:"order"`
	Legs     []Leg             `json:"legs"`
}

// Referrals gives the referrals of the case in the order of their requests.
func (c Case) Referrals() []Referral {
	var all []Referral
	for _, r := range c.state.referrals {
		out := Referral{r.id, r.number, r.by, r.purpose, slices.Clone(r.sections), slices.Clone(r.needs), r.urgency, r.order, nil}
		for _, l := range r.legs {
			if slices.Contains([]events.AgencyID{"", c.state.owner, r.by, l.to}, c.viewer) {
				out.Legs = append(out.Legs, Leg{l.to, l.state(), l.turn, l.holds, l.owing()})
			}
		}
		all = append(all, out)
	}
	return all
}

func (l *leg) state() LegState {
	switch {
	case l.ended != 0 && l.how == endConsentEnded:
		return LegWithdrawn
	case l.ended != 0:
		return LegState(l.how)
	case l.finished():
		return LegCompleted
	case len(l.services) > 0:
		return LegInService
	case l.completed != 0:
		return LegHandedOver
	case l.accepted != 0:
		return LegAccepted
	case l.told != 0:
		return LegByTelephone
	case l.expired != 0:
		return LegExpired
	case !l.asked():
		return LegWaiting
	case l.acknowledged != 0:
		return LegAcknowledged
	}
	return LegRequested
}

// RecordState is where a sealed record is.
type RecordState string

// The states of a record.
const (
	RecordHeld     RecordState = "held" // at the hub, for its recipient
	RecordReleased RecordState = "released"
	RecordErased   RecordState = "erased" // at the hub, never released
	// RecordRecalled is released, and then destroyed at the hub before the recipient
	// said that it had stored it. The recipient answers for it all the same.
	RecordRecalled RecordState = "recalled"
)

// SealedRecord is one sealed record, as its header shows it. One that reached
// the viewer as a tombstone has number 0, no sender and no section.
type SealedRecord struct {
	ID       events.EventID    `json:"id"`
	Number   uint64            `json:"number"`
	By       events.AgencyID   `json:"by"`
	To       events.AgencyID   `json:"to"`
	Referral events.ReferralID `json:"referral"`
	Purpose  events.Purpose    `json:"purpose"`
	Section  events.Section    `json:"section"`
	State    RecordState       `json:"state"`
	Disputed bool              `json:"disputed"`
	Type     events.Type       `json:"type"` // record.sealed, or a question or its answer
}

// Records gives the sealed records of the case in the order of the ledger.
func (c Case) Records() []SealedRecord {
	var all []SealedRecord
	for _, r := range c.state.records {
		all = append(all, SealedRecord{r.id, r.number, r.by, r.to, r.referral, r.purpose, r.section, r.state(), r.disputed != 0, r.kind})
	}
	return all
}

func (r *record) state() RecordState {
	switch {
	case r.released != 0 && r.erased != 0:
		return RecordRecalled
	case r.released != 0:
		return RecordReleased
	case r.erased != 0:
		return RecordErased
	}
	return RecordHeld
}

// ConsentState is the consent axis for one recipient, purpose and section.
type ConsentState string

// The states of a consent.
const (
	ConsentNone        ConsentState = "none"
	ConsentGiven       ConsentState = "given"
	ConsentProvisional ConsentState = "provisional"
	ConsentRefused     ConsentState = "refused"
	ConsentWithdrawn   ConsentState = "withdrawn"
	ConsentExpired     ConsentState = "expired"
	ConsentNotRequired ConsentState = "not-required"
)

// Consent says how the person's consent stands at now, as far as the viewer
// sees. Only given, provisional and not-required let anything be shared.
func (c Case) Consent(to events.AgencyID, purpose events.Purpose, section events.Section, now time.Time) ConsentState {
	m, s := c.mou, c.state
	if s.needless(m, to, purpose, section, now) {
		return ConsentNotRequired
	}
	last := ConsentNone
	for _, w := range s.words {
		if w.purpose != "" && w.purpose != purpose || !m.covers(w.recipient, to) {
			continue
		}
		switch {
		case w.verb == refused:
			last = ConsentRefused
		case w.verb == withdrawn && last != ConsentNone:
			last = ConsentWithdrawn
		case w.verb != given || !slices.Contains(w.sections, section):
		case s.ended(m, w, to):
			if by, _ := s.ender(m, w, to); by.verb == withdrawn {
				last = ConsentWithdrawn
			} else {
				last = ConsentRefused
			}
		case w.lapsed != 0, !now.Before(m.until(w)):
			if last != ConsentProvisional {
				last = ConsentExpired
			}
		case w.provisional:
			last = ConsentProvisional
		default:
			return ConsentGiven
		}
	}
	return last
}
