package duty

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"handrail/events"
	"handrail/services/agency/alert"
	"handrail/services/web"
	"handrail/services/web/access"
)

// desk is what the page of the duty shows.
type desk struct {
	alert.Duty

	Position uint64 // of the journal, from which the page goes on

	Done    string
	Said    string // key of what stands against what was asked
	Places  []string
	MayEdit bool
	OnRota  bool // whoever looks
	Shared  bool
	Exit    bool // the pages offer to leave at once
	Now     []colleague
	Next    []colleague

	Tonight, Standard time.Duration // until the next person is alerted

	Alerts []ringing
	Ended  []ringing
	Trial  *alert.Trial

	PushKey   string // empty: no browser can take alerts
	PushWrong bool
	Browsers  []alert.Browser
}

// colleague is one of those on duty.
type colleague struct {
	Code events.Staff
	You  bool
}

// ringing is an alert with what the page adds.
type ringing struct {
	alert.Alert

	Urgent  bool
	Reached string // codes of those whom a message reached
	To      string // where it leads; empty: nowhere, or not for whoever looks
}

func (p pages) desk(v *web.Visit) (web.Answer, error) {
	return p.deskWith(v, http.StatusOK, func(d *desk) {
		d.Done = done(v, "taken", "kept", "on", "off", "tested")
		if v.URL.Query().Get("said") == "soon" {
			d.Said = "duty.tested.soon"
		}
	})
}

// live is the part of the page that goes on by itself: what rings.
func (p pages) live(v *web.Visit) (web.Show, error) {
	var d desk
	err := p.addAlerts(v, &d)
	return web.Show{Template: "duty-alerts", Data: d}, err
}

func (p pages) deskWith(v *web.Visit, status int, also func(*desk)) (web.Answer, error) {
	position, _ := p.agency.Changes()
	d, err := p.see(v)
	if err != nil {
		return nil, err
	}
	d.Position = position
	also(&d)
	return titled(v, "duty-desk", "duty.title", status, d)
}

func (p pages) see(v *web.Visit) (d desk, err error) {
	ringer, me := p.agency.Alerting(), events.Staff(v.Person.Code)
	if d.Duty, err = ringer.Duty(v.Context()); err != nil {
		return d, err
	}
	for _, fault := range alert.Faults(d.Wrong) {
		d.Places = append(d.Places, fault.Field)
	}
	d.MayEdit, d.Shared = v.May(access.KeepRota, nil) == nil, v.Person.Shared
	d.Exit = v.QuickExit()
	d.Now, d.Next = colleagues(d.Duty.Now, me), colleagues(d.Duty.Next, me)
	d.OnRota = slices.ContainsFunc(d.People, func(r alert.Reached) bool { return r.Staff == me })
	d.Tonight, d.Standard = d.Wait[events.Tonight], d.Wait[events.Standard]
	if err := p.addAlerts(v, &d); err != nil {
		return d, err
	}
	if last := ringer.LastTrial(); len(last.Results) > 0 && v.Now.Sub(last.At) < 24*time.Hour {
		d.Trial = &last
	}
	if d.PushKey, err = ringer.PushKey(v.Context()); err != nil && !errors.Is(err, alert.ErrNoPush) {
		return d, err
	}
	d.Browsers, err = ringer.Browsers(v.Context(), me)
	return d, err
}

func colleagues(list []events.Staff, me events.Staff) (all []colleague) {
	for _, code := range list {
		all = append(all, colleague{code, code == me})
	}
	return all
}

func (p pages) addAlerts(v *web.Visit, d *desk) error {
	list, err := p.agency.Alerts(v.Context())
	if err != nil {
		return err
	}
	for _, a := range list {
		one := ringing{Alert: a, Urgent: a.Urgency == events.Tonight}
		var reached []events.Staff
		for _, told := range a.Told {
			if !told.Sent.IsZero() && !slices.Contains(reached, told.Staff) {
				reached = append(reached, told.Staff)
			}
		}
		one.Reached = codes(reached)
		switch {
		case a.About == alert.Referral && a.Referral != "":
			one.To = "/referrals/" + string(a.Case) + "/" + string(a.Referral)
		case a.Case != "" && p.mayOpen(v, a.Case):
			one.To = "/cases/" + string(a.Case)
		}
		if a.State == alert.Ringing || a.State == alert.Unanswered {
			d.Alerts = append(d.Alerts, one)
		} else {
			d.Ended = append(d.Ended, one)
		}
	}
	return nil
}
