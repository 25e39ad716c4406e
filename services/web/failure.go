package web

import (
	"crypto/rand"
	"errors"
	"log/slog"
	"net/http"
	"net/url"

	"handrail/events"
	"handrail/services/web/access"
)

// Errors that pages answer as they are.
var (
	ErrNoPage     = errors.New("there is nothing at this path")
	ErrLarge      = errors.New("the form is too large")
	ErrUnreadable = errors.New("the form cannot be read")
)

// denial is a verdict that stands against a visit.
type denial struct{ verdict access.Verdict }

func (d denial) Error() string { return "denied: " + string(d.verdict) }

// failureData is what the error page shows.
type failureData struct {
	Heading string
	Text    string
	Code    string // with which whoever looks after the service finds the log line
}

// failure is the page for an error. What went wrong inside is logged under a code
// and never shown.
func (s *Site) failure(v *Visit, err error) Answer {
	if d, ok := errors.AsType[denial](err); ok {
		return s.denied(v, d.verdict)
	}
	if violation, ok := errors.AsType[*events.Violation](err); ok {
		return s.told(v, http.StatusUnprocessableEntity, "web.error.title", "rule."+string(violation.Rule))
	}
	switch {
	case errors.Is(err, ErrNoPage):
		return s.told(v, http.StatusNotFound, "web.error.missing.title", "web.error.missing")
	case errors.Is(err, ErrLarge):
		return s.told(v, http.StatusRequestEntityTooLarge, "web.error.title", "web.error.large")
	case errors.Is(err, ErrUnreadable):
		return s.told(v, http.StatusBadRequest, "web.error.title", "web.error.form")
	}
	code := rand.Text()[:8]
	s.log.ErrorContext(v.Context(), "a page failed", slog.Any("error", err), slog.String("code", code), slog.String("route", v.Pattern))
	return s.shown(v, http.StatusInternalServerError, "web.error.title", "web.error.broken", code)
}

// denied answers who may not do it: with the way to sign in, or with the reason.
func (s *Site) denied(v *Visit, verdict access.Verdict) Answer {
	if verdict == access.NotSignedIn || verdict == access.ProveAgain {
		back := "/"
		if v.Method == http.MethodGet {
			back = v.URL.RequestURI()
		} else if from, err := url.Parse(v.Referer()); err == nil && from.Path != "" {
			back = from.RequestURI()
		}
		if s.refused != nil && v.Method == http.MethodPost {
			s.refused(v, local(back, "/"))
		}
		to := url.Values{"back": {local(back, "/")}}
		if verdict == access.ProveAgain {
			to.Set("again", "1")
		}
		return Go(s.config.SignIn + "?" + to.Encode())
	}
	return s.told(v, http.StatusForbidden, "web.error.denied.title", "web.error."+string(verdict))
}

func (s *Site) told(v *Visit, status int, heading, text string) Answer {
	return s.shown(v, status, heading, text, "")
}

func (s *Site) shown(v *Visit, status int, heading, text, code string) Answer {
	title, err := v.Say(heading)
	if err != nil {
		s.log.ErrorContext(v.Context(), "a message is missing", slog.Any("error", err))
	}
	says, err := v.Say(text)
	if err != nil {
		s.log.ErrorContext(v.Context(), "a message is missing", slog.Any("error", err))
		says = title
	}
	return Show{Template: "failure", Title: title, Status: status, Data: failureData{Heading: title, Text: says, Code: code}}
}
