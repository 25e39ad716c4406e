package agency

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

const (
	ledgerPatience = 10 * time.Second // one request, whole
	tileCache      = 256              // full tiles kept, 8 KiB each
	maxTileBytes   = 256 * 32
	maxProblem     = 16 << 10
)

// errHubAway means that the hub's ledger gave no usable answer: ask again later.
var errHubAway = errors.New("the hub's ledger does not answer as it should")

// ledger fetches from the hub's ledger over HTTP. What it gives is believed in
// nothing before the caller has verified it.
type ledger struct {
	config Config
	key    func() seal.SigningKey // with which this agency is heard now
	http   *http.Client
	now    func() time.Time

	mu    sync.Mutex
	tiles map[string][]byte // full tiles never change; those of a false answer are forgotten
}

func newLedger(c Config, key func() seal.SigningKey, now func() time.Time) (*ledger, error) {
	if c.Ledger == "" {
		return nil, nil
	}
	transport, err := c.Transport.HTTP()
	if err != nil {
		return nil, fmt.Errorf("reaching the hub's ledger: %w", err)
	}
	return &ledger{config: c, key: key, now: now, tiles: map[string][]byte{}, http: &http.Client{
		Timeout: ledgerPatience, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a signature is for one path
	}}, nil
}

// get asks for a path, with a request signed by the agency's key. An answer of
// more than limit bytes is none. Errors: errHubAway; *[events.Violation] with the
// rule of a refusal.
func (l *ledger) get(ctx context.Context, path string, limit int64) ([]byte, error) {
	if l == nil {
		return nil, fmt.Errorf("%w: no address of it is configured", errHubAway)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(l.config.Ledger, "/")+path, nil)
	if err != nil {
		return nil, fmt.Errorf("asking the hub's ledger: %w", err)
	}
	if err := seal.SignRequest(request, l.key(), l.config.Agency, l.config.Hub.Origin(), nil, l.now()); err != nil {
		return nil, fmt.Errorf("asking the hub's ledger: %w", err)
	}
	response, err := l.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errHubAway, err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	if response.StatusCode != http.StatusOK {
		return nil, refusalOf(response)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", errHubAway, err)
	case int64(len(body)) > limit:
		return nil, fmt.Errorf("%w: the answer is larger than any such", errHubAway)
	}
	return body, nil
}

// refusalOf reads why the hub refused. A fault of its own is as if it were away.
func refusalOf(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxProblem))
	var problem Problem
	if err != nil || json.Unmarshal(body, &problem) != nil || problem.Rule == "" {
		_, rule, found := strings.Cut(problem.Type, "problem:")
		if problem.Rule = events.Rule(rule); !found {
			return fmt.Errorf("%w: it answers %d", errHubAway, response.StatusCode)
		}
	}
	v := events.Refuse(problem.Rule, "", "the hub: "+problem.Detail)
	if response.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("%w: %w", errHubAway, v)
	}
	return v
}

// fetch gets tiles, each at most once while it is kept.
func (l *ledger) fetch(ctx context.Context) tlog.Fetch {
	return func(path string) ([]byte, error) {
		if l == nil {
			return nil, fmt.Errorf("%w: no address of it is configured", errHubAway)
		}
		l.mu.Lock()
		data, kept := l.tiles[path]
		l.mu.Unlock()
		if kept {
			return data, nil
		}
		data, err := l.get(ctx, "/v1/tlog/"+path, maxTileBytes)
		if err == nil && !strings.Contains(path, ".p/") {
			l.keep(path, data)
		}
		return data, err
	}
}

func (l *ledger) keep(path string, data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for old := range l.tiles {
		if len(l.tiles) < tileCache {
			break
		}
		delete(l.tiles, old)
	}
	l.tiles[path] = data
}

// forget drops the tiles that were kept: one of them was false.
func (l *ledger) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.tiles)
}

// idle lets go of connections that nobody uses.
func (l *ledger) idle() {
	if l != nil {
		l.http.CloseIdleConnections()
	}
}
