package agency

import (
	"context"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// WitnessBackupFile is the copy of the witness's state, beside the journal.
const WitnessBackupFile = "witness.backup"

// witnessMeta names the state in the journal.
const witnessMeta = "witness"

// cosigned is all that this agency's witness remembers: a witness that forgets
// can be shown another log. It is durable, in the journal and in its copy, before
// anybody gets the cosignature. It only goes up, but by a reset.
type cosigned struct {
	Resets  int            `json:"resets"`                 // how often its people made it begin anew: the state with more counts
	Size    uint64         `json:"size"`                   // of the checkpoint that it cosigned last; 0: none
	Root    string         `json:"root,omitzero"`          // hexadecimal
	Note    []byte         `json:"checkpoint,omitzero"`    // that checkpoint, with the log's signature and this agency's; none right after a reset
	At      time.Time      `json:"at,omitzero"`            // when it was cosigned
	Offered time.Time      `json:"offered,omitzero"`       // time of the offer that led to it: an older offer is a replay
	Reset   events.EventID `json:"reset,omitzero"`         // the witness.reset that the ledger has not answered: until then nothing is cosigned
	Least   uint64         `json:"least,omitzero"`         // smallest checkpoint that it cosigns: the log must hold its reset
	Refused bool           `json:"reset_refused,omitzero"` // the ledger refused the reset: nothing is cosigned until the next

	lost     bool // there was a state, and neither journal nor copy can be read
	uncopied bool // the copy is not written yet: nobody may learn of it
}

// last is the state as the rules of witnesses have it.
func (c cosigned) last(origin string) (tlog.Witness, error) {
	if c.Size == 0 {
		return tlog.Witness{}, nil
	}
	root, err := hex.DecodeString(c.Root)
	if err != nil || len(root) != len(tlog.Hash{}) {
		return tlog.Witness{}, errors.New("the root is no hash")
	}
	return tlog.Witness{Last: tlog.Checkpoint{Origin: origin, Size: c.Size, Root: tlog.Hash(root)}, Note: c.Note}, nil
}

// beats says whether a state counts before another one of the same witness.
func (c cosigned) beats(other cosigned) bool {
	if c.Resets != other.Resets {
		return c.Resets > other.Resets
	}
	return c.Size > other.Size
}

// readCosigned reads a stored state and believes it only if it proves itself: the
// log and this agency signed the checkpoint, or people set it in a reset.
func (a *Agency) readCosigned(text []byte) (cosigned, error) {
	var c cosigned
	if err := json.Unmarshal(text, &c, json.RejectUnknownMembers(true)); err != nil {
		return c, errors.New("it is not the JSON of a witness's state")
	}
	w, err := c.last(a.config.Hub.Origin())
	if err != nil || len(c.Note) == 0 && c.Resets > 0 {
		return c, err
	}
	log, err := tlog.ParseCheckpoint(c.Note, a.verifier.Log)
	switch {
	case err != nil:
		return c, err
	case log != w.Last:
		return c, errors.New("its checkpoint is another")
	}
	if _, err := note.Open(c.Note, a.keys.Cosigners()); err != nil {
		return c, errors.New("this agency did not cosign its checkpoint")
	}
	return c, nil
}

// loadWitness takes the higher of journal and copy, and makes both the same.
// Agency.mu is held.
func (a *Agency) loadWitness(ctx context.Context) error {
	if !a.config.witnesses() {
		return nil
	}
	text, err := meta(ctx, a.journal.reader, witnessMeta)
	if err != nil {
		return err
	}
	copied, err := os.ReadFile(a.config.path(WitnessBackupFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("reading the copy of the witness's state: %w", err)
	}
	if err := a.ringFindings(ctx); err != nil {
		return err
	}
	kept, keptSound := a.believe(ctx, "the journal", text)
	copy, copySound := a.believe(ctx, WitnessBackupFile, string(copied))
	switch {
	case text == "" && len(copied) == 0:
		return nil // it never cosigned
	case !keptSound && !copySound:
		a.witness = cosigned{lost: true}
		a.alarmLost(ctx, nil)
		return nil
	case !keptSound || copySound && copy.beats(kept):
		a.witness = copy
		a.alarms.raise(ctx, "journal-behind", witnessMeta,
			"The journal's memory of the log is older than its copy, or gone. The copy counts. The journal was probably restored from an old copy.", nil)
	default:
		a.witness = kept
	}
	if keptSound && copySound && kept.Resets == copy.Resets && kept.Size == copy.Size && kept.Root != copy.Root {
		return a.findNow(ctx, Finding{
			Name: alarmForked, Which: "state", Ours: string(kept.Note), Theirs: string(copy.Note),
			Text: "The log was forked: the journal and the copy of the witness's state hold two checkpoints of one size. Call the coordinator and the auditor.",
		}, nil)
	}
	return a.remember(ctx, a.witness)
}

// believe reads a stored state; damage is an alarm, and as if there were none.
func (a *Agency) believe(ctx context.Context, where, stored string) (c cosigned, sound bool) {
	if stored == "" {
		return cosigned{}, false
	}
	c, err := a.readCosigned([]byte(stored))
	if err != nil {
		a.alarms.raise(ctx, "witness-damaged", where,
			"What the witness remembers is damaged in "+where+" and not believed. If its other copy is sound, that one counts.", err)
	}
	return c, err == nil
}

// storeWitness writes the state into the journal.
func (a *Agency) storeWitness(ctx context.Context, tx *sql.Tx, c cosigned) error {
	text, err := json.Marshal(c, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("writing the witness's state down: %w", err)
	}
	return setMeta(ctx, tx, witnessMeta, string(text))
}

// copyWitness writes the state's copy: whole or not at all.
func (a *Agency) copyWitness(ctx context.Context) error {
	text, err := json.Marshal(a.witness, json.Deterministic(true), jsontext.WithIndent("  "))
	if err == nil {
		err = seal.ReplaceSecret(a.config.path(WitnessBackupFile), append(text, '\n'))
	}
	a.witness.uncopied = err != nil
	if err != nil {
		a.alarms.raise(ctx, "witness-damaged", WitnessBackupFile,
			"The copy of what the witness remembers could not be written. Nothing is cosigned until it can be. Check the disk.", err)
		return fmt.Errorf("copying the witness's state: %w", err)
	}
	a.alarms.over("witness-damaged", WitnessBackupFile)
	a.journal.step("witness copied")
	return nil
}

// remember makes a state durable, journal first, and takes it. Only then may
// anybody learn of it. Agency.mu is held.
func (a *Agency) remember(ctx context.Context, c cosigned) error {
	if err := a.journal.update(ctx, func(tx *sql.Tx) error { return a.storeWitness(ctx, tx, c) }); err != nil {
		return fmt.Errorf("storing the witness's state: %w", err)
	}
	a.witness = c
	return a.copyWitness(ctx)
}
