package agency

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
)

// publishes tells all agencies whom a provider can take.
func (s *site) publishes(data string) {
	s.w.t.Helper()
	if status, text := s.ask(http.MethodPost, "/v1/capacity", data); status != http.StatusAccepted {
		s.w.t.Fatalf("publishing capacity: %d %s", status, text)
	}
}

// ranked waits until some providers have published, and gives the ranking.
func (s *site) ranked(query string, published ...events.AgencyID) []agency.ProviderView {
	s.w.t.Helper()
	var list []agency.ProviderView
	s.w.eventually("the capacity arrives", func() bool {
		list = get[map[string][]agency.ProviderView](s, "/v1/providers?"+query)["providers"]
		return !slices.ContainsFunc(published, func(id events.AgencyID) bool {
			return !slices.ContainsFunc(list, func(p agency.ProviderView) bool { return p.Agency == id && p.Capacity != nil })
		})
	})
	return list
}

// tonight asks for a bed.
func (s *site) tonight(body string) agency.Asked {
	s.w.t.Helper()
	status, text := s.ask(http.MethodPost, "/v1/tonight", body)
	if status != http.StatusAccepted {
		s.w.t.Fatalf("asking for a bed: %d %s", status, text)
	}
	return read[agency.Asked](s, text)
}

func (s *site) inbox() agency.Inbox { return get[agency.Inbox](s, "/v1/inbox") }

// readable lists what a site may read of a case now.
func (s *site) readable(of events.CaseID) (sections []events.Section) {
	s.w.t.Helper()
	for _, section := range s.sections(of) {
		if section.Open {
			sections = append(sections, section.Section)
		}
	}
	slices.Sort(sections)
	return sections
}

// section opens the one section of a name.
func (s *site) section(of events.CaseID, name events.Section) string {
	s.w.t.Helper()
	for _, section := range s.sections(of) {
		if section.Section == name {
			_, text := s.opens(of, section.Record, "accommodation")
			return text
		}
	}
	return ""
}

const (
	roomFor3 = `{"needs":["emergency-shelter"],"sexes":["woman"],"ages":["adult"],"children":3,"languages":["lit"],"hours":["daily 00:00-24:00"],"places":"some","region":"GB-ENG"}`
	fewRooms = `{"needs":["emergency-shelter"],"sexes":["woman"],"ages":["adult"],"children":3,"hours":["daily 00:00-24:00"],"places":"few","region":"GB-ENG"}`
	aNumber  = "+44 7700 900123"
	aName    = "Invented Pseudonym"
	eight    = `{"age":"adult","sex":"woman","children":{"0-8":2},"language":"lit","interpreter":"independent","dangers":["pursued"],"region":"GB-ENG",
		"bundle":"bed","call_back":"` + aNumber + `","safe":"only after 22:00","name":"` + aName + `"}`
)

// A mother and two children at night: the first shelter is full, the second asks
// one question and accepts; only then do name and number appear, and only there.
func TestABedForTheNight(t *testing.T) {
	w := newWorld(t)
	p, s, r := w.joined(thePolice), w.joined(theShelter), w.joined(riverHouse)
	s.publishes(roomFor3)
	r.publishes(fewRooms)
	p.ranked("", theShelter, riverHouse)
	asked := p.tonight(eight)
	c := asked.Case
	var order []events.AgencyID
	for _, candidate := range asked.Asked {
		order = append(order, candidate.Agency)
	}
	if !slices.Equal(order, []events.AgencyID{theShelter, riverHouse, otherHouse}) || asked.Order != events.InTurn {
		t.Errorf("asked %v, %s", order, asked.Order)
	}
	if asked.Nobody.Told != coordinator || asked.Asked[0].AnswerBy.IsZero() || !asked.Asked[1].AnswerBy.IsZero() {
		t.Errorf("what follows is %+v, %+v", asked.Asked, asked.Nobody)
	}

	s.sees(c, "referral.requested")
	waiting := s.inbox().Waiting
	if len(waiting) != 1 || waiting[0].State != mou.LegRequested || waiting[0].Turn != 1 || waiting[0].Of != 3 || waiting[0].AnswerBy.Sub(waiting[0].Arrived) != 30*time.Minute {
		t.Errorf("the first shelter's inbox: %+v", waiting)
	}
	s.says(c, "referral.acknowledged", `{"duty":"duty-1"}`)
	w.eventually("risk and needs open to the duty worker", func() bool {
		return slices.Equal(s.readable(c), []events.Section{events.SectionNeeds, events.SectionRisk})
	})
	if waiting := s.inbox().Waiting; waiting[0].Duty != "duty-1" || len(waiting[0].Opens) != 2 {
		t.Errorf("after the acknowledgement: %+v", waiting)
	}
	if text := s.section(c, events.SectionRisk); !strings.Contains(text, "pursued") {
		t.Errorf("the risk reads %s", text)
	}
	if status, _ := r.ask(http.MethodGet, "/v1/cases/"+string(c), ""); status != http.StatusNotFound {
		t.Errorf("before its turn the second shelter knows of the case: %d", status)
	}
	s.says(c, "referral.declined", `{"reason":"full"}`)
	s.w.eventually("the shelter that declined owes an answer", func() bool {
		over := s.inbox().Over
		return len(over) == 1 && !over[0].Due.IsZero() && over[0].Holds == 2
	})
	if open := s.readable(c); open != nil {
		t.Errorf("the shelter that declined still reads %v", open)
	}
	s.says(c, "erasure.confirmed", `{"answer":"erased"}`)

	r.sees(c, "referral.requested")
	if second := r.inbox().Waiting; len(second) != 1 || second[0].Turn != 2 || second[0].AnswerBy.Sub(second[0].Arrived) != 30*time.Minute || !second[0].Arrived.After(waiting[0].Arrived) {
		t.Errorf("the second shelter's inbox: %+v", second)
	}
	w.asksAndIsAnswered(p, r, asked)
	r.says(c, "referral.accepted", `{}`)
	w.eventually("everything opens", func() bool { return len(r.readable(c)) == 5 })
	if text := r.section(c, events.SectionContact); !strings.Contains(text, aNumber) || !strings.Contains(text, "only after 22:00") {
		t.Errorf("the contact reads %s", text)
	}
	if text := r.section(c, events.SectionIdentity); !strings.Contains(text, aName) {
		t.Errorf("the identity reads %s", text)
	}
	w.heldTonight(p, c)
	for _, at := range []*site{p, s, r} {
		at.once(c)
	}
}

// The hub is unplugged when the officer asks: everything is on its way when it is
// back, also after the officer's machine was restarted.
func TestABedIsAskedForWhileTheHubIsAway(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	w.stop()
	asked := p.tonight(strings.Replace(eight, `"bundle":"bed"`, `"bundle":"bed","to":["harbour-shelter","riverside-shelter"]`, 1))
	if view := get[agency.CaseView](p, "/v1/cases/"+string(asked.Case)); view.Waiting != asked.Events || len(view.Referrals) != 1 {
		t.Errorf("while the hub is away: %+v", view.CaseSummary)
	}
	p.stop()
	p = w.start(thePolice)
	w.startLedger()
	s.sees(asked.Case, "referral.requested")
	s.says(asked.Case, "referral.accepted", `{}`)
	w.eventually("everything opens", func() bool { return len(s.readable(asked.Case)) == 4 })
	p.once(asked.Case)
	s.once(asked.Case)
}

// asksAndIsAnswered has a provider ask one question and read the answer.
func (w *world) asksAndIsAnswered(p, r *site, asked agency.Asked) {
	w.t.Helper()
	c := string(asked.Case)
	r.says(asked.Case, "referral.acknowledged", `{"duty":"duty-2"}`)
	status, text := r.ask(http.MethodPost, "/v1/questions", `{"case":"`+c+`","referral":"`+string(asked.Referral)+`","text":"Do the children need a cot?"}`)
	if status != http.StatusAccepted {
		w.t.Fatalf("asking: %d %s", status, text)
	}
	p.sees(asked.Case, "referral.asked")
	var question agency.AskedQuestion
	w.eventually("the question is released", func() bool {
		questions := get[map[string][]agency.AskedQuestion](p, "/v1/questions")["questions"]
		if len(questions) == 1 {
			question = questions[0]
		}
		return len(questions) == 1 && len(p.readable(asked.Case)) == 1
	})
	if _, text := p.opens(asked.Case, question.Question, "accommodation"); !strings.Contains(text, "need a cot") {
		w.t.Errorf("the question reads %s", text)
	}
	status, text = p.ask(http.MethodPost, "/v1/questions/answer", `{"case":"`+c+`","question":"`+string(question.Question)+`","text":"One of them."}`)
	if status != http.StatusAccepted {
		w.t.Fatalf("answering: %d %s", status, text)
	}
	w.eventually("the answer opens", func() bool { return strings.Contains(r.section(asked.Case, events.SectionQuestion), "One of them.") })
	if questions := get[map[string][]agency.AskedQuestion](p, "/v1/questions")["questions"]; questions[0].Answered == "" {
		w.t.Error("the question counts as not answered")
	}
	reads := get[map[string][]agency.Read](r, "/v1/readlog")["reads"]
	if at := reads[len(reads)-1]; at.Section != events.SectionQuestion {
		w.t.Errorf("the answer was read without a line in the read log: %+v", at)
	}
}

// heldTonight checks that number and name are nowhere but sealed, and that the
// desk that asked sees who has answered about what it opened.
func (w *world) heldTonight(p *site, c events.CaseID) {
	w.t.Helper()
	withdrawals := get[map[string][]agency.Withdrawal](p, "/v1/withdrawals/"+string(c))["withdrawals"]
	if len(withdrawals) != 1 || withdrawals[0].Says != "1 of 1 answered" || withdrawals[0].Holders[0].Answer != "erased" {
		w.t.Errorf("withdrawals: %+v", withdrawals)
	}
	for _, path := range []string{"/v1/cases/" + string(c), "/v1/outbox", "/v1/tasks", "/v1/doctor", "/v1/overdue"} {
		if _, text := p.ask(http.MethodGet, path, ""); strings.Contains(text, aNumber) || strings.Contains(text, aName) {
			w.t.Errorf("%s shows the number or the name", path)
		}
	}
	for _, folder := range []string{filepath.Join(w.dir, "broker"), w.sites[theShelter].config.Dir, w.sites[riverHouse].config.Dir} {
		w.must(filepath.WalkDir(folder, func(path string, entry os.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			text, err := os.ReadFile(path)
			if strings.Contains(string(text), aNumber) || strings.Contains(string(text), aName) {
				w.t.Errorf("%s holds the number or the name", path)
			}
			return err
		}))
	}
}
