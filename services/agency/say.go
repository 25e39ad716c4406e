package agency

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/trace"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// ErrNotJoined means that genesis has not arrived: without the directory and
// the profile nothing can be judged or sealed. It passes by itself.
var ErrNotJoined = errors.New("this agency has not received the directory from the hub yet")

// Statement is something that this agency has to say, about a case or itself.
type Statement struct {
	Case     events.CaseID     // empty: what is about this agency itself
	Referral events.ReferralID // of answers, hand-over, service, feedback; not of the request itself
	Cause    events.EventID    // what it follows from; empty if nothing
	ID       events.EventID    // empty: a new one
	Payload  events.Payload

	sealed   *sealedData // instead of facts, on records
	ceremony bool        // it is said by what has a ceremony of its own
}

type sealedData struct {
	jwe    []byte
	commit string
}

// Say signs statements and stores them in the outbox, all or none, after
// checking them against the memorandum as this agency sees the case, its own
// unanswered events included. When it returns they are durable and on their way;
// the ledger's verdict is authoritative. Errors: *events.Violation with the rule
// that stands against it, [ErrNotJoined].
func (a *Agency) Say(ctx context.Context, statements ...Statement) ([]events.EventID, error) {
	return a.say(ctx, true, statements...)
}

func (a *Agency) say(ctx context.Context, checked bool, statements ...Statement) ([]events.EventID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sayLocked(ctx, checked, nil, statements...)
}

// sayLocked does the work of Say; also runs in the same transaction. Agency.mu is
// held.
func (a *Agency) sayLocked(ctx context.Context, checked bool, also func(*sql.Tx) error, statements ...Statement) ([]events.EventID, error) {
	if a.book.memo == nil {
		return nil, ErrNotJoined
	}
	now := a.now()
	ctx = exchange.WithTraceParent(ctx, exchange.TraceParent(ctx)) // statements made together are of one trace
	var drafts []events.Event
	ahead := map[events.CaseID]mou.Case{}
	number := uint64(2*provisional - 4096) // behind everything that waits
	for _, s := range statements {
		if err := a.maySay(s); err != nil {
			return nil, err
		}
		e, err := a.draft(ctx, s, now, drafts)
		if err != nil {
			return nil, err
		}
		if checked {
			number++
			if err := a.judge(ahead, mou.Act{Number: number, Event: e, Payload: s.Payload}, now); err != nil {
				return nil, err
			}
		}
		drafts = append(drafts, e)
	}
	if err := a.store(ctx, drafts, statements, also, now); err != nil {
		return nil, err
	}
	ids := make([]events.EventID, len(drafts))
	for i, e := range drafts {
		ids[i] = e.ID
	}
	a.drain.nudge()
	return ids, nil
}

// maySay refuses what is said in a ceremony of its own only, or could not be heard.
func (a *Agency) maySay(s Statement) error {
	switch {
	case s.ceremony || s.Payload == nil:
	case s.Payload.Type() == events.TypeWitnessReset:
		return events.Refuse(events.RuleTypeUnknown, "/type", "a witness is reset by a ceremony of its own: `handrail witness reset`")
	case s.Payload.Type() == events.TypeDirectoryKeyed:
		return events.Refuse(events.RuleTypeUnknown, "/type", "keys are changed by a ceremony of their own: `handrail agency rotate-keys`")
	case s.Payload.Type() == events.TypeRecordOpened:
		return events.Refuse(events.RuleTypeUnknown, "/type", "that a record was opened is said by opening it")
	}
	return a.mayBeHeard()
}

// judge checks a statement on the tentative view, with the statements before it.
func (a *Agency) judge(ahead map[events.CaseID]mou.Case, act mou.Act, now time.Time) error {
	of := act.Event.Case()
	if of == "" {
		return a.mayPublish(act.Event.Type)
	}
	view, ok := ahead[of]
	if !ok {
		view = a.book.memo.NewCase(a.config.Agency)
		if f := a.book.files[of]; f != nil {
			view = f.tentative
		}
	}
	next, err := view.Apply(act, now)
	if err != nil {
		return err
	}
	ahead[of] = next
	return nil
}

// store numbers, signs and stores the events in one transaction.
func (a *Agency) store(ctx context.Context, drafts []events.Event, statements []Statement, also func(*sql.Tx) error, now time.Time) error {
	err := a.journal.update(ctx, func(tx *sql.Tx) error {
		for i, e := range drafts {
			signed, err := a.journal.sign(ctx, tx, a.signerOf(e), e, now)
			if err != nil {
				return err
			}
			drafts[i] = signed
		}
		if also != nil {
			return also(tx)
		}
		return nil
	})
	if err != nil {
		return err
	}
	for i, e := range drafts {
		a.book.await(e, statements[i].Payload)
	}
	a.changes.tell()
	return nil
}

// signerOf gives the key to sign an event with: a change of keys is signed with the
// key of before, like everything that it may not overtake.
func (a *Agency) signerOf(e events.Event) seal.SigningKey {
	if e.Type == events.TypeDirectoryKeyed {
		return a.keys.Voice()
	}
	return a.keys.Speaker()
}

// draft builds an event whole, but for sequence and signature.
func (a *Agency) draft(ctx context.Context, s Statement, now time.Time, before []events.Event) (events.Event, error) {
	subject, err := a.subject(s)
	if err != nil {
		return events.Event{}, err
	}
	id, err := newID(s.ID, now)
	if err == nil && s.ID != "" {
		err = a.unused(ctx, s.ID)
	}
	if err != nil {
		return events.Event{}, err
	}
	e := events.Event{
		ID: id, Source: events.Source(a.config.Hub, a.config.Agency), Type: s.Payload.Type(),
		DataContentType: events.FactsContent, DataSchema: s.Payload.Type().Schema(),
		Subject: subject, Time: events.At(now), Hub: a.config.Hub.Origin(),
		CorrelationID: s.Referral, CausationID: id,
	}
	switch {
	case s.Payload.Type() == events.TypeReferralRequested:
		e.CorrelationID = id
	case s.Case == "":
		e.CorrelationID = id
	case s.Referral == "":
		e.CorrelationID = events.EventID(s.Case)
	}
	e.TraceParent = a.traceFor(ctx, s, e.Type)
	if s.sealed != nil {
		e.DataContentType, e.Data, e.PlainCommit = events.SealedContent, s.sealed.jwe, s.sealed.commit
	} else {
		if e.Data, err = events.Encode(s.Payload); err != nil {
			return e, err
		}
		if err := events.CheckTimes(e, s.Payload); err != nil {
			return e, err
		}
	}
	if s.Cause != "" && a.causeSeen(e, s, before) {
		e.CausationID = s.Cause
	}
	return e, nil
}

// subject is what a statement is about.
func (a *Agency) subject(s Statement) (string, error) {
	switch {
	case s.Payload != nil && AboutItself(s.Payload.Type()) && s.Case == "" && s.Referral == "":
		return string(a.config.Agency), nil
	case s.Payload == nil || new(events.CaseID).UnmarshalText([]byte(s.Case)) != nil:
		return "", events.Refuse(events.RuleAttributeSyntax, "attribute subject", "a statement is about a case: name its id")
	}
	return string(s.Case), nil
}

// AboutItself says whether an agency says a type about itself, in no case.
func AboutItself(t events.Type) bool {
	return t == events.TypeCapacityPublished || t == events.TypeWitnessReset || t == events.TypeDirectoryKeyed
}

func newID(wanted events.EventID, now time.Time) (events.EventID, error) {
	if wanted != "" {
		return wanted, nil
	}
	id, err := events.NewUUID(now, rand.Reader)
	return events.EventID(id), err
}

// unused refuses an id under which this agency said something before.
func (a *Agency) unused(ctx context.Context, id events.EventID) error {
	var used int
	if err := a.journal.reader.QueryRowContext(ctx, `SELECT EXISTS (SELECT 1 FROM outbox WHERE id = ?)`, string(id)).Scan(&used); err != nil {
		return fmt.Errorf("looking for an id: %w", err)
	}
	if used == 1 {
		return events.Refuse(events.RuleIDReused, "/id", "this agency said something under this id before; an id is used once")
	}
	return nil
}

// traceFor continues the referral's trace, so that one trace follows it through
// all agencies. A request, and what belongs to no referral, is part of the
// trace in ctx.
func (a *Agency) traceFor(ctx context.Context, s Statement, t events.Type) string {
	var links []trace.SpanStartOption
	if f := a.book.files[s.Case]; f != nil && s.Referral != "" {
		if of := f.traces[s.Referral]; of != "" {
			links = append(links, trace.WithLinks(trace.LinkFromContext(ctx)))
			ctx = exchange.WithTraceParent(ctx, of)
		}
	}
	ctx, span := a.tel.tracer.Start(ctx, "say", append(links, trace.WithAttributes(attribute.String(eventType, string(t))))...)
	defer span.End()
	return exchange.TraceParent(ctx)
}

// causeSeen says whether everybody who may see the event may see its cause:
// otherwise the cause's id would tell them that something hidden happened.
func (a *Agency) causeSeen(e events.Event, s Statement, before []events.Event) bool {
	f := a.book.files[s.Case]
	if f == nil {
		f = &file{tentative: a.book.memo.NewCase(a.config.Agency)}
	}
	chain := f.tentative.Chain(mou.Act{Number: provisional, Event: e, Payload: s.Payload})
	for _, cause := range before {
		if cause.ID == s.Cause && cause.Case() == s.Case {
			payload, err := payloadOf(cause)
			return err == nil && mou.SeenWith(chain, f.tentative.Chain(mou.Act{Number: provisional, Event: cause, Payload: payload}), s.Cause, e.Referral())
		}
	}
	for _, item := range f.tentative.Trail() {
		if item.ID == s.Cause {
			cause := events.Event{ID: item.ID, Type: item.Type, Subject: string(s.Case), Source: events.Source(a.config.Hub, item.By), CorrelationID: item.Referral}
			return mou.SeenWith(chain, f.tentative.Chain(mou.Act{Number: item.Number, Event: cause, Payload: item.Facts}), s.Cause, e.Referral())
		}
	}
	return false
}
