package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/events"
	"handrail/events/exchange"
)

// plain is the same NATS path and transaction without judging or signatures: it
// believes whoever submits, and writes and sends ready-made bytes, those that
// the whole path wrote and sent for the same statements. It takes what queued
// during the last commit, like the ledger. Nothing that keeps a promise can be
// faster on the same engines.
type plain struct {
	plan   *plainPlan
	hub    *exchange.Hub
	conn   *pgx.Conn
	filler string

	size     uint64
	numbers  map[events.AgencyID]uint64
	placed   map[*written]uint64 // number in this run's log
	couriers map[events.AgencyID]chan exchange.Outgoing
	errs     chan error
}

// maxPlainBatch is the ledger's own default.
const maxPlainBatch = 256

// runPlain measures it.
func runPlain(ctx context.Context, stage Stage, c *cast, all []*statement, submitters int, plan *plainPlan) (t timing, err error) {
	db, err := stage.Database(ctx)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, db.Drop(context.WithoutCancel(ctx))) }()
	url, stop, err := stage.Broker(ctx, c.accounts)
	if err != nil {
		return t, err
	}
	defer func() { err = errors.Join(err, stop()) }()
	p := &plain{plan: plan, filler: strings.Repeat("x", plan.header), numbers: map[events.AgencyID]uint64{}, placed: map[*written]uint64{}, couriers: map[events.AgencyID]chan exchange.Outgoing{}, errs: make(chan error, 1)}
	config, err := pgx.ParseConfig(db.Ledger)
	if err != nil {
		return t, err
	}
	config.RuntimeParams["plan_cache_mode"] = "force_generic_plan" // as the ledger has it
	if p.conn, err = pgx.ConnectConfig(ctx, config); err != nil {
		return t, err
	}
	defer func() { _ = p.conn.Close(context.WithoutCancel(ctx)) }()
	if p.hub, err = exchange.ConnectHub(ctx, exchange.HubConfig{URL: url, CredsFile: filepath.Join(c.dir, "hub.creds")}); err != nil {
		return t, err
	}
	defer p.hub.Close()
	ctx, end := context.WithCancel(ctx)
	var running sync.WaitGroup
	defer running.Wait()
	defer end()
	if err := p.serve(ctx, c, &running); err != nil {
		return t, err
	}
	crowd, err := c.connect(ctx, url, map[events.AgencyID]uint64{})
	if err != nil {
		return t, err
	}
	defer crowd.leave()
	running.Go(func() {
		select {
		case err := <-p.errs:
			crowd.broke(err)
		case <-ctx.Done():
		}
	})
	if t, err = crowd.drive(ctx, stage, all, submitters); err != nil {
		err = fmt.Errorf("without judging or signatures: %w", err)
	}
	return t, err
}

// serve begins to receive, commit and deliver.
func (p *plain) serve(ctx context.Context, c *cast, running *sync.WaitGroup) error {
	var ids []events.AgencyID
	for _, a := range c.all() {
		ids = append(ids, a.id)
		outbox := make(chan exchange.Outgoing, 4096)
		p.couriers[a.id] = outbox
		running.Go(func() { p.deliver(ctx, outbox) })
	}
	if err := p.hub.Provide(ctx, ids); err != nil {
		return err
	}
	arrived, err := p.hub.Receive(ctx)
	if err != nil {
		return err
	}
	queue := make(chan exchange.Submission, 1024)
	running.Go(func() {
		defer close(queue)
		for s := range arrived {
			queue <- s
		}
	})
	running.Go(func() {
		if err := p.sequence(ctx, queue); err != nil && ctx.Err() == nil {
			p.errs <- err
		}
		for range queue {
			continue
		}
	})
	return nil
}

func (p *plain) sequence(ctx context.Context, queue <-chan exchange.Submission) error {
	for first := range queue {
		batch := []exchange.Submission{first}
	more:
		for len(batch) < maxPlainBatch {
			select {
			case s, ok := <-queue:
				if !ok {
					break more
				}
				batch = append(batch, s)
			default:
				break more
			}
		}
		if err := p.commit(ctx, batch); err != nil {
			return err
		}
	}
	return nil
}

// commit writes a batch, then sends what follows from it, then acknowledges.
func (p *plain) commit(ctx context.Context, batch []exchange.Submission) error {
	r := &plainRows{}
	var out []exchange.Outgoing
	for _, s := range batch {
		id := s.Message.Header["ce-id"]
		if len(id) != 1 {
			continue
		}
		for _, w := range p.plan.of[id[0]] {
			number := p.size
			p.size++
			p.placed[w] = number
			r.add(number, w, p.placed)
			for _, d := range w.deliveries {
				p.numbers[d.to]++
				r.delivery(d, p.numbers[d.to], number)
				out = append(out, exchange.Outgoing{To: d.to, Message: p.message(d, p.numbers[d.to], s.Message)})
			}
		}
	}
	if len(r.numbers) > 0 {
		if err := p.conn.SendBatch(ctx, r.inserts(p.size, time.Now())).Close(); err != nil {
			return err
		}
	}
	for _, o := range out {
		p.couriers[o.To] <- o
	}
	for _, s := range batch {
		if err := s.Ack(); err != nil {
			return err
		}
	}
	return nil
}

// message is a delivery of the right weight.
func (p *plain) message(d plannedDelivery, number uint64, of exchange.Message) exchange.Message {
	header := `{"kind":"` + d.kind + `","number":` + strconv.FormatUint(number, 10) + "," + p.filler
	if d.kind == "receipt" {
		of = exchange.Message{}
	}
	return of.WithDelivery(header)
}

// deliver sends what waits for one agency.
func (p *plain) deliver(ctx context.Context, outbox <-chan exchange.Outgoing) {
	for {
		var all []exchange.Outgoing
		select {
		case <-ctx.Done():
			return
		case o := <-outbox:
			all = append(all, o)
		}
	more:
		for len(all) < maxPlainBatch {
			select {
			case o := <-outbox:
				all = append(all, o)
			default:
				break more
			}
		}
		if err := p.hub.SendAll(ctx, all); err != nil && ctx.Err() == nil {
			p.errs <- err
			return
		}
	}
}
