package start

import (
	"context"
	"errors"
	"log/slog"

	"golang.org/x/sync/errgroup"

	"handrail/deploy/local"
	"handrail/deploy/local/people"
	"handrail/services/web"
	"handrail/services/web/signin"
)

// Serve serves the start page of a data directory, and beside it the identity
// provider that its pages believe, until ctx ends. Both listen on this machine only.
func Serve(ctx context.Context, at local.Layout, log *slog.Logger) error {
	page, err := New(at, log) //nolint:contextcheck // each visit has its own
	if err != nil {
		return err
	}
	provider, err := provide(page.directions, log)
	if err != nil {
		return err
	}
	first, err := web.Address{Listen: page.directions.Start}.Open(ctx)
	if err != nil {
		return err
	}
	second, err := web.Address{Listen: page.directions.Issuer}.Open(ctx)
	if err != nil {
		return errors.Join(err, first.Close())
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return page.services.run(ctx) })
	group.Go(func() error { return provider.Serve(ctx, second) })
	group.Go(func() error { return web.Serve(ctx, first, page.Handler(), log) })
	return group.Wait()
}

// provide makes the provider of the cast, known to every site of the hub.
func provide(d local.Directions, log *slog.Logger) (*people.Provider, error) {
	provider, err := people.New(d.IssuerURL(), Cast(), log)
	if err != nil {
		return nil, err
	}
	for _, a := range d.Agencies {
		if a.Pages == "" {
			continue
		}
		if err := provider.Register(people.Client{ID: string(a.Agency), Agency: a.Agency, Redirect: a.PagesURL() + signin.CallbackPath}); err != nil {
			return nil, err
		}
	}
	return provider, nil
}
