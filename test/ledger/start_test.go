package ledger

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/ledger"
)

func (w *world) ownerURL() string { return postgres.DSN(w.database, local.RoleOwner) }

// flip changes one bit of a column; twice gives what was.
func flip(table, column, at string) string {
	return fmt.Sprintf("UPDATE %s SET %s = set_byte(%s, 3, get_byte(%s, 3) # 1) WHERE %s", table, column, column, column, at)
}

// gone takes a row away, and back puts it where it was.
func gone(table, at string) (do, undo string) {
	return fmt.Sprintf("WITH taken AS (DELETE FROM %s WHERE %s RETURNING *) INSERT INTO kept.%s SELECT * FROM taken", table, at, table),
		fmt.Sprintf("WITH taken AS (DELETE FROM kept.%s RETURNING *) INSERT INTO %s SELECT * FROM taken", table, table)
}

// TestNoLedgerLeadsOnADamagedDatabase changes one row of each table of the log
// behind its back, by somebody who may do everything.
func TestNoLedgerLeadsOnADamagedDatabase(t *testing.T) {
	w := newWorld(t)
	w.watching(police, shelter)
	w.cosignedAll(police, shelter)
	_, run := w.load(200)
	run()
	w.cosignedAll(police, shelter)
	w.settled()
	w.stop()
	last := w.count("SELECT max(number) FROM entry")
	admin := as(t, w.database, "")
	_, err := admin.Exec(t.Context(), "SET session_replication_role = replica") // no trigger, no foreign key
	w.must(err)
	for _, table := range []string{"entry", "opening", "payload", "node", "checkpoint"} {
		_, err := admin.Exec(t.Context(), "CREATE SCHEMA IF NOT EXISTS kept; CREATE TABLE kept."+table+" (LIKE "+table+")")
		w.must(err)
	}
	do := func(statement string) {
		t.Helper()
		if tag, err := admin.Exec(t.Context(), statement); err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("%s: %v %v", statement, tag, err)
		}
	}
	at := func(number int64) string { return fmt.Sprint("number = ", number) }
	newest := "size = (SELECT max(size) FROM checkpoint)"
	for name, change := range map[string]struct{ change, gone, at, words string }{
		"the last leaf":              {flip("entry", "leaf_hash", at(last)), "", "", "root"},
		"a leaf below a newest node": {flip("entry", "leaf_hash", at(9)), "", "", "node 0 of level 1"},
		"the last mac":               {flip("entry", "mac", at(last)), "", "", "is not the leaf"},
		"genesis' mac":               {flip("entry", "mac", at(0)), "", "", "entry 0"},
		"an entry":                   {"", "entry", at(12), "of "},
		"the last entry":             {"", "entry", at(last), "the last one stored"},
		"a node":                     {flip("node", "hash", "level = 1 AND index = 0"), "", "", "root"},
		"no node":                    {"", "node", "level = 1 AND index = 0", "nodes of level 1"},
		"a salt":                     {flip("opening", "salt", at(last-3)), "", "", "does not open"},
		"an opening":                 {flip("opening", "entry", at(last-3)), "", "", "does not open"},
		"no opening":                 {"", "opening", at(last - 3), "is missing"},
		"a payload":                  {flip("payload", "data", at(last-3)), "", "", "are not those that were signed"},
		"no payload":                 {"", "payload", at(last - 3), "are missing"},
		"genesis' payload":           {flip("payload", "data", at(0)), "", "", "genesis"},
		"no payload of genesis":      {"", "payload", at(0), "genesis"},
		"the newest checkpoint":      {flip("checkpoint", "note", newest), "", "", "is none that the log's key signed"},
		"no newest checkpoint":       {"", "checkpoint", newest, "the newest checkpoint signs"},
		"a cosignature":              {flip("cosignature", "line", newest+" AND agency = '"+string(police)+"'"), "", "", string(police)},
		"a founding digest":          {flip("log_identity", "genesis", "true"), "", "", "genesis"},
	} {
		undo := change.change
		if change.gone != "" {
			change.change, undo = gone(change.gone, change.at)
		}
		do(change.change)
		if err := w.ends(); !errors.Is(err, ledger.ErrDamaged) || !strings.Contains(fmt.Sprint(err), change.words) {
			t.Errorf("%s: the ledger ended with %v", name, err)
		}
		do(undo)
	}
	// What only whoever verifies the whole log, or asks for that entry, can see.
	for name, change := range map[string]string{
		"an old mac":         flip("entry", "mac", at(9)),
		"an old opening":     flip("opening", "entry", at(9)),
		"old data":           flip("payload", "data", at(9)),
		"an old checkpoint":  flip("checkpoint", "note", "size = (SELECT min(size) FROM checkpoint WHERE size NOT IN (SELECT size FROM cosignature))"),
		"an old cosignature": flip("cosignature", "line", "size = (SELECT min(size) FROM cosignature WHERE size < (SELECT max(size) FROM checkpoint))"),
	} {
		do(change)
		w.start()
		w.eventually("a ledger leads on "+name, func() bool {
			return w.count("SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND l.granted AND d.datname = current_database()") == 1
		})
		time.Sleep(100 * time.Millisecond)
		w.stop()
		do(change)
	}
	w.start()
	p := w.agencies[police]
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.check()
}
