package agency

import (
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

func TestWhatIsLateNamesWhoOwesItAndTheNextStep(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	opened, requested := l.refer(of)
	l.gives(a, l.delivers(opened), l.delivers(requested))
	if late := a.Overdue().Clocks; len(late) != 0 {
		t.Errorf("just asked, and late: %+v", late)
	}
	a.now = func() time.Time { return time.Now().Add(11 * time.Minute) }
	late := a.Overdue().Clocks
	if len(late) != 1 || late[0].Duty != mou.ClockAcknowledge || late[0].State != mou.ClockDueSoon || !late[0].Mine || late[0].Owes != testAgency {
		t.Fatalf("after 11 of 15 minutes: %+v", late)
	}
	a.now = func() time.Time { return time.Now().Add(16 * time.Minute) }
	if late := a.Overdue().Clocks; len(late) != 1 || late[0].State != mou.ClockMissed || !strings.HasPrefix(late[0].Next, "Do it now") || late[0].Since.IsZero() {
		t.Errorf("after 16 minutes: %+v", late)
	}
	if waiting := a.Waiting(); len(waiting) != 1 || waiting[0].AckBy.Sub(waiting[0].Arrived) != 15*time.Minute {
		t.Errorf("the inbox says %+v", waiting)
	}
	l.admitted(a, Statement{Case: of, Referral: requested.ID, Payload: &events.ReferralDeclined{Said: justNow(), Reason: "full"}})
	for _, clock := range a.Overdue().Clocks {
		t.Errorf("after the answer: %+v", clock)
	}
}

// A duty or a coordinator sees nothing of the case but whom to call.
func TestAChaseNamesWhomToCall(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	_, requested := l.refer(of)
	l.gives(a, l.delivers(l.event(events.HubAgency, l.hub, string(of), requested.ID, &events.ReferralEscalated{
		Said: justNow(), Step: events.ToCoordinator, To: testAgency, Because: events.DutyAnswer, Call: testSender, Urgency: events.Tonight,
	})))
	got := a.Overdue().Escalated
	if len(got) != 1 || got[0].Call != testSender || got[0].Case != of || got[0].Urgency != events.Tonight || !strings.Contains(got[0].Says, "Call "+string(testSender)) {
		t.Fatalf("%+v, %+v", got, a.alarms.list())
	}
	if len(a.Waiting()) != 0 {
		t.Error("a chase counts as a referral to this agency")
	}
	a.now = func() time.Time { return time.Now().Add(escalatedShown + time.Minute) }
	if got := a.Overdue().Escalated; len(got) != 0 {
		t.Errorf("still listed after three days: %+v", got)
	}
}

func TestWhoAnsweredIsOnePlainSentence(t *testing.T) {
	for want, n := range map[string][4]int{
		"nobody held anything":                                   {0, 0, 0, 0},
		"2 of 3 answered, one late":                              {3, 2, 1, 0},
		"3 of 3 answered":                                        {3, 3, 0, 0},
		"0 of 2 answered":                                        {2, 0, 0, 0},
		"3 of 3 answered, two answered after the time":           {3, 3, 0, 2},
		"12 of 24 answered, 12 late":                             {24, 12, 12, 0},
		"1 of 3 answered, two late, one answered after the time": {3, 1, 2, 1},
	} {
		if got := tally(n[0], n[1], n[2], n[3]); got != want {
			t.Errorf("%v is %q, want %q", n, got, want)
		}
	}
}

func TestAWithdrawalShowsWhichHolderIsLate(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of, referral, _ := l.taken(a)
	l.gives(a, l.delivers(l.withdraws(of)))
	list, err := a.Withdrawals(of)
	l.must(err)
	if len(list) != 1 || list[0].Says != "0 of 1 answered" || list[0].Type != "consent.withdrawn" || list[0].Holders[0].Answer != NoneYet {
		t.Fatalf("%+v", list)
	}
	a.now = func() time.Time { return time.Now().Add(8 * day) }
	if list, _ := a.Withdrawals(of); list[0].Says != "0 of 1 answered, one late" || !list[0].Holders[0].Late {
		t.Errorf("after eight days: %+v", list)
	}
	a.now = time.Now
	l.admitted(a, Statement{Case: of, Referral: referral, Payload: &events.ErasureConfirmed{
		Said: justNow(), Answer: events.Kept, Ground: "court-order", Until: events.At(time.Now().Add(day)),
	}})
	list, err = a.Withdrawals(of)
	l.must(err)
	if h := list[0].Holders[0]; list[0].Says != "1 of 1 answered" || h.Answer != "kept" || h.Ground != "court-order" || h.Until.IsZero() {
		t.Errorf("after the answer: %+v", list)
	}
	if _, err := a.Withdrawals(newCaseID(t)); err == nil {
		t.Error("a case that nobody knows has withdrawals")
	}
}

// Closing a case ends no duty to a person whose data was shared without asking.
func TestWhatOutlivesACaseStaysOverdue(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	l.admitted(a, Statement{Case: of, Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
	l.admitted(a, Statement{Case: of, Payload: &events.EmergencyDisclosed{
		Said: justNow(), Reason: "life", To: testSender, Sections: events.Set[events.Section]{"risk"}, Staff: "worker-1",
	}})
	l.admitted(a, Statement{Case: of, Payload: &events.CaseClosed{Said: justNow(), Reason: "completed"}})
	a.now = func() time.Time { return time.Now().Add(25 * time.Hour) }
	late := a.Overdue().Clocks
	if len(late) != 1 || late[0].Duty != mou.ClockEmergency || late[0].State != mou.ClockMissed {
		t.Errorf("of a closed case is overdue %+v, want the confirmation that is owed", late)
	}
	if causes := a.newWatch().causes(); len(causes) != 1 {
		t.Errorf("the duty is woken for %+v, want the confirmation", causes)
	}
}
