package alert

import (
	"context"
	"crypto/sha256"
	"encoding/base32"
	"log/slog"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"

	"handrail/events"
)

const (
	// patience is how long one message may take.
	patience = 15 * time.Second

	// gap is the shortest time between two messages that one person gets by one
	// channel; what comes meanwhile goes into the next one together. Something
	// urgent does not wait for it after something that was not.
	gap = 30 * time.Second

	// failedGap is the same after a message that was not taken.
	failedGap = 10 * time.Second
)

// message is all that is ever sent. Its fields hold nothing of a case.
type message struct {
	id      string // the same for every try
	codes   []string
	urgency events.Urgency
	at      time.Time
}

// lastMessage is what a destination got last, and how long it is left alone then.
type lastMessage struct {
	at      time.Time
	urgency events.Urgency
	gap     time.Duration
}

// holds says whether something of an urgency waits to be sent with what comes.
func (l lastMessage) holds(urgency events.Urgency, now time.Time) bool {
	since := now.Sub(l.at)
	return since >= 0 && since < l.gap && (l.urgency == events.Tonight || urgency != events.Tonight)
}

// start begins to send what is due, each destination on its own so that none
// waits for another, and says when something is due next.
func (r *Ringer) start(ctx context.Context, rota *Rota, alerts []*Alert, now time.Time) time.Time {
	next := now.Add(pace)
	batches := map[destination][]Told{}
	content := map[destination]message{}
	urgentFirst := slices.SortedStableFunc(slices.Values(alerts), func(a, b *Alert) int { return rank(*a) - rank(*b) })
	for _, a := range urgentFirst {
		if !a.rings() {
			continue
		}
		if a.State == Ringing && a.Round > 0 {
			next = earlier(next, now, a.stepped.Add(rota.wait[a.Urgency]))
		}
		for _, t := range a.Told {
			to := destination{t.Staff, t.Channel}
			switch {
			case !t.Sent.IsZero() || t.Failed || !rota.people[t.Staff].has(t.Channel):
			case t.Due.After(now.Add(clockSlack + pause(maxTries))), !t.Due.After(now): // far ahead: the clock was set back
				batches[to] = append(batches[to], t)
				content[to] = content[to].with(a)
			default:
				next = earlier(next, now, t.Due)
			}
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for to, batch := range batches {
		m := content[to]
		last := r.last[to]
		if r.busy[to] || last.holds(m.urgency, now) {
			next = earlier(next, now, last.at.Add(last.gap))
			continue
		}
		r.busy[to] = true
		m.id, m.at = batchID(batch), now
		m.codes = slices.Compact(m.codes) // an alert's messages stand together
		r.sending.Go(func() { r.send(ctx, rota, to, batch, m) })
	}
	return next
}

// earlier of two instants, as far as the other is still to come.
func earlier(next, now, other time.Time) time.Time {
	if other.After(now) && other.Before(next) {
		return other
	}
	return next
}

func (m message) with(a *Alert) message {
	m.codes = append(m.codes, a.ID)
	if m.urgency != events.Tonight {
		m.urgency = a.Urgency
	}
	return m
}

// batchID is the id of the only message, or one that stands for just these.
func batchID(batch []Told) string {
	ids := make([]string, len(batch))
	for i, t := range batch {
		ids[i] = t.id
	}
	if len(ids) == 1 {
		return ids[0]
	}
	slices.Sort(ids)
	digest := sha256.Sum256([]byte(strings.Join(ids, " ")))
	return "msg_" + base32.StdEncoding.EncodeToString(digest[:])[:26]
}

// send sends one message and keeps what became of it. A message that the end of
// the service interrupts is sent again by the next run.
func (r *Ringer) send(ctx context.Context, rota *Rota, to destination, batch []Told, m message) {
	bound, cancel := context.WithTimeout(ctx, patience)
	err := r.hand(bound, rota, to, m)
	cancel()
	now := r.config.Now()
	if err == nil || ctx.Err() == nil {
		r.settled(context.WithoutCancel(ctx), to, batch, m, err, now) // what was sent is noted, whatever ends
	}
	r.mu.Lock()
	delete(r.busy, to)
	r.last[to] = lastMessage{m.at, m.urgency, gap}
	if err != nil {
		r.last[to] = lastMessage{now, m.urgency, failedGap}
	}
	r.mu.Unlock()
	r.Nudge()
}

// hand gives one message to one channel, once.
func (r *Ringer) hand(ctx context.Context, rota *Rota, to destination, m message) error {
	if to.channel == Push {
		return r.pushTo(ctx, rota, to.staff, m)
	}
	return rota.deliver(ctx, r.config.Dir, to, m)
}

func (r *Ringer) settled(ctx context.Context, to destination, batch []Told, m message, err error, now time.Time) {
	outcome := "sent"
	if err != nil {
		outcome = "failed"
		r.config.Log.LogAttrs(ctx, slog.LevelWarn, "a message to the duty rota did not get through",
			slog.String("to", to.String()), slog.String("cause", err.Error()), slog.Int("alerts", len(m.codes)))
	}
	r.counts.Add(ctx, 1, metric.WithAttributes(attribute.String("handrail.alert.channel", string(to.channel)), attribute.String("handrail.outcome", outcome)))
	if err := r.config.Journal.settle(ctx, to, batch, err == nil, now); err != nil {
		r.config.Log.LogAttrs(ctx, slog.LevelError, "what became of a message to the duty rota was not kept; it may be sent again", slog.Any("cause", err))
	}
}
