// Package joined is for pages that an agency cannot serve before the directory has arrived from the hub.
package joined

import (
	"errors"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Pages adds pages to a site. Of an agency that has not joined yet they say that it must,
// instead of that something is broken.
func Pages(site *web.Site) func(pattern string, act access.Act, page web.Page) {
	return func(pattern string, act access.Act, page web.Page) {
		site.Page(pattern, act, func(v *web.Visit) (web.Answer, error) {
			answer, err := page(v)
			if errors.Is(err, agency.ErrNotJoined) {
				err = events.Refuse("not-joined", "", "this agency has not received the directory from the hub yet")
			}
			return answer, err
		})
	}
}
