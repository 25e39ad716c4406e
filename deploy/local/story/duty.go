package story

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency/alert"
	"handrail/services/agency/client"
)

// dutyActs are about who is woken.
func (w *World) dutyActs() []act {
	return []act{
		{"has STAFF on duty", w.hasOnDuty},
		{"phone rings for STAFF", w.rings},
		{"phone does not ring", w.doesNotRing},
		{"STAFF answers the alarm", w.answersAlarm},
	}
}

const hookSecret = "rota-secret"

// hasOnDuty writes a rota for the agency: the members of its staff, first to be
// alerted first, by a webhook that rings on a phone of the story's own.
func (w *World) hasOnDuty(ctx context.Context, who local.Member, given []string) (string, error) {
	if w.phones == nil {
		p, err := newPhones(ctx)
		if err != nil {
			return "", err
		}
		w.phones = p
	}
	folder := w.at.Agency(who.Agency)
	if err := os.WriteFile(filepath.Join(folder, hookSecret), []byte(rand.Text()+rand.Text()+"\n"), 0o600); err != nil {
		return "", fmt.Errorf("writing a rota: %w", err)
	}
	staff := strings.Split(given[0], ",")
	var b strings.Builder
	fmt.Fprintf(&b, "timezone: UTC\nlanguage: en\nwait: {tonight: 1m, standard: 10m}\npeople:\n")
	for _, one := range staff {
		fmt.Fprintf(&b, "  %s: {webhook: {url: %q, secret: %s}}\n", one, w.phones.number(who.Agency, one), hookSecret)
	}
	fmt.Fprintf(&b, "otherwise: [%s]\n", strings.Join(staff, ", "))
	if err := os.WriteFile(filepath.Join(folder, alert.RotaFile), []byte(b.String()), 0o600); err != nil {
		return "", fmt.Errorf("writing a rota: %w", err)
	}
	return "its own rota, in its own folder", nil
}

// rings waits until somebody's phone rings, and checks that the message says
// nothing of the case.
func (w *World) rings(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(context.Context) (string, error) {
		if w.phones == nil {
			return "", errors.New("nobody has a phone")
		}
		heard := w.phones.rang(who.Agency, given[0])
		if len(heard) == 0 {
			return "", errors.New("it does not ring")
		}
		for _, text := range heard {
			if strings.Contains(text, string(w.Case)) || strings.Contains(text, string(w.referral)) {
				return "", fmt.Errorf("%w: the message names the case", errSettled)
			}
		}
		return "the message says nothing of the case", nil
	})
}

func (w *World) doesNotRing(_ context.Context, who local.Member, _ []string) (string, error) {
	if w.phones == nil {
		return "", errors.New("nobody has a phone")
	}
	if heard := w.phones.rang(who.Agency, ""); len(heard) > 0 {
		return "", fmt.Errorf("it rang %d times", len(heard))
	}
	return "", nil
}

// answersAlarm acknowledges the agency's alert that rings.
func (w *World) answersAlarm(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		all, err := client.List[alert.Alert](ctx, w.people(who), "/v1/alerts", "alerts")
		if err != nil {
			return "", err
		}
		i := slices.IndexFunc(all, func(a alert.Alert) bool { return a.State == "ringing" && a.Case == w.Case })
		if i < 0 {
			return "", errors.New("no alert rings there")
		}
		path := "/v1/alerts/" + url.PathEscape(all[i].ID) + "/acknowledge"
		return "alert " + all[i].ID + ": nobody else is woken", w.people(who).Post(ctx, path, map[string]string{"staff": given[0]}, nil)
	})
}

// phones are webhooks on this machine, one path for each member of staff.
type phones struct {
	address string
	mu      sync.Mutex
	heard   map[string][]string // what each path was sent
}

func newPhones(ctx context.Context) (*phones, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("laying a telephone line: %w", err)
	}
	p := &phones{address: "http://" + listener.Addr().String(), heard: map[string][]string{}}
	server := &http.Server{Handler: p, ReadHeaderTimeout: 5 * time.Second}
	go func() { _ = server.Serve(listener) }() // it ends with the world's context
	context.AfterFunc(ctx, func() { _ = server.Close() })
	return p, nil
}

func (p *phones) number(a events.AgencyID, staff string) string {
	return p.address + "/" + string(a) + "/" + staff
}

// ServeHTTP takes an alert as a duty phone would.
func (p *phones) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	text, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.heard[r.URL.Path] = append(p.heard[r.URL.Path], string(text))
}

// rang gives what somebody's phone was sent; everybody's of the agency if staff is empty.
func (p *phones) rang(a events.AgencyID, staff string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var all []string
	for path, texts := range p.heard {
		if strings.HasPrefix(path, "/"+string(a)+"/"+staff) {
			all = append(all, texts...)
		}
	}
	return all
}
