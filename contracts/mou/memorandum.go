package mou

import "handrail/events"

// Semantics is the version of the memorandum's meaning that this code gives.
// Entries and stored cases carry it; a published version stays for ever, so
// that old verdicts are judged alike.
const Semantics = 1

// Memorandum is what the parties of one hub agreed: a loaded profile, and who is
// or was in the directory. A viewer that sees only a part of the directory (a
// foreign mission) gives what it sees. All is read-only while cases of the
// memorandum are in use; when the directory changes, see [Case.Under].
type Memorandum struct {
	Profile   *Profile
	Directory map[events.AgencyID]events.AgencyKind
	// Away are those of the directory that take no part now, suspended or revoked.
	// Nothing new is addressed to them and no escalation turns to them; what they said
	// and hold stands, and the person's no reaches them.
	Away map[events.AgencyID]bool
	// Ended says whether an agency's sealing key ended for good: it was lost or revoked,
	// and what was sealed to it is not released. Without it none has.
	Ended func(to events.AgencyID, key events.KeyID) bool
}

// Act is one statement about a case with its place in the ledger.
type Act struct {
	Number  uint64         // the ledger entry's number; never 0, which is genesis
	Event   events.Event   // authenticated: source and signature were checked
	Payload events.Payload // *events.Record for a sealed record
}

// Term is one row of the memorandum.
type Term struct {
	Clause   string // like "3.1"
	Event    events.Type
	Who      string        // in plain words, besides the profile's powers
	Requires []events.Rule // in the order in which they are first checked
	Within   string        // the clocks that it sets or meets
	SeenBy   string        // in plain words
	Chain    string        // pattern of the visibility chain's name
}

// row is a term with what judges it.
type row struct {
	Term
	demands []demand
}

// Term gives the row of an event type; false for types that are not about a case.
func (m *Memorandum) Term(t events.Type) (Term, bool) {
	r, ok := m.Profile.rows[t]
	return r.Term, ok
}

// Terms lists all rows in the order of their clauses.
func (m *Memorandum) Terms() []Term {
	var all []Term
	for _, r := range terms() {
		all = append(all, r.Term)
	}
	return all
}

// NewCase is a case of which nothing is known yet, as viewer will see it. The
// empty viewer is the ledger, which sees everything and judges everything.
func (m *Memorandum) NewCase(viewer events.AgencyID) Case {
	return Case{mou: m, viewer: viewer, state: &state{}}
}

// Under is the case, judged from now on under another directory of the same
// parties: the profile is the same, and nobody's kind has changed.
func (c Case) Under(m *Memorandum) Case {
	c.mou = m
	return c
}

// addressable says whether something new may be addressed to an agency.
func (m *Memorandum) addressable(a events.AgencyID) bool {
	_, listed := m.Directory[a]
	return listed && !m.Away[a]
}

// keyEnded says whether the key that a record is sealed to ended for good. Of a
// tombstone the key is not known.
func (m *Memorandum) keyEnded(r record) bool {
	return m.Ended != nil && r.key != "" && m.Ended(r.to, r.key)
}

// kind of an agency, as far as the directory says.
func (m *Memorandum) kind(a events.AgencyID) events.AgencyKind { return m.Directory[a] }

// covers says whether a recipient means an agency.
func (m *Memorandum) covers(r events.Recipient, a events.AgencyID) bool {
	return r.Covers(a, m.kind(a))
}
