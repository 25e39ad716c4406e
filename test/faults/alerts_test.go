package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"handrail/events"
	"handrail/services/agency/alert"
	"handrail/services/agency/client"
)

// dutyPhone takes alerts by webhook. The first message finds the agency that
// sends it killed before it has an answer.
type dutyPhone struct {
	mu    sync.Mutex
	rang  map[string][]string // message id → what it said, each time that it came
	first func() error
	died  error
}

func (p *dutyPhone) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16)) // what came before an error was heard
	p.mu.Lock()
	defer p.mu.Unlock()
	id := r.Header.Get("Webhook-Id")
	p.rang[id] = append(p.rang[id], string(text))
	if p.first != nil {
		p.died = p.first()
		p.first = nil
	}
}

// about counts, by message, how often an alert's code came; any, if code is empty.
func (p *dutyPhone) about(code string) map[string]int {
	p.mu.Lock()
	defer p.mu.Unlock()
	times := map[string]int{}
	for id, texts := range p.rang {
		for _, text := range texts {
			if strings.Contains(text, code) {
				times[id]++
			}
		}
	}
	return times
}

// woken kills the shelter while its duty is alerted, before it knows that the
// message was taken, and again while a person acknowledges: the message comes
// again under the same id, the acknowledgement counts once, nobody else is woken.
func (h *hub) woken(ctx context.Context) {
	h.t.Helper()
	shelter := h.desks[lighthouse]
	phone := &dutyPhone{rang: map[string][]string{}, first: func() error { return h.strike(string(lighthouse)) }}
	server := httptest.NewServer(phone)
	h.t.Cleanup(server.Close)
	folder := h.At.Agency(lighthouse)
	h.must(os.WriteFile(filepath.Join(folder, "bell.whsec"), []byte(strings.Repeat("c2VjcmV0", 6)+"\n"), 0o600))
	h.must(os.WriteFile(filepath.Join(folder, "rota.yaml"), fmt.Appendf(nil,
		"timezone: UTC\nwait: {tonight: 1m, standard: 10m}\npeople:\n  duty-1: {webhook: {url: %q, secret: bell.whsec}}\n  duty-2: {webhook: {url: %q, secret: bell.whsec}}\notherwise: [duty-1, duty-2]\n",
		server.URL, server.URL), 0o600))

	r := h.newReferral(lighthouse)
	h.must(r.asksTonight(events.InTurn)(ctx))
	h.must(until(ctx, "the phone rings", func(context.Context) error {
		if len(phone.about("")) == 0 {
			return errors.New("it does not")
		}
		return phone.died
	}))
	h.must(h.mend(ctx, string(lighthouse)))
	h.must(until(ctx, "the message comes again", func(context.Context) error {
		for _, times := range phone.about("") {
			if times > 1 {
				return nil
			}
		}
		return errors.New("it does not")
	}))
	code := h.ringing(ctx, r)
	came := phone.about(code)
	if len(came) != 1 {
		h.t.Errorf("the same alert came under %d ids", len(came))
	}
	h.acknowledged(ctx, r, code)
	h.must(run(ctx, []step{
		{"the alerted accept", r.says(shelter, "referral.accepted", nil)},
		{"the records are released", func(ctx context.Context) error { return shelter.mayRead(ctx, r.id, sealedTonight) }},
	}))
	h.must(run(ctx, r.arriving(shelter)))
	if later := phone.about(code); !maps.Equal(later, came) {
		h.t.Errorf("an alert that somebody has rang on: %v, then %v", came, later)
	}
	h.must(os.Remove(filepath.Join(folder, "rota.yaml")))
}

// ringing is the code of the one alert about a case.
func (h *hub) ringing(ctx context.Context, r *referral) (code string) {
	h.t.Helper()
	h.must(until(ctx, "the alert is listed as sent", func(ctx context.Context) error {
		one, err := h.alert(ctx, r)
		code = one.ID
		if err == nil && !slices.ContainsFunc(one.Told, func(t alert.Told) bool { return t.Staff == "duty-1" && !t.Sent.IsZero() }) {
			err = errors.New("it is not marked as taken")
		}
		return err
	}))
	return code
}

func (h *hub) alert(ctx context.Context, r *referral) (alert.Alert, error) {
	all, err := client.List[alert.Alert](ctx, h.desks[lighthouse].people, "/v1/alerts", "alerts")
	i := slices.IndexFunc(all, func(a alert.Alert) bool { return a.Case == r.id && a.About == alert.Referral })
	if err != nil || i < 0 {
		return alert.Alert{}, errors.Join(err, errors.New("no alert is about the case"))
	}
	return all[i], nil
}

// acknowledged has a person acknowledge an alert while the service is killed.
func (h *hub) acknowledged(ctx context.Context, r *referral, code string) {
	h.t.Helper()
	people := h.desks[lighthouse].people
	says := func(ctx context.Context) error {
		return people.Post(ctx, "/v1/alerts/"+code+"/acknowledge", map[string]string{"staff": "duty-1"}, nil)
	}
	var saying sync.WaitGroup
	saying.Go(func() { _ = says(ctx) }) // its outcome may be unknown
	h.must(h.strike(string(lighthouse)))
	saying.Wait()
	h.must(h.mend(ctx, string(lighthouse)))
	h.must(until(ctx, "the shelter acknowledges", says))
	one, err := h.alert(ctx, r)
	h.must(err)
	if one.AcknowledgedBy != "duty-1" || one.State != alert.Acknowledged || len(one.Told) != 1 {
		h.t.Errorf("the alert is %s by %s, told %d times", one.State, one.AcknowledgedBy, len(one.Told))
	}
}
