package attacks

import (
	"errors"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
)

// TestAFloodDelaysNobodyElse has one agency fill all that it may. What others say
// is taken by the broker all the same, and is judged before the flood is through:
// counted in entries of the log, because a clock says little on a busy machine.
func TestAFloodDelaysNobodyElse(t *testing.T) {
	a := newArena(t, nil)
	s := a.enter(t, thief)
	others := []*site{a.enter(t, provider), a.enter(t, rival), a.enter(t, duty)}
	t.Run("of good events", func(t *testing.T) { s.floodsOthers(t, others, s.goodEvents) })
	t.Run("of events that nobody signed", func(t *testing.T) {
		s.floodsOthers(t, others, func(int) exchange.Message { return exchange.Message{Data: []byte(uuid(t))} })
	})
	t.Run("of the largest messages", func(t *testing.T) { s.largest(t, others[0]) })
	t.Run("of connections", func(t *testing.T) { s.connections(t, others[0]) })
	t.Run("of subscriptions", func(t *testing.T) { s.subscriptions(t, others[0]) })
	t.Run("of one control message again and again", func(t *testing.T) { s.positions(t, others[0]) })
}

// goodEvents are rightly signed, in order.
func (s *site) goodEvents(i int) exchange.Message {
	e := s.opening()
	e.Sequence = (s.next + events.Sequence(i)).String()
	return exchange.Encode(s.sign(e))
}

// floodsOthers fills the thief's quota while the ledger sleeps, then has others
// speak, and looks at the order in which the ledger took all of it.
func (s *site) floodsOthers(t *testing.T, others []*site, flood func(int) exchange.Message) {
	during(t, append(others, s)...)
	before, first := s.count(), s.doctor(t).Size
	ledger := s.hub.Process(local.ServiceLedger)
	must(t, ledger.Signal(syscall.SIGSTOP))
	waiting := 0
	for {
		err := s.link.Submit(t.Context(), flood(waiting))
		if errors.Is(err, exchange.ErrQuota) {
			break
		}
		must(t, err)
		if waiting++; waiting > 4096 {
			t.Fatal("there is no quota")
		}
	}
	var said []events.Event
	for _, other := range others { // the flood's quota is not theirs
		e := other.sign(other.opening())
		said = append(said, e)
		must(t, other.link.Submit(t.Context(), exchange.Encode(e)))
	}
	must(t, ledger.Signal(syscall.SIGCONT))
	for i, other := range others {
		number := other.entryOf(said[i].ID)
		if ahead := number - first; ahead > uint64(waiting+i) {
			t.Errorf("%s waited behind %d entries, and the flood was of %d", other.id, ahead, waiting)
		}
		other.next++
	}
	eventually(t, "every message of the flood is answered", func() bool { return s.count() >= before+waiting })
	s.mu.Lock()
	for _, g := range s.got[before:] {
		if g.Kind == tlog.KindReceipt {
			s.next++
		}
	}
	s.mu.Unlock()
	if waiting < 256 || waiting > 1024 {
		t.Errorf("%d messages could wait", waiting)
	}
	s.admits(s.opening())
	s.healthy(t)
}

// entryOf waits for the receipt of an event and gives its number in the log.
func (s *site) entryOf(id events.EventID) (number uint64) {
	s.t.Helper()
	eventually(s.t, "a receipt for "+string(s.id), func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, g := range s.got {
			if g.Kind == tlog.KindReceipt && g.entry.Attribute("id") == string(id) {
				number = g.Entry
				return true
			}
		}
		return false
	})
	return number
}

// largest: messages as large as the broker takes, and larger.
func (s *site) largest(t *testing.T, other *site) {
	during(t, s, other)
	before := s.count()
	conn := s.dial(t, filepath.Join(s.hub.At.Agency(thief), "nats.creds"))
	for range 24 {
		must(t, conn.Publish("in."+string(s.id), append([]byte(uuid(t)), make([]byte, 760<<10)...)))
	}
	must(t, conn.Flush())
	e := other.sign(other.opening())
	must(t, other.link.Submit(t.Context(), exchange.Encode(e)))
	other.entryOf(e.ID)
	other.next++
	eventually(t, "the large messages are answered", func() bool { return s.count() >= before+24 })
	_ = conn.Publish("in."+string(s.id), make([]byte, 1<<20)) // whatever becomes of the connection
	_ = conn.Flush()
	s.admits(s.opening())
	s.healthy(t)
}

// connections: an agency has so many, and others have theirs.
func (s *site) connections(t *testing.T, other *site) {
	during(t, s, other)
	creds := filepath.Join(s.hub.At.Agency(thief), "nats.creds")
	refused := 0
	for range 64 {
		conn, err := nats.Connect(s.file.Broker, nats.UserCredentials(creds), nats.NoReconnect())
		if err != nil {
			refused++
			continue
		}
		t.Cleanup(conn.Close)
	}
	if refused < 32 {
		t.Errorf("of 64 connections more only %d were refused", refused)
	}
	s.dial(t, filepath.Join(s.hub.At.Agency(provider), "nats.creds"))
	other.admits(other.opening())
	s.healthy(t)
}

// subscriptions: a connection has so many.
func (s *site) subscriptions(t *testing.T, other *site) {
	during(t, s, other)
	failed := make(chan error, 4096)
	conn, err := nats.Connect(s.file.Broker, nats.UserCredentials(filepath.Join(s.hub.At.Agency(thief), "nats.creds")), nats.NoReconnect(),
		nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) {
			select {
			case failed <- err:
			default:
			}
		}))
	must(t, err)
	t.Cleanup(conn.Close)
	for range 3000 {
		if _, err := conn.Subscribe(nats.NewInbox(), func(*nats.Msg) {}); err != nil {
			break
		}
	}
	_ = conn.FlushTimeout(time.Second)
	eventually(t, "the broker ends the subscriptions", func() bool { return len(failed) > 0 || conn.IsClosed() })
	other.admits(other.opening())
	s.healthy(t)
}

// positions: a control message is never logged, and only the newest counts.
func (s *site) positions(t *testing.T, other *site) {
	during(t, s, other)
	size := s.doctor(t).Size
	for range 500 {
		e, err := s.signing.Sign(s.draft(&events.InboxPosition{Position: uint64(s.count())}, ""))
		must(t, err)
		must(t, s.link.Submit(t.Context(), exchange.Encode(e)))
	}
	if now := s.doctor(t).Size; now != size {
		t.Errorf("%d entries were made of control messages", now-size)
	}
	other.admits(other.opening())
	s.admits(s.opening())
	s.healthy(t)
}
