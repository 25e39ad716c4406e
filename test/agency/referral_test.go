package agency

import (
	"net/http"
	"strings"
	"testing"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/police"
)

// files has the police's first-responder system post an invented form.
func (s *site) files(name string) agency.Filed {
	s.w.t.Helper()
	form, err := police.Form(name)
	s.w.must(err)
	status, text := s.post("/v1/intake/uk-nrm", string(form))
	if status != http.StatusOK {
		s.w.t.Fatalf("filing %s: %d %s", name, status, text)
	}
	return read[agency.Filed](s, text)
}

// agrees answers the tasks up to the person's consent to a bed.
func (s *site) agrees(of events.CaseID) {
	s.w.t.Helper()
	s.answer(of, agency.InformRights, `{"language":"ron","interpreter":"independent"}`)
	s.answer(of, agency.AssessRisk, `{"with_person":true,"safety":["pursued"]}`)
	s.answer(of, agency.AskConsent, `{"answer":"yes","bundle":"bed","by":"person","capacity":"clear","language":"ron","interpreter":"independent","present":["person-alone"]}`)
}

// refers asks shelters to take the person.
func (s *site) refers(of events.CaseID, to string) {
	s.w.t.Helper()
	s.answer(of, agency.ChooseProvider, `{"to":`+to+`,"bundle":"bed","needs":["safe-accommodation"],"urgency":"standard","language":"ron"}`)
}

func TestAReferralGoesFromTheFormToTheClosedCase(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	filed := p.files("referral")
	c := filed.Case
	p.agrees(c)
	p.refers(c, `["harbour-shelter"]`)
	p.settled()

	s.sees(c, "referral.requested")
	waiting := get[map[string][]agency.Waiting](s, "/v1/inbox")["waiting"]
	if len(waiting) != 1 || waiting[0].Facts.Language != "ron" || waiting[0].Acknowledged {
		t.Errorf("the duty worker sees %+v", waiting)
	}
	if sections := s.sections(c); len(sections) != 0 {
		t.Errorf("before acceptance the shelter has %+v", sections)
	}
	s.says(c, "referral.acknowledged", `{}`)
	s.says(c, "referral.accepted", `{}`)
	s.settled()
	w.eventually("four sections are released", func() bool {
		open := 0
		for _, section := range s.sections(c) {
			if section.Open {
				open++
			}
		}
		return open == 4
	})
	for _, section := range s.sections(c) {
		status, text := s.opens(c, section.Record, "accommodation")
		if status != http.StatusOK {
			t.Fatalf("opening %s: %d %s", section.Section, status, text)
		}
		if section.Section == events.SectionIdentity && !strings.Contains(text, `"first_name":"Invented"`) {
			t.Errorf("the identity reads %s", text)
		}
		if status, _ := s.opens(c, section.Record, "investigation"); status != http.StatusUnprocessableEntity {
			t.Errorf("a section was opened for another purpose: %d", status)
		}
	}
	if reads := get[map[string][]agency.Read](s, "/v1/readlog")["reads"]; len(reads) != 4 || reads[0].Purpose != "accommodation" || reads[0].Reader != "duty-1" {
		t.Errorf("the read log has %+v", reads)
	}
	s.says(c, "handover.completed", `{}`)
	s.says(c, "service.started", `{"need":"safe-accommodation"}`)
	s.says(c, "service.ended", `{"need":"safe-accommodation","reason":"completed"}`)
	s.says(c, "referral.feedback", `{"outcome":"completed"}`)
	s.settled()
	p.sees(c, "referral.feedback")
	p.says(c, "case.closed", `{"reason":"completed"}`)
	p.settled()
	s.sees(c, "case.closed")
	for _, at := range []*site{p, s} {
		if alarms := at.status().Alarms; len(alarms) != 0 {
			t.Errorf("%s has alarms: %+v", at.config.Agency, alarms)
		}
		for _, said := range get[agency.OutboxView](at, "/v1/outbox").Said {
			if said.State != "admitted" {
				t.Errorf("%s: %s is %s: %s", at.config.Agency, said.Type, said.State, said.Rule)
			}
		}
	}
}

func TestASectionIsSealedLaterForAProviderThatWasAsked(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	c := p.files("referral").Case
	p.agrees(c)
	p.refers(c, `["harbour-shelter"]`)
	p.settled()
	referral := string(p.line(c, "referral.requested").ID)
	seals := func(to, section, more string) (int, string) {
		return p.ask(http.MethodPost, "/v1/records", `{"case":"`+string(c)+`","referral":"`+referral+`","to":"`+to+`","sections":["`+section+`"]`+more+`}`)
	}
	status, text := seals("harbour-shelter", "needs", `,"values":{"needs":{"language":"ron","diet":"none"}}`)
	if status != http.StatusAccepted {
		t.Fatalf("sealing anew: %d %s", status, text)
	}
	for _, c := range []struct{ to, section, rule string }{
		{"harbour-shelter", "testimony", `"agreement-table"`},
		{"hillside-shelter", "needs", `"not-candidate"`},
		{"nobody", "needs", `"recipient-unknown"`},
		{"harbour-shelter", "health", `"section-missing"`},
	} {
		if status, text := seals(c.to, c.section, ""); status != http.StatusUnprocessableEntity || member(text, "rule") != c.rule {
			t.Errorf("%s for %s: %d %s", c.section, c.to, status, text)
		}
	}
	s.sees(c, "referral.requested")
	s.says(c, "referral.accepted", `{}`)
	w.eventually("five sections are released", func() bool { return len(s.sections(c)) == 5 })
	p.once(c)
	s.once(c)
}
