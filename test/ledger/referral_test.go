package ledger

import (
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// opened is a case that is ready for a referral.
type opened struct {
	*world
	id events.CaseID
}

// open has the police meet an adult, who agrees that any shelter may be asked.
func (w *world) open() opened {
	w.t.Helper()
	c := opened{w, w.newCase()}
	p := w.agencies[police]
	p.say(&events.CaseOpened{Said: now(), Age: events.Adult}, c.id, "")
	p.say(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, c.id, "")
	p.admitted(p.say(consent(events.Recipient{Class: events.Shelter}), c.id, ""))
	return c
}

func consent(to events.Recipient) *events.ConsentGiven {
	return &events.ConsentGiven{
		Said: now(), Recipient: to, Purpose: events.PurposeAccommodation, Sections: sections,
		Expires: events.At(time.Now().Add(240 * time.Hour)), By: events.ByPerson, Capacity: events.Clear,
		Language: "eng", Interpreter: events.NoInterpreter, Present: events.Set[events.Present]{"person-alone"},
	}
}

var sections = events.Set[events.Section]{events.SectionIdentity, events.SectionContact, events.SectionNeeds}

func request(to ...events.AgencyID) *events.ReferralRequested {
	return &events.ReferralRequested{
		Said: now(), To: to, Purpose: events.PurposeAccommodation, Sections: sections,
		Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: events.Standard, Age: events.Adult,
	}
}

// ask refers the person to shelters and seals the identity for each.
func (c opened) ask(to ...events.AgencyID) (events.ReferralID, map[events.AgencyID]events.Event) {
	c.t.Helper()
	p := c.agencies[police]
	r := p.say(request(to...), c.id, "")
	p.admitted(r)
	records := map[events.AgencyID]events.Event{}
	for _, id := range to {
		records[id] = p.seal(c.agencies[id], c.id, r.ID, events.SectionIdentity, events.PurposeAccommodation)
	}
	for _, e := range records {
		p.admitted(e)
	}
	return r.ID, records
}

func TestRecordsAreReleasedToTheShelterThatAcceptsAndErasedForTheOther(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	p, one, two := w.agencies[police], w.agencies[shelter], w.agencies[shelter2]
	referral, records := c.ask(shelter, shelter2)
	defer w.check()
	for _, s := range []*site{one, two} {
		s.has(p.said[referral])
		if _, early := s.find(records[s.id].ID); early {
			t.Fatalf("%s got its record before it accepted", s.id)
		}
	}
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))

	record := one.has(records[shelter])
	if _, err := one.sealing.Open(record.event.Data, record.event.PlainCommit); err != nil {
		t.Errorf("the accepted shelter cannot open its record: %v", err)
	}
	released := c.hubEvent(one, events.TypeRecordReleased)
	if released.event.CausationID == released.event.ID || released.event.CorrelationID != referral {
		t.Error("record.released does not name its cause and its referral")
	}
	c.hubEvent(p, events.TypeRecordReleased)
	erased := c.hubEvent(p, events.TypeRecordErased)
	if got := payloadOf[*events.RecordErased](w, erased.event); got.Record != records[shelter2].ID || got.Reason != events.ErasedNotChosen {
		t.Errorf("erased %+v, want the record of the shelter that was not chosen", got)
	}
	w.settled()
	if got := two.types(); slices.ContainsFunc(got, func(s string) bool {
		return s == "event record.sealed" || s == "event record.released" || s == "event record.erased"
	}) {
		t.Errorf("the shelter that was not chosen got %v", got)
	}
	if n := w.count("SELECT count(*) FROM payload p JOIN submission s ON s.number = p.number WHERE s.id = $1::text::uuid", string(records[shelter2].ID)); n != 0 {
		t.Error("the ciphertext of the erased record is still stored")
	}
	if n := w.count("SELECT count(*) FROM erasure"); n != 1 {
		t.Errorf("%d erasures are noted, want 1", n)
	}
}

func TestANewParticipantFirstGetsWhatWentBefore(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	before := w.agencies[shelter].position()
	if before != 1 {
		t.Fatalf("a shelter that nobody asked has %d deliveries, want genesis only", before)
	}
	referral, _ := c.ask(shelter)
	one := w.agencies[shelter]
	one.has(w.agencies[police].said[referral])
	want := []string{"event directory.founded", "event case.opened", "event rights.informed", "event referral.requested"}
	if got := one.types(); !slices.Equal(got, want) {
		t.Errorf("the shelter got\n%v, want\n%v", got, want)
	}
	for i, g := range one.got[1:] {
		if g.Number != uint64(i+2) || i > 0 && g.Entry <= one.got[i].Entry {
			t.Errorf("delivery %d carries entry %d: numbers contiguous, entries in order", g.Number, g.Entry)
		}
	}
}

func TestWithdrawalErasesWhatWaitsAndStopsAnAnswer(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	p, one := w.agencies[police], w.agencies[shelter]
	referral, records := c.ask(shelter)
	one.has(p.said[referral])
	p.admitted(p.say(&events.ConsentWithdrawn{Said: now(), Recipient: events.Recipient{Class: events.Shelter}}, c.id, ""))
	erased := c.hubEvent(p, events.TypeRecordErased)
	if got := payloadOf[*events.RecordErased](w, erased.event); got.Record != records[shelter].ID || got.Reason != events.ErasedNoConsent {
		t.Errorf("erased %+v, want the held record because consent ended", got)
	}
	answer := one.answer(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	if answer.Kind != tlog.KindRefusal {
		t.Error("an answer after the withdrawal was admitted")
	}
	w.settled()
	if _, got := one.find(records[shelter].ID); got {
		t.Error("the record reached the shelter")
	}
}

func TestAConsentThatRunsOutErasesWhatWaits(t *testing.T) {
	var ahead atomic.Int64
	w := newWorld(t, func(c *ledger.Config) {
		c.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	c := w.open()
	p := w.agencies[police]
	_, records := c.ask(shelter)
	ahead.Store(int64(241 * time.Hour))
	erased := c.hubEvent(p, events.TypeRecordErased)
	if got := payloadOf[*events.RecordErased](w, erased.event); got.Record != records[shelter].ID || got.Reason != events.ErasedNoConsent || erased.event.CausationID != erased.event.ID {
		t.Errorf("erased %+v, want the held record because consent ended, caused by nothing but itself", got)
	}
	w.check()
}

func TestAReleasedRecordErasedBeforeItArrivedLeavesATombstone(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	p, one := w.agencies[police], w.agencies[shelter]
	referral, records := c.ask(shelter)
	one.has(p.said[referral])
	one.mu.Lock()
	one.deaf = true
	one.mu.Unlock()
	one.say(&events.ReferralAccepted{Said: now()}, c.id, referral)
	c.hubEvent(p, events.TypeRecordReleased)
	// The ciphertext is destroyed, by whoever can, while the shelter is deaf; then the broker forgets all.
	sealed := w.entryOf(records[shelter])
	admin := as(t, w.database, "")
	for _, statement := range []string{"SET session_replication_role = replica", fmt.Sprint("DELETE FROM payload WHERE number = ", sealed)} { // no trigger
		_, err := admin.Exec(t.Context(), statement)
		w.must(err)
	}
	time.Sleep(6 * time.Second) // what it committed a moment ago the ledger still has in memory
	w.wipeBroker()
	one.mu.Lock()
	one.deaf = false
	one.mu.Unlock()
	w.eventually("a tombstone stands where the record stood", func() bool {
		one.mu.Lock()
		defer one.mu.Unlock()
		return slices.ContainsFunc(one.got, func(g got) bool {
			return g.Kind == tlog.KindTombstone && g.Entry == uint64(sealed) && g.Reason == tlog.TombstoneErased
		})
	})
}

func TestARecordSealedToAnotherKeyIsRefused(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	p := w.agencies[police]
	referral, _ := c.ask(shelter)
	e := p.sealed(w.agencies[shelter], c.id, referral, events.SectionNeeds, events.PurposeAccommodation)
	header, err := seal.ParseRecord(e.Data)
	w.must(err)
	e.Data, e.PlainCommit, err = seal.Seal(w.agencies[shelter2].sealing.Public(), header, []byte(`{"invented":"x"}`), zeroes{})
	w.must(err)
	p.refused(p.submit(p.sign(e)), events.RuleRecordHeader)
}

// zeroes is a source of salt that nobody should use.
type zeroes struct{}

func (zeroes) Read(b []byte) (int, error) { clear(b); return len(b), nil }

// hubEvent waits for one of the hub's own events of a type about the case.
func (c opened) hubEvent(s *site, t events.Type) got {
	c.t.Helper()
	var found got
	c.eventually(t.Name()+" reaches "+string(s.id), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		at := slices.IndexFunc(s.got, func(g got) bool { return g.event.Type == t && g.event.Case() == c.id })
		if at >= 0 {
			found = s.got[at]
		}
		return at >= 0
	})
	return found
}

func payloadOf[P events.Payload](w *world, e events.Event) P {
	w.t.Helper()
	p, err := events.Decode(e.Type, e.Data)
	w.must(err)
	typed, ok := p.(P)
	if !ok {
		w.t.Fatalf("%s carries a %T", e.Type, p)
	}
	return typed
}

// settled waits until every agency has stored all that is assigned to it.
func (w *world) settled() {
	w.t.Helper()
	for _, s := range w.agencies {
		if s.link == nil || s.away {
			continue
		}
		w.eventually("everything reaches "+string(s.id), func() bool {
			return int64(s.position()) == w.count("SELECT coalesce(max(number), 0) FROM delivery WHERE recipient = $1", string(s.id))
		})
	}
}

func (w *world) count(query string, args ...any) int64 {
	w.t.Helper()
	var n int64
	if w.db == nil {
		w.db = as(w.t, w.database, "handrail_owner")
	}
	if err := w.db.QueryRow(w.t.Context(), query, args...).Scan(&n); err != nil {
		w.t.Fatal(err)
	}
	return n
}

func (w *world) entryOf(e events.Event) int64 {
	w.t.Helper()
	return w.count("SELECT number FROM submission WHERE id = $1::text::uuid", string(e.ID))
}
