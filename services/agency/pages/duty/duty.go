// Package duty shows who is on duty, what rings, and what one shift hands over to the next.
//
// An alert tells everybody whom it reaches only that something waits; what waits is shown here, to staff who are signed
// in. The rota is changed by the duty lead, with codes for people. Numbers and addresses of staff are shown only there.
// What a shift writes for the next stays in the agency's journal: see [agency.ShiftNote].
package duty

import (
	"errors"
	"slices"
	"strings"
	"time"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/alert"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Paths of the area's pages for the menu.
const (
	Path      = "/duty"
	ShiftPath = "/shift"
)

// fresh is after how long the alerts are shown anew although nothing happened: they
// ring, and ring on, by the clock, which the agency looks at every ten seconds.
const fresh = 10 * time.Second

// Register adds the area's pages, and the script that lets a browser take alerts.
func Register(site *web.Site, a *agency.Agency) {
	p := pages{a}
	site.Page("GET "+Path, access.SeeInbox, p.desk)
	site.Live("GET /duty/live", access.SeeInbox, func(*web.Visit) (web.Stream, error) {
		return web.Stream{Position: a.Changes, Fresh: fresh, Part: p.live}, nil
	})
	site.Page("POST /duty/alerts/{alert}/take", access.SeeInbox, p.takeAlert)
	site.Page("POST /duty/test", access.SeeInbox, p.test)
	site.Page("GET /duty/rota", access.KeepRota, p.rota)
	site.Page("POST /duty/rota", access.KeepRota, p.keepRota)
	site.Page("POST /duty/push", access.OwnSettings, p.pushOn)
	site.Page("POST /duty/push/remove", access.OwnSettings, p.pushOff)
	site.Script("GET /push-worker.js", "push-worker.js")

	site.Page("GET "+ShiftPath, access.HandOverShift, p.shift)
	site.Page("GET /shift/print", access.HandOverShift, p.paper)
	site.Page("POST "+ShiftPath, access.HandOverShift, p.keepShift)
	site.Page("POST /shift/take-over", access.HandOverShift, p.takeOver)
}

// pages are the area's pages of one agency.
type pages struct{ agency *agency.Agency }

// titled is a page under its own title.
func titled(v *web.Visit, template, key string, status int, data any) (web.Answer, error) {
	title, err := v.Say(key)
	return web.Show{Template: template, Title: title, Data: data, Status: status}, err
}

// done is what was done just before, if the page has words for it.
func done(v *web.Visit, known ...string) string {
	if said := v.URL.Query().Get("done"); slices.Contains(known, said) {
		return said
	}
	return ""
}

// mayOpen says whether a person may open a case here.
func (p pages) mayOpen(v *web.Visit, id events.CaseID) bool {
	return v.May(access.SeeCase, &access.Case{Assigned: p.agency.Assigned(id)}) == nil
}

// takeAlert notes that somebody takes an alert on: nobody else is alerted.
func (p pages) takeAlert(v *web.Visit) (web.Answer, error) {
	_, err := p.agency.Acknowledge(v.Context(), v.PathValue("alert"), events.Staff(v.Person.Code))
	return web.Go(Path + "?done=taken"), err
}

// test sends a message that says that it is a test: to who has duty, if the duty lead
// asks, else to whoever asks.
func (p pages) test(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	me := events.Staff(v.Person.Code)
	var whom []events.Staff
	if v.PostFormValue("whom") == "me" {
		whom = append(whom, me)
	} else if err := v.May(access.KeepRota, nil); err != nil {
		return nil, err
	}
	_, err := p.agency.Alerting().Try(v.Context(), me, whom...)
	switch {
	case errors.Is(err, alert.ErrTriedNow):
		return web.Go(Path + "?said=soon#duty-where"), nil
	case errors.Is(err, alert.ErrNoRota), errors.Is(err, alert.ErrNotOnRota):
		return web.Go(Path), nil // the page says so
	}
	return web.Go(Path + "?done=tested#duty-where"), err
}

// pushOn notes that the person wants alerts in this browser.
func (p pages) pushOn(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	err := p.agency.Alerting().Subscribe(v.Context(), events.Staff(v.Person.Code), alert.Subscription{
		Endpoint: v.PostFormValue("endpoint"), Key: v.PostFormValue("key"), Secret: v.PostFormValue("secret"),
	})
	switch {
	case errors.Is(err, alert.ErrNoPush):
		return web.Go(Path + "#duty-push"), nil // the page says so
	case errors.Is(err, alert.ErrSubscription):
		return p.deskWith(v, 422, func(d *desk) { d.PushWrong = true })
	}
	return web.Go(Path + "?done=on"), err
}

// pushOff forgets one of the person's browsers.
func (p pages) pushOff(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	err := p.agency.Alerting().Unsubscribe(v.Context(), events.Staff(v.Person.Code), v.PostFormValue("browser"))
	return web.Go(Path + "?done=off"), err
}

// codes writes several codes behind one another.
func codes[T ~string](list []T) string {
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i] = string(one)
	}
	return strings.Join(texts, ", ")
}
