package agency

import (
	"database/sql"
	"strconv"
	"testing"
	"time"

	"handrail/events"
	"handrail/events/exchange"
)

func TestAClockThatWasFarAheadDoesNotSilenceTheAgency(t *testing.T) {
	for _, c := range []struct {
		ahead   time.Duration
		alarmed bool
		at      time.Duration // from now
	}{
		{-time.Minute, false, 0},
		{2 * time.Minute, false, 2*time.Minute + time.Second}, // strictly newer, and the hub still heeds it
		{time.Hour, true, 0},
	} {
		l := newLog(t)
		a := l.joined()
		now := time.Now().UTC().Truncate(time.Second)
		a.now = func() time.Time { return now }
		l.must(a.journal.update(t.Context(), func(tx *sql.Tx) error {
			return setMeta(t.Context(), tx, controlMeta(events.TypeControlPosition), strconv.FormatInt(now.Add(c.ahead).Unix(), 10))
		}))
		at, err := a.controlTime(t.Context(), events.TypeControlPosition)
		l.must(err)
		if !at.Equal(now.Add(c.at)) || a.alarmed("clock-ahead") != c.alarmed {
			t.Errorf("after a clock %s ahead the next control message is %s from now; alarms %+v", c.ahead, at.Sub(now), a.alarms.list())
		}
		if next, err := a.controlTime(t.Context(), events.TypeControlPosition); err != nil || !next.After(at) {
			t.Errorf("the one behind it is not newer: %s, %v", next.Sub(at), err)
		}
	}
}

func TestAHubWhoseClockWasFarAheadIsStillHeeded(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	announced := func(head uint64, at time.Time) exchange.Message {
		e := l.event(events.HubAgency, l.hub, string(testAgency), "", &events.HeadAnnounced{Delivered: head})
		e.Time = events.At(at)
		e, err := l.hub.Sign(e)
		l.must(err)
		return exchange.Encode(e)
	}
	l.gives(a, announced(5, time.Now().Add(time.Hour)), announced(9, time.Now()))
	if a.link.head != 9 {
		t.Errorf("the head is known as %d", a.link.head)
	}
}
