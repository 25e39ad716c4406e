package ledger

import (
	"errors"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/ledger"
)

// together ends the ledger, so that everything that is submitted until it starts
// again is judged in one batch.
func (w *world) together(all ...events.Event) {
	w.t.Helper()
	w.stop()
	p := w.agencies[police]
	for _, e := range all {
		p.submit(e)
	}
	w.start()
}

func TestOneEventThatTheDatabaseRefusesFailsAlone(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	var all []events.Event
	for _, age := range []events.AgeClass{events.Adult, events.Adult, events.Unsure, events.Adult, events.Adult} {
		all = append(all, p.sign(p.draft(&events.CaseOpened{Said: now(), Age: age}, w.newCase(), "")))
	}
	poison := all[2]
	_, err := as(t, w.database, "handrail_owner").Exec(t.Context(), `
		CREATE FUNCTION indigestible() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			IF position('"unsure"'::bytea IN NEW.data) > 0 THEN RAISE EXCEPTION 'no' USING ERRCODE = 'data_exception'; END IF; RETURN NEW; END $$;
		CREATE TRIGGER indigestible BEFORE INSERT ON payload FOR EACH ROW EXECUTE FUNCTION indigestible();`)
	w.must(err)
	w.together(all...)
	p.refused(poison, events.RuleHubFault)
	for _, e := range append(all[:2:2], all[3:]...) {
		p.admitted(e)
	}
	w.check()
}

func TestACaseWhoseStateIsDamagedHarmsNoOther(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	damaged := w.newCase()
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, damaged, ""))
	good := p.sign(p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	bad := p.sign(p.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, damaged, ""))
	after := p.sign(p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	if _, err := as(t, w.database, "handrail_owner").Exec(t.Context(), "UPDATE case_state SET state = 'x'"); err != nil {
		t.Fatal(err)
	}
	w.together(good, bad, after)
	p.admitted(good)
	p.refused(bad, events.RuleHubFault)
	p.admitted(after)
}

func TestALedgerOnARestoredDatabaseSignsNothing(t *testing.T) {
	w := newWorld(t)
	w.stop()
	if _, err := as(t, w.database, "handrail_owner").Exec(t.Context(), "UPDATE log_identity SET timeline = timeline + 1"); err != nil {
		t.Fatal(err)
	}
	l, err := ledger.New(w.config)
	w.must(err)
	if err := l.Run(t.Context()); !errors.Is(err, ledger.ErrOtherPostgres) {
		t.Fatalf("the ledger ran on another history: %v", err)
	}
	w.must(ledger.AcceptHistory(t.Context(), postgres.DSN(w.database, "handrail_owner")))
	w.start()
	p := w.agencies[police]
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
}

func TestALedgerWhoseTreeWasTamperedWithSignsNothing(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.stop()
	_, err := as(t, w.database, "").Exec(t.Context(), "ALTER TABLE entry DISABLE TRIGGER entry_append_only; UPDATE entry SET leaf_hash = decode(repeat('00', 32), 'hex') WHERE number = 1")
	w.must(err)
	l, err := ledger.New(w.config)
	w.must(err)
	if err := l.Run(t.Context()); err == nil {
		t.Fatal("the ledger went on with a tree that its checkpoint does not sign")
	}
}

func TestTheAdmissionTimeNeverGoesBack(t *testing.T) {
	var back bool
	w := newWorld(t, func(c *ledger.Config) {
		c.Clock = func() time.Time {
			if back {
				return time.Now().Add(-time.Hour)
			}
			return time.Now()
		}
	})
	p := w.agencies[police]
	first := p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.stop()
	back = true
	w.start()
	e := p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	// The hub's clock is an hour behind, its log is not: the event is not ahead of the log.
	second := p.admitted(p.submit(p.sign(e)))
	if second.entry.Admitted.Before(first.entry.Admitted) {
		t.Errorf("admitted at %v after %v", second.entry.Admitted, first.entry.Admitted)
	}
}
