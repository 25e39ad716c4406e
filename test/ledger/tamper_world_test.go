package ledger

import (
	"context"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
)

// whole is a world in whose database every table has rows: a case that was
// referred, one for a mission, one whose retention ended, refusals and a flood of
// them, clocks that were missed, readings, cosignatures, and a few hundred entries more.
type whole struct {
	*tiled

	referred opened
	base     string                      // the database as it was left; trials are made on copies
	trials   int                         // so far
	seen     map[*site]watch             // what each witness had cosigned then
	came     map[*site]map[uint64]string // what each was delivered again, by number, when nothing was changed
}

func newWhole(t *testing.T) *whole {
	t.Helper()
	w := &whole{tiled: newTiled(t, member{embassy, events.ForeignMission}, member{social, events.Social}), seen: map[*site]watch{}, came: map[*site]map[uint64]string{}}
	for _, id := range []events.AgencyID{police, shelter} {
		w.agencies[id].watches()
	}
	w.referred = w.open()
	referral, _ := w.referred.ask(shelter, shelter2)
	one := w.agencies[shelter]
	one.has(w.agencies[police].said[referral])
	one.admitted(one.say(capacity("daily 00:00-24:00"), "", ""))
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, w.referred.id, referral))
	one.answer(one.say(&events.ReferralAccepted{Said: now()}, w.referred.id, referral)) // refused: once is enough
	_, linked := w.bound(social)
	w.agencies[social].admitted(linked.address(social))
	w.late()
	w.retired()
	w.flooded()
	w.filled()
	w.reset()
	for _, what := range []events.Reading{events.ReadingReplay, events.ReadingExport} {
		w.reading(w.url, w.agencies[auditor], what, string(w.referred.id))
	}
	w.reading(w.url, w.agencies[auditor], events.ReadingCompleteness, string(police))
	w.settled()
	w.left()
	return w
}

// late lets a day pass in which nobody answers a referral.
func (w *whole) late() {
	w.t.Helper()
	c := w.open()
	c.ask(shelter2)
	w.ahead.Store(int64(17 * time.Hour))
	c.hubEvent(w.agencies[police], events.TypeDeadlineDueSoon)
	w.ahead.Store(int64(25 * time.Hour))
	c.hubEvent(w.agencies[police], events.TypeDeadlineMissed)
}

// retired has a case whose last statement is older than any profile keeps it, and
// whose openings retention destroyed.
func (w *whole) retired() {
	w.t.Helper()
	c := w.open()
	w.settled()
	_, err := as(w.t, w.database, "handrail_owner").Exec(w.t.Context(), "UPDATE case_state SET said = said - interval '11 years' WHERE case_id = $1::text::uuid", string(c.id))
	w.must(err)
	w.ahead.Add(int64(time.Hour)) // it is looked for now and then
	w.eventually("the retention of a case ends", func() bool { return w.count("SELECT count(*) FROM retired") == 1 })
	w.settled()
	_, err = ledger.Retain(w.t.Context(), postgres.DSN(w.database, local.RoleRetention))
	w.must(err)
	if w.count("SELECT count(*) FROM destroyed") < 3 {
		w.t.Fatal("retention destroyed nothing")
	}
}

// flooded has the police's account send much that nobody can believe at once.
func (w *whole) flooded() {
	w.t.Helper()
	p := w.agencies[police]
	all := p.garbage(40)
	w.stop()
	for _, g := range all {
		w.must(p.link.Submit(w.t.Context(), g.message))
	}
	w.startSlowly()
	w.eventually("a flood is answered", func() bool { return w.count("SELECT count(*) FROM refusal WHERE leaf > 0") > 10 })
	w.settled()
}

// filled makes the log long enough for a node of the tree, by two cases of which much is said.
func (w *whole) filled() {
	w.t.Helper()
	p := w.agencies[police]
	var all []events.Event
	for range 2 {
		about := w.newCase()
		all = append(all, p.sign(p.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, about, "")))
		for range 130 {
			all = append(all, p.sign(p.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, about, "")))
		}
	}
	p.outbox(all)
}

// reset has a witness begin anew, and the operator accept a history that a witness
// had contradicted.
func (w *whole) reset() {
	w.t.Helper()
	db := as(w.t, w.database, "handrail_owner")
	defer db.Close(context.Background())
	var note []byte
	w.must(db.QueryRow(w.t.Context(), "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1").Scan(&note))
	c, err := tlog.ParseCheckpoint(note, w.verifier.Log)
	w.must(err)
	one := w.agencies[shelter]
	one.mu.Lock()
	one.watch.witness = tlog.Witness{Last: c, Note: note}
	one.mu.Unlock()
	one.admitted(one.say(&events.WitnessReset{Said: now(), Because: events.ResetStateLost, Size: c.Size, Root: hex.EncodeToString(c.Root[:])}, "", ""))
	_, err = db.Exec(w.t.Context(), "INSERT INTO contradiction (size, root, note, agency, at, accepted) VALUES ($1, sha256('another'), $2, $3, now(), now())", int64(c.Size), note, string(shelter))
	w.must(err)
}

// left waits until both witnesses have cosigned the whole log, and leaves the
// database as it is then.
func (w *whole) left() {
	w.t.Helper()
	w.eventually("both witnesses cosign the newest checkpoint", func() bool {
		return w.count("SELECT count(*) FROM cosignature WHERE size = (SELECT max(size) FROM checkpoint)") == 2
	})
	w.settled()
	w.check()
	w.stop()
	w.forget()
	w.base = w.database
	w.ahead.Store(0) // the auditor's tool goes by the machine's clock; the log's own never goes back
	for _, s := range w.agencies {
		s.mu.Lock()
		s.wary = true
		if s.watch != nil {
			w.seen[s] = *s.watch
		}
		s.mu.Unlock()
	}
}

// forget closes the world's own connection, so that its database can be copied.
func (w *whole) forget() {
	if w.db != nil {
		w.must(w.db.Close(context.Background()))
		w.db = nil
	}
}

// trial runs on a copy of the database as it was left, in which what is changed
// was changed; restarted says whether it was before the ledger started.
func (w *whole) trial(change string, restarted bool) (noticed map[notice]string) {
	w.t.Helper()
	w.trials++
	w.database = fmt.Sprint(w.base, "_", w.trials)
	w.alone()
	w.must(postgres.CreateDatabaseFrom(w.t.Context(), w.database, local.RoleOwner, w.base))
	defer func() {
		w.forget()
		w.must(postgres.DropDatabase(context.Background(), w.database))
	}()
	w.config.DatabaseURL = postgres.DSN(w.database, local.RoleLedger)
	for s, was := range w.seen {
		was.findings = nil
		s.mu.Lock()
		s.watch = &was
		s.mu.Unlock()
	}
	if restarted {
		w.changed(change)
	}
	stop, err := w.leads()
	defer stop()
	if err != nil {
		return map[notice]string{atStart: err.Error()}
	}
	if !restarted {
		w.changed(change)
	}
	defer w.hushed()
	return w.looked()
}

// hushed has the witnesses answer nothing more, and waits until what they said was
// heard: of one copy of the log it is the truth, of the next a contradiction. What
// a ledger that gave up does not hear is destroyed.
func (w *whole) hushed() {
	w.t.Helper()
	for s := range w.seen {
		s.mu.Lock()
		s.watch = nil
		s.mu.Unlock()
	}
	for end := time.Now().Add(2 * time.Second); w.waiting() > 0; time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			w.wipeBroker()
			return
		}
	}
}

// waiting counts the messages that the broker holds, both ways.
func (w *whole) waiting() (messages uint64) {
	w.t.Helper()
	w.asHub(func(js jetstream.JetStream) {
		for _, name := range []string{"IN", "OUT"} {
			stream, err := js.Stream(w.t.Context(), name)
			w.must(err)
			info, err := stream.Info(w.t.Context())
			w.must(err)
			messages += info.State.Msgs
		}
	})
	return messages
}

// alone ends every connection to the database as it was left: only then it can be copied.
func (w *whole) alone() {
	w.t.Helper()
	admin := as(w.t, "postgres", "")
	defer admin.Close(context.Background())
	_, err := admin.Exec(w.t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1", w.base)
	w.must(err)
}

// changed changes something as somebody who may do everything in the database.
func (w *whole) changed(statement string) {
	w.t.Helper()
	if statement == "" {
		return
	}
	admin := as(w.t, w.database, "")
	defer admin.Close(context.Background())
	_, err := admin.Exec(w.t.Context(), "SET session_replication_role = replica") // no trigger, no foreign key
	w.must(err)
	tag, err := admin.Exec(w.t.Context(), statement)
	if err != nil || tag.RowsAffected() == 0 {
		w.t.Fatalf("%s: %v, %v", statement, tag, err)
	}
}

// leads starts a ledger and waits until it leads, or says why it does not.
func (w *whole) leads() (stop func(), err error) {
	w.t.Helper()
	l, err := ledger.New(w.config)
	w.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	stop = func() {
		cancel()
		<-ended
	}
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-ended:
			ended <- err
			if err == nil {
				w.t.Fatal("the ledger ended by itself and says nothing")
			}
			return stop, err
		default:
		}
		d, err := audit.Doctor(w.t.Context(), w.url)
		if err == nil && d.Active {
			return stop, nil
		}
		if time.Now().After(end) {
			return stop, fmt.Errorf("it does not lead: %+v", d)
		}
	}
}
