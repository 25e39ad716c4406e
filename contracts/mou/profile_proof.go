package mou

import (
	"errors"
	"slices"
	"time"

	"handrail/events"
)

// Quorum is how many agencies must have cosigned a checkpoint before it counts
// as witnessed, and of how many kinds they must be.
type Quorum struct {
	Agencies   int `yaml:"agencies"`
	Kinds      int `yaml:"kinds"`
	Provenance `yaml:",inline"`
}

func (q Quorum) check() error {
	if q.Agencies < 1 || q.Kinds < 1 || q.Kinds > q.Agencies {
		return errors.New("witnesses need at least one agency, of at least one kind, and no more kinds than agencies")
	}
	return q.Provenance.check("witnesses")
}

// Witnessed says whether cosignatures of agencies of these kinds, one for each
// agency, are enough for the log to count as witnessed.
func (p *Profile) Witnessed(by []events.AgencyKind) bool {
	kinds := slices.Compact(slices.Sorted(slices.Values(by)))
	return len(by) >= p.Witnesses.Agencies && len(kinds) >= p.Witnesses.Kinds
}

// SecondReader is what an auditor reads only with a second auditor's approval.
type SecondReader struct {
	For        []events.Reading `yaml:"for"`
	Provenance `yaml:",inline"`
}

func (s SecondReader) check() error {
	var problems []error
	for _, r := range s.For {
		problems = append(problems, known("second-reader", &r, string(r)))
	}
	return errors.Join(append(problems, s.Provenance.check("second-reader"))...)
}

// NeedsApproval says whether a reading needs a second auditor's approval.
func (p *Profile) NeedsApproval(what events.Reading) bool {
	return slices.Contains(p.SecondReader.For, what)
}

// Retention is how long a case's facts are kept after its last statement.
func (p *Profile) Retention() time.Duration { return p.duration(forRetention) }
