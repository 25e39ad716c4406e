package agency

import (
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// AskedView is how one request of this agency stands with everybody whom it names.
type AskedView struct {
	Case     events.CaseID
	Referral events.ReferralID
	Facts    *events.ReferralRequested
	Legs     []AskedLeg      // in the order of their turns
	Taken    events.AgencyID // who accepted; empty: nobody has
	Over     bool            // nobody is waited for: taken, withdrawn, or all have said no
	Nobody   Unanswered      // who is told if nobody answers, and when; its sentence is empty
	Told     events.AgencyID // the duty that was told already
}

// AskedLeg is one of those whom a request names.
type AskedLeg struct {
	Agency   events.AgencyID
	State    mou.LegState
	Turn     int       // 1 for the first; all are 1 when asked at once
	Since    time.Time // when it was asked; zero: its turn has not come
	AckBy    time.Time
	AnswerBy time.Time
	Reason   events.DeclineReason // of one that declined
	Duty     events.Staff         // who has seen it, if that was named
}

// AskedBy lists how the requests of this agency in a case stand, the newest last.
// Error: *events.Violation if the case is not known here.
func (a *Agency) AskedBy(id events.CaseID) ([]AskedView, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	f := a.book.files[id]
	if f == nil {
		return nil, events.Refuse(mou.RuleCaseUnknown, "", "this agency knows no case of that id")
	}
	list := []AskedView{}
	for _, r := range f.tentative.Referrals() {
		if r.By == a.config.Agency {
			list = append(list, a.askedView(f.tentative, r))
		}
	}
	return list, nil
}

// askedView shows one request. Agency.mu is held.
func (a *Agency) askedView(c mou.Case, r mou.Referral) AskedView {
	facts, _, _ := request(c, r.ID)
	v := AskedView{Case: c.ID(), Referral: r.ID, Facts: facts}
	waits, now := 0, a.now()
	var latest time.Time
	v.Over = true
	for i, l := range r.Legs {
		leg := AskedLeg{Agency: l.To, State: l.State, Turn: 1, Since: admittedAt(c.Trail(), l.Turn)}
		if r.Order == events.InTurn {
			leg.Turn = i + 1
		}
		leg.AckBy, leg.AnswerBy = due(c, r.ID, l.To, now)
		a.answers(c, r.ID, &leg)
		switch {
		case slices.Contains([]mou.LegState{mou.LegAccepted, mou.LegHandedOver, mou.LegInService, mou.LegCompleted}, l.State):
			v.Taken = l.To
		case l.State == mou.LegWaiting:
			waits++
		}
		if open(l.State) && l.State != mou.LegExpired && leg.AnswerBy.After(latest) {
			latest = leg.AnswerBy
		}
		v.Over = v.Over && !open(l.State) && l.State != mou.LegWaiting
		v.Legs = append(v.Legs, leg)
	}
	if v.Taken != "" {
		v.Over = true
		return v
	}
	for _, item := range c.Trail() {
		if p, ok := item.Facts.(*events.ReferralEscalated); ok && item.Referral == r.ID && p.Step != events.NextCandidate {
			v.Told = p.To
		}
	}
	if !v.Over && v.Told == "" && !latest.IsZero() {
		v.Nobody = a.ifNobody(facts.To, latest.Add(time.Duration(waits)*a.book.memo.Profile.AnswerWithin(r.Urgency)))
		v.Nobody.Says = ""
	}
	return v
}

// answers adds what a provider said about itself.
func (a *Agency) answers(c mou.Case, referral events.ReferralID, leg *AskedLeg) {
	for _, item := range c.Trail() {
		if item.Referral != referral || item.By != leg.Agency {
			continue
		}
		switch p := item.Facts.(type) {
		case *events.ReferralDeclined:
			leg.Reason = p.Reason
		case *events.ReferralAcknowledged:
			leg.Duty = p.Duty
		}
	}
}
