package signin

import (
	"log/slog"

	"handrail/services/web"
)

// leaveQuickly ends the session at once and leaves nothing on the screen, for somebody over
// whose shoulder another looks. The browser is told to forget what it kept of this
// site, but not the reader's choice of language and colours. It never fails to show
// the empty page: what went wrong is only logged.
func (g *Gate) leaveQuickly(v *web.Visit) (web.Answer, error) {
	s, err := g.end(v)
	switch {
	case err != nil:
		g.log.ErrorContext(v.Context(), "a session could not be ended when somebody left quickly", slog.Any("error", err))
	case s != nil:
		g.log.InfoContext(v.Context(), "somebody left quickly", slog.String("staff", s.Code))
	}
	v.AnswerHeader().Set("Clear-Site-Data", `"cache", "storage"`)
	return v.Left(), nil
}

// emptyPage is the same page when it is asked for again.
func (g *Gate) emptyPage(v *web.Visit) (web.Answer, error) { return v.Left(), nil }
