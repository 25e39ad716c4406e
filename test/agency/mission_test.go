package agency

import (
	"net/http"
	"slices"
	"testing"

	"handrail/events"
	"handrail/services/agency"
)

// linked opens a case for a foreign mission, and has the person agree to it there.
func (s *site) linked(of events.CaseID) events.CaseID {
	s.w.t.Helper()
	status, text := s.ask(http.MethodPost, "/v1/links", `{"case":"`+string(of)+`","for":"consular"}`)
	if status != http.StatusAccepted {
		s.w.t.Fatalf("linking: %d %s", status, text)
	}
	c := read[agency.Linked](s, text).Linked
	s.settled()
	s.says(c, "rights.informed", `{"language":"ron","interpreter":"independent"}`)
	s.says(c, "consent.given", `{"recipient":{"agency":"farland-mission"},"purpose":"consular","sections":["identity","travel"],"expires":"2031-01-01T00:00:00Z",
		"by":"person","capacity":"clear","language":"ron","interpreter":"independent","present":["person-alone"]}`)
	return c
}

const toTheMission = `{"to":["farland-mission"],"purpose":"consular","sections":["identity"],"needs":["documents"],"urgency":"standard","age":"adult"}`

// A foreign mission knows of one linked case and of the agency that addresses it
// there; of the person's own case it learns nothing.
func TestAForeignMissionSeesTheLinkedCaseAlone(t *testing.T) {
	w := newWorld(t)
	p, m := w.joined(thePolice), w.joined(farMission)
	for _, id := range []events.AgencyID{theShelter, coordinator} { // witnesses of the mission's key
		w.joined(id)
	}
	own := p.tonight(eight).Case
	p.settled()
	c := p.linked(own)
	p.says(c, "referral.requested", toTheMission)
	p.settled()
	referral := p.line(c, "referral.requested")
	if referral.Type == "" {
		t.Fatalf("the request was not admitted: %+v", get[agency.OutboxView](p, "/v1/outbox").Said)
	}
	w.eventually("the mission's key is witnessed, and sealed to", func() bool {
		status, text := p.ask(http.MethodPost, "/v1/records", `{"case":"`+string(c)+`","referral":"`+string(referral.ID)+`","to":"farland-mission","sections":["identity"],
			"values":{"identity":{"name":"Invented Pseudonym"}}}`)
		if status != http.StatusAccepted && member(text, "rule") != `"key-unwitnessed"` {
			t.Fatalf("sealing: %d %s", status, text)
		}
		return status == http.StatusAccepted
	})
	m.sees(c, "referral.requested")
	m.says(c, "referral.accepted", `{}`)
	w.eventually("the identity opens to the mission", func() bool { return len(m.readable(c)) == 1 })
	if status, _ := m.opens(c, m.sections(c)[0].Record, "consular"); status != http.StatusOK {
		t.Errorf("opening it: %d", status)
	}
	m.stop()
	m = w.start(farMission)
	if cases := m.Cases(); len(cases) != 1 || cases[0].Case != c || !m.status().Joined {
		t.Errorf("after a restart the mission knows of %+v", cases)
	}
	if line := m.line(c, "case.linked"); line.Type != "" {
		t.Error("the mission sees the link")
	}
	if view := get[agency.CaseView](p, "/v1/cases/"+string(own)); !slices.Equal(view.Linked, []events.CaseID{c}) {
		t.Errorf("the desk that linked sees %v", view.Linked)
	}
	m.says(c, "nationality.verified", `{}`)
	p.sees(c, "nationality.verified")

	p.says(own, "asylum.sought", `{}`)
	m.sees(c, "referral.not-needed")
	status, text := p.ask(http.MethodPost, "/v1/links", `{"case":"`+string(own)+`","for":"consular"}`)
	if status == http.StatusAccepted {
		t.Errorf("linked while asylum is sought: %s", text)
	}
	m.settled()
	for _, alarm := range append(m.status().Alarms, p.status().Alarms...) {
		t.Errorf("alarm: %+v", alarm)
	}
}
