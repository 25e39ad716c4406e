package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// Completeness is what a check for completeness found of one agency.
type Completeness struct {
	Agency      events.AgencyID `json:"agency"`
	LogSize     uint64          `json:"log_size"`
	Assigned    uint64          `json:"assigned"` // deliveries, numbered from 1 without a gap
	Reported    uint64          `json:"reported"` // of them, that the agency said it stored
	Receipts    uint64          `json:"receipts"`
	Refusals    uint64          `json:"refusals"`
	Events      uint64          `json:"events"` // of others
	Tombstones  uint64          `json:"tombstones"`
	Submissions uint64          `json:"submissions"`    // correctly signed, each answered
	Shown       *Shown          `json:"shown,omitzero"` // what the agency's own evidence shows; absent without any
}

// Shown is what an agency's evidence shows.
type Shown struct {
	Submissions uint64 `json:"submissions"`
	Answered    uint64 `json:"answered"` // by a receipt or refusal that verifies and that the log holds
	Waiting     uint64 `json:"waiting"`  // the newest, whose answer is on its way
	Deliveries  uint64 `json:"deliveries"`
}

// complete is one check under way.
type complete struct {
	hub        events.HubID
	agency     events.AgencyID
	log        note.Verifier
	hubKey     note.Verifier
	checkpoint tlog.Checkpoint
	tiles      *tlog.Tiles
	lines      []assignedLine            // by delivery number, from 1
	answers    map[uint64]bool           // entries of which the agency was sent a receipt or refusal
	known      map[events.EventID]uint64 // submissions and the entries that answer them
	roots      map[uint64]tlog.Hash      // of checkpoints that were found to be of this log
	out        *Completeness
}

type assignedLine struct {
	entry     uint64
	kind      tlog.Kind
	tombstone bool
}

// Completeness checks that the hub accounts for every delivery number of an agency
// and answered each of its submissions; with the agency's evidence also that each
// submission that it can show has a receipt or refusal that verifies, and that what
// it was delivered is what the log holds. Everything that is missing or disagrees
// is [ErrUnverified], in a plain sentence.
func (a *Auditor) Completeness(ctx context.Context, agency events.AgencyID, shown io.Reader) (Completeness, error) {
	c := &complete{
		hub: a.config.Hub, agency: agency, answers: map[uint64]bool{}, known: map[events.EventID]uint64{}, roots: map[uint64]tlog.Hash{},
		out: &Completeness{Agency: agency},
	}
	var e *evidence
	var err error
	if shown != nil {
		if e, err = readEvidence(shown); err != nil {
			return *c.out, err
		}
		if e.agency != agency || e.hub != a.config.Hub {
			return *c.out, fmt.Errorf("the evidence is of %s at the hub %s, and the question is about %s at %s", e.agency, e.hub, agency, a.config.Hub)
		}
	}
	if err := c.pinned(a); err != nil {
		return *c.out, err
	}
	if err := c.read(ctx, a); err != nil {
		return *c.out, err
	}
	if err := c.accounted(); err != nil || e == nil {
		return *c.out, err
	}
	return *c.out, c.compare(e)
}

// read takes in what the hub lists. Meanwhile the agency may go on: what answers its
// submissions has a number as soon as they are in the log, so deliveries are read once
// more behind them, and the checkpoint behind what it must cover.
func (c *complete) read(ctx context.Context, a *Auditor) error {
	if err := c.assigned(ctx, a); err != nil {
		return err
	}
	if err := c.head(ctx, a); err != nil {
		return err
	}
	if err := c.submitted(ctx, a); err != nil {
		return err
	}
	listed, first := len(c.lines), c.checkpoint
	if err := c.assigned(ctx, a); err != nil || len(c.lines) == listed {
		return err
	}
	if err := c.head(ctx, a); err != nil {
		return err
	}
	if err := c.sameLog(first); err != nil {
		return about(err, "the checkpoint of %d entries", first.Size)
	}
	return nil
}

// errUnread means that the log's tiles could not be read, which shows nothing of them.
var errUnread = errors.New("the log could not be read")

// unread is a failure to read tiles; that they are false is a finding.
func unread(err error) error {
	if errors.Is(err, tlog.ErrTile) {
		return err
	}
	return fmt.Errorf("%w: %w", errUnread, err)
}

// about makes a finding of an error, naming what it is about; a failure to read is none.
func about(err error, format string, args ...any) error {
	if errors.Is(err, errUnread) {
		return err
	}
	return unverified("%s: %v", fmt.Sprintf(format, args...), err)
}

func (c *complete) pinned(a *Auditor) (err error) {
	if c.log, err = note.NewVerifier(a.config.LogKey); err != nil {
		return fmt.Errorf("reading the log key that was pinned: %w", err)
	}
	c.hubKey, err = tlog.HubVerifier(c.hub, a.config.HubKey)
	return err
}

// head takes the newest checkpoint, which covers all that was listed before it.
func (c *complete) head(ctx context.Context, a *Auditor) error {
	signed, err := a.Checkpoint(ctx)
	if err != nil {
		return err
	}
	if c.checkpoint, err = tlog.ParseCheckpoint(signed, c.log); err != nil {
		return unverified("the checkpoint is not signed by the log key that was pinned")
	}
	c.out.LogSize = c.checkpoint.Size
	c.tiles = tlog.ReadTiles(c.checkpoint, func(path string) ([]byte, error) { return a.tile(ctx, path) })
	return nil
}

func (c *complete) reading() ledger.ReadingRequest {
	return ledger.ReadingRequest{What: events.ReadingCompleteness, Agency: c.agency}
}

// assigned reads the delivery numbers of the agency.
func (c *complete) assigned(ctx context.Context, a *Auditor) error {
	for {
		var page ledger.DeliveryPage
		query := url.Values{"after": {number(uint64(len(c.lines)))}}
		if err := a.get(ctx, c.reading(), "/v1/agencies/"+url.PathEscape(string(c.agency))+"/deliveries", query, &page); err != nil {
			return err
		}
		if page.Agency != c.agency {
			return errors.New("the hub answers about another agency than the one that was asked for")
		}
		c.out.Assigned, c.out.Reported = max(c.out.Assigned, page.Assigned), page.Reported
		if len(page.Deliveries) == 0 {
			break
		}
		for _, d := range page.Deliveries {
			if want := uint64(len(c.lines)) + 1; d.Number != want {
				return unverified("delivery %d to %s is missing: behind it the hub lists %d", want, c.agency, d.Number)
			}
			c.lines = append(c.lines, assignedLine{d.Entry, d.Kind, d.Tombstone != ""})
			c.count(d)
		}
	}
	if uint64(len(c.lines)) != c.out.Assigned {
		return unverified("delivery %d to %s is missing: the hub says that it assigned %d", len(c.lines)+1, c.agency, c.out.Assigned)
	}
	return nil
}

func (c *complete) count(d ledger.DeliveryLine) {
	switch {
	case d.Tombstone != "":
		c.out.Tombstones++
	case d.Kind == tlog.KindReceipt:
		c.out.Receipts++
	case d.Kind == tlog.KindRefusal:
		c.out.Refusals++
	default:
		c.out.Events++
	}
	if d.Kind == tlog.KindReceipt || d.Kind == tlog.KindRefusal {
		c.answers[d.Entry] = true
	}
}

// submitted reads what the hub answered of the agency's submissions.
func (c *complete) submitted(ctx context.Context, a *Auditor) error {
	after := events.EventID("")
	for {
		var page ledger.SubmissionPage
		query := url.Values{}
		if after != "" {
			query.Set("after", string(after))
		}
		if err := a.get(ctx, c.reading(), "/v1/agencies/"+url.PathEscape(string(c.agency))+"/submissions", query, &page); err != nil {
			return err
		}
		if len(page.Submissions) == 0 {
			return nil
		}
		for _, s := range page.Submissions {
			if s.ID <= after || page.Agency != c.agency {
				return errors.New("the hub lists submissions out of order, or of another agency")
			}
			after = s.ID
			if s.Entry >= c.checkpoint.Size {
				continue // younger than the checkpoint
			}
			if err := c.holds(s.Entry, s.Leaf); err != nil {
				return about(err, "submission %s", s.ID)
			}
			c.known[s.ID] = s.Entry
			c.out.Submissions++
		}
	}
}

// holds checks that a leaf stands at its number in the log.
func (c *complete) holds(entry uint64, leaf tlog.Hash) error {
	if entry >= c.checkpoint.Size {
		return fmt.Errorf("entry %d, which it is said to have, is not in the log of %d entries", entry, c.checkpoint.Size)
	}
	at := int64(entry & (1<<53 - 1))
	hashes, err := c.tiles.Read(0, at, at+1)
	if err != nil {
		return unread(err)
	}
	if hashes[0] != leaf {
		return fmt.Errorf("the log holds something else at entry %d", entry)
	}
	return nil
}

// accounted checks that each number is of an entry of the log, and each submission answered.
func (c *complete) accounted() error {
	for i, line := range c.lines {
		if line.entry >= c.checkpoint.Size {
			return unverified("delivery %d to %s is of entry %d, which the log of %d entries does not hold", i+1, c.agency, line.entry, c.checkpoint.Size)
		}
	}
	for id, entry := range c.known {
		if !c.answers[entry] {
			return unverified("submission %s of %s was judged in entry %d, and no delivery answers it", id, c.agency, entry)
		}
	}
	return nil
}
