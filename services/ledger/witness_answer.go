package ledger

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
	"handrail/events"
)

// What a witness can show of this log that the database cannot explain. The ledger
// stops leading for good: each further signature would belong to a second history.
var (
	ErrRolledBack = errors.New("a witness shows a checkpoint that this log's own key signed and that has more entries than this log: the database was rolled back. " +
		"Nothing more is signed. Start no ledger on this database; find the newer one (a standby, a newer backup) and let the ledger lead there. " + onlyTogether)
	ErrForked = errors.New("a witness shows a checkpoint that this log's own key signed with other entries than this log has: the log was forked, or was changed behind its checkpoints. " +
		"Nothing more is signed. Keep this database as it is; find out which history the agencies hold, and who else has the log key. " + onlyTogether)
)

const onlyTogether = "If what is lost stays lost, the parties must agree on where the log goes on: then, as the database's owner, SELECT accept_history(), and each witness's people reset it"

// heed takes a witness's answer: it stores the cosignature, and compares what the
// log's own key signed with the log. It believes nothing else of it.
func (c *courier) heed(ctx context.Context, s *submission) error {
	word, ok := s.payload.(*events.CheckpointCosigned)
	switch at := s.event.Time.Time(); {
	case !ok || !at.After(c.witness.answered.Time()):
		c.done(ctx, s)
		return nil
	case at.Sub(c.now()) > maxAhead:
		c.clockAhead(ctx, s)
		return nil
	}
	finding, err := c.weigh(ctx, word)
	if err != nil {
		return err
	}
	if finding != c.witness.finding {
		c.found(ctx, finding)
	}
	c.witness.answered, c.witness.waiting = s.event.Time, false
	c.done(ctx, s)
	return nil
}

// weigh does what an answer asks for, and gives what it comes to.
func (c *courier) weigh(ctx context.Context, word *events.CheckpointCosigned) (events.Finding, error) {
	w := &c.witness
	shown, signed, err := c.shown(word)
	if err != nil {
		c.log.LogAttrs(ctx, slog.LevelWarn, "a witness shows what this log did not sign", slog.String("agency", string(c.agency)), slog.String("error", err.Error()))
		return events.FindingUnsigned, nil
	}
	if shown.Size > 0 {
		if explained, err := c.compare(ctx, shown, signed); err != nil || !explained {
			return events.FindingRolledBack, err // accepted by the operator: its people must reset it
		}
		if stored, err := c.store(ctx, shown, signed); err != nil {
			return "", err
		} else if stored { // never back: a witness that forgot a cosignature must be reset by its people
			w.last = max(w.last, shown.Size)
		}
	}
	if word.Finding != events.FindingOldSize {
		return word.Finding, nil
	}
	if w.last = max(w.last, shown.Size); w.last > shown.Size { // it shows too little: what is stored of it is all that is known
		known, err := readWitnesses(ctx, c.pool, c.roster.now())
		if err != nil {
			return "", err
		}
		w.last = known[c.agency].from()
	}
	c.wantRound()
	return word.Finding, nil
}

// shown reads the checkpoint in an answer; the zero one if there is none.
func (c *courier) shown(word *events.CheckpointCosigned) (tlog.Checkpoint, []byte, error) {
	if word.Size == 0 {
		return tlog.Checkpoint{}, nil, nil
	}
	signed, err := base64.StdEncoding.DecodeString(word.Checkpoint)
	if err != nil {
		return tlog.Checkpoint{}, nil, err
	}
	shown, err := tlog.ParseCheckpoint(signed, c.logVerifier)
	if err == nil && shown.Size != word.Size {
		err = errors.New("the checkpoint is not of the size that the witness says")
	}
	return shown, signed, err
}

// compare says whether the log explains a checkpoint of its own key, and ends the
// lead if it does not, unless the operator accepted that one.
func (c *courier) compare(ctx context.Context, shown tlog.Checkpoint, signed []byte) (explained bool, err error) {
	contradiction := c.explains(ctx, c.pool, shown)
	if contradiction == nil || !contradicts(contradiction) {
		return contradiction == nil, contradiction
	}
	var accepted bool // that what was lost went as far as this: each of its checkpoints stops the hub no more than the largest
	if err := c.pool.QueryRow(ctx, `WITH lost AS (SELECT EXISTS (SELECT FROM contradiction WHERE accepted IS NOT NULL AND size >= $1) AS accepted),
		kept AS (INSERT INTO contradiction (size, root, note, agency, at) SELECT $1::bigint, $2::bytea, $3::bytea, $4::text, $5::timestamptz FROM lost WHERE NOT accepted ON CONFLICT (size, root) DO NOTHING)
		SELECT accepted FROM lost`,
		shown.Size, shown.Root[:], signed, string(c.agency), c.now()).Scan(&accepted); err != nil {
		return false, fmt.Errorf("keeping what a witness showed: %w", err)
	}
	if accepted {
		return false, nil
	}
	c.alarm(ctx, "a witness proves that the log is behind or forked", fmt.Errorf("%s: %w", c.agency, contradiction))
	c.halt(contradiction)
	return false, contradiction
}

// store keeps the witness's cosignature, if it is one of a checkpoint that is stored.
func (c *courier) store(ctx context.Context, shown tlog.Checkpoint, signed []byte) (bool, error) {
	found, err := tlog.Cosignatures(signed, c.roster.now().cosigner(c.agency, shown.Size))
	if err != nil || len(found) == 0 {
		c.log.LogAttrs(ctx, slog.LevelWarn, "a witness's answer bears no cosignature of the key that the directory lists as of that checkpoint", slog.String("agency", string(c.agency)))
		return false, nil
	}
	var ours []byte
	switch err := c.pool.QueryRow(ctx, "SELECT note FROM checkpoint WHERE size = $1", shown.Size).Scan(&ours); {
	case errors.Is(err, pgx.ErrNoRows):
		return true, nil // a root of ours at a size that was never published: nothing to add it to
	case err != nil:
		return false, fmt.Errorf("reading a checkpoint: %w", err)
	}
	if !c.cosigned(ours, found[0].Line, c.agency, shown.Size) {
		c.alarm(ctx, "the stored checkpoint is not the one that was cosigned", fmt.Errorf("at %d entries, by %s", shown.Size, c.agency))
		return false, nil
	}
	if _, err := c.pool.Exec(ctx, "INSERT INTO cosignature (size, agency, line, at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
		shown.Size, string(c.agency), found[0].Line, c.now()); err != nil {
		return false, fmt.Errorf("storing a cosignature: %w", err)
	}
	return true, nil
}

// found keeps what a witness found, and tells the operator once.
func (c *courier) found(ctx context.Context, finding events.Finding) {
	c.witness.finding = finding
	c.status.witnessFound(c.agency, finding)
	switch finding {
	case events.FindingInconsistent, events.FindingRolledBack, events.FindingUnsigned, events.FindingStateLost:
		c.alarm(ctx, "a witness does not cosign", fmt.Errorf("%s: %s", c.agency, finding))
	case events.FindingOldSize, "":
	}
}

// attend does what concerns the agency as a witness. It comes behind the
// deliveries, so that nothing of it holds them up.
func (c *courier) attend(ctx context.Context, e errands) error {
	if e.reset != nil {
		c.witness.last, c.witness.offered, c.witness.waiting = e.reset.to, time.Time{}, false
		c.found(ctx, "")
	}
	var heard error
	if e.cosigned != nil && !c.withheld {
		heard = c.heed(ctx, e.cosigned)
	}
	return errors.Join(heard, c.offer(ctx)) // a witness that proves a rollback by a late answer must be shown it too
}

// halt ends this time of leading, and the ledger, with what waiting cannot mend.
func (l *lead) halt(why error) {
	select {
	case l.halted <- why:
	default: // it ends already
	}
}
