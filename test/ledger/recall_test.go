package ledger

import (
	"bytes"
	"path/filepath"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// onTheWay has a shelter that hears nothing accept, so that its record is
// released and has not arrived.
func (w *world) onTheWay() (c opened, referral events.ReferralID, record events.Event) {
	w.t.Helper()
	c = w.open()
	p, one := w.agencies[police], w.agencies[shelter]
	referral, records := c.ask(shelter)
	one.has(p.said[referral])
	w.settled()
	one.setDeaf(true)
	one.say(&events.ReferralAccepted{Said: now()}, c.id, referral)
	c.hubEvent(p, events.TypeRecordReleased)
	w.eventually("the broker holds the released record", func() bool { return len(w.copies(records[shelter])) > 0 })
	return c, referral, records[shelter]
}

// copies are what the broker holds of a record on its way to the shelter.
func (w *world) copies(record events.Event) (all []*jetstream.RawStreamMsg) {
	w.t.Helper()
	w.asHub(func(js jetstream.JetStream) {
		stream, err := js.Stream(w.t.Context(), "OUT")
		w.must(err)
		info, err := stream.Info(w.t.Context())
		w.must(err)
		for n := info.State.FirstSeq; n <= info.State.LastSeq; n++ {
			if m, err := stream.GetMsg(w.t.Context(), n); err == nil && bytes.Equal(m.Data, record.Data) {
				all = append(all, m)
			}
		}
	})
	return all
}

func (w *world) asHub(do func(jetstream.JetStream)) {
	w.t.Helper()
	conn, err := nats.Connect(w.broker.ClientURL(), nats.UserCredentials(filepath.Join(w.dir, "hub.creds")))
	w.must(err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	w.must(err)
	do(js)
}

// recalled checks that a record on its way is gone from the hub and that the
// shelter, when it hears again, gets a tombstone and may answer.
func (c opened) recalled(referral events.ReferralID, record events.Event, reason events.ErasureReason) {
	c.t.Helper()
	p, one := c.agencies[police], c.agencies[shelter]
	erased := payloadOf[*events.RecordErased](c.world, c.hubEvent(p, events.TypeRecordErased).event)
	if erased.Record != record.ID || erased.Reason != reason {
		c.t.Errorf("erased %+v, want the released record because of %s", erased, reason)
	}
	sealed := c.entryOf(record)
	if n := c.count("SELECT count(*) FROM payload WHERE number = $1", sealed); n != 0 {
		c.t.Error("the ciphertext of the recalled record is still stored")
	}
	c.eventually("the broker's copy is destroyed", func() bool { return len(c.copies(record)) == 0 })
	one.setDeaf(false)
	c.hubEvent(one, events.TypeRecordErased)
	one.mu.Lock()
	at := slices.IndexFunc(one.got, func(g got) bool { return g.Entry == uint64(sealed) })
	g := one.got[at]
	one.mu.Unlock()
	if g.Kind != tlog.KindTombstone || g.Reason != tlog.TombstoneWithdrawn {
		c.t.Errorf("in place of the record the shelter got a delivery of kind %s, reason %q", g.Kind, g.Reason)
	}
	if n := c.count("SELECT count(*) FROM deadline WHERE rule = $1 AND agency = $2 AND state = 'pending'", string(mou.ClockErasure), string(shelter)); n != 1 {
		c.t.Errorf("%d erasure answers are asked of the shelter, want one: it may have stored the record an instant before", n)
	}
	one.admitted(one.say(&events.ErasureConfirmed{Said: now(), Answer: events.Erased}, c.id, referral))
	c.check()
}

func TestARecordOnItsWayBecomesATombstone(t *testing.T) {
	for name, end := range map[string]struct {
		by     events.AgencyID
		says   events.Payload
		reason events.ErasureReason
	}{
		"the person withdraws":          {police, &events.ConsentWithdrawn{Recipient: events.Recipient{Class: events.Shelter}}, events.ErasedNoConsent},
		"the police withdraw":           {police, &events.ReferralWithdrawn{Reason: "person-declined"}, events.ErasedWithdrawn},
		"the shelter could not fetch":   {shelter, &events.HandoverFailed{Reason: "not-reached"}, events.ErasedWithdrawn},
		"withdrawn after the hand-over": {police, nil, events.ErasedNoConsent},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			c, referral, record := w.onTheWay()
			one := w.agencies[shelter]
			switch says := end.says.(type) {
			case nil:
				one.say(&events.HandoverCompleted{Said: now()}, c.id, referral)
				c.hubSettles(one)
				w.agencies[police].say(&events.ConsentWithdrawn{Said: now(), Recipient: events.Recipient{Agency: shelter}}, c.id, "")
			case *events.ConsentWithdrawn:
				says.Said = now()
				w.agencies[end.by].say(says, c.id, "")
			case *events.ReferralWithdrawn:
				says.Said = now()
				w.agencies[end.by].say(says, c.id, referral)
			case *events.HandoverFailed:
				says.Said = now()
				w.agencies[end.by].say(says, c.id, referral)
			}
			c.recalled(referral, record, end.reason)
		})
	}
}

// hubSettles waits until all that a site said is judged.
func (c opened) hubSettles(s *site) {
	c.t.Helper()
	c.eventually("everything is judged", func() bool {
		return c.count("SELECT next FROM signer WHERE agency = $1", string(s.id)) == int64(s.next)
	})
}

func TestARecordOnItsWayWhoseConsentRunsOutBecomesATombstone(t *testing.T) {
	var ahead atomic.Int64
	w := newWorld(t, func(c *ledger.Config) {
		c.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	})
	c, referral, record := w.onTheWay()
	ahead.Store(int64(241 * time.Hour))
	c.recalled(referral, record, events.ErasedNoConsent)
}

func TestAReleaseAndAWithdrawalInOneBatch(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	p, one := w.agencies[police], w.agencies[shelter]
	referral, records := c.ask(shelter)
	one.has(p.said[referral])
	w.settled()
	one.setDeaf(true)
	w.stop()
	one.say(&events.ReferralAccepted{Said: now()}, c.id, referral)
	p.say(&events.ReferralWithdrawn{Said: now(), Reason: "person-declined"}, c.id, referral)
	w.start()
	c.recalled(referral, records[shelter], events.ErasedWithdrawn)
}

func TestARecordThatTheShelterHasStoredIsNotRecalled(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	p, one := w.agencies[police], w.agencies[shelter]
	referral, records := c.ask(shelter)
	one.has(p.said[referral])
	one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
	one.has(records[shelter])
	c.hubEvent(one, events.TypeRecordReleased)
	w.eventually("the shelter has said so", func() bool {
		return w.count("SELECT number FROM position WHERE agency = $1", string(shelter)) == int64(one.position())
	})
	p.admitted(p.say(&events.ReferralWithdrawn{Said: now(), Reason: "person-declined"}, c.id, referral))
	w.settled()
	if n := w.count("SELECT count(*) FROM erasure"); n != 0 {
		t.Error("a record that its recipient holds was recalled")
	}
	one.admitted(one.say(&events.ErasureConfirmed{Said: now(), Answer: events.Erased}, c.id, referral))
	w.check()
}

// The ledger died between its commit and the broker: its successor destroys the copy.
func TestACopyThatOutlivedTheLedgerIsDestroyedByTheNext(t *testing.T) {
	w := newWorld(t)
	c, referral, record := w.onTheWay()
	left := w.copies(record)[0]
	w.agencies[police].say(&events.ReferralWithdrawn{Said: now(), Reason: "person-declined"}, c.id, referral)
	w.eventually("the broker's copy is destroyed", func() bool { return len(w.copies(record)) == 0 })
	w.stop()
	w.asHub(func(js jetstream.JetStream) {
		_, err := js.PublishMsg(t.Context(), &nats.Msg{Subject: left.Subject, Header: left.Header, Data: left.Data})
		w.must(err)
	})
	if len(w.copies(record)) != 1 {
		t.Fatal("the test did not leave a copy")
	}
	w.start()
	c.recalled(referral, record, events.ErasedWithdrawn)
}

func TestOneWithdrawalThatEndsTwoReferralsAsksForTwoAnswers(t *testing.T) {
	w := newWorld(t)
	c := w.open()
	p, one := w.agencies[police], w.agencies[shelter]
	var referrals []events.ReferralID
	for range 2 {
		referral, records := c.ask(shelter)
		one.has(p.said[referral])
		one.admitted(one.say(&events.ReferralAccepted{Said: now()}, c.id, referral))
		one.has(records[shelter])
		referrals = append(referrals, referral)
	}
	p.admitted(p.say(&events.ConsentWithdrawn{Said: now(), Recipient: events.Recipient{Class: events.Shelter}}, c.id, ""))
	pending := func() int64 {
		return w.count("SELECT count(*) FROM deadline WHERE rule = $1 AND agency = $2 AND state = 'pending'", string(mou.ClockErasure), string(shelter))
	}
	if n := pending(); n != 2 {
		t.Errorf("%d erasure answers are asked of the shelter, want one for each referral", n)
	}
	one.admitted(one.say(&events.ErasureConfirmed{Said: now(), Answer: events.Erased}, c.id, referrals[0]))
	if n := pending(); n != 1 {
		t.Errorf("after one answer %d are pending, want the other", n)
	}
	w.check()
}
