package bench

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Memory is what a ledger process of its own weighs, in MB of resident set.
type Memory struct {
	Idle   float64 `json:"idle"`   // with a log of genesis only
	Full   float64 `json:"full"`   // with the largest log, after serving statements on it
	Agency float64 `json:"agency"` // an agency process of the demo, idle; 0: not weighed
	Cold   float64 `json:"cold"`   // milliseconds from starting the process on the largest log to the first receipt
}

func (m *Memory) write(b *strings.Builder) {
	fmt.Fprintf(b, "\nledger process: %.0f MB idle, %.0f MB at the largest log; from its start to a receipt %.0f ms\n", m.Idle, m.Full, m.Cold)
	if m.Agency > 0 {
		fmt.Fprintf(b, "agency process: %.0f MB idle\n", m.Agency)
	}
}

const settled = 3 * time.Second // until an idle process has its size

// weigh runs the ledger in a process of its own instead of in this one.
func (h *hub) weigh(ctx context.Context, conn *pgx.Conn, stage Stage, o Options) (m *Memory, err error) {
	m = &Memory{}
	if m.Idle, err = h.idle(ctx, stage, o); err != nil {
		return m, err
	}
	if err := h.pause(); err != nil {
		return m, err
	}
	begin := time.Now()
	child, err := o.Spawn(ctx, h.process())
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, child.Stop()) }()
	if _, err = h.probe(ctx, conn, stage, 1); err != nil {
		return m, fmt.Errorf("the first receipt: %w", err)
	}
	m.Cold = milliseconds(time.Since(begin))
	if _, err = h.probe(ctx, conn, stage, o.Probe); err != nil {
		return m, err
	}
	time.Sleep(settled)
	bytes, err := child.Memory()
	m.Full = megabytes(bytes)
	return m, err
}

// idle weighs a ledger that has nothing but genesis.
func (h *hub) idle(ctx context.Context, stage Stage, o Options) (mb float64, err error) {
	empty, err := openHub(ctx, stage, h.cast, false)
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, empty.stop()) }()
	if err := empty.pause(); err != nil {
		return 0, err
	}
	child, err := o.Spawn(ctx, empty.process())
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, child.Stop()) }()
	time.Sleep(settled)
	bytes, err := child.Memory()
	return megabytes(bytes), err
}

func (h *hub) process() Process {
	return Process{Database: h.config.DatabaseURL, Broker: h.url, Keys: h.cast.dir, Listen: h.config.Listen}
}

func megabytes(bytes int64) float64 { return float64(bytes) / 1e6 }

// freeAddress is a loopback address that nobody listens on now.
func freeAddress(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return l.Addr().String(), l.Close()
}
