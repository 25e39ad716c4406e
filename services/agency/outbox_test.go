package agency

import (
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

func TestPeopleAreToldAtOnceWhatTheRulesForbid(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	_, err := a.Say(t.Context(), Statement{Case: of, Payload: &events.RightsInformed{Said: justNow(), Language: "eng", Interpreter: events.NoInterpreter}})
	if rule, _ := ruleAndReason(err); rule != mou.RuleCaseUnknown {
		t.Errorf("rights in an unknown case: %v", err)
	}
	rows, err := readOutbox(t.Context(), a.journal.reader, a.keys, ``)
	if err != nil || len(rows) != 0 {
		t.Errorf("what was forbidden is in the outbox: %v %v", rows, err)
	}
}

func TestWorkGoesOnBeforeTheLedgerAnswers(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	opened, err := a.Say(t.Context(), Statement{Case: of, Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
	l.must(err)
	informed, err := a.Say(t.Context(), Statement{Case: of, Cause: opened[0], Payload: &events.RightsInformed{Said: justNow(), Language: "eng", Interpreter: events.NoInterpreter}})
	l.must(err)
	f := a.book.files[of]
	if len(f.settled.Trail()) != 0 || len(f.tentative.Trail()) != 2 || len(f.waiting) != 2 {
		t.Fatalf("settled %d, tentative %d, waiting %d", len(f.settled.Trail()), len(f.tentative.Trail()), len(f.waiting))
	}
	if f.waiting[1].Event.CausationID != opened[0] {
		t.Error("the cause, which all recipients see, is not named")
	}

	rows, err := readOutbox(t.Context(), a.journal.reader, a.keys, `ORDER BY position`)
	l.must(err)
	l.gives(a, l.receipts(rows[0].event))
	if len(f.settled.Trail()) != 1 || len(f.waiting) != 1 {
		t.Errorf("after the first receipt: settled %d, waiting %d", len(f.settled.Trail()), len(f.waiting))
	}
	l.gives(a, l.refuses(rows[1].event, mou.RuleNotPermitted))
	if len(f.settled.Trail()) != 1 || len(f.tentative.Trail()) != 1 || len(f.waiting) != 0 {
		t.Errorf("after the refusal: tentative %d, waiting %d", len(f.tentative.Trail()), len(f.waiting))
	}
	view, err := a.Outbox(t.Context())
	l.must(err)
	if view.Said[0].State != "admitted" || view.Said[1].State != "refused" || view.Said[1].Rule != mou.RuleNotPermitted || view.Said[1].ID != informed[0] || view.Waiting != 0 {
		t.Errorf("the outbox shows %+v", view)
	}
	l.must(a.Close())
	b := l.opened()
	if got := b.book.files[of]; got == nil || len(got.settled.Trail()) != 1 || len(got.waiting) != 0 {
		t.Errorf("after a restart: %+v", got)
	}
}

func TestARefusalOfWhatWeNeverSaidIsShownApart(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	stranger := l.says(newCaseID(t), "", &events.CaseOpened{Said: justNow(), Age: events.Adult})
	l.gives(a, l.refuses(stranger, events.RuleSourceMismatch))
	view, err := a.Outbox(t.Context())
	l.must(err)
	if len(view.Foreign) != 1 || view.Foreign[0].Rule != events.RuleSourceMismatch || len(view.Said) != 0 || a.stored != 2 {
		t.Errorf("%+v, stored %d", view, a.stored)
	}
}

func TestAnEventOfOurKeyThatTheJournalLacksAlarms(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	e := l.event(testAgency, a.keys.Voice(), string(newCaseID(t)), "", &events.CaseOpened{Said: justNow(), Age: events.Adult})
	l.gives(a, l.receipts(e))
	if a.stored != 2 || !a.alarmed("journal-behind") {
		t.Errorf("stored %d, alarms %+v", a.stored, a.alarms.list())
	}
	if err := a.resendFrom(t.Context(), &events.ResendFrom{Key: a.keys.Voice().ID(), Sequence: 5}); err != nil {
		t.Error(err)
	}
}

func TestAnIDIsUsedOnce(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	id := events.EventID(newCaseID(t))
	s := Statement{Case: newCaseID(t), ID: id, Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}}
	_, err := a.say(t.Context(), false, s)
	l.must(err)
	_, err = a.say(t.Context(), false, s)
	if rule, _ := ruleAndReason(err); rule != events.RuleIDReused {
		t.Errorf("the same id again: %v", err)
	}
}

func TestTheHubSaysFromWhereToSendAgain(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	for range 5 {
		_, err := a.Say(t.Context(), Statement{Case: newCaseID(t), Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
		l.must(err)
	}
	a.drain.passed(0, 5)
	l.must(a.resendFrom(t.Context(), &events.ResendFrom{Key: a.keys.Voice().ID(), Sequence: 3}))
	if sent, again := a.drain.cursor(); sent != 2 || again != 5 {
		t.Errorf("sending goes on behind %d, answered ones up to %d", sent, again)
	}
}
