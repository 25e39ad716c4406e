package bench

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"sync"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/ledger"
)

// hub is one founded and running ledger with a broker and a database of its own.
type hub struct {
	cast   *cast
	db     Database
	config ledger.Config
	crowd  *crowd
	url    string
	pause  func() error   // ends the ledger alone
	close  []func() error // in the order of starting
}

// openHub founds a ledger, runs it, and has the agencies join. With heard they
// also receive.
func openHub(ctx context.Context, stage Stage, c *cast, heard bool) (h *hub, err error) {
	h = &hub{cast: c}
	defer func() {
		if err != nil {
			err = errors.Join(err, h.stop())
		}
	}()
	if h.db, err = stage.Database(ctx); err != nil {
		return h, err
	}
	h.close = append(h.close, func() error { return h.db.Drop(context.WithoutCancel(ctx)) })
	var stop func() error
	if h.url, stop, err = stage.Broker(ctx, c.accounts); err != nil {
		return h, err
	}
	h.close = append(h.close, stop)
	listen, err := freeAddress(ctx)
	if err != nil {
		return h, err
	}
	h.config = Process{Database: h.db.Ledger, Broker: h.url, Keys: c.dir, Listen: listen}.Config()
	if _, err := ledger.Found(ctx, h.config, c.founded); err != nil {
		return h, err
	}
	if err := h.run(ctx); err != nil {
		return h, err
	}
	if !heard {
		return h, nil
	}
	if h.crowd, err = c.connect(ctx, h.url, map[events.AgencyID]uint64{}); err != nil {
		return h, err
	}
	h.close = append(h.close, func() error { h.crowd.leave(); return nil })
	return h, h.crowd.settle(ctx)
}

// run starts the ledger in this process.
func (h *hub) run(ctx context.Context) error {
	l, err := ledger.New(h.config)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() { ended <- l.Run(ctx) }()
	h.pause = sync.OnceValue(func() error { cancel(); return <-ended })
	h.close = append(h.close, h.pause)
	return nil
}

// Config is the configuration of the ledger that the process runs.
func (p Process) Config() ledger.Config {
	return ledger.Config{
		Hub: hubID, DatabaseURL: p.Database, LogKeyFile: filepath.Join(p.Keys, "log.key"), SigningKeyFile: filepath.Join(p.Keys, "hub.pem"),
		Exchange: exchange.HubConfig{URL: p.Broker, CredsFile: filepath.Join(p.Keys, "hub.creds")}, Listen: p.Listen,
	}
}

// stop ends everything, the last started first.
func (h *hub) stop() error {
	var errs []error
	for _, end := range slices.Backward(h.close) {
		errs = append(errs, end())
	}
	h.close = nil
	return errors.Join(errs...)
}
