package trail_test

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/web/language"
	"handrail/services/web/trail"
)

// The agencies of the tests' hub: fictional.
const (
	police  events.AgencyID = "sampletown-police"
	shelter events.AgencyID = "lighthouse-shelter"
	harbour events.AgencyID = "harbour-shelter"
)

func kinds() map[events.AgencyID]events.AgencyKind {
	return map[events.AgencyID]events.AgencyKind{police: events.Police, shelter: events.Shelter, harbour: events.Shelter}
}

// story tells one case to the ledger, a minute apart.
type story struct {
	t      *testing.T
	m      *mou.Memorandum
	c      mou.Case
	start  time.Time
	now    time.Time
	number uint64
}

func newStory(t *testing.T) *story {
	t.Helper()
	profile, err := mou.LoadProfile("model@1")
	if err != nil {
		t.Fatal(err)
	}
	m := &mou.Memorandum{Profile: profile, Directory: kinds()}
	at := time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)
	return &story{t: t, m: m, c: m.NewCase(""), start: at, now: at, number: 10}
}

func (s *story) uuid(n uint64) string {
	id, err := events.NewUUID(s.start, rand.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64(nil, n))))
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func (s *story) said() events.Said {
	return events.Said{Happened: events.At(s.now), Recorded: events.At(s.now), Channel: events.InPerson}
}

func (s *story) says(by events.AgencyID, referral events.ReferralID, p events.Payload) events.EventID {
	s.t.Helper()
	s.number += 3 // other cases have entries too
	id := events.EventID(s.uuid(s.number))
	e := events.Event{
		ID: id, Source: events.Source("sampleland", by), Type: p.Type(), DataSchema: p.Type().Schema(), Subject: s.uuid(0),
		Time: events.At(s.now), Hub: "handrail/sampleland", CorrelationID: events.EventID(s.uuid(0)), CausationID: id,
	}
	switch {
	case p.Type() == events.TypeReferralRequested:
		e.CorrelationID = id
	case referral != "":
		e.CorrelationID = referral
	}
	if r, sealed := p.(*events.Record); sealed {
		r.Header.KeyID, r.Header.Source, r.Header.ID = events.KeyID(strings.Repeat("ab", 32)), e.Source, id
		r.Header.Case, r.Header.Referral = events.CaseID(s.uuid(0)), referral
	}
	next, err := s.c.Apply(mou.Act{Number: s.number, Event: e, Payload: p}, s.now)
	if err != nil {
		s.t.Fatalf("%s says %s: %v", by, p.Type().Name(), err)
	}
	s.c, s.now = next, s.now.Add(time.Minute)
	return id
}

func (s *story) hub() {
	s.t.Helper()
	for due := s.c.Due(s.now, nobody); len(due) > 0; due = s.c.Due(s.now, nobody) {
		s.says(events.HubAgency, due[0].Referral, due[0].Payload)
	}
}

func nobody(events.AgencyID) bool { return false }

// withdrawn is a case in which the shelter accepted and was given who the person is, harbour was asked and not chosen,
// and the person took the consent back.
func withdrawn(t *testing.T) *story {
	t.Helper()
	s := newStory(t)
	s.says(police, "", &events.CaseOpened{Said: s.said(), Age: events.Adult})
	s.says(police, "", &events.RightsInformed{Said: s.said(), Language: "ron", Interpreter: events.Independent})
	s.says(police, "", &events.ConsentGiven{
		Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation,
		Sections: events.Set[events.Section]{events.SectionIdentity, events.SectionNeeds}, Expires: events.At(s.now.Add(30 * 24 * time.Hour)),
		By: events.ByPerson, Capacity: events.Clear, Language: "ron", Interpreter: events.Independent, Present: events.Set[events.Present]{"person-alone"},
	})
	late := s.said()
	late.Happened = events.At(s.now.Add(-30 * time.Minute))
	late.Channel = events.Telephone
	referral := s.says(police, "", &events.ReferralRequested{
		Said: late, To: []events.AgencyID{shelter, harbour}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{events.SectionIdentity},
		Needs: events.Set[events.Need]{"emergency-shelter", "transport"}, Urgency: events.Standard, Age: events.Adult, Children: events.Children{Under9: 2},
	})
	for _, to := range []events.AgencyID{shelter, harbour} {
		s.says(police, referral, &events.Record{Header: events.RecordHeader{
			Type: events.TypeRecordSealed, To: to, Purpose: events.PurposeAccommodation, Section: events.SectionIdentity,
		}})
	}
	s.says(shelter, referral, &events.ReferralAccepted{Said: s.said()})
	s.hub()
	s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}})
	s.hub()
	return s
}

// source is the case as an auditor verified it, or, for a viewer, as that agency was delivered it.
func (s *story) source(viewer events.AgencyID) trail.Source {
	c := s.c
	if viewer != "" {
		c = c.View(viewer)
	}
	src := trail.Source{Case: c, Profile: s.m.Profile, Kinds: kinds(), Log: trail.Log{
		Size: s.number + 5, Root: tlog.Hash{7}, Enough: true, Quorum: s.m.Profile.Witnesses,
		Witnesses: []tlog.Cosignature{{Agency: shelter, Kind: events.Shelter, At: s.now}, {Agency: police, Kind: events.Police, At: s.now}},
	}}
	for _, item := range c.Trail() {
		src.Entries = append(src.Entries, trail.Entry{
			Number: item.Number, Admitted: item.Admitted, By: item.By, Item: &item, Leaf: tlog.Hash{byte(item.Number)}, Size: src.Log.Size, Witnessed: true,
		})
	}
	return src
}

// book is read once: every test reads the same words, and nobody changes them.
var book = sync.OnceValues(func() (*language.Book, error) { return language.Load(time.UTC) })

func english(t *testing.T) *language.Words {
	t.Helper()
	all, err := book()
	if err != nil {
		t.Fatal(err)
	}
	words, _ := all.Of("en")
	return words
}
