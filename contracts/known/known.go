package known

import (
	"maps"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// Learnt is what one statement made known to one agency.
type Learnt struct {
	At       time.Time         `json:"at"` // admission of what made it known
	Who      events.AgencyID   `json:"who"`
	What     What              `json:"what"`
	Sections []events.Section  `json:"sections,omitzero"` // of what was sealed
	Upon     string            `json:"upon"`              // what an agency said that made it known: the event's name
	Leave    Leave             `json:"leave"`
	Entry    uint64            `json:"entry,omitzero"` // of what gave leave; 0 where none was needed
	For      events.Purpose    `json:"for,omitzero"`
	Opened   []Opening         `json:"opened,omitzero"` // by whom of its staff
	Answer   *Answer           `json:"answer,omitzero"` // what became of it there, when that was asked
	Referral events.ReferralID `json:"referral,omitzero"`

	records []events.EventID
	turn    int // how many statements of agencies stood before it
}

// What kind of thing was learnt.
type What string

// The kinds of knowledge.
const (
	MatchingFacts What = "matching-facts" // what a provider needs to say whether it has a place (domain rule 4)
	Sealed        What = "sealed"         // sections that were sealed to the agency
	Question      What = "question"
	AnAnswer      What = "answer"
	Lateness      What = "lateness" // that somebody's answer is late, and whom to call
	Met           What = "met"      // that somebody was met
)

// Leave is what allowed it.
type Leave string

// The leaves.
const (
	ByConsent   Leave = "consent"
	ByEmergency Leave = "emergency"
	ByAsking    Leave = "asked"        // a provider that is asked learns what it is asked
	ByTurn      Leave = "turn"         // likewise, when its turn came
	ByChase     Leave = "chase"        // the hub tells a duty or the coordinator
	ByDuty      Leave = "duty-to-tell" // a duty to notify
	AskedBack   Leave = "asked-back"   // a provider's own question
	NotNeeded   Leave = "not-needed"   // the rules for children
)

// Opening is one reading of a sealed section by somebody of the agency's staff.
type Opening struct {
	At      time.Time         `json:"at"` // when it happened, by the agency's clock
	Role    events.ReaderRole `json:"role"`
	Purpose events.Purpose    `json:"purpose"`
	Basis   events.LegalBasis `json:"basis"`
}

// Answer is what a holder said it did with what it had.
type Answer struct {
	Owed   bool                 `json:"owed,omitzero"` // it has not answered yet
	Said   events.ErasureAnswer `json:"said,omitzero"`
	Ground events.KeepGround    `json:"ground,omitzero"`
	Until  events.Time          `json:"until,omitzero"`
	At     time.Time            `json:"at,omitzero"`
}

// Sheet is who knows what in one case.
type Sheet struct {
	Case    events.CaseID     `json:"case"`
	Desk    events.AgencyID   `json:"desk"`    // that opened the case: it knows what the person told it
	Learnt  []Learnt          `json:"learnt"`  // in the order of the log
	Nothing []events.AgencyID `json:"nothing"` // agencies of the directory that neither learnt nor said anything

	Kinds map[events.AgencyID]events.AgencyKind `json:"kinds"` // of those in it
}

// Of reads a case. kinds is the directory; an agency that it does not hold is
// shown by its id alone.
func Of(c mou.Case, kinds map[events.AgencyID]events.AgencyKind) Sheet {
	k := &reader{kinds: kinds, trail: c.Trail()}
	reached := map[events.AgencyID]bool{c.Owner(): true}
	for at, item := range k.trail {
		reached[item.By] = true
		if item.By != events.HubAgency && item.Type != events.TypeRecordOpened {
			k.upon = item.Type.Name()
			k.turn++
		}
		k.read(at, item)
	}
	k.owing(c)
	s := Sheet{Case: c.ID(), Desk: c.Owner(), Learnt: k.all, Nothing: []events.AgencyID{}, Kinds: map[events.AgencyID]events.AgencyKind{}}
	for _, l := range k.all {
		reached[l.Who] = true
	}
	for agency := range reached {
		if kind, listed := kinds[agency]; listed {
			s.Kinds[agency] = kind
		}
	}
	for _, agency := range slices.Sorted(maps.Keys(kinds)) {
		if !reached[agency] && kinds[agency] != events.Auditor {
			s.Nothing = append(s.Nothing, agency)
		}
	}
	return s
}

// reader goes through a trail once.
type reader struct {
	kinds map[events.AgencyID]events.AgencyKind
	trail []mou.Item
	upon  string // what an agency said last
	turn  int
	all   []Learnt
}

func (k *reader) read(at int, item mou.Item) {
	switch facts := item.Facts.(type) {
	case *events.ReferralRequested:
		asked := facts.To
		if facts.Order == events.InTurn {
			asked = asked[:1]
		}
		for _, to := range asked {
			k.learn(Learnt{At: item.Admitted, Who: to, What: MatchingFacts, For: facts.Purpose, Leave: ByAsking, Entry: item.Number, Referral: item.Referral})
		}
	case *events.ReferralEscalated:
		k.upon = item.Type.Name()
		one := Learnt{At: item.Admitted, Who: facts.To, What: Lateness, Leave: ByChase, Entry: item.Number, For: k.purpose(item.Referral), Referral: item.Referral}
		if facts.Step == events.NextCandidate {
			one.What, one.Leave = MatchingFacts, ByTurn
		}
		k.learn(one)
	case *events.NoticeSent:
		k.learn(Learnt{At: item.Admitted, Who: facts.To, What: Met, Leave: ByDuty, Entry: item.Number})
	case *events.RecordReleased:
		if record, ok := k.record(facts.Record); ok {
			k.released(at, item, facts.To, record.Header)
		}
	case *events.RecordOpened:
		k.opened(item, facts)
	case *events.ErasureConfirmed:
		k.answered(item, facts)
	}
}

// released is the moment at which a sealed section reached its recipient.
func (k *reader) released(at int, item mou.Item, to events.AgencyID, h events.RecordHeader) {
	one := Learnt{At: item.Admitted, Who: to, What: Sealed, For: h.Purpose, Referral: h.Referral, records: []events.EventID{h.ID}}
	switch h.Type {
	case events.TypeReferralAsked:
		one.What = Question
	case events.TypeReferralAnswered:
		one.What = AnAnswer
	default:
		one.Sections = []events.Section{h.Section}
	}
	one.Leave, one.Entry = k.leave(at, h)
	k.learn(one)
}

// learn adds a line, to an earlier one if the same statement made both known by
// the same leave.
func (k *reader) learn(one Learnt) {
	one.Upon, one.turn = k.upon, k.turn
	for i := range k.all {
		last := &k.all[i]
		if last.Who == one.Who && last.What == one.What && last.Leave == one.Leave && last.Entry == one.Entry && last.turn == one.turn && last.Referral == one.Referral {
			last.Sections = append(last.Sections, one.Sections...)
			last.records = append(last.records, one.records...)
			return
		}
	}
	k.all = append(k.all, one)
}

// purpose of a referral; empty if it is none.
func (k *reader) purpose(id events.ReferralID) events.Purpose {
	for _, item := range k.trail {
		if request, ok := item.Facts.(*events.ReferralRequested); ok && item.Referral == id {
			return request.Purpose
		}
	}
	return ""
}

func (k *reader) record(id events.EventID) (*events.Record, bool) {
	for _, item := range k.trail {
		if record, ok := item.Facts.(*events.Record); ok && record.Header.ID == id {
			return record, true
		}
	}
	return nil, false
}

// leave is what allowed a section to be read when the item at a place released
// it: the last consent before it that covers it, else an emergency, else the
// rules for children.
func (k *reader) leave(at int, h events.RecordHeader) (Leave, uint64) {
	for _, item := range slices.Backward(k.trail[:at]) {
		switch facts := item.Facts.(type) {
		case *events.ConsentGiven:
			if facts.Recipient.Covers(h.To, k.kinds[h.To]) && facts.Purpose == h.Purpose && slices.Contains(facts.Sections, h.Section) {
				return ByConsent, item.Number
			}
		case *events.EmergencyDisclosed:
			if h.Purpose == events.PurposeEmergency && facts.To == h.To && slices.Contains(facts.Sections, h.Section) {
				return ByEmergency, item.Number
			}
		}
	}
	if h.Type == events.TypeReferralAsked {
		return AskedBack, 0
	}
	return NotNeeded, 0
}

// opened notes a reading beside what was read.
func (k *reader) opened(item mou.Item, facts *events.RecordOpened) {
	for i := range k.all {
		if one := &k.all[i]; one.Who == item.By && slices.Contains(one.records, facts.Record) {
			one.Opened = append(one.Opened, Opening{facts.Happened.Time(), facts.Role, facts.Purpose, facts.Basis})
			return
		}
	}
}

// answered notes what a holder did with what it had.
func (k *reader) answered(item mou.Item, facts *events.ErasureConfirmed) {
	for i := range k.all {
		if one := &k.all[i]; one.Who == item.By && one.Referral == item.Referral && one.held() {
			one.Answer = &Answer{Said: facts.Answer, Ground: facts.Ground, Until: facts.Until, At: item.Admitted}
		}
	}
}

// held says whether it is something that the agency can still hold, as far as it said.
func (l *Learnt) held() bool {
	return len(l.records) > 0 && (l.Answer == nil || l.Answer.Said != events.Erased)
}

// owing notes who has not said yet what it did with what it had.
func (k *reader) owing(c mou.Case) {
	for _, r := range c.Referrals() {
		for _, leg := range r.Legs {
			for i := range k.all {
				if one := &k.all[i]; leg.Owes && one.Who == leg.To && one.Referral == r.ID && one.held() {
					one.Answer = &Answer{Owed: true}
				}
			}
		}
	}
}
