package mou

import "handrail/events"

// Semantics is the version of the memorandum's meaning that this code gives.
// Entries and stored cases carry it; a published version stays for ever, so
// that old verdicts are judged alike.
const Semantics = 1

// Memorandum is what the parties of one hub agreed: a loaded profile and the
// kinds of the agencies in the directory. A viewer that sees only a part of the
// directory (a foreign mission) gives what it sees. Both are read-only while
// cases of the memorandum are in use.
type Memorandum struct {
	Profile   *Profile
	Directory map[events.AgencyID]events.AgencyKind
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

// kind of an agency, as far as the directory says.
func (m *Memorandum) kind(a events.AgencyID) events.AgencyKind { return m.Directory[a] }

// covers says whether a recipient means an agency.
func (m *Memorandum) covers(r events.Recipient, a events.AgencyID) bool {
	return r.Covers(a, m.kind(a))
}
