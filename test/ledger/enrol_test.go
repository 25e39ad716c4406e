package ledger

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"slices"
	"testing"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// An agency joins when two of different kinds vouch for its keys: its first
// deliveries are the directory as it became, and its first word is admitted.
func TestAnAgencyJoinsAndFirstLearnsWhoElseTakesPart(t *testing.T) {
	listen, url := listening(t)
	w := newWorldOf(t, missions, listen)
	p := w.agencies[police]
	c := w.open() // what happened before it came is nothing to it
	n, joined := w.enrol(url, newcomer, events.Shelter)
	w.settled()
	if got, want := n.entries(), []uint64{0, 1, 2, joined}; !slices.Equal(got, want) {
		t.Fatalf("its first deliveries are of entries %v, want %v: genesis, both founding missions, its own joining", got, want)
	}
	n.admitted(n.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	if g, ok := p.find(w.hubSaid(joined)); !ok || g.event.Type != events.TypeDirectoryJoined {
		t.Error("the police were not told who joined")
	}
	if got := w.agencies[embassy].types(); slices.Contains(got, "event directory.joined") {
		t.Error("a foreign mission was told of somebody whom it does not know")
	}

	referral, records := c.ask(newcomer)
	n.has(p.said[referral])
	n.admitted(n.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	record := n.has(records[newcomer])
	if _, err := n.sealing.Open(record.event.Data, record.event.PlainCommit); err != nil {
		t.Errorf("the newcomer cannot open what was sealed to it: %v", err)
	}

	second, again := w.enrol(url, newcomer2, events.Shelter)
	w.settled()
	if got, want := second.entries()[:5], []uint64{0, 1, 2, joined, again}; !slices.Equal(got, want) {
		t.Errorf("the next one's first deliveries are of %v, want %v", got, want)
	}
	lines := w.listed(url, w.asOperator())
	if len(lines) != len(w.founded.Agencies)+4 || lines[newcomer].Standing != directory.Active || lines[newcomer].Since != joined || lines[newcomer].Signing != n.signing.ID() || lines[newcomer].Sealing != n.sealing.ID() {
		t.Errorf("the directory says %+v of the newcomer", lines[newcomer])
	}
	w.check()
}

// hubSaid is the id of what the hub said in an entry.
func (w *world) hubSaid(number uint64) (id events.EventID) {
	w.t.Helper()
	w.must(as(w.t, w.database, "handrail_owner").QueryRow(w.t.Context(), "SELECT id::text FROM submission WHERE agency = 'hub' AND number = $1", number).Scan(&id))
	return id
}

func TestAForeignMissionJoinsAndKnowsNobody(t *testing.T) {
	listen, url := listening(t)
	w := newWorldOf(t, missions, listen)
	m, joined := w.enrol(url, newMission, events.ForeignMission)
	w.settled()
	if got, want := m.entries(), []uint64{joined + 1}; !slices.Equal(got, want) {
		t.Fatalf("it was given the entries %v, want its own listing alone, %v", got, want)
	}
	own := payloadOf[*events.DirectoryListed](w, m.got[0].event)
	if own.Agencies[0].Agency != newMission {
		t.Errorf("its first delivery lists %s", own.Agencies[0].Agency)
	}
	w.agencies[shelter].has(w.agencies[shelter].heard(w.hubSaid(joined)))
	w.mission(m)
	if status, _ := w.ask(http.MethodGet, url+"/v1/directory", "", m); status != http.StatusForbidden {
		t.Errorf("a mission that asks for the directory is answered %d", status)
	}
	pin := hexDigest(sha256.Sum256(m.got[0].event.Data))
	if got := w.listed(url, w.asOperator())[newMission].Pin; got != pin {
		t.Errorf("it is to pin %s, its own listing is %s", got, pin)
	}
	w.rejoins(url, newMission, police, shelter)
	if got := w.listed(url, w.asOperator()); got[newMission].Pin != pin || got[police].Pin != "" {
		t.Errorf("with other keys it is to pin %s, it is founded by %s", got[newMission].Pin, pin)
	}
	w.check()
}

// heard is an event to be waited for by its id.
func (s *site) heard(id events.EventID) events.Event { return events.Event{ID: id} }

func TestWhoDoesNotJoin(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	l := w.newSite(newcomer, events.Shelter)
	size := w.count("SELECT count(*) FROM entry")
	two := []events.AgencyID{police, shelter}

	w.unchanged(url, newcomer, w.vouch(l, shelter, shelter2), events.RuleVouching) // of one kind
	w.unchanged(url, newcomer, w.vouch(l, police, auditor), events.RuleVouching)   // an auditor vouches for nobody
	w.unchanged(url, newcomer2, w.vouch(l, two...), events.RuleDataRange)          // said of another
	forged := w.vouch(l, two...)
	forged.Vouching[1].Signature = forged.Vouching[0].Signature
	w.unchanged(url, newcomer, forged, events.RuleVouching)
	other := w.vouch(l, two...)
	other.Listing = w.newSite(newcomer, events.Shelter) // vouched for other keys
	w.unchanged(url, newcomer, other, events.RuleVouching)
	theirs := l
	theirs.Sealing = w.agencies[shelter2].sealing.Public() // does not prove it
	w.unchanged(url, newcomer, w.vouch(theirs, two...), events.RuleKeyUnknown)
	w.unchanged(url, shelter2, w.vouch(w.relisted(shelter2, events.Police), two...), events.RuleDataRange) // its kind changes

	w.unchanged(url, newcomer, &events.DirectorySuspended{Because: "misuse"}, events.RuleKeyUnknown)
	w.unchanged(url, shelter, &events.DirectoryResumed{}, directory.RuleStanding)
	for _, by := range []events.AgencyID{police, auditor} {
		if status, _ := w.changeAs(url, w.agencies[by], newcomer, w.vouch(l, two...)); status != http.StatusForbidden {
			t.Errorf("%s that changes the directory is answered %d", by, status)
		}
	}
	one, err := json.Marshal(w.vouch(l, police))
	w.must(err)
	for what, body := range map[string]string{
		"one vouching": `{"type":"` + string(events.TypeDirectoryJoined) + `","agency":"riverside-shelter","data":` + string(one) + `}`,
		"no JSON":      "no", "another type": `{"type":"` + string(events.TypeCaseOpened) + `","agency":"x","data":{}}`, "keys": `{"type":"` + string(events.TypeDirectoryKeyed) + `","agency":"riverside-shelter","data":{}}`,
		"other facts": `{"type":"` + string(events.TypeDirectorySuspended) + `","agency":"harbour-shelter","data":{"because":"a whim"}}`,
	} {
		if status, answer := w.ask(http.MethodPost, url+"/v1/directory", body, w.asOperator()); status != http.StatusBadRequest {
			t.Errorf("%s is answered %d %s", what, status, answer)
		}
	}
	if n := w.count("SELECT count(*) FROM entry"); n != size {
		t.Errorf("what was refused left %d entries", n-size)
	}
	w.changes(url, newcomer, w.vouch(l, two...))
	w.unchanged(url, newcomer, w.vouch(l, two...), events.RuleKeyReused) // an old vouching counts once
	w.check()
}

// relisted is a listing of an agency as another kind, with fresh keys.
func (w *world) relisted(id events.AgencyID, kind events.AgencyKind) events.Listing {
	was := w.agencies[id]
	l := w.newSite(id, kind)
	w.agencies[id] = was
	w.known.Store(id, was)
	return l
}

// New keys count from their entry on: what was said before verifies with the old
// ones, what is said with them later is refused and uses no number.
func TestAnAgencyReplacesItsKeys(t *testing.T) {
	w := newWorld(t)
	p, one := w.agencies[police], w.agencies[shelter]
	c := w.open()
	old := &site{w: w, id: shelter, kind: one.kind, signing: one.signing, sealing: one.sealing}
	waiting, before := c.ask(shelter) // sealed to the key of before, which its agency still has
	one.has(p.said[waiting])
	number := one.rotates(true, true, true)
	for _, s := range []*site{p, w.agencies[coordinator]} {
		w.eventually("everybody is told", func() bool { return slices.Contains(s.entries(), number) })
	}
	w.settled()
	if got := one.types(); got[len(got)-1] != "receipt directory.keyed" {
		t.Errorf("the shelter was told of its own keys as %v", got[len(got)-1])
	}

	late := one.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, c.id, "")
	late.Sequence = events.Sequence(2).String()
	signed, err := old.signing.Sign(late)
	w.must(err)
	one.mu.Lock()
	one.said[signed.ID] = signed
	one.mu.Unlock()
	one.refused(one.submit(signed), events.RuleKeyUnknown)
	if n := w.count("SELECT next FROM signer WHERE key = $1", string(old.signing.ID())); n != 2 {
		t.Errorf("the next number of the old key is %d: its refusal used one", n)
	}
	first := one.say(&events.ReferralAccepted{Said: now()}, c.id, waiting) // sequence 1 of the new key
	one.admitted(first)
	record := one.has(before[shelter])
	if _, err := old.sealing.Open(record.event.Data, record.event.PlainCommit); err != nil {
		t.Errorf("the record that waited was not released to the key that its agency still has: %v", err)
	}

	c2 := w.open()
	referral := p.say(request(shelter), c2.id, "")
	p.admitted(referral)
	stale := p.sealed(old, c2.id, referral.ID, events.SectionIdentity, events.PurposeAccommodation)
	p.refused(p.submit(p.sign(stale)), events.RuleKeyReplaced)
	p.admitted(p.seal(one, c2.id, referral.ID, events.SectionIdentity, events.PurposeAccommodation))

	l, _ := one.rekeyed(false, false, false)
	one.refused(one.say(&events.DirectoryKeyed{Listing: l}, "", ""), events.RuleKeyReused)
	other, _ := w.agencies[shelter2].rekeyed(true, true, true)
	one.refused(one.say(&events.DirectoryKeyed{Listing: other}, "", ""), events.RuleSourceMismatch)
	w.check()
}

// What was admitted comes again when its acknowledgement was lost, also when its
// key has ended since: it gets its first answer.
func TestAnEventOfAnEndedKeyThatWasAdmittedKeepsItsAnswer(t *testing.T) {
	w := newWorld(t)
	one := w.agencies[shelter]
	said := one.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), "")
	receipt := one.admitted(said)
	one.rotates(true, false, false)
	w.settled()
	size := w.count("SELECT count(*) FROM entry")
	one.submit(said)
	w.eventually("the receipt comes again", func() bool {
		one.mu.Lock()
		defer one.mu.Unlock()
		return slices.ContainsFunc(one.repeated, func(g got) bool { return g.Number == receipt.Number && g.Kind == tlog.KindReceipt })
	})
	if n := w.count("SELECT count(*) FROM entry"); n != size {
		t.Errorf("what came again has %d entries more", n-size)
	}
	one.admitted(one.say(&events.CaseOpened{Said: now(), Age: events.Adult}, w.newCase(), ""))
	w.check()
}

// A mission that meets an agency whose keys changed believes what it said before
// and what it says now.
func TestAMissionMeetsAnAgencyWhoseKeysChanged(t *testing.T) {
	listen, url := listening(t)
	w := newWorldOf(t, missions, listen)
	p, m := w.agencies[police], w.agencies[embassy]
	_, linked := w.bound(police)
	keyed := p.rotates(true, true, true)
	p.admitted(linked.address(police))
	w.settled()
	if got := m.types(); !slices.Contains(got, "event directory.keyed") {
		t.Fatalf("the mission was given %v: it does not know the new key", got)
	}
	again := p.rotates(true, false, false)
	w.eventually("the mission is told of later keys", func() bool { return slices.Contains(m.entries(), again) })
	w.mission(m)
	if !slices.Contains(m.entries(), keyed) {
		t.Error("the mission was not given the first change of keys")
	}
	one := w.agencies[shelter2]
	other := one.rotates(true, false, false)
	w.settled()
	if slices.Contains(m.entries(), other) {
		t.Error("the mission was told of an agency that it does not know")
	}
	w.check()
	a := w.auditor(url)
	w.audited(a, linked)
}

// mission folds what a mission was given, in the order in which it came, and
// verifies every statement with the key that it finds.
func (w *world) mission(s *site) {
	w.t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	var d *directory.Directory
	for _, g := range s.got {
		if g.Kind != tlog.KindEvent && g.Kind != tlog.KindReceipt {
			continue
		}
		p := w.facts(g.event, logged{number: int64(g.Entry), parsed: g.entry})
		if d == nil {
			var err error
			d, err = directory.Found(hubID, g.Entry, p)
			w.must(err)
			continue
		}
		if err := d.Verify(g.event, g.entry.DataDigest, g.Entry); err != nil {
			w.t.Errorf("%s cannot believe the %s of %s in entry %d: %v", s.id, g.event.Type.Name(), g.event.Agency(), g.Entry, err)
		}
		if directory.Changes(g.event.Type) {
			next, err := d.Apply(g.Entry, g.event, p)
			w.must(err)
			d = next
		}
	}
}

// A suspended agency is not heard and gets nothing. When it is resumed it gets all
// that was numbered meanwhile, and what it said again is judged.
func TestASuspendedAgencyIsNeitherHeardNorToldUntilItIsResumed(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	p, one := w.agencies[police], w.agencies[shelter]
	c := w.open()
	referral, records := c.ask(shelter)
	one.has(p.said[referral])
	w.settled()
	held := one.position()
	w.changes(url, shelter, &events.DirectorySuspended{Because: "device-lost"})
	one.away = true
	w.unchanged(url, shelter, &events.DirectorySuspended{Because: "device-lost"}, directory.RuleStanding)
	said := one.say(&events.ReferralAccepted{Said: now()}, c.id, referral)
	w.eventually("the ledger has refused it", func() bool {
		return w.count("SELECT count(*) FROM refusal WHERE rule = $1", string(events.RuleAgencySuspended)) == 1
	})
	if status, _ := w.ask(http.MethodGet, url+"/v1/tlog/checkpoint", "", one); status != http.StatusForbidden {
		t.Errorf("a suspended agency that asks over HTTP is answered %d", status)
	}
	p.refused(p.say(request(shelter), c.id, ""), mou.RuleRecipientUnknown)
	p.admitted(p.say(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, c.id, "")) // the shelter may see it
	w.stop()
	w.start() // what it is not told, no successor tells it
	w.settled()
	w.eventually("the ledger leads again", func() bool { return w.leads(url) })
	if n := one.position(); n != held {
		t.Fatalf("the suspended agency was given %d deliveries", n-held)
	}
	if n := w.pending(shelter); n != 0 {
		t.Errorf("%d messages for the suspended agency lie with the broker", n)
	}
	if line := w.listed(url, p)[shelter]; line.Standing != directory.Suspended {
		t.Errorf("the directory says %+v", line)
	}

	w.changes(url, shelter, &events.DirectoryResumed{})
	one.away = false
	w.settled()
	one.submit(said) // as its outbox does
	one.receipted(said)
	one.has(records[shelter])
	w.check()
}

// Who opened a record stands in the log and in the trail, and goes to nobody else.
func TestThatStaffOpenedARecordIsForItsAgencyAndAuditorsAlone(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	p, one := w.agencies[police], w.agencies[shelter]
	c := w.open()
	referral, records := c.ask(shelter)
	one.has(p.said[referral])
	opens := func() *events.RecordOpened {
		return &events.RecordOpened{Said: now(), Record: records[shelter].ID, Role: "case-worker", Purpose: events.PurposeAccommodation, Basis: "consent"}
	}
	one.refused(one.say(opens(), c.id, referral), mou.RuleRecordUnknown) // it waits still
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	one.has(records[shelter])
	opened := one.admitted(one.say(opens(), c.id, referral))
	other := opens()
	other.Purpose = events.PurposeInvestigation
	one.refused(one.say(other, c.id, referral), mou.RulePurposeOther)
	w.settled()
	if n := w.count("SELECT count(*) FROM delivery WHERE entry = $1", opened.Entry); n != 1 {
		t.Errorf("that a record was opened goes to %d agencies, want its receipt alone", n)
	}
	w.check()
	w.audited(w.auditor(url), c)
}
