package cases

import (
	"slices"

	"handrail/services/agency"
	"handrail/services/agency/pages/leaf"
	"handrail/services/web"
)

// readView is who read what, the newest first.
type readView struct {
	Reads []read
	Count int
	Leaf  leaf.Leaf
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
	seen := readView{Count: len(all)}
	all, seen.Leaf = leaf.Of(v, "/readlog", all)
	for _, one := range all {
		seen.Reads = append(seen.Reads, read{one, Short(one.Case)})
	}
	return web.Show{Template: "cases-readlog", Title: title, Data: seen}, nil
}
