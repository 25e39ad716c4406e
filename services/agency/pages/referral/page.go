package referral

import (
	"crypto/rand"
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/acts"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
	"handrail/services/web/access"
)

// page is what referral-page shows.
type page struct {
	Case      events.CaseID
	ID        events.ReferralID
	Asked     mou.Referral
	Facts     *events.ReferralRequested
	Mine      bool // this agency asked
	Waits     bool // for this agency's answer
	State     mou.LegState
	Legs      []mou.Leg // of those asked, as far as they are seen
	Turn, Of  int
	InTurn    bool
	Clocks    []Clock
	Now       Answers
	Others    []mou.Move // may be said now
	Against   []mou.Move // may not
	Sections  []Section
	Sent      []mou.SealedRecord
	Questions []Question
	Tasks     int
	Said      string // what was said a moment ago
	Closed    string // message: why the person may say nothing here; empty: they may
	Whole     bool   // the person may see the whole case
	Opens     bool   // the person may open what is sealed, once they prove who they are
	Statement map[string]string
}

// Answers are the buttons that stand on the page itself.
type Answers struct {
	Acknowledge, Accept, Decline, Ask bool
	Reasons                           []ask.Option
}

// Any says whether something may be answered.
func (a Answers) Any() bool { return a.Acknowledge || a.Accept || a.Decline || a.Ask }

// subject is the referral that a page is about, as this agency sees it.
type subject struct {
	of    mou.Case
	id    events.CaseID
	asked mou.Referral
	me    events.AgencyID
	leg   *mou.Leg // of this agency; nil: it was not asked
}

// find reads which referral the path names, and asks whether the person may see it:
// before acceptance everybody of the staff may.
func find(v *web.Visit, a *agency.Agency) (subject, error) {
	s := subject{id: events.CaseID(v.PathValue("case"))}
	s.me, _ = a.Me()
	referral := events.ReferralID(v.PathValue("referral"))
	if new(events.CaseID).UnmarshalText([]byte(s.id)) != nil || new(events.EventID).UnmarshalText([]byte(referral)) != nil {
		return s, web.ErrNoPage
	}
	var err error
	if s.of, err = a.Stands(s.id); err != nil {
		return s, web.ErrNoPage
	}
	all := s.of.Referrals()
	at := slices.IndexFunc(all, func(r mou.Referral) bool { return r.ID == referral })
	if at < 0 {
		return s, web.ErrNoPage
	}
	s.asked = all[at]
	if at := slices.IndexFunc(s.asked.Legs, func(l mou.Leg) bool { return l.To == s.me }); at >= 0 {
		s.leg = &s.asked.Legs[at]
	}
	if s.waits() && v.May(access.SeeInbox, nil) == nil {
		return s, nil
	}
	return s, v.May(access.SeeCase, &access.Case{Assigned: a.Assigned(s.id)})
}

// waits says whether the referral waits for this agency's answer.
func (s subject) waits() bool {
	return s.leg != nil && slices.Contains([]mou.LegState{mou.LegRequested, mou.LegAcknowledged, mou.LegByTelephone, mou.LegExpired}, s.leg.State)
}

func show(v *web.Visit, a *agency.Agency) (web.Answer, error) {
	s, err := find(v, a)
	if err != nil {
		return nil, err
	}
	p := &page{
		Case: s.id, ID: s.asked.ID, Asked: s.asked, Mine: s.asked.By == s.me, Waits: s.waits(), Legs: s.asked.Legs, Clocks: clocksOf(s.of, s.asked.ID, s.me, v.Now),
		Statement: map[string]string{}, Said: acts.Said(v),
	}
	p.facts(s)
	p.may(v, a, s)
	if err := p.moves(v, s); err != nil {
		return nil, err
	}
	if p.Sections, err = sectionsOf(a, s); err != nil {
		return nil, err
	}
	for _, r := range s.of.Records() {
		if r.Referral == s.asked.ID && r.By == s.me && r.Type == events.TypeRecordSealed {
			p.Sent = append(p.Sent, r)
		}
	}
	p.Questions = questionsOf(a, s)
	if p.Tasks, err = tasksIn(v, a, s.id); err != nil {
		return nil, err
	}
	heading, err := v.Say("referral.title")
	return web.Show{Template: "referral-page", Title: heading, Data: p}, err
}

// may fills in what the person may do here. While nobody works on the case, whoever
// answers does.
func (p *page) may(v *web.Visit, a *agency.Agency, s subject) {
	of := &access.Case{Assigned: a.Assigned(s.id)}
	open := access.May(v.Person, s.me, access.OpenSealed, of, v.Now)
	p.Whole = v.May(access.SeeCase, of) == nil
	p.Opens = open == access.Allowed || open == access.ProveAgain
	if s.waits() && len(of.Assigned) == 0 {
		of = nil
	}
	if verdict := access.May(v.Person, s.me, access.Say, of, v.Now); verdict != access.Allowed {
		p.Closed = "web.error." + string(verdict)
	}
}

// facts fills in what the request says, and this agency's turn.
func (p *page) facts(s subject) {
	for _, item := range s.of.Trail() {
		if facts, is := item.Facts.(*events.ReferralRequested); is && item.ID == s.asked.ID {
			p.Facts = facts
		}
	}
	if s.leg != nil {
		p.State = s.leg.State
	}
	if p.Facts == nil {
		p.Facts = &events.ReferralRequested{Purpose: s.asked.Purpose, Sections: s.asked.Sections, Needs: s.asked.Needs, Urgency: s.asked.Urgency}
	}
	p.Of, p.Turn, p.InTurn = len(p.Facts.To), slices.Index(p.Facts.To, s.me)+1, p.Facts.Order == events.InTurn
}

// moves sorts what may be said into buttons, links, and what stands against the rest.
func (p *page) moves(v *web.Visit, s subject) error {
	for _, move := range s.of.Next(s.me, v.Now) {
		switch {
		case move.Referral != s.asked.ID, p.Closed != "":
		case !move.Allowed:
			p.Against = append(p.Against, move)
		case p.Mine:
			p.Others = append(p.Others, move)
		default:
			if err := p.answer(v, move); err != nil {
				return err
			}
		}
	}
	return nil
}

// answer puts an answer to the request on the page itself.
func (p *page) answer(v *web.Visit, move mou.Move) (err error) {
	switch move.Type {
	case events.TypeReferralAcknowledged:
		p.Now.Acknowledge = p.State != mou.LegAcknowledged
	case events.TypeReferralAccepted:
		p.Now.Accept = true
	case events.TypeReferralDeclined:
		p.Now.Decline = true
		for _, code := range events.DeclineReason("").Codes() {
			label, err := v.Words.Code("decline-reason", code)
			if err != nil {
				return err
			}
			p.Now.Reasons = append(p.Now.Reasons, ask.Option{Value: code, Label: label})
		}
	case events.TypeReferralAsked:
		if p.Now.Ask = p.Waits; !p.Waits {
			p.Others = append(p.Others, move)
		}
	default:
		p.Others = append(p.Others, move)
	}
	p.Statement[move.Type.Name()], err = events.NewUUID(v.Now, rand.Reader)
	return err
}
