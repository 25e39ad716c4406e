package agency

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/events/seal"
)

// Rules of an agency's own house, beside those of the memorandum.
const (
	RuleSectionMissing events.Rule = "section-missing" // nothing is held back under this section
	RulePurposeOther   events.Rule = "purpose-other"   // a section is opened for what it was shared for
	RuleNotReleased    events.Rule = "not-released"
	RuleRecordErased   events.Rule = "record-erased"
	RuleUseEnded       events.Rule = "use-ended"       // withdrawn: no further use
	RuleRecordRecalled events.Rule = "record-recalled" // withdrawn on its way: it never arrived
	RuleRecordDisputed events.Rule = "record-disputed"
)

// Sealing names sections to seal to one candidate of a referral.
type Sealing struct {
	Case     events.CaseID
	Referral events.ReferralID
	To       events.AgencyID
	Purpose  events.Purpose // empty: the referral's
	Sections events.Set[events.Section]

	// Values are sections that are not held back here, each a JSON object. They
	// are sealed at once and not kept.
	Values map[events.Section]jsontext.Value

	ID events.EventID // of the first of them, chosen by whose form sends them, so that it sends once; empty: a new one
}

// SealTo seals sections to the candidate's key and says them as record.sealed,
// all or none. What is held back stays here until it expires or the case is closed,
// so that another provider can be asked. Errors as for [Agency.Say]; id-reused if the
// same form was sent before.
func (a *Agency) SealTo(ctx context.Context, s Sealing) ([]events.EventID, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.sealTo(ctx, true, s)
}

func (a *Agency) sealTo(ctx context.Context, checked bool, s Sealing) ([]events.EventID, error) {
	statements, err := a.sealings(ctx, s)
	if err != nil {
		return nil, err
	}
	return a.sayLocked(ctx, checked, nil, statements...)
}

// sealings builds the statements of a sealing. Agency.mu is held.
func (a *Agency) sealings(ctx context.Context, s Sealing) ([]Statement, error) {
	if a.directory == nil || a.book.memo == nil {
		return nil, ErrNotJoined
	}
	_, err := a.sealingKey(s.To)
	if err != nil {
		return nil, err
	}
	if s.Purpose == "" {
		if s.Purpose, err = a.purposeOf(s); err != nil {
			return nil, err
		}
	}
	now := a.now()
	values := map[events.Section]jsontext.Value{}
	for _, section := range s.Sections {
		if values[section] = s.Values[section]; values[section] == nil {
			if values[section], err = readDraft(ctx, a.journal.reader, s.Case, section, now); err != nil {
				return nil, err
			}
		}
	}
	s.Values = values
	return a.sealValues(s, now)
}

// sealValues builds the statements of a sealing whose values are all given.
// Agency.mu is held.
func (a *Agency) sealValues(s Sealing, now time.Time) ([]Statement, error) {
	key, err := a.sealingKey(s.To)
	if err != nil {
		return nil, err
	}
	statements := make([]Statement, 0, len(s.Sections))
	for _, section := range s.Sections {
		statement, err := a.sealOne(s, events.TypeRecordSealed, section, s.Values[section], key, now)
		if err != nil {
			return nil, err
		}
		statements, s.ID = append(statements, statement), ""
	}
	return statements, nil
}

func (a *Agency) sealOne(s Sealing, as events.Type, section events.Section, value jsontext.Value, key events.PublicKey, now time.Time) (Statement, error) {
	id, err := newID(s.ID, now)
	if err != nil {
		return Statement{}, err
	}
	value = value.Clone()
	if err := value.Compact(); err != nil {
		return Statement{}, events.Refuse(events.RuleDataMalformed, "/values/"+string(section), "a section is one JSON object")
	}
	header := events.RecordHeader{
		Source: events.Source(a.config.Hub, a.config.Agency), ID: id, To: s.To, Case: s.Case, Referral: s.Referral,
		Purpose: s.Purpose, Type: as, Section: section,
	}
	if header.KeyID, err = seal.SealingKeyID(key); err != nil {
		return Statement{}, fmt.Errorf("naming the recipient's key: %w", err)
	}
	jwe, commit, err := seal.Seal(key, header, value, rand.Reader)
	if err != nil {
		return Statement{}, fmt.Errorf("sealing a section: %w", err)
	}
	return Statement{
		Case: s.Case, Referral: s.Referral, Cause: s.Referral, ID: id,
		Payload: &events.Record{Header: header}, sealed: &sealedData{jwe: jwe, commit: commit},
	}, nil
}

func (a *Agency) purposeOf(s Sealing) (events.Purpose, error) {
	if f := a.book.files[s.Case]; f != nil {
		if facts, _, ok := request(f.tentative, s.Referral); ok {
			return facts.Purpose, nil
		}
	}
	return "", events.Refuse(mou.RuleReferralUnknown, "/referral", "this agency knows no referral of that id in the case")
}
