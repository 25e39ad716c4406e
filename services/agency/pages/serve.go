package pages

import (
	"context"
	"errors"
	"fmt"
	"net"

	"handrail/services/web"
)

// checkAddress refuses an address that others could reach before anything listens there.
func (c Config) checkAddress() error {
	if (c.CertFile == "") != (c.KeyFile == "") {
		return errors.New("a TLS certificate and its key go together")
	}
	if c.Listen == "" || c.CertFile != "" {
		return nil
	}
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("reading the pages' address: %w", err)
	}
	if ip := net.ParseIP(host); host != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return web.ErrOpenAddress
	}
	return nil
}

// Ready is closed once Run serves.
func (p *Pages) Ready() <-chan struct{} { return p.ready }

// Address is where Run serves, such as 127.0.0.1:7090; empty before [Pages.Ready].
func (p *Pages) Address() string {
	select {
	case <-p.ready:
		return p.at
	default:
		return ""
	}
}

// Run serves until ctx ends, and returns nil then. Call it once.
func (p *Pages) Run(ctx context.Context) error {
	if p.config.Listen == "" {
		close(p.ready)
		<-ctx.Done()
		return nil
	}
	listener, err := web.Address{Listen: p.config.Listen, CertFile: p.config.CertFile, KeyFile: p.config.KeyFile}.Open(ctx)
	if err != nil {
		return err
	}
	p.at = listener.Addr().String()
	close(p.ready)
	return web.Serve(ctx, listener, p.Handler(), p.log)
}
