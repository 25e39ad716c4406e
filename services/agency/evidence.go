package agency

import (
	"bufio"
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
)

// Evidence is what the agency can show of its dealings with the hub, without any
// content: an auditor checks with it that nothing was dropped. It comes as NDJSON:
// first whose it is, then each submission, then each delivery, a line each.

// evidenceOf is the first line.
type evidenceOf struct {
	Agency events.AgencyID `json:"agency"`
	Hub    events.HubID    `json:"hub"`
}

type evidenceLine struct {
	Submission *submissionShown `json:"submission,omitzero"`
	Delivery   string           `json:"delivery,omitzero"` // the hub's header, as [tlog.ParseDelivery] reads it
}

// submissionShown names a submission and says nothing of what is in it.
type submissionShown struct {
	ID       events.EventID `json:"id"`
	Sequence string         `json:"sequence"`
	Key      events.KeyID   `json:"key"`
	Digest   string         `json:"digest"`   // hexadecimal tlog.SubmissionDigest
	Answered uint64         `json:"answered"` // number of the delivery that answered it; 0: none yet
}

// Evidence writes all of it. Deliveries that do not verify are among it, as they
// came; rows that cannot be read at all are left out, and alarmed.
func (a *Agency) Evidence(ctx context.Context, out io.Writer) error {
	buffered := bufio.NewWriter(out)
	write := func(line any) error {
		text, err := json.Marshal(line, json.Deterministic(true))
		if err == nil {
			_, err = buffered.Write(append(text, '\n'))
		}
		return err
	}
	if err := write(evidenceOf{a.config.Agency, a.config.Hub}); err != nil {
		return err
	}
	if err := a.showSubmissions(ctx, write); err != nil {
		return err
	}
	a.mu.RLock()
	last := a.stored
	a.mu.RUnlock()
	for number := uint64(1); number <= last; number++ {
		h, err := readDelivery(ctx, a.journal.reader, number)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		header, numbered, headerErr := h.message.Delivery()
		if err != nil || headerErr != nil || !numbered {
			continue
		}
		if err := write(evidenceLine{Delivery: header}); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// evidencePage is how many submissions are read at once.
const evidencePage = 500

func (a *Agency) showSubmissions(ctx context.Context, write func(any) error) error {
	for after := int64(0); ; {
		rows, err := readOutbox(ctx, a.journal.reader, a.keys, `WHERE position > ? ORDER BY position LIMIT ?`, after, evidencePage)
		if err != nil || len(rows) == 0 {
			return err
		}
		for _, s := range rows {
			after = s.position
			if s.damage != nil {
				continue // alarmed when it is sent; nobody can tell what it was
			}
			digest := tlog.SubmissionDigest(s.event.Attributes(), s.event.Data)
			line := submissionShown{ID: s.event.ID, Sequence: s.event.Sequence, Key: s.key, Digest: hex.EncodeToString(digest[:]), Answered: s.answered}
			if err := write(evidenceLine{Submission: &line}); err != nil {
				return err
			}
		}
	}
}

// evidencePatience is how long the whole of it may take to write.
const evidencePatience = 10 * time.Minute

func (a *Agency) getEvidence(w http.ResponseWriter, r *http.Request) {
	if err := http.NewResponseController(w).SetWriteDeadline(time.Now().Add(evidencePatience)); err != nil {
		a.Refuse(r.Context(), w, fmt.Errorf("giving time to write: %w", err))
		return
	}
	w.Header().Set("Content-Type", "application/x-ndjson")
	w.Header().Set("Cache-Control", "no-store")
	if err := a.Evidence(r.Context(), w); err != nil {
		a.log.LogAttrs(r.Context(), slog.LevelError, "the evidence could not be written", slog.Any("cause", err))
		panic(http.ErrAbortHandler) // the answer has begun: whoever asked must see that it is cut off
	}
}
