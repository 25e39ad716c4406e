package cases

import (
	"slices"
	"strconv"

	"handrail/services/agency"
	"handrail/services/web"
)

// readView is who read what, the newest first.
type readView struct {
	Reads []read
	Count int
	Page  int
	Pages int
}

// read is one reading.
type read struct {
	agency.Read

	Short string
}

// readLog shows the readings to the data-protection officer. It names codes, never
// people, and nothing of what was read.
func (p pages) readLog(v *web.Visit) (web.Answer, error) {
	title, err := v.Say("cases.readlog.title")
	if err != nil {
		return nil, err
	}
	all, err := p.agency.ReadLog(v.Context())
	if err != nil {
		return nil, err
	}
	slices.Reverse(all)
	seen := readView{Count: len(all), Page: 1, Pages: max(1, (len(all)+shown-1)/shown)}
	if n, err := strconv.Atoi(v.URL.Query().Get("page")); err == nil && n > 0 && n <= seen.Pages {
		seen.Page = n
	}
	from := (seen.Page - 1) * shown
	for _, one := range all[from:min(from+shown, len(all))] {
		seen.Reads = append(seen.Reads, read{one, Short(one.Case)})
	}
	return web.Show{Template: "cases-readlog", Title: title, Data: seen}, nil
}

// Next and Before serve the template.
func (r readView) Next() int   { return r.Page + 1 }
func (r readView) Before() int { return r.Page - 1 }
