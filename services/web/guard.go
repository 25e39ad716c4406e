package web

import (
	"log/slog"
	"net/http"
	"runtime/debug"
)

// policy lets a page load only what this site serves, run no inline script, be
// framed by nobody and send forms only here. Designsystemet's icons are data: images.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; connect-src 'self'; " +
	"manifest-src 'self'; worker-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guarded puts around every page what no page may forget.
func (s *Site) guarded(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := s.visit(w, r)
		v.answer(s.told(v, http.StatusForbidden, "web.error.title", "web.error.cross-origin")) //nolint:contextcheck // a visit brings its own
	}))
	checked := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), browsing-topics=()")
		h.Set("Cache-Control", "no-store")
		if r.TLS != nil {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		defer func() { //nolint:contextcheck // a visit brings its own
			if broken := recover(); broken != nil {
				if broken == http.ErrAbortHandler { //nolint:errorlint // the sentinel that the server itself compares
					panic(broken)
				}
				s.log.ErrorContext(r.Context(), "a page panicked", slog.String("route", r.Pattern), slog.String("stack", string(debug.Stack())))
				http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
			}
		}()
		checked.ServeHTTP(w, r)
	})
}
