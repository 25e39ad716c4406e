package systems

import (
	"bytes"
	"cmp"
	"context"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/strict"
)

// roleOfSystems is as whom the agency's own systems read.
const roleOfSystems events.ReaderRole = "agency-system"

// opening is a wish to read what was sealed to this agency.
type opening struct {
	Record events.EventID `path:"record" format:"uuid" doc:"The id of the event that brought it."`
	Sent
}

// reading is why it is read.
type reading struct {
	Case    events.CaseID     `json:"case"`
	Purpose events.Purpose    `json:"purpose"`
	Basis   events.LegalBasis `json:"basis"`
}

// Opened is the text of a sealed section.
type Opened struct {
	Section facts `json:"section" doc:"The section, a JSON object as its sender wrote it."`
}

// postOpen opens a record for the agency's systems. Opening again is reading
// again, so no key makes it harmless.
func (s *Systems) postOpen(ctx context.Context, in *opening) (Opened, error) {
	if _, err := in.kind(plainJSON); err != nil {
		return Opened{}, err
	}
	if in.Key != "" {
		return Opened{}, events.Refuse(ruleParameter, "header Idempotency-Key", "reading again is another reading: it is recorded, and no key makes it one")
	}
	var given reading
	if err := strict.Read(bytes.Clone(in.RawBody), &given); err != nil {
		return Opened{}, err
	}
	if err := cmp.Or(strict.Wanted(given.Case != "", "case"), strict.Wanted(given.Purpose != "", "purpose"), strict.Wanted(given.Basis != "", "basis")); err != nil {
		return Opened{}, err
	}
	text, err := s.agency.Open(ctx, agency.Opening{Case: given.Case, Record: in.Record, Role: roleOfSystems, Purpose: given.Purpose, Basis: given.Basis})
	return Opened{Section: facts{text}}, err
}
