package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/deploy/local"
	"handrail/services/ledger/audit"
	"handrail/test/hubtest"
)

// pair is two ledgers of one hub, of which one leads and the other stands by, as
// on two machines: each has a folder of its own, and a wire.
type pair struct {
	hub  *hub
	trap *trap
	both [2]*writer
}

// writer is one of the two.
type writer struct {
	name    string
	at      local.Layout
	address string // of its HTTP interface
	wire    *wire
	process *local.Process
	auditor *audit.Auditor
}

var socketOf = regexp.MustCompile(`host='([^']+)' port=\d+`)

// newPair puts two ledgers in the place of the hub's one. The first listens where
// that did.
func newPair(t *testing.T, h *hub) *pair {
	t.Helper()
	h.must(h.Kill(local.ServiceLedger))
	p := &pair{hub: h, trap: newTrap()}
	for i, name := range []string{"first", "second"} {
		address := h.directions.Ledger
		if i > 0 {
			port, err := local.FreePort(t.Context())
			h.must(err)
			address = fmt.Sprintf("127.0.0.1:%d", port)
		}
		p.both[i] = p.newWriter(t, name, address)
	}
	t.Cleanup(func() {
		for _, w := range p.both {
			if w.process != nil {
				_ = w.process.Signal(syscall.SIGCONT)
				h.must(p.kill(w))
			}
		}
	})
	h.reader = p.auditor
	h.must(p.start(t.Context(), p.both[0]))
	h.must(p.leads(t.Context(), p.both[0]))
	h.must(p.start(t.Context(), p.both[1]))
	h.must(p.stands(t.Context(), p.both[1]))
	return p
}

// newWriter lays a ledger's folder out: the hub's own keys, and addresses that
// lead through the wire.
func (p *pair) newWriter(t *testing.T, name, address string) *writer {
	t.Helper()
	h := p.hub
	settings, err := h.At.LedgerSettings()
	h.must(err)
	socket := socketOf.FindStringSubmatch(settings.Database)
	if socket == nil {
		t.Fatal("the private Postgres is not where a socket is")
	}
	w := &writer{name: name, at: local.Layout{Root: filepath.Join(h.At.Root, "ledgers", name)}, address: address}
	w.wire = newWire(t, p.trap, dialer("unix", socket[1]+"/.s.PGSQL.5432"), dialer("tcp", h.directions.Broker))
	h.must(os.CopyFS(w.at.Hub(), os.DirFS(h.At.Hub())))
	host, port, err := net.SplitHostPort(w.wire.postgres.Addr().String())
	h.must(err)
	settings.Database = strings.Replace(settings.Database, socket[0], "host="+host+" port="+port, 1)
	directions := h.directions
	directions.Broker = w.wire.broker.Addr().String()
	for file, value := range map[string]any{filepath.Join(w.at.Hub(), "ledger.json"): settings, filepath.Join(w.at.Root, "hub.json"): directions} {
		text, err := json.Marshal(value)
		h.must(err)
		h.must(os.WriteFile(file, text, 0o600))
	}
	secrets, err := filepath.Glob(filepath.Join(w.at.Hub(), "*"))
	h.must(err)
	for _, secret := range secrets {
		h.must(os.Chmod(secret, 0o600)) // a copy is as open as its maker's mask lets it be
	}
	w.auditor, err = local.Auditor(h.At.Agency(h.directions.Auditor), "http://"+address)
	h.must(err)
	return w
}

// start starts a ledger as an operator does: a second one beside the first with an
// address of its own.
func (p *pair) start(ctx context.Context, w *writer) (err error) {
	args := []string{"serve", "ledger", "--data", w.at.Root}
	if w.address != p.hub.directions.Ledger {
		args = append(args, "--listen", w.address)
	}
	w.process, err = local.StartChild(ctx, local.Child{
		Program: hubtest.Program(p.hub.t), Name: w.name, Args: args, LogFile: p.hub.At.Log(local.ServiceLedger),
	})
	return err
}

// kill ends a ledger as kill -9 does, and its connections with it.
func (p *pair) kill(w *writer) error {
	err := w.process.Kill()
	<-w.process.Done()
	w.wire.cut()
	if errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	return err
}

// of gives the ledger that a wire belongs to, and the other one.
func (p *pair) of(w *wire) (one, other *writer) {
	if p.both[0].wire == w {
		return p.both[0], p.both[1]
	}
	return p.both[1], p.both[0]
}

// leader is who leads now, and the other one.
func (p *pair) leader(ctx context.Context) (one, other *writer, err error) {
	err = until(ctx, "a ledger leads", func(ctx context.Context) error {
		for i, w := range p.both {
			if w.readiness(ctx) == leading {
				one, other = w, p.both[1-i]
				return nil
			}
		}
		return errors.New("none does")
	})
	return one, other, err
}

// What a ledger's readiness says.
const (
	leading  = "active"
	standing = "standby"
)

// readiness is what a ledger says of itself; empty when it cannot be asked or is
// not ready.
func (w *writer) readiness(ctx context.Context) string {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+w.address+"/readyz", nil)
	if err != nil {
		return ""
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return ""
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil || response.StatusCode != http.StatusOK {
		return ""
	}
	for _, state := range []string{leading, standing} {
		if strings.Contains(string(text), state) {
			return state
		}
	}
	return ""
}

func (p *pair) leads(ctx context.Context, w *writer) error  { return w.says(ctx, leading) }
func (p *pair) stands(ctx context.Context, w *writer) error { return w.says(ctx, standing) }

func (w *writer) says(ctx context.Context, state string) error {
	return until(ctx, "the "+w.name+" ledger is "+state, func(ctx context.Context) error {
		select {
		case <-w.process.Done():
			return fmt.Errorf("it has ended: %w", w.process.Wait())
		default:
		}
		if is := w.readiness(ctx); is != state {
			return fmt.Errorf("it says %q", is)
		}
		return nil
	})
}

// firstLeads makes the ledger lead that the hub's own checks ask.
func (p *pair) firstLeads(ctx context.Context) error {
	if one, _, err := p.leader(ctx); err != nil || one == p.both[0] {
		return err
	}
	return errors.Join(p.kill(p.both[1]), p.leads(ctx, p.both[0]), p.start(ctx, p.both[1]), p.stands(ctx, p.both[1]))
}

// ready waits until one ledger leads and the other stands by.
func (p *pair) ready(ctx context.Context) error {
	_, other, err := p.leader(ctx)
	if err != nil {
		return err
	}
	return p.stands(ctx, other)
}

// size is how long the log is, as a ledger sees it.
func (w *writer) size(ctx context.Context) (uint64, error) {
	d, err := audit.Doctor(ctx, "http://"+w.address)
	return d.Size, err
}

// auditor reads at the ledger that leads now.
func (p *pair) auditor(ctx context.Context) (*audit.Auditor, error) {
	for _, w := range p.both {
		if w.readiness(ctx) == leading {
			return w.auditor, nil
		}
	}
	return nil, errors.New("no ledger leads")
}
