package ledger

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"github.com/transparency-dev/tessera/api"
	"github.com/transparency-dev/tessera/client"
	"github.com/transparency-dev/tessera/fsck"
	"k8s.io/klog/v2"

	"handrail/contracts/tlog"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// asParty signs every request with an agency's or an auditor's key.
type asParty struct{ s *site }

func (p asParty) RoundTrip(r *http.Request) (*http.Response, error) {
	signed := r.Clone(r.Context())
	if err := seal.SignRequest(signed, p.s.signing, p.s.id, hubID.Origin(), nil, p.s.w.now()); err != nil {
		return nil, err
	}
	return http.DefaultTransport.RoundTrip(signed)
}

// tiled is a world whose log others read over HTTP, and whose hub's clock can be put ahead.
type tiled struct {
	*world
	url   string
	ahead *atomic.Int64
}

// quiet keeps Tessera's own log out of the tests' output.
var quiet = sync.OnceFunc(func() {
	klog.LogToStderr(false)
	klog.SetOutput(io.Discard)
})

func newTiled(t *testing.T, more ...member) *tiled {
	t.Helper()
	quiet()
	ahead := new(atomic.Int64)
	listen, url := listening(t)
	clock := func(c *ledger.Config) {
		c.LookEvery, c.Window = 50*time.Millisecond, 1024
		c.Clock = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
	}
	return &tiled{newWorldOf(t, more, listen, clock), url, ahead}
}

// fetcher is Tessera's client of the public log, or of a party's.
func (w *tiled) fetcher(path string, by *site) *client.HTTPFetcher {
	w.t.Helper()
	root, err := url.Parse(w.url + path)
	w.must(err)
	transport := http.DefaultTransport
	if by != nil {
		transport = asParty{by}
	}
	f, err := client.NewHTTPFetcher(root, &http.Client{Transport: transport})
	w.must(err)
	return f
}

// fsck is what Tessera's own check says of a log, and its size. It runs more
// workers than the log has damaged tiles: a worker that finds one ends, and
// without any Check would wait for ever.
func (w *tiled) fsck(source fsck.Fetcher) (uint64, error) {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	checkpoint, _, _, err := client.FetchCheckpoint(ctx, source.ReadCheckpoint, w.verifier.Log, hubID.Origin())
	if err != nil {
		return 0, err
	}
	check := fsck.New(hubID.Origin(), w.verifier.Log, source, leafHashes, fsck.Opts{N: 8})
	ended := make(chan error, 1)
	go func() { ended <- check.Check(ctx) }()
	select {
	case err := <-ended:
		return checkpoint.Size, err
	case <-ctx.Done():
		return checkpoint.Size, errors.New("Tessera's fsck does not end")
	}
}

// leafHashes reads a bundle with Tessera's code and hashes its entries with
// transparency-dev's.
func leafHashes(bundle []byte) ([][]byte, error) {
	var read api.EntryBundle
	if err := read.UnmarshalText(bundle); err != nil {
		return nil, err
	}
	var hashes [][]byte
	for _, entry := range read.Entries {
		hashes = append(hashes, rfc6962.DefaultHasher.HashLeaf(entry))
	}
	return hashes, nil
}

// mirror runs Tessera's mirror, as it is published, and gives the folder that it filled.
func (w *tiled) mirror(source string) string {
	w.t.Helper()
	dir := filepath.Join(w.t.TempDir(), "mirror")
	ctx, cancel := context.WithTimeout(w.t.Context(), 3*time.Minute)
	defer cancel()
	// Two workers: with more workers than entries it would divide the log into pieces of none.
	mirror := exec.CommandContext(ctx, "go", "tool", "-modfile=../tools/go.mod", "posix", "-source_url="+source, "-storage_dir="+dir, "-num_workers=2")
	if output, err := mirror.CombinedOutput(); err != nil {
		w.t.Fatalf("Tessera's mirror: %v\n%s", err, output)
	}
	return dir
}

// signingProxy lets a program that cannot sign requests read as a party.
func (w *tiled) signingProxy(by *site) string {
	w.t.Helper()
	target, err := url.Parse(w.url)
	w.must(err)
	proxy := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = target.Host },
		Transport: asParty{by},
	})
	w.t.Cleanup(proxy.Close)
	return proxy.URL
}

// grown is a log of a few thousand entries.
func (w *tiled) grown(each int) uint64 {
	w.t.Helper()
	_, run := w.load(each)
	run()
	w.settled()
	return uint64(w.count("SELECT count(*) FROM entry"))
}

func TestTesserasToolsReadTheLogUnchanged(t *testing.T) {
	w := newTiled(t)
	size := w.grown(900)
	party := w.fetcher("/v1/tlog/", w.agencies[shelter])
	for by, source := range map[string]*client.HTTPFetcher{"an agency": party, "an auditor": w.fetcher("/v1/tlog/", w.agencies[auditor])} {
		if got, err := w.fsck(source); err != nil || got < size {
			t.Errorf("fsck as %s: %d of %d entries: %v", by, got, size, err)
		}
	}
	// The public sees nothing of this hour.
	if got, err := w.fsck(w.fetcher("/tlog/", nil)); err != nil || got >= size {
		t.Errorf("fsck of the public log: %d of %d entries: %v", got, size, err)
	}
	w.ahead.Store(int64(time.Hour))
	public := w.fetcher("/tlog/", nil)
	if got, err := w.fsck(public); err != nil || got < size {
		t.Errorf("fsck of the public log, an hour later: %d of %d entries: %v", got, size, err)
	}
	for name, source := range map[string]string{"public": w.url + "/tlog/", "party": w.signingProxy(w.agencies[police]) + "/v1/tlog/"} {
		dir := w.mirror(source)
		if got, err := w.fsck(client.FileFetcher{Root: dir}); err != nil || got < size {
			t.Errorf("fsck of the %s mirror: %d of %d entries: %v", name, got, size, err)
		}
	}
	w.provenByTessera(party, size)
}

// provenByTessera proves entries, and one size of the log from another, with
// Tessera's proof builder, and verifies with transparency-dev's merkle.
func (w *tiled) provenByTessera(source *client.HTTPFetcher, size uint64) {
	w.t.Helper()
	checkpoint, _, _, err := client.FetchCheckpoint(w.t.Context(), source.ReadCheckpoint, w.verifier.Log, hubID.Origin())
	w.must(err)
	builder, err := client.NewProofBuilder(w.t.Context(), checkpoint.Size, source.ReadTile)
	w.must(err)
	for _, number := range []uint64{0, 1, 255, 256, 257, 1024, size - 1} {
		var leaf []byte
		w.must(as(w.t, w.database, "handrail_owner").QueryRow(w.t.Context(), "SELECT leaf_hash FROM entry WHERE number = $1", int64(number)).Scan(&leaf))
		path, err := builder.InclusionProof(w.t.Context(), number)
		w.must(err)
		w.must(proof.VerifyInclusion(rfc6962.DefaultHasher, number, checkpoint.Size, leaf, path, checkpoint.Hash))
	}
	var note []byte
	w.must(as(w.t, w.database, "handrail_owner").QueryRow(w.t.Context(), "SELECT note FROM checkpoint WHERE size < $1 ORDER BY size DESC LIMIT 1 OFFSET 3", int64(size)).Scan(&note))
	old, err := tlog.ParseCheckpoint(note, w.verifier.Log)
	w.must(err)
	path, err := builder.ConsistencyProof(w.t.Context(), old.Size, checkpoint.Size)
	w.must(err)
	w.must(proof.VerifyConsistency(rfc6962.DefaultHasher, old.Size, checkpoint.Size, path, old.Root[:], checkpoint.Hash))
}

// TestTesserasFsckFindsWhatWasChanged in the database behind the ledger, by
// somebody who may do everything there.
func TestTesserasFsckFindsWhatWasChanged(t *testing.T) {
	w := newTiled(t)
	w.grown(400)
	w.ahead.Store(int64(time.Hour))
	sources := map[string]*client.HTTPFetcher{"public": w.fetcher("/tlog/", nil), "party": w.fetcher("/v1/tlog/", w.agencies[shelter])}
	w.fsckAll(sources, "untouched", true)
	admin := as(t, w.database, "")
	_, err := admin.Exec(t.Context(), "SET session_replication_role = replica") // no trigger, no foreign key
	w.must(err)
	do := func(statement string) {
		t.Helper()
		if tag, err := admin.Exec(t.Context(), statement); err != nil || tag.RowsAffected() == 0 {
			t.Fatalf("%s: %v %v", statement, tag, err)
		}
	}
	flip := func(table, column, at string, byteAt int) (statement string) { // twice: as it was
		return fmt.Sprintf("UPDATE %s SET %s = set_byte(%s, %d, get_byte(%s, %d) # 1) WHERE %s", table, column, column, byteAt, column, byteAt, at)
	}
	newest := "size = (SELECT max(size) FROM checkpoint)"
	swap := "UPDATE entry a SET mac = b.mac FROM entry b WHERE a.number IN (300, 301) AND b.number = 601 - a.number"
	for name, change := range map[string][2]string{
		"the first leaf":              {flip("entry", "leaf_hash", "number = 0", 0), ""},
		"a leaf":                      {flip("entry", "leaf_hash", "number = 700", 31), ""},
		"a leaf of the right edge":    {flip("entry", "leaf_hash", "number = (SELECT max(number) FROM entry)", 7), ""},
		"a node":                      {flip("node", "hash", "level = 1 AND index = 2", 16), ""},
		"the first node":              {flip("node", "hash", "level = 1 AND index = 0", 0), ""},
		"a mac":                       {flip("entry", "mac", "number = 511", 3), ""},
		"a mac of the right edge":     {flip("entry", "mac", "number = (SELECT max(number) FROM entry)", 3), ""},
		"a bundle with two exchanged": {swap, swap},
		"a bundle that lacks one":     {"UPDATE entry SET number = number + 1000000 WHERE number = 512", "UPDATE entry SET number = number - 1000000 WHERE number = 1000512"},
		"a node that is missing":      {"UPDATE node SET index = index + 1000000 WHERE level = 1 AND index = 1", "UPDATE node SET index = index - 1000000 WHERE level = 1 AND index = 1000001"},
		"a checkpoint's origin":       {flip("checkpoint", "note", newest, 0), ""},
		"a checkpoint's size":         {flip("checkpoint", "note", newest, len(hubID.Origin())+1), ""},
		"a checkpoint's root":         {flip("checkpoint", "note", newest, len(hubID.Origin())+10), ""},
		"a checkpoint's signature":    {flip("checkpoint", "note", newest, len(hubID.Origin())+90), ""},
		"the key's name in its line":  {flip("checkpoint", "note", newest, len(hubID.Origin())+58), ""},
	} {
		do(change[0])
		w.fsckAll(sources, name, false)
		back := change[1]
		if back == "" {
			back = change[0]
		}
		do(back)
	}
	w.fsckAll(sources, "restored", true)
	w.check()
}

// fsckAll checks the log by every way in, and that Tessera says of each what it should.
func (w *tiled) fsckAll(sources map[string]*client.HTTPFetcher, name string, good bool) {
	w.t.Helper()
	w.ahead.Add(int64(10 * time.Second)) // the public's checkpoint is read anew only when caches may have let it go
	for by, source := range sources {
		if _, err := w.fsck(source); (err == nil) != good {
			w.t.Errorf("%s: fsck by the %s way in says %v", name, by, err)
		}
	}
}

// TestAMirrorThatWasChangedIsFoundToo: whoever keeps a copy can prove what the hub
// once showed, so the copy must be as strict.
func TestAMirrorThatWasChangedIsFoundToo(t *testing.T) {
	w := newTiled(t)
	w.grown(100)
	dir := w.mirror(w.signingProxy(w.agencies[police]) + "/v1/tlog/")
	tiles := 0
	w.must(filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		tiles++
		good, err := os.ReadFile(path)
		w.must(err)
		for _, at := range []int{0, len(good) / 2, len(good) - 2} {
			bad := append([]byte(nil), good...)
			bad[at] ^= 1
			w.must(os.WriteFile(path, bad, 0o600))
			if _, err := w.fsck(client.FileFetcher{Root: dir}); err == nil {
				t.Errorf("byte %d of %s was changed, and fsck passes", at, strings.TrimPrefix(path, dir))
			}
		}
		w.must(os.WriteFile(path, good, 0o600))
		return nil
	}))
	if _, err := w.fsck(client.FileFetcher{Root: dir}); err != nil || tiles < 4 {
		t.Errorf("the mirror of %d files as it was: %v", tiles, err)
	}
}
