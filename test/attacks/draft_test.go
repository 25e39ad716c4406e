package attacks

import (
	"crypto/rand"
	"time"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

func now() events.Said {
	at := events.At(time.Now())
	return events.Said{Happened: at, Recorded: at, Channel: events.InPerson}
}

// draft is an unsigned event without a sequence.
func (s *site) draft(p events.Payload, about events.CaseID) events.Event {
	data, err := events.Encode(p)
	must(s.t, err)
	return s.envelope(p.Type(), data, about, "")
}

func (s *site) envelope(t events.Type, data []byte, about events.CaseID, correlation events.EventID) events.Event {
	e := events.Event{
		ID: events.EventID(uuid(s.t)), Source: events.Source(s.file.Hub, s.id), Type: t,
		DataContentType: events.FactsContent, DataSchema: t.Schema(), Subject: string(about), Time: events.At(time.Now()),
		Hub: s.file.Hub.Origin(), CorrelationID: correlation, TraceParent: exchange.TraceParent(s.t.Context()), Data: data,
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

// sign gives an event the sequence that the hub expects, unless it has one, and
// the site's signature. Whoever says it counts on when it consumes the number.
func (s *site) sign(e events.Event) events.Event {
	if e.Sequence == "" {
		e.Sequence = s.next.String()
	}
	signed, err := s.signing.Sign(e)
	must(s.t, err)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.said[signed.DSSEMaterial] = signed
	return signed
}

// opening is a case that nobody has met before.
func (s *site) opening() events.Event {
	return s.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, events.CaseID(uuid(s.t)))
}

func sections() events.Set[events.Section] {
	return events.Set[events.Section]{events.SectionIdentity, events.SectionContact, events.SectionNeeds}
}

// refer opens a case in which the person agreed to any shelter, and asks the provider.
func (s *site) refer() (events.CaseID, events.ReferralID) {
	s.t.Helper()
	id := events.CaseID(uuid(s.t))
	s.admits(s.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, id))
	s.admits(s.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, id))
	s.admits(s.draft(&events.ConsentGiven{
		Said: now(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation, Sections: sections(),
		Expires: events.At(time.Now().Add(240 * time.Hour)), By: events.ByPerson, Capacity: events.Clear,
		Language: "eng", Interpreter: events.NoInterpreter, Present: events.Set[events.Present]{"person-alone"},
	}, id))
	request := s.draft(&events.ReferralRequested{
		Said: now(), To: events.Set[events.AgencyID]{provider}, Purpose: events.PurposeAccommodation, Sections: sections(),
		Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: events.Standard, Age: events.Adult,
	}, id)
	s.admits(request)
	return id, request.ID
}

// sealed is a record for an agency, sealed to the key of another one, if that
// is named.
func (s *site) sealed(about events.CaseID, referral events.ReferralID, to, keyOf events.AgencyID) events.Event {
	s.t.Helper()
	return s.record(events.RecordHeader{
		To: to, Case: about, Referral: referral, Purpose: events.PurposeAccommodation, Type: events.TypeRecordSealed, Section: events.SectionIdentity,
	}, keyOf)
}

// record seals something that says whatever the header says.
func (s *site) record(h events.RecordHeader, keyOf events.AgencyID) events.Event {
	s.t.Helper()
	e := s.envelope(h.Type, nil, h.Case, h.Referral)
	e.DataContentType = events.SealedContent
	h.Source, h.ID = e.Source, e.ID
	s.mu.Lock()
	to, known := s.listed[keyOf]
	s.mu.Unlock()
	if !known {
		s.t.Fatalf("%s was not told of %s", s.id, keyOf)
	}
	var err error
	e.Data, e.PlainCommit, err = seal.Seal(to.Sealing, h, []byte(`{"first_name":"Invented"}`), rand.Reader)
	must(s.t, err)
	return e
}
