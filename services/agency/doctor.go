package agency

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"handrail/events"
)

// Status says where the agency stands, cheaply.
type Status struct {
	Hub       events.HubID      `json:"hub"`
	Agency    events.AgencyID   `json:"agency"`
	Kind      events.AgencyKind `json:"kind"`
	Profile   string            `json:"profile,omitzero"`
	Joined    bool              `json:"joined"`    // the directory has arrived
	Connected bool              `json:"connected"` // to the broker
	Position  uint64            `json:"position"`  // last delivery number stored
	Waiting   int               `json:"waiting"`   // own statements without the ledger's answer
	Oldest    *time.Time        `json:"oldest,omitzero"`
	Cases     int               `json:"cases"`
	Expiring  []HeldBack        `json:"expiring"` // what is held back and will be deleted soon, as the profile warns
	Alarms    []Alarm           `json:"alarms"`
	Witnessed string            `json:"witnessed"` // how much stands behind the log's checkpoints
	Systems   string            `json:"systems,omitzero"`
}

// Status gives the agency's state.
func (a *Agency) Status(ctx context.Context) (Status, error) {
	s := Status{Hub: a.config.Hub, Agency: a.config.Agency, Kind: a.config.Kind, Alarms: a.alarms.list()}
	var oldest int64
	row := a.journal.reader.QueryRowContext(ctx, `SELECT COUNT(*), COALESCE(MIN(stored), 0) FROM outbox WHERE answered IS NULL`)
	if err := row.Scan(&s.Waiting, &oldest); err != nil {
		return s, fmt.Errorf("counting what waits: %w", err)
	}
	if s.Waiting > 0 {
		at := instant(oldest)
		s.Oldest = &at
	}
	select {
	case <-a.ready:
		s.Connected = a.site.Connected()
	default:
	}
	var err error
	if s.Expiring, err = a.expiring(ctx); err != nil {
		return s, err
	}
	witness, err := a.Witness(ctx)
	if err != nil {
		return s, err
	}
	s.Witnessed = witness.Says
	a.mu.RLock()
	defer a.mu.RUnlock()
	s.Joined, s.Position, s.Cases, s.Systems = a.book.memo != nil, a.stored, len(a.book.files), a.systemsAt
	if a.directory != nil {
		s.Profile = a.directory.Founded().Profile
	}
	return s, nil
}

// expiring lists what is held back for so long that the profile warns of its
// deletion.
func (a *Agency) expiring(ctx context.Context) ([]HeldBack, error) {
	a.mu.RLock()
	memo := a.book.memo
	a.mu.RUnlock()
	if memo == nil {
		return []HeldBack{}, nil
	}
	now := a.now()
	return expiring(ctx, a.journal.reader, now.Add(-memo.Profile.DraftWarning()), now)
}

// Check is one thing that the doctor looked at.
type Check struct {
	Name string `json:"name"`
	OK   bool   `json:"ok"`
	Text string `json:"text"`
}

// Health is the doctor's word: OK if every check is.
type Health struct {
	OK     bool    `json:"ok"`
	Checks []Check `json:"checks"`
	Alarms []Alarm `json:"alarms"`
}

// Doctor looks at everything that this agency needs, and verifies every stored
// delivery again.
func (a *Agency) Doctor(ctx context.Context) (Health, error) {
	read, err := a.Inspect(ctx)
	if err != nil {
		return Health{}, err
	}
	status, err := a.Status(ctx)
	if err != nil {
		return Health{}, err
	}
	var sound string
	if err := a.journal.reader.QueryRowContext(ctx, `PRAGMA quick_check(1)`).Scan(&sound); err != nil {
		sound = "it cannot be read"
	}
	witness, err := a.witnessCheck(ctx)
	if err != nil {
		return Health{}, err
	}
	late := status.Oldest != nil && a.now().Sub(*status.Oldest) > time.Minute
	health := Health{OK: true, Alarms: status.Alarms, Checks: []Check{
		{"directory", status.Joined, pick(status.Joined, "The directory arrived and is the pinned one; profile "+status.Profile+".", "The directory that lists this agency has not arrived from the hub.")},
		{"broker", status.Connected, pick(status.Connected, "Connected.", "Not connected. People can go on working; the outbox waits.")},
		{"outbox", !late, strconv.Itoa(status.Waiting) + " statements wait for the ledger's answer" + pick(late, ", some for more than a minute.", ".")},
		{"journal", sound == "ok", pick(sound == "ok", "SQLite finds the file sound; ", "SQLite finds damage; ") + strconv.FormatUint(read, 10) + " deliveries were verified again."},
		{"drafts", true, warnOf(status.Expiring)},
		witness,
		a.keysCheck(),
		{"alarms", len(status.Alarms) == 0, strconv.Itoa(len(status.Alarms)) + " open."},
	}}
	alerts, err := a.alertChecks(ctx)
	if err != nil {
		return Health{}, err
	}
	health.Checks = append(append(health.Checks, alerts...), a.postingChecks()...)
	for _, check := range health.Checks {
		health.OK = health.OK && check.OK
	}
	return health, nil
}

// warnOf says what will be deleted soon; it names no case.
func warnOf(held []HeldBack) string {
	if len(held) == 0 {
		return "Nothing that is held back is about to be deleted."
	}
	return fmt.Sprintf("What is held back for %d of the cases will be deleted, the first of it on %s: share it where the person agrees, or let it go.",
		len(held), held[0].Deleted.Format(time.DateOnly))
}

func pick(yes bool, one, other string) string {
	if yes {
		return one
	}
	return other
}
