package ledger

import (
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
)

const embassy2 events.AgencyID = "otherland-mission"

var missions = []member{{embassy, events.ForeignMission}, {embassy2, events.ForeignMission}, {social, events.Social}}

var consularSections = events.Set[events.Section]{events.SectionIdentity, events.SectionTravel}

// own has a desk open a person's own case, and agree with them on what is said.
func (w *world) own(by events.AgencyID, kind events.LinkKind) opened {
	w.t.Helper()
	c, s := opened{w, w.newCase()}, w.agencies[by]
	s.say(&events.CaseOpened{Said: now(), Age: events.Adult, For: kind}, c.id, "")
	s.admitted(s.say(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, c.id, ""))
	return c
}

func (c opened) link(by events.AgencyID, to opened) events.Event {
	return c.agencies[by].say(&events.CaseLinked{Said: now(), Case: to.id, For: events.LinkConsular}, c.id, "")
}

// address has a desk, with the person's consent, ask the embassy for help.
func (c opened) address(by events.AgencyID) events.Event {
	c.t.Helper()
	s := c.agencies[by]
	agreed := consent(events.Recipient{Agency: embassy})
	agreed.Purpose, agreed.Sections = events.PurposeConsular, consularSections
	s.admitted(s.say(agreed, c.id, ""))
	asks := request(embassy)
	asks.Purpose, asks.Sections, asks.Needs = events.PurposeConsular, consularSections, events.Set[events.Need]{"documents"}
	return s.say(asks, c.id, "")
}

// bound is the person's own case, and one for a mission that is linked from it.
func (w *world) bound(by events.AgencyID) (own, linked opened) {
	w.t.Helper()
	own, linked = w.own(by, ""), w.own(by, events.LinkConsular)
	w.agencies[by].admitted(own.link(by, linked))
	return own, linked
}

// knowing checks all that a mission was given: it could believe each statement by
// what it had been told before, and was told of nobody else.
func (w *world) knowing(mission events.AgencyID, cases ...opened) {
	w.t.Helper()
	w.settled()
	s := w.agencies[mission]
	s.mu.Lock()
	defer s.mu.Unlock()
	known := map[events.AgencyID]bool{events.HubAgency: true}
	spoke := map[events.AgencyID]bool{mission: true}
	for i, g := range s.got {
		if g.Kind != tlog.KindEvent {
			continue
		}
		e := g.event
		if i == 0 && (e.Type != events.TypeDirectoryListed || sha256.Sum256(e.Data) != w.pin(mission)) {
			w.t.Errorf("the first delivery of %s is %s, and not what it pinned", mission, e.Type.Name())
		}
		if !known[e.Agency()] {
			w.t.Errorf("%s got %s of %s, which it was not told of", mission, e.Type.Name(), e.Agency())
		}
		spoke[e.Agency()] = true
		switch {
		case e.Type == events.TypeDirectoryListed && e.Subject == string(mission):
			listed := payloadOf[*events.DirectoryListed](w, e).Agencies[0].Agency
			if known[listed] {
				w.t.Errorf("%s was told of %s twice", mission, listed)
			}
			known[listed] = true
		case e.Case() == "" || !slices.ContainsFunc(cases, func(c opened) bool { return c.id == e.Case() }):
			w.t.Errorf("%s got %s, which is none of its cases", mission, e.Type.Name())
		}
	}
	delete(known, events.HubAgency)
	delete(spoke, events.HubAgency)
	for agency := range known {
		if !spoke[agency] {
			w.t.Errorf("%s was told of %s, which says nothing to it", mission, agency)
		}
	}
}

// pin is what a mission compares out of band.
func (w *world) pin(mission events.AgencyID) [sha256.Size]byte {
	w.t.Helper()
	for _, m := range w.missions {
		if m.Agencies[0].Agency == mission {
			data, err := events.Encode(&m)
			w.must(err)
			return sha256.Sum256(data)
		}
	}
	w.t.Fatalf("%s is no mission", mission)
	return [sha256.Size]byte{}
}

func TestMissionsAreListedBesideGenesis(t *testing.T) {
	w := newWorldOf(t, missions)
	for id, s := range w.agencies {
		want := []string{"event directory.founded", "event directory.listed", "event directory.listed"}
		if s.kind == events.ForeignMission {
			want = want[1:2]
		}
		if s.kind != events.Auditor && !slices.Equal(s.types(), want) {
			t.Errorf("%s got %v, want %v", id, s.types(), want)
		}
	}
	w.knowing(embassy)
	w.knowing(embassy2)
	w.stop()
	again, err := ledger.Found(t.Context(), w.config, w.founded, w.missions...)
	if err != nil || again != w.genesis {
		t.Errorf("founding the same again: %v", err)
	}
	for what, others := range map[string][]events.DirectoryListed{"without a mission": w.missions[:1], "in another order": {w.missions[1], w.missions[0]}} {
		if _, err := ledger.Found(t.Context(), w.config, w.founded, others...); !errors.Is(err, ledger.ErrFounded) {
			t.Errorf("founding %s: %v", what, err)
		}
	}
	empty := w.config
	empty.DatabaseURL = postgres.DSN(newDatabase(t), local.RoleLedger)
	shelterToo := events.DirectoryListed{Log: w.founded.Log, Signing: w.founded.Signing, Profile: w.founded.Profile, Text: w.founded.Text, Agencies: w.founded.Agencies[1:2]}
	forged := w.missions[0]
	forged.Agencies = slices.Clone(forged.Agencies)
	forged.Agencies[0].Signing = w.agencies[police].signing.Public()
	other := w.missions[0]
	other.Profile = "model@1"
	for what, listed := range map[string]events.DirectoryListed{"a shelter": shelterToo, "a key that the mission did not prove": forged, "another profile": other} {
		if _, err := ledger.Found(t.Context(), empty, w.founded, listed); err == nil {
			t.Errorf("a listing of %s was taken", what)
		}
	}
	w.start()
	w.check()
}

func TestAMissionSeesTheLinkedCaseAndNothingElse(t *testing.T) {
	listen, url := listening(t)
	w := newWorldOf(t, missions, listen)
	p, m := w.agencies[police], w.agencies[embassy]
	bed := w.open()
	bed.ask(shelter)
	own, linked := w.bound(police)
	asked := linked.address(police)
	p.admitted(asked)
	record := p.seal(m, linked.id, asked.ID, events.SectionIdentity, events.PurposeConsular)
	p.admitted(record)
	m.has(asked)
	listed := m.types()
	if want := []string{"event directory.listed", "event directory.listed", "event case.opened", "event rights.informed"}; !slices.Equal(listed[:4], want) {
		t.Errorf("the mission got %v first, want %v", listed[:min(4, len(listed))], want)
	}
	w.stop()
	w.start()
	m.admitted(m.say(&events.ReferralAccepted{Said: now()}, linked.id, asked.ID))
	m.has(record)
	m.admitted(m.say(&events.NationalityVerified{Said: now()}, linked.id, asked.ID))

	// Another desk asks the same mission, and the first asks it again: each is introduced once.
	_, theirs := w.bound(social)
	w.agencies[social].admitted(theirs.address(social))
	_, next := w.bound(police)
	p.admitted(next.address(police))
	w.knowing(embassy, linked, theirs, next)
	w.knowing(embassy2)
	if n := w.count("SELECT count(*) FROM directory_entry WHERE agency = $1 AND type = $2", string(embassy), string(events.TypeDirectoryListed)); n != 3 {
		t.Errorf("the mission was introduced to %d agencies, want itself and two", n)
	}
	w.check()
	a := w.auditor(url)
	w.audited(a, own)
	w.audited(a, linked)
	trail, err := a.Trail(t.Context(), linked.id)
	w.must(err)
	for what, entries := range map[string][]ledger.TrailEntry{"hidden": trail.Directory[1:], "exchanged": {trail.Directory[1], trail.Directory[0]}} {
		forged := trail
		forged.Directory = entries
		if _, err := a.Verify(forged); !errors.Is(err, audit.ErrUnverified) {
			t.Errorf("the listing of the mission that speaks was %s: %v", what, err)
		}
	}
}

// audited has an auditor verify and show a trail, trusting nothing but its pins.
func (w *world) audited(a *audit.Auditor, c opened) {
	w.t.Helper()
	trail, err := a.Trail(w.t.Context(), c.id)
	w.must(err)
	v, err := a.Verify(trail)
	w.must(err)
	w.must(audit.Show(io.Discard, v, time.Now(), false))
}

func TestALinkIsUnknownWhateverStandsAgainstIt(t *testing.T) {
	w := newWorldOf(t, missions)
	p := w.agencies[police]
	own := w.own(police, "")
	plain, theirs, closed := w.own(police, ""), w.own(social, events.LinkConsular), w.own(police, events.LinkConsular)
	p.admitted(p.say(&events.CaseClosed{Said: now(), Reason: "completed"}, closed.id, ""))
	_, linkedAlready := w.bound(police)
	var first got
	for what, other := range map[string]opened{
		"a case that is not there": {w, w.newCase()}, "a case of another desk": theirs, "a case for no mission": plain, "a closed case": closed, "a case that is linked": linkedAlready,
	} {
		g := p.refused(own.link(police, other), mou.RuleCaseUnknown)
		if first.Reason == "" {
			first = g
		}
		if g.Reason != first.Reason || g.entry.Pointer != "/case" {
			t.Errorf("%s: refused with %q at %q, another with %q", what, g.Reason, g.entry.Pointer, first.Reason)
		}
	}
	for _, other := range []opened{plain, theirs, closed} {
		g := w.agencies[social].answer(w.agencies[social].say(&events.CaseLinked{Said: now(), Case: theirs.id, For: events.LinkConsular}, other.id, ""))
		if g.Kind != tlog.KindRefusal {
			t.Error("a case of another desk was linked from")
		}
	}
	fresh := w.own(police, events.LinkConsular)
	p.admitted(own.link(police, fresh))
	p.admitted(fresh.address(police))
	w.check()
}

func TestAsylumBarsTheMissionAndNobodyLearnsWhy(t *testing.T) {
	listen, url := listening(t)
	w := newWorldOf(t, missions, listen)
	p, one, m := w.agencies[police], w.agencies[shelter], w.agencies[embassy]
	own, linked := w.bound(police)
	asked := linked.address(police)
	p.admitted(asked)
	record := p.seal(m, linked.id, asked.ID, events.SectionIdentity, events.PurposeConsular)
	p.admitted(record)
	_, never := w.own(police, ""), w.own(police, events.LinkConsular) // and never linked

	// In the person's own case a shelter, which has accepted, hears that they seek asylum.
	p.admitted(p.say(consent(events.Recipient{Class: events.Shelter}), own.id, ""))
	bed := p.say(request(shelter), own.id, "")
	p.admitted(bed)
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, own.id, bed.ID))
	w.stop() // the next ledger has neither case in memory
	w.start()
	one.admitted(one.say(&events.AsylumSought{Said: now()}, own.id, ""))

	hears(linked, m, "no longer needed", func(p *events.ReferralNotNeeded) bool { return p.To == embassy })
	hears(linked, p, "the record is erased", func(p *events.RecordErased) bool { return p.Record == record.ID })
	m.refused(m.say(&events.ReferralAccepted{Said: now()}, linked.id, asked.ID), m.refusedRule(linked, asked))
	barred := p.answer(linked.address(police))
	closedOff := p.answer(never.address(police))
	if barred.entry.Rule != mou.RuleNotPermitted || barred.entry.Rule != closedOff.entry.Rule || barred.Reason != closedOff.Reason || barred.entry.Pointer != closedOff.entry.Pointer {
		t.Errorf("barred: %s %q at %q; never allowed: %s %q at %q; the police must not tell them apart",
			barred.entry.Rule, barred.Reason, barred.entry.Pointer, closedOff.entry.Rule, closedOff.Reason, closedOff.entry.Pointer)
	}
	another := w.own(police, events.LinkConsular)
	p.refused(own.link(police, another), mou.RuleNotPermitted)

	one.admitted(one.say(&events.AsylumEnded{Said: now()}, own.id, ""))
	again := linked.address(police)
	p.admitted(again)
	m.has(again)
	w.settled()
	for _, s := range []*site{p, m, one} {
		for _, name := range s.types() {
			if name == "event consular.allowed" || name == "event consular.barred" || s != one && (name == "event asylum.sought" || name == "event asylum.ended") {
				t.Errorf("%s got %s", s.id, name)
			}
		}
	}
	w.unlinkable(own, linked)
	w.knowing(embassy, linked)
	w.check()
	a := w.auditor(url)
	w.audited(a, own)
	w.audited(a, linked)
}

// refusedRule is what a mission that is not needed any more hears when it answers.
func (s *site) refusedRule(c opened, asked events.Event) events.Rule {
	s.w.t.Helper()
	g := s.answer(s.say(&events.ReferralAcknowledged{Said: now()}, c.id, asked.ID))
	if g.Kind != tlog.KindRefusal {
		s.w.t.Error("a mission that is barred could acknowledge")
	}
	rule, _ := g.Why(g.entry)
	return rule
}

// unlinkable checks that nothing of what anybody was given of one case bears an id
// or a trace of the other.
func (w *world) unlinkable(own, linked opened) {
	w.t.Helper()
	traces := map[string]events.CaseID{}
	ids := map[events.EventID]events.CaseID{}
	for _, l := range w.readLog() {
		about := events.CaseID(l.parsed.Attribute("subject"))
		if about != own.id && about != linked.id {
			continue
		}
		trace := l.parsed.Attribute("traceparent")[:35]
		if of, seen := traces[trace]; seen && of != about {
			w.t.Errorf("entry %d has the trace of another case", l.number)
		}
		traces[trace] = about
		ids[events.EventID(l.parsed.Attribute("id"))] = about
	}
	for _, l := range w.readLog() {
		about := events.CaseID(l.parsed.Attribute("subject"))
		for _, name := range []string{"correlationid", "causationid"} {
			if of, known := ids[events.EventID(l.parsed.Attribute(name))]; known && of != about {
				w.t.Errorf("the %s of entry %d is of another case", name, l.number)
			}
		}
	}
}

func TestAMissionWhoseTurnComesIsIntroducedFirst(t *testing.T) {
	w := newWorldOf(t, missions)
	p := w.agencies[police]
	_, linked := w.bound(police)
	agreed := consent(events.Recipient{Class: events.ForeignMission})
	agreed.Purpose, agreed.Sections = events.PurposeConsular, consularSections
	p.admitted(p.say(agreed, linked.id, ""))
	asks := request(embassy, embassy2)
	asks.Purpose, asks.Sections, asks.Needs, asks.Order = events.PurposeConsular, consularSections, events.Set[events.Need]{"documents"}, events.InTurn
	asked := p.say(asks, linked.id, "")
	p.admitted(asked)
	w.agencies[embassy].has(asked)
	w.knowing(embassy2)
	w.agencies[embassy].admitted(w.agencies[embassy].say(&events.ReferralDeclined{Said: now(), Reason: "need-not-served"}, linked.id, asked.ID))
	w.agencies[embassy2].has(asked)
	w.knowing(embassy, linked)
	w.knowing(embassy2, linked)
	w.check()
}

func TestALinkAndAsylumInOneBatch(t *testing.T) {
	w := newWorldOf(t, missions)
	s := w.agencies[social]
	own, linked := w.own(social, ""), w.own(social, events.LinkConsular)
	w.stop()
	linking := own.link(social, linked)
	sought := s.say(&events.AsylumSought{Said: now()}, own.id, "")
	again := own.link(social, opened{w, w.newCase()})
	w.start()
	s.admitted(linking)
	s.admitted(sought)
	s.refused(again, mou.RuleAsylumSought) // social services heard of it, so they are told
	if got := linked.hubSaid(); got["consular.allowed"] != 1 || got["consular.barred"] != 1 {
		t.Errorf("the hub said %v in the linked case", got)
	}
	w.check()
}
