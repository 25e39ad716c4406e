package pages

import (
	"cmp"
	"context"
	"log/slog"
	"strings"
	"time"

	"handrail/events"
	"handrail/services/ledger/audit"
	"handrail/services/web"
	"handrail/services/web/trail"
)

// trail shows a case at a moment, or asks first whether it is to be read.
func (p *Pages) trail(v *web.Visit) (web.Answer, error) {
	id, ok := caseOf(v.PathValue("case"))
	if !ok {
		return nil, web.ErrNoPage
	}
	b, ok := p.held.take(place{v.Person.Code, id})
	if !ok {
		return p.ask(v, asking{What: events.ReadingReplay, Case: id})
	}
	m := trail.ParseMoment(v.URL.Query(), v.Words.In(v.Now).Location())
	page, err := p.page(v, b, m, false)
	if err != nil {
		return nil, err
	}
	return page.Show(v)
}

// print shows the same for paper, everything open.
func (p *Pages) print(v *web.Visit) (web.Answer, error) {
	b, err := p.open(v)
	if err != nil {
		return web.Go("/trail/" + v.PathValue("case")), nil //nolint:nilerr // which asks whether it is to be read
	}
	page, err := p.page(v, b, trail.ParseMoment(v.URL.Query(), v.Words.In(v.Now).Location()), true)
	if err != nil {
		return nil, err
	}
	return page.OnPaper(v)
}

// open gives what the person read of the case that the path names.
func (p *Pages) open(v *web.Visit) (*book, error) {
	id, ok := caseOf(v.PathValue("case"))
	if !ok {
		return nil, web.ErrNoPage
	}
	b, ok := p.held.take(place{v.Person.Code, id})
	if !ok {
		return nil, web.ErrNoPage
	}
	return b, nil
}

// page puts what was read into the reader's words, and says when it was read.
func (p *Pages) page(v *web.Visit, b *book, m trail.Moment, paper bool) (trail.Page, error) {
	verified := b.content()
	from := source(verified)
	from.Paper = paper
	page, err := trail.Of(v.Words, from, m, v.Now)
	if err != nil {
		return page, err
	}
	page.Case = verified.Trail.Case
	page.Base = "/trail/" + string(page.Case)
	page.Export, page.Says = page.Base+"/export", "trail.export.audit"
	page.Notes, err = p.notes(v, b, paper)
	return page, err
}

// notes says when something was read, that it is in the log, and how long it is kept.
func (p *Pages) notes(v *web.Visit, b *book, paper bool) ([]string, error) {
	now := v.Now
	if paper {
		now = time.Time{} // in full
	}
	at, err := v.Words.Moment(b.at, now)
	if err != nil {
		return nil, err
	}
	read, err := v.Say("trail.read-at", "Moment", at, "Entry", b.entry)
	if err != nil {
		return nil, err
	}
	if paper {
		return []string{read}, nil
	}
	kept, err := v.Say("trail.read-until", "Minutes", int(keptFor.Minutes()))
	return []string{read + " " + kept}, err
}

// readTrail has the hub record that a person reads a case, and then reads it.
func (p *Pages) readTrail(v *web.Visit) (web.Answer, error) {
	id, ok := caseOf(v.PathValue("case"))
	if !ok {
		return nil, web.ErrNoPage
	}
	if err := v.Form(); err != nil {
		return nil, err
	}
	asks := asking{What: events.ReadingReplay, Case: id}
	if err := p.read(v.Context(), v.Person.Code, asks, approval(v)); err != nil {
		return p.refused(v, asks, err)
	}
	return web.Go(cmp.Or(v.Back(""), "/trail/"+string(id))), nil
}

func approval(v *web.Visit) string { return strings.TrimSpace(v.PostFormValue("approval")) }

// read reads a case for a person, verifies it, and keeps it for them.
func (p *Pages) read(ctx context.Context, code string, asks asking, approval string) error {
	reader := p.config.Auditor.For(approval)
	t, err := reader.Trail(ctx, asks.Case)
	p.note(ctx, code, asks, reader)
	if err != nil {
		return err
	}
	verified, err := reader.Verify(t)
	if err != nil {
		return err
	}
	entry, at, _ := reader.Recorded(asks.request())
	p.held.put(place{code, asks.Case}, &book{reader: reader, entry: entry, at: at, verified: verified})
	return nil
}

// note writes down which of the auditor's people made a reading: the log has only
// the auditor. The case stands in the log, under the entry.
func (p *Pages) note(ctx context.Context, code string, asks asking, reader *audit.Auditor) {
	if entry, _, ok := reader.Recorded(asks.request()); ok {
		p.log.LogAttrs(ctx, slog.LevelInfo, "a reading was recorded", slog.String("reader", code), slog.String("what", string(asks.What)), slog.Uint64("entry", entry))
	}
}

// export reads a case as a file, which is a reading of its own.
func (p *Pages) export(v *web.Visit) (web.Answer, error) {
	id, ok := caseOf(v.PathValue("case"))
	if !ok {
		return nil, web.ErrNoPage
	}
	if err := v.Form(); err != nil {
		return nil, err
	}
	asks := asking{What: events.ReadingExport, Case: id}
	reader := p.config.Auditor.For(approval(v))
	data, _, err := reader.Export(v.Context(), id, v.Now)
	p.note(v.Context(), v.Person.Code, asks, reader)
	if err != nil {
		return p.refused(v, asks, err)
	}
	return web.File{Name: "handrail-" + string(id) + ".json", Type: "application/json", Body: data}, nil
}
