package alert

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"handrail/events"
	"handrail/services/agency/webhook"
)

// Errors of a test of the alerts.
var (
	ErrNoRota     = errors.New("there is no rota in force")
	ErrTriedNow   = errors.New("the alerts were tested less than a minute ago")
	ErrNotOnRota  = errors.New("nobody of this code is on the rota")
	errNoChannels = errors.New("the rota names no way to reach this person")
)

// tryGap is the shortest time between two tests: messages cost money and sleep
// (own choice).
const tryGap = time.Minute

// Trial is a test of the alerts and what became of it.
type Trial struct {
	By      events.Staff
	At      time.Time // zero: nobody tested since the service started
	Results []Tried
}

// Tried is what became of one message of a test.
type Tried struct {
	Staff   events.Staff
	Channel Channel
	Err     error // nil: it was taken; else in our own words, without addresses
}

// Why is what went wrong with a message.
type Why string

// The kinds.
const (
	WhyAddress   Why = "address"  // the server's name, or the way to it
	WhyTrust     Why = "trust"    // its certificate, or TLS
	WhySlow      Why = "slow"     // it did not answer in time
	WhyRefused   Why = "refused"  // it answered that it did not take the message
	WhyNoBrowser Why = "browser"  // the person takes alerts in no browser
	WhySettings  Why = "settings" // something that the rota names cannot be used
)

// Whys lists every kind.
func Whys() []Why { return []Why{WhyAddress, WhyTrust, WhySlow, WhyRefused, WhyNoBrowser, WhySettings} }

// Why says what kind of thing went wrong; empty: nothing did.
func (t Tried) Why() Why {
	_, answered := errors.AsType[webhook.StatusError](t.Err)
	is := func(kinds ...error) bool {
		return slices.ContainsFunc(kinds, func(kind error) bool { return errors.Is(t.Err, kind) })
	}
	switch {
	case t.Err == nil:
		return ""
	case answered, is(errMailRefused, errMailNotTaken):
		return WhyRefused
	case is(webhook.ErrSlow, context.DeadlineExceeded):
		return WhySlow
	case is(webhook.ErrUntrusted, webhook.ErrTLS):
		return WhyTrust
	case is(webhook.ErrUnknownName, webhook.ErrRefused, webhook.ErrConnection):
		return WhyAddress
	case is(errNoBrowser):
		return WhyNoBrowser
	}
	return WhySettings
}

// Try sends a message that says that it is a test, once, to each of the staff by
// every channel that the rota has for them, or with nobody named to who has duty now.
// It waits until all of it went through or did not, at most 15 seconds. It changes
// nothing of what the alerts do. Errors: [ErrNoRota], [ErrTriedNow], [ErrNotOnRota].
func (r *Ringer) Try(ctx context.Context, by events.Staff, whom ...events.Staff) (Trial, error) {
	rota, err := r.withBrowsers(ctx, r.current(ctx))
	switch {
	case err != nil:
		return Trial{}, err
	case rota == nil:
		return Trial{}, ErrNoRota
	}
	now := r.config.Now()
	if len(whom) == 0 {
		whom = rota.OnDuty(now)
	}
	trial, err := r.beginTrial(rota, by, whom, now)
	if err != nil {
		return trial, err
	}
	m := message{id: messageID(), urgency: events.Standard, at: now}
	bound, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var all sync.WaitGroup
	for i := range trial.Results {
		if one := &trial.Results[i]; one.Err == nil {
			all.Go(func() {
				to := destination{one.Staff, one.Channel}
				if one.Err = r.hand(bound, rota, to, m); one.Err != nil {
					r.config.Log.LogAttrs(ctx, slog.LevelWarn, "a test of the alerts did not get through", slog.String("to", to.String()), slog.String("cause", one.Err.Error()))
				}
			})
		}
	}
	all.Wait()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tried = trial
	return trial, nil
}

// beginTrial lists what is to be sent, unless somebody tested just now.
func (r *Ringer) beginTrial(rota *Rota, by events.Staff, whom []events.Staff, now time.Time) (Trial, error) {
	trial := Trial{By: by, At: now}
	for _, staff := range whom {
		p, known := rota.people[staff]
		if !known {
			return trial, ErrNotOnRota
		}
		reached := false
		for _, c := range channels() {
			if p.has(c) {
				trial.Results, reached = append(trial.Results, Tried{Staff: staff, Channel: c}), true
			}
		}
		if !reached {
			trial.Results = append(trial.Results, Tried{Staff: staff, Err: errNoChannels})
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if since := now.Sub(r.tried.At); !r.tried.At.IsZero() && since >= 0 && since < tryGap {
		return r.tried, ErrTriedNow
	}
	r.tried = Trial{By: by, At: now}
	return trial, nil
}

// LastTrial is the newest test since the service started.
func (r *Ringer) LastTrial() Trial {
	r.mu.Lock()
	defer r.mu.Unlock()
	last := r.tried
	last.Results = slices.Clone(last.Results)
	return last
}
