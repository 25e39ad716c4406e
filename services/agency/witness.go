package agency

import (
	"context"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

// The witness answers the hub's offers of checkpoints, at most one a second: it
// cosigns a checkpoint if the log signed it and it goes on from the one that this
// agency cosigned last. So nobody can show this agency one log and the others
// another, or take back what was in it, without this agency's finding out.

const (
	witnessPace = time.Second

	// doubtPatience is how long a checkpoint that is too small may be a late word
	// of a ledger that no longer leads, before it counts as a rolled-back log.
	doubtPatience = 10 * time.Second
	doubtPace     = 2 * time.Second
	compareMost   = 5 * time.Second // for comparing by tiles before an answer
)

// offered is the hub's question whether this agency cosigns a checkpoint.
type offered struct {
	at    time.Time
	facts *events.CheckpointOffered
}

// offerSlot keeps the newest offer until it is judged.
type offerSlot struct {
	wake chan struct{}

	mu     sync.Mutex
	newest *offered
}

func newOfferSlot() *offerSlot { return &offerSlot{wake: make(chan struct{}, 1)} }

func (o *offerSlot) put(newest offered) {
	o.mu.Lock()
	o.newest = &newest
	o.mu.Unlock()
	select {
	case o.wake <- struct{}{}:
	default: // it is awake already
	}
}

func (o *offerSlot) take() *offered {
	o.mu.Lock()
	defer o.mu.Unlock()
	newest := o.newest
	o.newest = nil
	return newest
}

// doubt is a checkpoint that is smaller than what was cosigned.
type doubt struct {
	offer offered
	found Finding
	cause error
	until time.Time
}

// watchLog judges and answers offers until ctx ends.
func (a *Agency) watchLog(ctx context.Context) error { return a.watchOffers(ctx, a.answerOffer) }

func (a *Agency) watchOffers(ctx context.Context, tell func(context.Context, *events.CheckpointCosigned)) error {
	var doubted *doubt
	again := time.NewTicker(doubtPace) // of its own: a hub that offers every second must not put off the alarm
	defer again.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
			return nil
		case <-a.slot.wake:
		case <-again.C:
			if doubted != nil && a.settleDoubt(ctx, doubted) {
				doubted = nil
			}
			continue
		}
		o := a.slot.take()
		if o == nil {
			continue
		}
		answer, found, err := a.consider(ctx, *o)
		switch {
		case err != nil && ctx.Err() == nil:
			a.log.LogAttrs(ctx, slog.LevelError, "an offered checkpoint could not be judged", slog.Any("cause", err))
		case found != nil && doubted == nil: // the first: the time it has left does not begin anew
			doubted = found
		case answer != nil && answer.Finding == "":
			doubted = nil // the hub goes on from what was cosigned
		}
		if answer != nil && (answer.Finding == events.FindingOldSize || answer.Finding == events.FindingStateLost) {
			a.compareFirst(ctx)
		}
		if answer != nil {
			tell(ctx, answer)
		}
		sleep(ctx, witnessPace)
	}
	return nil
}

// compareFirst compares what was offered by tiles. The hub proved it from another
// size than this agency's, and if it is another log, it may serve nothing any more
// once it has the answer.
func (a *Agency) compareFirst(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, compareMost)
	defer cancel()
	if err := a.connectAhead(ctx); err != nil {
		a.log.LogAttrs(ctx, slog.LevelDebug, "an offered checkpoint waits to be compared", slog.Any("cause", err))
	}
}

// noteOffered keeps an offered checkpoint to be connected.
func (a *Agency) noteOffered(ctx context.Context, u unconnected) error {
	bare, err := a.byLogAlone(u.signed)
	if err != nil {
		return err
	}
	u.signed = bare
	return a.journal.update(ctx, func(tx *sql.Tx) error { return noteUnconnected(ctx, tx, u, a.now()) })
}

// answerOffer tells the hub. If it does not arrive, the hub offers again.
func (a *Agency) answerOffer(ctx context.Context, answer *events.CheckpointCosigned) {
	if err := a.sendControl(ctx, answer); err != nil && ctx.Err() == nil {
		a.log.LogAttrs(ctx, slog.LevelDebug, "a cosignature waits for the next offer", slog.Any("cause", err))
	}
	a.connect.nudge()
}

// consider judges an offer, and says what to answer: nothing to one that came
// before or that cannot be answered yet. What is smaller than it may be is not
// rung at once, but given back to be looked into.
func (a *Agency) consider(ctx context.Context, o offered) (*events.CheckpointCosigned, *doubt, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.witness.uncopied {
		if err := a.copyWitness(ctx); err != nil {
			return nil, nil, err
		}
	}
	w := a.witness
	signed, proof, err := o.read()
	switch {
	case !a.config.witnesses() || !o.at.After(w.Offered) || w.Reset != "" || w.Refused:
		return nil, nil, nil
	case err != nil:
		a.alarms.raise(ctx, "control-damaged", "offer", "The hub offered a checkpoint in a form that cannot be read. It was ignored. If this lasts, call the hub's operator.", err)
		return nil, nil, nil
	case w.lost: // else the log's own signature is judged first: a fork that is offered with a wrong old size is still a fork
		a.alarmLost(ctx, &o)
		return a.answer(events.FindingStateLost), nil, nil
	}
	a.alarms.over("control-damaged", "offer")
	last, err := w.last(a.config.Hub.Origin())
	if err != nil {
		return nil, nil, err
	}
	c, finding, cause := last.Judge(signed, o.facts.Old, proof, a.verifier.Log)
	switch finding {
	case "":
		return a.cosign(ctx, o, c, signed)
	case events.FindingOldSize:
		return a.answer(finding), nil, a.noteOffered(ctx, unconnected{checkpoint: c, signed: signed})
	case events.FindingStateLost:
		a.alarmLost(ctx, &o)
		return a.answer(finding), nil, a.noteOffered(ctx, unconnected{checkpoint: c, signed: signed})
	case events.FindingUnsigned, events.FindingInconsistent, events.FindingRolledBack: // below
	}
	f := a.against(finding, c, signed)
	if finding == events.FindingRolledBack {
		if o.at.After(a.now().Add(controlAhead)) {
			return a.answer(finding), nil, nil // a time that is not remembered: it may be a replay
		}
		return a.answer(finding), &doubt{o, f, cause, a.now().Add(doubtPatience)}, nil
	}
	return a.answer(finding), nil, a.findNow(ctx, f, cause)
}

// read takes an offer apart.
func (o offered) read() (signed []byte, proof []tlog.Hash, err error) {
	if signed, err = base64.StdEncoding.Strict().DecodeString(o.facts.Checkpoint); err != nil {
		return nil, nil, errors.New("the checkpoint is no base64")
	}
	hashes, err := base64.StdEncoding.Strict().DecodeString(o.facts.Proof)
	if err != nil {
		return nil, nil, errors.New("the proof is no base64")
	}
	proof, err = tlog.SplitHashes(hashes)
	return signed, proof, err
}

// cosign makes the checkpoint the witness's last, durably, and answers with the
// cosignature. The same checkpoint again changes nothing and gets a fresh one.
func (a *Agency) cosign(ctx context.Context, o offered, c tlog.Checkpoint, signed []byte) (*events.CheckpointCosigned, *doubt, error) {
	w := a.witness
	if c.Size < w.Least || c.Size == 0 {
		return nil, nil, nil
	}
	signed, err := a.byLogAlone(signed)
	if err != nil {
		return nil, nil, err
	}
	now := a.now()
	again := c.Size == w.Size && len(w.Note) > 0
	w.Size, w.Root, w.At = c.Size, fmt.Sprintf("%x", c.Root[:]), now.UTC().Truncate(time.Second)
	if w.Note, err = a.keys.Cosigner().Cosign(signed, a.verifier.Log, now); err != nil {
		return nil, nil, err
	}
	if !o.at.After(now.Add(controlAhead)) { // one from far ahead would silence the witness until then
		w.Offered = o.at
	}
	if again {
		a.witness.At, a.witness.Note, a.witness.Offered = w.At, w.Note, w.Offered
	} else if err := a.remember(ctx, w); err != nil {
		return nil, nil, err
	}
	a.alarms.over(alarmLost, "state")
	return a.answer(""), nil, nil
}

// byLogAlone gives a checkpoint with the log's signature and no other: what
// others signed proves itself, and is not for this agency to keep.
func (a *Agency) byLogAlone(signed []byte) ([]byte, error) {
	n, err := note.Open(signed, note.VerifierList(a.verifier.Log))
	if err != nil {
		return nil, err
	}
	return note.Sign(&note.Note{Text: n.Text, Sigs: n.Sigs})
}

// answer tells what this agency cosigned last.
func (a *Agency) answer(finding events.Finding) *events.CheckpointCosigned {
	out := &events.CheckpointCosigned{Finding: finding}
	if len(a.witness.Note) > 0 {
		out.Size, out.Checkpoint = a.witness.Size, base64.StdEncoding.EncodeToString(a.witness.Note)
	}
	return out
}

// against says what a finding means.
func (a *Agency) against(finding events.Finding, c tlog.Checkpoint, signed []byte) Finding {
	have, theirs := strconv.FormatUint(a.witness.Size, 10), strconv.FormatUint(c.Size, 10)
	f := Finding{Which: "offer", Ours: string(a.witness.Note), Theirs: string(signed)}
	switch finding {
	case events.FindingInconsistent:
		f.Name = alarmForked
		f.Text = "The log was forked: this agency cosigned it at " + have + " entries, and the hub now shows another log, of " + theirs + " entries, that does not go on from there. Entries were altered, dropped or inserted. " +
			"Both checkpoints are kept as proof. Call the coordinator and the auditor, not only the hub's operator."
	case events.FindingRolledBack:
		f.Name = alarmRolledBack
		f.Text = "The log was rolled back: this agency cosigned it at " + have + " entries, and the hub now shows " + theirs + ". Entries were dropped; perhaps its database was restored from an old copy. " +
			"The checkpoint is kept as proof. Call the hub's operator, and tell the coordinator and the auditor."
	default:
		f.Name = alarmUnsigned
		f.Text = "The hub offered a checkpoint that the log's key, which this agency pinned, did not sign. It was not cosigned, and is kept. Call the hub's operator, and tell the coordinator and the auditor."
	}
	return f
}

// alarmLost says that the witness cannot know whether the log goes on.
func (a *Agency) alarmLost(ctx context.Context, o *offered) {
	text := "What this agency's witness remembers of the log is gone"
	if o != nil {
		text = "The hub says that this agency cosigned the log at " + strconv.FormatUint(o.facts.Old, 10) + " entries, and its witness remembers " + strconv.FormatUint(a.witness.Size, 10) +
			": the journal and its copy were lost or restored from old copies, or somebody else has the witness key"
	}
	a.alarms.raise(ctx, alarmLost, "state", text+". Nothing is cosigned until people reset the witness: `handrail witness reset`.", nil)
}

// settleDoubt looks into a checkpoint that was too small, and says whether that
// is settled: the hub's newest, asked for, goes on from what was cosigned, or the
// duty was rung.
func (a *Agency) settleDoubt(ctx context.Context, d *doubt) bool {
	head, err := a.fetchHead(ctx)
	a.mu.RLock()
	size := a.witness.Size
	a.mu.RUnlock()
	switch {
	case ctx.Err() != nil:
		return false
	case err == nil && head.checkpoint.Size >= size:
		a.log.LogAttrs(ctx, slog.LevelWarn, "an old checkpoint was offered; the hub's newest is not behind", slog.Uint64("size", head.checkpoint.Size))
		return true // whether it is the same log is found when it is connected, or offered
	case err != nil && a.now().Before(d.until):
		return false
	}
	if err := a.findNow(ctx, d.found, d.cause); err != nil {
		a.log.LogAttrs(ctx, slog.LevelError, "what was found against the log could not be stored", slog.Any("cause", err))
	}
	return true
}
