// Package audit asks a hub for trails as an auditor, verifies them without
// trusting the hub, folds them again and shows them.
package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

const (
	patience  = time.Minute
	maxAnswer = 64 << 20 // bytes
)

// Config says which hub an auditor asks, and what it pinned of it out of band.
type Config struct {
	Ledger  string // URL of the hub's ledger
	Hub     events.HubID
	Agency  events.AgencyID  // the auditor, as the directory lists it
	KeyFile string           // its signing key
	LogKey  string           // pinned: the log's verifier key
	HubKey  events.PublicKey // pinned: the hub's signing key
	Genesis string           // pinned: hexadecimal SHA-256 of the founding data
}

// Auditor asks one hub, signing each request with its directory key.
type Auditor struct {
	config Config
	key    seal.SigningKey
	http   *http.Client
}

// New makes an auditor.
func New(c Config) (*Auditor, error) {
	if u, err := url.Parse(c.Ledger); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, errors.New("the hub's address is a URL such as https://hub.example")
	}
	key, err := seal.LoadSigningKey(c.KeyFile)
	if err != nil {
		return nil, err
	}
	return &Auditor{config: c, key: key, http: &http.Client{Timeout: patience}}, nil
}

// Cases lists every case of the hub, in the order of their ids.
func (a *Auditor) Cases(ctx context.Context) ([]ledger.CaseSummary, error) {
	var all []ledger.CaseSummary
	path := "/v1/cases"
	for {
		var page struct {
			Cases []ledger.CaseSummary `json:"cases"`
		}
		if err := a.get(ctx, path, &page); err != nil {
			return nil, err
		}
		if len(page.Cases) == 0 {
			return all, nil
		}
		all = append(all, page.Cases...)
		path = "/v1/cases?after=" + string(page.Cases[len(page.Cases)-1].Case)
	}
}

// Trail gives one case's trail, unverified.
func (a *Auditor) Trail(ctx context.Context, id events.CaseID) (ledger.Trail, error) {
	var t ledger.Trail
	return t, a.get(ctx, "/v1/cases/"+url.PathEscape(string(id))+"/trail", &t)
}

func (a *Auditor) get(ctx context.Context, path string, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.config.Ledger+path, nil)
	if err != nil {
		return fmt.Errorf("asking the hub: %w", err)
	}
	if err := seal.SignRequest(request, a.key, a.config.Agency, a.config.Hub.Origin(), nil, time.Now()); err != nil {
		return fmt.Errorf("asking the hub: %w", err)
	}
	response, err := a.http.Do(request)
	if err != nil {
		return fmt.Errorf("the hub does not answer; is it running? `handrail doctor` tells: %w", err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the hub's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		problem := ledger.Problem{Title: response.Status}
		_ = json.Unmarshal(body, &problem) // without a readable problem the status has to do
		return fmt.Errorf("the hub refuses: %s %s", problem.Title, problem.Detail)
	}
	if err := json.Unmarshal(body, answer, json.RejectUnknownMembers(true)); err != nil {
		return fmt.Errorf("the hub's answer is not of the form that its contract gives: %w", err)
	}
	return nil
}

// Doctor asks the ledger at a URL how it is; the answer says nothing of any
// case and needs no key.
func Doctor(ctx context.Context, hub string) (ledger.Doctor, error) {
	var state ledger.Doctor
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, hub+"/v1/doctor", nil)
	if err != nil {
		return state, fmt.Errorf("asking the ledger: %w", err)
	}
	response, err := (&http.Client{Timeout: patience}).Do(request)
	if err != nil {
		return state, fmt.Errorf("the ledger does not answer: %w", err)
	}
	defer response.Body.Close()
	if err := json.UnmarshalRead(io.LimitReader(response.Body, 1<<20), &state); err != nil {
		return state, fmt.Errorf("the ledger does not answer as it should: %w", err)
	}
	return state, nil
}
