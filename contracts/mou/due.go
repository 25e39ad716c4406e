package mou

import (
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

// fate of a held record: it waits for its recipient's answer, is released when
// that accepted and consent still covers it, and is erased otherwise.
func (s *state) fate(m *Memorandum, r record, now time.Time) (fate, events.ErasureReason) {
	l := s.referral(r.referral).leg(r.to)
	switch {
	case l == nil, !s.consented(m, r.to, r.purpose, r.section, now):
		return s.erase(l, events.ErasedNoConsent)
	case !l.alive() || s.closed != 0:
		return s.erase(l, events.ErasedClosed)
	case l.accepted != 0:
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
	case l.completed == 0 || l.owing() || l.gave > r.released:
		return events.ErasedNoConsent, !s.consented(m, r.to, r.purpose, r.section, now)
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

// Due is what the hub must say at now because of how the case stands, in the
// order of the records: record.released for a record whose recipient accepted
// and that consent still covers, record.erased for one that nobody will read.
// Consent runs out by itself, so it is asked after every act and when a clock
// of consent comes due. Only the ledger's case has dues.
func (c Case) Due(now time.Time) []events.Payload {
	if c.viewer != "" {
		return nil
	}
	said := hubSays(now)
	var due []events.Payload
	for _, r := range c.state.records {
		if !r.held() {
			continue
		}
		switch what, reason := c.state.fate(c.mou, r, now); what {
		case fateRelease:
			due = append(due, &events.RecordReleased{Said: said, Record: r.id, To: r.to})
		case fateErase:
			due = append(due, &events.RecordErased{Said: said, Record: r.id, Reason: reason})
		case fateWait:
		}
	}
	return due
}
