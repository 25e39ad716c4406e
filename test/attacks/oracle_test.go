package attacks

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
)

// oracle asks the hub about something that exists and about something that does
// not, and compares the answers.
type oracle struct {
	*arena

	owner, provider *site // who have a part in the case
	about           events.CaseID
	referral        events.ReferralID
	record          events.EventID
	opened          events.EventID // the first event of the case
}

// TestARefusalTellsNothing has agencies without a part in a case ask of it in
// every way that the contract and the interfaces have. Whatever they get says no
// more than what they would get of a case that does not exist.
func TestARefusalTellsNothing(t *testing.T) {
	a := newArena(t, nil)
	o := &oracle{arena: a, owner: a.enter(t, thief), provider: a.enter(t, provider)}
	o.about, o.referral = o.owner.refer()
	sealed := o.owner.sealed(o.about, o.referral, provider, provider)
	o.owner.admits(sealed)
	o.record = sealed.ID
	o.provider.settles(t)
	o.opened = o.owner.firstID()
	others := []*site{a.enter(t, rival), a.enter(t, duty), a.enter(t, coordination), a.enter(t, mission)}
	for _, s := range others {
		t.Run("statements of "+string(s.id), func(t *testing.T) { o.statements(t, s) })
	}
	t.Run("a referral, a record, an event of others in one's own case", func(t *testing.T) { o.inOnesOwnCase(t, others[0]) })
	t.Run("an id that another used", func(t *testing.T) { o.usedByOthers(t, others[0]) })
	t.Run("a duplicate check", func(t *testing.T) { o.duplicates(t, others[0]) })
	t.Run("the proof of an entry", func(t *testing.T) { o.proofs(t) })
	t.Run("what staff see and may press", o.desks)
	t.Run("how long an answer takes, and what is written", func(t *testing.T) { o.timings(t, others[0]) })
	a.healthy(t)
}

// firstID is the first event that the site had admitted.
func (s *site) firstID() events.EventID {
	s.mu.Lock()
	defer s.mu.Unlock()
	i := slices.IndexFunc(s.got, func(g got) bool { return g.Kind == "receipt" })
	return events.EventID(s.got[i].entry.Attribute("id"))
}

// shape is an answer without what differs in any two answers: ids, numbers, times,
// salts, hashes, signatures. Lengths of what is left are part of it.
func shape(g got) string {
	var members map[string]any
	_ = json.Unmarshal([]byte(g.header), &members)
	names := slices.Sorted(maps.Keys(members))
	var lines []string
	for line := range strings.Lines(string(g.EntryBytes)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		switch name {
		case "number", "admitted", "case", "salted-digest":
			value = ""
		}
		lines = append(lines, name+" "+value)
	}
	return fmt.Sprint(g.Kind, " ", g.entry.Rule, " ", g.entry.Pointer, " ", g.Reason, "\n", names, "\n", strings.Join(lines, "\n"))
}

// alike says one thing of what exists and of what does not.
func (o *oracle) alike(t *testing.T, s *site, what string, there, nowhere events.Event) {
	t.Helper()
	before := o.doctor(t)
	here, none := s.says(there), s.says(nowhere)
	if a, b := shape(here), shape(none); a != b {
		t.Errorf("%s by %s tells what exists:\n%s\n\nand of what does not:\n%s", what, s.id, a, b)
	}
	if here.Kind != "refusal" {
		t.Errorf("%s by %s was answered %s", what, s.id, here.Kind)
	}
	if here.Number+1 != none.Number || here.Entry+1 != none.Entry {
		t.Errorf("%s by %s made more than one entry or delivery", what, s.id)
	}
	o.onlyTo(t, before, s.id)
}

// statements are one of every type that an agency may say of a case, about the
// case of others, with its referral and its record, and about none. That a case
// is opened already is told by necessity: its id is random, and a secret to guess.
func (o *oracle) statements(t *testing.T, s *site) {
	during(t, s)
	tried := 0
	at := events.At(time.Now()).String()
	for of, example := range examples(t) {
		if of.IsControl() || of.HubOnly() || of == events.TypeCaseOpened || of == events.TypeCapacityPublished || of == events.TypeWitnessReset || of == events.TypeDirectoryKeyed {
			continue
		}
		with := func(about events.CaseID, referral, record events.EventID) events.Event {
			var members map[string]any
			must(t, json.Unmarshal([]byte(timely(t, example, at)), &members))
			for _, name := range []string{"record", "disclosure", "incident"} {
				if members[name] != nil {
					members[name] = record
				}
			}
			data, err := json.Marshal(members)
			must(t, err)
			return s.envelope(of, data, about, referral)
		}
		none := func() events.EventID { return events.EventID(uuid(t)) }
		o.alike(t, s, of.Name(), with(o.about, o.referral, o.record), with(events.CaseID(uuid(t)), none(), none()))
		tried++
	}
	if tried < 25 {
		t.Errorf("only %d types were tried", tried)
	}
	if s.id == mission {
		return // it knows nobody to seal to
	}
	for _, of := range []events.Type{events.TypeRecordSealed, events.TypeReferralAsked, events.TypeReferralAnswered} {
		section := events.SectionIdentity
		if of != events.TypeRecordSealed {
			section = events.SectionQuestion
		}
		with := func(about events.CaseID, referral events.EventID) events.Event {
			return s.record(events.RecordHeader{To: provider, Case: about, Referral: referral, Purpose: events.PurposeAccommodation, Type: of, Section: section}, provider)
		}
		o.alike(t, s, of.Name(), with(o.about, o.referral), with(events.CaseID(uuid(t)), events.EventID(uuid(t))))
	}
}

// inOnesOwnCase names what is others' inside a case of one's own.
func (o *oracle) inOnesOwnCase(t *testing.T, s *site) {
	during(t, s)
	own := events.CaseID(uuid(t))
	s.admits(s.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, own))
	of := func(p func(events.EventID) events.Payload, id events.EventID, referral events.ReferralID) events.Event {
		e := s.draft(p(id), own)
		if referral != "" {
			e.CorrelationID = referral
		}
		return e
	}
	for what, p := range map[string]func(events.EventID) events.Payload{
		"an answer":  func(events.EventID) events.Payload { return &events.ReferralAccepted{Said: now()} },
		"a refusal":  func(events.EventID) events.Payload { return &events.ReferralDeclined{Said: now(), Reason: "full"} },
		"a dispute":  func(id events.EventID) events.Payload { return &events.RecordDisputed{Said: now(), Record: id} },
		"an opening": opening,
		"a second person": func(id events.EventID) events.Payload {
			return &events.EmergencyConfirmed{Said: now(), Disclosure: id, Staff: "lead-1", Person: "told"}
		},
		"a link": func(id events.EventID) events.Payload {
			return &events.CaseLinked{Said: now(), Case: events.CaseID(id), For: "consular"}
		},
	} {
		there := o.record
		if what == "a link" {
			there = events.EventID(o.about)
		}
		o.alike(t, s, what, of(p, there, o.referral), of(p, events.EventID(uuid(t)), events.EventID(uuid(t))))
	}
	caused := s.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, own)
	caused.CausationID = o.opened // what is said to be the cause is anybody's claim
	none := s.draft(&events.RightsInformed{Said: now(), Language: "fra", Interpreter: events.NoInterpreter}, own)
	none.CausationID = events.EventID(uuid(t))
	if here, nowhere := s.says(caused), s.says(none); here.Kind != nowhere.Kind || here.entry.Rule != nowhere.entry.Rule {
		t.Errorf("a cause of others is answered %s %s, one that does not exist %s %s", here.Kind, here.entry.Rule, nowhere.Kind, nowhere.entry.Rule)
	}
}

// opening is the statement that staff opened a record.
func opening(id events.EventID) events.Payload {
	return &events.RecordOpened{Said: now(), Record: id, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent"}
}

// usedByOthers: ids are each sender's own. One that another agency used is as
// good as any, and changes nothing of what the other said under it.
func (o *oracle) usedByOthers(t *testing.T, s *site) {
	during(t, s, o.owner, o.provider)
	for _, id := range []events.EventID{o.opened, o.referral, o.record} {
		e := s.opening()
		e.ID, e.CausationID = id, id
		s.admits(e)
	}
	about := events.CaseID(uuid(t))
	s.admits(s.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, about))
	s.admits(s.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, about))
	before := o.provider.count()
	o.provider.admits(bed{o.about, o.referral}.about(o.provider, &events.ReferralAccepted{Said: now()}))
	if heard := names(o.provider.since(before)); !slices.Contains(heard, "record.sealed") || !slices.Contains(heard, "record.released") {
		t.Errorf("the record whose id another used too is answered %v", heard)
	}
}

// duplicates: the same facts, byte for byte, said by another agency too, under an
// id that it used too, are nobody's business.
func (o *oracle) duplicates(t *testing.T, s *site) {
	during(t, s, o.owner)
	said := o.owner.opening()
	same := s.envelope(said.Type, said.Data, events.CaseID(uuid(t)), "")
	same.ID, same.CausationID, same.Time = said.ID, said.ID, said.Time
	first, second := o.owner.admits(said), s.admits(same)
	if a, b := len(first.header)/64, len(second.header)/64; a-b > 8 || b-a > 8 {
		t.Errorf("the second is answered with %d bytes, the first with %d", len(second.header), len(first.header))
	}
}

// proofs asks for proofs of entries that others were delivered, and of none.
func (o *oracle) proofs(t *testing.T) {
	v := visitor{o.arena, t, "http://" + o.directions.Ledger}
	ask := func(number uint64) string {
		status, body := v.ask(v.signed(fmt.Sprintf("/v1/entries/%d/proof", number), rival, v.key(rival), time.Now()))
		return fmt.Sprint(status, " ", body)
	}
	size := o.doctor(t).Size
	var mine []uint64
	rows, err := o.hub.AsOwner(t.Context(), "SELECT entry FROM delivery WHERE recipient = $1", string(rival))
	must(t, err)
	for _, row := range rows {
		n, _ := row[0].(int64)
		mine = append(mine, uint64(n))
	}
	none := ask(1 << 40)
	for number := range size {
		if !slices.Contains(mine, number) {
			if answer := ask(number); answer != none {
				t.Errorf("entry %d of others is answered %s, one that does not exist %s", number, answer, none)
			}
		}
	}
}

// desks asks an agency's own service, as its staff do, about a case of others.
func (o *oracle) desks(t *testing.T) {
	socket := filepath.Join(o.hub.At.Agency(shelter), "desk.sock")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	staff := &http.Client{Transport: &http.Transport{DialContext: dial}}
	ask := func(method, path, body string) string {
		r, err := http.NewRequestWithContext(t.Context(), method, "http://desk"+path, strings.NewReader(body))
		must(t, err)
		r.Header.Set("Content-Type", "application/json")
		response, err := staff.Do(r)
		must(t, err)
		defer response.Body.Close()
		text, err := io.ReadAll(response.Body)
		must(t, err)
		return fmt.Sprint(response.StatusCode, " ", string(text))
	}
	none, noRecord := uuid(t), uuid(t)
	for _, try := range []struct{ method, path, body string }{
		{http.MethodGet, "/v1/cases/CASE", ""},
		{http.MethodGet, "/v1/cases/CASE/sections", ""},
		{http.MethodPost, "/v1/cases/CASE/sections/RECORD/open", `{"purpose":"accommodation","role":"case-worker","basis":"consent"}`},
		{http.MethodPost, "/v1/say", `{"type":"referral.accepted","case":"CASE","referral":"REFERRAL","data":{}}`},
		{http.MethodPost, "/v1/say", `{"type":"referral.declined","case":"CASE","referral":"REFERRAL","data":{"reason":"full"}}`},
		{http.MethodPost, "/v1/tasks/CASE/answer", `{}`},
	} {
		fill := func(text, about, referral, record string) string {
			return strings.NewReplacer("CASE", about, "REFERRAL", referral, "RECORD", record).Replace(text)
		}
		here := ask(try.method, fill(try.path, string(o.about), string(o.referral), string(o.record)), fill(try.body, string(o.about), string(o.referral), string(o.record)))
		nowhere := ask(try.method, fill(try.path, none, noRecord, noRecord), fill(try.body, none, noRecord, noRecord))
		here, nowhere = strings.ReplaceAll(here, string(o.about), "CASE"), strings.ReplaceAll(nowhere, none, "CASE")
		if here != nowhere || strings.HasPrefix(here, "2") {
			t.Errorf("%s %s is answered %s for a case of others, and %s for none", try.method, try.path, here, nowhere)
		}
	}
	if all := ask(http.MethodGet, "/v1/cases", ""); strings.Contains(all, string(o.about)) {
		t.Errorf("the shelter lists a case of others: %s", all)
	}
}

// timings: a refusal of what exists makes the same rows as one of what does not,
// and takes about as long. The times are compared coarsely: a machine that is busy
// says nothing of a hub, and the median of many says enough.
func (o *oracle) timings(t *testing.T, s *site) {
	during(t, s)
	const each = 30
	var took [2][]time.Duration
	var rows [2]string
	statement := func(about events.CaseID) events.Event {
		return s.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, about)
	}
	for i := range 2 * each {
		about := o.about
		if i%2 == 1 {
			about = events.CaseID(uuid(t))
		}
		before := o.rows(t)
		e, begin := statement(about), time.Now()
		s.says(e)
		took[i%2] = append(took[i%2], time.Since(begin))
		rows[i%2] = fmt.Sprint(o.rows(t).minus(before))
		if i > 0 && rows[0] != rows[1] {
			t.Fatalf("a refusal of a case of others writes %s, of none %s", rows[0], rows[1])
		}
	}
	here, none := median(took[0]), median(took[1])
	if here > 3*none+20*time.Millisecond || none > 3*here+20*time.Millisecond {
		t.Errorf("a case of others is answered in %s, none in %s", here, none)
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

type counted map[string]int64

func (c counted) minus(before counted) counted {
	grown := counted{}
	for table, n := range c {
		if n != before[table] {
			grown[table] = n - before[table]
		}
	}
	return grown
}

// rows counts what is stored, of tables that a refusal could write to.
func (o *oracle) rows(t *testing.T) counted {
	t.Helper()
	all := counted{}
	tables := []string{"entry", "opening", "payload", "refusal", "answer", "submission", "delivery", "case_state", "chain_head", "deadline"}
	parts := make([]string, len(tables))
	for i, table := range tables {
		parts[i] = "(SELECT count(*) FROM " + table + ")"
	}
	found, err := o.hub.AsOwner(t.Context(), "SELECT "+strings.Join(parts, ","))
	must(t, err)
	for i, table := range tables {
		all[table], _ = found[0][i].(int64)
	}
	return all
}
