package agency

import (
	"cmp"
	"context"
	"log/slog"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// Waiting lists the referrals that wait for this agency's answer, as its desk
// orders them. It shows matching facts only.
func (a *Agency) Waiting() []Waiting {
	a.mu.RLock()
	defer a.mu.RUnlock()
	waiting, now := []Waiting{}, a.now()
	for _, f := range a.book.files {
		waiting = append(waiting, a.glance(f, now).waiting...)
	}
	slices.SortStableFunc(waiting, func(x, y Waiting) int { return cmp.Compare(x.Case, y.Case) })
	return a.config.Desk.First(waiting)
}

// open says whether a provider's answer is still waited for. A missed answer
// ends nothing: a late bed is better than none.
func open(s mou.LegState) bool {
	return slices.Contains([]mou.LegState{mou.LegRequested, mou.LegAcknowledged, mou.LegByTelephone, mou.LegExpired}, s)
}

// waitingIn lists those of one case. Agency.mu is held.
func (a *Agency) waitingIn(id events.CaseID) []Waiting {
	f := a.book.files[id]
	if f == nil {
		return nil
	}
	var waiting []Waiting
	for _, item := range f.tentative.Trail() {
		facts, ok := item.Facts.(*events.ReferralRequested)
		if !ok || !slices.Contains(facts.To, a.config.Agency) {
			continue
		}
		if leg, found := legOf(f.tentative, item.ID, a.config.Agency); found && open(leg.State) {
			waiting = append(waiting, a.waitingFor(f.tentative, item, facts, leg))
		}
	}
	return waiting
}

// waitingFor shows one referral as it stands with this agency.
func (a *Agency) waitingFor(c mou.Case, asked mou.Item, facts *events.ReferralRequested, leg mou.Leg) Waiting {
	w := Waiting{
		Case: c.ID(), Referral: asked.ID, From: asked.By, Arrived: admittedAt(c.Trail(), leg.Turn), State: leg.State,
		Acknowledged: leg.State == mou.LegByTelephone, Turn: 1, Of: len(facts.To), Facts: facts,
	}
	if facts.Order == events.InTurn {
		w.Turn = slices.Index(facts.To, a.config.Agency) + 1
	}
	for _, item := range c.Trail() {
		if p, ok := item.Facts.(*events.ReferralAcknowledged); ok && item.Referral == asked.ID && item.By == a.config.Agency {
			w.Acknowledged, w.Duty = true, p.Duty
		}
	}
	w.AckBy, w.AnswerBy = due(c, asked.ID, a.config.Agency, a.now())
	for _, r := range c.Records() {
		if r.Referral == asked.ID && r.To == a.config.Agency && r.Number != 0 && a.mayUse(c, r) == nil {
			w.Opens = append(w.Opens, r.Section)
		}
	}
	return w
}

// due is until when a provider is to acknowledge and to answer a referral; zero
// if the case shows no such clock.
func due(c mou.Case, referral events.ReferralID, to events.AgencyID, now time.Time) (acknowledge, answer time.Time) {
	for _, clock := range c.Clocks(now) {
		switch {
		case clock.Referral != referral || clock.Owes != to:
		case clock.Rule == mou.ClockAcknowledge:
			acknowledge = clock.Due
		case clock.Rule == mou.ClockAnswer:
			answer = clock.Due
		}
	}
	return acknowledge, answer
}

// answerUnasked says what the desk wants said without anybody being asked.
// Agency.mu is held.
func (a *Agency) answerUnasked(ctx context.Context, id events.CaseID) {
	for _, w := range a.waitingIn(id) {
		for _, payload := range a.config.Desk.Answers(w, a.now()) {
			_, err := a.sayLocked(ctx, true, nil, Statement{Case: w.Case, Referral: w.Referral, Cause: w.Referral, Payload: payload})
			if err != nil {
				a.log.LogAttrs(ctx, slog.LevelWarn, "the desk's automatic answer was not said", slog.Any("cause", err))
			}
		}
	}
}

// answerAllUnasked does so for every case, at start: the last run may have
// ended between storing a referral and answering it.
func (a *Agency) answerAllUnasked(ctx context.Context) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, id := range a.book.ids() {
		a.answerUnasked(ctx, id)
	}
}
