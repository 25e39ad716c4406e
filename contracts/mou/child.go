package mou

import (
	"slices"

	"handrail/events"
)

// aged is one statement of the person's age class, from an entry on.
type aged struct {
	number uint64
	age    events.AgeClass
}

// determine takes an age class as the newest: consents of a voice that does not
// speak for this age lapse for good and are asked anew (domain rule 7).
func (s *state) determine(number uint64, age events.AgeClass) {
	s.age = age
	s.paths.ages = append(s.paths.ages, aged{number, age})
	s.lapse(number, func(w word) bool { return !speaksFor(w.speaker, age) })
}

// conflict takes a guardian who may be involved out: what they agreed to lapses.
func (s *state) conflict(number uint64) {
	s.paths.conflicted = earliest(s.paths.conflicted, number)
	s.lapse(number, func(w word) bool { return w.speaker == events.ByGuardian })
}

func (s *state) lapse(number uint64, wrong func(word) bool) {
	for i := range s.words {
		if w := &s.words[i]; w.verb == given && w.lapsed == 0 && wrong(*w) {
			w.lapsed = number
		}
	}
}

// speaksFor says whether a voice is the right one for an age: an adult speaks
// alone, for a child or while the age is unsure a guardian does.
func speaksFor(by events.Speaker, age events.AgeClass) bool {
	return (age == events.Adult) == (by == events.ByPerson)
}

// ageAt is the age class that the case ran under when an entry was admitted.
func (s *state) ageAt(number uint64) events.AgeClass {
	var age events.AgeClass
	for _, a := range s.paths.ages {
		if a.number <= number {
			age = a.age
		}
	}
	return age
}

func needsChildView() demand {
	return demand{RuleChildView, "/child_view", "for a child, or while the age is unsure, record what the child itself said; for an adult leave it out", func(q *question) bool {
		return factsOr(q, true, func(p *events.ConsentGiven) bool {
			return (q.s.age == events.Adult) == (p.ChildView == "")
		})
	}}
}

// needsFreeGuardian asks that no guardian speaks who may be involved.
func needsFreeGuardian() demand {
	return demand{RuleGuardianConflict, "/by", "this guardian may be involved; an appointed guardian speaks for the child", func(q *question) bool {
		return q.s.paths.conflicted == 0 || voice(q.facts) != events.ByGuardian
	}}
}

// voice is who speaks for themselves or for the child in a statement.
func voice(facts events.Payload) events.Speaker {
	switch p := facts.(type) {
	case *events.ConsentGiven:
		return p.By
	case *events.ReturnAgreed:
		return p.By
	}
	return ""
}

// needsGuardedChild asks for somebody who has a guardian at all.
func needsGuardedChild() demand {
	return demand{RuleChildGuardian, "", "an adult has no guardian; record nothing of the kind", func(q *question) bool { return q.s.age != events.Adult }}
}

// needsContactOrProtector asks for a desk in contact, or child protection that is asked.
func needsContactOrProtector() demand {
	return demand{RuleNotInContact, "attribute source", "a desk in contact with the child says this, or child protection that was asked", func(q *question) bool {
		return q.s.inContact(q.by) || q.kind == events.ChildProtection && slices.ContainsFunc(q.s.referrals, func(r referral) bool {
			l := r.leg(q.by)
			return l.asked() && l.alive()
		})
	}}
}

// childProtection: the contact desk tells child protection of a child, by a
// notice or by a referral, from the first word that it may be one, and again when
// it was taken for an adult between. A case that is open for a mission is not the
// person's own: there the other one counts.
func (k *clocks) childProtection() {
	s, m := k.c.state, k.c.mou
	if k.c.viewer != "" && k.c.viewer != s.owner || s.paths.mission || m.kind(s.owner) == events.ChildProtection {
		return
	}
	meets := k.childTold()
	for at, a := range s.paths.ages {
		if a.age == events.Adult || at > 0 && s.paths.ages[at-1].age != events.Adult {
			continue
		}
		var over uint64
		for _, later := range s.paths.ages[at:] {
			if later.age == events.Adult {
				over = earliest(over, later.number)
			}
		}
		due := k.at(a.number).Add(m.Profile.duration(forChildProtection))
		k.add(Clock{Rule: ClockChildProtection, Set: a.number, Owes: s.owner, Due: due}, over, meets...)
	}
}

// childTold lists the entries by which child protection was told.
func (k *clocks) childTold() (all []uint64) {
	s, m := k.c.state, k.c.mou
	for _, n := range s.notices {
		if n.by == s.owner && m.kind(n.to) == events.ChildProtection {
			all = append(all, n.number)
		}
	}
	for _, r := range s.referrals {
		for _, l := range r.legs {
			if m.kind(l.to) == events.ChildProtection {
				all = append(all, l.turn)
			}
		}
	}
	return all
}
