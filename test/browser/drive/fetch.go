package drive

import (
	"io"
	"net/http"

	"github.com/chromedp/cdproto/network"
)

// Fetch asks for a path of the page's own site as the person who is signed in, with the
// browser's cookies and without the browser.
func (p *Page) Fetch(path string) (status int, text string) {
	p.t.Helper()
	origin := p.Origin()
	if err := p.choose(origin); err != nil {
		p.fatal("%v", err)
	}
	site, err := safe(origin)
	if err != nil {
		p.fatal("%v", err)
	}
	cookies, err := call(p, network.GetCookies, network.GetCookiesParams{URLs: []string{site}})
	if err != nil {
		p.fatal("%v", err)
	}
	request, err := http.NewRequestWithContext(p.ctx, http.MethodGet, origin+path, nil)
	if err != nil {
		p.fatal("%v", err)
	}
	for _, c := range cookies.Cookies {
		request.AddCookie(&http.Cookie{Name: c.Name, Value: c.Value}) //nolint:gosec // it is the browser's own, sent back to where it came from
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		p.fatal("%v", err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		p.fatal("%s: %v", path, err)
	}
	return answer.StatusCode, string(body)
}
