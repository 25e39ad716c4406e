package agency

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/agency"
)

// view is a case as the site's people read it.
func (s *site) view(of events.CaseID) agency.CaseView {
	s.w.t.Helper()
	return get[agency.CaseView](s, "/v1/cases/"+string(of))
}

// silent checks that the site's answer about a case has none of these members.
func (s *site) silent(of events.CaseID, members ...string) {
	s.w.t.Helper()
	_, text := s.ask(http.MethodGet, "/v1/cases/"+string(of), "")
	for _, name := range members {
		if said := member(text, name); said != "" {
			s.w.t.Errorf("%s reads %s: %s", s.config.Agency, name, said)
		}
	}
}

func TestACaseSaysThatThePersonIsMissingAndSinceWhen(t *testing.T) {
	w := newWorld(t)
	p := w.joined(thePolice)
	c := p.files("referral").Case
	p.silent(c, "missing", "unconfirmed", "help_declined", "incidents")
	since := time.Now().Add(-2 * time.Hour).UTC().Truncate(time.Second)
	p.says(c, "person.missing", `{"happened":"`+events.At(since).String()+`"}`)
	p.settled()
	if missing := p.view(c).Missing; !missing.Since.Equal(since) || missing.By != thePolice {
		t.Errorf("missing since %+v", missing)
	}
	p.says(c, "person.found", `{}`)
	p.silent(c, "missing")
	p.once(c)
	p.silent(c, "missing")
}

func TestACaseSaysWhichEmergencyWaitsForASecondPerson(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	c := p.files("referral").Case
	p.says(c, "emergency.disclosed", `{"reason":"life","to":"harbour-shelter","sections":["contact","risk"],"staff":"officer-1"}`)
	admitted := s.sees(c, "emergency.disclosed").Admitted
	for _, at := range []*site{p, s} {
		at.settled()
		waits := at.view(c).Unconfirmed
		if len(waits) != 1 || waits[0].Disclosure != at.line(c, "emergency.disclosed").ID || waits[0].By != thePolice || waits[0].To != theShelter || waits[0].Reason != "life" ||
			!slices.Equal(waits[0].Sections, []events.Section{events.SectionContact, events.SectionRisk}) || !waits[0].Until.Equal(admitted.Add(72*time.Hour)) {
			t.Fatalf("%s reads %+v", at.config.Agency, waits)
		}
	}
	wait := p.view(c).Unconfirmed[0]
	if !wait.ConfirmBy.Equal(admitted.Add(24 * time.Hour)) {
		t.Errorf("to be confirmed by %s", wait.ConfirmBy)
	}
	p.says(c, "emergency.confirmed", `{"disclosure":"`+string(wait.Disclosure)+`","staff":"lead-1","person":"told"}`)
	s.sees(c, "emergency.confirmed")
	p.once(c)
	p.silent(c, "unconfirmed")
	s.silent(c, "unconfirmed")
}

func TestACaseSaysThatHelpWasDeclinedAndTheWayBack(t *testing.T) {
	w := newWorld(t)
	p := w.joined(thePolice)
	c := p.files("referral").Case
	p.answer(c, agency.InformRights, `{"language":"ron","interpreter":"independent"}`)
	p.says(c, "help.declined", `{"way_back":"hotline-number"}`)
	p.settled()
	said := p.line(c, "help.declined")
	if declined := p.view(c).HelpDeclined; declined.WayBack != "hotline-number" || declined.By != thePolice || !declined.Since.Equal(said.Happened) {
		t.Errorf("help declined: %+v", declined)
	}
	p.answer(c, agency.AskConsent, yesToABed)
	p.once(c)
	p.silent(c, "help_declined")
}

func TestACaseSaysWhichIncidentsItBelongsTo(t *testing.T) {
	const raid = "01936a00-0000-7000-8000-0000000041d0"
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	asked := p.tonight(strings.Replace(eight, `"bundle":"bed"`, `"bundle":"bed","to":["harbour-shelter"]`, 1))
	p.says(asked.Case, "incident.linked", `{"incident":"`+raid+`"}`)
	p.settled()
	if incidents := p.view(asked.Case).Incidents; !slices.Equal(incidents, []events.EventID{raid}) {
		t.Errorf("the incidents are %v", incidents)
	}
	s.sees(asked.Case, "referral.requested")
	s.says(asked.Case, "referral.accepted", `{}`)
	s.once(asked.Case)
	s.silent(asked.Case, "incidents")
}

// Whoever does not know whether a request arrived sends it again under the same
// case id. Nobody is asked twice, and the answer says what to look at.
func TestTheSameRequestForTonightSentTwiceIsOneCase(t *testing.T) {
	const id = "01936a00-0000-7000-8000-00000000ca5e"
	same := strings.Replace(eight, `"bundle":"bed"`, `"bundle":"bed","to":["harbour-shelter"],"case":"`+id+`"`, 1)
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	again := func(when, body string) {
		t.Helper()
		status, text := p.ask(http.MethodPost, "/v1/tonight", body)
		if status != http.StatusUnprocessableEntity || member(text, "rule") != `"case-exists"` || member(text, "pointer") != `"/case"` {
			t.Errorf("%s: %d %s", when, status, text)
		}
	}
	w.stop() // the first answer of the hub is not there yet
	asked := p.tonight(same)
	again("at once", same)
	p.stop()
	p = w.start(thePolice)
	again("after a restart", same)
	w.startLedger()
	s.sees(id, "referral.requested")
	p.settled()
	again("after it was admitted", same)
	again("asking somebody else", strings.Replace(same, "harbour-shelter", "riverside-shelter", 1))
	if said := get[agency.OutboxView](p, "/v1/outbox").Said; asked.Case != id || len(said) != asked.Events {
		t.Errorf("case %s: said %d, in one breath %d", asked.Case, len(said), asked.Events)
	}
	if cases, referrals := p.Cases(), p.view(id).Referrals; len(cases) != 1 || len(referrals) != 1 {
		t.Errorf("%d cases, %d requests", len(cases), len(referrals))
	}
	if waiting := s.inbox().Waiting; len(waiting) != 1 {
		t.Errorf("the shelter is asked %+v", waiting)
	}
	p.once(id)
	s.once(id)
}
