package web

import (
	"net/http"
	"slices"
	"time"
)

// A reader's own choices are kept in cookies that say nothing about who they are.
const (
	languageCookie = "__Host-handrail-language"
	themeCookie    = "__Host-handrail-theme"
	choiceLife     = 365 * 24 * time.Hour
)

// Themes lists the looks that a reader can choose.
func Themes() []string { return []string{"auto", "light", "dark", "contrast"} }

func themeOf(r *http.Request) string {
	if theme := cookie(r, themeCookie); slices.Contains(Themes(), theme) {
		return theme
	}
	return "auto"
}

func cookie(r *http.Request, name string) string {
	if c, err := r.Cookie(name); err == nil {
		return c.Value
	}
	return ""
}

// hostOnly makes a cookie one that only this origin gets, only over a safe
// connection (browsers count this machine's own as safe), and no script reads.
func hostOnly(c *http.Cookie) *http.Cookie {
	c.Path, c.Domain, c.Secure, c.HttpOnly = "/", "", true, true
	if c.SameSite == 0 {
		c.SameSite = http.SameSiteLaxMode
	}
	return c
}

func (s *Site) chooseLanguage(v *Visit) (Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	if _, ok := s.book.Of(v.PostFormValue("language")); !ok {
		return nil, ErrUnreadable
	}
	v.SetCookie(&http.Cookie{Name: languageCookie, Value: v.PostFormValue("language"), MaxAge: int(choiceLife.Seconds())}) //nolint:gosec // SetCookie makes it Secure, HttpOnly and SameSite
	return Go(v.Back("/")), nil
}

func (s *Site) chooseTheme(v *Visit) (Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	if !slices.Contains(Themes(), v.PostFormValue("theme")) {
		return nil, ErrUnreadable
	}
	v.SetCookie(&http.Cookie{Name: themeCookie, Value: v.PostFormValue("theme"), MaxAge: int(choiceLife.Seconds())}) //nolint:gosec // SetCookie makes it Secure, HttpOnly and SameSite
	return Go(v.Back("/")), nil
}
