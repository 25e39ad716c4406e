package trail

import "handrail/services/web"

// Show answers a visit with the page, or, if it comes from the page itself, with the part
// that changes. A case as it is now goes on under the page's own path.
func (p Page) Show(v *web.Visit) (web.Answer, error) {
	if p.Now {
		p.Live = p.Base + "/live"
	}
	if v.Live() {
		return web.Show{Template: "trail-part", Data: p, Part: true}, nil
	}
	title, err := v.Say("trail.title")
	return web.Show{Template: "trail", Title: title, Data: p}, err
}

// OnPaper answers with the page as it is printed.
func (p Page) OnPaper(v *web.Visit) (web.Answer, error) {
	title, err := v.Say("trail.title")
	return web.Show{Template: "trail-paper", Title: title, Data: p, Print: true}, err
}
