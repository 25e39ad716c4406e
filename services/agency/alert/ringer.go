package alert

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/metric"

	"handrail/events"
)

const (
	// pace is the longest time between two looks, leastPause the shortest: while
	// an agency catches up there is something new all the time.
	pace       = 10 * time.Second
	leastPause = 200 * time.Millisecond

	// kept is how long an alert stays in the journal after its cause was over.
	kept = 30 * 24 * time.Hour

	// shown is how long an alert that ended stays in the list.
	shown = 24 * time.Hour
)

// Config is what a [Ringer] needs. All of it is required.
type Config struct {
	Dir     string // the agency's folder: the rota and the files that it names
	Journal Journal
	Now     func() time.Time
	Log     *slog.Logger

	// Raise opens an alarm of the agency, or counts it again; Over closes it.
	// which is a staff code and a channel, or the name of a field.
	Raise func(ctx context.Context, name, which, text string, cause error)
	Over  func(name, which string)
}

// Ringer alerts the people of a rota. Make it with [New].
type Ringer struct {
	config Config
	counts metric.Int64Counter
	wake   chan struct{}

	look   sync.Mutex // one look at a time
	keys   sync.Mutex // one change of the agency's files at a time
	mu     sync.Mutex // guards what follows
	rota   *Rota      // in force; nil: none
	wrong  error      // why the file is not in force
	read   [sha256.Size]byte
	alarms map[[2]string]string        // texts of those that this ringer has raised
	busy   map[destination]bool        // a message is under way
	last   map[destination]lastMessage // when the last one was taken
	tried  Trial                       // the last test

	sending sync.WaitGroup
}

// New makes a ringer. It reads nothing yet and starts nothing.
func New(config Config) (*Ringer, error) {
	counts, err := otel.Meter("handrail/services/agency/alert").Int64Counter("handrail.agency.alert.messages",
		metric.WithUnit("{message}"), metric.WithDescription("Messages to the duty rota, by channel and outcome."))
	if err != nil {
		return nil, fmt.Errorf("making the metrics: %w", err)
	}
	return &Ringer{
		config: config, counts: counts, wake: make(chan struct{}, 1),
		alarms: map[[2]string]string{}, busy: map[destination]bool{}, last: map[destination]lastMessage{},
	}, nil
}

// Nudge has Run look at once.
func (r *Ringer) Nudge() {
	select {
	case r.wake <- struct{}{}:
	default: // it will look already
	}
}

// Run looks whenever something is due, at least every ten seconds, until ctx
// ends. standing gives what waits. A look that fails is an alarm and is made
// again. Every message under way has ended when Run returns.
func (r *Ringer) Run(ctx context.Context, standing func() []Cause) error {
	defer r.sending.Wait()
	for ctx.Err() == nil {
		next, err := r.Look(ctx, standing())
		switch {
		case ctx.Err() != nil:
		case err != nil:
			r.config.Raise(ctx, "alerts-stuck", "journal", "Alerts to the duty rota cannot be kept in the journal, so nobody may be alerted. Check the disk.", err)
		default:
			r.config.Over("alerts-stuck", "journal")
		}
		sleep(ctx, leastPause)
		timer := time.NewTimer(min(max(next.Sub(r.config.Now()), leastPause), pace))
		select {
		case <-ctx.Done():
		case <-r.wake:
		case <-timer.C:
		}
		timer.Stop()
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// Look does what is due: it rings for causes that are new, stops for those that
// are over, alerts the next person where nobody acknowledged in time, and starts
// the messages that are due, without waiting for them. It says when something is
// due next. Without a rota no cause makes an alert.
func (r *Ringer) Look(ctx context.Context, standing []Cause) (time.Time, error) {
	r.look.Lock()
	defer r.look.Unlock()
	now := r.config.Now()
	r.mu.Lock()
	rota := r.refresh(ctx)
	r.mu.Unlock()
	rota, err := r.withBrowsers(ctx, rota)
	if err != nil {
		return now.Add(pace), err
	}
	var calm time.Duration
	for _, c := range standing {
		calm = max(calm, c.Calm)
	}
	alerts, err := r.config.Journal.since(ctx, now.Add(-calm))
	if err != nil {
		return now.Add(pace), err
	}
	changed, fresh := reconcile(alerts, standing, now)
	if rota == nil {
		fresh = nil
	}
	if err := r.store(ctx, changed, fresh); err != nil {
		return now.Add(pace), err
	}
	alerts = append(alerts, fresh...)
	if rota == nil {
		return now.Add(pace), nil
	}
	if err := r.advance(ctx, rota, alerts, now); err != nil {
		return now.Add(pace), err
	}
	r.reportUnanswered(ctx, alerts)
	if err := r.reportChannels(ctx, rota); err != nil {
		return now.Add(pace), err
	}
	if err := r.config.Journal.forget(ctx, now.Add(-kept)); err != nil {
		return now.Add(pace), err
	}
	return r.start(ctx, rota, alerts, now), nil
}

// Acknowledge ends an alert: a person has taken it on. The first one counts; an
// alert that does not ring any more is left as it is. It gives false if there is
// no alert of the id.
func (r *Ringer) Acknowledge(ctx context.Context, id string, staff events.Staff) (bool, error) {
	known, err := r.config.Journal.acknowledge(ctx, id, staff, r.config.Now())
	if err == nil && known {
		r.Nudge()
	}
	return known, err
}
