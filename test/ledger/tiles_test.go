package ledger

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/transparency-dev/merkle/compact"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

// logSigner is the secret that the hub signs checkpoints with.
func (w *world) logSigner() note.Signer {
	w.t.Helper()
	secret, err := os.ReadFile(filepath.Join(w.dir, "log.key"))
	w.must(err)
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	w.must(err)
	return signer
}

// pour puts opaque leaves into the database behind the ledger, with the nodes and
// the checkpoint that transparency-dev's tree gives, until the log has a size. No
// ledger can lead on it any more.
func (w *world) pour(size int64) {
	w.t.Helper()
	db := as(w.t, w.database, "handrail_owner")
	var entries, nodes [][]any
	grown := w.count("SELECT count(*) FROM entry")
	known := w.count("SELECT count(*) FROM node")
	tree := (&compact.RangeFactory{Hash: rfc6962.DefaultHasher.HashChildren}).NewEmptyRange(0)
	visit := func(id compact.NodeID, hash []byte) {
		if id.Level%8 == 0 && id.Level > 0 {
			nodes = append(nodes, []any{int16(id.Level / 8), int64(id.Index), hash})
		}
	}
	found, err := db.Query(w.t.Context(), "SELECT leaf_hash FROM entry ORDER BY number")
	w.must(err)
	leaves, err := pgx.CollectRows(found, pgx.RowTo[[]byte])
	w.must(err)
	for _, leaf := range leaves {
		w.must(tree.Append(leaf, visit))
	}
	nodes = nodes[known:]
	for number := grown; number < size; number++ {
		mac := make([]byte, 32)
		_, _ = rand.Read(mac) // never fails
		leaf, err := tlog.LeafOfMAC(mac)
		w.must(err)
		hash := rfc6962.DefaultHasher.HashLeaf(leaf)
		entries = append(entries, []any{number, hash, mac})
		w.must(tree.Append(hash, visit))
	}
	_, err = db.CopyFrom(w.t.Context(), pgx.Identifier{"entry"}, []string{"number", "leaf_hash", "mac"}, pgx.CopyFromRows(entries))
	w.must(err)
	_, err = db.CopyFrom(w.t.Context(), pgx.Identifier{"node"}, []string{"level", "index", "hash"}, pgx.CopyFromRows(nodes))
	w.must(err)
	root, err := tree.GetRootHash(nil)
	w.must(err)
	w.sign(tlog.Checkpoint{Origin: hubID.Origin(), Size: uint64(size), Root: tlog.Hash(root)})
}

// sign stores a checkpoint as the ledger does.
func (w *world) sign(c tlog.Checkpoint) {
	w.t.Helper()
	signed, err := c.Sign(w.logSigner())
	w.must(err)
	_, err = as(w.t, w.database, "handrail_owner").Exec(w.t.Context(), "INSERT INTO checkpoint (size, note, admitted) VALUES ($1, $2, $3)", int64(c.Size), signed, w.now())
	w.must(err)
}

// tileOf gives the path of the tile or bundle that holds the last of count things.
func tileOf(level string, count uint64) string {
	last := count - 1
	path := tlog.TilePath{Index: last / 256, Width: int(last%256) + 1, Entries: level == "entries"}
	if level == "1" {
		path.Level = 1
	}
	return path.String()
}

func TestTilesOfEverySizeAreThoseOfTheCheckpoint(t *testing.T) {
	w := newTiled(t)
	me := w.agencies[shelter]
	sizes := []uint64{1, 255, 256, 257, 65536, 70000}
	for _, size := range sizes {
		if size > 1 {
			w.pour(int64(size))
		}
		if got, err := w.fsck(w.fetcher("/v1/tlog/", me)); err != nil || got != size {
			t.Fatalf("fsck at %d entries: %d, %v", size, got, err)
		}
		there := map[string]uint64{tileOf("0", size): (size-1)%256 + 1, tileOf("entries", size): (size-1)%256 + 1}
		if full := size / 256; full > 0 {
			there[tileOf("1", full)] = (full-1)%256 + 1
		}
		for path, width := range there {
			status, body := w.ask(http.MethodGet, w.url+"/v1/tlog/"+path, "", me)
			each := 32
			if strings.Contains(path, "entries") {
				each = 51
			}
			if status != http.StatusOK || len(body) != int(width)*each {
				t.Errorf("%s at %d entries is answered %d with %d bytes, want %d of %d", path, size, status, len(body), width, each)
			}
			w.clear(path+" in public, before the hour is full", w.problem(http.MethodGet, w.url+"/tlog/"+beyond(path, size), "", nil), http.StatusNotFound, "not-found")
		}
		for _, path := range []string{tileOf("0", size+1), tileOf("entries", size+1), tileOf("1", size/256+1), "tile/2/001", "tile/0/x999/999"} {
			w.clear(path, w.problem(http.MethodGet, w.url+"/v1/tlog/"+path, "", me), http.StatusNotFound, "not-found")
		}
	}
	old := tileOf("0", 255) // a partial tile that a full one has replaced since
	if status, body := w.ask(http.MethodGet, w.url+"/v1/tlog/"+old, "", me); status != http.StatusOK || len(body) != 255*32 {
		t.Errorf("%s is answered %d with %d bytes", old, status, len(body))
	}
	w.ahead.Store(int64(time.Hour))
	if got, err := w.fsck(w.fetcher("/tlog/", nil)); err != nil || got != 70000 {
		t.Errorf("fsck of the public log, an hour later: %d, %v", got, err)
	}
}

// beyond is the path of a tile that the public, who sees genesis alone, does not have.
func beyond(path string, size uint64) string {
	if size == 1 {
		return tileOf("0", 2)
	}
	return path
}

// The public sees, hour by hour, what was witnessed before the hour; others each entry at once.
func TestThePublicLogAdvancesWithTheHour(t *testing.T) {
	w := newTiled(t)
	size := func(url string, by *site) (size uint64, cosigners int) {
		t.Helper()
		status, body := w.ask(http.MethodGet, url, "", by)
		c, err := tlog.ParseCheckpoint(body, w.verifier.Log)
		if err != nil || status != http.StatusOK {
			t.Fatalf("%s is answered %d %s: %v", url, status, body, err)
		}
		found, err := tlog.Cosignatures(body, w.cosigners())
		w.must(err)
		return c.Size, len(found)
	}
	public := w.url + "/tlog/checkpoint"
	parties := w.url + "/v1/tlog/checkpoint"
	for _, id := range []events.AgencyID{police, shelter, coordinator} {
		w.agencies[id].watches()
	}
	w.open()
	grown := uint64(w.count("SELECT count(*) FROM entry"))
	w.eventually("three agencies cosigned it", func() bool { _, by := size(parties, w.agencies[shelter]); return by == 3 })
	if got, _ := size(public, nil); got != 1 {
		t.Errorf("before the hour is full the public sees %d entries", got)
	}
	w.ahead.Store(int64(time.Hour))
	if got, by := size(public, nil); got != grown || by != 3 {
		t.Errorf("in the next hour the public sees %d entries, cosigned by %d; want %d by 3", got, by, grown)
	}
	for _, id := range []events.AgencyID{police, shelter, coordinator} { // nobody cosigns any more
		w.agencies[id].mu.Lock()
		w.agencies[id].watch = nil
		w.agencies[id].mu.Unlock()
	}
	w.open()
	if got, _ := size(parties, w.agencies[auditor]); got <= grown {
		t.Errorf("an auditor sees %d entries, there are more", got)
	}
	w.ahead.Store(int64(2 * time.Hour))
	if got, by := size(public, nil); got != grown || by != 3 {
		t.Errorf("another hour later, and nothing cosigned, the public sees %d entries cosigned by %d; want still %d by 3", got, by, grown)
	}
}

// cosigners are the agencies whose cosignatures count, as genesis lists them.
func (w *world) cosigners() (all []tlog.Cosigner) {
	w.t.Helper()
	for _, l := range w.founded.Agencies {
		if l.Witness == "" {
			continue
		}
		key, err := tlog.NewWitnessVerifier(l.Witness)
		w.must(err)
		all = append(all, tlog.Cosigner{Agency: l.Agency, Kind: l.Kind, Key: key})
	}
	return all
}

// A foreign mission may not see how busy the hub is.
func TestAForeignMissionSeesThePublicLogOnly(t *testing.T) {
	const mission events.AgencyID = "elsewhere-mission"
	listen, url := listening(t)
	w := newWorldOf(t, []member{{mission, events.ForeignMission}}, listen)
	w.open()
	status, body := w.ask(http.MethodGet, url+"/v1/tlog/checkpoint", "", w.agencies[mission])
	c, err := tlog.ParseCheckpoint(body, w.verifier.Log)
	if err != nil || status != http.StatusOK || c.Size != 2 {
		t.Errorf("the mission gets %d %s: %v", status, body, err)
	}
	w.clear("its tile of entry 3", w.problem(http.MethodGet, fmt.Sprint(url, "/v1/tlog/", tileOf("0", 3)), "", w.agencies[mission]), http.StatusNotFound, "not-found")
}
