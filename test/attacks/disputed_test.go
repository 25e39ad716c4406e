package attacks

import (
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"testing"

	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// swappedForAnothers seals records that the hub cannot tell from good ones: under
// the shelter's key id, to another key; and with another section than plaincommit
// says. The shelter's own service finds out when staff open them, shows nothing, and
// says so in the log.
func (s *site) swappedForAnothers(t *testing.T) {
	during(t, s)
	about, referral := s.refersTo(shelter)
	own, err := seal.SealingKeyID(s.listed[thief].Sealing)
	must(t, err)
	theirs, err := seal.SealingKeyID(s.listed[shelter].Sealing)
	must(t, err)
	header := events.RecordHeader{To: shelter, Case: about, Referral: referral, Purpose: events.PurposeAccommodation, Type: events.TypeRecordSealed, Section: events.SectionIdentity}
	swapped := s.record(header, thief)
	head, rest, _ := strings.Cut(string(swapped.Data), ".")
	raw, err := base64.RawURLEncoding.DecodeString(head)
	must(t, err)
	swapped.Data = []byte(base64.RawURLEncoding.EncodeToString([]byte(strings.Replace(string(raw), string(own), string(theirs), 1))) + "." + rest)
	header.Section = events.SectionNeeds
	another := s.record(header, shelter)
	another.PlainCommit = strings.Repeat("0a", 32)
	for _, e := range []events.Event{swapped, another} {
		s.admits(e)
	}
	before := s.count()
	s.world.Case = about
	must(t, s.world.Tell(t.Context(), "shelter sees referral urgency=standard\nshelter says referral.accepted\n", quiet{}))
	people, path := client.People(s.hub.At.Agency(shelter)), "/v1/cases/"+url.PathEscape(string(about))+"/sections"
	var all []agency.SectionView
	eventually(t, "both records are released", func() bool {
		all, err = client.List[agency.SectionView](t.Context(), people, path, "sections")
		return err == nil && len(all) == 2
	})
	for _, section := range all {
		var opened any
		if err := people.Post(t.Context(), path+"/"+string(section.Record)+"/open", map[string]string{"role": "case-worker", "purpose": "accommodation", "basis": "consent"}, &opened); err == nil {
			t.Errorf("%s was opened: %v", section.Section, opened)
		}
	}
	disputed := map[events.EventID]bool{}
	eventually(t, "both are disputed in the log", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, g := range s.got[before:] {
			if g.event != nil && g.event.Type == events.TypeRecordDisputed {
				disputed[swapped.ID] = disputed[swapped.ID] || strings.Contains(string(g.event.Data), string(swapped.ID))
				disputed[another.ID] = disputed[another.ID] || strings.Contains(string(g.event.Data), string(another.ID))
			}
		}
		return disputed[swapped.ID] && disputed[another.ID]
	})
	if !slices.Contains(names(s.since(before)), "record.disputed") {
		t.Error("the sender is not told")
	}
}

// refersTo opens a case in which the person agreed to any shelter, and asks one.
func (s *site) refersTo(to events.AgencyID) (events.CaseID, events.ReferralID) {
	s.t.Helper()
	id := s.draftCase(s.t)
	s.admits(s.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, id))
	s.admits(s.draft(agreed(events.Recipient{Class: events.Shelter}, events.PurposeAccommodation, sections()), id))
	request := s.draft(&events.ReferralRequested{
		Said: now(), To: events.Set[events.AgencyID]{to}, Purpose: events.PurposeAccommodation, Sections: sections(),
		Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: events.Standard, Age: events.Adult,
	}, id)
	s.admits(request)
	return id, request.ID
}
