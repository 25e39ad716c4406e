package pages

import (
	"context"

	"handrail/services/web"
)

func (c Config) address() web.Address {
	return web.Address{Listen: c.Listen, CertFile: c.CertFile, KeyFile: c.KeyFile}
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
	listener, err := p.config.address().Open(ctx)
	if err != nil {
		return err
	}
	p.at = listener.Addr().String()
	close(p.ready)
	return web.Serve(ctx, listener, p.Handler(), p.log)
}
