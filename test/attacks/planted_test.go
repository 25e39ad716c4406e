package attacks

import (
	"encoding/json"
	"maps"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/services/police"
	"handrail/test/hubtest"
	"handrail/test/telemetry"
)

// trial is a hub through which planted words go, and all that it ever says.
type trial struct {
	*arena

	t       *testing.T
	person  *planted
	junk    *planted
	number  *planted // of telephones
	staff   *planted // how the duty is reached
	phone   *phone
	sink    *telemetry.Collector
	answers []heard             // of every door, in order
	running map[string][]string // where junk was found while everything ran
}

type heard struct{ where, text string }

// every stem that is planted.
func (x *trial) every() []*planted { return []*planted{x.person, x.junk, x.number, x.staff} }

// TestPlantedWordsStayWhereTheyBelong sends a form in which everything that a
// person could say is a planted word through a whole referral, a night with such
// words through a shelter's bed, and words that belong nowhere into every door. Afterwards it searches everything that was
// stored, exported, answered or printed.
func TestPlantedWordsStayWhereTheyBelong(t *testing.T) {
	sink := telemetry.Collect(t)
	x := &trial{
		arena: newArena(t, append(sink.Environment(), "HANDRAIL_LOG_LEVEL=debug"), hotline), t: t, sink: sink,
		person: &planted{stem: ofPerson}, junk: &planted{stem: ofJunk}, number: &planted{stem: ofNumber}, staff: &planted{stem: ofStaff},
	}
	x.refer()
	x.tonight()
	x.misuse()
	x.healthy(t)
	x.commandLine()
	x.database()
	x.running = x.junk.search(t, x.hub.At.Root)
	for _, name := range slices.Backward(x.hub.Services()) {
		must(t, x.hub.Process(name).Signal(os.Interrupt))
		<-x.hub.Process(name).Done()
	}
	t.Run("files", x.files)
	t.Run("files of the night", x.nightFiles)
	t.Run("answers", x.inAnswers)
	t.Run("telemetry", x.telemetry)
}

// codes are the members of the form that are read as codes; all others carry a
// planted word.
func codes() []string {
	return []string{"Type", "AdultOrChild", "Case.Jurisdiction", "Jurisdiction", "Country", "NRMOrDuty", "NeedSupport", "Customer.Custom14", "Customer.Custom17"}
}

// form is one of the invented forms with planted words, and members that the
// form does not have.
func (x *trial) form(name string) []byte {
	text, err := police.Form(name)
	must(x.t, err)
	var members map[string]any
	must(x.t, json.Unmarshal(text, &members))
	for member := range members {
		if !slices.Contains(codes(), member) {
			members[member] = x.person.mark(name + " " + member)
		}
	}
	members["Agent.FirstName"] = x.person.mark(name + " Agent.FirstName")
	members[x.person.mark(name+" unknown member")] = x.person.mark(name + " unknown value")
	text, err = json.Marshal(members)
	must(x.t, err)
	return text
}

// file posts a form as the police's system does.
func (x *trial) file(form []byte) events.CaseID {
	status, answer := x.filing(form)
	var filed agency.Filed
	if err := json.Unmarshal([]byte(answer), &filed); err != nil || status != 200 || filed.Case == "" {
		x.t.Fatalf("the form is answered %d %s", status, answer)
	}
	return filed.Case
}

func (x *trial) refer() {
	t := x.t
	x.world.Case = x.file(x.form("referral"))
	must(t, x.world.Tell(t.Context(), `
police answers inform-rights language=ron interpreter=independent
police answers assess-risk with_person=yes
police system sends referral.requested to=lighthouse-shelter
police is refused consent-required
police answers ask-consent bundle=bed answer=yes by=person capacity=clear language=ron interpreter=independent present=person-alone,interpreter
police answers choose-provider to=lighthouse-shelter bundle=bed needs=safe-accommodation urgency=standard language=ron
police system seals identity for sampleland-coordination
police is refused agreement-table
shelter sees referral urgency=standard
shelter says referral.accepted
shelter reads identity for accommodation as case-worker on consent
shelter reads contact for accommodation as case-worker on consent
shelter reads needs for accommodation as case-worker on consent
`, quiet{}))
	x.open()
	must(t, x.world.Tell(t.Context(), `
shelter says handover.completed
shelter says service.started need=safe-accommodation
shelter says referral.feedback outcome=completed
police says case.closed reason=completed
`, quiet{}))
	x.file(x.form("notification"))
	x.file(x.form("unknown-age"))
	form := x.form("referral")
	changed := strings.Replace(string(form), x.person.mark("referral Customer.Surname"), x.person.mark("another surname"), 1)
	if status, _ := x.filing([]byte(changed)); status != 409 {
		t.Errorf("a changed form under the same id is answered %d", status)
	}
	x.filing(form[:len(form)/2])
	x.filing(slices.Concat(form, form))
}

// open reads what was released, as the shelter's staff do. That is the one
// answer in which the person's words may stand.
func (x *trial) open() {
	t, people := x.t, client.People(x.hub.At.Agency(shelter))
	path := "/v1/cases/" + url.PathEscape(string(x.world.Case)) + "/sections"
	all, err := client.List[agency.SectionView](t.Context(), people, path, "sections")
	must(t, err)
	var seen []string
	for _, section := range all {
		var opened json.RawMessage
		must(t, people.Post(t.Context(), path+"/"+string(section.Record)+"/open", map[string]string{"role": "case-worker", "purpose": "accommodation", "basis": "consent"}, &opened))
		seen = append(seen, x.person.found(opened)...)
	}
	for _, member := range []string{"Customer.Surname", "Customer.Email", "Customer.Custom16"} {
		if !slices.Contains(seen, "referral "+member) {
			t.Errorf("the shelter cannot read %s", member)
		}
	}
	for _, member := range []string{"VictimAccount", "ExploiterDetails", "Customer.Nationality", "PVFamily", "CIDReference", "ExploitationUKAddress", "Agent.FirstName", "unknown value"} {
		if slices.Contains(seen, "referral "+member) {
			t.Errorf("the shelter is told %s, which the memorandum does not let the police share", member)
		}
	}
}

// commandLine runs what an auditor, an operator and an officer would.
func (x *trial) commandLine() {
	for _, args := range [][]string{
		{"audit", "cases"},
		{"audit", "cases", "-o", "json"},
		{"audit", "replay", string(x.world.Case)},
		{"audit", "replay", string(x.world.Case), "-o", "json"},
		{"doctor"},
		{"doctor", "-o", "json"},
		{"task", "list"},
		{"task", "list", "-o", "json"},
		{"task", "list", "--as", string(shelter)},
		{"providers", "--need", "emergency-shelter"},
		{"overdue"},
		{"alert", "list", "--as", string(shelter)},
		{"alert", "list", "--as", string(shelter), "-o", "json"},
	} {
		out, errs, code := hubtest.Run(x.t.Context(), x.t, append(args, "--data", x.hub.At.Root)...)
		if code != 0 && args[0] != "doctor" { // the doctor tells of what the attacks left
			x.t.Errorf("%v ends with %d: %s", args, code, errs)
		}
		x.answers = append(x.answers, heard{"handrail " + strings.Join(args, " "), out + errs})
	}
}

// database reads every row that Postgres keeps, whatever its files look like.
func (x *trial) database() {
	t := x.t
	conn, err := pgx.Connect(t.Context(), x.hub.Postgres.DSN("handrail", local.RoleOwner))
	must(t, err)
	defer conn.Close(t.Context())
	found, err := conn.Query(t.Context(), "SELECT quote_ident(table_schema) || '.' || quote_ident(table_name) FROM information_schema.tables WHERE table_type = 'BASE TABLE' AND table_schema NOT IN ('pg_catalog', 'information_schema')")
	must(t, err)
	tables, err := pgx.CollectRows(found, pgx.RowTo[string])
	must(t, err)
	var all strings.Builder
	for _, table := range tables {
		found, err := conn.Query(t.Context(), "SELECT t::text FROM "+table+" t")
		must(t, err)
		rows, err := pgx.CollectRows(found, pgx.RowTo[string])
		must(t, err)
		all.WriteString(strings.Join(rows, "\n"))
	}
	control := &planted{stem: "org.handrail.case.opened.v1"}
	if len(tables) < 10 || len(control.found([]byte(all.String()))) == 0 {
		t.Error("the search of the database would find nothing")
	}
	x.answers = append(x.answers, heard{"Postgres", all.String()})
}

// files searches the data directory: logs, Postgres and its log, the broker's
// storage, every agency's journal, all else.
func (x *trial) files(t *testing.T) {
	journal, calls := filepath.Join("agencies", string(honest), "journal.db"), filepath.Join("agencies", string(hotline), "journal.db")
	kept, noted := false, false
	for file, names := range x.person.search(t, x.hub.At.Root) {
		if strings.HasPrefix(file, calls) && slices.Equal(names, []string{"hotline note"}) {
			noted = true
			continue
		}
		if strings.HasPrefix(file, journal) { // journal.db, and its log beside it
			kept = kept || slices.Contains(names, "unknown-age Customer.Surname")
			for _, name := range names {
				if strings.HasPrefix(name, "referral ") || strings.HasPrefix(name, "tonight ") {
					t.Errorf("the police's journal keeps %q of a case that is closed", name)
				}
				if strings.HasPrefix(name, "notification") || strings.Contains(name, "unknown") && !strings.HasPrefix(name, "unknown-age") ||
					strings.Contains(name, "Agent.") || strings.Contains(name, "ExternalId") || name == "another surname" || name == "encoded" {
					t.Errorf("the police's journal keeps %q", name)
				}
			}
			continue
		}
		t.Errorf("%s holds what a person said: %v", file, names)
	}
	if !kept || !noted {
		t.Errorf("the search does not even find what the police hold back to seal (%t), or what the hotline noted (%t)", kept, noted)
	}
	junk := x.junk.search(t, x.hub.At.Root)
	maps.Copy(junk, x.running)
	for file, names := range junk {
		if !inBroker(file) {
			t.Errorf("%s holds what belongs nowhere: %v", file, names)
		}
	}
	control := &planted{stem: "org.handrail.control"} // for agencies that are not there to take them
	if !slices.ContainsFunc(slices.Collect(maps.Keys(control.search(t, x.hub.At.Root))), inBroker) {
		t.Error("the search does not read the broker's storage")
	}
}

// inBroker says whether a file is a block of the broker's storage. What an
// agency wrote to the broker may stay there until the block is empty: it is that
// agency's own text, and on a machine that only the hub's operator reads.
func inBroker(file string) bool {
	return strings.HasPrefix(file, "broker"+string(filepath.Separator)) && strings.HasSuffix(file, ".blk")
}

func (x *trial) inAnswers(t *testing.T) {
	for _, a := range x.answers {
		for _, p := range x.every() {
			if names := p.found([]byte(a.text)); len(names) > 0 {
				t.Errorf("%s repeats %v: %.300s", a.where, names, a.text)
			}
		}
	}
	if len(x.answers) < 100 {
		t.Errorf("only %d answers were searched", len(x.answers))
	}
}

func (x *trial) telemetry(t *testing.T) {
	seen := map[string]bool{}
	for _, text := range x.sink.Text() {
		for _, p := range x.every() {
			for _, name := range p.found([]byte(text)) {
				seen[p.stem+" "+name] = true
			}
		}
	}
	if len(seen) > 0 {
		t.Errorf("exported: %v", slices.Sorted(maps.Keys(seen)))
	}
	if !slices.ContainsFunc(x.sink.Metrics(), func(m telemetry.Metric) bool { return m.GetName() == "handrail.agency.alert.messages" }) {
		t.Error("nothing was exported of the alerts")
	}
	if len(x.sink.Spans()) < 100 || len(x.sink.Logs()) == 0 || len(x.sink.Metrics()) == 0 {
		t.Error("too little was exported to have been searched")
	}
}
