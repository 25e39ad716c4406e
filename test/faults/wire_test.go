package faults

import (
	"context"
	"io"
	"net"
	"sync"
	"testing"
)

// wire is all that one ledger has to do with Postgres and the broker: each of its
// messages passes here, and can be held, lost or followed by the ledger's death.
type wire struct {
	trap     *trap
	postgres net.Listener
	broker   net.Listener

	mu       sync.Mutex
	links    map[*link]bool
	after    bool // a batch was committed since the trap waits for what follows
	sent     int  // of its deliveries
	acked    int  // of its submissions
	conflict int  // batches that the primary key of the log kept out
}

// link is one connection of a ledger.
type link struct {
	wire   *wire
	near   net.Conn // the ledger's end
	far    net.Conn // the server's
	closed chan struct{}
	close  func()

	mu       sync.Mutex
	unheard  bool // the server's end is gone, and the ledger is not told
	lead     bool // it holds, or waits for, the right to sequence
	commits  bool // the answer to a batch is on its way
	swallows int  // answers to what the ledger did not ask
}

func newWire(t *testing.T, trap *trap, postgres, broker func() (net.Conn, error)) *wire {
	t.Helper()
	w := &wire{trap: trap, links: map[*link]bool{}}
	var running sync.WaitGroup
	listen := func(dial func() (net.Conn, error), up, down func(*link) error) net.Listener {
		listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		running.Go(func() {
			for {
				near, err := listener.Accept()
				if err != nil {
					return
				}
				running.Go(func() { w.carry(near, dial, up, down) })
			}
		})
		return listener
	}
	w.postgres = listen(postgres, (*link).toPostgres, (*link).fromPostgres)
	w.broker = listen(broker, (*link).toBroker, (*link).fromBroker)
	t.Cleanup(func() {
		_ = w.postgres.Close()
		_ = w.broker.Close()
		w.cut()
		running.Wait()
	})
	return w
}

// dialer connects to one of the servers that stand behind the wires.
func dialer(network, address string) func() (net.Conn, error) {
	return func() (net.Conn, error) { return new(net.Dialer).DialContext(context.Background(), network, address) }
}

// carry passes messages on until either end hangs up. Nobody behind it looks like
// a server that hangs up at once.
func (w *wire) carry(near net.Conn, dial func() (net.Conn, error), up, down func(*link) error) {
	far, err := dial()
	if err != nil {
		_ = near.Close()
		return
	}
	l := &link{wire: w, near: near, far: far, closed: make(chan struct{})}
	l.close = sync.OnceFunc(func() {
		close(l.closed)
		_ = near.Close()
		_ = far.Close()
	})
	w.mu.Lock()
	w.links[l] = true
	w.mu.Unlock()
	var both sync.WaitGroup
	both.Go(func() { _ = up(l); l.ends() })
	both.Go(func() { _ = down(l); l.ends() })
	both.Wait()
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.links, l)
}

// ends hangs up, unless the ledger shall not notice: then what it says is lost.
func (l *link) ends() {
	l.mu.Lock()
	unheard := l.unheard
	l.mu.Unlock()
	if unheard {
		_, _ = io.Copy(io.Discard, l.near)
		return
	}
	l.close()
}

// each does something with every connection.
func (w *wire) each(do func(*link)) {
	w.mu.Lock()
	var all []*link
	for l := range w.links {
		all = append(all, l)
	}
	w.mu.Unlock()
	for _, l := range all {
		do(l)
	}
}

// cut ends every connection, as the death of the ledger's machine does.
func (w *wire) cut() { w.each(func(l *link) { l.close() }) }

// partition ends the database's side of the connection that the ledger leads by,
// as a server does whose keepalives stay unanswered; the ledger hears nothing.
func (l *link) partition() {
	l.mu.Lock()
	l.unheard = true
	l.mu.Unlock()
	_ = l.far.Close()
}

// reset begins to count anew what follows a batch.
func (w *wire) reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.after, w.sent, w.acked = false, 0, 0
}

func (w *wire) conflicts() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.conflict
}
