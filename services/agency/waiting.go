package agency

import (
	"context"
	"log/slog"
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
)

// Waiting lists the referrals that wait for this agency's answer, as its desk
// orders them. It shows matching facts only.
func (a *Agency) Waiting() []Waiting {
	a.mu.RLock()
	defer a.mu.RUnlock()
	waiting := []Waiting{}
	for _, id := range a.book.ids() {
		waiting = append(waiting, a.waitingIn(id)...)
	}
	return a.config.Desk.First(waiting)
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
		leg, found := legOf(f.tentative, item.ID, a.config.Agency)
		if found && (leg.State == mou.LegRequested || leg.State == mou.LegAcknowledged) {
			waiting = append(waiting, Waiting{
				Case: id, Referral: item.ID, From: item.By, Arrived: item.Admitted,
				Acknowledged: leg.State == mou.LegAcknowledged, Facts: facts,
			})
		}
	}
	return waiting
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
