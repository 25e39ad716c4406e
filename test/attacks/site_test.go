package attacks

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// site is an agency that runs no code of ours but the codec: it says what it
// likes, and verifies all that it is given.
type site struct {
	*arena

	t       *testing.T
	id      events.AgencyID
	signing seal.SigningKey
	link    *exchange.Site

	neighbour *site // another agency of these tests, which does nothing wrong

	mu       sync.Mutex
	listed   map[events.AgencyID]events.Listing // what the hub itself told this site of the directory: the newest
	keys     map[events.KeyID]events.PublicKey  // of all that were ever listed
	wrong    []error                            // deliveries that cannot be believed
	next     events.Sequence
	said     map[string]events.Event // by signature
	got      []got                   // by delivery number, from 1
	repeated []got
	later    map[uint64]got
	controls []events.Event
	asked    bool
}

type got struct {
	tlog.Delivery

	header string
	entry  tlog.Entry
	event  *events.Event // nil for what carries none
	body   string        // all that came: headers, opening, data
}

// enter connects with the keys in an agency's folder.
func (a *arena) enter(t *testing.T, id events.AgencyID) *site {
	t.Helper()
	folder := a.hub.At.Agency(id)
	s := &site{arena: a, t: t, id: id, next: 1, said: map[string]events.Event{}, later: map[uint64]got{}, listed: map[events.AgencyID]events.Listing{}, keys: map[events.KeyID]events.PublicKey{}}
	var err error
	if id != mission { // an agency compares genesis out of band, and a mission has none
		must(t, s.lists(a.founded.Agencies...))
	}
	s.signing, err = seal.LoadSigningKey(filepath.Join(folder, "signing.pem"))
	must(t, err)
	s.link, err = exchange.ConnectSite(t.Context(), exchange.SiteConfig{
		URL: a.file.Broker, CredsFile: filepath.Join(folder, "nats.creds"), Hub: a.file.Hub, Agency: id,
	})
	must(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = s.link.Receive(ctx, s.take) })
	voice := &site{arena: a, t: t, id: id} // of the background: the attacks change the test that s belongs to
	running.Go(func() { s.report(ctx, voice) })
	t.Cleanup(func() {
		cancel()
		s.link.Close()
		running.Wait()
		for _, err := range s.wrong {
			t.Errorf("%s cannot believe a delivery: %v", id, err)
		}
	})
	s.settles(t)
	return s
}

// during has sites speak for a test, and for the one before again when it ends.
func during(t *testing.T, sites ...*site) {
	t.Helper()
	for _, s := range sites {
		outer := s.t
		s.t = t
		t.Cleanup(func() { s.t = outer })
	}
}

// settles waits until the site has all that the hub has for it.
func (s *site) settles(t testing.TB) {
	t.Helper()
	eventually(t, "everything reaches "+string(s.id), func() bool {
		return s.count() > 0 && uint64(s.count()) == s.doctor(t).Agencies[s.id].Assigned
	})
}

func (s *site) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.got)
}

// report tells the hub the position, at most once a second.
func (s *site) report(ctx context.Context, voice *site) {
	tick := time.NewTicker(1100 * time.Millisecond)
	defer tick.Stop()
	last := -1
	for ctx.Err() == nil {
		s.mu.Lock()
		at, asked := len(s.got), s.asked
		s.asked = false
		s.mu.Unlock()
		if at != last || asked {
			e := voice.draft(&events.InboxPosition{Position: uint64(at), Resume: last < 0}, "")
			signed, err := s.signing.Sign(e)
			if err == nil && s.link.Submit(ctx, exchange.Encode(signed)) == nil {
				last = at
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
}

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
			err = seal.Verify(e, s.founded.Signing)
		}
		s.controls = append(s.controls, e)
		s.asked = s.asked || e.Type == events.TypeControlHead
		return err
	}
	g, err := s.verify(header, m)
	switch {
	case err != nil:
		s.wrong = append(s.wrong, err)
	case g.Number <= uint64(len(s.got)):
		s.repeated = append(s.repeated, g)
	default:
		s.later[g.Number] = g
	}
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
	var of *events.Event
	switch d.Kind {
	case tlog.KindEvent:
		e, err := exchange.Decode(m)
		if err != nil {
			return got{}, err
		}
		key, err := s.keyOf(e)
		if err != nil {
			return got{}, err
		}
		if err := seal.Verify(e, key); err != nil {
			return got{}, err
		}
		of = &e
	case tlog.KindReceipt:
		entry, err := tlog.ParseEntry(d.EntryBytes)
		if err != nil {
			return got{}, err
		}
		e, mine := s.said[entry.Attribute("dssematerial")]
		if !mine {
			return got{}, errors.New("a receipt of something never said")
		}
		of = &e
	case tlog.KindRefusal, tlog.KindTombstone:
	}
	v := s.verifier
	v.Recipient = s.id
	g := got{Delivery: d, header: header, event: of, body: fmt.Sprint(m.Header, string(d.EntryBytes), string(m.Data))}
	if g.entry, err = v.Verify(d, of); err != nil {
		return got{}, err
	}
	return g, s.learn(of)
}

// learn keeps what the hub says of the directory: all that a site knows of others.
func (s *site) learn(e *events.Event) error {
	if e == nil || !strings.HasPrefix(e.Type.Name(), "directory.") {
		return nil
	}
	payload, err := events.Decode(e.Type, e.Data)
	if err != nil {
		return err
	}
	switch p := payload.(type) {
	case *events.DirectoryFounded:
		return s.lists(p.Agencies...)
	case *events.DirectoryListed:
		return s.lists(p.Agencies...)
	case *events.DirectoryJoined:
		return s.lists(p.Listing)
	case *events.DirectoryKeyed:
		return s.lists(p.Listing)
	}
	return nil
}

func (s *site) lists(all ...events.Listing) error {
	for _, l := range all {
		id, err := seal.SigningKeyID(l.Signing)
		if err != nil {
			return err
		}
		s.listed[l.Agency], s.keys[id] = l, l.Signing
	}
	return nil
}

// keyOf is the hub's own key, or the one that an event names, if the site was
// told that it is, or was, somebody's.
func (s *site) keyOf(e events.Event) (events.PublicKey, error) {
	if e.Agency() == events.HubAgency {
		return s.founded.Signing, nil
	}
	id, err := seal.KeyOf(e)
	if err != nil {
		return "", err
	}
	key, known := s.keys[id]
	if !known {
		return "", errors.New("nobody told this site of the key")
	}
	return key, nil
}

// answerTo submits a message and gives the delivery that follows, which is its
// answer: nobody else speaks to this agency in these tests.
func (s *site) answerTo(m exchange.Message) got {
	s.t.Helper()
	before := s.count()
	must(s.t, s.link.Submit(s.t.Context(), m))
	eventually(s.t, "an answer to "+string(s.id), func() bool { return s.count() > before })
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.got[before]
}

// refuses submits a message and checks that it is refused by a rule, recorded,
// told to its sender and to nobody else, and that the hub is well.
func (s *site) refuses(rule events.Rule, m exchange.Message) got {
	s.t.Helper()
	before := s.doctor(s.t)
	g := s.answerTo(m)
	if g.Kind != tlog.KindRefusal || g.entry.Rule != rule {
		s.t.Errorf("it was answered %s %s (%s), want refused %s", g.Kind, g.entry.Rule, g.Reason, rule)
	}
	if len(g.entry.Attributes) != 0 {
		s.t.Errorf("the entry keeps %v of what was refused", g.entry.Attributes)
	}
	s.onlyTo(s.t, before, s.id)
	s.healthy(s.t)
	return g
}

// says says something that will be judged, and gives the hub's answer to exactly
// it, whatever else reaches the site meanwhile.
func (s *site) says(e events.Event) got {
	s.t.Helper()
	must(s.t, s.link.Submit(s.t.Context(), exchange.Encode(s.sign(e))))
	var answer got
	eventually(s.t, "an answer to "+string(s.id), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		i := slices.IndexFunc(s.got, func(g got) bool {
			return g.Kind == tlog.KindReceipt && g.entry.Attribute("id") == string(e.ID) || g.Kind == tlog.KindRefusal && g.ID == e.ID
		})
		if i >= 0 {
			answer = s.got[i]
		}
		return i >= 0
	})
	s.next++
	return answer
}

// admits says something and checks that it is admitted.
func (s *site) admits(e events.Event) got {
	s.t.Helper()
	g := s.says(e)
	if g.Kind != tlog.KindReceipt {
		s.t.Fatalf("%s was answered %s %s (%s)", e.Type.Name(), g.Kind, g.entry.Rule, g.Reason)
	}
	return g
}

// denied says something and checks that it is refused, by a rule if one is
// named, in words that name no other agency, and that nobody else is sent anything.
func (s *site) denied(rule events.Rule, e events.Event) got {
	s.t.Helper()
	before := s.doctor(s.t)
	g := s.says(e)
	if g.Kind != tlog.KindRefusal || rule != "" && g.entry.Rule != rule {
		s.t.Errorf("%s: %s was answered %s %s (%s), want refused %s", s.id, e.Type.Name(), g.Kind, g.entry.Rule, g.Reason, rule)
	}
	for id := range before.Agencies {
		if id != s.id && strings.Contains(g.Reason+string(g.EntryBytes), string(id)) {
			s.t.Errorf("%s: the refusal of %s names %s", s.id, e.Type.Name(), id)
		}
	}
	s.onlyTo(s.t, before, s.id)
	s.healthy(s.t)
	return g
}

// since gives what reached the site after a number of deliveries, once all has.
func (s *site) since(before int) []got {
	s.t.Helper()
	s.settles(s.t)
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.got[before:])
}

// names lists what deliveries are about: the types of events, the kinds of all else.
func names(of []got) []string {
	var all []string
	for _, g := range of {
		if g.event == nil || g.Kind != tlog.KindEvent {
			all = append(all, string(g.Kind))
			continue
		}
		all = append(all, g.event.Type.Name())
	}
	return all
}

// hears checks that exactly these reached the site after a number of deliveries.
func (s *site) hears(before int, want ...string) []got {
	s.t.Helper()
	heard := s.since(before)
	if got := names(heard); !slices.Equal(got, want) {
		s.t.Errorf("%s was sent %v, want %v", s.id, got, want)
	}
	return heard
}

// flip changes one bit of a text, to spoil what is signed over it.
func flip(text []byte) []byte {
	spoilt := append([]byte(nil), text...)
	spoilt[len(spoilt)/2] ^= 1
	return spoilt
}

// stranger is a key that no directory lists.
func stranger(t *testing.T) seal.SigningKey {
	t.Helper()
	key, err := seal.NewSigningKey(constant{})
	must(t, err)
	return key
}

// constant is bad randomness, so that a stranger's key is always the same.
type constant struct{}

func (constant) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(ed25519.SeedSize)
	}
	return len(p), nil
}
