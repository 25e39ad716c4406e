package web

import (
	"bytes"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
)

// Answer is what a visit is answered with: [Show], [Go], [Again] or [File]. Each writes
// itself whole, and fails only before its first byte.
type Answer interface {
	write(v *Visit) error
}

// Show is a page, or a part of one.
type Show struct {
	Template string
	Title    string // the page's own title, in the reader's language; no personal data
	Data     any
	Status   int  // 0: 200
	Part     bool // without the layout
	Print    bool // the layout for paper
}

// Go leads to another path of the site, which is then asked for with GET.
type Go string

// Again has the browser send the form that it just sent once more, to another path of
// the site.
type Again string

// File is something to take away.
type File struct {
	Name string
	Type string
	Body []byte
}

func (s Show) write(v *Visit) error {
	var page bytes.Buffer
	if err := v.site.render(&page, v, s); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	v.w.Header().Set("Content-Length", strconv.Itoa(page.Len()))
	if s.Status != 0 {
		v.w.WriteHeader(s.Status)
	}
	_, _ = page.WriteTo(v.w) // whoever hung up needs no answer
	return nil
}

func (g Go) write(v *Visit) error {
	http.Redirect(v.w, v.Request, local(string(g), "/"), http.StatusSeeOther) //nolint:gosec // local keeps it on this site
	return nil
}

func (a Again) write(v *Visit) error { //nolint:unparam // other answers can fail
	http.Redirect(v.w, v.Request, local(string(a), "/"), http.StatusTemporaryRedirect) //nolint:gosec // local keeps it on this site
	return nil
}

func (f File) write(v *Visit) error { //nolint:unparam // other answers can fail
	v.w.Header().Set("Content-Type", f.Type)
	v.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	_, _ = v.w.Write(f.Body) // whoever hung up needs no answer
	return nil
}

func (v *Visit) answer(a Answer) {
	if a == nil {
		return // the page answered by itself, as streams do
	}
	err := a.write(v)
	if err == nil {
		return
	}
	if err = v.site.failure(v, err).write(v); err != nil {
		v.site.log.ErrorContext(v.Context(), "not even the error page could be shown", slog.Any("error", err))
		http.Error(v.w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
	}
}

// Away leads to another site, which is asked for with GET. It is for the identity
// provider, whose address the operator configured, and for nothing that a visitor named.
type Away string

func (a Away) write(v *Visit) error { //nolint:unparam // other answers can fail
	http.Redirect(v.w, v.Request, string(a), http.StatusSeeOther) //nolint:gosec // of the configuration, never of a request
	return nil
}
