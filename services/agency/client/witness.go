package client

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/go-json-experiment/json"

	"handrail/services/agency"
)

// Witness is how the agency's witness stands.
func (c *Client) Witness(ctx context.Context) (view agency.WitnessView, err error) {
	return view, c.Get(ctx, "/v1/witness", &view)
}

// ResetWitness makes the agency's witness begin anew, and says so in the log.
func (c *Client) ResetWitness(ctx context.Context, r agency.Reset) (said agency.Said, err error) {
	return said, c.Post(ctx, "/v1/witness/reset", r, &said)
}

// Proof is the verified proof of an entry, by its number or its event's id.
func (c *Client) Proof(ctx context.Context, of string) (proof agency.ProofView, err error) {
	return proof, c.Get(ctx, "/v1/proof/"+url.PathEscape(of), &proof)
}

// Evidence writes what the agency can show of its dealings with the hub. It takes
// as long as it takes: end it by ctx. After an error what was written is not whole.
func (c *Client) Evidence(ctx context.Context, out io.Writer) error {
	const path = "/v1/evidence"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.base+path, nil)
	if err != nil {
		return fmt.Errorf("asking %s: %w", path, err)
	}
	patient := *c.http
	patient.Timeout = 0
	response, err := patient.Do(request)
	if err != nil {
		return fmt.Errorf("the agency's service does not answer: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	if response.StatusCode != http.StatusOK {
		problem := &ProblemError{Status: response.StatusCode, Title: http.StatusText(response.StatusCode)}
		_ = json.UnmarshalRead(io.LimitReader(response.Body, maxAnswer), problem) // else the status has to do
		return problem
	}
	if _, err := io.Copy(out, response.Body); err != nil {
		return fmt.Errorf("reading the answer to %s: %w", path, err)
	}
	return nil
}
