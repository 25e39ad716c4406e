package ledger

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgxpool"

	"handrail/events"
)

const (
	maxRequestBody = 4 << 10
	maxHeaderBytes = 16 << 10
	shutdownTime   = 5 * time.Second
	answerTime     = 50 * time.Second // for all of one answer, also to whoever reads slowly
	readTime       = 30 * time.Second // for one statement: no reader keeps rows alive for longer
	readersAtOnce  = 8                // connections to the database: auditors take none from the couriers
)

const ruleNotFound = "not-found"

// httpAPI is the ledger's side towards the network, see [httpAPI.endpoints]: the
// public log for everybody, the newest of it for whoever the directory lists, and
// trails for auditors. Every request under /v1 but the doctor is signed by a
// directory key; nothing it returns can open a sealed record, and whatever is of a
// case stands in the log as read before it is shown. An attacker who controls an
// auditor's key reads every trail, as far as no second auditor must approve:
// pseudonymous facts, no identity. The log shows what was read.
type httpAPI struct {
	config Config
	pool   *pgxpool.Pool
	status *status
	replay *replay
	pace   *pace
	public publicSize
	log    atomic.Pointer[openLog] // nil until the log could be read
}

// newHTTPAPI prepares the interface with connections of its own, which can read only.
func newHTTPAPI(ctx context.Context, l *Ledger) (*httpAPI, error) {
	config, err := pgxpool.ParseConfig(l.config.DatabaseURL)
	if err != nil {
		return nil, fmt.Errorf("preparing to answer over HTTP: %w", err)
	}
	config.MaxConns = readersAtOnce
	maps.Copy(config.ConnConfig.RuntimeParams, map[string]string{
		"application_name": "handrail-audit", "default_transaction_read_only": "on",
		"jit":               "off", // pages are read by key; compiling takes longer than most
		"statement_timeout": milliseconds(readTime), "idle_in_transaction_session_timeout": milliseconds(readTime),
	})
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("preparing to answer over HTTP: %w", err)
	}
	return &httpAPI{config: l.config, pool: pool, status: l.status, replay: newReplay(), pace: newPace()}, nil
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(d.Milliseconds(), 10) }

// serve listens and answers until ctx ends; a server that ends by itself ends the ledger.
func (a *httpAPI) serve(ctx context.Context, serving *sync.WaitGroup, fail context.CancelCauseFunc) error {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", a.config.Listen)
	if err != nil {
		return fmt.Errorf("listening for requests: %w", err)
	}
	if listener, err = a.config.secured(listener); err != nil {
		return err
	}
	server := &http.Server{
		Handler: a.routes(), MaxHeaderBytes: maxHeaderBytes,
		ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: time.Minute, IdleTimeout: time.Minute,
		ErrorLog: slog.NewLogLogger(a.config.Log.Handler(), slog.LevelWarn),
	}
	serving.Go(func() {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			fail(fmt.Errorf("serving requests: %w", err))
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

// endpoint is one thing that can be asked: method and path, as [http.ServeMux] has
// them and as contracts/ledger.openapi.yaml describes them.
type endpoint struct {
	pattern string
	answer  http.HandlerFunc
}

func (a *httpAPI) endpoints() []endpoint {
	return []endpoint{
		{"GET /healthz", a.alive},
		{"GET /readyz", a.ready},
		{"GET /v1/doctor", a.doctor},

		{"GET " + publicPrefix + "checkpoint", a.forEveryone(a.tlogCheckpoint)},
		{"GET " + publicPrefix + "tile/{path...}", a.forEveryone(a.tile)},
		{"GET " + partiesPrefix + "checkpoint", a.forParties(a.tlogCheckpoint)},
		{"GET " + partiesPrefix + "tile/{path...}", a.forParties(a.tile)},
		{"GET /v1/entries/{number}/proof", a.prove},

		{"POST /v1/directory", a.forHub(a.changeDirectory)},
		{"GET /v1/directory", a.forInsiders(a.listDirectory)},

		{"POST /v1/readings", a.forAuditors(a.record)},
		{"GET /v1/cases", a.forReading(a.cases, events.ReadingCases)},
		{"GET /v1/referrals/{referral}", a.forReading(a.referral, events.ReadingCases)},
		{"GET /v1/cases/{case}/trail", a.forReading(a.trail, events.ReadingReplay, events.ReadingExport)},
		{"GET /v1/log/entries", a.forReading(a.logEntries, events.ReadingLog)},
		{"GET /v1/log/cases", a.forReading(a.logCases, events.ReadingLog)},
		{"GET /v1/agencies/{agency}/deliveries", a.forReading(a.deliveries, events.ReadingCompleteness)},
		{"GET /v1/agencies/{agency}/submissions", a.forReading(a.submissions, events.ReadingCompleteness)},
	}
}

func (a *httpAPI) routes() http.Handler {
	mux := http.NewServeMux()
	for _, e := range a.endpoints() {
		mux.HandleFunc(e.pattern, e.answer)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		refuseHTTP(w, http.StatusNotFound, ruleNotFound, "The ledger has nothing here.")
	})
	return http.MaxBytesHandler(mux, maxRequestBody)
}

func (a *httpAPI) alive(w http.ResponseWriter, _ *http.Request) {
	answer(w, map[string]string{"status": "alive"})
}

// answer writes JSON. The status is sent first, so a failure to write can only be a lost reader.
func answer(w http.ResponseWriter, body any) { answerWith(w, http.StatusOK, body) }

func answerWith(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	writeJSON(w, status, body)
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
