package alert

import (
	"context"
	"fmt"
)

const (
	// AlarmUnanswered is the name of the alarm for an alert that nobody
	// acknowledged. It must not ring by itself.
	AlarmUnanswered = "alert-unanswered"

	alarmChannel = "alert-channel"
)

// failing is how many failures in a row make an alarm of a channel.
const failing = 2

// signal raises an alarm of a name for each new text, by what it is about, and
// closes those that are no more. Ringer.mu is held.
func (r *Ringer) signal(ctx context.Context, name string, texts map[string]string) {
	for which, text := range texts {
		if key := [2]string{name, which}; r.alarms[key] != text {
			r.alarms[key] = text
			r.config.Raise(ctx, name, which, text, nil)
		}
	}
	for key := range r.alarms {
		if _, stands := texts[key[1]]; key[0] == name && !stands {
			delete(r.alarms, key)
			r.config.Over(name, key[1])
		}
	}
}

func (r *Ringer) reportUnanswered(ctx context.Context, alerts []*Alert) {
	texts := map[string]string{}
	for _, a := range alerts {
		if a.State == Unanswered {
			texts[a.ID] = "Everybody on the rota was alerted and nobody acknowledged it. Look at the desk, acknowledge the alert, and check the rota."
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.signal(ctx, AlarmUnanswered, texts)
}

func (r *Ringer) reportChannels(ctx context.Context, rota *Rota) error {
	all, err := r.config.Journal.channels(ctx)
	if err != nil {
		return err
	}
	texts := map[string]string{}
	for _, c := range all {
		if c.failures >= failing && rota.people[c.staff].has(c.channel) {
			texts[c.String()] = fmt.Sprintf("Messages to %s by %s do not get through; others are alerted instead. Check the rota and the server; the log says why.", c.staff, c.channel)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.signal(ctx, alarmChannel, texts)
	return nil
}
