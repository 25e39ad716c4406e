package faults

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
	"handrail/test/hubtest"
)

// checked is the ledger as an auditor verified it after the faults.
type checked struct {
	cases map[events.CaseID]audit.Verified
	steps map[events.EventID]audit.Step // admitted
	none  map[events.EventID]uint64     // entries of no case, that every agency here was sent
	read  int                           // entries that say that an auditor read; nobody is sent them
	size  uint64
}

// check waits until the hub is quiet and holds it to everything that README.md
// lists. Faults is what ledgers that were killed meanwhile counted of their own.
func (h *hub) check(faults int) checked {
	h.t.Helper()
	ctx := h.t.Context()
	h.settle(ctx)
	c := h.verify(ctx)
	h.sameTrails(c)
	h.holdsBack(h.readJournal(sampletown), c)
	opened := 0
	for _, id := range slices.Sorted(maps.Keys(h.desks)) {
		j := h.readJournal(id)
		j.answers(h.t, c)
		j.deliveries(h.t, c)
		h.sameFold(ctx, j, c)
		opened += h.readsReleased(ctx, j, c)
	}
	if opened == 0 {
		h.t.Error("no sealed record was released and opened")
	}
	h.witnessed(ctx)
	h.wholeLog(ctx)
	h.healthy(ctx, faults)
	return c
}

// verify reads and verifies every case, and finds each entry of the log exactly once in them.
func (h *hub) verify(ctx context.Context) checked {
	h.t.Helper()
	c := checked{cases: map[events.CaseID]audit.Verified{}, steps: map[events.EventID]audit.Step{}, none: map[events.EventID]uint64{}}
	cases, err := h.auditor.Cases(ctx)
	h.must(err)
	numbers := []uint64{0} // genesis
	for _, d := range h.readJournal(sampletown).got {
		if d.entry.Attribute("type") == string(events.TypeCapacityPublished) {
			c.none[events.EventID(d.entry.Attribute("id"))] = d.entry.Number
			numbers = append(numbers, d.entry.Number)
		}
	}
	for _, summary := range cases {
		trail, err := h.auditor.Trail(ctx, summary.Case)
		h.must(err)
		v, err := h.auditor.Verify(trail) // the stored state against a new fold too
		h.must(err)
		c.cases[summary.Case] = v
		for _, s := range v.Steps {
			numbers = append(numbers, s.Entry.Number)
			if s.Entry.Verdict == tlog.Refused {
				continue
			}
			id := events.EventID(s.Entry.Attribute("id"))
			if earlier, twice := c.steps[id]; twice {
				h.t.Errorf("%s stands in the log twice: as entries %d and %d", s.Type, earlier.Entry.Number, s.Entry.Number)
			}
			c.steps[id] = s
		}
	}
	h.erased(c)
	numbers = append(numbers, h.readings(ctx, &c)...)
	slices.Sort(numbers)
	for i, number := range numbers {
		if uint64(i) != number {
			h.t.Fatalf("the cases' trails hold entry %d where %d should stand: one is missing or there twice", number, i)
		}
	}
	if uint64(len(numbers)) != c.size {
		h.t.Errorf("the trails hold %d entries, the log has %d", len(numbers), c.size)
	}
	return c
}

// readings are the entries that say who read the log, this test among them. It
// takes the size of the log with them, when nobody reads any more.
func (h *hub) readings(ctx context.Context, c *checked) []uint64 {
	h.t.Helper()
	rows, err := h.AsOwner(ctx, "SELECT number FROM reading")
	h.must(err)
	var numbers []uint64
	for _, row := range rows {
		number, _ := row[0].(int64)
		numbers = append(numbers, uint64(number))
	}
	rows, err = h.AsOwner(ctx, "SELECT count(*) FROM entry")
	h.must(err)
	size, _ := rows[0][0].(int64)
	c.read, c.size = len(numbers), uint64(size)
	return numbers
}

// witnessed waits until every agency that has a service here has cosigned the
// whole log, and checks that none found anything against it.
func (h *hub) witnessed(ctx context.Context) {
	h.t.Helper()
	h.must(until(ctx, "every witness has cosigned the whole log", func(ctx context.Context) error {
		state, err := h.doctor(ctx)
		if err != nil {
			return err
		}
		for id := range h.desks {
			switch w := state.Agencies[id].Witness; {
			case w == nil:
				return fmt.Errorf("%s is no witness", id)
			case w.Finding != "" || w.Size != state.Size:
				return fmt.Errorf("%s has cosigned %d of %d entries, finding %q", id, w.Size, state.Size, w.Finding)
			}
		}
		if !state.Witnessed || state.WitnessedSize != state.Size {
			return fmt.Errorf("the log of %d entries counts as witnessed %t, at %d", state.Size, state.Witnessed, state.WitnessedSize)
		}
		return nil
	}))
}

// wholeLog has the auditor's own command verify every entry, signature and
// verdict of the log.
func (h *hub) wholeLog(ctx context.Context) {
	h.t.Helper()
	out, errs, code := hubtest.Run(ctx, h.t, "audit", "log", "--verify", "--data", h.At.Root)
	if code != 0 {
		h.t.Errorf("the whole log does not verify (%d): %s %s", code, out, errs)
	}
	h.t.Log(strings.TrimSpace(out))
}

// erased: of the sealed records the ledger destroyed those, and only those, that
// the log says it erased or recalled.
func (h *hub) erased(c checked) {
	h.t.Helper()
	for _, v := range c.cases {
		for _, record := range v.Case.Records() {
			if gone := c.steps[record.ID].Erased; gone != (record.State == mou.RecordErased || record.State == mou.RecordRecalled) {
				h.t.Errorf("the record of entry %d is %s, its data destroyed: %t", record.Number, record.State, gone)
			}
		}
	}
}

// sameTrails compares trails that were read earlier: what stood in the log then
// stands there now, byte for byte.
func (h *hub) sameTrails(c checked) {
	h.t.Helper()
	if len(h.keeping) == 0 {
		h.t.Error("no trail was read before the faults were over")
	}
	for id, before := range h.keeping {
		after := c.cases[id].Trail.Entries
		if len(after) < len(before) {
			h.t.Errorf("a trail lost entries: %d of %d are left", len(after), len(before))
			continue
		}
		for i, e := range before {
			if !sameEntry(e, after[i]) {
				h.t.Errorf("entry %d is not what it was", e.Number)
			}
		}
	}
}

// sameEntry leaves out the proof, which is of a larger log, and a record that was
// erased meanwhile.
func sameEntry(a, b ledger.TrailEntry) bool {
	return a.Number == b.Number && a.Leaf == b.Leaf && bytes.Equal(a.Salt, b.Salt) && bytes.Equal(a.Opening, b.Opening) &&
		bytes.Equal(a.Data, b.Data) && a.Reason == b.Reason
}

// sameFold compares what an agency's desk shows of each case with what the
// memorandum lets it see of the verified one, without what reached it as a
// tombstone.
func (h *hub) sameFold(ctx context.Context, j journal, c checked) {
	h.t.Helper()
	id := j.of
	d := h.desks[id]
	known, err := client.List[agency.CaseSummary](ctx, d.people, "/v1/cases", "cases")
	h.must(err)
	shown := map[events.CaseID]bool{}
	for _, summary := range known {
		shown[summary.Case] = true
		if _, logged := c.cases[summary.Case]; !logged {
			h.t.Errorf("%s knows a case that the ledger does not", id)
		}
	}
	for of, v := range c.cases {
		want := v.Case.View(id).Without(j.tombstones()...)
		if shown[of] != (want.ID() != "") {
			h.t.Errorf("%s: case known %t, to be seen %t", id, shown[of], want.ID() != "")
		}
		if !shown[of] {
			continue
		}
		got, err := d.show(ctx, of)
		h.must(err)
		for _, difference := range differences(got, want) {
			h.t.Errorf("%s has folded a case otherwise than the ledger: %s", id, difference)
		}
	}
}

// healthy asks the doctors, and looks through the logs of every process that
// lived: no fault of the hub, no alarm, no panic.
func (h *hub) healthy(ctx context.Context, faults int) {
	h.t.Helper()
	state, err := h.doctor(ctx)
	h.must(err)
	if state.Faults+faults > 0 {
		h.t.Errorf("the ledger counted %d faults of its own: %s", state.Faults+faults, state.LastError)
	}
	for id, d := range h.desks {
		var health agency.Health
		h.must(d.people.Get(ctx, "/v1/doctor", &health))
		for _, one := range health.Checks {
			if !one.OK {
				h.t.Errorf("the doctor of %s finds: %s: %s %v", id, one.Name, one.Text, health.Alarms)
			}
		}
	}
	for _, name := range h.Services() {
		text, err := os.ReadFile(h.At.Log(name))
		h.must(err)
		for line := range strings.Lines(string(text)) {
			for _, bad := range []string{"fault of the hub", `msg=alarm`, `"msg":"alarm"`, "panic:", "DATA RACE"} {
				if strings.Contains(line, bad) {
					h.t.Errorf("%s said: %s", name, strings.TrimSpace(line))
				}
			}
		}
	}
}

// expect compares one case's trail with what must have happened in it, in each
// sender's order. How two senders' statements fall between one another is free:
// a shelter may answer a request whose last record is still on its way. On a way
// whose records are recalled the hub destroys its copy of those that the holder
// has not yet said that it stored, so that how many is free too.
func expect(t *testing.T, v audit.Verified, want []string, w way) {
	t.Helper()
	bySender := func(a, b string) int {
		sender, _, _ := strings.Cut(a, " ")
		other, _, _ := strings.Cut(b, " ")
		return strings.Compare(sender, other)
	}
	compared := func(lines []string) []string {
		kept := slices.DeleteFunc(slices.Clone(lines), func(line string) bool { return w.recalls && strings.HasPrefix(line, "hub record.erased ") })
		slices.SortStableFunc(kept, bySender)
		return kept
	}
	if got, want := compared(story(v)), compared(want); !slices.Equal(got, want) {
		t.Errorf("the trail is not the same:\n got %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

// story is a trail as who said what with which verdict.
func story(v audit.Verified) []string {
	var lines []string
	for _, s := range v.Steps {
		line := fmt.Sprintf("%s %s %s%s", s.By, s.Type.Name(), s.Entry.Verdict, s.Entry.Rule)
		if record, ok := s.Facts.(*events.Record); ok {
			line += " " + string(record.Header.Section)
		}
		lines = append(lines, line)
	}
	return lines
}
