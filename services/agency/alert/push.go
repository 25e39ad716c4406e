package alert

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/SherClockHolmes/webpush-go"
	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/services/agency/webhook"
)

// pushing says to which servers of browsers' makers a message may go, and whom
// they can ask about it. The zero value: no browser is alerted.
type pushing struct {
	hosts   []string
	contact string
}

const maxHosts = 16

var pushHostSyntax = regexp.MustCompile(`^(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?(:[0-9]{1,5})?$`)

func (w *writtenPush) pushing(f *faults) pushing {
	if w == nil {
		return pushing{}
	}
	if len(w.Hosts) == 0 || len(w.Hosts) > maxHosts {
		f.add("push.hosts", "name 1 to %d servers of browsers' makers, like updates.push.services.mozilla.com or *.notify.windows.com", maxHosts)
	}
	for i, host := range w.Hosts {
		if !pushHostSyntax.MatchString(host) {
			f.add(fmt.Sprintf("push.hosts[%d]", i), "this is not a server's name in small letters, without https://")
		}
	}
	if !mailSyntax.MatchString(w.Contact) && (!strings.HasPrefix(w.Contact, "https://") || webhook.CheckURL(w.Contact) != nil) {
		f.add("push.contact", "a mail address or an https address of the agency is needed: browsers' makers ask there when something is wrong")
	}
	return pushing{w.Hosts, w.Contact}
}

// takes says whether an address that a browser gave is one of the servers: over
// https, at its usual port unless the list names another.
func (p pushing) takes(endpoint string) bool {
	u, err := url.Parse(endpoint)
	if err != nil || u.Scheme != "https" || webhook.CheckURL(endpoint) != nil {
		return false
	}
	at := strings.TrimSuffix(strings.ToLower(u.Host), ":443")
	return slices.ContainsFunc(p.hosts, func(host string) bool {
		if within, any := strings.CutPrefix(host, "*"); any {
			return strings.HasSuffix(at, within) && len(at) > len(within)
		}
		return at == host
	})
}

// withBrowsers is the rota with every person who asked for alerts in a browser.
func (r *Ringer) withBrowsers(ctx context.Context, rota *Rota) (*Rota, error) {
	if rota == nil || len(rota.push.hosts) == 0 {
		return rota, nil
	}
	subscribed, err := r.config.Journal.subscribed(ctx)
	if err != nil {
		return nil, err
	}
	with := *rota
	with.people = make(map[events.Staff]person, len(rota.people))
	for staff, p := range rota.people {
		p.push = p.push || subscribed[staff]
		with.people[staff] = p
	}
	return &with, nil
}

var errNoBrowser = errors.New("no browser of this person takes alerts")

// note is all that a browser is sent. It is padded to one length and sealed to the
// browser, so that its maker's server learns only that something was sent.
type note struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// held is how long the maker's server keeps a message for a browser that is off, in
// seconds: after that others were alerted.
const held = 3600

// pushTo sends to every browser of a person, and forgets those that are gone. It
// failed if none took it. Errors hold no address.
func (r *Ringer) pushTo(ctx context.Context, rota *Rota, staff events.Staff, m message) error {
	browsers, err := r.config.Journal.browsers(ctx, staff)
	if err != nil {
		return err
	}
	failed := errNoBrowser
	taken := false
	for _, b := range browsers {
		gone, err := r.pushOne(ctx, rota, b, m)
		switch {
		case gone:
			err = r.config.Journal.unsubscribe(ctx, staff, b.id)
		case err == nil:
			taken = true
			err = r.config.Journal.pushed(ctx, b.id, r.config.Now())
		}
		if err != nil {
			failed = err
		}
	}
	if taken {
		return nil
	}
	return failed
}

func (r *Ringer) pushOne(ctx context.Context, rota *Rota, b browser, m message) (gone bool, err error) {
	if !rota.push.takes(b.Endpoint) {
		return false, errors.New("the browser's server is not one that the rota names")
	}
	roots, err := rota.roots(r.config.Dir)
	if err != nil {
		return false, err
	}
	key, err := r.vapid()
	if err != nil {
		return false, err
	}
	words := wordings()[rota.language]
	text, err := json.Marshal(note{Title: words.subject, Text: words.say(m.urgency, m.codes)})
	if err != nil {
		return false, errors.New("the message cannot be written as JSON")
	}
	urgency := webpush.UrgencyNormal
	if m.urgency == events.Tonight {
		urgency = webpush.UrgencyHigh
	}
	response, err := webpush.SendNotificationWithContext(ctx, text, &webpush.Subscription{
		Endpoint: b.Endpoint, Keys: webpush.Keys{P256dh: b.Key, Auth: b.Secret},
	}, &webpush.Options{
		HTTPClient: webhook.Client(roots), Subscriber: rota.push.contact, TTL: held, Urgency: urgency,
		VAPIDPublicKey: key.public, VAPIDPrivateKey: key.private,
	})
	if err != nil {
		return false, webhook.KindOf(err)
	}
	_ = response.Body.Close() // what it says is nothing to us
	switch status := response.StatusCode; {
	case status == http.StatusGone, status == http.StatusNotFound:
		return true, nil
	case status < 200 || status > 299:
		return false, webhook.StatusError(status)
	}
	return false, nil
}
