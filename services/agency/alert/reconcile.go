package alert

import (
	"context"
	"database/sql"
	"slices"
	"time"
)

// reconcile compares the alerts with what waits: it marks what is over and what
// came back, and gives an alert, without id, for each cause that is new.
func reconcile(alerts []*Alert, standing []Cause, now time.Time) (changed, fresh []*Alert) {
	causes := map[string]Cause{}
	for _, c := range standing {
		causes[c.Key] = c
	}
	for _, a := range slices.Backward(alerts) { // the newest of a cause counts
		c, stands := causes[a.cause]
		switch {
		case !stands && a.gone.IsZero():
			a.gone = now
			if a.rings() {
				a.State, a.Ended = Over, now
			}
			changed = append(changed, a)
		case stands && !a.gone.IsZero() && now.Sub(a.gone) < c.Calm:
			a.gone = time.Time{}
			if a.State == Over {
				a.State, a.Ended = Ringing, time.Time{}
			}
			changed = append(changed, a)
			delete(causes, a.cause)
		case stands && a.gone.IsZero():
			delete(causes, a.cause)
		}
	}
	for _, c := range standing {
		if _, isNew := causes[c.Key]; isNew {
			delete(causes, c.Key)
			fresh = append(fresh, &Alert{
				About: c.About, Urgency: c.Urgency, State: Ringing, Case: c.Case, Referral: c.Referral, Alarm: c.Alarm, Raised: now, Told: []Told{}, cause: c.Key,
			})
		}
	}
	return changed, fresh
}

func (r *Ringer) store(ctx context.Context, changed, fresh []*Alert) error {
	if len(changed)+len(fresh) == 0 {
		return nil
	}
	return r.config.Journal.Update(ctx, func(tx *sql.Tx) error {
		for _, a := range changed {
			if err := storeState(ctx, tx, a); err != nil {
				return err
			}
		}
		for _, a := range fresh {
			var err error
			if a.ID, err = freshCode(ctx, tx); err != nil {
				return err
			}
			if err := insertAlert(ctx, tx, a); err != nil {
				return err
			}
		}
		return nil
	})
}
