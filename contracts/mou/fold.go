package mou

import (
	"cmp"
	"slices"

	"handrail/events"
)

// step adds one admitted statement. It judges nothing and is total: on a
// partial trail what a statement refers to may be missing.
func (s *state) step(m *Memorandum, i *Item) {
	s.places = append(s.places, s.place(i.By, i.ID, i.Referral, i.Facts))
	s.stepPath(m, i)
	switch p := i.Facts.(type) {
	case *events.CaseOpened:
		s.opened, s.owner = i.Number, i.By
	case *events.CaseClosed:
		s.closed = i.Number
	case *events.RightsInformed:
		s.rights = append(s.rights, rights{p.Language, p.Interpreter})
	case *events.NoticeSent:
		s.notices = append(s.notices, notice{i.Number, i.By, p.To})
	case *events.ConsentGiven:
		s.words = append(s.words, word{i.Number, given, i.By, i.Happened(), p.Recipient, p.Purpose, p.Sections, p.Expires.Time(), s.provisional(p), p.By, 0})
	case *events.ConsentRefused:
		s.words = append(s.words, word{number: i.Number, verb: refused, by: i.By, happened: i.Happened(), recipient: p.Recipient, purpose: p.Purpose})
		s.stop(m, i.Number, p.Recipient, p.Purpose)
	case *events.ConsentWithdrawn:
		s.words = append(s.words, word{number: i.Number, verb: withdrawn, by: i.By, happened: i.Happened(), recipient: p.Recipient, purpose: p.Purpose})
		s.stop(m, i.Number, p.Recipient, p.Purpose)
	case *events.Record:
		h := p.Header
		s.keep(record{id: i.ID, kind: h.Type, number: i.Number, by: i.By, to: h.To, key: h.KeyID, referral: h.Referral, purpose: h.Purpose, section: h.Section})
	case *events.RecordReleased, *events.RecordErased, *events.RecordDisputed:
		s.stepRecord(i)
	case *events.RecordOpened: // it changes nothing for anybody
	case *events.ReferralEscalated:
		s.escalated(i, p)
	case *events.DeadlineDueSoon:
		s.alarmed(p.Deadline, i.Referral, i.Number, 0)
	case *events.DeadlineMissed:
		s.alarmed(p.Deadline, i.Referral, 0, i.Number)
	default:
		s.stepReferral(i)
	}
}

// stop ends what the person's no covers, whether it takes a consent back or
// refuses one: a referral on which the person has not arrived ends for the
// covered, and who holds released records owes an answer about them, however its
// part ended and whatever it answered before. Help that has begun goes on.
func (s *state) stop(m *Memorandum, number uint64, to events.Recipient, purpose events.Purpose) {
	for ri := range s.referrals {
		r := &s.referrals[ri]
		if purpose != "" && purpose != r.purpose {
			continue
		}
		for li := range r.legs {
			l := &r.legs[li]
			if !m.covers(to, l.to) || m.Profile.Exempt(m.kind(l.to), s.age) {
				continue
			}
			l.oweAnswer(number)
			if l.completed == 0 && r.purpose != events.PurposeEmergency { // nor did an emergency begin with consent
				l.end(number, endConsentEnded)
			}
		}
	}
}

func (s *state) stepRecord(i *Item) {
	var id events.EventID
	switch p := i.Facts.(type) {
	case *events.RecordReleased:
		id = p.Record
	case *events.RecordErased:
		id = p.Record
	case *events.RecordDisputed:
		id = p.Record
	}
	r := s.record(id)
	if p, ok := i.Facts.(*events.RecordReleased); ok && r == nil {
		r = s.tombstone(i.Referral, p)
	}
	if r == nil {
		return
	}
	switch p := i.Facts.(type) {
	case *events.RecordReleased:
		if l := s.referral(r.referral).leg(r.to); l != nil && r.released == 0 {
			l.holds++
		}
		r.released = i.Number
	case *events.RecordErased:
		r.erased = i.Number
		if l := s.referral(r.referral).leg(r.to); l != nil && r.released != 0 && p.Reason != events.ErasedKeyEnded {
			l.oweAnswer(i.Number) // it may have stored the record an instant before
		}
	case *events.RecordDisputed:
		r.disputed = i.Number
	}
}

// tombstone stands for a released record that reached the viewer as one: of
// its header only what the release tells is known.
func (s *state) tombstone(id events.ReferralID, p *events.RecordReleased) *record {
	r := record{id: p.Record, to: p.To, referral: id}
	if of := s.referral(id); of != nil {
		r.purpose = of.purpose
	}
	s.keep(r)
	return &s.records[len(s.records)-1]
}

func (s *state) stepReferral(i *Item) {
	if p, ok := i.Facts.(*events.ReferralRequested); ok {
		r := referral{id: i.ID, number: i.Number, by: i.By, purpose: p.Purpose, sections: p.Sections, needs: p.Needs, urgency: p.Urgency, order: cmp.Or(p.Order, events.AtOnce)}
		r.ask(p)
		s.referrals = append(s.referrals, r)
		return
	}
	r := s.referral(i.Referral)
	if r == nil {
		return
	}
	switch p := i.Facts.(type) {
	case *events.ReferralWithdrawn:
		r.withdraw(i.Number)
		return
	case *events.ReferralConfirmed:
		r.confirm(r.leg(p.Provider), i.Number)
		return
	case *events.ReferralNotNeeded:
		r.spare(r.leg(p.To), i.Number)
		return
	}
	l := r.leg(i.By)
	if p, ok := i.Facts.(*events.HandoverArranged); ok {
		if l == nil || l.accepted == 0 {
			l = r.chosen() // the referrer said it
		}
		if l != nil {
			l.arranged = append(l.arranged, arrangement{i.Number, p.Planned.Time()})
		}
		return
	}
	if l != nil {
		r.answer(l, i)
	}
}

func (r *referral) withdraw(number uint64) {
	r.withdrawn = number
	for li := range r.legs {
		if l := &r.legs[li]; l.alive() {
			l.oweAnswer(number)
			l.end(number, endWithdrawn)
		}
	}
}

// answer adds what a provider asked says of its own leg.
func (r *referral) answer(l *leg, i *Item) {
	switch p := i.Facts.(type) {
	case *events.ReferralAcknowledged:
		l.acknowledged, l.duty = earliest(l.acknowledged, i.Number), l.duty || p.Duty != ""
	case *events.ReferralAccepted:
		r.heard(l, i.Number, p.Channel)
	case *events.ReferralDeclined:
		l.declined = i.Number
		l.oweAnswer(i.Number)
		l.end(i.Number, endDeclined)
	case *events.ReferralFeedback:
		l.feedback = earliest(l.feedback, i.Number)
	case *events.HandoverCompleted:
		l.completed = i.Number
		r.dismiss(i.Number)
	case *events.HandoverFailed:
		l.failed = i.Number
		l.oweAnswer(i.Number)
		l.end(i.Number, endFailed)
	case *events.ServiceStarted:
		l.services = append(l.services, service{need: p.Need, started: i.Number})
	case *events.ServiceEnded:
		if at := slices.IndexFunc(l.services, func(s service) bool { return s.need == p.Need && s.ended == 0 }); at >= 0 {
			l.services[at].ended = i.Number
		}
	case *events.ErasureConfirmed:
		if l.owing() {
			l.debts[len(l.debts)-1].met = i.Number
		}
		if p.Answer == events.Erased {
			l.holds, l.gave = 0, i.Number
		}
	}
}
