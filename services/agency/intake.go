package agency

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/mou"
	"handrail/events"
)

// RuleFormChanged refuses a second form under the name of another one.
const RuleFormChanged events.Rule = "form-changed"

// Filed is the answer to a form: always the same for the same form.
type Filed struct {
	Case     events.CaseID    `json:"case"`
	Sections []events.Section `json:"sections"` // held back here, sealed when a referral needs them
	Tasks    []TaskKind       `json:"tasks"`
	Notified int              `json:"notified"` // how many authorities were told
	Dropped  []Dropped        `json:"dropped"`  // not kept, not passed on
	Unknown  int              `json:"unknown"`  // members that the form does not have, not kept
}

// Intakes are the forms that this agency takes from its own systems.
func (a *Agency) Intakes() []Intake { return a.config.Desk.Intakes() }

// FileOnce takes a form from one of the agency's own systems. The case, what is
// held back, the tasks and the answer become durable together, or not at all.
// Errors: *events.Violation (form-changed when another form has the same
// name), [ErrNotJoined].
func (a *Agency) FileOnce(ctx context.Context, o Once, intake Intake, body []byte) (Filed, error) {
	key, err := a.digested(ctx, o)
	if err != nil {
		return Filed{}, err
	}
	filing, err := intake.Read(body)
	if err != nil {
		return Filed{}, err
	}
	if filing.Notify && len(filing.Sections) > 0 {
		return Filed{}, errors.New("an intake kept personal data of an anonymous notice")
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.book.memo == nil {
		return Filed{}, ErrNotJoined
	}
	var before Filed
	if found, err := key.before(ctx, a.journal.reader, &before); found || err != nil {
		return before, err
	}
	secret, err := a.journal.secret(ctx)
	if err != nil {
		return Filed{}, err
	}
	name := keyed(secret, intake.Name, []byte(filing.Name))
	digest := keyed(secret, intake.Name, filing.Content)
	before, found, err := readFiled(ctx, a.journal.reader, name, digest)
	switch {
	case err != nil:
		return before, err
	case found:
		return before, a.journal.update(ctx, func(tx *sql.Tx) error { return key.store(ctx, tx, before, a.now()) })
	}
	return a.fileNew(ctx, filing, name, digest, key)
}

func (a *Agency) fileNew(ctx context.Context, filing Filing, name, digest string, key once) (Filed, error) {
	now := a.now()
	id, err := events.NewUUID(now, rand.Reader)
	if err != nil {
		return Filed{}, err
	}
	filed := Filed{Case: events.CaseID(id), Sections: []events.Section{}, Tasks: []TaskKind{}, Dropped: filing.Dropped, Unknown: filing.Unknown}
	if filed.Dropped == nil {
		filed.Dropped = []Dropped{}
	}
	for section := range filing.Sections {
		filed.Sections = append(filed.Sections, section)
	}
	slices.Sort(filed.Sections)
	for _, q := range filing.Tasks {
		filed.Tasks = append(filed.Tasks, q.Kind)
	}
	statements, err := a.filingSays(filed.Case, filing, now)
	if err != nil {
		return Filed{}, err
	}
	filed.Notified = len(statements) - 1
	_, err = a.sayLocked(ctx, true, func(tx *sql.Tx) error {
		if err := key.store(ctx, tx, filed, now); err != nil {
			return err
		}
		return storeFiling(ctx, tx, filed, filing, name, digest, now, a.book.memo.Profile.DraftLife())
	}, statements...)
	return filed, err
}

// filingSays gives what a form establishes by itself: that a person was met, a
// child's notice, and for a duty to notify the whitelisted notice. Nothing else is
// invented.
func (a *Agency) filingSays(id events.CaseID, filing Filing, now time.Time) ([]Statement, error) {
	said := events.Said{Happened: events.At(now), Recorded: events.At(now), Channel: events.System}
	statements := a.openingSays(id, said, filing.Age, filing.Region)
	if !filing.Notify {
		return statements, nil
	}
	told := a.childNotice(filing.Age)
	to := a.notified(filing.Age)
	if len(to) == 0 {
		return nil, events.Refuse(mou.RuleRecipientUnknown, "", "the directory lists no authority that the country profile names for a duty to notify")
	}
	for _, authority := range to {
		if slices.Contains(told, authority) {
			continue
		}
		statements = append(statements, Statement{Case: id, Payload: &events.NoticeSent{Said: said, To: authority, Age: filing.Age, Region: filing.Region}})
	}
	return statements, nil
}

// notified is whom the profile names for a duty to notify: the first kind that
// the directory has, and for a child, or where age is in doubt, child
// protection at once (domain rule 7). Child protection is never told of an adult.
func (a *Agency) notified(age events.AgeClass) []events.AgencyID {
	var to []events.AgencyID
	for _, kind := range a.book.memo.Profile.Notices.To {
		listed, children := a.directory.OfKind(kind), kind == events.ChildProtection
		if len(listed) == 0 || children && age == events.Adult {
			continue
		}
		if len(to) == 0 || children {
			to = append(to, listed[0])
		}
	}
	return to
}

func storeFiling(ctx context.Context, tx *sql.Tx, filed Filed, filing Filing, name, digest string, now time.Time, life time.Duration) error {
	for _, section := range filed.Sections {
		if err := storeDraft(ctx, tx, filed.Case, section, filing.Sections[section], now, life); err != nil {
			return err
		}
	}
	for _, q := range filing.Tasks {
		if err := storeTask(ctx, tx, filed.Case, q, now); err != nil {
			return err
		}
	}
	text, err := json.Marshal(filed, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("writing the answer to a form down: %w", err)
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO filed (name, digest, case_id, answer, at) VALUES (?, ?, ?, ?, ?)`,
		name, digest, string(filed.Case), string(text), now.UnixNano())
	if err != nil {
		return fmt.Errorf("storing the answer to a form: %w", err)
	}
	return nil
}

func readFiled(ctx context.Context, q querier, name, digest string) (Filed, bool, error) {
	var before, text string
	err := q.QueryRowContext(ctx, `SELECT digest, answer FROM filed WHERE name = ?`, name).Scan(&before, &text)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Filed{}, false, nil
	case err != nil:
		return Filed{}, false, fmt.Errorf("looking for a form: %w", err)
	case before != digest:
		return Filed{}, true, events.Refuse(RuleFormChanged, "", "another form was filed under the same id; give a changed form an id of its own")
	}
	var filed Filed
	if err := json.Unmarshal([]byte(text), &filed); err != nil {
		return Filed{}, true, fmt.Errorf("%w: the answer to a form does not read", errDamaged)
	}
	return filed, true, nil
}

// keyed is the digest by which a form is recognised: without the journal's
// secret nobody can tell from it which form was filed.
func keyed(secret []byte, intake string, content []byte) string {
	mac := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(mac, "%d %s %d ", len(intake), intake, len(content)) // a hash never fails to write
	_, _ = mac.Write(content)
	return hex.EncodeToString(mac.Sum(nil))
}

// secret is the journal's own, made when it is first needed.
func (j *journal) secret(ctx context.Context) ([]byte, error) {
	text, err := meta(ctx, j.reader, "secret")
	if err != nil {
		return nil, err
	}
	if text == "" {
		raw := make([]byte, 32)
		_, _ = rand.Read(raw) // crypto/rand never fails since Go 1.24
		if err := j.update(ctx, func(tx *sql.Tx) error {
			if text, err = meta(ctx, tx, "secret"); err != nil || text != "" {
				return err // another request made it meanwhile
			}
			text = hex.EncodeToString(raw)
			return setMeta(ctx, tx, "secret", text)
		}); err != nil {
			return nil, err
		}
	}
	return hex.DecodeString(text)
}
