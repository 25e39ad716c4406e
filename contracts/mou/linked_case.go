package mou

import (
	"slices"
	"time"

	"handrail/events"
)

// A foreign mission must not learn of the person's own case, so it is addressed
// in a case of its own, which the owner opens for it and links from the first.
// While the person seeks asylum no mission is addressed there. What the hub
// carries from one case to the other is hidden from every agency.

// linkage is what a case says of the cases that are linked from it.
type linkage struct {
	cases []events.CaseID
	pleas []plea
}

// plea is one asylum.sought, until it is taken back.
type plea struct {
	number, ended uint64
	by            events.AgencyID
}

// consular is what the hub noted in a case that was opened for a mission.
type consular struct{ ever, open bool }

// sought says whether some desk knows that the person seeks asylum.
func (l linkage) sought() bool {
	return slices.ContainsFunc(l.pleas, func(p plea) bool { return p.ended == 0 })
}

// takeBack ends what the speaker knows of: what it said itself and, for a contact
// desk that hears of asylum, what others said.
func (s *state) takeBack(m *Memorandum, by events.AgencyID, number uint64) {
	for i := range s.paths.linkage.pleas {
		if p := &s.paths.linkage.pleas[i]; p.ended == 0 && s.knowsOf(m, by, *p) {
			p.ended = number
		}
	}
}

func (s *state) knowsOf(m *Memorandum, a events.AgencyID, p plea) bool {
	return p.by == a || a == s.owner && m.hearsOfAsylum(a)
}

// Elsewhere is what the hub says in another case because of an admitted act.
// Its event is correlated with that case.
type Elsewhere struct {
	Case    events.CaseID
	Payload events.Payload
}

// Elsewhere lists what the hub must say in other cases, in the same transaction,
// because of an act that the ledger's case admitted (or is about to admit):
// consular.allowed in a case that is linked, consular.barred in every linked
// case when asylum is sought first, and consular.allowed again when it is sought
// no longer. Where the other case refuses it, the act is not admitted either.
// Only the ledger's case has any.
func (c Case) Elsewhere(a Act) []Elsewhere {
	if c.viewer != "" {
		return nil
	}
	said := hubSays(a.Event.Time.Time())
	at := slices.IndexFunc(c.trail, func(i *Item) bool { return i.Number == a.Number })
	if at < 0 {
		at = len(c.trail)
	} else {
		said = hubSays(c.trail[at].Admitted)
	}
	before := c.upTo(at).state
	links := before.paths.linkage
	switch p := a.Payload.(type) {
	case *events.CaseLinked:
		return []Elsewhere{{p.Case, &events.ConsularAllowed{Said: said, Owner: before.owner}}}
	case *events.AsylumSought:
		if !links.sought() {
			return links.everywhere(&events.ConsularBarred{Said: said})
		}
	case *events.AsylumEnded:
		after := before.clone()
		after.takeBack(c.mou, a.Event.Agency(), a.Number)
		if links.sought() && !after.paths.linkage.sought() {
			return links.everywhere(&events.ConsularAllowed{Said: said, Owner: before.owner})
		}
	}
	return nil
}

func (l linkage) everywhere(p events.Payload) []Elsewhere {
	var all []Elsewhere
	for _, id := range l.cases {
		all = append(all, Elsewhere{id, p})
	}
	return all
}

// shut says whether nothing may reach a mission in this case, as far as the
// ledger knows: the person seeks asylum. A view never says so.
func (s *state) shut(m *Memorandum, to events.AgencyID) bool {
	return s.barred() && m.kind(to) == events.ForeignMission
}

// barred says whether the hub took its permission back.
func (s *state) barred() bool {
	return s.paths.mission && s.paths.consular.ever && !s.paths.consular.open
}

// dueShut tells each foreign mission whose case was barred that it is no longer
// needed, and nothing of why.
func (c Case) dueShut(now time.Time) []Saying {
	said := hubSays(now)
	var due []Saying
	for _, r := range c.state.referrals {
		for li := range r.legs {
			l := &r.legs[li]
			if l.asked() && l.alive() && c.state.shut(c.mou, l.to) {
				due = append(due, Saying{&events.ReferralNotNeeded{Said: said, To: l.to}, r.id})
			}
		}
	}
	return due
}

func isMission(kind events.AgencyKind) bool {
	return kind == events.ForeignMission || kind == events.OwnMission
}

// needsMissionLinked asks that a foreign mission is addressed only in a case that
// was opened for it, and nobody but missions there.
func needsMissionLinked() demand {
	return demand{RuleMissionLinked, "/to", "address a foreign mission in a linked case that was opened for it, and nobody else there", func(q *question) bool {
		return !slices.ContainsFunc(named(q.facts), func(a events.AgencyID) bool {
			kind := q.m.kind(a)
			return kind == events.ForeignMission && !q.s.paths.mission || q.s.paths.mission && !isMission(kind)
		})
	}}
}

// needsMissionOpen asks that the hub has allowed foreign missions in the case and
// not barred them since. No agency sees either, so only the ledger asks.
func needsMissionOpen() demand {
	return demand{RuleMissionClosed, "/to", "no foreign mission may be addressed in this case now", func(q *question) bool {
		return !q.ledger || q.s.paths.consular.open || !slices.ContainsFunc(named(q.facts), func(a events.AgencyID) bool {
			return q.m.kind(a) == events.ForeignMission
		})
	}}
}

// needsOwnCase asks for the person's own case, not one that is open for a mission.
func needsOwnCase() demand {
	return demand{RuleMissionLinked, "attribute subject", "say this in the person's own case, not in the one opened for a mission", func(q *question) bool { return !q.s.paths.mission }}
}

// needsNewLink asks for another case that is not linked yet.
func needsNewLink() demand {
	return demand{RuleMissionLinked, "/case", "link another case, once", func(q *question) bool {
		return factsOr(q, true, func(p *events.CaseLinked) bool {
			return (q.event == nil || string(p.Case) != q.event.Subject) && !slices.Contains(q.s.paths.linkage.cases, p.Case)
		})
	}}
}

// needsNoAsylum asks that nobody whose word the reader sees says that asylum is sought.
func needsNoAsylum() demand {
	return demand{RuleAsylumSought, "", "the person seeks asylum; no foreign mission is addressed until that has ended", func(q *question) bool { return !q.s.paths.linkage.sought() }}
}

func needsAsylum() demand {
	return demand{RuleAsylumSought, "", "as far as your agency knows the person seeks no asylum", func(q *question) bool {
		return slices.ContainsFunc(q.s.paths.linkage.pleas, func(p plea) bool { return p.ended == 0 && q.s.knowsOf(q.m, q.by, p) })
	}}
}

// Linked says whether another case was ever linked with this one, which is open for
// a mission. A case is linked once: only the case from which it was says when a
// mission may be addressed in it again. Only the ledger's case knows.
func (c Case) Linked() bool { return c.state.paths.consular.ever }

// needsLinkable asks that the hub allows a mission only in a case that is open
// for one, of the same owner, and not allowed already.
func needsLinkable() demand {
	return demand{RuleMissionLinked, "", "the linked case is an open one for a mission, of the same desk, and not linked yet", func(q *question) bool {
		return factsOr(q, true, func(p *events.ConsularAllowed) bool {
			on := q.s.paths.consular
			return q.s.paths.mission && p.Owner == q.s.owner && !on.open && (on.ever || q.s.closed == 0)
		})
	}}
}

func needsLinked() demand {
	return demand{RuleMissionLinked, "", "no foreign mission is allowed in this case", func(q *question) bool { return q.s.paths.consular.open }}
}
