package agency

import (
	"testing"
	"time"
)

func TestPeopleAreToldOfPostingOnlyWhenItFailsForLong(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	says := func() string {
		t.Helper()
		health, err := a.Doctor(t.Context())
		l.must(err)
		return doctorOn(health, "webhook")
	}
	if got := says(); got != "" {
		t.Errorf("nothing is posted, and the doctor says: %s", got)
	}
	now := time.Now()
	a.now = func() time.Time { return now }
	for _, one := range []struct {
		failing time.Time
		alarm   bool
		doctor  string
	}{
		{time.Time{}, false, "The agency's own system takes deliveries."},
		{now.Add(time.Second - postingAlarm), false, "The agency's own system takes nothing since " + now.Add(time.Second-postingAlarm).UTC().Format(time.RFC3339) + ": away."},
		{now.Add(-postingAlarm), true, "The agency's own system takes nothing since " + now.Add(-postingAlarm).UTC().Format(time.RFC3339) + ": away."},
		{time.Time{}, false, "The agency's own system takes deliveries."},
	} {
		a.PostingIs(t.Context(), one.failing, "away")
		if got := says(); a.alarmed("webhook-failing") != one.alarm || got != one.doctor {
			t.Errorf("failing since %s: alarm %v, %q", one.failing, a.alarmed("webhook-failing"), got)
		}
	}
}
