package bench

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/events"
	"handrail/events/exchange"
)

// runFloor is what submitting one statement and getting a receipt cannot do
// without: a message published, one row committed, a message published back, each
// confirmed before the next begins.
func runFloor(ctx context.Context, stage Stage, c *cast, all []*statement) (t timing, err error) {
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
	conn, err := pgx.Connect(ctx, db.Owner)
	if err != nil {
		return t, err
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	if _, err := conn.Exec(ctx, "CREATE TABLE floor (number bigint PRIMARY KEY, data bytea NOT NULL)"); err != nil {
		return t, err
	}
	hub, err := exchange.ConnectHub(ctx, exchange.HubConfig{URL: url, CredsFile: filepath.Join(c.dir, "hub.creds"), Quota: len(all) + 1, Backlog: len(all) + 1})
	if err != nil {
		return t, err
	}
	defer hub.Close()
	from := c.police[0]
	if err := hub.Provide(ctx, []events.AgencyID{from.id}); err != nil {
		return t, err
	}
	site, err := exchange.ConnectSite(ctx, exchange.SiteConfig{URL: url, CredsFile: c.creds(from.id), Hub: hubID, Agency: from.id})
	if err != nil {
		return t, err
	}
	defer site.Close()
	watch := watchCPU(stage)
	for i, s := range all {
		began := time.Now()
		if err := site.Submit(ctx, s.wire); err != nil {
			return t, fmt.Errorf("floor: %w", err)
		}
		if _, err := conn.Exec(ctx, "INSERT INTO floor (number, data) VALUES ($1, $2)", i, s.event.Data); err != nil {
			return t, fmt.Errorf("floor: %w", err)
		}
		if err := hub.Send(ctx, from.id, s.wire); err != nil {
			return t, fmt.Errorf("floor: %w", err)
		}
		t.each = append(t.each, time.Since(began))
	}
	t.add(watch.read())
	return t, nil
}
