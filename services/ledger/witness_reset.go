package ledger

import (
	"encoding/hex"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// resetTo is where an agency's witness goes on, and the entry that says so.
type resetTo struct {
	agency events.AgencyID
	number uint64
	to     uint64 // size of the checkpoint
}

// resetWitness admits that an agency's witness forgets what it cosigned. It needs no
// power but a witness key. It is of no case and links to nothing; every agency gets it
// but foreign missions.
func (b *batch) resetWitness(st *step, s *submission) error {
	e := s.event
	said, ok := s.payload.(*events.WitnessReset)
	switch {
	case !ok:
		return errors.New("a witness's reset without its facts came to be judged")
	case b.parties.members[s.from].Witness == nil:
		return events.Refuse(mou.RulePower, "attribute source", "your agency does not witness the log; the directory lists no witness key of it")
	case e.CorrelationID != e.ID:
		return events.Refuse(mou.RuleCorrelation, "attribute correlationid", "correlate a witness's reset with itself")
	case e.CausationID != e.ID:
		return events.Refuse(mou.RuleCauseUnknown, "attribute causationid", "name a witness's reset as its own cause")
	}
	if err := b.hasCheckpoint(said); err != nil {
		return err
	}
	st.reset = &resetTo{s.from, b.number(st), said.Size}
	return b.uncased(st, e, s.key, s.digest, b.parties.insiders)
}

// hasCheckpoint refuses a reset to what the log never signed: nothing could be
// proved to a witness that goes on from there.
func (b *batch) hasCheckpoint(said *events.WitnessReset) error {
	var signed []byte
	err := b.lead.conn.QueryRow(b.ctx, "SELECT note FROM checkpoint WHERE size = $1", said.Size).Scan(&signed)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		b.lost = fmt.Errorf("reading a checkpoint: %w", err)
		return b.lost
	}
	if err == nil {
		if c, err := tlog.ParseCheckpoint(signed, b.lead.logVerifier); err == nil && hex.EncodeToString(c.Root[:]) == said.Root {
			return nil
		}
	}
	return events.Refuse(events.RuleDataRange, "/root", "this log signed no checkpoint of that size and root; compare it once more, and with another agency")
}
