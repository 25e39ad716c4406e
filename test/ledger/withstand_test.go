package ledger

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
)

func TestNoDefaultOfTheDatabaseMakesACommitLessThanDurable(t *testing.T) {
	w := newWorld(t)
	w.stop()
	owner := as(t, w.database, "handrail_owner")
	_, err := owner.Exec(t.Context(), `ALTER DATABASE `+w.database+` SET synchronous_commit = off;
		CREATE TABLE committing (how text);
		CREATE FUNCTION watch() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN
			INSERT INTO committing VALUES (current_setting('synchronous_commit')); RETURN NEW; END $$;
		CREATE TRIGGER watch BEFORE INSERT ON checkpoint FOR EACH ROW EXECUTE FUNCTION watch();`)
	w.must(err)
	w.start()
	p := w.agencies[police]
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	if all, durable := w.count("SELECT count(*) FROM committing"), w.count("SELECT count(*) FROM committing WHERE how = 'on'"); all == 0 || all != durable {
		t.Errorf("%d of %d batches were committed durably", durable, all)
	}
}

// The stored state of one case was overwritten: its auditors see which, and that
// its entries hold; the others are as before.
func TestACaseWhoseStateCannotBeReadIsListedAndHasATrail(t *testing.T) {
	for name, stored := range map[string]string{"no JSON": "x\xff", "an empty trail": "", "another form": `{"semantics":9}`} {
		t.Run(name, func(t *testing.T) {
			listen, url := listening(t)
			w := newWorld(t, listen)
			c := w.open()
			referral, _ := c.ask(shelter, shelter2)
			one := w.agencies[shelter]
			one.has(w.agencies[police].said[referral])
			one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral)) // so a record is released and one erased
			other := w.open()
			w.settled()
			if stored == "" {
				stored = w.emptied(c.id)
			}
			_, err := as(t, w.database, "handrail_owner").Exec(t.Context(), "UPDATE case_state SET state = $2 WHERE case_id = $1::text::uuid", string(c.id), []byte(stored))
			w.must(err)
			a := w.auditor(url)
			cases, err := a.Cases(t.Context())
			w.must(err)
			for _, listed := range cases {
				if listed.Unreadable != (listed.Case == c.id) || listed.Entries == 0 {
					t.Errorf("listed as %+v", listed)
				}
			}
			var text strings.Builder
			w.must(audit.ShowCases(&text, cases, false))
			if len(cases) != 2 || strings.Count(text.String(), "cannot be read") != 1 {
				t.Errorf("%d cases, shown as\n%s", len(cases), &text)
			}
			trail, err := a.Trail(t.Context(), c.id)
			w.must(err)
			for _, e := range trail.Entries {
				if strings.Contains(string(e.Data), "ciphertext") {
					t.Error("the trail holds a sealed record")
				}
			}
			if _, err := a.Verify(trail); !errors.Is(err, audit.ErrUnverified) || !strings.Contains(err.Error(), "the state that the hub stores") {
				t.Errorf("verifying the damaged case: %v", err)
			}
			whole, err := a.Trail(t.Context(), other.id)
			w.must(err)
			if _, err := a.Verify(whole); err != nil {
				t.Errorf("the other case: %v", err)
			}
		})
	}
}

// emptied is a case's state with nothing in its trail.
func (w *world) emptied(id events.CaseID) string {
	w.t.Helper()
	var raw []byte
	w.must(as(w.t, w.database, "handrail_owner").QueryRow(w.t.Context(), "SELECT state FROM case_state WHERE case_id = $1::text::uuid", string(id)).Scan(&raw))
	var state map[string]any
	w.must(json.Unmarshal(raw, &state))
	state["trail"] = []any{}
	raw, err := json.Marshal(state)
	w.must(err)
	return string(raw)
}

func TestAnAgencyWhoseClockIsAheadIsNamedByTheDoctor(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	p := w.agencies[police]
	e := p.draft(&events.InboxPosition{Position: 1}, "", "")
	e.Sequence, e.Time = "", events.At(time.Now().Add(time.Hour))
	signed, err := p.signing.Sign(e)
	w.must(err)
	w.must(p.link.Submit(t.Context(), exchange.Encode(signed)))
	w.eventually("the doctor says so", func() bool {
		d, err := audit.Doctor(t.Context(), url)
		w.must(err)
		return d.Agencies[police].ClockAhead == 1 && d.Agencies[shelter].ClockAhead == 0
	})
}

func TestGenesisListsNoForeignMission(t *testing.T) {
	w := newWorld(t)
	w.stop()
	empty := w.config
	empty.DatabaseURL = postgres.DSN(newDatabase(t), "handrail_ledger")
	founded := w.founded
	founded.Agencies = append(slices.Clone(founded.Agencies), w.newSite("elsewhere-embassy", events.ForeignMission))
	if _, err := ledger.Found(t.Context(), empty, founded); violationRule(err) != events.RuleDataRange {
		t.Errorf("founding with a foreign mission: %v", err)
	}
}

func TestWhatTheShelterErasedTheHubErasesToo(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	p, one := w.agencies[police], w.agencies[shelter]
	referral, records := c.ask(shelter)
	one.has(p.said[referral])
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	at := one.has(records[shelter]).Number
	one.admitted(one.say(&events.HandoverCompleted{Said: now()}, c.id, referral))
	w.settled()
	w.eventually("the shelter has said that it stored the record", func() bool {
		return w.count("SELECT number FROM position WHERE agency = $1", string(shelter)) == int64(one.position())
	})
	sealed := w.entryOf(records[shelter])
	copies := func() int64 { return w.count("SELECT count(*) FROM payload WHERE number = $1", sealed) }
	p.admitted(p.say(&events.ConsentWithdrawn{Said: now(), Recipient: events.Recipient{Agency: shelter}}, c.id, ""))
	if copies() != 1 {
		t.Fatal("the hub destroyed its copy before the shelter said that it had")
	}
	one.admitted(one.say(&events.ErasureConfirmed{Said: now(), Answer: events.Erased}, c.id, referral))
	if copies() != 0 {
		t.Error("the shelter erased the record; the hub still has it")
	}
	erased := payloadOf[*events.RecordErased](w, c.hubEvent(p, events.TypeRecordErased).event)
	if erased.Record != records[shelter].ID || erased.Reason != events.ErasedNoConsent {
		t.Errorf("erased %+v", erased)
	}
	w.settled()
	one.mu.Lock()
	before := len(one.got)
	one.got = nil
	one.mu.Unlock()
	w.eventually("the shelter lost what it had", func() bool { return one.sayPosition(t.Context(), 0, true) == nil })
	w.eventually("everything comes again", func() bool { return one.position() == uint64(before) })
	if g := one.got[at-1]; g.Kind != tlog.KindTombstone {
		t.Errorf("in place of the record the shelter got %s", g.Kind)
	}
	w.check()
}
