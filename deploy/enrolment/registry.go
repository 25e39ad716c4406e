package enrolment

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/directory"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/seal"
)

const (
	registryPath     = "/v1/directory"
	registryPatience = 30 * time.Second
)

// Member is an agency as the ledger lists it.
type Member struct {
	Agency   events.AgencyID    `json:"agency"`
	Kind     events.AgencyKind  `json:"kind"`
	Standing directory.Standing `json:"standing"`
	Signing  events.KeyID       `json:"signing"`
	Sealing  events.KeyID       `json:"sealing"`
	Witness  string             `json:"witness,omitzero"`
	Since    uint64             `json:"since"`        // entry
	Position uint64             `json:"position"`     // last delivery that it said it stored
	Pin      string             `json:"pin,omitzero"` // of a foreign mission: the digest that it pins instead of genesis's
}

// RefusedError is the ledger's answer to what breaks a rule.
type RefusedError struct {
	Rule   string
	Detail string
	Status int
}

func (e *RefusedError) Error() string {
	return fmt.Sprintf("the ledger refuses: %s [%s]", e.Detail, e.Rule)
}

// Registry is the ledger's directory, as the hub's operator changes it: every
// request is signed with the hub's key.
type Registry struct {
	url  string
	hub  events.HubID
	key  seal.SigningKey
	http *http.Client
}

// OpenRegistry uses the hub's key of a data directory. The ledger's address is the
// directory's unless given.
func OpenRegistry(at local.Layout, ledger string) (*Registry, error) {
	d, err := at.Directions()
	if err != nil {
		return nil, err
	}
	key, err := seal.LoadSigningKey(at.HubKey())
	if err != nil {
		return nil, fmt.Errorf("reading the hub's key: %w", err)
	}
	transport, err := d.Transport().HTTP()
	if err != nil {
		return nil, err
	}
	if ledger == "" {
		ledger = d.LedgerURL()
	}
	return &Registry{url: ledger, hub: d.Hub, key: key, http: &http.Client{Transport: transport, Timeout: registryPatience}}, nil
}

// Members lists every agency that was ever listed.
func (r *Registry) Members(ctx context.Context) ([]Member, error) {
	var answer struct {
		Agencies []Member `json:"agencies"`
	}
	return answer.Agencies, errors.Join(r.do(ctx, http.MethodGet, nil, &answer))
}

// Say has the hub say an event about an agency and gives the number of its entry.
// Errors: *[RefusedError].
func (r *Registry) Say(ctx context.Context, about events.AgencyID, payload events.Payload) (uint64, error) {
	data, err := events.Encode(payload)
	if err != nil {
		return 0, fmt.Errorf("telling the ledger: %w", err)
	}
	body, err := json.Marshal(struct {
		Type   events.Type     `json:"type"`
		Agency events.AgencyID `json:"agency"`
		Data   jsontext.Value  `json:"data"`
	}{payload.Type(), about, data})
	if err != nil {
		return 0, fmt.Errorf("telling the ledger: %w", err)
	}
	var answer struct {
		Number uint64 `json:"number"`
	}
	return answer.Number, r.do(ctx, http.MethodPost, body, &answer)
}

func (r *Registry) do(ctx context.Context, method string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, r.url+registryPath, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("asking the ledger: %w", err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if err := seal.SignRequest(request, r.key, events.HubAgency, r.hub.Origin(), body, time.Now()); err != nil {
		return fmt.Errorf("asking the ledger: %w", err)
	}
	response, err := r.http.Do(request)
	if err != nil {
		return fmt.Errorf("the ledger does not answer: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxFile))
	if err != nil {
		return fmt.Errorf("reading the ledger's answer: %w", err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		return refusal(response.StatusCode, text)
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("reading the ledger's answer: %w", err)
	}
	return nil
}

func refusal(status int, text []byte) error {
	var problem struct {
		Type   string `json:"type"` // urn:handrail:problem:RULE
		Title  string `json:"title"`
		Detail string `json:"detail"`
	}
	err := json.Unmarshal(text, &problem)
	rule := problem.Type[strings.LastIndexByte(problem.Type, ':')+1:]
	if err != nil || rule == "" {
		return fmt.Errorf("the ledger answers %d %s", status, http.StatusText(status))
	}
	return &RefusedError{Rule: rule, Detail: cmp.Or(problem.Detail, problem.Title), Status: status}
}
