package known_test

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/known"
	"handrail/contracts/mou"
	"handrail/events"
)

// The agencies of the tests' hub: fictional.
const (
	police  events.AgencyID = "sampletown-police"
	shelter events.AgencyID = "lighthouse-shelter"
	harbour events.AgencyID = "harbour-shelter"
	embassy events.AgencyID = "otherland-embassy"
)

func kinds() map[events.AgencyID]events.AgencyKind {
	return map[events.AgencyID]events.AgencyKind{police: events.Police, shelter: events.Shelter, harbour: events.Shelter, embassy: events.ForeignMission}
}

// story tells one case to the ledger, a minute apart.
type story struct {
	t      *testing.T
	c      mou.Case
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
	return &story{t: t, c: m.NewCase(""), now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
}

func uuid(n uint64) string {
	id, err := events.NewUUID(time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), rand.NewChaCha8(sha256.Sum256(binary.BigEndian.AppendUint64(nil, n))))
	if err != nil {
		panic(err)
	}
	return id
}

func (s *story) said() events.Said {
	return events.Said{Happened: events.At(s.now), Recorded: events.At(s.now), Channel: events.InPerson}
}

func (s *story) says(by events.AgencyID, referral events.ReferralID, p events.Payload) events.EventID {
	s.t.Helper()
	s.number++
	id := events.EventID(uuid(s.number))
	e := events.Event{
		ID: id, Source: events.Source("sampleland", by), Type: p.Type(), DataSchema: p.Type().Schema(), Subject: uuid(0),
		Time: events.At(s.now), Hub: "handrail/sampleland", CorrelationID: events.EventID(uuid(0)), CausationID: id,
	}
	switch {
	case p.Type() == events.TypeReferralRequested:
		e.CorrelationID = id
	case referral != "":
		e.CorrelationID = referral
	}
	if r, sealed := p.(*events.Record); sealed {
		r.Header.KeyID, r.Header.Source, r.Header.ID = events.KeyID(strings.Repeat("ab", 32)), e.Source, id
		r.Header.Case, r.Header.Referral = events.CaseID(uuid(0)), referral
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
	for due := s.c.Due(s.now, func(events.AgencyID) bool { return false }); len(due) > 0; due = s.c.Due(s.now, func(events.AgencyID) bool { return false }) {
		s.says(events.HubAgency, due[0].Referral, due[0].Payload)
	}
}

// referred is a case in which the shelter accepted and has who the person is, and
// harbour was asked and not chosen.
func referred(t *testing.T) (s *story, referral events.ReferralID, record events.EventID) {
	t.Helper()
	s = newStory(t)
	s.says(police, "", &events.CaseOpened{Said: s.said(), Age: events.Adult})
	s.says(police, "", &events.RightsInformed{Said: s.said(), Language: "ron", Interpreter: events.Independent})
	s.says(police, "", &events.ConsentGiven{
		Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation,
		Sections: events.Set[events.Section]{events.SectionIdentity}, Expires: events.At(s.now.Add(30 * 24 * time.Hour)),
		By: events.ByPerson, Capacity: events.Clear, Language: "ron", Interpreter: events.Independent, Present: events.Set[events.Present]{"person-alone"},
	})
	referral = s.says(police, "", &events.ReferralRequested{
		Said: s.said(), To: []events.AgencyID{shelter, harbour}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{events.SectionIdentity},
		Needs: events.Set[events.Need]{"emergency-shelter"}, Urgency: events.Standard, Age: events.Adult,
	})
	for _, to := range []events.AgencyID{shelter, harbour} {
		id := s.says(police, referral, &events.Record{Header: events.RecordHeader{
			Type: events.TypeRecordSealed, To: to, Purpose: events.PurposeAccommodation, Section: events.SectionIdentity,
		}})
		if to == shelter {
			record = id
		}
	}
	s.says(shelter, referral, &events.ReferralAccepted{Said: s.said()})
	s.hub()
	return s, referral, record
}

func TestASheetSaysWhoKnowsWhatByWhoseLeave(t *testing.T) {
	s, referral, record := referred(t)
	sheet := known.Of(s.c, kinds())
	if sheet.Desk != police || !slices.Equal(sheet.Nothing, []events.AgencyID{embassy}) || !slices.Equal(sheet.Agencies(), []events.AgencyID{harbour, shelter}) {
		t.Fatalf("desk %s, told nothing %v, learnt something %v", sheet.Desk, sheet.Nothing, sheet.Agencies())
	}
	var got []string
	for _, l := range sheet.Learnt {
		got = append(got, string(l.Who)+" "+l.Short()+" by "+string(l.Leave))
	}
	want := []string{string(shelter) + " matching facts by asked", string(harbour) + " matching facts by asked", string(shelter) + " identity by consent"}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if text := sheet.ForPerson(s.now, time.UTC); !strings.Contains(text, "nobody has read it yet") || !strings.Contains(text, "who I am") || !strings.Contains(text, "because I agreed; for accommodation") {
		t.Errorf("the sheet says:\n%s", text)
	}

	s.says(shelter, referral, &events.RecordOpened{Said: s.said(), Record: record, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent"})
	text := known.Of(s.c, kinds()).ForPerson(s.now, time.UTC)
	if !strings.Contains(text, "by: case worker, for accommodation, on the ground of what I agreed to") || strings.Contains(text, "nobody has read it") {
		t.Errorf("after the shelter read it the sheet says:\n%s", text)
	}
}

func TestASheetShowsWhoStillOwesAnAnswerAndWhatItWas(t *testing.T) {
	s, referral, _ := referred(t)
	s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}})
	s.hub()
	if text := known.Of(s.c, kinds()).ForPerson(s.now, time.UTC); !strings.Contains(text, "no answer yet") {
		t.Errorf("before it answered the sheet says:\n%s", text)
	}
	s.says(shelter, referral, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
	text := known.Of(s.c, kinds()).ForPerson(s.now, time.UTC)
	if !strings.Contains(text, "deleted on 2 Mar 2026") || strings.Contains(text, "no answer yet") {
		t.Errorf("after it answered the sheet says:\n%s", text)
	}
}

// A viewer gets what it may know, and nothing else.
func TestAnAgencysOwnSheetShowsNoMoreThanItSees(t *testing.T) {
	s, _, _ := referred(t)
	for _, l := range known.Of(s.c.View(harbour), kinds()).Learnt {
		if l.Who != harbour && l.What == known.Sealed {
			t.Errorf("harbour is shown that %s learnt %s", l.Who, l.Short())
		}
	}
}

// A code without words would leave a hole in what the person is given.
func TestEveryCodeHasWords(t *testing.T) {
	for _, section := range events.Section("").Codes() {
		if known.SectionWords(events.Section(section)) == "" {
			t.Errorf("the section %s has no words", section)
		}
	}
	for _, basis := range events.LegalBasis("").Codes() {
		if known.BasisWords(events.LegalBasis(basis)) == "" {
			t.Errorf("the basis %s has no words", basis)
		}
	}
}
