package ledger

import (
	"net/http"
	"slices"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// keyEnded waits until the hub erased a record because its key ended, and its sender
// knows.
func (c opened) keyEnded(record events.Event) {
	c.t.Helper()
	p := c.agencies[police]
	var told events.Event
	c.eventually("the police are told that the record's key ended", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		return slices.ContainsFunc(p.got, func(g got) bool {
			if g.Kind != tlog.KindEvent || g.event.Type != events.TypeRecordErased {
				return false
			}
			told = g.event
			return payloadOf[*events.RecordErased](c.world, told).Record == record.ID
		})
	})
	if why := payloadOf[*events.RecordErased](c.world, told).Reason; why != events.ErasedKeyEnded {
		c.t.Errorf("the record was erased because of %s", why)
	}
	if n := c.count("SELECT count(*) FROM payload WHERE number = $1", c.entryOf(record)); n != 0 {
		c.t.Error("the ciphertext is still stored")
	}
}

func TestWhatWaitsForARevokedAgencyIsErasedAndNeverReleased(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	p, one := w.agencies[police], w.agencies[shelter]
	c := w.open()
	referral, records := c.ask(shelter, shelter2)
	one.has(p.said[referral])
	w.settled()
	revoked := w.changes(url, shelter, &events.DirectoryRevoked{Because: "keys-stolen"})
	one.away = true
	c.keyEnded(records[shelter])
	if w.entryOf(records[shelter2]) == 0 || w.count("SELECT count(*) FROM payload WHERE number = $1", w.entryOf(records[shelter2])) != 1 {
		t.Error("the other shelter's record is gone too")
	}
	accepts := one.say(&events.ReferralAccepted{Said: now()}, c.id, referral) // by whoever stole the key
	w.eventually("the ledger has refused it", func() bool {
		return w.count("SELECT count(*) FROM refusal WHERE id = $1 AND rule = $2", string(accepts.ID), string(events.RuleKeyUnknown)) == 1
	})
	w.unchanged(url, shelter, &events.DirectoryRevoked{Because: "left"}, directory.RuleStanding)
	w.unchanged(url, shelter, &events.DirectoryResumed{}, directory.RuleStanding)
	p.refused(p.say(request(shelter), c.id, ""), mou.RuleRecipientUnknown)
	w.eventually("nothing for it lies with the broker", func() bool { return w.pending(shelter) == 0 })

	// With keys for which others vouch it comes back, and is sealed to anew.
	held := one.position()
	joined := w.rejoins(url, shelter, police, shelter2)
	w.settled()
	if got := one.entries()[held:]; !slices.Contains(got, revoked) || !slices.Contains(got, joined) {
		t.Errorf("since it was revoked it was given %v, and not its own revocation and return", got)
	}
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	anew := p.seal(one, c.id, referral, events.SectionIdentity, events.PurposeAccommodation)
	record := one.has(anew)
	if _, err := one.sealing.Open(record.event.Data, record.event.PlainCommit); err != nil {
		t.Errorf("what was sealed anew: %v", err)
	}
	if _, there := one.find(records[shelter].ID); there {
		t.Error("the record under the stolen key was released")
	}
	w.check()
	w.audited(w.auditor(url), c)
}

// The keys were lost and the agency is listed anew: what waits under the lost key is
// erased; what was on its way becomes a tombstone, and no copy stays at the broker.
func TestKeysThatWereLostEndWhatWaitsAndWhatIsOnItsWay(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	c, _, sent := w.onTheWay()
	p, one := w.agencies[police], w.agencies[shelter]
	next := w.open()
	_, waiting := next.ask(shelter)
	before := one.position()
	one.forget()
	w.rejoins(url, shelter, police, shelter2)
	next.keyEnded(waiting[shelter])
	c.keyEnded(sent)
	w.eventually("the broker's copy is destroyed", func() bool { return len(w.copies(sent)) == 0 })
	one.setDeaf(false)
	one.connect()
	w.eventually("all that it had comes again, and what it missed", func() bool { return one.position() > before })
	w.settled()
	one.mu.Lock()
	at := slices.IndexFunc(one.got, func(g got) bool { return g.Entry == uint64(w.entryOf(sent)) })
	g := one.got[at]
	one.mu.Unlock()
	if g.Kind != tlog.KindTombstone {
		t.Errorf("in place of the record under the lost key it got a delivery of kind %s", g.Kind)
	}
	p.admitted(p.say(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, c.id, ""))
	w.check()
}

// A referral may be accepted in the very batch in which the key ends, and by a ledger
// that has not come to sweep: nothing is released to the key that ended.
func TestAnAcceptanceBesideARevocationReleasesNothing(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	p, one := w.agencies[police], w.agencies[shelter]
	c := w.open()
	referral, records := c.ask(shelter)
	one.has(p.said[referral])
	w.settled()
	w.changes(url, shelter, &events.DirectorySuspended{Because: "keys-in-doubt"})
	one.away = true
	one.submit(one.sign(one.draft(&events.ReferralAccepted{Said: now()}, c.id, referral)))
	w.changes(url, shelter, &events.DirectoryRevoked{Because: "keys-lost"})
	c.keyEnded(records[shelter])
	if n := w.count("SELECT count(*) FROM opening WHERE convert_from(entry, 'UTF8') LIKE '%ce-type org.handrail.record.released.v1%'"); n != 0 {
		t.Errorf("%d records were released", n)
	}
	w.check()
}

// Whatever kills the ledger between the revocation and the erasures, its successor
// erases what is left.
func TestWhatARevocationLeavesToEraseSurvivesTheLedger(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	p, one := w.agencies[police], w.agencies[shelter]
	var cases []opened
	var records []events.Event
	for range 3 {
		c := w.open()
		_, sealed := c.ask(shelter)
		cases, records = append(cases, c), append(records, sealed[shelter])
	}
	w.settled()
	number := w.failSweeps()
	w.changes(url, shelter, &events.DirectoryRevoked{Because: "keys-lost"})
	one.away = true
	w.eventually("the sweep fails", func() bool { return w.count("SELECT last_value FROM swept") > number })
	w.stop()
	if n := w.count("SELECT count(*) FROM held WHERE recipient = $1", string(shelter)); n != 3 {
		t.Fatalf("%d records wait still, want all 3", n)
	}
	w.mendSweeps()
	w.start()
	for i, c := range cases {
		c.keyEnded(records[i])
	}
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.check()
}

// failSweeps has the database refuse every erasure, and count them.
func (w *world) failSweeps() int64 {
	w.t.Helper()
	_, err := as(w.t, w.database, "handrail_owner").Exec(w.t.Context(), `CREATE SEQUENCE swept;
		CREATE FUNCTION refuse_sweep() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = public AS $$ BEGIN
			PERFORM nextval('swept'); RAISE EXCEPTION 'not now' USING ERRCODE = 'raise_exception'; END $$;
		CREATE TRIGGER refuse_sweep BEFORE INSERT ON erasure FOR EACH ROW EXECUTE FUNCTION refuse_sweep();`)
	w.must(err)
	return w.count("SELECT last_value FROM swept")
}

func (w *world) mendSweeps() {
	w.t.Helper()
	_, err := as(w.t, w.database, "handrail_owner").Exec(w.t.Context(), "DROP TRIGGER refuse_sweep ON erasure")
	w.must(err)
}

// The directory is what the log says, whoever leads and however often it starts.
func TestTheDirectoryOutlivesTheLedger(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	n, _ := w.enrol(url, newcomer, events.Shelter)
	w.stop()
	w.start()
	n.admitted(n.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	n.rotates(true, true, true)
	w.changes(url, shelter2, &events.DirectorySuspended{Because: "at-its-request"})
	w.agencies[shelter2].away = true
	stopFirst := w.stop
	address := w.config.Listen
	w.config.Listen = ""
	w.start() // a standby
	w.eventually("the standby waits for the lock", func() bool {
		return w.count("SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND NOT l.granted AND d.datname = current_database()") == 1
	})
	second, _ := w.enrol(url, newcomer2, events.Shelter) // while it stands by
	second.admitted(second.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	stopFirst()
	for _, s := range []*site{n, second} {
		s.admitted(s.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	}
	said := w.agencies[shelter2].say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	w.eventually("the successor refuses the suspended agency", func() bool {
		return w.count("SELECT count(*) FROM refusal WHERE id = $1 AND rule = $2", string(said.ID), string(events.RuleAgencySuspended)) > 0
	})
	w.stop()
	w.config.Listen = address
	w.start()
	w.eventually("the ledger answers", func() bool { return w.leads(url) })
	w.changes(url, shelter2, &events.DirectoryResumed{})
	w.agencies[shelter2].away = false
	w.agencies[shelter2].submit(said)
	w.agencies[shelter2].receipted(said)
	w.check()
}

// The connection dies again and again while agencies join, change keys and go: the
// directory is what was answered, and every ledger knows the same.
func TestTheDirectoryIsWholeWhateverKillsTheConnection(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	one := w.agencies[shelter]
	admin := as(t, w.database, "")
	kill := func() {
		_, err := admin.Exec(t.Context(), "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'handrail_ledger' AND datname = current_database()")
		w.must(err)
	}
	l := w.newSite(newcomer, events.Shelter)
	for i, p := range []events.Payload{w.vouch(l, police, shelter), &events.DirectorySuspended{Because: "misuse"}, &events.DirectoryResumed{}, &events.DirectoryRevoked{Because: "left"}} {
		kill()
		want := []directory.Standing{directory.Active, directory.Suspended, directory.Active, directory.Revoked}[i]
		w.eventually("the change stands in the log", func() bool {
			if status, _ := w.change(url, newcomer, p); status == 201 {
				return true
			}
			lines := w.listedOrNot(url)
			return lines != nil && lines[newcomer].Standing == want // it was answered by nobody, and stands
		})
		kill()
	}
	next, turn := one.rekeyed(true, true, true)
	said := one.say(&events.DirectoryKeyed{Listing: next}, "", "")
	kill()
	one.admitted(said)
	turn()
	kill()
	one.admitted(one.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.check()
}

// A ledger that hung while another led sends, when it goes on, what it had read: to
// an agency that was revoked meanwhile nothing of it stays at the broker.
func TestWhatAPausedLedgerSendsLateReachesNobodyWhoIsAway(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	_, _, record := w.onTheWay()
	left := w.copies(record)[0]
	w.changes(url, shelter, &events.DirectoryRevoked{Because: "keys-stolen"})
	w.agencies[shelter].away = true
	w.eventually("the broker's copies are destroyed", func() bool { return w.pending(shelter) == 0 })
	w.stop()
	w.asHub(func(js jetstream.JetStream) { // what the paused one had in hand
		_, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: left.Subject, Header: left.Header, Data: left.Data})
		w.must(err)
	})
	if w.pending(shelter) != 1 {
		t.Fatal("the test did not leave a copy")
	}
	w.start()
	w.eventually("the successor destroys it", func() bool { return w.pending(shelter) == 0 })
	w.check()
}

// An agency that was offline while the person withdrew, and while its keys ended,
// finds tombstones and nothing that it could open.
func TestAnAgencyThatWasOfflineForAWeekFindsTombstones(t *testing.T) {
	w := newWorld(t)
	c, referral, record := w.onTheWay()
	one := w.agencies[shelter]
	one.hangup()
	one.link.Close()
	w.agencies[police].admitted(w.agencies[police].say(&events.ReferralWithdrawn{Said: now(), Reason: "person-declined"}, c.id, referral))
	w.eventually("the broker's copy is destroyed", func() bool { return len(w.copies(record)) == 0 })
	w.stop()
	w.start()
	one.connect()
	c.recalled(referral, record, events.ErasedWithdrawn)
}

// Who joins cosigns what the log holds from its entry on; after a change of the
// witness key only the new one counts.
func TestWhoJoinsWitnessesTheLogFromThenOn(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	p := w.agencies[police]
	p.watches()
	w.cosignedAll(police)
	n, joined := w.enrol(url, newcomer, events.Shelter)
	n.watches()
	w.cosignedAll(police, newcomer)
	if first := w.count("SELECT min(size) FROM cosignature WHERE agency = $1", string(newcomer)); first <= int64(joined) {
		t.Errorf("the newcomer cosigned %d entries, and stands in entry %d", first, joined)
	}
	keyed := p.rotates(false, false, true)
	p.admitted(p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")) // the same signing key goes on
	w.cosignedAll(police, newcomer)
	status, body := w.ask(http.MethodGet, url+"/v1/tlog/checkpoint", "", p)
	if status != http.StatusOK {
		t.Fatalf("the checkpoint is answered %d", status)
	}
	key, err := tlog.NewWitnessVerifier(p.verifier)
	w.must(err)
	shown, err := tlog.ParseCheckpoint(body, w.verifier.Log)
	w.must(err)
	found, err := tlog.Cosignatures(body, []tlog.Cosigner{{Agency: police, Kind: events.Police, Key: key}})
	if err != nil || len(found) != 1 || shown.Size <= keyed {
		t.Errorf("the checkpoint of %d entries has %d cosignatures of the new key: %v", shown.Size, len(found), err)
	}
	w.changes(url, newcomer, &events.DirectorySuspended{Because: "device-lost"})
	n.away = true
	w.cosignedAll(police)
	if last, size := w.count("SELECT max(size) FROM cosignature WHERE agency = $1", string(newcomer)), w.count("SELECT max(size) FROM checkpoint"); last >= size {
		t.Error("a suspended agency cosigned")
	}
	w.check()
}

// An agency that lost its keys lost what its witness remembered too: listed anew it
// is offered the log from its beginning, and cosigns.
func TestAWitnessThatIsListedAnewBeginsAnew(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	one := w.agencies[shelter]
	one.watches()
	w.cosignedAll(shelter)
	one.forget()
	joined := w.rejoins(url, shelter, police, shelter2)
	one.watches() // which remembers nothing
	one.connect()
	w.eventually("it cosigns with its new key", func() bool {
		return w.count("SELECT coalesce(max(size), 0) FROM cosignature WHERE agency = $1", string(shelter)) > int64(joined)
	})
	w.agencies[police].admitted(w.agencies[police].say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.cosignedAll(shelter)
	w.check()
}
