package mou

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"handrail/events"
)

// chainKind is the kind of a visibility chain.
type chainKind string

const (
	chainCase     chainKind = "case"
	chainCare     chainKind = "care"
	chainConsent  chainKind = "consent"
	chainStop     chainKind = "stop"
	chainNotice   chainKind = "notice"
	chainReferral chainKind = "referral"
	chainLeg      chainKind = "leg"
	chainRecord   chainKind = "record"
	chainOpened   chainKind = "opened"

	chainEscalation chainKind = "escalation"
	chainDeadline   chainKind = "deadline"
)

// place is where a statement stands for those who may see it: its visibility
// chain. Whoever may see one statement of a chain may see all earlier ones.
type place struct {
	kind      chainKind
	speaker   events.AgencyID   // consent, stop, notice, opened
	other     events.AgencyID   // notice, escalation: addressee; leg: the provider asked; deadline: who owes it
	recipient events.Recipient  // consent, stop
	purpose   events.Purpose    // consent, stop
	referral  events.ReferralID // referral, leg, escalation, deadline
	duty      events.Duty       // deadline
	set       uint64            // deadline
	record    events.EventID    // record
	at        int               // record: its position; -1: unknown
	id        events.EventID    // stop
}

// place of a statement that is about to be added.
func (s *state) place(by events.AgencyID, id events.EventID, referral events.ReferralID, facts events.Payload) place {
	if p, other := s.pathPlace(by, id, facts); other {
		return p
	}
	switch p := facts.(type) {
	case *events.RiskAssessed:
		return place{kind: chainCare}
	case *events.ConsentGiven:
		return place{kind: chainConsent, speaker: by, recipient: p.Recipient, purpose: p.Purpose}
	case *events.ConsentWithdrawn:
		return place{kind: chainStop, speaker: by, recipient: p.Recipient, purpose: p.Purpose, id: id}
	case *events.ConsentRefused:
		return place{kind: chainStop, speaker: by, recipient: p.Recipient, purpose: p.Purpose, id: id}
	case *events.NoticeSent:
		return place{kind: chainNotice, speaker: by, other: p.To}
	case *events.ReferralRequested:
		return place{kind: chainReferral, referral: id}
	case *events.ReferralWithdrawn:
		return place{kind: chainReferral, referral: referral}
	case *events.Record:
		return place{kind: chainRecord, record: id, at: len(s.records)} // where it will stand
	case *events.RecordReleased:
		at := s.recordAt(p.Record)
		if at < 0 {
			at = len(s.records) // of its tombstone
		}
		return place{kind: chainRecord, record: p.Record, at: at}
	case *events.RecordErased:
		return place{kind: chainRecord, record: p.Record, at: s.recordAt(p.Record)}
	case *events.RecordDisputed:
		return place{kind: chainRecord, record: p.Record, at: s.recordAt(p.Record)}
	case *events.RecordOpened:
		return place{kind: chainOpened, speaker: by}
	case *events.ReferralConfirmed:
		return place{kind: chainLeg, referral: referral, other: p.Provider}
	case *events.ReferralNotNeeded:
		return place{kind: chainLeg, referral: referral, other: p.To}
	case *events.ReferralEscalated:
		return place{kind: chainEscalation, referral: referral, other: p.To}
	case *events.DeadlineDueSoon:
		return deadlinePlace(p.Deadline, referral)
	case *events.DeadlineMissed:
		return deadlinePlace(p.Deadline, referral)
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
		parts = append(parts, selector(p.recipient), string(p.purpose), string(p.speaker))
	case chainStop:
		parts = append(parts, string(p.id))
	case chainNotice:
		parts = append(parts, string(p.speaker), string(p.other))
	case chainReferral:
		parts = append(parts, string(p.referral))
	case chainLeg:
		parts[0] = string(chainReferral)
		parts = append(parts, string(p.referral), string(p.other))
	case chainRecord:
		parts = append(parts, string(p.record))
	case chainOpened:
		parts = append(parts, string(p.speaker))
	case chainEscalation:
		parts = append(parts, cmp.Or(string(p.referral), string(chainCase)), string(p.other))
	case chainDeadline:
		parts = append(parts, strconv.FormatUint(p.set, 10), string(p.duty), cmp.Or(string(p.referral), string(chainCase)), string(p.other))
	default:
		parts = append(parts, p.pathParts()...)
	}
	return strings.Join(parts, "/")
}

func selector(r events.Recipient) string {
	if r.Agency != "" {
		return "agency:" + string(r.Agency)
	}
	var name strings.Builder
	name.WriteString("class:" + string(r.Class))
	for _, a := range slices.Sorted(slices.Values(r.Except)) {
		name.WriteString("!" + string(a))
	}
	return name.String()
}

// sees says whether an agency may see a statement with this place and number.
// What it may see once it may see always.
func (s *state) sees(m *Memorandum, a events.AgencyID, p place, number uint64) bool {
	owner := s.opened != 0 && s.owner == a
	switch p.kind {
	case chainNotice:
		return a == p.speaker || a == p.other
	case chainOpened:
		return a == p.speaker
	case chainRecord:
		if p.at < 0 || p.at >= len(s.records) {
			return false
		}
		r := &s.records[p.at]
		return a == r.by || a == r.to && r.released != 0
	case chainLeg, chainEscalation, chainDeadline:
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
			return p.purpose == r.purpose && slices.ContainsFunc(r.legs, func(l leg) bool {
				return m.covers(p.recipient, l.to) && r.relies(&l, a, number)
			})
		})
	case chainStop:
		return owner || a == p.speaker || slices.ContainsFunc(s.referrals, func(r referral) bool {
			return (p.purpose == "" || p.purpose == r.purpose) && s.bearsOn(m, &r, a, p, number)
		})
	default:
		return s.seesPath(m, a, p, number)
	}
}

// reaches says whether the provider of a leg still took part at a number.
func (l *leg) reaches(number uint64) bool { return l.alive() || number <= l.ended }

// shows says whether an agency is a party to a referral at a number.
func (r *referral) shows(a events.AgencyID, number uint64) bool {
	l := r.leg(a)
	return a == r.by || l.asked() && l.reaches(number)
}

// relies says whether an agency acts on a consent for the provider of a leg: it
// is that provider and accepted, or asked it.
func (r *referral) relies(l *leg, a events.AgencyID, number uint64) bool {
	return (a == l.to && l.accepted != 0 || a == r.by) && l.reaches(number)
}

// bearsOn says whether the person's no, at its place and number, bears on an
// agency in a referral: it ends the agency's part, or what it may do with the
// records that it holds, or a consent that the agency relies on.
func (s *state) bearsOn(m *Memorandum, r *referral, a events.AgencyID, no place, number uint64) bool {
	return slices.ContainsFunc(r.legs, func(l leg) bool {
		if a != l.to && a != r.by || !m.covers(no.recipient, l.to) || m.Profile.Exempt(m.kind(l.to), s.ageAt(number)) {
			return false
		}
		since := r.number
		if a == l.to {
			since = l.turn
		}
		return since != 0 && number > since && (l.reaches(number) || l.held(number)) ||
			r.relies(&l, a, number) && s.endsConsent(m, number, r.purpose, l.to)
	})
}

// endsConsent says whether the word at a number takes back some consent for an
// agency and a purpose.
func (s *state) endsConsent(m *Memorandum, number uint64, purpose events.Purpose, to events.AgencyID) bool {
	at := slices.IndexFunc(s.words, func(w word) bool { return w.number == number })
	return at >= 0 && slices.ContainsFunc(s.words, func(g word) bool {
		return g.verb == given && g.purpose == purpose && m.covers(g.recipient, to) && s.words[at].ends(m, g, to)
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
		if p := c.state.places[i]; p.kind == chainNotice || p.kind == chainEmergency || p.kind == chainEscalation {
			all = append(all, p.other)
		}
	}
	for _, r := range c.state.referrals {
		for _, l := range r.legs {
			if l.asked() {
				all = append(all, l.to)
			}
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
	v := Case{mou: c.mou, viewer: a, state: newState()}
	for i, item := range c.trail {
		if c.sees(a, i) {
			v.id = c.id
			v.trail = append(v.trail, item)
			v.state.step(c.mou, item)
		}
	}
	return v
}

// Without is the case as its viewer folds it when some entries reached it as
// tombstones: what they said is missing, everything else is there.
func (c Case) Without(tombstones ...uint64) Case {
	v := Case{mou: c.mou, id: c.id, viewer: c.viewer, state: newState()}
	for _, item := range c.trail {
		if !slices.Contains(tombstones, item.Number) {
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
