package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
	"handrail/events"
)

// offerAgain is how long the hub waits before it offers a checkpoint to a witness
// that did not answer, or that cannot cosign.
const offerAgain = 10 * time.Second

// witnessing is what a courier knows of its agency as a witness.
type witnessing struct {
	last     uint64         // size that the witness goes on from, as the hub knows it; 0: none
	unproved bool           // the last round's offer could not be proved
	spoke    bool           // the agency has spoken since start or reconnect, whatever it said
	offered  time.Time      // round of the last offer; zero: none since then
	waiting  bool           // that offer has no answer yet
	answered events.Time    // of its last accepted answer
	finding  events.Finding // why it did not cosign; empty: it did
}

// round is one checkpoint on offer. All witnesses are offered the same, so that
// their cosignatures meet on it.
type round struct {
	at     time.Time // before it was read: an offer bears this time, so one that was held up is older than what was offered since
	size   uint64
	signed []byte

	mu     sync.Mutex
	prover *tlog.Prover
	proofs map[uint64]string // by old size; witnesses that keep up share one
}

// proof is the consistency proof from an old size, as an offer carries it.
func (r *round) proof(old uint64) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if made, ok := r.proofs[old]; ok {
		return made, nil
	}
	hashes, err := r.prover.ProveConsistency(old)
	if err != nil {
		return "", err
	}
	r.proofs[old] = base64.StdEncoding.EncodeToString(tlog.JoinHashes(hashes))
	return r.proofs[old], nil
}

// grew follows a committed batch: there is something to cosign, and a witness that
// was reset goes on from what it said. It never waits.
func (l *lead) grew(b *batch) {
	for _, reset := range b.rows.resets {
		l.ask(reset.agency, func(e *errands) { e.reset = &reset })
	}
	l.wantRound()
}

func (l *lead) wantRound() {
	select {
	case l.rounds <- struct{}{}:
	default:
	}
}

// offerRounds offers the newest checkpoint after commits, at most once in every
// second of the clock, and after a pause again to those who lag. It ends with ctx.
func (l *lead) offerRounds(ctx context.Context) {
	for last := (time.Time{}); ctx.Err() == nil; {
		if wait := events.At(last).Time().Add(time.Second).Sub(l.config.Clock()); wait > 0 {
			rest(ctx, min(wait, time.Second))
			continue
		}
		last = l.config.Clock()
		r, err := l.newRound(ctx, last)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			l.log.LogAttrs(ctx, slog.LevelWarn, "no checkpoint can be offered to witnesses yet", slog.String("error", plain(err)))
			rest(ctx, courierPause)
			continue
		}
		l.round.Store(r)
		l.wakeWitnesses()
		select {
		case <-ctx.Done():
		case <-l.rounds:
		case <-time.After(offerAgain):
		}
	}
}

func (l *lead) wakeWitnesses() {
	for _, w := range l.roster.now().cosigners() {
		l.ask(w.Agency, func(*errands) {})
	}
}

func (l *lead) newRound(ctx context.Context, at time.Time) (*round, error) {
	size, signed, err := newestCheckpoint(ctx, l.pool)
	if err != nil {
		return nil, err
	}
	return &round{at: at, size: size, signed: signed, prover: tlog.NewProver(size, readHashes(ctx, l.pool)), proofs: map[uint64]string{}}, nil
}

func rest(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// offer asks the agency to cosign the round's checkpoint, once a round. The first
// time it does so even if the agency cosigned that one: a ledger whose database was
// rolled back hears of it then, before it appends. What cannot be proved holds up
// no delivery.
func (c *courier) offer(ctx context.Context) error {
	r, w := c.round.Load(), &c.witness
	if !c.roster.now().witnesses(c.agency) || !w.spoke && !c.alerting.Load() || r == nil || !w.offered.Before(r.at) {
		return nil
	}
	if w.last > r.size || w.last == r.size && !w.offered.IsZero() {
		return nil
	}
	stuck := w.waiting || w.finding != "" && w.finding != events.FindingOldSize
	if stuck && r.at.Sub(w.offered) < offerAgain { // an answer that waits behind submissions would make the next offer go on from too little
		return nil
	}
	proof, err := r.proof(w.last)
	if errors.Is(err, context.Canceled) {
		return nil // this ledger no longer leads: the one that does makes rounds of its own
	}
	if err != nil {
		w.offered = r.at
		if w.unproved { // once may be a lost connection: a round begins only when the database answers
			c.alarm(ctx, "a checkpoint could not be offered to a witness", fmt.Errorf("to %s from %d to %d entries: %w", c.agency, w.last, r.size, err))
		}
		w.unproved = true
		return nil
	}
	w.unproved = false
	sent, err := c.sayAt(ctx, &events.CheckpointOffered{Old: w.last, Proof: proof, Checkpoint: base64.StdEncoding.EncodeToString(r.signed)}, r.at)
	if err == nil && sent {
		w.offered, w.waiting = r.at, true
	}
	return err
}

// loadWitnesses reads from where each witness goes on: its newest cosignature, or
// what it was reset to behind it.
func (l *lead) loadWitnesses(ctx context.Context) error {
	known, err := readWitnesses(ctx, l.pool, l.roster.now())
	if err != nil {
		return err
	}
	for agency, w := range known {
		c := l.couriers.of(agency)
		c.witness.last, c.witness.offered, c.witness.waiting = w.from(), time.Time{}, false
	}
	return nil
}

// witnessed is what is stored of one witness.
type witnessed struct {
	size  uint64     // newest that it cosigned; 0: none
	at    *time.Time // when the hub stored that
	reset uint64     // entry of its newest witness.reset; 0: none
	to    uint64     // size that it was reset to
	anew  uint64     // entry that listed it anew, or first: its witness has nothing from before
}

// from is the size that the witness goes on from. Whatever it cosigned behind a
// reset, or behind its joining, holds the entry that says so.
func (w witnessed) from() uint64 {
	if w.anew >= w.size && w.anew > w.reset {
		return 0
	}
	if w.reset >= w.size && w.reset > 0 {
		return w.to
	}
	return w.size
}

func readWitnesses(ctx context.Context, db querier, who *parties) (map[events.AgencyID]witnessed, error) {
	var agencies []string
	for _, w := range who.cosigners() {
		agencies = append(agencies, string(w.Agency))
	}
	found, err := db.Query(ctx, `SELECT a, coalesce(c.size, 0), c.at, coalesce(r.number, 0), coalesce(r.size, 0) FROM unnest($1::text[]) a
		LEFT JOIN LATERAL (SELECT size, at FROM cosignature WHERE agency = a ORDER BY size DESC LIMIT 1) c ON true
		LEFT JOIN LATERAL (SELECT number, size FROM witness_reset WHERE agency = a ORDER BY number DESC LIMIT 1) r ON true`, agencies)
	if err != nil {
		return nil, fmt.Errorf("reading what witnesses cosigned: %w", err)
	}
	all := make(map[events.AgencyID]witnessed, len(agencies))
	var agency string
	var w witnessed
	if _, err := pgx.ForEachRow(found, []any{&agency, &w.size, &w.at, &w.reset, &w.to}, func() error {
		w.anew = who.joinedAt(events.AgencyID(agency))
		if all[events.AgencyID(agency)] = w; w.at != nil {
			w.at = nil // the map has that one
		}
		return nil
	}); err != nil {
		return nil, fmt.Errorf("reading what witnesses cosigned: %w", err)
	}
	return all, nil
}
