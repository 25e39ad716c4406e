// Package inbox shows what waits for an agency, and what is late.
//
// The inbox shows matching facts only: all of the staff who may see it may see them, before anybody is assigned. It is
// one answer to one request, and goes on by itself while it is open.
package inbox

import (
	"errors"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Path is where the inbox is.
const Path = "/inbox"

// fresh is after how long the inbox is shown anew although nothing happened: the
// words say minutes.
const fresh = 30 * time.Second

// Register adds the area's pages.
func Register(site *web.Site, a *agency.Agency) {
	p := pages{a}
	site.Page("GET "+Path, access.SeeInbox, p.inbox)
	site.Live("GET "+Path+"/live", access.SeeInbox, func(*web.Visit) (web.Stream, error) {
		return web.Stream{Position: a.Changes, Fresh: fresh, Part: p.live}, nil
	})
	site.Page("POST /cases/{case}/take", access.TakeOn, p.take)
	site.Page("GET /overdue", access.SeeOverdue, p.overdue)
	site.Live("GET /overdue/live", access.SeeOverdue, func(*web.Visit) (web.Stream, error) {
		return web.Stream{Position: a.Changes, Fresh: fresh, Part: p.overdueLive}, nil
	})
}

// pages are the area's pages of one agency.
type pages struct{ agency *agency.Agency }

// Away says that the hub is out of reach; nil while it is not.
func Away(v *web.Visit, a *agency.Agency) (*web.Notice, error) {
	reach, err := a.Reach(v.Context())
	if err != nil || reach.Reached {
		return nil, err
	}
	key, last := "inbox.away", ""
	switch {
	case reach.Last.IsZero():
		key = "inbox.away.never"
	case reach.Waiting == 0:
		key = "inbox.away.idle"
	}
	if !reach.Last.IsZero() {
		if last, err = v.Words.Moment(reach.Last, v.Now); err != nil {
			return nil, err
		}
	}
	text, err := v.Say(key, "Count", reach.Waiting, "When", last)
	return &web.Notice{Kind: "warning", Text: text}, err
}

// take assigns whoever asks for it to a case that nobody has. If somebody was
// quicker, that is not said: the page that follows shows who.
func (p pages) take(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	of := events.CaseID(v.PathValue("case"))
	err := p.agency.Take(v.Context(), of, v.Person.Code)
	if err != nil && !errors.Is(err, agency.ErrAssigned) {
		return nil, err
	}
	return web.Go(v.Back("/cases/" + string(of))), nil
}

// kinds tells which kind of organisation each member of the directory is.
func (p pages) kinds() map[events.AgencyID]events.AgencyKind {
	memo, err := p.agency.Memorandum()
	if err != nil {
		return nil // nothing has arrived, so nobody is named
	}
	return memo.Directory
}
