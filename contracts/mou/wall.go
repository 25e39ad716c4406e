package mou

import (
	"errors"
	"slices"

	"handrail/events"
)

// Wall keeps two kinds of agency apart: neither is addressed in a case of which
// the other is a party. The person's matter with the other is a case of its own.
type Wall struct {
	From       events.AgencyKind `yaml:"from"`
	To         events.AgencyKind `yaml:"to"`
	Provenance `yaml:",inline"`
}

// Walled says whether a wall of the profile stands between two kinds, whichever
// of them is named first.
func (p *Profile) Walled(one, other events.AgencyKind) bool {
	return slices.ContainsFunc(p.Walls, func(w Wall) bool {
		return w.From == one && w.To == other || w.From == other && w.To == one
	})
}

// involved lists who takes part in a case in any way that is known.
func (s *state) involved() []events.AgencyID {
	all := []events.AgencyID{s.owner}
	for _, r := range s.referrals {
		all = append(all, r.by)
		for _, l := range r.legs {
			all = append(all, l.to)
		}
	}
	for _, n := range s.notices {
		all = append(all, n.by, n.to)
	}
	for _, e := range s.paths.emergencies {
		all = append(all, e.by, e.to)
	}
	return all
}

// needsNoWall asks that whoever is addressed is not walled off from the speaker,
// from each other or from anybody who takes part in the case.
func needsNoWall() demand {
	return demand{RuleWall, "/to", "a wall of the profile stands between this kind of agency and one that takes part in the case; open another case for it", func(q *question) bool {
		to := named(q.facts)
		parties := slices.Concat([]events.AgencyID{q.by}, to, q.s.involved())
		return !slices.ContainsFunc(to, func(a events.AgencyID) bool {
			return slices.ContainsFunc(parties, func(b events.AgencyID) bool {
				return q.m.Profile.Walled(q.m.kind(a), q.m.kind(b))
			})
		})
	}}
}

func (p *Profile) checkWalls() error {
	var problems []error
	for _, w := range p.Walls {
		problems = append(problems, w.check("walls"), known("walls", &w.From, string(w.From)), known("walls", &w.To, string(w.To)))
	}
	return errors.Join(problems...)
}
