package bench

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/ledger/audit"
)

// Replay is how fast an auditor goes through a whole log over HTTP, and through
// one trail of it.
type Replay struct {
	Entries int     `json:"entries"`
	Select  float64 `json:"select"`  // entries a second: streamed SELECT of the openings and SHA-256 over each
	Leaves  float64 `json:"leaves"`  // entries a second: each leaf from its opening, and the root
	Audit   float64 `json:"audit"`   // entries a second: every signature and verdict as well
	Ed25519 float64 `json:"ed25519"` // signatures a second that all cores verify, one by one, doing nothing else, just before and just after
	Trail   float64 `json:"trail"`   // milliseconds: one case asked for, recorded, read and verified; median
}

func (p *Replay) write(b *strings.Builder) {
	fmt.Fprintf(b, "\nreplay of %d entries, a second: SELECT and SHA-256 %.0f; leaves and root %.0f; everything judged again %.0f; Ed25519 alone %.0f. One trail: %.1f ms\n",
		p.Entries, p.Select, p.Leaves, p.Audit, p.Ed25519, p.Trail)
}

const trails = 21 // that are read one by one

// replay reads the log as an auditor does.
func (h *hub) replay(ctx context.Context, conn *pgx.Conn) (*Replay, error) {
	size, _, err := progress(ctx, conn)
	if err != nil {
		return nil, err
	}
	p := &Replay{Entries: size}
	if p.Select, err = selects(ctx, conn); err != nil {
		return nil, fmt.Errorf("streaming the log: %w", err)
	}
	auditor, err := h.auditor()
	if err != nil {
		return nil, err
	}
	if p.Leaves, err = h.verify(ctx, auditor, true); err != nil {
		return nil, fmt.Errorf("verifying leaves: %w", err)
	}
	before := verifications() // and after: no machine is equally quick for long
	if p.Audit, err = h.verify(ctx, auditor, false); err != nil {
		return nil, fmt.Errorf("verifying everything: %w", err)
	}
	p.Ed25519 = (before + verifications()) / 2
	p.Trail, err = h.trail(ctx, conn, auditor)
	return p, err
}

func (h *hub) auditor() (*audit.Auditor, error) {
	file := filepath.Join(h.cast.dir, "auditor.pem")
	if err := h.cast.auditor.signing.Save(file); err != nil {
		return nil, err
	}
	data, err := events.Encode(&h.cast.founded)
	if err != nil {
		return nil, err
	}
	genesis := sha256.Sum256(data)
	return audit.New(audit.Config{
		Ledger: "http://" + h.config.Listen, Hub: hubID, Agency: h.cast.auditor.id, KeyFile: file,
		LogKey: h.cast.founded.Log, HubKey: h.cast.founded.Signing, Genesis: hex.EncodeToString(genesis[:]),
	})
}

// verify is handrail audit log --verify; it gives entries a second.
func (h *hub) verify(ctx context.Context, auditor *audit.Auditor, leaves bool) (float64, error) {
	checkpoint, err := auditor.Checkpoint(ctx)
	if err != nil {
		return 0, err
	}
	texts, err := mou.ProfileTexts(profile)
	if err != nil {
		return 0, err
	}
	defer debug.SetGCPercent(debug.SetGCPercent(audit.GarbagePercent)) // as the command does
	begin := time.Now()
	report, err := audit.VerifyLog(ctx, audit.LogVerification{
		Source: auditor.Log(leaves), Hub: hubID, Pins: auditor.Pins(), Checkpoint: checkpoint, Texts: texts, LeavesOnly: leaves,
	})
	return float64(report.Size) / time.Since(begin).Seconds(), err
}

// trail reads one case after the other, from all over the log.
func (h *hub) trail(ctx context.Context, conn *pgx.Conn, auditor *audit.Auditor) (float64, error) {
	found, err := conn.Query(ctx, `SELECT (SELECT s.case_id::text FROM case_state s WHERE s.opened >= m.size * i / $1 ORDER BY s.opened LIMIT 1)
		FROM (SELECT max(size) AS size FROM checkpoint) m, generate_series(0, $1::bigint - 1) i`, trails)
	if err != nil {
		return 0, err
	}
	cases, err := pgx.CollectRows(found, pgx.RowTo[*string])
	if err != nil {
		return 0, err
	}
	var took []time.Duration
	for _, id := range cases {
		if id == nil {
			continue
		}
		begin := time.Now()
		trail, err := auditor.Trail(ctx, events.CaseID(*id))
		if err == nil {
			_, err = auditor.Verify(trail)
		}
		if err != nil {
			return 0, fmt.Errorf("reading a trail: %w", err)
		}
		took = append(took, time.Since(begin))
	}
	return median(took, milliseconds), nil
}

// selects streams all openings and hashes each; entries a second.
func selects(ctx context.Context, conn *pgx.Conn) (float64, error) {
	begin, n := time.Now(), 0
	rows, err := conn.Query(ctx, "SELECT e.number, e.leaf_hash, e.mac, o.salt, o.entry FROM entry e JOIN opening o USING (number) ORDER BY e.number")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	h := sha256.New()
	var sum []byte
	for rows.Next() {
		h.Reset()
		for _, column := range rows.RawValues() {
			h.Write(column)
		}
		sum = h.Sum(sum[:0])
		n++
	}
	return float64(n) / time.Since(begin).Seconds(), rows.Err()
}

// verifying is how long each of the two looks at bare Ed25519 takes.
const verifying = 2 * time.Second

// verifications is how many Ed25519 signatures all cores verify in a second.
func verifications() float64 {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return 0
	}
	message := make([]byte, 300) // about what an event's signature covers
	signature := ed25519.Sign(private, message)
	var done atomic.Int64
	var running sync.WaitGroup
	begin := time.Now()
	for range runtime.GOMAXPROCS(0) {
		running.Go(func() {
			for time.Since(begin) < verifying {
				if ed25519.Verify(public, message, signature) {
					done.Add(1)
				}
			}
		})
	}
	running.Wait()
	return float64(done.Load()) / time.Since(begin).Seconds()
}
