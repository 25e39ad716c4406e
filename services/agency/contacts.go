package agency

import (
	"context"
	"database/sql"
	"net/http"
	"slices"
	"time"
	"unicode/utf8"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/strict"
)

// Topic is what a call to a hotline was about.
type Topic string

// Codes lists every topic (own choice, to be agreed with the hotlines).
func (Topic) Codes() []string {
	return []string{"danger-now", "bed-tonight", "advice", "medical", "legal", "documents", "report-by-other", "professional", "follow-up", "silent", "other"}
}

// UnmarshalText accepts a topic of the list.
func (t *Topic) UnmarshalText(text []byte) error {
	if !slices.Contains(t.Codes(), string(text)) {
		return events.Refuse(events.RuleDataCode, "", "the topic is not in the closed list")
	}
	*t = Topic(text)
	return nil
}

// Contact is one call: not a case, never an event. The caller may be anonymous.
// It stays in this agency's journal and is deleted as drafts are.
type Contact struct {
	ID      string    `json:"id"`
	Topic   Topic     `json:"topic"`
	Note    string    `json:"note,omitzero"`
	At      time.Time `json:"at"`
	Deleted time.Time `json:"deleted"` // when it goes
}

// ContactCount is how often a topic came up in a month; it stays when the calls go.
type ContactCount struct {
	Month string `json:"month"` // 2026-11, UTC
	Topic Topic  `json:"topic"`
	Calls int    `json:"calls"`
}

// ContactLog is what a hotline keeps of its calls.
type ContactLog struct {
	Contacts []Contact      `json:"contacts"`
	Counts   []ContactCount `json:"counts"`
}

// LogContact writes a call down. Errors: *events.Violation, power for an agency
// that is no hotline; [ErrNotJoined], because the profile says how long it is kept.
func (a *Agency) LogContact(ctx context.Context, topic Topic, note string) (Contact, error) {
	life, err := a.contactLife()
	if err != nil {
		return Contact{}, err
	}
	switch {
	case topic == "":
		return Contact{}, strict.Wanted(false, "topic")
	case !utf8.ValidString(note) || utf8.RuneCountInString(note) > maxText:
		return Contact{}, events.Refuse(events.RuleDataRange, "/note", "a note has at most 2000 characters")
	}
	now := a.now()
	id, err := newID("", now)
	if err != nil {
		return Contact{}, err
	}
	c := Contact{ID: string(id), Topic: topic, Note: note, At: now.UTC().Truncate(time.Second), Deleted: now.UTC().Truncate(time.Second).Add(life)}
	return c, a.journal.update(ctx, func(tx *sql.Tx) error { return storeContact(ctx, tx, c) })
}

// ContactLog gives the calls that are still kept, and the counts. Errors as for
// [Agency.LogContact].
func (a *Agency) ContactLog(ctx context.Context) (l ContactLog, err error) {
	if _, err := a.contactLife(); err != nil {
		return l, err
	}
	if l.Contacts, err = readContacts(ctx, a.journal.reader, a.now()); err != nil {
		return l, err
	}
	l.Counts, err = countContacts(ctx, a.journal.reader)
	return l, err
}

// contactLife is how long a call is kept; only a hotline keeps any.
func (a *Agency) contactLife() (time.Duration, error) {
	a.mu.RLock()
	defer a.mu.RUnlock()
	switch {
	case a.config.Kind != events.Hotline:
		return 0, events.Refuse(mou.RulePower, "", "only a hotline keeps a log of calls")
	case a.book.memo == nil:
		return 0, ErrNotJoined
	}
	return a.book.memo.Profile.DraftLife(), nil
}

func (a *Agency) postContact(r *http.Request, body []byte) (any, error) {
	var given struct {
		Topic Topic  `json:"topic"`
		Note  string `json:"note,omitzero"`
	}
	if err := strict.Read(body, &given); err != nil {
		return nil, err
	}
	return a.LogContact(r.Context(), given.Topic, given.Note)
}
