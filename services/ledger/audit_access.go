package ledger

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"handrail/events"
	"handrail/events/seal"
)

// caller is who signed a request, and what it holds besides.
type caller struct {
	agency  events.AgencyID
	kind    events.AgencyKind // empty: the hub
	body    []byte
	reading reading // of an auditor that shows one
}

// reader answers one authenticated request; an error is the hub's own fault.
type reader func(w http.ResponseWriter, r *http.Request, log *openLog, by caller) error

// forAuditors lets only requests through that an auditor signed, each once.
func (a *httpAPI) forAuditors(read reader) http.HandlerFunc {
	return a.only(func(by caller) bool { return by.kind == events.Auditor }, "This is for auditors; an agency's own deliveries hold what it may see.", read)
}

// only lets signed requests through, each once, of callers who may; others are told
// for whom it is.
func (a *httpAPI) only(may func(caller) bool, forWhom string, read reader) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		log, by, ok := a.identify(w, r)
		if !ok {
			return
		}
		if !may(by) {
			refuseHTTP(w, http.StatusForbidden, "power", forWhom)
			return
		}
		a.respond(w, r, log, by, read)
	}
}

// respond has a reader answer within its time.
func (a *httpAPI) respond(w http.ResponseWriter, r *http.Request, log *openLog, by caller, read reader) {
	ctx, cancel := context.WithTimeout(r.Context(), answerTime)
	defer cancel()
	if err := read(w, r.WithContext(ctx), log, by); err != nil {
		a.failed(r.Context(), err)
		refuseHTTP(w, http.StatusInternalServerError, string(events.RuleHubFault), "The ledger failed on this request; its operator has been told.")
	}
}

func (a *httpAPI) failed(ctx context.Context, err error) {
	if ctx.Err() != nil { // whoever asked went away
		return
	}
	a.config.Log.LogAttrs(ctx, slog.LevelError, "a request was not answered", slog.String("error", plain(err)))
}

// identify says who of the directory signed a request, which counts once. It
// answers itself, and gives false, when it is nobody.
func (a *httpAPI) identify(w http.ResponseWriter, r *http.Request) (*openLog, caller, bool) {
	log := a.log.Load()
	if log == nil {
		refuseLater(w, "not-ready", "The ledger cannot read its log yet; try again later.")
		return nil, caller{}, false
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		refuseHTTP(w, http.StatusRequestEntityTooLarge, "too-large", "The request's body is larger than any of these requests needs.")
		return nil, caller{}, false
	}
	now := a.config.Clock()
	who, err := log.current(r.Context(), a.pool)
	if err != nil {
		a.failed(r.Context(), err)
		refuseLater(w, "not-ready", "The ledger cannot read its directory now; try again later.")
		return nil, caller{}, false
	}
	agency, id, err := seal.VerifyRequest(r, body, log.hub.Origin(), now, who.signer)
	var v *events.Violation
	switch {
	case errors.As(err, &v):
		refuseHTTP(w, http.StatusUnauthorized, string(v.Rule), v.Reason)
	case err != nil:
		refuseHTTP(w, http.StatusUnauthorized, string(events.RuleSignatureInvalid), "The request is not signed as the contract says.")
	case !a.replay.first(agency, id, now):
		refuseHTTP(w, http.StatusUnauthorized, "request-repeated", "This request was made before; sign each request anew.")
	case who.away(agency):
		refuseHTTP(w, http.StatusForbidden, string(events.RuleAgencySuspended), "Your agency is suspended; the hub answers it when it is resumed.")
	default:
		return log, caller{agency: agency, kind: who.kind(agency), body: body}, true
	}
	return nil, caller{}, false
}

// refuseLater answers what may succeed in a moment, here or at another ledger.
func refuseLater(w http.ResponseWriter, rule, detail string) {
	w.Header().Set("Retry-After", "1")
	refuseHTTP(w, http.StatusServiceUnavailable, rule, detail)
}

// replay remembers the one-time ids of signed requests for as long as they count:
// those of the current stretch of time and of the one before.
type replay struct {
	mu       sync.Mutex
	since    time.Time
	now, old map[requestID]bool
}

type requestID struct {
	agency events.AgencyID
	id     string
}

// remembered is longer than a request's clock may be off, both ways.
const remembered = 3 * time.Minute

func newReplay() *replay { return &replay{now: map[requestID]bool{}} }

// first says whether the id was not used before.
func (r *replay) first(agency events.AgencyID, id string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now.Sub(r.since) > remembered {
		r.since, r.old, r.now = now, r.now, map[requestID]bool{}
	}
	key := requestID{agency, id}
	if r.now[key] || r.old[key] {
		return false
	}
	r.now[key] = true
	return true
}

// pace holds each auditor to a number of readings in a minute: each is an entry.
type pace struct {
	mu    sync.Mutex
	since time.Time
	count map[events.AgencyID]int
}

const readingsInAMinute = 300

func newPace() *pace { return &pace{count: map[events.AgencyID]int{}} }

// allows says whether an auditor may have one more.
func (p *pace) allows(auditor events.AgencyID, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now.Sub(p.since) > time.Minute {
		p.since = now
		clear(p.count)
	}
	p.count[auditor]++
	return p.count[auditor] <= readingsInAMinute
}
