package ledger

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
	"handrail/events"
)

// The log over HTTP as C2SP tlog-tiles has it, below two prefixes: to everyone up
// to a size that changes once an hour, so that its growth tells nothing of a night;
// to whoever signs with a key of the directory up to the newest. Both hold opaque
// leaves alone: an attacker who reads them learns how many entries there are.
const (
	publicPrefix  = "/tlog/"
	partiesPrefix = "/v1/tlog/"

	ruleTilePath = "tile-path"

	// A tile never changes. A checkpoint is asked for again soon: when the hour is
	// over, the new one must be seen within seconds.
	cachedForEver = "max-age=31536000, immutable"
	cachedABit    = "max-age=5"
	cachedFor     = 5 * time.Second
)

// view is the log as one caller may see it.
type view struct {
	*openLog

	size   uint64
	shared bool // caches may give it to others
}

// show answers for one view.
type show func(w http.ResponseWriter, r *http.Request, v view) error

// forEveryone answers unsigned requests up to the public size.
func (a *httpAPI) forEveryone(show show) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		log := a.log.Load()
		if log == nil {
			refuseLater(w, "not-ready", "The ledger cannot read its log yet; try again later.")
			return
		}
		a.respond(w, r, log, caller{}, func(w http.ResponseWriter, r *http.Request, log *openLog, _ caller) error {
			if _, err := log.current(r.Context(), a.pool); err != nil { // whose cosignatures count
				return err
			}
			size, err := a.public.at(r.Context(), a.pool, log, a.config.Clock())
			if err != nil {
				return err
			}
			return show(w, r, view{log, size, true})
		})
	}
}

// forParties answers requests that somebody of the directory signed, up to the
// newest entry. A foreign mission sees what the public sees: how busy the hub is is
// not for it.
func (a *httpAPI) forParties(show show) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		log, by, ok := a.identify(w, r)
		if !ok {
			return
		}
		a.respond(w, r, log, by, func(w http.ResponseWriter, r *http.Request, log *openLog, by caller) (err error) {
			v := view{openLog: log}
			if by.kind == events.ForeignMission {
				v.size, err = a.public.at(r.Context(), a.pool, log, a.config.Clock())
			} else {
				v.size, err = newestSize(r.Context(), a.pool)
			}
			if err != nil {
				return err
			}
			return show(w, r, v)
		})
	}
}

func (v view) caching(of string) string {
	if v.shared {
		return "public, " + of
	}
	return "private, " + of
}

// tlogCheckpoint answers with the signed checkpoint of the view's size.
func (a *httpAPI) tlogCheckpoint(w http.ResponseWriter, r *http.Request, v view) error {
	read := v.checkpointAt
	if v.shared {
		read = func(ctx context.Context, db querier, size uint64) ([]byte, error) {
			return a.public.checkpoint(ctx, db, v.openLog, a.config.Clock(), size)
		}
	}
	signed, err := read(r.Context(), a.pool, v.size)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("Cache-Control", v.caching(cachedABit))
	give(w, signed)
	return nil
}

// tile answers with a tile of hashes or a bundle of entries.
func (a *httpAPI) tile(w http.ResponseWriter, r *http.Request, v view) error {
	_, path, _ := strings.Cut(r.URL.EscapedPath(), publicPrefix) // as it was sent: a tile has one name
	t, err := tlog.ParseTilePath(path)
	if err != nil {
		refuseHTTP(w, http.StatusBadRequest, ruleTilePath, "A tile is named tile/<level>/<number>, tile/entries/<number>, or one of these with .p/<width>, as C2SP tlog-tiles has it: "+err.Error()+".")
		return nil
	}
	if !t.Within(v.size) {
		refuseHTTP(w, http.StatusNotFound, ruleNotFound, "The log has no such tile at its checkpoint of "+strconv.FormatUint(v.size, 10)+" entries.")
		return nil
	}
	data, err := readTile(r.Context(), a.pool, t)
	if err != nil {
		return fmt.Errorf("reading %s: %w", t, err)
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	w.Header().Set("Cache-Control", v.caching(cachedForEver))
	if t.Entries {
		w.Header().Set("Vary", "Accept-Encoding")
		if takesGzip(r.Header.Values("Accept-Encoding")) {
			w.Header().Set("Content-Encoding", "gzip")
			data = zipped(data)
		}
	}
	give(w, data)
	return nil
}

// give sends bytes; a failure to write can only be a lost reader.
func give(w http.ResponseWriter, data []byte) {
	w.Header().Set("X-Content-Type-Options", "nosniff")
	w.Header().Set("Content-Length", strconv.Itoa(len(data)))
	_, _ = w.Write(data) //nolint:gosec // hashes and signed text, of a type that no browser runs
}

// takesGzip says whether whoever asks takes gzip, by its Accept-Encoding (RFC 9110,
// 12.5.3): it must name gzip, with no weight or one above 0.
func takesGzip(accepts []string) bool {
	for one := range strings.SplitSeq(strings.Join(accepts, ","), ",") {
		coding, weight, weighed := strings.Cut(one, ";")
		if !strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			continue
		}
		name, value, _ := strings.Cut(strings.TrimSpace(weight), "=")
		q, err := strconv.ParseFloat(value, 64)
		return !weighed || strings.EqualFold(name, "q") && err == nil && q > 0
	}
	return false
}

func zipped(data []byte) []byte {
	var out bytes.Buffer
	z, _ := gzip.NewWriterLevel(&out, gzip.BestSpeed) // fails only for a level that is none
	_, _ = z.Write(data)                              // into memory
	_ = z.Close()
	return out.Bytes()
}

// readTile reads the rows of one tile. Fewer than its width are a fault of the database.
func readTile(ctx context.Context, db querier, t tlog.TilePath) ([]byte, error) {
	from, to := t.Range()
	if !t.Entries {
		hashes, err := readHashes(ctx, db)(t.Level, int64(from), int64(to)) //nolint:gosec // a parsed path is below 2^53
		if err == nil && len(hashes) != t.Width {
			err = errMissingRows
		}
		return tlog.TileBytes(hashes), err
	}
	found, err := db.Query(ctx, "SELECT mac FROM entry WHERE number >= $1 AND number < $2 ORDER BY number", from, to)
	if err != nil {
		return nil, err
	}
	leaves, err := pgx.CollectRows(found, func(row pgx.CollectableRow) ([]byte, error) {
		var mac []byte
		if err := row.Scan(&mac); err != nil {
			return nil, err
		}
		return tlog.LeafOfMAC(mac)
	})
	if err != nil {
		return nil, err
	}
	if len(leaves) != t.Width {
		return nil, errMissingRows
	}
	return tlog.BundleBytes(leaves)
}

var errMissingRows = errors.New("the database has not all of its rows")
