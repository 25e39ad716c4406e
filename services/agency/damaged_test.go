package agency

import (
	"slices"
	"testing"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

func TestADeliveryThatDoesNotVerifyIsSetAsideAndStopsNothingElse(t *testing.T) {
	for name, spoil := range map[string]func(*aLog, exchange.Message) exchange.Message{
		"other data": func(_ *aLog, good exchange.Message) exchange.Message {
			return exchange.Message{Header: good.Header, Data: append(slices.Clone(good.Data), ' ')}
		},
		"another entry": func(l *aLog, good exchange.Message) exchange.Message {
			return l.copyWith(good, func(d *tlog.Delivery) { d.Salt[0]++ })
		},
		"another log": func(l *aLog, good exchange.Message) exchange.Message {
			return l.copyWith(good, func(d *tlog.Delivery) { d.Checkpoint = l.forks().checkpoint() })
		},
	} {
		l := newLog(t)
		a := l.joined()
		opened, requested := l.refer(newCaseID(t))
		good, next := l.delivers(opened), l.delivers(requested)
		l.gives(a, spoil(l, good))
		if a.stored != 2 || !a.damaged[2] || len(a.Cases()) != 0 || !a.alarmed("copy-damaged") {
			t.Fatalf("%s: stored %d, damaged %v, %+v", name, a.stored, a.damaged, a.alarms.list())
		}
		l.gives(a, next)
		if a.stored != 3 {
			t.Errorf("%s: it stops what comes behind it", name)
		}
		if word, err := a.position(t.Context(), false); err != nil || word.Position != 3 || !slices.Equal(word.Again, []uint64{2}) || word.Resume {
			t.Errorf("%s: the hub is told %+v, %v", name, word, err)
		}
		l.must(a.Close())
		b := l.opened()
		if !b.damaged[2] {
			t.Errorf("%s: after a restart it is believed", name)
		}
		l.gives(b, good)
		if b.stored != 3 || len(b.damaged) != 0 || len(b.Cases()) != 1 || b.Cases()[0].Lines != 2 || len(b.alarms.list()) != 0 {
			t.Errorf("%s: the good copy was not taken: %+v, %+v", name, b.Cases(), b.alarms.list())
		}
		l.must(b.Close())
	}
}

func TestWhatTheHubDidNotNumberCannotDriveThePositionAhead(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	opened, requested := l.refer(newCaseID(t))
	good, next := l.delivers(opened), l.delivers(requested)
	forged := l.copyWith(good, func(d *tlog.Delivery) { d.Recipient = testSender })
	l.gives(a, forged)
	if a.stored != 1 || !a.alarmed("copy-damaged") {
		t.Fatalf("stored %d", a.stored)
	}
	if send, resume, _ := a.link.due(); !send || !resume {
		t.Error("it is not asked for again")
	}
	l.gives(a, next, forged) // the hub numbered the next one, so there is one before it
	if a.stored != 2 || !a.damaged[2] {
		t.Errorf("stored %d, damaged %v", a.stored, a.damaged)
	}
	l.gives(a, next, good)
	if a.stored != 3 || len(a.damaged) != 0 || len(a.Cases()) != 1 {
		t.Errorf("stored %d, damaged %v", a.stored, a.damaged)
	}
}

func TestAReceiptThatDoesNotVerifyLetsNothingGo(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	_, err := a.Say(t.Context(), Statement{Case: of, Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
	l.must(err)
	_, err = a.Say(t.Context(), Statement{Case: newCaseID(t), Payload: &events.CaseOpened{Said: justNow(), Age: events.Adult}})
	l.must(err)
	said := l.said(a)
	first, second := l.receipts(said[0].event), l.receipts(said[1].event)
	l.gives(a, l.copyWith(first, func(d *tlog.Delivery) { d.Proof[0][0] ^= 1 }), second)
	if said := l.said(a); said[0].answered != 0 || said[1].answered != 3 || !a.damaged[2] {
		t.Errorf("let go: %+v, damaged %v", said, a.damaged)
	}
	if status, err := a.Status(t.Context()); err != nil || status.Waiting != 1 {
		t.Errorf("%+v, %v", status, err)
	}
	l.gives(a, first)
	if said := l.said(a); said[0].answered != 2 || !said[0].admitted || len(a.damaged) != 0 || len(a.alarms.list()) != 0 {
		t.Errorf("not let go with the good copy: %+v, %+v", said, a.alarms.list())
	}
}

func TestWhatOnlyStoodOnADamagedListingIsTakenWithItsRepair(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	mission := l.listing(testMission, events.ForeignMission)
	listed := l.delivers(l.hubLists(testMission, mission))
	l.gives(a, l.copyWith(listed, func(d *tlog.Delivery) { d.Salt[0]++ }))
	if len(a.directory.Members()) != 2 {
		t.Fatal("a damaged listing was taken")
	}
	opened := l.says(newCaseID(t), "", &events.CaseOpened{Said: justNow(), Age: events.Adult})
	l.gives(a, l.delivers(opened), listed)
	if len(a.directory.Members()) != 3 || len(a.Cases()) != 1 || len(a.damaged) != 0 {
		t.Errorf("listed %d, cases %v, damaged %v", len(a.directory.Members()), a.Cases(), a.damaged)
	}
}

func TestManyDamagedNumbersTakeTurns(t *testing.T) {
	l := newLog(t)
	a := l.opened()
	for n := range uint64(70) {
		a.damaged[n+1] = true
	}
	asked := map[uint64]int{}
	for range 5 {
		again := a.toAskAgain()
		if len(again) != againMost || !slices.IsSorted(again) {
			t.Fatalf("asked for %v", again)
		}
		for _, n := range again {
			asked[n]++
		}
	}
	if len(asked) != 70 {
		t.Errorf("%d of 70 were asked for", len(asked))
	}
}

// said is the agency's outbox.
func (l *aLog) said(a *Agency) []said {
	l.t.Helper()
	rows, err := readOutbox(l.t.Context(), a.journal.reader, a.keys, `ORDER BY position`)
	l.must(err)
	return rows
}
