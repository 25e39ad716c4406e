package agency

import (
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency/keyring"
)

// forks gives a log of the same keys and history that grows apart from l.
func (l *aLog) forks() *aLog {
	fork := *l
	fork.tree, fork.leaves = l.tree.Clone(), append([]tlog.Hash(nil), l.leaves...)
	fork.sequence = maps.Clone(l.sequence)
	fork.appends("only in the fork")
	return &fork
}

// appends adds an entry that concerns nobody here.
func (l *aLog) appends(what string) {
	leaf := tlog.Hash{}
	copy(leaf[:], fmt.Sprintf("%d %s", l.tree.Size(), what))
	l.tree.Append(leaf, nil)
	l.leaves = append(l.leaves, leaf)
}

// grows adds so many of them.
func (l *aLog) grows(entries int) {
	for range entries {
		l.appends("of others")
	}
}

// read gives stored hashes, as a ledger does.
func (l *aLog) read(level int, from, to int64) ([]tlog.Hash, error) {
	width := int64(1)
	for range level {
		width *= tlog.TileWidth
	}
	if to*width > int64(len(l.leaves)) || from < 0 {
		return nil, fmt.Errorf("there are no hashes %d to %d of level %d", from, to, level)
	}
	var out []tlog.Hash
	for i := from; i < to; i++ {
		var subtree tlog.Tree
		for _, leaf := range l.leaves[i*width : (i+1)*width] {
			subtree.Append(leaf, nil)
		}
		out = append(out, subtree.Root())
	}
	return out, nil
}

// httpLedger is the part of a hub's ledger that agencies fetch from, over a log
// kept by hand: it checks who asks, and can lie.
type httpLedger struct {
	*httptest.Server
	l *aLog

	mu    sync.Mutex
	log   *aLog                                   // what it serves
	spoil func(path string, answer []byte) []byte // nil: nothing is spoiled
	asked map[string]int
	proof func(number uint64) []byte
}

// serves starts a ledger over HTTP for the log.
func (l *aLog) serves() *httpLedger {
	l.t.Helper()
	h := &httpLedger{l: l, log: l, asked: map[string]int{}}
	h.Server = httptest.NewServer(h)
	l.t.Cleanup(h.Close)
	l.ledger = h.URL
	return h
}

func (h *httpLedger) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	defer h.mu.Unlock()
	signing, err := seal.LoadSigningKey(h.l.config().path(keyring.Signing.File()))
	h.l.must(err)
	by, _, err := seal.VerifyRequest(r, nil, testHub.Origin(), h.l.clock(), func(events.AgencyID, events.KeyID) (events.PublicKey, bool) {
		return signing.Public(), true
	})
	if err != nil || by != testAgency {
		http.Error(w, "who asks?", http.StatusForbidden)
		return
	}
	h.asked[r.URL.Path]++
	answer := h.answer(r.URL.Path)
	if h.spoil != nil {
		answer = h.spoil(r.URL.Path, answer)
	}
	if answer == nil {
		http.NotFound(w, r)
		return
	}
	_, _ = w.Write(answer)
}

func (h *httpLedger) answer(path string) []byte {
	if path == "/v1/tlog/checkpoint" {
		return h.log.checkpoint()
	}
	if number, ok := strings.CutSuffix(strings.TrimPrefix(path, "/v1/entries/"), "/proof"); ok && h.proof != nil {
		n, err := strconv.ParseUint(number, 10, 64)
		h.l.must(err)
		return h.proof(n)
	}
	tile, err := tlog.ParseTilePath(strings.TrimPrefix(path, "/v1/tlog/"))
	if err != nil || !tile.Within(h.log.tree.Size()) {
		return nil
	}
	from, to := tile.Range()
	hashes, err := h.log.read(tile.Level, int64(from), int64(to))
	h.l.must(err)
	return tlog.TileBytes(hashes)
}
