package ledger

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"sync"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// site is a third-party agency: keys, a connection, and a memory of what it said
// and was given. It verifies everything that it gets.
type site struct {
	w        *world
	id       events.AgencyID
	kind     events.AgencyKind
	signing  seal.SigningKey
	sealing  seal.SealingKey
	witness  tlog.WitnessKey // zero for a kind that does not witness
	verifier string          // of witness, as the listing has it
	link     *exchange.Site
	hangup   context.CancelFunc
	away     bool // suspended or revoked: nothing reaches it

	keys sync.RWMutex      // of signing and past: what others verify with
	past []seal.SigningKey // earlier keys

	mu       sync.Mutex
	next     events.Sequence
	said     map[events.EventID]events.Event
	got      []got // by delivery number, contiguous from 1
	repeated []got // what came again
	later    map[uint64]got
	controls []events.Event
	lastWord time.Time // time of the last position
	deaf     bool      // stores nothing
	asked    bool      // the hub announced its head: answer with the position
	watch    *watch    // nil: it answers no offer of a checkpoint
	wary     bool      // expects lies: what it cannot believe is kept in doubts, and fails no test
	doubts   []error
}

// got is one verified delivery.
type got struct {
	tlog.Delivery
	header string
	entry  tlog.Entry
	event  events.Event
	at     time.Time
}

func (w *world) newSite(id events.AgencyID, kind events.AgencyKind) events.Listing {
	signing, err := seal.NewSigningKey(rand.Reader)
	w.must(err)
	sealing, err := seal.NewSealingKey(rand.Reader)
	w.must(err)
	secret, witness := w.witness(id, kind)
	w.agencies[id] = &site{w: w, id: id, kind: kind, witness: secret, verifier: witness, signing: signing, sealing: sealing, next: 1, said: map[events.EventID]events.Event{}, later: map[uint64]got{}}
	w.known.Store(id, w.agencies[id])
	return seal.NewListing(id, kind, signing, sealing, witness, hubID.Origin())
}

// witness makes the key with which an agency cosigns, and says what its listing
// says of it; both are empty for the kinds that do not witness.
func (w *world) witness(id events.AgencyID, kind events.AgencyKind) (secret tlog.WitnessKey, verifier string) {
	if kind == events.Auditor || kind == events.ForeignMission {
		return tlog.WitnessKey{}, ""
	}
	text, verifier, err := tlog.NewWitnessKey(hubID.Origin(), id, rand.Reader)
	w.must(err)
	secret, err = tlog.ParseWitnessKey(text)
	w.must(err)
	return secret, verifier
}

// connect joins the exchange and begins to receive, telling the hub its position.
func (s *site) connect() {
	link, err := exchange.ConnectSite(s.w.t.Context(), exchange.SiteConfig{
		URL: s.w.config.Exchange.URL, CredsFile: filepath.Join(s.w.dir, string(s.id)+".creds"), Hub: hubID, Agency: s.id,
	})
	s.w.must(err)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	s.link, s.hangup = link, func() { cancel(); running.Wait() }
	running.Go(func() { _ = link.Receive(ctx, s.take) })
	running.Go(func() { s.report(ctx) })
	s.w.t.Cleanup(func() {
		cancel()
		link.Close()
		running.Wait()
	})
}

// report tells the position at the start, at every reconnect and every second when it changed.
func (s *site) report(ctx context.Context) {
	var last uint64
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	resume := true
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.link.Reconnected():
			resume = true
		case <-tick.C:
			s.mu.Lock()
			asked := s.asked
			s.asked = false
			s.mu.Unlock()
			if at := s.position(); at == last && !resume && !asked {
				continue
			}
		}
		at := s.position()
		if err := s.sayPosition(ctx, at, resume); err == nil {
			last, resume = at, false
		} else {
			last = ^uint64(0) // say it later, wherever the position is then
		}
	}
}

func (s *site) position() uint64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return uint64(len(s.got))
}

var errTooSoon = errors.New("at most one position a second counts")

func (s *site) sayPosition(ctx context.Context, at uint64, resume bool) error {
	now := time.Now()
	s.mu.Lock()
	soon := !events.At(now).Time().After(s.lastWord)
	if !soon {
		s.lastWord = events.At(now).Time() // before it is sent: of two words of one second the hub hears only one
	}
	s.mu.Unlock()
	if soon {
		return errTooSoon
	}
	e := s.draft(&events.InboxPosition{Position: at, Resume: resume}, "", "")
	e.Sequence, e.Time = "", events.At(now)
	signed, err := s.key().Sign(e)
	if err != nil {
		return err
	}
	return s.link.Submit(ctx, exchange.Encode(signed))
}

// take verifies and stores one delivery. Numbers beyond the next are kept until
// the gap is closed; those stored already are kept apart.
func (s *site) take(_ context.Context, m exchange.Message) error {
	header, numbered, err := m.Delivery()
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !numbered {
		e, err := exchange.Decode(m)
		if err == nil {
			err = seal.Verify(e, s.w.founded.Signing)
		}
		s.controls = append(s.controls, e)
		s.asked = s.asked || e.Type == events.TypeControlHead
		if err == nil && e.Type == events.TypeControlOffered {
			err = s.judgeOffer(e)
		}
		return err
	}
	if s.deaf {
		return errors.New("not listening")
	}
	g, err := s.verify(header, m)
	if err != nil && s.wary {
		s.doubts = append(s.doubts, err)
		return nil
	}
	if err != nil {
		s.w.test().Errorf("%s cannot believe a delivery: %v", s.id, err)
		return nil
	}
	if g.Number <= uint64(len(s.got)) {
		s.repeated = append(s.repeated, g)
		return nil
	}
	s.later[g.Number] = g
	for next, ok := s.later[uint64(len(s.got))+1]; ok; next, ok = s.later[uint64(len(s.got))+1] {
		delete(s.later, next.Number)
		s.got = append(s.got, next)
	}
	return nil
}

func (s *site) verify(header string, m exchange.Message) (got, error) {
	d, err := tlog.ParseDelivery(header)
	if err != nil {
		return got{}, err
	}
	g := got{Delivery: d, header: header, at: time.Now()}
	var of *events.Event
	switch d.Kind {
	case tlog.KindEvent:
		if g.event, err = exchange.Decode(m); err != nil {
			return got{}, err
		}
		if err := seal.Verify(g.event, s.w.signerOf(g.event)); err != nil {
			return got{}, err
		}
		of = &g.event
	case tlog.KindReceipt:
		entry, err := tlog.ParseEntry(d.EntryBytes)
		if err != nil {
			return got{}, err
		}
		e, mine := s.said[events.EventID(entry.Attribute("id"))]
		if !mine {
			return got{}, fmt.Errorf("a receipt of something never said")
		}
		g.event, of = e, &g.event
	case tlog.KindRefusal:
		if e, known := s.said[d.ID]; known {
			g.event, of = e, &g.event
		}
	case tlog.KindTombstone:
	}
	v := s.w.verifier
	v.Recipient = s.id
	g.entry, err = v.Verify(d, of)
	return g, err
}

// signerOf is the key that an event names, if it is or was its agency's; whether it
// was in force by then is for the directory to say, see [world.checkFold].
func (w *world) signerOf(e events.Event) events.PublicKey {
	if e.Agency() == events.HubAgency {
		return w.founded.Signing
	}
	id, _ := seal.KeyOf(e)
	known, _ := w.known.Load(e.Agency())
	s := known.(*site)
	s.keys.RLock()
	defer s.keys.RUnlock()
	for _, key := range s.past {
		if key.ID() == id {
			return key.Public()
		}
	}
	return s.signing.Public()
}

// key signs what the site says now.
func (s *site) key() seal.SigningKey {
	s.keys.RLock()
	defer s.keys.RUnlock()
	return s.signing
}
