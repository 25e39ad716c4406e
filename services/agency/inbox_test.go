package agency

import (
	"database/sql"
	"slices"
	"testing"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

func (a *Agency) alarmed(name string) bool {
	return slices.ContainsFunc(a.alarms.list(), func(alarm Alarm) bool { return alarm.Name == name })
}

// refer is what the police say until the shelter is asked.
func (l *aLog) refer(of events.CaseID) (opened, requested events.Event) {
	opened = l.says(of, "", &events.CaseOpened{Said: justNow(), Age: events.Adult})
	requested = l.says(of, "", &events.ReferralRequested{
		Said: justNow(), To: events.Set[events.AgencyID]{testAgency}, Purpose: events.PurposeAccommodation,
		Sections: events.Set[events.Section]{events.SectionIdentity}, Needs: events.Set[events.Need]{"safe-accommodation"},
		Urgency: events.Tonight, Age: events.Adult,
	})
	return opened, requested
}

func TestGenesisMustBeThePinnedOne(t *testing.T) {
	l := newLog(t)
	other := newLog(t)
	other.hub, other.statement, other.signer = l.hub, l.statement, l.signer
	a := l.opened()
	l.gives(a, other.delivers(other.genesis))
	if a.stored != 0 || a.directory != nil || !a.alarmed("copy-damaged") {
		t.Error("another genesis founded the directory")
	}
	l.gives(a, l.delivers(l.genesis))
	if a.stored != 1 || a.alarmed("copy-damaged") {
		t.Errorf("the pinned genesis was not taken: %+v", a.alarms.list())
	}
}

func TestNothingIsTakenBeforeGenesis(t *testing.T) {
	l := newLog(t)
	a := l.opened()
	opened, _ := l.refer(newCaseID(t))
	l.gives(a, l.delivers(opened)) // as number 1
	if a.stored != 0 || len(a.book.files) != 0 {
		t.Error("something was stored before the directory was founded")
	}
}

func TestDeliveriesAreStoredOnceAndWithoutGaps(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	opened, requested := l.refer(of)
	second, third := l.delivers(opened), l.delivers(requested)

	l.gives(a, third)
	if a.stored != 1 {
		t.Fatal("a delivery was stored behind a gap")
	}
	if send, resume, _ := a.link.due(); !send || !resume {
		t.Error("a gap does not make the agency ask for what is missing")
	}
	l.gives(a, second, second, third, second, third)
	if a.stored != 3 || len(a.book.files[of].settled.Trail()) != 2 {
		t.Errorf("stored %d, trail %d", a.stored, len(a.book.files[of].settled.Trail()))
	}
	if waiting := a.Waiting(); len(waiting) != 1 || waiting[0].Referral != requested.ID {
		t.Errorf("waiting: %+v", waiting)
	}
}

// copyWith changes a delivery and signs it again, as a dishonest hub could.
func (l *aLog) copyWith(m exchange.Message, change func(*tlog.Delivery)) exchange.Message {
	l.t.Helper()
	d, err := parseDelivery(m)
	l.must(err)
	change(&d)
	d.Statement = nil
	return l.sign(d, m)
}

func (l *aLog) checkpoint() []byte {
	l.t.Helper()
	signed, err := tlog.Checkpoint{Origin: testHub.Origin(), Size: l.tree.Size(), Root: l.tree.Root()}.Sign(l.signer)
	l.must(err)
	return signed
}

func TestADamagedRowAlarmsHidesNoOtherAndIsFetchedAgain(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	one, two := newCaseID(t), newCaseID(t)
	first, _ := l.refer(one)
	second, _ := l.refer(two)
	all := []exchange.Message{l.delivers(first), l.delivers(second)}
	l.gives(a, all...)
	l.must(a.journal.update(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `UPDATE inbox SET data = CAST(replace(CAST(data AS TEXT), 'adult', 'child') AS BLOB) WHERE number = 2`)
		return err
	}))
	l.must(a.Close())

	b := l.opened()
	if !b.damaged[2] || !b.alarmed("row-damaged") || b.book.files[one] != nil {
		t.Errorf("the damaged row is shown: damaged %v, alarms %+v", b.damaged, b.alarms.list())
	}
	if f := b.book.files[two]; f == nil || f.settled.Age() != events.Adult {
		t.Error("the damaged row hides another")
	}
	l.gives(b, all[0])
	if f := b.book.files[one]; len(b.damaged) != 0 || b.alarmed("row-damaged") || f == nil || f.settled.Age() != events.Adult {
		t.Errorf("the row was not repaired: %v %+v", b.damaged, b.alarms.list())
	}
	if _, err := b.Inspect(t.Context()); err != nil || len(b.damaged) != 0 {
		t.Errorf("inspection finds %v, %v", b.damaged, err)
	}
}

func TestADamagedGenesisHidesNothing(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	of := newCaseID(t)
	opened, _ := l.refer(of)
	l.gives(a, l.delivers(opened))
	l.must(a.journal.update(t.Context(), func(tx *sql.Tx) error {
		_, err := tx.ExecContext(t.Context(), `DELETE FROM inbox WHERE number = 1`)
		return err
	}))
	l.must(a.Close())
	b := l.opened()
	if !b.damaged[1] || b.damaged[2] || b.book.files[of] == nil {
		t.Errorf("damaged %v, cases %v", b.damaged, b.book.ids())
	}
}

func TestOnlyTheHubSendsControlMessages(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	said := func(key seal.SigningKey) exchange.Message {
		return exchange.Encode(l.event(events.HubAgency, key, string(testAgency), "", &events.HeadAnnounced{Delivered: 9}))
	}
	l.gives(a, said(l.sender))
	if a.link.head != 0 || !a.alarmed("control-damaged") {
		t.Error("the police announced the hub's head")
	}
	l.gives(a, said(l.hub))
	if a.link.head != 9 {
		t.Error("the hub's head was not heeded")
	}
}
