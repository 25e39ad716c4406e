package agency

import (
	"testing"
	"time"

	"handrail/events"
)

func TestWithoutAConnectionTheHubIsOutOfReach(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	reach, err := a.Reach(t.Context())
	l.must(err)
	if reach.Reached || reach.Waiting != 0 || time.Since(reach.Last) > time.Minute {
		t.Errorf("%+v", reach)
	}
	_, err = a.Say(t.Context(), Statement{Case: newCaseID(t), Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
	l.must(err)
	last := reach.Last
	l.must(a.Close())
	b := l.opened()
	reach, err = b.Reach(t.Context())
	l.must(err)
	if reach.Waiting != 1 || reach.Last.Sub(last).Abs() > time.Second {
		t.Errorf("after a restart: %+v, was heard %s", reach, last)
	}
}

func TestAnAgencyThatNeverHeardTheHubSaysSo(t *testing.T) {
	reach, err := newLog(t).opened().Reach(t.Context())
	if err != nil || reach.Reached || !reach.Last.IsZero() {
		t.Errorf("%+v, %v", reach, err)
	}
}
