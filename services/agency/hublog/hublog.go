// Package hublog asks the hub's ledger over HTTP for what it shows of its log: the newest checkpoint, tiles, and proofs of
// entries. Every request is signed with the agency's own key.
//
// Trust. It believes nothing that it is given: whoever asked verifies it, and has it forgotten if it was false. An answer is
// bounded in size and time, and no redirect is followed. The hub, and who controls the way to it, can keep everything back.
package hublog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

const (
	patience     = 10 * time.Second // one request, whole
	tileCache    = 256              // full tiles kept, 8 KiB each
	maxTileBytes = 256 * 32
	maxProblem   = 16 << 10
)

// ErrAway means that the hub's ledger gave no usable answer: ask again later.
var ErrAway = errors.New("the hub's ledger does not answer as it should")

// Config says who asks whom.
type Config struct {
	URL       string             // of the hub's ledger; empty: it is always away
	Transport exchange.Transport // how it is reached
	Hub       events.HubID
	Agency    events.AgencyID
	Key       func() seal.SigningKey // with which the agency is heard now
	Now       func() time.Time
}

// Log is the log of a hub, as far as its ledger answers. It is safe for use by
// several goroutines. Errors of all that asks: [ErrAway]; *[events.Violation] with
// the rule of a refusal.
type Log struct {
	config Config
	http   *http.Client // nil: no address of it is configured

	mu    sync.Mutex
	tiles map[string][]byte // full tiles never change; those of a false answer are forgotten
}

// New asks nothing yet. Error: the transport cannot be made.
func New(c Config) (*Log, error) {
	l := &Log{config: c, tiles: map[string][]byte{}}
	if c.URL == "" {
		return l, nil
	}
	transport, err := c.Transport.HTTP()
	if err != nil {
		return nil, fmt.Errorf("reaching the hub's ledger: %w", err)
	}
	l.http = &http.Client{
		Timeout: patience, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }, // a signature is for one path
	}
	return l, nil
}

// Checkpoint gives the newest, as a signed note.
func (l *Log) Checkpoint(ctx context.Context) ([]byte, error) {
	return l.get(ctx, "/v1/tlog/checkpoint", tlog.MaxCheckpointBytes)
}

// Proof gives the C2SP tlog-proof of an entry.
func (l *Log) Proof(ctx context.Context, entry uint64) ([]byte, error) {
	return l.get(ctx, "/v1/entries/"+strconv.FormatUint(entry, 10)+"/proof", tlog.MaxProofBytes)
}

// Tiles gets tiles by their paths, each full one at most once while it is kept.
func (l *Log) Tiles(ctx context.Context) tlog.Fetch {
	return func(path string) ([]byte, error) {
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

func (l *Log) keep(path string, data []byte) {
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

// Forget drops the tiles that were kept: one of them was false.
func (l *Log) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.tiles)
}

// Idle lets go of connections that nobody uses.
func (l *Log) Idle() {
	if l.http != nil {
		l.http.CloseIdleConnections()
	}
}

// get asks for a path. An answer of more than limit bytes is none.
func (l *Log) get(ctx context.Context, path string, limit int64) ([]byte, error) {
	if l.http == nil {
		return nil, fmt.Errorf("%w: no address of it is configured", ErrAway)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(l.config.URL, "/")+path, nil)
	if err != nil {
		return nil, fmt.Errorf("asking the hub's ledger: %w", err)
	}
	if err := seal.SignRequest(request, l.config.Key(), l.config.Agency, l.config.Hub.Origin(), nil, l.config.Now()); err != nil {
		return nil, fmt.Errorf("asking the hub's ledger: %w", err)
	}
	response, err := l.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrAway, err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	if response.StatusCode != http.StatusOK {
		return nil, refusalOf(response)
	}
	body, err := io.ReadAll(io.LimitReader(response.Body, limit+1))
	switch {
	case err != nil:
		return nil, fmt.Errorf("%w: %w", ErrAway, err)
	case int64(len(body)) > limit:
		return nil, fmt.Errorf("%w: the answer is larger than any such", ErrAway)
	}
	return body, nil
}

// refusalOf reads why the hub refused. A fault of its own is as if it were away.
func refusalOf(response *http.Response) error {
	body, err := io.ReadAll(io.LimitReader(response.Body, maxProblem))
	var problem struct {
		Type   string      `json:"type"`
		Detail string      `json:"detail"`
		Rule   events.Rule `json:"rule"`
	}
	if err != nil || json.Unmarshal(body, &problem) != nil || problem.Rule == "" {
		_, rule, found := strings.Cut(problem.Type, "problem:")
		if problem.Rule = events.Rule(rule); !found {
			return fmt.Errorf("%w: it answers %d", ErrAway, response.StatusCode)
		}
	}
	v := events.Refuse(problem.Rule, "", "the hub: "+problem.Detail)
	if response.StatusCode >= http.StatusInternalServerError {
		return fmt.Errorf("%w: %w", ErrAway, v)
	}
	return v
}
