package ledger

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"
)

// column is one column of what the ledger stores, and what happens when somebody
// changes one value of it behind the ledger's back.
type column struct {
	name     string   // table.column
	row      string   // SQL condition: in which row; empty: in the first
	to       string   // SQL expression: into what; empty: the smallest change that its type has
	by       []notice // who notices
	harmless string   // if nobody does: why nothing follows from it
}

// inOrder is the first row of a table that fits.
func (c column) change(kinds map[string]string) string {
	table, name, _ := strings.Cut(c.name, ".")
	row, to := c.row, c.to
	if row == "" {
		row = "true"
	}
	if to == "" {
		to = strings.ReplaceAll(smallest[kinds[c.name]], "$", name)
	}
	if kinds[c.name] == "bytea" {
		row += " AND octet_length(" + name + ") > 0"
	}
	return fmt.Sprintf("UPDATE %s SET %s = %s WHERE ctid = (SELECT ctid FROM %s WHERE %s ORDER BY %s LIMIT 1)", table, name, to, table, row, table)
}

// smallest is the smallest change of a value, by its type.
var smallest = map[string]string{
	"bytea":                    "set_byte($, octet_length($) / 2, get_byte($, octet_length($) / 2) # 1)",
	"text":                     "overlay($ placing CASE left($, 1) WHEN 'a' THEN 'b' ELSE 'a' END from 1 for 1)",
	"bigint":                   "$ + 1",
	"integer":                  "$ + 1",
	"smallint":                 "$ + 1",
	"uuid":                     "'01936a00-0000-7000-8000-000000000001'",
	"timestamp with time zone": "$ + interval '1 hour'",
}

// columns is every column that the schema has.
func columns() []column {
	return slices.Concat(logColumns(), memoryColumns(), caseColumns(), otherColumns())
}

// kinds lists the columns that the database has, with their types.
func (w *world) kinds() map[string]string {
	w.t.Helper()
	found, err := as(w.t, w.database, "").Query(w.t.Context(), `SELECT table_name || '.' || column_name, data_type FROM information_schema.columns
		WHERE table_schema = 'public' AND table_name <> 'goose_db_version' AND is_updatable = 'YES'`)
	w.must(err)
	defer found.Close()
	all := map[string]string{}
	for found.Next() {
		var name, kind string
		w.must(found.Scan(&name, &kind))
		all[name] = kind
	}
	w.must(found.Err())
	return all
}

// A sixth of the columns is tried on a day, another sixth on the next: all of them
// take many minutes.
const columnsApart = 6

var everyColumn = flag.Bool("every-column", false, "change every column, not just those of today")

// TestWhoeverChangesWhatIsStoredIsNoticed changes one value of each column in turn,
// before a ledger starts and, if that does not notice, while it runs; and finds out
// who notices. The table says it of each column; a column that nobody watches says
// why nothing follows from it.
func TestWhoeverChangesWhatIsStoredIsNoticed(t *testing.T) {
	w := newWhole(t)
	kinds := map[string]string{}
	w.database = w.base
	maps.Copy(kinds, w.kinds())
	if noticed := w.trial("", true); len(noticed) > 0 {
		t.Fatalf("nothing was changed, and it is noticed: %v", noticed)
	}
	known := map[string]bool{}
	for i, c := range columns() {
		known[c.name] = true
		if kinds[c.name] == "" {
			t.Errorf("there is no column %s", c.name)
			continue
		}
		if !*everyColumn && i%columnsApart != time.Now().YearDay()%columnsApart {
			continue
		}
		t.Run(c.name, func(t *testing.T) {
			defer w.hand(w.t)
			w.hand(t)
			w.notices(c, kinds)
		})
	}
	for name := range kinds {
		if !known[name] {
			t.Errorf("nobody says who notices when %s is changed", name)
		}
	}
}

// notices changes one column and compares who notices with what the table says.
func (w *whole) notices(c column, kinds map[string]string) {
	w.t.Helper()
	change := c.change(kinds)
	noticed := w.trial(change, true)
	if _, refused := noticed[atStart]; refused && (len(c.by) == 0 || slices.ContainsFunc(c.by, func(n notice) bool { return n != atStart })) {
		maps.Copy(noticed, w.trial(change, false))
	}
	by := slices.Sorted(maps.Keys(noticed))
	want := slices.Clone(c.by)
	slices.Sort(want)
	unnoticed := slices.ContainsFunc(want, func(n notice) bool { return !slices.Contains(by, n) })
	if unnoticed || len(by) == 0 && c.harmless == "" || len(by) > 0 && c.harmless != "" { // more may notice it on a slow machine
		w.t.Errorf("noticed by %v, want %v", by, want)
	}
	for _, n := range by {
		w.t.Logf("%s: %.300s", n, noticed[n])
	}
}
