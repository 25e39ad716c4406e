package mou

import (
	"slices"
	"time"

	"handrail/events"
)

// fate is what happens to a held record.
type fate int

const (
	fateWait fate = iota
	fateRelease
	fateErase
)

// held says whether the hub still keeps the record for its recipient.
func (r *record) held() bool { return r.released == 0 && r.erased == 0 }

// fate of a held record: it waits until it may open, is released when it may and
// consent still covers it, and is erased when it never will, or when the key that
// it is sealed to ended: then it is to be sealed anew.
func (s *state) fate(m *Memorandum, r record, now time.Time) (fate, events.ErasureReason) {
	l := s.part(r)
	switch {
	case l == nil, !s.covered(m, r, now):
		return s.erase(l, events.ErasedNoConsent)
	case s.shut(m, r.to):
		return s.erase(l, events.ErasedWithdrawn)
	case !l.alive() || s.closed != 0:
		return s.erase(l, events.ErasedClosed)
	case m.keyEnded(r):
		return fateErase, events.ErasedKeyEnded
	case s.opens(r):
		return fateRelease, ""
	}
	return fateWait, ""
}

// erase gives the reason, which is how the provider's part ended if it did.
func (s *state) erase(l *leg, otherwise events.ErasureReason) (fate, events.ErasureReason) {
	if l == nil || l.alive() {
		return fateErase, otherwise
	}
	switch l.how {
	case endDeclined:
		return fateErase, events.ErasedDeclined
	case endNotChosen:
		return fateErase, events.ErasedNotChosen
	case endConsentEnded:
		return fateErase, events.ErasedNoConsent
	case endWithdrawn, endFailed:
		return fateErase, events.ErasedWithdrawn
	}
	return fateErase, otherwise
}

// recall says whether a released record may still be stopped on its way, and
// why: its recipient's part ended before the person arrived, or the person's
// consent did not last until then, or was taken back since. It stays so when the
// recipient has answered that nothing is held any more: no copy may outlast that.
// Nor does one go on its way whose key ended.
func (s *state) recall(m *Memorandum, r record, now time.Time) (events.ErasureReason, bool) {
	l := s.referral(r.referral).leg(r.to)
	if r.released == 0 || r.erased != 0 || l == nil {
		return "", false
	}
	switch {
	case l.how == endWithdrawn, l.how == endFailed:
		return events.ErasedWithdrawn, true
	case l.how == endConsentEnded:
		return events.ErasedNoConsent, true
	case l.how == endDeclined:
		return events.ErasedDeclined, true
	case l.how == endNotChosen:
		return events.ErasedNotChosen, true
	case (l.completed == 0 || l.owing() || l.gave > r.released) && !s.covered(m, r, now):
		return events.ErasedNoConsent, true
	case m.keyEnded(r):
		return events.ErasedKeyEnded, true
	}
	return "", false
}

// Recallable is what the hub may say at now of records that were released: a
// record.erased for each whose recipient may not use it any more, in the order
// of the records. The hub says it of those that the recipient has not stored;
// only the hub knows which. Like Due it is the ledger's case that has them.
func (c Case) Recallable(now time.Time) []*events.RecordErased {
	if c.viewer != "" {
		return nil
	}
	var all []*events.RecordErased
	for _, r := range c.state.records {
		if reason, may := c.state.recall(c.mou, r, now); may {
			all = append(all, &events.RecordErased{Said: hubSays(now), Record: r.id, Reason: reason})
		}
	}
	return all
}

func hubSays(now time.Time) events.Said {
	return events.Said{Happened: events.At(now), Recorded: events.At(now), Channel: events.System}
}

// Saying is one statement that the hub must make. Its event is correlated with
// Referral or, if that is empty, with the case.
type Saying struct {
	Payload  events.Payload
	Referral events.ReferralID
}

// Due is what the hub must say at now because of how the case stands. The hub
// says the first of it and asks again until nothing is left; at one now that
// always ends. It is asked after every act, and when a clock's [Clock.Look] has
// come. Only the ledger's case has dues. Whether an agency is staffed at now is
// what its newest published hours say.
func (c Case) Due(now time.Time, staffed func(events.AgencyID) bool) []Saying {
	if c.viewer != "" {
		return nil
	}
	return slices.Concat(c.dueRecords(now), c.dueNotNeeded(now), c.dueShut(now), c.dueDeadlines(now), c.dueEscalations(now, staffed))
}

// dueRecords are held records whose wait is over, in the order of the records:
// record.released for a record that its recipient may open, record.erased for
// one that nobody will read. Consent runs out by itself.
func (c Case) dueRecords(now time.Time) []Saying {
	said := hubSays(now)
	var due []Saying
	for _, r := range c.state.records {
		if !r.held() {
			continue
		}
		switch what, reason := c.state.fate(c.mou, r, now); what {
		case fateRelease:
			due = append(due, Saying{&events.RecordReleased{Said: said, Record: r.id, To: r.to}, r.referral})
		case fateErase:
			due = append(due, Saying{&events.RecordErased{Said: said, Record: r.id, Reason: reason}, r.referral})
		case fateWait:
		}
	}
	return due
}
