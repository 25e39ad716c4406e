package pages

import (
	"context"
	"log/slog"

	"handrail/services/web"
	"handrail/services/web/trail"
)

// follow asks whether the log has grown or found new witnesses and, if so, fetches
// and verifies again what somebody follows. That is the reading which they made, and
// no new entry. A hub that does not answer changes nothing: what is shown stays.
func (p *Pages) follow(ctx context.Context) {
	followed := p.held.followed()
	if len(followed) == 0 {
		return
	}
	head, err := p.config.Auditor.Checkpoint(ctx)
	if err != nil {
		p.log.LogAttrs(ctx, slog.LevelWarn, "the log could not be followed", slog.Any("cause", err))
		return
	}
	for _, b := range followed {
		v, seen := b.content(), b.sawHead(head)
		if seen {
			continue
		}
		t, err := b.reader.Trail(ctx, v.Trail.Case)
		if err != nil {
			p.log.LogAttrs(ctx, slog.LevelWarn, "a case could not be followed", slog.Any("cause", err))
			continue
		}
		if v, err = b.reader.Verify(t); err != nil {
			p.log.LogAttrs(ctx, slog.LevelError, "a case that is followed does not verify any more", slog.Uint64("reading", b.entry), slog.Any("cause", err))
			continue
		}
		b.renew(v, head)
	}
}

// live streams the history as it stands now, under the number of its newest entry.
func (p *Pages) live(v *web.Visit) (web.Stream, error) {
	b, err := p.open(v)
	if err != nil {
		return web.Stream{}, err
	}
	b.follows(v.Context())
	return web.Stream{
		Position: func() (uint64, <-chan struct{}) { return b.position(p.config.Now()) },
		Part: func(v *web.Visit) (web.Show, error) {
			page, err := p.page(v, b, trail.Moment{}, false)
			return web.Show{Template: "trail-inner", Data: page}, err
		},
	}, nil
}
