package mou

import (
	"slices"
	"time"

	"handrail/events"
)

// emergency is one disclosure on one signature (domain rule 8).
type emergency struct {
	number    uint64
	id        events.EventID
	by, to    events.AgencyID
	reason    events.Danger
	sections  []events.Section
	staff     events.Staff
	admitted  time.Time
	confirmed uint64
	told      bool
}

func (s *state) stepEmergency(i *Item) {
	switch p := i.Facts.(type) {
	case *events.EmergencyDisclosed:
		s.paths.emergencies = append(s.paths.emergencies, emergency{
			number: i.Number, id: i.ID, by: i.By, to: p.To, reason: p.Reason, sections: p.Sections, staff: p.Staff, admitted: i.Admitted,
		})
	case *events.EmergencyConfirmed:
		if e := s.emergency(p.Disclosure); e != nil {
			e.confirmed, e.told = earliest(e.confirmed, i.Number), p.Person == personTold
		}
	}
}

const personTold events.Told = "told"

func (s *state) emergency(id events.EventID) *emergency {
	for i := range s.paths.emergencies {
		if e := &s.paths.emergencies[i]; e.id == id {
			return e
		}
	}
	return nil
}

// until is when a disclosure opens nothing more.
func (e emergency) until(m *Memorandum) time.Time {
	return e.admitted.Add(m.Profile.duration(forEmergency))
}

// endangered says whether an emergency opens a section to an agency at now. It
// counts from admission, so that a late report does not shorten it.
func (s *state) endangered(m *Memorandum, to events.AgencyID, section events.Section, now time.Time) bool {
	return slices.ContainsFunc(s.paths.emergencies, func(e emergency) bool {
		return e.to == to && slices.Contains(e.sections, section) && now.Before(e.until(m))
	})
}

// needless says whether sharing a section with an agency needs no consent: the
// profile exempts it at the person's age, or an emergency opens it.
func (s *state) needless(m *Memorandum, to events.AgencyID, purpose events.Purpose, section events.Section, now time.Time) bool {
	return m.Profile.Exempt(m.kind(to), s.age) || purpose == events.PurposeEmergency && s.endangered(m, to, section, now)
}

// Emergency is one disclosure without consent, and whether a second person has
// confirmed it.
type Emergency struct {
	ID        events.EventID   `json:"id"`
	Number    uint64           `json:"number"`
	By        events.AgencyID  `json:"by"`
	To        events.AgencyID  `json:"to"`
	Reason    events.Danger    `json:"reason"`
	Sections  []events.Section `json:"sections"`
	Until     time.Time        `json:"until"`
	Confirmed bool             `json:"confirmed"`
	Told      bool             `json:"told"` // the person
}

// Emergencies lists the disclosures that the viewer sees, in the ledger's order.
func (c Case) Emergencies() []Emergency {
	var all []Emergency
	for _, e := range c.state.paths.emergencies {
		all = append(all, Emergency{e.id, e.number, e.by, e.to, e.reason, slices.Clone(e.sections), e.until(c.mou).UTC(), e.confirmed != 0, e.told})
	}
	return all
}

// emergencies: a second person of the same agency confirms in time.
func (k *clocks) emergencies() {
	for _, e := range k.c.state.paths.emergencies {
		if k.shows(e.by) {
			due := e.admitted.Add(k.c.mou.Profile.duration(forEmergencyConfirmed))
			k.add(Clock{Rule: ClockEmergency, Set: e.number, Owes: e.by, Due: due}, 0, e.confirmed)
		}
	}
}

func needsDanger() demand {
	return demand{RuleEmergency, "/reason", "name the danger: to life, freedom or integrity", func(q *question) bool {
		return factsOr(q, true, func(p *events.EmergencyDisclosed) bool { return slices.Contains(p.Reason.Codes(), string(p.Reason)) })
	}}
}

// needsOwnDisclosure asks for a disclosure that the same agency made.
func needsOwnDisclosure() demand {
	return demand{RuleEmergency, "/disclosure", "confirm a disclosure that your own agency made in this case", func(q *question) bool {
		own := func(e emergency) bool { return e.by == q.by }
		return factsOr(q, slices.ContainsFunc(q.s.paths.emergencies, own), func(p *events.EmergencyConfirmed) bool {
			e := q.s.emergency(p.Disclosure)
			return e != nil && own(*e)
		})
	}}
}

func needsSecondPerson() demand {
	return demand{RuleSecondPerson, "/staff", "another member of staff confirms than the one who signed", func(q *question) bool {
		return factsOr(q, true, func(p *events.EmergencyConfirmed) bool {
			return p.Staff != "" && p.Staff != q.s.emergency(p.Disclosure).staff
		})
	}}
}

// needsNewsForPerson asks that a disclosure is confirmed once, and after that
// only to say that the person was told at last.
func needsNewsForPerson() demand {
	return demand{RulePersonTold, "/person", "the disclosure is confirmed; say so again only when the person has been told at last", func(q *question) bool {
		open := func(e emergency) bool { return e.by == q.by && (e.confirmed == 0 || !e.told) }
		return factsOr(q, slices.ContainsFunc(q.s.paths.emergencies, open), func(p *events.EmergencyConfirmed) bool {
			e := q.s.emergency(p.Disclosure)
			return e.confirmed == 0 || !e.told && p.Person == personTold
		})
	}}
}

func (s *state) anyEmergency(m *Memorandum, now time.Time) bool {
	return slices.ContainsFunc(s.paths.emergencies, func(e emergency) bool { return now.Before(e.until(m)) })
}

// needsOrdinaryPurpose asks that nobody is asked to consent to an emergency, which
// opens records before anybody accepts.
func needsOrdinaryPurpose() demand {
	return demand{RuleEmergency, "/purpose", "ask for consent to an ordinary purpose; an emergency needs none", func(q *question) bool {
		return factsOr(q, true, func(p *events.ConsentGiven) bool { return p.Purpose != events.PurposeEmergency })
	}}
}
