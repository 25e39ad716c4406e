package story

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/agency"
)

// attackActs are what somebody does who stole an agency's keys: past its
// service, straight onto the broker.
func (w *World) attackActs() []act {
	return []act{
		{"with the keys of AGENCY sends a broken signature", w.brokenSignature},
		{"with the keys of AGENCY speaks as OTHER", w.speaksAs},
		{"with the keys of AGENCY reuses an id", w.reusesID},
	}
}

func (w *World) brokenSignature(ctx context.Context, _ local.Member, given []string) (string, error) {
	return w.attack(ctx, given[0], func(e events.Event, key seal.SigningKey) (events.Event, error) {
		e, err := key.Sign(e)
		e.Time = events.At(e.Time.Time().Add(-time.Second)) // one second earlier than what was signed
		return e, err
	})
}

func (w *World) speaksAs(ctx context.Context, _ local.Member, given []string) (string, error) {
	return w.attack(ctx, given[0], func(e events.Event, key seal.SigningKey) (events.Event, error) {
		e.Source = events.Source(w.directions.Hub, cast()[given[1]].Agency)
		return key.Sign(e)
	})
}

func (w *World) reusesID(ctx context.Context, _ local.Member, given []string) (string, error) {
	var out agency.OutboxView
	if err := w.people(cast()[given[0]]).Get(ctx, "/v1/outbox", &out); err != nil {
		return "", err
	}
	i := slices.IndexFunc(out.Said, func(s agency.SaidView) bool { return s.State == "admitted" })
	if i < 0 {
		return "", errors.New("the agency has not said anything yet")
	}
	return w.attack(ctx, given[0], func(e events.Event, key seal.SigningKey) (events.Event, error) {
		e.ID, e.Sequence = out.Said[i].ID, out.Said[i].Sequence
		e.CausationID = e.ID
		return key.Sign(e)
	})
}

// attack forges an event from a well-formed one and publishes it with the
// stolen credentials.
func (w *World) attack(ctx context.Context, name string, forge func(events.Event, seal.SigningKey) (events.Event, error)) (string, error) {
	who, known := cast()[name]
	if !known {
		return "", fmt.Errorf("nobody here is called %q", name)
	}
	folder := w.at.Agency(who.Agency)
	key, err := seal.LoadSigningKey(filepath.Join(folder, local.SigningKeyFile))
	if err != nil {
		return "", err
	}
	e, err := w.opening(ctx, who)
	if err != nil {
		return "", err
	}
	if e, err = forge(e, key); err != nil {
		return "", err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	site, err := exchange.ConnectSite(ctx, exchange.SiteConfig{
		URL: "nats://" + w.directions.Broker, CredsFile: filepath.Join(folder, agency.CredsFile), Hub: w.directions.Hub, Agency: who.Agency,
	})
	if err != nil {
		return "", err
	}
	defer site.Close()
	if err := w.remember(ctx, who.Agency); err != nil {
		return "", err
	}
	_, err = until(ctx, func(ctx context.Context) (string, error) { return "", site.Submit(ctx, exchange.Encode(e)) })
	return "published past the service", err
}

// opening is a well-formed, unsigned case.opened of an agency.
func (w *World) opening(ctx context.Context, who local.Member) (events.Event, error) {
	now := time.Now()
	id, err := events.NewUUID(now, rand.Reader)
	if err != nil {
		return events.Event{}, err
	}
	of, err := events.NewUUID(now, rand.Reader)
	if err != nil {
		return events.Event{}, err
	}
	at := events.At(now)
	data, err := events.Encode(&events.CaseOpened{Said: events.Said{Happened: at, Recorded: at, Channel: events.System}, Age: events.Adult})
	return events.Event{
		ID: events.EventID(id), Source: events.Source(w.directions.Hub, who.Agency), Type: events.TypeCaseOpened,
		DataContentType: events.FactsContent, DataSchema: events.TypeCaseOpened.Schema(), Subject: of, Time: at,
		Hub: w.directions.Hub.Origin(), Sequence: events.Sequence(1).String(), CorrelationID: events.EventID(of), CausationID: events.EventID(id),
		TraceParent: exchange.TraceParent(ctx), Data: data,
	}, err
}
