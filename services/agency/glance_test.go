package agency

import (
	"reflect"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// TestAGlanceIsWhatALookWouldSay goes through a referral's life and beyond, and
// compares what is kept of each case with what is found anew at the same moment.
func TestAGlanceIsWhatALookWouldSay(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, _, _ := l.taken(a)
	open := newCaseID(t)
	opened, requested := l.refer(open)
	l.gives(a, l.delivers(opened), l.delivers(requested), l.delivers(l.withdraws(of)))
	begun := time.Now()
	for _, after := range []time.Duration{
		0, time.Second, 5 * time.Minute, 11 * time.Minute, 16 * time.Minute, 31 * time.Minute, time.Hour, 23 * time.Hour, 25 * time.Hour, 73 * time.Hour, 6 * day, 8 * day, 200 * day, time.Minute,
	} {
		now := begun.Add(after)
		a.now = func() time.Time { return now }
		kept := [3]any{a.Inbox(), a.Overdue(), a.Erasures()}
		for _, f := range a.book.files {
			f.glance.Store(nil)
		}
		if anew := [3]any{a.Inbox(), a.Overdue(), a.Erasures()}; !reflect.DeepEqual(kept, anew) {
			t.Errorf("after %s is kept\n%+v\nand found anew\n%+v", after, kept, anew)
		}
	}
}

func all(*CaseLine) bool { return true }

func TestTheListOfCasesSaysHowOurPartStands(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	opened, requested := l.refer(of)
	l.gives(a, l.delivers(opened), l.delivers(requested))
	if lines := a.CaseLines(all); len(lines) != 1 || lines[0].Asked != mou.LegRequested || lines[0].By != testSender || lines[0].Changed.IsZero() || lines[0].Late {
		t.Fatalf("%+v", lines)
	}
	_, err := a.Say(t.Context(), Statement{Case: of, Referral: requested.ID, Payload: &events.ReferralDeclined{Said: justNow(), Reason: "full"}})
	l.must(err)
	if lines := a.CaseLines(all); lines[0].Asked != mou.LegDeclined || lines[0].Waiting != 1 {
		t.Errorf("%+v", lines)
	}
	own := newCaseID(t)
	_, err = a.Say(t.Context(), Statement{Case: own, Payload: &events.CaseOpened{Said: justNow(), Age: events.Child}})
	l.must(err)
	a.now = func() time.Time { return time.Now().Add(30 * day) }
	lines := a.CaseLines(all)
	if len(lines) != 2 || lines[0].Case != own || !lines[0].Late || lines[0].Asked != "" {
		t.Errorf("%+v", lines)
	}
}
