package mou

import (
	"cmp"
	"slices"
	"strings"

	"handrail/events"
)

// chainKind is the kind of a visibility chain.
type chainKind string

const (
	chainCase     chainKind = "case"
	chainCare     chainKind = "care"
	chainConsent  chainKind = "consent"
	chainDesk     chainKind = "desk"
	chainNotice   chainKind = "notice"
	chainReferral chainKind = "referral"
	chainLeg      chainKind = "leg"
	chainRecord   chainKind = "record"
)

// place is where a statement stands for those who may see it: its visibility
// chain. Whoever may see one statement of a chain may see all earlier ones.
type place struct {
	kind      chainKind
	speaker   events.AgencyID   // consent, desk, notice
	other     events.AgencyID   // notice: addressee; leg: the provider asked
	recipient events.Recipient  // consent
	purpose   events.Purpose    // consent
	referral  events.ReferralID // referral, leg
	record    events.EventID    // record
}

// place of a statement that is about to be added.
func (s *state) place(by events.AgencyID, id events.EventID, referral events.ReferralID, facts events.Payload) place {
	switch p := facts.(type) {
	case *events.RiskAssessed:
		return place{kind: chainCare}
	case *events.ConsentGiven:
		return place{kind: chainConsent, speaker: by, recipient: p.Recipient, purpose: p.Purpose}
	case *events.ConsentWithdrawn:
		return place{kind: chainConsent, speaker: by, recipient: p.Recipient, purpose: p.Purpose}
	case *events.ConsentRefused:
		return place{kind: chainDesk, speaker: by}
	case *events.NoticeSent:
		return place{kind: chainNotice, speaker: by, other: p.To}
	case *events.ReferralRequested:
		return place{kind: chainReferral, referral: id}
	case *events.ReferralWithdrawn:
		return place{kind: chainReferral, referral: referral}
	case *events.Record:
		return place{kind: chainRecord, record: id}
	case *events.RecordReleased:
		return place{kind: chainRecord, record: p.Record}
	case *events.RecordErased:
		return place{kind: chainRecord, record: p.Record}
	case *events.RecordDisputed:
		return place{kind: chainRecord, record: p.Record}
	case *events.CaseOpened, *events.CaseClosed, *events.RightsInformed:
		return place{kind: chainCase}
	default:
		return place{kind: chainLeg, referral: referral, other: s.provider(by, referral)}
	}
}

// provider is whose leg a statement of a referral is about: the provider's that
// says it or, when the referrer says it, of the one that accepted.
func (s *state) provider(by events.AgencyID, id events.ReferralID) events.AgencyID {
	r := s.referral(id)
	if chosen := r.chosen(); r.leg(by) == nil && chosen != nil {
		return chosen.to
	}
	return by
}

// name is the chain's name: the same for every statement of the chain.
func (p place) name() string {
	parts := []string{string(p.kind)}
	switch p.kind {
	case chainConsent:
		parts = append(parts, selector(p.recipient), cmp.Or(string(p.purpose), "any"), string(p.speaker))
	case chainDesk:
		parts = append(parts, string(p.speaker))
	case chainNotice:
		parts = append(parts, string(p.speaker), string(p.other))
	case chainReferral:
		parts = append(parts, string(p.referral))
	case chainLeg:
		parts[0] = string(chainReferral)
		parts = append(parts, string(p.referral), string(p.other))
	case chainRecord:
		parts = append(parts, string(p.record))
	case chainCase, chainCare:
	}
	return strings.Join(parts, "/")
}

func selector(r events.Recipient) string {
	if r.Agency != "" {
		return "agency:" + string(r.Agency)
	}
	name := "class:" + string(r.Class)
	for _, a := range slices.Sorted(slices.Values(r.Except)) {
		name += "!" + string(a)
	}
	return name
}

// sees says whether an agency may see a statement with this place and number.
// What it may see once it may see always.
func (s *state) sees(m *Memorandum, a events.AgencyID, p place, number uint64) bool {
	owner := s.opened != 0 && s.owner == a
	switch p.kind {
	case chainNotice:
		return a == p.speaker || a == p.other
	case chainRecord:
		r := s.record(p.record)
		return r != nil && (a == r.by || a == r.to && r.released != 0)
	case chainDesk:
		return owner || a == p.speaker
	case chainLeg:
		r := s.referral(p.referral)
		return owner || a == p.other || r != nil && a == r.by
	case chainReferral:
		r := s.referral(p.referral)
		return owner || r != nil && r.shows(a, number)
	case chainCase:
		return owner || slices.ContainsFunc(s.referrals, func(r referral) bool { return r.shows(a, number) })
	case chainCare:
		return owner || slices.ContainsFunc(s.referrals, func(r referral) bool {
			l := r.leg(a)
			return l != nil && l.accepted != 0 && l.reaches(number)
		})
	case chainConsent:
		return owner || a == p.speaker || slices.ContainsFunc(s.referrals, func(r referral) bool {
			return (p.purpose == "" || p.purpose == r.purpose) && r.concerns(m, a, p.recipient, number)
		})
	}
	return false
}

// reaches says whether the provider of a leg still took part at a number.
func (l *leg) reaches(number uint64) bool { return l.alive() || number <= l.ended }

// shows says whether an agency is a party to a referral at a number.
func (r *referral) shows(a events.AgencyID, number uint64) bool {
	l := r.leg(a)
	return a == r.by || l != nil && l.reaches(number)
}

// concerns says whether a word about a recipient bears on an agency in this
// referral: it was asked and is covered, or asked somebody who is.
func (r *referral) concerns(m *Memorandum, a events.AgencyID, recipient events.Recipient, number uint64) bool {
	return slices.ContainsFunc(r.legs, func(l leg) bool {
		return (a == l.to || a == r.by) && l.reaches(number) && m.covers(recipient, l.to)
	})
}

// SeenBy gives, in order, the numbers of the entries of this case that an agency
// may have, its own included. It only ever grows as the case goes on.
func (c Case) SeenBy(a events.AgencyID) []uint64 {
	var numbers []uint64
	for i, item := range c.trail {
		if c.sees(a, i) {
			numbers = append(numbers, item.Number)
		}
	}
	return numbers
}

// sees says whether an agency may see the statement at a position of the trail.
func (c Case) sees(a events.AgencyID, at int) bool {
	return a == c.viewer && a != "" || c.state.sees(c.mou, a, c.state.places[at], c.trail[at].Number)
}

// Parties lists, in the order of their names, the agencies that may see
// anything of the case.
func (c Case) Parties() []events.AgencyID {
	var all []events.AgencyID
	for i, item := range c.trail {
		if item.By != events.HubAgency {
			all = append(all, item.By)
		}
		if p := c.state.places[i]; p.kind == chainNotice {
			all = append(all, p.other)
		}
	}
	for _, r := range c.state.referrals {
		for _, l := range r.legs {
			all = append(all, l.to)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// View is the case as an agency may see it: what folding its deliveries gives.
// The hub's own view is the ledger's.
func (c Case) View(a events.AgencyID) Case {
	if a == c.viewer || a == events.HubAgency {
		return c
	}
	v := Case{mou: c.mou, viewer: a, state: &state{}}
	for i, item := range c.trail {
		if c.sees(a, i) {
			v.id = c.id
			v.trail = append(v.trail, item)
			v.state.step(c.mou, item)
		}
	}
	return v
}

// Chain names the visibility chain of an act, judged on the case before it was
// applied or after.
func (c Case) Chain(a Act) string {
	for i, item := range c.trail {
		if item.Number == a.Number {
			return c.state.places[i].name()
		}
	}
	return c.state.place(a.Event.Agency(), a.Event.ID, a.Event.Referral(), a.Payload).name()
}
