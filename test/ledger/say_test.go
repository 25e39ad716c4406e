package ledger

import (
	"crypto/rand"
	"encoding/json"
	"slices"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

func (w *world) uuid() string {
	id, err := events.NewUUID(time.Now(), rand.Reader)
	w.must(err)
	return id
}

func (w *world) newCase() events.CaseID { return events.CaseID(w.uuid()) }

func now() events.Said {
	at := events.At(time.Now())
	return events.Said{Happened: at, Recorded: at, Channel: events.InPerson}
}

// draft is an unsigned event of the site, without a sequence.
func (s *site) draft(p events.Payload, about events.CaseID, correlation events.EventID) events.Event {
	data, err := events.Encode(p)
	s.w.must(err)
	return s.envelope(p.Type(), data, about, correlation)
}

func (s *site) envelope(t events.Type, data []byte, about events.CaseID, correlation events.EventID) events.Event {
	e := events.Event{
		ID: events.EventID(s.w.uuid()), Source: events.Source(hubID, s.id), Type: t,
		DataContentType: events.FactsContent, DataSchema: t.Schema(), Subject: string(about), Time: events.At(time.Now()),
		Hub: hubID.Origin(), CorrelationID: correlation, TraceParent: exchange.TraceParent(s.w.test().Context()), Data: data,
	}
	if about == "" {
		e.Subject = string(s.id)
	}
	if correlation == "" {
		e.CorrelationID = events.EventID(about)
	}
	if t == events.TypeReferralRequested || e.CorrelationID == "" {
		e.CorrelationID = e.ID
	}
	e.CausationID = e.ID
	return e
}

// sign gives an event the site's next sequence and signature, and remembers it.
func (s *site) sign(e events.Event) events.Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	if e.Sequence == "" {
		e.Sequence = s.next.String()
		s.next++
	}
	signed, err := s.key().Sign(e)
	s.w.must(err)
	if _, known := s.said[e.ID]; !known {
		s.said[e.ID] = signed
	}
	return signed
}

func (s *site) submit(e events.Event) events.Event {
	s.w.must(s.link.Submit(s.w.t.Context(), exchange.Encode(e)))
	return e
}

// say submits facts about a case.
func (s *site) say(p events.Payload, about events.CaseID, correlation events.EventID) events.Event {
	return s.submit(s.sign(s.draft(p, about, correlation)))
}

// seal submits one sealed section of a referral for one recipient.
func (s *site) seal(to *site, about events.CaseID, referral events.ReferralID, section events.Section, purpose events.Purpose) events.Event {
	e := s.sealed(to, about, referral, section, purpose)
	return s.submit(s.sign(e))
}

func (s *site) sealed(to *site, about events.CaseID, referral events.ReferralID, section events.Section, purpose events.Purpose) events.Event {
	return s.sealedAs(events.TypeRecordSealed, to, about, referral, section, purpose)
}

// sealedAs is a record, a question or an answer.
func (s *site) sealedAs(t events.Type, to *site, about events.CaseID, referral events.ReferralID, section events.Section, purpose events.Purpose) events.Event {
	e := s.envelope(t, nil, about, referral)
	e.DataContentType = events.SealedContent
	plain, err := json.Marshal(map[string]string{"invented": "section " + string(section)})
	s.w.must(err)
	e.Data, e.PlainCommit, err = seal.Seal(to.sealing.Public(), events.RecordHeader{
		Source: e.Source, ID: e.ID, To: to.id, Case: about, Referral: referral, Purpose: purpose, Type: t, Section: section,
	}, plain, rand.Reader)
	s.w.must(err)
	return e
}

// answer waits for the receipt or refusal of an event.
func (s *site) answer(e events.Event) got {
	s.w.t.Helper()
	var found got
	s.w.eventually("an answer to "+e.Type.Name()+" of "+string(s.id), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, g := range s.got {
			if g.Kind == tlog.KindReceipt && g.entry.Attribute("dssematerial") == e.DSSEMaterial || g.Kind == tlog.KindRefusal && g.ID == e.ID {
				found = g
				return true
			}
		}
		return false
	})
	return found
}

// admitted waits for the receipt of an event; a refusal fails the test.
func (s *site) admitted(e events.Event) got {
	s.w.t.Helper()
	g := s.answer(e)
	if g.Kind != tlog.KindReceipt {
		s.w.t.Fatalf("%s of %s was refused: %s: %s", e.Type.Name(), s.id, g.entry.Rule, g.Reason)
	}
	return g
}

// refused waits for the refusal of an event by a rule.
func (s *site) refused(e events.Event, rule events.Rule) got {
	s.w.t.Helper()
	g := s.answer(e)
	if by, _ := g.Why(g.entry); g.Kind != tlog.KindRefusal || by != rule {
		s.w.t.Fatalf("%s of %s: got %s %s (%s), want refused %s", e.Type.Name(), s.id, g.Kind, by, g.Reason, rule)
	}
	return g
}

// has waits until an event was delivered to the site.
func (s *site) has(e events.Event) got {
	s.w.t.Helper()
	var found got
	s.w.eventually(e.Type.Name()+" reaches "+string(s.id), func() bool {
		g, ok := s.find(e.ID)
		found = g
		return ok
	})
	return found
}

func (s *site) find(id events.EventID) (got, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := slices.IndexFunc(s.got, func(g got) bool { return g.Kind == tlog.KindEvent && g.event.ID == id })
	if at < 0 {
		return got{}, false
	}
	return s.got[at], true
}

// types lists what the site was given, in order.
func (s *site) types() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var all []string
	for _, g := range s.got {
		name := string(g.Kind)
		if g.Kind == tlog.KindEvent || g.Kind == tlog.KindReceipt {
			name += " " + g.event.Type.Name()
		}
		if g.Kind == tlog.KindRefusal {
			name += " " + string(g.entry.Rule)
		}
		all = append(all, name)
	}
	return all
}
