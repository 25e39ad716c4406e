package alert

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"handrail/events"
)

// List gives the alerts that ring, the urgent ones first, then what nobody
// acknowledged, then those that ended in the last 24 hours, the newest first.
func (r *Ringer) List(ctx context.Context) ([]Alert, error) {
	now := r.config.Now()
	all, err := r.config.Journal.since(ctx, now.Add(-shown))
	if err != nil {
		return nil, err
	}
	rota := r.inForce()
	list := []Alert{}
	for _, a := range all {
		if !a.rings() && now.Sub(a.Ended) > shown {
			continue
		}
		if a.State == Ringing && a.Round > 0 && rota != nil {
			a.Next = a.stepped.Add(rota.wait[a.Urgency])
		}
		list = append(list, *a)
	}
	slices.SortStableFunc(list, func(a, b Alert) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), a.Ended.Compare(b.Ended)*-1, a.Raised.Compare(b.Raised))
	})
	return list, nil
}

func rank(a Alert) int {
	switch {
	case a.State == Ringing && a.Urgency == events.Tonight:
		return 0
	case a.State == Ringing:
		return 1
	case a.State == Unanswered:
		return 2
	}
	return 3
}

func (r *Ringer) inForce() *Rota {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.rota
}

// Check is one thing that a doctor looks at.
type Check struct {
	Name string
	OK   bool
	Text string
}

// Checks says how alerts stand: the rota, who has duty now by staff code, when a
// message was last taken, and which channels fail. It names no number or address.
func (r *Ringer) Checks(ctx context.Context) ([]Check, error) {
	r.mu.Lock()
	r.refresh(ctx)
	rota, wrong := r.rota, r.wrong
	r.mu.Unlock()
	switch {
	case wrong != nil && rota == nil:
		return []Check{{"rota", false, "Nobody is alerted: " + oneLine(wrong)}}, nil
	case rota == nil:
		return []Check{{"rota", true, "There is no " + RotaFile + " in the agency's folder: nobody is alerted when something waits."}}, nil
	}
	rota, err := r.withBrowsers(ctx, rota)
	if err != nil {
		return nil, err
	}
	now := r.config.Now()
	duty := make([]string, 0, maxInShift)
	for _, staff := range rota.OnDuty(now) {
		duty = append(duty, string(staff))
	}
	check := Check{"rota", wrong == nil, "On duty now: " + strings.Join(duty, ", then ") + "."}
	if wrong != nil {
		check.Text += " The file was changed and cannot be used; the last good rota stays in force: " + oneLine(wrong)
	}
	if rota.Quiet(now) {
		check.Text += " The hour is quiet: what is not for tonight waits."
	}
	sent, err := r.checkChannels(ctx, rota)
	return []Check{check, sent}, err
}

func (r *Ringer) checkChannels(ctx context.Context, rota *Rota) (Check, error) {
	all, err := r.config.Journal.channels(ctx)
	if err != nil {
		return Check{}, err
	}
	var last channelRecord
	var fail []string
	for _, c := range all {
		if c.sent.After(last.sent) {
			last = c
		}
		if c.failures >= failing && rota.people[c.staff].has(c.channel) {
			fail = append(fail, c.String())
		}
	}
	check := Check{"alerts", len(fail) == 0, "No message was taken yet."}
	if !last.sent.IsZero() {
		check.Text = fmt.Sprintf("A message was last taken at %s, by %s to %s.", last.sent.Format(time.RFC3339), last.channel, last.staff)
	}
	if len(fail) > 0 {
		check.Text += " These fail: " + strings.Join(fail, ", ") + "."
	}
	for field := range rota.unreadable(r.config.Dir) {
		check.OK = false
		check.Text += " The file named at " + field + " cannot be used."
	}
	return check, nil
}

func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") + "." }
