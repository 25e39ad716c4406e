// Package serve runs one service of a data directory: broker, ledger or the
// agency of a folder. The command line and the small binaries share it.
package serve

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"

	"golang.org/x/sync/errgroup"

	"handrail/cmd/internal/process"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency"
	"handrail/services/agency/pages"
	"handrail/services/agency/systems"
	"handrail/services/coordinator"
	"handrail/services/embassy"
	"handrail/services/ledger"
	"handrail/services/ngo"
	"handrail/services/police"
	"handrail/services/social"
)

// Broker runs the embedded NATS server of a data directory until ctx ends.
func Broker(ctx context.Context, p *process.Process, at local.Layout) error {
	directions, err := at.Directions()
	if err != nil {
		return err
	}
	accounts, err := at.BrokerAccounts()
	if err != nil {
		return err
	}
	host, port, err := net.SplitHostPort(directions.Broker)
	if err != nil {
		return fmt.Errorf("reading the broker's address: %w", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return fmt.Errorf("reading the broker's address: %w", err)
	}
	broker, err := local.StartBroker(local.BrokerOptions{ //nolint:contextcheck // it starts within a bound of its own and is stopped below
		Dir: at.Broker(), Host: host, Port: number, Log: p.Log,
		OperatorJWT: accounts.Operator, SystemAccount: accounts.System, Accounts: accounts.Accounts,
		TLS: directions.TLS, WebSocket: directions.WebSocket,
	})
	if err != nil {
		return err
	}
	p.Log.InfoContext(ctx, "broker is up")
	<-ctx.Done()
	return broker.Stop()
}

// Ledger runs the hub's ledger of a data directory until ctx ends.
func Ledger(ctx context.Context, p *process.Process, at local.Layout) error {
	return LedgerOn(ctx, p, at, "")
}

// LedgerOn is Ledger, answering auditors and agencies at another address than the
// data directory says, unless that is empty. Beside a ledger that leads it stands by.
func LedgerOn(ctx context.Context, p *process.Process, at local.Layout, listen string) error {
	if listen != "" {
		if _, _, err := net.SplitHostPort(listen); err != nil {
			return &process.ExitError{Code: process.ExitUsage, Err: fmt.Errorf("reading the address to listen on: %w", err)}
		}
	}
	settings, err := at.LedgerSettings()
	if err != nil {
		return err
	}
	directions, err := at.Directions()
	if err != nil {
		return err
	}
	hub, err := ledger.New(ledger.Config{
		Hub: directions.Hub, DatabaseURL: settings.Database,
		Exchange:   exchange.HubConfig{URL: directions.BrokerURL(), Transport: directions.Transport(), CredsFile: at.HubCreds(), Log: p.Log},
		LogKeyFile: at.LogKey(), SigningKeyFile: at.HubKey(),
		Listen: cmp.Or(listen, directions.Ledger), TLSCertFile: directions.TLS.CertFile, TLSKeyFile: directions.TLS.KeyFile, Log: p.Log,
	})
	if err != nil {
		return err
	}
	return hub.Run(ctx)
}

// Agency runs the service of the agency that owns folder until ctx ends, with what
// its own systems use, and its pages if the folder or the flags give them an
// address; desks says which organisations the program may serve.
func Agency(ctx context.Context, p *process.Process, folder string, desks map[events.AgencyKind]agency.Desk, flags PagesFlags) error {
	file, err := local.ReadAgencyFile(folder)
	if err != nil {
		return &process.ExitError{Code: process.ExitUsage, Err: fmt.Errorf("this is not an agency's folder: %w", err)}
	}
	desk, ok := desks[file.Kind]
	if !ok {
		return &process.ExitError{Code: process.ExitUsage, Err: errors.New("this program has no desk for an organisation of the type " + string(file.Kind))}
	}
	at, err := flags.over(folder, file.Pages)
	if err != nil {
		return err
	}
	service, err := agency.New(agency.Config{ //nolint:contextcheck // it opens a file; Run gets the context
		Dir: folder, Hub: file.Hub, Agency: file.Agency, Kind: file.Kind, NATS: file.Broker, Ledger: file.Ledger,
		Pins:           agency.Pins{LogVKey: file.LogKey, HubKey: file.HubKey, Genesis: file.Genesis},
		Transport:      file.Transport(folder),
		PassphraseFile: file.PassphraseFile, PassphraseCredential: file.PassphraseCredential,
		Desk: desk, Logger: p.Log,
	})
	if err != nil {
		return err
	}
	own, err := systems.New(service, systems.Config{Dir: folder, Listen: file.Listen, Webhook: file.Webhook}) //nolint:contextcheck // it reads files; Run gets the context
	if err != nil {
		return errors.Join(err, service.Close())
	}
	if at.Listen == "" {
		return together(ctx, service, own)
	}
	people, err := newPages(service, file, at, p.Log)
	if err != nil {
		return errors.Join(err, service.Close())
	}
	return together(ctx, service, own, people)
}

// together runs an agency and what it serves beside its desk. That ends first: the
// journal stays open until the last visit is answered.
func together(ctx context.Context, service *agency.Agency, own *systems.Systems, more ...*pages.Pages) error {
	group, ctx := errgroup.WithContext(ctx)
	running, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	group.Go(func() error {
		defer stop()
		beside, ctx := errgroup.WithContext(ctx)
		beside.Go(func() error { return own.Run(ctx) })
		for _, one := range more {
			beside.Go(func() error { return one.Run(ctx) })
		}
		return beside.Wait()
	})
	group.Go(func() error {
		select {
		case <-own.Ready(): // whoever finds the desk open finds this open too
		case <-ctx.Done():
		}
		return service.Run(running)
	})
	return group.Wait()
}

// Desks are the organisations that a program may serve, by the name of the
// program; none for a name that is no program's.
func Desks(program string) map[events.AgencyKind]agency.Desk {
	switch program {
	case local.DeskPolice:
		return police.Desks()
	case local.DeskSocial:
		return social.Desks()
	case local.DeskNGO:
		return ngo.Desks()
	case local.DeskEmbassy:
		return embassy.Desks()
	case local.DeskCoordinator:
		return coordinator.Desks()
	}
	return nil
}
