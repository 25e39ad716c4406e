package agency

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"handrail/events"
	"handrail/services/agency"
)

// asks gives the open task of a kind in a case; an empty one if it is not open.
func (s *site) asks(of events.CaseID, kind agency.TaskKind) agency.Task {
	s.w.t.Helper()
	all := s.tasks()
	if at := slices.IndexFunc(all, func(t agency.Task) bool { return t.Case == of && t.Kind == kind }); at >= 0 {
		return all[at]
	}
	return agency.Task{}
}

// suggests gives what a task suggests for a member of its answer.
func suggests(t agency.Task, name string) string {
	at := slices.IndexFunc(t.Answer, func(f agency.Field) bool { return f.Name == name })
	if at < 0 {
		return ""
	}
	return string(t.Answer[at].Suggested)
}

const yesToABed = `{"answer":"yes","bundle":"bed","by":"person","capacity":"clear","language":"ron","interpreter":"independent","present":["person-alone"]}`

func TestADeclineAsksTheOfficerAgain(t *testing.T) {
	w := newWorld(t)
	p, s, o := w.joined(thePolice), w.joined(theShelter), w.joined(otherHouse)
	c := p.files("referral").Case
	p.answer(c, agency.InformRights, `{"language":"ron","interpreter":"independent"}`)
	p.answer(c, agency.AskConsent, strings.Replace(yesToABed, `"by"`, `"except":["riverside-shelter"],"by"`, 1))
	first := p.asks(c, agency.ChooseProvider)
	if !first.Ready || suggests(first, "to") != `["harbour-shelter"]` {
		t.Fatalf("before anybody is asked: %+v", first)
	}
	p.refers(c, `["harbour-shelter"]`)
	for _, kind := range []agency.TaskKind{agency.ChooseProvider, agency.AskConsent} {
		if task := p.asks(c, kind); task.ID != "" {
			t.Errorf("while the shelter is asked, staff are asked to %s", kind)
		}
	}
	s.sees(c, "referral.requested")
	s.says(c, "referral.declined", `{"reason":"full"}`)
	p.sees(c, "referral.declined")
	again := p.asks(c, agency.ChooseProvider)
	if !again.Ready || again.ID != first.ID || suggests(again, "to") != `["hillside-shelter"]` || !strings.Contains(again.Prompt, "harbour-shelter (full)") {
		t.Fatalf("after the decline: %+v", again)
	}
	if task := p.asks(c, agency.AskConsent); task.ID != "" {
		t.Error("the person is asked again although another shelter can be asked with the same consent")
	}
	p.refers(c, `["hillside-shelter"]`)
	o.sees(c, "referral.requested")
	o.says(c, "referral.declined", `{"reason":"need-not-served"}`)
	w.eventually("everybody has declined", func() bool { return p.asks(c, agency.ChooseProvider).Ready })
	if task := p.asks(c, agency.AskConsent); !task.Ready || !strings.Contains(task.Prompt, "offer something else too: bed.") {
		t.Errorf("when everybody declined, staff may offer something else: %+v", task)
	}
	p.refers(c, `["harbour-shelter"]`)
	w.eventually("the shelter is asked again", func() bool { return len(get[map[string][]agency.Waiting](s, "/v1/inbox")["waiting"]) == 1 })
	waiting := get[map[string][]agency.Waiting](s, "/v1/inbox")["waiting"][0]
	status, text := s.ask(http.MethodPost, "/v1/say", `{"case":"`+string(c)+`","type":"referral.accepted","referral":"`+string(waiting.Referral)+`","data":{}}`)
	if status != http.StatusAccepted {
		t.Fatalf("accepting: %d %s", status, text)
	}
	w.eventually("sections are released", func() bool {
		return slices.ContainsFunc(s.sections(c), func(v agency.SectionView) bool { return v.Open })
	})
	p.sees(c, "referral.accepted")
	for _, kind := range []agency.TaskKind{agency.ChooseProvider, agency.AskConsent} {
		if task := p.asks(c, kind); task.ID != "" {
			t.Errorf("after the shelter accepted, staff are asked to %s", kind)
		}
	}
}

func TestOneNoEndsOneOffer(t *testing.T) {
	w := newWorld(t)
	p := w.joined(thePolice)
	c := p.files("referral").Case
	p.answer(c, agency.InformRights, `{"language":"ron","interpreter":"independent"}`)
	p.answer(c, agency.AskConsent, `{"answer":"no","bundle":"counselling"}`)
	task := p.asks(c, agency.AskConsent)
	if !task.Ready || !strings.Contains(task.Prompt, "said no to this; only they bring it up again: counselling.") {
		t.Fatalf("after a no to one offer: %+v", task)
	}
	p.answer(c, agency.AskConsent, `{"answer":"no","bundle":"counselling"}`) // sent again by somebody who did not hear the answer
	if said := get[agency.OutboxView](p, "/v1/outbox").Said; len(said) != 3 {
		t.Errorf("the same no was said twice: %+v", said)
	}
	p.answer(c, agency.AskConsent, strings.Replace(yesToABed, `"person-alone"`, `"employer"`, 1))
	task = p.asks(c, agency.AskConsent)
	if !task.Ready || !strings.Contains(task.Prompt, "without pressure on the person: bed.") || !p.asks(c, agency.ChooseProvider).Ready {
		t.Errorf("after a yes beside the employer: %+v", task)
	}
	p.answer(c, agency.AskConsent, yesToABed)
	if task := p.asks(c, agency.AskConsent); task.ID != "" {
		t.Errorf("after a yes of her own: %+v", task)
	}
	p.settled()
	p.says(c, "consent.withdrawn", `{"recipient":{"class":"shelter"}}`)
	if task := p.asks(c, agency.AskConsent); !task.Ready || !strings.Contains(task.Prompt, "took this back: bed.") {
		t.Errorf("after the yes was taken back: %+v", task)
	}
	if task := p.asks(c, agency.ChooseProvider); task.Ready || task.Rule != "consent-required" {
		t.Errorf("a provider may be chosen without consent: %+v", task)
	}
}

func TestFactsAboutThePersonAreSaidNotFilledIn(t *testing.T) {
	w := newWorld(t)
	p := w.joined(thePolice)
	c := p.files("referral").Case
	p.answer(c, agency.InformRights, `{"language":"ron","interpreter":"independent"}`)
	for _, left := range []string{"by", "capacity"} {
		body := map[string]string{"by": strings.Replace(yesToABed, `"by":"person",`, "", 1), "capacity": strings.Replace(yesToABed, `"capacity":"clear",`, "", 1)}[left]
		if status, text := p.tryAnswer(c, agency.AskConsent, body); status == http.StatusAccepted || member(text, "pointer") != `"/`+left+`"` {
			t.Errorf("without %s: %d %s", left, status, text)
		}
	}
	p.answer(c, agency.AskConsent, yesToABed)
	if suggested := suggests(p.asks(c, agency.ChooseProvider), "needs"); strings.Contains(suggested, "accommodation") {
		t.Errorf("the form is said to ask for %s", suggested)
	}
	status, text := p.tryAnswer(c, agency.ChooseProvider, `{"to":["harbour-shelter"],"bundle":"bed","urgency":"standard"}`)
	if status == http.StatusAccepted || member(text, "pointer") != `"/needs"` {
		t.Errorf("without needs: %d %s", status, text)
	}
}
