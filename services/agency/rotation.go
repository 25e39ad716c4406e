package agency

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/directory"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/agency/keyring"
	"handrail/services/agency/recovery"
)

// An agency replaces its own keys by directory.keyed, which it signs with its
// signing key of before. New keys are durable before that is said; what is said
// behind it is signed with the new signing key and is not sent before the receipt,
// because a copy that overtakes would be refused. Refused, the old keys go on, and
// what waits behind is signed with them. So at every step the agency can speak, and
// can read what is sealed to either key.

// RuleRotationWaits refuses new keys while others wait for the ledger's answer.
const RuleRotationWaits events.Rule = "rotation-waits"

const (
	alarmRefusedKeys = "rotation-refused"
	alarmKeyFiles    = "key-files"
	staffItself      = "itself" // who rotated, when nobody did
)

// Rotation is what the agency's people decided about its keys.
type Rotation struct {
	Keys  []keyring.Use `json:"keys"`
	Staff string        `json:"staff"` // role and code of who does it, never a name; stays in this agency
}

func (r Rotation) check(c Config) error {
	if !staffSyntax.MatchString(r.Staff) {
		return events.Refuse(events.RuleDataCode, "/staff", "who changes keys is a role and code, 1 to 32 of a-z, 0-9 and hyphen; never a name")
	}
	for i, use := range r.Keys {
		if !slices.Contains(keyring.Uses(c.Kind), use) || slices.Contains(r.Keys[:i], use) {
			return events.Refuse(events.RuleDataCode, "/keys", "the keys are signing, sealing and witness, each once; foreign missions and auditors have no witness key")
		}
	}
	if len(r.Keys) == 0 {
		return events.Refuse(events.RuleDataRange, "/keys", "name the keys to replace: signing, sealing, witness")
	}
	return nil
}

// Rotate makes new keys and says so. They are in force from the ledger's receipt on.
// Errors: *events.Violation, [ErrNotJoined].
func (a *Agency) Rotate(ctx context.Context, r Rotation) (events.EventID, error) {
	if err := r.check(a.config); err != nil {
		return "", err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if err := a.mayRotate(); err != nil {
		return "", err
	}
	listing, err := a.keys.Make(r.Keys)
	if err != nil {
		return "", err
	}
	a.journal.step("keys made")
	if err := recovery.Refresh(a.config.Dir); err != nil {
		return "", fmt.Errorf("copying the new keys into the recovery backup: %w", err)
	}
	now := a.now()
	id, err := newID("", now)
	if err != nil {
		return "", err
	}
	also := func(tx *sql.Tx) error { return storeRotation(ctx, tx, id, r, now) }
	if _, err := a.sayLocked(ctx, true, also, Statement{ID: id, Payload: &events.DirectoryKeyed{Listing: listing}, ceremony: true}); err != nil {
		return "", err
	}
	a.keys.Await(listing)
	a.journal.step("keys said")
	return id, nil
}

// mayRotate refuses a change of keys that could not be taken. Agency.mu is held.
func (a *Agency) mayRotate() error {
	if a.book.memo == nil {
		return ErrNotJoined
	}
	if own, listed := a.directory.Member(a.config.Agency); !listed || own.Standing != directory.Active {
		return events.Refuse(events.RuleAgencySuspended, "", "the directory says that this agency rests: its keys are changed once it is resumed")
	}
	if a.keys.Waiting() || a.keys.Assumed() != "" {
		return events.Refuse(RuleRotationWaits, "", "new keys of this agency wait for the ledger's answer: wait for it first")
	}
	return a.mayBeHeard()
}

func storeRotation(ctx context.Context, tx *sql.Tx, id events.EventID, r Rotation, now time.Time) error {
	keys, err := json.Marshal(r.Keys)
	if err != nil {
		return fmt.Errorf("writing down which keys change: %w", err)
	}
	return storeCeremony(ctx, tx, "rotation", string(id), string(keys), r.Staff, now)
}

// storeCeremony keeps who of the agency's people did something about keys.
func storeCeremony(ctx context.Context, tx *sql.Tx, kind, about, what, staff string, now time.Time) error {
	_, err := tx.ExecContext(ctx, `INSERT INTO key_ceremony (kind, about, what, staff, at) VALUES (?, ?, ?, ?, ?)`, kind, about, what, staff, now.UnixNano())
	if err != nil {
		return fmt.Errorf("storing who changed keys: %w", err)
	}
	return nil
}

// ownKeyed says whether a delivery is the ledger's answer to this agency's change of keys.
func (p proven) ownKeyed() bool { return p.own != nil && p.event.Type == events.TypeDirectoryKeyed }

// rests says whether a submission was refused only because this agency rests: it
// waits on, and is judged once the agency is resumed.
func (p proven) rests() bool {
	if p.own == nil || p.delivery.Kind != tlog.KindRefusal {
		return false
	}
	rule, _ := p.delivery.Why(p.entry)
	return rule == events.RuleAgencySuspended
}

// rekey signs what waits with the key that counts after a delivery, in the
// transaction that stores it: the old one after a refusal of the new, or the one
// with which the agency joined anew. Nothing of it can have been admitted: the
// answers to all that the hub judged before came before. Agency.mu is held.
func (a *Agency) rekey(ctx context.Context, tx *sql.Tx, p proven) error {
	switch facts := p.payload.(type) {
	case *events.DirectoryKeyed:
		if p.ownKeyed() && p.delivery.Kind == tlog.KindRefusal && !p.rests() {
			return a.signAnew(ctx, tx, a.keys.Voice().ID(), p.own.position)
		}
	case *events.DirectoryJoined:
		if facts.Listing.Agency == a.config.Agency && p.changes != nil {
			return a.signAllAnew(ctx, tx, facts.Listing)
		}
	}
	return nil
}

// keysSettled takes the answer about this agency's own keys, after the fold. Agency.mu is held.
func (a *Agency) keysSettled(ctx context.Context, p proven) {
	if p.rests() {
		a.drain.nudge()
	}
	if _, record := p.payload.(*events.RecordErased); record || p.changes != nil || p.delivery.Kind == tlog.KindRefusal {
		a.house.nudge() // something may be to seal anew, or can be now
	}
	own := p.ownKeyed() && !p.rests()
	if own {
		a.keys.Settle()
	}
	switch {
	case own && p.delivery.Kind == tlog.KindRefusal:
		a.ringRefusedKeys(ctx, p.event.ID)
	case p.changes != nil:
		if own {
			a.alarms.overAll(alarmRefusedKeys)
		}
		a.arrangeKeys(ctx)
	}
}

func (a *Agency) ringRefusedKeys(ctx context.Context, id events.EventID) {
	a.alarms.raise(ctx, alarmRefusedKeys, string(id), "The hub refused this agency's new keys. The old ones go on. Look at `handrail doctor`, and change the keys again.", nil)
}

// findRefusedKeys rings again, after a restart, if the last change of keys was refused.
func (a *Agency) findRefusedKeys(ctx context.Context) error {
	rows, err := readOutbox(ctx, a.journal.reader, a.keys, `WHERE attributes LIKE '%directory.keyed%' ORDER BY position DESC LIMIT 1`)
	if err != nil || len(rows) == 0 || rows[0].damage != nil || rows[0].event.Type != events.TypeDirectoryKeyed {
		return err
	}
	if rows[0].answered > 0 && !rows[0].admitted {
		a.ringRefusedKeys(ctx, rows[0].event.ID)
	}
	return nil
}

// arrangeKeys makes files and witness fit the keys in force. Agency.mu is held.
func (a *Agency) arrangeKeys(ctx context.Context) {
	err := a.keys.Arrange(a.now(), a.journal.step)
	if err == nil {
		err = recovery.Refresh(a.config.Dir)
	}
	if err != nil {
		a.alarms.raise(ctx, alarmKeyFiles, "arrange", "The agency's key files could not be put in order. The keys in force are used all the same. Check the disk.", err)
	} else {
		a.alarms.over(alarmKeyFiles, "arrange")
	}
	a.cosignAnew(ctx)
	a.drain.nudge()
}

// cosignAnew signs the checkpoint that was cosigned last with the witness key in
// force: whoever asks for it verifies it with that one. Agency.mu is held.
func (a *Agency) cosignAnew(ctx context.Context) {
	if !a.config.witnesses() || len(a.witness.Note) == 0 || slices.Contains(a.keys.Lacks(), keyring.Witness) {
		return
	}
	if _, err := note.Open(a.witness.Note, note.VerifierList(a.keys.Cosigner().Verifier())); err == nil {
		return
	}
	w := a.witness
	bare, err := a.byLogAlone(w.Note)
	if err == nil {
		w.Note, err = a.keys.Cosigner().Cosign(bare, a.verifier.Log, a.now())
	}
	if err == nil {
		err = a.remember(ctx, w)
	}
	if err != nil {
		a.alarms.raise(ctx, "witness-damaged", "key", "The checkpoint that the witness cosigned last could not be signed with its new key. It is with the next that it cosigns.", err)
	}
}

// rotateByItself replaces the sealing key once it was in force long enough, and
// destroys keys that were set aside long enough.
func (a *Agency) rotateByItself(ctx context.Context) {
	a.mu.RLock()
	since, now := a.sealing.since, a.now()
	ready := a.mayRotate() == nil && !since.IsZero() && now.Sub(since) >= keyring.SealingLife
	a.mu.RUnlock()
	if ready {
		if _, err := a.Rotate(ctx, Rotation{Keys: []keyring.Use{keyring.Sealing}, Staff: staffItself}); err != nil && ctx.Err() == nil {
			a.alarms.raise(ctx, alarmKeyFiles, "rotation", "The sealing key is to be replaced, as every month, and that failed. It is tried again within the hour. Check the disk.", err)
		} else {
			a.alarms.over(alarmKeyFiles, "rotation")
		}
	}
	if err := a.destroyKeys(ctx); err != nil && ctx.Err() == nil {
		a.alarms.raise(ctx, alarmKeyFiles, "destroy", "A key that was replaced is to be destroyed, and that failed. It is tried again within the hour.", err)
	} else {
		a.alarms.over(alarmKeyFiles, "destroy")
	}
}

// destroyKeys destroys what was set aside long enough, by this machine's clock and by
// the log's, as far as it was delivered: one that was switched off or suspended for
// weeks gets what was sealed to the earlier key first. What is sealed to a sealing key
// and is still kept here is sealed to the key in force first.
func (a *Agency) destroyKeys(ctx context.Context) error {
	a.mu.RLock()
	newest := a.newest
	a.mu.RUnlock()
	held, err := a.keys.Held()
	if err != nil {
		return err
	}
	for _, key := range held {
		if key.State != keyring.Aside || a.now().Before(key.Until) || newest.Before(key.Until) {
			continue
		}
		if key.Use == keyring.Sealing {
			if err := a.rewrap(ctx, events.KeyID(key.ID)); err != nil {
				return err
			}
		}
		a.journal.step("records rewrapped")
		if err := errors.Join(a.keys.Destroy(key.Use, key.ID), recovery.Refresh(a.config.Dir)); err != nil {
			return err
		}
		a.journal.step("key destroyed")
	}
	return nil
}
