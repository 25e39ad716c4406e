package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgxpool"

	"handrail/events"
	"handrail/events/seal"
)

const (
	maxRequestBody = 4 << 10
	maxHeaderBytes = 16 << 10
	shutdownTime   = 5 * time.Second
)

// auditAPI answers auditors over HTTP. Every request under /v1 but the doctor is
// signed by a directory key of the kind auditor; nothing it returns can open a
// sealed record. An attacker who controls an auditor's key reads every trail:
// pseudonymous facts, no identity.
type auditAPI struct {
	config    Config
	pool      *pgxpool.Pool
	telemetry *telemetry
	status    *status
	replay    *replay
	log       atomic.Pointer[openLog] // nil until the log could be read
}

// serve listens and answers until ctx ends; a server that ends by itself ends the ledger.
func (a *auditAPI) serve(ctx context.Context, serving *sync.WaitGroup, fail context.CancelCauseFunc) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.config.Listen)
	if err != nil {
		return fmt.Errorf("listening for auditors: %w", err)
	}
	server := &http.Server{
		Handler: a.routes(), MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(a.config.Log.Handler(), slog.LevelWarn),
	}
	serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fail(fmt.Errorf("serving auditors: %w", err))
		}
	})
	serving.Go(func() {
		<-ctx.Done()
		bound, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
		defer cancel()
		if server.Shutdown(bound) != nil {
			_ = server.Close() // whoever still reads is cut off
		}
	})
	return nil
}

func (a *auditAPI) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, map[string]string{"status": "alive"})
	})
	mux.HandleFunc("GET /readyz", a.ready)
	mux.HandleFunc("GET /v1/doctor", a.doctor)
	mux.HandleFunc("GET /v1/checkpoint", a.forAuditors(a.checkpoint))
	mux.HandleFunc("GET /v1/cases", a.forAuditors(a.cases))
	mux.HandleFunc("GET /v1/cases/{case}/trail", a.forAuditors(a.trail))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuseHTTP(w, http.StatusNotFound, "not-found", "The ledger has nothing here.")
	})
	return http.MaxBytesHandler(mux, maxRequestBody)
}

// reader answers one authenticated request; an error is the hub's own fault.
type reader func(w http.ResponseWriter, r *http.Request, log *openLog) error

// forAuditors lets only requests through that an auditor signed, each once.
func (a *auditAPI) forAuditors(read reader) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		log := a.log.Load()
		if log == nil {
			refuseHTTP(w, http.StatusServiceUnavailable, "not-ready", "The ledger cannot read its log yet; try again later.")
			return
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			refuseHTTP(w, http.StatusRequestEntityTooLarge, "too-large", "The request's body is too large; these requests have none.")
			return
		}
		now := a.config.Clock()
		agency, id, err := seal.VerifyRequest(r, body, log.hub.Origin(), now, log.directory.signer)
		var v *events.Violation
		switch {
		case errors.As(err, &v):
			refuseHTTP(w, http.StatusUnauthorized, string(v.Rule), v.Reason)
			return
		case err != nil:
			refuseHTTP(w, http.StatusUnauthorized, string(events.RuleSignatureInvalid), "The request is not signed as the contract says.")
			return
		case !a.replay.first(agency, id, now):
			refuseHTTP(w, http.StatusUnauthorized, "request-repeated", "This request was made before; sign each request anew.")
			return
		case log.directory.listed[agency].kind != events.Auditor:
			refuseHTTP(w, http.StatusForbidden, "power", "Trails are for auditors; an agency's own deliveries hold what it may see.")
			return
		}
		if err := read(w, r, log); err != nil {
			a.config.Log.LogAttrs(r.Context(), slog.LevelError, "an auditor was not answered", slog.String("error", plain(err)))
			refuseHTTP(w, http.StatusInternalServerError, string(events.RuleHubFault), "The ledger failed on this request; its operator has been told.")
		}
	}
}

// answer writes JSON. The status is sent first, so a failure to write can only be a lost reader.
func answer(w http.ResponseWriter, body any) {
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, http.StatusOK, body)
}

// Problem is an error by RFC 9457.
type Problem struct {
	Type   string `json:"type"` // urn:handrail:problem: and the rule's name
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func refuseHTTP(w http.ResponseWriter, status int, rule, detail string) {
	w.Header().Set("Content-Type", "application/problem+json")
	writeJSON(w, status, Problem{"urn:handrail:problem:" + rule, http.StatusText(status), status, detail})
}

func writeJSON(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.WriteHeader(status)
	_ = json.MarshalWrite(w, body, json.Deterministic(true)) // the reader went away
}

// replay remembers the one-time ids of signed requests for as long as they count.
type replay struct {
	mu   sync.Mutex
	seen map[requestID]time.Time
}

type requestID struct {
	agency events.AgencyID
	id     string
}

// remembered is longer than a request's clock may be off, both ways.
const remembered = 3 * time.Minute

func newReplay() *replay { return &replay{seen: map[requestID]time.Time{}} }

// first says whether the id was not used before.
func (r *replay) first(agency events.AgencyID, id string, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for old, at := range r.seen {
		if now.Sub(at) > remembered {
			delete(r.seen, old)
		}
	}
	key := requestID{agency, id}
	if _, used := r.seen[key]; used {
		return false
	}
	r.seen[key] = now
	return true
}
