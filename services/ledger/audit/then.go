package audit

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
)

// Moment is a place in a log: an instant, or the number of an entry.
type Moment struct {
	Time   time.Time // zero: it is a number
	Number uint64
}

var numberSyntax = regexp.MustCompile(`^[0-9]{1,15}$`)

// ParseMoment reads the number of an entry or a time: 2026-11-22,
// "2026-11-22 08:30", "2026-11-22 08:30:00" (all UTC), or RFC 3339. A time that is
// still to come is none: nobody knows what a case will be.
func ParseMoment(text string, now time.Time) (Moment, error) {
	if numberSyntax.MatchString(text) {
		number, err := strconv.ParseUint(text, 10, 64)
		return Moment{Number: number}, err
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateTime, "2006-01-02 15:04", "2006-01-02T15:04", time.DateOnly} {
		if at, err := time.Parse(layout, text); err == nil {
			if at.After(now) {
				return Moment{}, fmt.Errorf("%s is still to come: now it is %s (UTC)", text, now.UTC().Format(shown))
			}
			return Moment{Time: at.UTC()}, nil
		}
	}
	return Moment{}, errors.New("a moment is the number of an entry, or a time such as 2026-11-22, \"2026-11-22 08:30\" (UTC) or 2026-11-22T08:30:00+02:00")
}

// covers says whether an entry was there at the moment.
func (m Moment) covers(e tlog.Entry) bool {
	if m.Time.IsZero() {
		return e.Number <= m.Number
	}
	return !e.Admitted.After(m.Time)
}

// At gives a verified trail as it was at a moment, and the instant at which its
// clocks then stood: the moment's, or the admission of the case's last entry up to
// its number, of the founding if it had none. What the log says of the case later, of readings and of the end of
// retention, is left out. It fails on a number that the log does not have.
func (v Verified) At(m Moment) (Verified, time.Time, error) {
	if m.Time.IsZero() && m.Number >= v.Size {
		return v, time.Time{}, fmt.Errorf("the log of this trail has the entries 0 to %d", v.Size-1)
	}
	then, now := v, m.Time
	if m.Time.IsZero() {
		founding, err := opened(v.Trail.Founding)
		if err != nil {
			return v, time.Time{}, err
		}
		now = founding.Admitted
	}
	then.Steps, then.Case, then.Readings = nil, v.none, nil
	for _, s := range v.Steps {
		if !m.covers(s.Entry) {
			break
		}
		s.Erased = s.Erased && m.erased(v, s.ErasedBy)
		then.Steps, then.Case = append(then.Steps, s), s.after
		if m.Time.IsZero() {
			now = s.Entry.Admitted
		}
	}
	if r := v.Retirement; r != nil && !r.Destroyed && !m.covers(tlog.Entry{Number: r.Number, Admitted: r.At}) {
		then.Retirement = nil // once it is destroyed, this is why nothing is left to show
	}
	for _, one := range v.Readings {
		if m.covers(tlog.Entry{Number: one.Number, Admitted: one.At}) {
			then.Readings = append(then.Readings, one)
		}
	}
	return then, now, nil
}

// erased says whether what erased a record was there already.
func (m Moment) erased(v Verified, by uint64) bool {
	for _, s := range v.Steps {
		if s.Entry.Number == by {
			return m.covers(s.Entry)
		}
	}
	return true
}

// Erasure is one sealed record that was destroyed at the hub.
type Erasure struct {
	Record  events.EventID       `json:"record"`
	Entry   uint64               `json:"entry"` // of the record
	Section events.Section       `json:"section"`
	To      events.AgencyID      `json:"to"`
	On      time.Time            `json:"on"`
	By      uint64               `json:"by"` // the hub's entry that says so
	Because events.ErasureReason `json:"because"`
}

// Erasures lists the records that were destroyed at the hub.
func (v Verified) Erasures() []Erasure {
	var all []Erasure
	records := map[events.EventID]Step{}
	for _, s := range v.Steps {
		switch p := s.Facts.(type) {
		case *events.Record:
			records[p.Header.ID] = s
		case *events.RecordErased:
			of := records[p.Record]
			record, ok := of.Facts.(*events.Record)
			if !ok {
				continue
			}
			all = append(all, Erasure{p.Record, of.Entry.Number, record.Header.Section, record.Header.To, s.Entry.Admitted, s.Entry.Number, p.Reason})
		}
	}
	return all
}

// Answer is what a provider that held records said that it did with them.
type Answer struct {
	Agency   events.AgencyID      `json:"agency"`
	Referral events.ReferralID    `json:"referral"`
	Answer   events.ErasureAnswer `json:"answer,omitzero"` // empty: it owes one
	Ground   events.KeepGround    `json:"ground,omitzero"`
	Until    events.Time          `json:"until,omitzero"`
	On       time.Time            `json:"on,omitzero"`
	Entry    uint64               `json:"entry,omitzero"`
}

// Answers lists what holders of records said that they did with them, and who has not yet.
func (v Verified) Answers() []Answer {
	var all []Answer
	for _, s := range v.Steps {
		if p, ok := s.Facts.(*events.ErasureConfirmed); ok {
			all = append(all, Answer{s.By, s.Item.Referral, p.Answer, p.Ground, p.Until, s.Entry.Admitted, s.Entry.Number})
		}
	}
	for _, r := range v.Case.Referrals() {
		for _, leg := range r.Legs {
			if leg.Owes {
				all = append(all, Answer{Agency: leg.To, Referral: r.ID})
			}
		}
	}
	return all
}
