package alert

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"time"
)

// advance takes the next step of every alert that is due for one. The steps and
// their messages become durable together, before any of them is sent.
func (r *Ringer) advance(ctx context.Context, rota *Rota, alerts []*Alert, now time.Time) error {
	var due []*Alert
	steps := map[*Alert]step{}
	for _, a := range alerts {
		if a.State != Ringing {
			continue
		}
		if next := rota.next(a, now); next.stop || next.staff != "" {
			due, steps[a] = append(due, a), next
		}
	}
	if len(due) == 0 {
		return nil
	}
	return r.config.Journal.Update(ctx, func(tx *sql.Tx) error {
		for _, a := range due {
			if err := rota.take(ctx, tx, a, steps[a], now); err != nil {
				return err
			}
		}
		return nil
	})
}

// take takes one step of an alert, unless somebody has acknowledged it since it
// was read.
func (r *Rota) take(ctx context.Context, tx *sql.Tx, a *Alert, next step, now time.Time) error {
	if err := tx.QueryRowContext(ctx, `SELECT state FROM alerts WHERE id = ?`, a.ID).Scan(&a.State); err != nil || a.State != Ringing {
		return err
	}
	if next.stop {
		a.State, a.Ended = Unanswered, now
		return storeState(ctx, tx, a)
	}
	if next.again {
		if _, err := tx.ExecContext(ctx, `DELETE FROM alert_sends WHERE alert = ? AND round = ?`, a.ID, a.Round); err != nil {
			return fmt.Errorf("beginning a round anew: %w", err)
		}
		a.Told = slices.DeleteFunc(a.Told, func(t Told) bool { return t.Round == a.Round })
	}
	a.Round, a.stepped = next.round, now
	for _, c := range channels() {
		if !r.people[next.staff].has(c) {
			continue
		}
		t := Told{Staff: next.staff, Channel: c, Round: next.round, Due: now, made: now, id: messageID()}
		if err := insertMessage(ctx, tx, a, t); err != nil {
			return err
		}
		a.Told = append(a.Told, t)
	}
	return storeState(ctx, tx, a)
}
