package ledger

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"handrail/events"
)

func TestWhatEachDatabaseRoleMayDo(t *testing.T) {
	w := newWorld(t)
	p := w.agencies[police]
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	for _, c := range []struct {
		role, statement string
		allowed         bool
	}{
		{"handrail_ledger", "UPDATE entry SET leaf_hash = leaf_hash", false},
		{"handrail_ledger", "DELETE FROM entry", false},
		{"handrail_ledger", "TRUNCATE checkpoint", false},
		{"handrail_ledger", "DELETE FROM checkpoint", false},
		{"handrail_ledger", "UPDATE node SET hash = hash", false},
		{"handrail_ledger", "DELETE FROM payload", false},
		{"handrail_ledger", "UPDATE payload SET data = data", false},
		{"handrail_ledger", "DELETE FROM opening", false},
		{"handrail_ledger", "UPDATE log_identity SET timeline = 9", false},
		{"handrail_ledger", "SELECT erase_payload(1, 1)", false}, // not an erasure of this transaction
		{"handrail_ledger", "SELECT accept_history()", false},
		{"handrail_ledger", "UPDATE contradiction SET accepted = now()", false},
		{"handrail_ledger", "DELETE FROM contradiction", false},
		{"handrail_ledger", "DELETE FROM cosignature", false},
		{"handrail_ledger", "UPDATE witness_reset SET size = 1", false},
		{"handrail_ledger", "UPDATE directory_entry SET everyone = false", false},
		{"handrail_ledger", "DELETE FROM directory_entry", false},
		{"handrail_ledger", "CREATE TABLE mine (i int)", false},
		{"handrail_ledger", "ALTER TABLE entry DISABLE TRIGGER ALL", false},
		{"handrail_ledger", "UPDATE position SET number = number", true},
		{"handrail_ledger", "INSERT INTO destroyed VALUES (1, 1)", false},
		{"handrail_ledger", "UPDATE retired SET destroyed = now()", false},
		{"handrail_ledger", "DELETE FROM reading", false},
		{"handrail_ledger", "SELECT destroy_case(gen_random_uuid())", false},
		{"handrail_ledger", "SELECT rewrite_derived('case_state')", false},
		{"handrail_ledger", "ALTER TABLE opening DISABLE TRIGGER ALL", false},
		{"handrail_retention", "SELECT rewrite_derived('case_state')", true},
		{"handrail_retention", "DELETE FROM payload WHERE number = 1", false},
		{"handrail_retention", "DELETE FROM opening WHERE number = 1", false},
		{"handrail_retention", "UPDATE payload SET data = data", false},
		{"handrail_owner", "DELETE FROM opening", false},
		{"handrail_owner", "UPDATE payload SET data = data", false},
		{"handrail_retention", "DELETE FROM entry", false},
		{"handrail_retention", "INSERT INTO entry VALUES (9, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'))", false},
		{"handrail_retention", "SELECT * FROM case_state", false},
		{"handrail_retention", "SELECT erase_payload(1, 1)", false},
		{"handrail_owner", "UPDATE entry SET leaf_hash = leaf_hash", false}, // the trigger
		{"handrail_owner", "DELETE FROM checkpoint", false},
	} {
		conn := as(t, w.database, c.role)
		tx, err := conn.Begin(t.Context())
		w.must(err)
		_, err = tx.Exec(t.Context(), c.statement)
		w.must(tx.Rollback(t.Context()))
		if (err == nil) != c.allowed {
			t.Errorf("%s: %s: %v", c.role, c.statement, err)
		}
		_ = conn.Close(t.Context())
	}
}

func TestOnlyAnErasureLoggedInTheSameTransactionErasesARecord(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	_, records := c.ask(shelter)
	sealed := w.entryOf(records[shelter])
	w.stop()
	conn := as(t, w.database, "handrail_ledger")
	next := w.count("SELECT max(number) + 1 FROM entry")
	try := func(says, data string, target int64) error {
		tx, err := conn.Begin(t.Context())
		w.must(err)
		defer func() { w.must(tx.Rollback(t.Context())) }()
		q := &pgx.Batch{}
		q.Queue("INSERT INTO entry VALUES ($1, decode(repeat('00', 32), 'hex'), decode(repeat('00', 32), 'hex'))", next)
		q.Queue("INSERT INTO erasure VALUES ($1, $2, gen_random_uuid(), 'declined')", target, next)
		q.Queue("INSERT INTO opening VALUES ($1, decode(repeat('00', 32), 'hex'), $2)", next, []byte(says))
		q.Queue("INSERT INTO payload VALUES ($1, $2)", next, []byte(data))
		q.Queue("SELECT erase_payload($1, $2)", target, next)
		return tx.SendBatch(t.Context(), q).Close()
	}
	erasing := "handrail-entry v1\nce-type org.handrail.record.erased.v1\n"
	right := `{"record":"` + string(records[shelter].ID) + `"}`
	if err := try(erasing, right, sealed); err != nil {
		t.Errorf("an erasure that is logged fails: %v", err)
	}
	for what, err := range map[string]error{
		"another kind of entry": try(strings.ReplaceAll(erasing, "erased", "released"), right, sealed),
		"another record":        try(erasing, `{"record":"`+w.uuid()+`"}`, sealed),
		"no record":             try(erasing, `{}`, sealed),
		"an entry of facts":     try(erasing, right, 1),
	} {
		if err == nil {
			t.Errorf("%s erased a payload", what)
		}
	}
}
