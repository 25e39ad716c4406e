// Package client talks to agency services over HTTP: as the agency's people, on
// the socket in its folder, or as one of its own systems, with its token.
package client

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// Patience bounds one request, in time and in bytes of its answer.
const (
	patience  = 30 * time.Second
	maxAnswer = 16 << 20
)

// Client asks one agency's service.
type Client struct {
	http  *http.Client
	base  string
	token string
}

// People connects as the agency's staff on this machine: whoever may open the
// socket in the agency's folder.
func People(folder string) *Client {
	socket := filepath.Join(folder, "desk.sock")
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", socket)
	}
	return &Client{http: &http.Client{Timeout: patience, Transport: &http.Transport{DialContext: dial}}, base: "http://desk"}
}

// System connects as one of the agency's own systems, with the token in its folder.
func System(folder, address string) (*Client, error) {
	token, err := os.ReadFile(filepath.Join(folder, "token")) //nolint:gosec // the folder is the one that its user names
	if err != nil {
		return nil, fmt.Errorf("reading the token of the agency's systems: %w", err)
	}
	return &Client{http: &http.Client{Timeout: patience}, base: "http://" + address, token: strings.TrimSpace(string(token))}, nil
}

// ProblemError is an RFC 9457 answer: what was wrong, by the name of its rule.
type ProblemError struct {
	Status  int    `json:"status"`
	Title   string `json:"title"`
	Detail  string `json:"detail"`
	Rule    string `json:"rule"`
	Pointer string `json:"pointer"`
}

// Error implements error.
func (p *ProblemError) Error() string {
	said := []string{p.Rule, p.Title, p.Pointer, p.Detail}
	var parts []string
	for _, s := range said {
		if s != "" && (len(parts) == 0 || parts[len(parts)-1] != s) {
			parts = append(parts, s)
		}
	}
	return strings.Join(parts, ": ")
}

// Get asks for what stands at path and decodes it into answer.
func (c *Client) Get(ctx context.Context, path string, answer any) error {
	return c.do(ctx, http.MethodGet, path, nil, answer)
}

// List asks for the list that stands at path under a name.
func List[T any](ctx context.Context, c *Client, path, name string) ([]T, error) {
	var answer map[string][]T
	err := c.Get(ctx, path, &answer)
	return answer[name], err
}

// Post sends value as JSON and decodes what comes back into answer, which may be nil.
func (c *Client) Post(ctx context.Context, path string, value, answer any) error {
	body, raw := value.([]byte)
	if !raw {
		var err error
		if body, err = json.Marshal(value); err != nil {
			return fmt.Errorf("asking %s: %w", path, err)
		}
	}
	return c.do(ctx, http.MethodPost, path, body, answer)
}

func (c *Client) do(ctx context.Context, method, path string, body []byte, answer any) error {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("asking %s: %w", path, err)
	}
	if body != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if c.token != "" {
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	response, err := c.http.Do(request)
	if err != nil {
		return fmt.Errorf("the agency's service does not answer: %w", err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, maxAnswer))
	if err != nil {
		return fmt.Errorf("reading the answer to %s: %w", path, err)
	}
	if response.StatusCode >= http.StatusBadRequest {
		problem := &ProblemError{Status: response.StatusCode}
		if json.Unmarshal(text, problem) != nil {
			problem.Title = http.StatusText(response.StatusCode)
		}
		return problem
	}
	if answer == nil || len(text) == 0 {
		return nil
	}
	if raw, ok := answer.(*jsontext.Value); ok {
		*raw = text
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("reading the answer to %s: %w", path, err)
	}
	return nil
}
