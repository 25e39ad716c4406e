package faults

import (
	"context"
	"database/sql"
	"maps"
	"net/url"
	"slices"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	_ "modernc.org/sqlite" // journals are read as files, past the service that wrote them

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency"
)

// journal is what an agency has on its disk, read without its service.
type journal struct {
	of     events.AgencyID
	said   map[events.EventID]bool // the outbox: id → admitted
	unsaid int                     // rows of the outbox without an answer
	got    []delivered             // the inbox, in the order of its numbers
	drafts map[draft]jsontext.Value
}

type delivered struct {
	number   int64
	delivery tlog.Delivery
	entry    tlog.Entry // zero for a tombstone
}

type draft struct {
	of      events.CaseID
	section events.Section
}

func (h *hub) readJournal(id events.AgencyID) journal {
	h.t.Helper()
	source := url.URL{Scheme: "file", Opaque: url.PathEscape(h.journal(id)), RawQuery: "mode=ro&_pragma=busy_timeout(10000)"}
	db, err := sql.Open("sqlite", source.String())
	h.must(err)
	defer db.Close()
	j := journal{of: id, said: map[events.EventID]bool{}, drafts: map[draft]jsontext.Value{}}
	ctx := h.t.Context()
	h.must(rows(ctx, db, "SELECT id, answered IS NULL, COALESCE(admitted, 0) FROM outbox", func(scan func(...any) error) error {
		var id events.EventID
		var waits, admitted bool
		err := scan(&id, &waits, &admitted)
		j.said[id] = admitted
		if waits {
			j.unsaid++
		}
		return err
	}))
	h.must(rows(ctx, db, "SELECT number, header FROM inbox ORDER BY number", func(scan func(...any) error) error {
		var d delivered
		var header string
		if err := scan(&d.number, &header); err != nil {
			return err
		}
		return j.add(d, header)
	}))
	h.must(rows(ctx, db, "SELECT case_id, section, value FROM drafts", func(scan func(...any) error) error {
		var d draft
		var value string
		err := scan(&d.of, &d.section, &value)
		j.drafts[d] = jsontext.Value(value)
		return err
	}))
	return j
}

func rows(ctx context.Context, db *sql.DB, query string, each func(scan func(...any) error) error) error {
	found, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer found.Close()
	for found.Next() {
		if err := each(found.Scan); err != nil {
			return err
		}
	}
	return found.Err()
}

func (j *journal) add(d delivered, header string) error {
	var m exchange.Message
	if err := json.Unmarshal([]byte(header), &m.Header); err != nil {
		return err
	}
	text, _, err := m.Delivery()
	if err != nil {
		return err
	}
	if d.delivery, err = tlog.ParseDelivery(text); err != nil {
		return err
	}
	if d.delivery.Kind != tlog.KindTombstone {
		d.entry, err = tlog.ParseEntry(d.delivery.EntryBytes)
	}
	j.got = append(j.got, d)
	return err
}

// answers: everything that the agency said has one receipt or one refusal, and
// the ledger has what was received, and nothing else of this agency.
func (j *journal) answers(t *testing.T, c checked) {
	t.Helper()
	if j.unsaid > 0 {
		t.Errorf("%s: %d statements have no answer", j.of, j.unsaid)
	}
	answers := map[events.EventID]int{}
	for _, d := range j.got {
		switch d.delivery.Kind {
		case tlog.KindReceipt:
			id := events.EventID(d.entry.Attribute("id"))
			answers[id]++
			if admitted, mine := j.said[id]; !mine || !admitted {
				t.Errorf("%s: delivery %d is the receipt of something that the outbox does not hold as admitted", j.of, d.number)
			}
		case tlog.KindRefusal:
			answers[d.delivery.ID]++
			if admitted, mine := j.said[d.delivery.ID]; !mine || admitted {
				t.Errorf("%s: delivery %d refuses (%s) something that the outbox does not hold as refused", j.of, d.number, d.entry.Rule)
			}
		case tlog.KindEvent, tlog.KindTombstone:
		}
	}
	for id, admitted := range j.said {
		if answers[id] != 1 {
			t.Errorf("%s: a statement has %d answers in the journal", j.of, answers[id])
		}
		_, logged := c.steps[id]
		if _, ofNone := c.none[id]; (logged || ofNone) != admitted {
			t.Errorf("%s: a statement is in the ledger %t, admitted by the journal %t", j.of, logged || ofNone, admitted)
		}
	}
	for id, step := range c.steps {
		if _, mine := j.said[id]; step.By == j.of && !mine {
			t.Errorf("%s: entry %d is said in its name and not in its outbox", j.of, step.Entry.Number)
		}
	}
}

// deliveries: the numbers run from 1 without gap or double, no entry came
// twice, and together they are exactly what the agency may see.
func (j *journal) deliveries(t *testing.T, c checked) {
	t.Helper()
	got := map[uint64]int{}
	for i, d := range j.got {
		if d.number != int64(i)+1 || d.delivery.Number != uint64(d.number) || d.delivery.Recipient != j.of {
			t.Fatalf("%s: delivery %d stands at %d", j.of, d.delivery.Number, i+1)
		}
		if d.delivery.Kind == tlog.KindTombstone && !c.recalled(j.of, d.delivery.Entry) {
			t.Errorf("%s: delivery %d is a tombstone of what was not recalled", j.of, d.number)
		}
		if d.delivery.Kind != tlog.KindRefusal {
			got[d.delivery.Entry]++
		}
	}
	want := map[uint64]int{0: 1} // genesis goes to everybody
	for _, number := range c.none {
		want[number]++
	}
	for _, v := range c.cases {
		for _, number := range v.Case.SeenBy(j.of) {
			want[number]++
		}
	}
	if !maps.Equal(got, want) {
		t.Errorf("%s: its deliveries are of %d entries, it may see %d; differing: %v", j.of, len(got), len(want), differing(got, want))
	}
}

// tombstones are the entries in place of which a tombstone came.
func (j *journal) tombstones() []uint64 {
	var entries []uint64
	for _, d := range j.got {
		if d.delivery.Kind == tlog.KindTombstone {
			entries = append(entries, d.delivery.Entry)
		}
	}
	return entries
}

// recalled says whether an entry is a sealed record to an agency that the hub
// destroyed on its way.
func (c checked) recalled(to events.AgencyID, entry uint64) bool {
	for _, v := range c.cases {
		if slices.ContainsFunc(v.Case.Records(), func(r mou.SealedRecord) bool {
			return r.Number == entry && r.To == to && r.State == mou.RecordRecalled
		}) {
			return true
		}
	}
	return false
}

func differing(a, b map[uint64]int) []uint64 {
	var numbers []uint64
	for number := range a {
		if a[number] != b[number] {
			numbers = append(numbers, number)
		}
	}
	for number := range b {
		if a[number] == 0 {
			numbers = append(numbers, number)
		}
	}
	slices.Sort(numbers)
	return numbers
}

// holdsBack: the police hold back what the form of an open case said, and nothing
// of a closed one.
func (h *hub) holdsBack(j journal, c checked) {
	h.t.Helper()
	for d, want := range h.forms {
		got, held := j.drafts[d]
		closed := c.cases[d.of].Case.Status() == mou.StatusClosed
		if held == closed || held && !sameJSON(got, want) {
			h.t.Errorf("%s: of a case that is closed %t, %s is held back %t", j.of, closed, d.section, held) // content is never shown
		}
	}
}

// readsReleased opens every record that was released to an agency, and compares
// it with what the form said; what was withdrawn stays shut.
func (h *hub) readsReleased(ctx context.Context, j journal, c checked) (opened int) {
	h.t.Helper()
	d := h.desks[j.of]
	tombstones := j.tombstones()
	for of, v := range c.cases {
		sections := map[events.EventID]agency.SectionView{}
		if v.Case.View(j.of).ID() != "" {
			all, err := d.sections(ctx, of)
			h.must(err)
			for _, s := range all {
				sections[s.Record] = s
			}
		}
		for _, record := range v.Case.Records() {
			if record.To != j.of {
				continue
			}
			shown, there := sections[record.ID]
			released := record.State == mou.RecordReleased || record.State == mou.RecordRecalled
			reads := record.State == mou.RecordReleased && stays(v.Case, record)
			if there != released || shown.Open != reads || shown.Tombstone != slices.Contains(tombstones, record.Number) {
				h.t.Errorf("%s: the record of entry %d, which is %s, is there %t, can be opened %t (%s), a tombstone %t", j.of, record.Number, record.State, there, shown.Open, shown.Rule, shown.Tombstone)
			}
			if shown.Open {
				opened++
				h.opens(ctx, d, of, record, h.forms[draft{of, record.Section}])
			}
		}
	}
	return opened
}

// stays says whether the person is, or was, in the recipient's care: then it may
// go on reading. Who asked for help may go on reading what it was asked.
func stays(c mou.Case, record mou.SealedRecord) bool {
	for _, r := range c.Referrals() {
		if r.ID == record.Referral && r.By == record.To {
			return true
		}
		for _, leg := range r.Legs {
			if r.ID == record.Referral && leg.To == record.To {
				return slices.Contains([]mou.LegState{mou.LegAccepted, mou.LegHandedOver, mou.LegInService, mou.LegCompleted}, leg.State)
			}
		}
	}
	return false
}

func (h *hub) opens(ctx context.Context, d *desk, of events.CaseID, record mou.SealedRecord, want jsontext.Value) {
	h.t.Helper()
	var got struct {
		Section jsontext.Value `json:"section"`
	}
	path := casePath(of) + "/sections/" + url.PathEscape(string(record.ID)) + "/open"
	if err := d.people.Post(ctx, path, map[string]string{"role": "case-worker", "purpose": string(record.Purpose), "basis": "consent"}, &got); err != nil {
		h.t.Errorf("%s cannot open a released record: %v", d.id, err)
		return
	}
	if len(want) == 0 || !sameJSON(got.Section, want) {
		h.t.Errorf("%s opens a record that is not what was sealed", d.id) // content is never shown
	}
}
