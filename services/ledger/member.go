package ledger

import (
	"errors"
	"fmt"
	"slices"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// who is the directory as a step has it so far.
func (b *batch) who(st *step) *parties {
	if st.parties != nil {
		return st.parties
	}
	return b.parties
}

// enter takes the step's next entry into the directory, or gives the rule against it.
func (b *batch) enter(st *step, e events.Event, p events.Payload, everyone bool) error {
	by := change{b.number(st), events.AgencyID(e.Subject), e.Type, everyone}
	before := b.who(st)
	next, err := before.Apply(by.number, e, p)
	if err != nil {
		return err
	}
	st.parties = b.lead.parties(next, before, by)
	st.changes = append(st.changes, by)
	return nil
}

// rekey admits that an agency replaces its own keys, said with its key of before.
func (b *batch) rekey(st *step, s *submission) error {
	e := s.event
	said, ok := s.payload.(*events.DirectoryKeyed)
	switch {
	case !ok:
		return errors.New("new keys without a listing came to be judged")
	case e.CorrelationID != e.ID:
		return events.Refuse(mou.RuleCorrelation, "attribute correlationid", "correlate a change of keys with itself")
	case e.CausationID != e.ID:
		return events.Refuse(mou.RuleCauseUnknown, "attribute causationid", "name a change of keys as its own cause")
	}
	if err := b.enter(st, e, said, true); err != nil {
		return err
	}
	return b.uncased(st, e, s.key, s.digest, st.parties.Audience(s.from))
}

// change has the hub say who joins, rests, comes back or leaves, if the rules of the
// directory let it; the error is their violation.
func (b *batch) change(c *changing) (number uint64, err error) {
	data, err := events.Encode(c.said)
	if err != nil {
		return 0, err
	}
	st := b.newStep()
	e, err := b.lead.hubEvent(b.now, hubEvent{kind: c.said.Type(), subject: string(c.agency), trace: c.trace, sequence: st.hubNext, data: data})
	if err != nil {
		return 0, fmt.Errorf("changing the directory: %w", err)
	}
	number = b.number(st)
	if err := b.enter(st, e, c.said, true); err != nil {
		return 0, err
	}
	st.hubNext++
	_, before := b.parties.members[c.agency]
	to := st.parties.Audience(c.agency)
	if !before { // what it gets, and in which order, is for welcome to say
		to = slices.DeleteFunc(to, func(a events.AgencyID) bool { return a == c.agency })
	}
	if err := b.uncased(st, e, b.lead.key.ID(), seal.Digest(e), to); err != nil {
		return 0, err
	}
	if !before {
		if err := b.welcome(st, c.agency, c.trace); err != nil {
			return 0, err
		}
	}
	b.take(st)
	return number, nil
}

// welcome gives whoever joins the directory as it became, ahead of all else: to an
// insider genesis and every entry since, its own last; to a foreign mission its own
// listing alone, which takes the place of genesis for it.
func (b *batch) welcome(st *step, agency events.AgencyID, trace string) error {
	joined := &st.acts[len(st.acts)-1]
	switch m := st.parties.members[agency]; m.Kind {
	case events.Auditor:
		return nil
	case events.ForeignMission:
		return b.show(st, acquaintance{agency, agency}, m.Listing, trace)
	default:
		for _, c := range st.parties.changes {
			joined.delivers = append(joined.delivers, delivery{to: agency, kind: tlog.KindEvent, answerAt: answerAt{entry: c.number}})
		}
		return nil
	}
}

// learn takes the directory that a step leaves, with the sequences of new keys.
func (b *batch) learn(st *step) {
	for own := range st.parties.keys {
		if _, known := b.next[own.key]; !known && st.parties.kind(own.agency) != events.Auditor {
			b.next[own.key] = 1
			b.rows.signers = append(b.rows.signers, own)
		}
	}
	for _, c := range st.changes {
		b.ends = b.ends || c.of == events.TypeDirectoryRevoked || c.of == events.TypeDirectoryJoined
		b.rows.changes = append(b.rows.changes, c)
	}
	b.parties = st.parties
}

// disbelieved says why nothing of a submission can be believed at this place of the
// log: it could not be from the beginning, or its key is its sender's no more, or
// its sender rests. Such a refusal consumes no sequence and remembers no id.
func (b *batch) disbelieved(s *submission) *events.Violation {
	if s.unauthenticated != nil || s.key == "" {
		return s.unauthenticated
	}
	if _, now := b.parties.signer(s.from, s.key); !now {
		return events.Refuse(events.RuleKeyUnknown, "attribute dssematerial", "this key is not your agency's any more; sign with the one that the directory lists")
	}
	if b.parties.members[s.from].Standing == directory.Suspended {
		return events.Refuse(events.RuleAgencySuspended, "attribute source", "your agency is suspended; submit this again when it is resumed")
	}
	return nil
}

// forgotten says whether a refusal of what cannot be believed is for this moment
// only: when its cause is gone, the same submission is judged.
func forgotten(rule events.Rule) bool {
	return rule == events.RuleHubFault || rule == events.RuleAgencySuspended
}

// writeChanges writes what a batch changed of the directory.
func (b *batch) writeChanges(q *pgx.Batch) {
	for _, c := range b.rows.changes {
		q.Queue("INSERT INTO directory_entry (number, agency, type, everyone) VALUES ($1, $2, $3, $4)", c.number, string(c.subject), string(c.of), c.everyone)
	}
	for _, own := range b.rows.signers {
		q.Queue("INSERT INTO signer (key, agency, next) VALUES ($1, $2, 1)", string(own.key), string(own.agency))
	}
}
