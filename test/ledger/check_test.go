package ledger

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// check holds the database to every promise that can be read from it, with code
// that shares nothing with the ledger where there is any: the Merkle tree of
// transparency-dev, and a fold of the log from its first entry.
func (w *world) check() {
	w.t.Helper()
	w.settled()
	log := w.readLog()
	w.checkTree(log)
	w.checkDeliveries()
	w.checkFold(log)
	w.checkDirectory(log)
}

// logged is one entry with its opening and data as stored.
type logged struct {
	number int64
	leaf   []byte
	salt   []byte
	entry  []byte
	data   []byte
	parsed tlog.Entry
}

// gone says whether retention destroyed what the leaf is of.
func (l logged) gone() bool { return l.entry == nil }

func (w *world) readLog() []logged {
	w.t.Helper()
	found, err := as(w.t, w.database, "handrail_owner").Query(w.t.Context(), "SELECT e.number, e.leaf_hash, o.salt, o.entry, p.data FROM entry e LEFT JOIN opening o USING (number) LEFT JOIN payload p USING (number) ORDER BY number")
	w.must(err)
	all, err := pgx.CollectRows(found, func(row pgx.CollectableRow) (logged, error) {
		var l logged
		err := row.Scan(&l.number, &l.leaf, &l.salt, &l.entry, &l.data)
		return l, err
	})
	w.must(err)
	for i := range all {
		if all[i].gone() {
			continue
		}
		all[i].parsed, err = tlog.ParseEntry(all[i].entry)
		w.must(err)
	}
	if n := w.count("SELECT count(*) FROM destroyed"); n != int64(len(slices.DeleteFunc(slices.Clone(all), func(l logged) bool { return !l.gone() }))) {
		w.t.Errorf("retention says that it destroyed %d openings", n)
	}
	return all
}

// checkTree rebuilds every checkpoint's root, and every stored node, with another implementation.
func (w *world) checkTree(log []logged) {
	w.t.Helper()
	nodes := map[[2]int64][]byte{}
	visit := func(id compact.NodeID, hash []byte) {
		if id.Level%8 == 0 && id.Level > 0 {
			nodes[[2]int64{int64(id.Level / 8), int64(id.Index)}] = bytes.Clone(hash)
		}
	}
	checkpoints := map[int64][]byte{}
	db := as(w.t, w.database, "handrail_owner")
	found, err := db.Query(w.t.Context(), "SELECT size, note FROM checkpoint ORDER BY size")
	w.must(err)
	var size int64
	var note []byte
	_, err = pgx.ForEachRow(found, []any{&size, &note}, func() error { checkpoints[size] = bytes.Clone(note); return nil })
	w.must(err)
	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	for i, l := range log {
		if l.number != int64(i) {
			w.t.Fatalf("entry %d stands at %d", l.number, i)
		}
		var opening tlog.Opening
		if !l.gone() {
			opening = tlog.Opening{Salt: [32]byte(l.salt), Entry: l.entry}
		}
		if leaf := rfc6962.DefaultHasher.HashLeaf(opening.Leaf()); !l.gone() && !bytes.Equal(leaf, l.leaf) {
			w.t.Errorf("entry %d does not open its leaf", i)
		}
		w.must(tree.Append(l.leaf, visit))
		if note, signed := checkpoints[int64(i)+1]; signed {
			root, err := tree.GetRootHash(nil)
			w.must(err)
			c, err := tlog.ParseCheckpoint(note, w.verifier.Log)
			w.must(err)
			if c.Size != uint64(i+1) || !bytes.Equal(c.Root[:], root) {
				w.t.Errorf("the checkpoint of size %d signs another root", i+1)
			}
			delete(checkpoints, int64(i)+1)
		} else if i == len(log)-1 {
			w.t.Error("the newest entry is under no checkpoint")
		}
		if i > 0 && !l.gone() && l.parsed.Admitted.Before(log[i-1].parsed.Admitted) {
			w.t.Errorf("entry %d was admitted before the entry ahead of it", i)
		}
	}
	if len(checkpoints) != 0 {
		w.t.Errorf("%d checkpoints are of sizes that the log never had", len(checkpoints))
	}
	stored, err := db.Query(w.t.Context(), "SELECT level, index, hash FROM node")
	w.must(err)
	var level, index int64
	var hash []byte
	_, err = pgx.ForEachRow(stored, []any{&level, &index, &hash}, func() error {
		if !bytes.Equal(nodes[[2]int64{level, index}], hash) {
			w.t.Errorf("node %d of level %d is wrong", index, level)
		}
		delete(nodes, [2]int64{level, index})
		return nil
	})
	w.must(err)
	if len(nodes) != 0 {
		w.t.Errorf("%d nodes are missing", len(nodes))
	}
}

// checkDeliveries: numbers are contiguous, nothing is delivered twice, and each
// agency holds exactly what the ledger assigned.
func (w *world) checkDeliveries() {
	w.t.Helper()
	if n := w.count("SELECT count(*) FROM (SELECT recipient FROM delivery GROUP BY recipient HAVING count(*) <> max(number) OR count(*) <> count(DISTINCT (entry, leaf))) x"); n != 0 {
		w.t.Errorf("%d recipients have a gap or a double", n)
	}
	if n := w.count(`SELECT count(*) FROM entry e JOIN opening o USING (number) WHERE NOT EXISTS (SELECT FROM delivery d WHERE d.entry = e.number)
		AND position('ce-type org.handrail.consular.' IN convert_from(o.entry, 'UTF8')) = 0
		AND position('ce-type org.handrail.trail.read.' IN convert_from(o.entry, 'UTF8')) = 0`); n != 0 { // these are for no agency's eyes
		w.t.Errorf("%d entries answer nobody", n)
	}
}

// checkFold judges the log again from its first entry: the same verdicts, chains,
// states and audiences must come out.
func (w *world) checkFold(log []logged) {
	w.t.Helper()
	profile, err := mou.LoadProfile(w.founded.Profile)
	w.must(err)
	d, err := directory.Found(hubID, 0, &w.founded)
	w.must(err)
	m := memorandumOf(profile, d)
	cases := map[events.CaseID]mou.Case{}
	heads := map[string]tlog.Link{}
	for _, l := range log[1:] {
		if l.gone() || l.parsed.Verdict == tlog.Refused {
			continue
		}
		e, err := events.Parse(l.parsed.Attributes, l.data)
		w.must(err)
		w.must(d.Verify(e, l.parsed.DataDigest, uint64(l.number)))
		if directory.Changes(e.Type) {
			d, err = d.Apply(uint64(l.number), e, w.facts(e, l))
			w.must(err)
			m = memorandumOf(profile, d)
		}
		if e.Case() == "" {
			continue
		}
		act := mou.Act{Number: uint64(l.number), Event: e, Payload: w.facts(e, l)}
		before, ok := cases[e.Case()]
		if !ok {
			before = m.NewCase("")
		}
		after, err := before.Under(m).Apply(act, l.parsed.Admitted)
		if err != nil {
			w.t.Fatalf("entry %d is judged otherwise now: %v", l.number, err)
		}
		cases[e.Case()] = after
		chain := string(e.Case()) + " " + after.Chain(act)
		switch previous, linked := heads[chain]; {
		case linked != (l.parsed.Previous != nil), linked && previous != *l.parsed.Previous:
			w.t.Errorf("entry %d is not linked to the entry before it on its chain", l.number)
		}
		heads[chain] = tlog.Link{Number: uint64(l.number), Leaf: tlog.Hash(l.leaf)}
	}
	w.checkCases(cases, len(heads))
}

// memorandumOf is how cases are judged while a directory stands.
func memorandumOf(profile *mou.Profile, d *directory.Directory) *mou.Memorandum {
	return &mou.Memorandum{Profile: profile, Directory: d.Kinds(), Away: d.Away(), Ended: func(to events.AgencyID, key events.KeyID) bool {
		_, forGood := d.SealingEnded(to, key)
		return forGood
	}}
}

// checkDirectory: the capacities and the directory that the ledger keeps are those
// of the log, and each deadline was spoken of once.
func (w *world) checkDirectory(log []logged) {
	w.t.Helper()
	capacities, fired := 0, map[string]int{}
	changes := int64(1) // genesis
	for _, l := range log {
		if l.gone() || l.parsed.Verdict == tlog.Refused {
			continue
		}
		e, err := events.Parse(l.parsed.Attributes, l.data)
		w.must(err)
		if directory.Changes(e.Type) {
			changes++
			if n := w.count("SELECT count(*) FROM directory_entry WHERE number = $1 AND agency = $2 AND type = $3", l.number, e.Subject, string(e.Type)); n != 1 {
				w.t.Errorf("the change of the directory in entry %d is not kept", l.number)
			}
		}
		switch e.Type {
		case events.TypeCapacityPublished:
			capacities++
			if n := w.count("SELECT count(*) FROM capacity WHERE agency = $1 AND number = $2", e.Subject, l.number); n != 1 {
				w.t.Errorf("the capacity of %s in entry %d is not kept", e.Subject, l.number)
			}
		case events.TypeDeadlineDueSoon, events.TypeDeadlineMissed:
			fired[w.deadline(e)]++
		default:
		}
	}
	if n := w.count("SELECT count(*) FROM capacity"); n != int64(capacities) {
		w.t.Errorf("the ledger keeps %d capacities, the log has %d", n, capacities)
	}
	if n := w.count("SELECT count(*) FROM directory_entry"); n != changes {
		w.t.Errorf("the ledger keeps %d entries of the directory, the log has %d", n, changes)
	}
	w.checkHeld()
	for what, times := range fired {
		if times != 1 {
			w.t.Errorf("%s was said %d times", what, times)
		}
	}
	if n := w.count("SELECT count(*) FROM deadline_event"); n != int64(len(fired)) {
		w.t.Errorf("%d deadline events are kept, the log has %d", n, len(fired))
	}
}

// checkHeld: what the ledger keeps as waiting is every sealed record that was
// neither released nor erased.
func (w *world) checkHeld() {
	w.t.Helper()
	said := func(what string) string {
		return "SELECT convert_from(p.data, 'UTF8')::jsonb ->> 'record' FROM payload p JOIN opening o USING (number) WHERE convert_from(o.entry, 'UTF8') LIKE '%ce-type org.handrail.record." + what + ".v1%'"
	}
	waiting := `SELECT s.number FROM submission s JOIN opening o USING (number) JOIN case_entry c USING (number)
		WHERE convert_from(o.entry, 'UTF8') ~ 'verdict admitted' AND convert_from(o.entry, 'UTF8') ~ 'ce-type org.handrail.(record.sealed|referral.asked|referral.answered).v1'
		AND s.id::text NOT IN (` + said("released") + `) AND s.id::text NOT IN (` + said("erased") + `) AND NOT EXISTS (SELECT FROM retired r WHERE r.case_id = c.case_id)`
	if n := w.count("SELECT count(*) FROM (" + waiting + ") w FULL JOIN held h USING (number) WHERE (w.number IS NULL OR h.number IS NULL) AND NOT EXISTS (SELECT FROM retired r WHERE r.case_id = h.case_id)"); n != 0 {
		w.t.Errorf("of %d records what the ledger keeps as waiting is not what the log leaves waiting", n)
	}
}

// deadline names the clock that one of the hub's statements is about, and what it says of it.
func (w *world) deadline(e events.Event) string {
	w.t.Helper()
	p, err := events.Decode(e.Type, e.Data)
	w.must(err)
	var d events.Deadline
	switch p := p.(type) {
	case *events.DeadlineDueSoon:
		d = p.Deadline
	case *events.DeadlineMissed:
		d = p.Deadline
	}
	return fmt.Sprint(e.Type.Name(), " ", e.Subject, " ", e.CorrelationID, " ", d.Duty, " ", d.Set, " ", d.Owes)
}

// facts of an event; of an erased record, which has none left, its header as the state has it.
func (w *world) facts(e events.Event, l logged) events.Payload {
	w.t.Helper()
	if e.Type.Sealed() {
		for _, s := range w.agencies {
			if said, mine := s.said[e.ID]; mine {
				if l.data != nil && sha256.Sum256(l.data) != l.parsed.DataDigest {
					w.t.Errorf("the record of entry %d is not the one that was signed", l.number)
				}
				record, err := seal.CheckRecord(said)
				w.must(err)
				return record
			}
		}
	}
	p, err := events.Decode(e.Type, e.Data)
	w.must(err)
	return p
}

func (w *world) checkCases(cases map[events.CaseID]mou.Case, chains int) {
	w.t.Helper()
	db := as(w.t, w.database, "handrail_owner")
	for id, c := range cases {
		folded, err := c.MarshalJSON()
		w.must(err)
		var stored []byte
		w.must(db.QueryRow(w.t.Context(), "SELECT state FROM case_state WHERE case_id = $1::text::uuid", string(id)).Scan(&stored))
		if !bytes.Equal(folded, stored) {
			w.t.Errorf("the stored state of a case is not what its entries give")
		}
		w.checkClocks(db, c)
		for agency, s := range w.agencies {
			if s.link == nil {
				continue
			}
			found, err := db.Query(w.t.Context(), "SELECT d.entry FROM delivery d JOIN case_entry c ON c.number = d.entry WHERE c.case_id = $1::text::uuid AND d.recipient = $2 AND d.kind <> 'refusal' ORDER BY d.entry", string(id), string(agency))
			w.must(err)
			given, err := pgx.CollectRows(found, pgx.RowTo[int64])
			w.must(err)
			var may []int64
			for _, number := range c.SeenBy(agency) {
				may = append(may, int64(number))
			}
			if !slices.Equal(given, may) {
				w.t.Errorf("%s was given %v of a case of which it may see %v", agency, given, may)
			}
		}
	}
	if n := w.count("SELECT count(*) FROM case_state"); n != int64(len(cases)) {
		w.t.Errorf("%d cases are stored, the log has %d", n, len(cases))
	}
	if n := w.count("SELECT count(*) FROM chain_head"); n != int64(chains) {
		w.t.Errorf("%d chain heads are stored, the log has %d", n, chains)
	}
}

// checkClocks: every deadline is stored once, with the time and state that the
// case gave it at its last entry, or that the clock gave it since.
func (w *world) checkClocks(db *pgx.Conn, c mou.Case) {
	w.t.Helper()
	trail := c.Trail()
	clocks := c.Clocks(trail[len(trail)-1].Admitted)
	for _, clock := range clocks {
		var due time.Time
		var state mou.ClockState
		w.must(db.QueryRow(w.t.Context(), "SELECT due, state FROM deadline WHERE case_id = $1::text::uuid AND entry = $2 AND rule = $3 AND agency = $4 AND referral = $5",
			string(c.ID()), clock.Set, string(clock.Rule), string(clock.Owes), string(clock.Referral)).Scan(&due, &state))
		if !due.Equal(clock.Due) || state != clock.State && time.Now().Before(due) {
			w.t.Errorf("the clock %s is stored as %s until %v, want %s until %v", clock.Rule, state, due, clock.State, clock.Due)
		}
	}
	if n := w.count("SELECT count(*) FROM deadline WHERE case_id = $1::text::uuid", string(c.ID())); n != int64(len(clocks)) {
		w.t.Errorf("%d clocks are stored, the case has %d", n, len(clocks))
	}
}
