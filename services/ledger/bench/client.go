package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
)

// client is one agency's connection. It believes what it gets: an agency's own
// cost of verifying is not the ledger's.
type client struct {
	crowd  *crowd
	agency *agency
	site   *exchange.Site
	queue  chan *statement

	mu     sync.Mutex
	flight []*statement // handed in, in order; receipts come in the same
	each   []time.Duration
	stored uint64 // deliveries up to this number are here
	later  map[uint64]bool
	weight int // bytes of all deliveries' headers
	count  int
	asked  bool // the hub announced its head
	lacks  bool // the hub asked for what it did not get
	resent time.Time
	spoke  atomic.Bool // the broker has a word of it
}

// send hands statements in, one behind the other.
func (c *client) send(ctx context.Context) {
	for s := range c.queue {
		if s.after != nil {
			select {
			case <-s.after.published:
			case <-ctx.Done():
				continue
			}
		}
		if c.crowd.slots != nil {
			c.mu.Lock()
			c.flight = append(c.flight, s)
			c.mu.Unlock()
		}
		if err := c.submit(ctx, s.wire); err != nil {
			c.crowd.broke(fmt.Errorf("%s: %w", c.agency.id, err))
		}
		close(s.published)
	}
}

// submit hands a statement in until the broker has it: too many may wait there, or
// the ledger has not made its streams yet. What comes twice is answered once.
func (c *client) submit(ctx context.Context, m exchange.Message) error {
	for end := time.Now().Add(patience); ; time.Sleep(time.Millisecond) {
		err := c.site.Submit(ctx, m)
		again := errors.Is(err, exchange.ErrQuota) || errors.Is(err, exchange.ErrAway)
		if !again || ctx.Err() != nil || time.Now().After(end) {
			return err
		}
	}
}

const (
	receiptBegins = `{"kind":"receipt","number":`
	numberBegins  = `,"number":`
)

// take notes a delivery, and that a receipt has come.
func (c *client) take(_ context.Context, m exchange.Message) error {
	header, numbered, err := m.Delivery()
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if !numbered {
		e, err := exchange.Decode(m)
		c.asked, c.lacks = c.asked || e.Type == events.TypeControlHead, c.lacks || e.Type == events.TypeControlResend
		return err
	}
	c.weight, c.count = c.weight+len(header), c.count+1
	_, digits, _ := strings.Cut(header[:min(len(header), 64)], numberBegins)
	digits, _, _ = strings.Cut(digits, ",")
	number, err := strconv.ParseUint(digits, 10, 64)
	if err != nil {
		return fmt.Errorf("reading a delivery's number: %w", err)
	}
	if number <= c.stored || c.later[number] {
		return nil // once more
	}
	c.later[number] = true
	for c.later[c.stored+1] {
		c.stored++
		delete(c.later, c.stored)
	}
	if strings.HasPrefix(header, receiptBegins) {
		c.receipt()
		return nil
	}
	if d, err := tlog.ParseDelivery(header); err == nil && d.Kind == tlog.KindRefusal {
		c.crowd.broke(fmt.Errorf("a statement of %s was refused: %s", c.agency.id, d.Reason))
	}
	return nil
}

func (c *client) receipt() {
	if len(c.flight) == 0 {
		c.crowd.broke(errors.New("a receipt of something that was not handed in"))
		return
	}
	s := c.flight[0]
	c.flight = c.flight[1:]
	c.each = append(c.each, time.Since(s.begun))
	<-c.crowd.slots
	c.crowd.answers.Done()
}

func (c *client) position() uint64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stored
}

// report says what is stored: at the start, when the hub asks, and every second
// in which something came.
func (c *client) report(ctx context.Context) {
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	last, resume := uint64(0), true
	gap := ^uint64(0) // where something was missing when last looked
	for {
		select {
		case <-ctx.Done():
			return
		case <-c.site.Reconnected():
		case <-tick.C:
		}
		c.again(ctx)
		c.mu.Lock()
		at, asked := c.stored, c.asked
		if resume = resume || len(c.later) > 0 && at == gap; len(c.later) > 0 {
			gap = at
		}
		c.mu.Unlock()
		now := events.At(time.Now())
		if at == last && !resume && !asked || !now.Time().After(c.agency.word) {
			continue
		}
		c.agency.word = now.Time()
		if err := c.say(ctx, now, &events.InboxPosition{Position: at, Resume: resume}); err == nil {
			last, resume = at, false
			c.spoke.Store(true)
			c.mu.Lock()
			c.asked = false
			c.mu.Unlock()
		}
	}
}

// say signs and sends a control message.
func (c *client) say(ctx context.Context, at events.Time, p events.Payload) error {
	data, err := events.Encode(p)
	if err != nil {
		return err
	}
	id, err := events.NewUUID(at.Time(), rand.Reader)
	if err != nil {
		return err
	}
	e, err := c.agency.signing.Sign(events.Event{
		ID: events.EventID(id), Source: events.Source(hubID, c.agency.id), Type: p.Type(), DataContentType: events.FactsContent,
		DataSchema: p.Type().Schema(), Subject: string(c.agency.id), Time: at, Hub: hubID.Origin(),
		CorrelationID: events.EventID(id), CausationID: events.EventID(id), TraceParent: traceParent, Data: data,
	})
	if err != nil {
		return err
	}
	return c.site.Submit(ctx, exchange.Encode(e))
}

const (
	lookEvery = 200 * time.Millisecond
	unheard   = 5 * time.Second // until a statement without an answer is handed in once more
)

// again hands in everything unanswered once more, when the hub asks for it or says
// nothing for long, as an agency's outbox does.
func (c *client) again(ctx context.Context) {
	c.mu.Lock()
	due := len(c.flight) > 0 && (c.lacks || time.Since(c.flight[0].begun) > unheard && time.Since(c.resent) > unheard)
	c.lacks = false
	var open []*statement
	if due {
		open, c.resent = append(open, c.flight...), time.Now()
	}
	c.mu.Unlock()
	for _, s := range open {
		if c.submit(ctx, s.wire) != nil {
			return // it is still without an answer
		}
	}
}
