package agency

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
)

func TestForAChildWithoutAGuardianChildProtectionIsAskedAndTold(t *testing.T) {
	w := newWorld(t)
	p, children := w.joined(thePolice), w.joined(theChildren)
	asked := p.tonight(`{"age":"unsure","language":"ron","call_back":"+44 7700 900123","name":"Invented Child"}`)
	if len(asked.Asked) != 1 || asked.Asked[0].Agency != theChildren || !slices.Equal(asked.Notified, []events.AgencyID{theChildren}) {
		t.Fatalf("%+v", asked)
	}
	children.sees(asked.Case, "notice.sent")
	children.sees(asked.Case, "referral.requested")
	children.says(asked.Case, "referral.accepted", `{}`)
	w.eventually("all sections open", func() bool { return len(children.readable(asked.Case)) == 4 })

	withGuardian := p.tonight(`{"age":"child","language":"ron","bundle":"bed","by":"appointed-guardian","child_view":"agrees","call_back":"+44 7700 900123","to":["harbour-shelter"]}`)
	if line := p.sees(withGuardian.Case, "consent.given"); member(string(line.Facts), "child_view") != `"agrees"` || member(string(line.Facts), "present") != `["guardian"]` {
		t.Errorf("the guardian's yes is recorded as %s", line.Facts)
	}
	children.sees(withGuardian.Case, "notice.sent")
	p.once(withGuardian.Case)
	p.once(asked.Case)
	children.once(asked.Case)
}

func TestTonightNamesTheChoiceThatIsWrong(t *testing.T) {
	w := newWorld(t)
	p := w.joined(thePolice)
	for _, c := range []struct{ name, change, rule, pointer, says string }{
		{"a need outside the list", `"need":["palace"]`, "data-code", "/need/0", "choice 1"},
		{"no age", `"age":""`, "data-code", "/age", "choice 2"},
		{"too many children", `"children":{"0-8":21}`, "data-malformed", "/children", "choice 3"},
		{"a language that is no code", `"language":"Lithuanian"`, "data-code", "/language", "choice 4"},
		{"a danger outside the list", `"dangers":["ghosts"]`, "data-code", "/dangers/0", "choice 5"},
		{"no access at all, as an empty list", `"access":[]`, "data-range", "/access", "choice 6"},
		{"a street as a region", `"region":"High Street 1"`, "data-code", "/region", "choice 7"},
		{"no yes", `"bundle":""`, "data-malformed", "/bundle", "choice 8"},
		{"a bundle that nobody offers", `"bundle":"palace"`, "data-code", "/bundle", "choice 8"},
		{"a guardian of an adult", `"by":"guardian"`, "child-guardian", "", "choice 8"},
		{"a child without its view", `"age":"child","by":"guardian"`, "data-malformed", "/child_view", "choice 8"},
		{"no number", `"call_back":"on the usual line"`, "data-malformed", "/call_back", "the number to call back"},
		{"somebody unknown", `"to":["nobody"]`, "recipient-unknown", "/to", "whom to ask"},
		{"somebody excluded", `"to":["harbour-shelter"],"except":["harbour-shelter"]`, "consent-required", "", "choice 8"},
		{"nobody left", `"except":["harbour-shelter","hillside-shelter","riverside-shelter"]`, "nobody-fits", "/to", "whom to ask"},
		{"an unknown member", `"address":"x"`, "data-malformed", "", ""},
	} {
		members := []string{`"age":"adult"`, `"language":"lit"`, `"bundle":"bed"`, `"call_back":"+44 7700 900123"`}
		members = slices.DeleteFunc(members, func(m string) bool {
			name, _, _ := strings.Cut(m, ":")
			return strings.Contains(c.change, name+":")
		})
		status, text := p.ask(http.MethodPost, "/v1/tonight", "{"+strings.Join(append(members, c.change), ",")+"}")
		if status < 400 || status == http.StatusInternalServerError || member(text, "rule") != `"`+c.rule+`"` || !strings.HasPrefix(member(text, "detail"), `"`+c.says) {
			t.Errorf("%s: %d %s", c.name, status, text)
		}
		if at := strings.Trim(member(text, "pointer"), `"`); c.pointer != "" && at != c.pointer {
			t.Errorf("%s is said of %s", c.name, at)
		}
		for _, value := range []string{"palace", "Lithuanian", "ghosts", "High Street", "usual line"} {
			if strings.Contains(text, value) {
				t.Errorf("%s: the answer repeats it: %s", c.name, text)
			}
		}
	}
	if cases := p.Cases(); len(cases) != 0 {
		t.Errorf("a request that was refused left %+v", cases)
	}
}

// Two shelters accept at the same moment: one has the person, the other is told
// that it is no longer needed, and nothing else.
func TestOfTwoThatAcceptOneIsToldNoLongerNeeded(t *testing.T) {
	w := newWorld(t)
	p, s, r := w.joined(thePolice), w.joined(theShelter), w.joined(riverHouse)
	asked := p.tonight(strings.Replace(eight, `"bundle":"bed"`, `"bundle":"bed","order":"at-once","to":["harbour-shelter","riverside-shelter"]`, 1))
	c := asked.Case
	for _, at := range []*site{s, r} {
		at.sees(c, "referral.requested")
	}
	s.says(c, "referral.acknowledged", `{"duty":"duty-1"}`)
	w.eventually("the first one reads the risk", func() bool { return len(s.readable(c)) == 2 })
	r.says(c, "referral.accepted", `{"channel":"telephone"}`)
	r.settled()
	if waiting := r.inbox().Waiting; len(waiting) != 1 || waiting[0].State != mou.LegByTelephone {
		t.Errorf("after an acceptance by telephone: %+v", waiting)
	}
	p.sees(c, "referral.accepted")
	p.says(c, "referral.confirmed", `{"provider":"riverside-shelter"}`)
	w.eventually("the one that telephoned has the person", func() bool { return len(r.readable(c)) == 4 })
	s.sees(c, "referral.not-needed")
	over := s.inbox().Over
	if len(over) != 1 || !strings.HasPrefix(over[0].Says, "No longer needed.") || over[0].Holds != 2 || over[0].Due.IsZero() || len(s.inbox().Waiting) != 0 {
		t.Errorf("the other one is told %+v", over)
	}
	for _, what := range []string{"referral.accepted", "referral.confirmed"} {
		if s.line(c, what).Type != "" {
			t.Errorf("the other one sees %s", what)
		}
	}
	s.says(c, "erasure.confirmed", `{"answer":"restricted","ground":"legal-claim","until":"2031-01-01T00:00:00Z"}`)
	p.sees(c, "erasure.confirmed")
	list := get[map[string][]agency.Withdrawal](p, "/v1/withdrawals/"+string(c))["withdrawals"]
	if len(list) != 1 || list[0].Type != "referral.not-needed" || list[0].Holders[0].Answer != "restricted" || list[0].Holders[0].Until.Year() != 2031 {
		t.Errorf("who holds what: %+v", list)
	}
	for _, at := range []*site{p, s, r} {
		at.once(c)
	}
}

func TestCapacityIsKeptAndRankedAlsoAfterARestart(t *testing.T) {
	w := newWorld(t)
	p, s, r := w.joined(thePolice), w.joined(theShelter), w.joined(riverHouse)
	s.publishes(roomFor3)
	s.publishes(strings.Replace(roomFor3, `"some"`, `"none"`, 1))
	r.publishes(fewRooms)
	const query = "need=emergency-shelter&children=2&age=adult&sex=woman&language=lit&region=GB-ENG&urgency=tonight"
	first := func(list []agency.ProviderView) events.AgencyID { return list[0].Agency }
	w.eventually("the newest word counts", func() bool {
		list := p.ranked(query, theShelter, riverHouse)
		return first(list) == riverHouse && list[0].Fits && slices.ContainsFunc(list, func(v agency.ProviderView) bool {
			return v.Agency == theShelter && !v.Fits && strings.Contains(v.Says, "is full")
		})
	})
	p.stop()
	p = w.start(thePolice)
	if list := p.ranked(query); first(list) != riverHouse {
		t.Errorf("after a restart: %+v", list)
	}
	for query, pointer := range map[string]string{"need=palace": `"/need"`, "colour=red": `""`, "children=many": `"/children"`, "age=adult&age=child": `"/age"`} {
		status, text := p.ask(http.MethodGet, "/v1/providers?"+query, "")
		if status < 400 || status >= 500 || pointer != `""` && member(text, "pointer") != pointer || strings.Contains(text, "palace") {
			t.Errorf("%s: %d %s", query, status, text)
		}
	}
	if status, text := p.ask(http.MethodPost, "/v1/capacity", roomFor3); status != http.StatusUnprocessableEntity || member(text, "rule") != `"power"` {
		t.Errorf("the police publish capacity: %d %s", status, text)
	}
}

// A call to the hotline is not a case: nothing of it leaves its own journal.
func TestACallStaysWithTheHotline(t *testing.T) {
	const marker = "m4rkedCaller"
	w := newWorld(t)
	h, p := w.joined(theHotline), w.joined(thePolice)
	status, text := h.ask(http.MethodPost, "/v1/contacts", `{"topic":"advice","note":"`+marker+`"}`)
	if status != http.StatusAccepted {
		t.Fatalf("%d %s", status, text)
	}
	h.stop()
	h = w.start(theHotline)
	log := get[agency.ContactLog](h, "/v1/contacts")
	if len(log.Contacts) != 1 || log.Contacts[0].Note != marker || len(log.Counts) != 1 || log.Counts[0].Calls != 1 {
		t.Errorf("%+v", log)
	}
	if cases, waiting := h.Cases(), h.status().Waiting; len(cases) != 0 || waiting != 0 {
		t.Error("a call became a case")
	}
	if status, text := p.ask(http.MethodPost, "/v1/contacts", `{"topic":"advice"}`); status != http.StatusUnprocessableEntity || member(text, "rule") != `"power"` {
		t.Errorf("the police keep calls: %d %s", status, text)
	}
	if status, text := h.ask(http.MethodPost, "/v1/contacts", `{"topic":"`+marker+`"}`); status != http.StatusUnprocessableEntity || strings.Contains(text, marker) {
		t.Errorf("a topic that is no code: %d %s", status, text)
	}
}

// Two shelters read what is dangerous for the person; the person takes the consent
// back, and the desk sees who has answered.
func TestAWithdrawalShowsWhoHasAnswered(t *testing.T) {
	w := newWorld(t)
	p, s, r := w.joined(thePolice), w.joined(theShelter), w.joined(riverHouse)
	c := p.tonight(strings.Replace(eight, `"bundle":"bed"`, `"bundle":"bed","order":"at-once","to":["harbour-shelter","riverside-shelter"]`, 1)).Case
	for _, at := range []*site{s, r} {
		at.sees(c, "referral.requested")
		at.says(c, "referral.acknowledged", `{"duty":"duty-1"}`)
		w.eventually("risk and needs open", func() bool { return len(at.readable(c)) == 2 })
	}
	p.says(c, "consent.withdrawn", `{"recipient":{"class":"shelter"}}`)
	for _, at := range []*site{s, r} {
		w.eventually("use ends", func() bool { return len(at.readable(c)) == 0 && len(at.inbox().Waiting) == 0 })
		if over := at.inbox().Over; len(over) != 1 || !strings.HasPrefix(over[0].Says, "No longer needed.") || over[0].Due.IsZero() {
			t.Errorf("%s is told %+v", at.config.Agency, over)
		}
	}
	s.says(c, "erasure.confirmed", `{"answer":"erased"}`)
	p.sees(c, "erasure.confirmed")
	list := get[map[string][]agency.Withdrawal](p, "/v1/withdrawals/"+string(c))["withdrawals"]
	if len(list) != 1 || list[0].Type != "consent.withdrawn" || list[0].Says != "1 of 2 answered" || len(list[0].Holders) != 2 {
		t.Errorf("%+v", list)
	}
	w.eventually("the one that answered has nothing left to do", func() bool { return s.inbox().Over[0].Due.IsZero() })
	for _, at := range []*site{p, s, r} {
		at.once(c)
	}
}

// Danger to life does not wait for consent: one signature opens two sections to
// one shelter, and a second person confirms.
func TestAnEmergencyDisclosureOpensAtOnce(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	c := p.files("referral").Case
	p.says(c, "emergency.disclosed", `{"reason":"life","to":"harbour-shelter","sections":["contact","risk"],"staff":"officer-1"}`)
	p.says(c, "referral.requested", `{"to":["harbour-shelter"],"purpose":"emergency","sections":["contact","risk"],"needs":["emergency-shelter"],"urgency":"tonight","age":"adult"}`)
	p.settled()
	referral := p.line(c, "referral.requested")
	status, text := p.ask(http.MethodPost, "/v1/records", `{"case":"`+string(c)+`","referral":"`+string(referral.ID)+`","to":"harbour-shelter","sections":["contact","risk"]}`)
	if status != http.StatusAccepted {
		t.Fatalf("sealing: %d %s, %+v", status, text, referral)
	}
	w.eventually("both sections open, and nobody has accepted", func() bool { return len(s.readable(c)) == 2 })
	disclosure := string(p.line(c, "emergency.disclosed").ID)
	status, text = p.ask(http.MethodPost, "/v1/say", `{"case":"`+string(c)+`","type":"emergency.confirmed","data":{"disclosure":"`+disclosure+`","staff":"officer-1","person":"told"}}`)
	if status != http.StatusUnprocessableEntity || member(text, "rule") != `"second-person"` {
		t.Errorf("the same officer confirms: %d %s", status, text)
	}
	p.says(c, "emergency.confirmed", `{"disclosure":"`+disclosure+`","staff":"lead-1","person":"told"}`)
	p.once(c)
	s.once(c)
}

// The only shelter asked is full: the duty that is staffed learns whom to call and
// nothing else, and the officer asks another one with the same consent.
func TestWhenNobodyTakesThePersonADutyIsToldAndTheOfficerAsksOn(t *testing.T) {
	w := newWorld(t)
	p, s, r, h := w.joined(thePolice), w.joined(theShelter), w.joined(riverHouse), w.joined(theHotline)
	h.publishes(`{"needs":["counselling"],"sexes":["woman","man","trans-nonconforming"],"ages":["adult","child"],"hours":["daily 00:00-24:00"],"places":"some"}`)
	p.ranked("", theHotline)
	asked := p.tonight(strings.Replace(eight, `"bundle":"bed"`, `"bundle":"bed","to":["harbour-shelter"]`, 1))
	c := asked.Case
	if asked.Nobody.Told != theHotline {
		t.Errorf("if nobody answers: %+v", asked.Nobody)
	}
	s.sees(c, "referral.requested")
	s.says(c, "referral.declined", `{"reason":"full"}`)
	h.sees(c, "referral.escalated")
	chased := get[agency.Overdue](h, "/v1/overdue").Escalated
	if len(chased) != 1 || chased[0].Call != thePolice || chased[0].Step != events.StaffedDuty || chased[0].Urgency != events.Tonight || chased[0].Due.IsZero() {
		t.Errorf("the duty sees %+v", chased)
	}
	if view := get[agency.CaseView](h, "/v1/cases/"+string(c)); len(view.Trail) != 1 || view.Status != mou.StatusUnknown {
		t.Errorf("of the case the duty sees %+v", view.Trail)
	}
	p.sees(c, "referral.escalated")
	task := p.asks(c, agency.ChooseProvider)
	if !task.Ready || !strings.Contains(task.Prompt, "harbour-shelter (full)") {
		t.Fatalf("the officer is asked %+v", task)
	}
	p.answer(c, agency.ChooseProvider, `{"to":["riverside-shelter"],"bundle":"bed","needs":["emergency-shelter"],"urgency":"tonight","language":"lit"}`)
	r.sees(c, "referral.requested")
	r.says(c, "referral.accepted", `{}`)
	w.eventually("everything opens to the one that was asked later", func() bool { return len(r.readable(c)) == 4 })
	if text := r.section(c, events.SectionContact); !strings.Contains(text, aNumber) {
		t.Errorf("the contact reads %s", text)
	}
	for _, at := range []*site{p, s, r, h} {
		at.settled()
		if alarms := at.status().Alarms; len(alarms) != 0 {
			t.Errorf("%s has alarms: %+v", at.config.Agency, alarms)
		}
	}
}
