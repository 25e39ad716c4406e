package serve

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"handrail/cmd/internal/process"
	"handrail/deploy/local"
	"handrail/services/ledger/pages"
	"handrail/services/web"
	"handrail/services/web/signin"
)

// Trail serves auditors their pages from the folder of an auditor until ctx ends.
// They read the hub from outside, with the auditor's own key.
func Trail(ctx context.Context, p *process.Process, folder string, flags PagesFlags) error {
	file, err := local.ReadAgencyFile(folder)
	if err != nil {
		return usage(err)
	}
	at, err := flags.over(folder, file.Pages)
	if err != nil {
		return err
	}
	if at.Listen == "" {
		return usage(errors.New("say where to serve the pages: --pages HOST:PORT, or the same in the folder's agency.json"))
	}
	auditor, err := local.Auditor(folder, "")
	if err != nil {
		return usage(err)
	}
	door, err := gate(file, at, nil, p.Log)
	if err != nil {
		return err
	}
	served, err := pages.New(pages.Config{Auditor: auditor, Door: door, SignIn: signin.Path, Log: p.Log})
	if err != nil {
		return err
	}
	listener, err := web.Address{Listen: at.Listen, CertFile: at.CertFile, KeyFile: at.KeyFile}.Open(ctx)
	if err != nil {
		return usage(err)
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return served.Run(ctx) })
	group.Go(func() error { return web.Serve(ctx, listener, served.Handler(), p.Log) })
	return group.Wait()
}
