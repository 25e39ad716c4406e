package mou_test

import (
	"crypto/sha256"
	"math/rand/v2"
	"slices"
	"time"

	"pgregory.net/rapid"

	"handrail/contracts/mou"
	"handrail/events"
)

// history tells a random case: mostly what the memorandum lets somebody say
// next, sometimes anything by anybody.
type history struct {
	t      *rapid.T
	m      *mou.Memorandum
	c      mou.Case
	now    time.Time
	number uint64
	id     events.CaseID
	dice   *rand.Rand
	begins *events.CaseOpened // if not nil, how every case is opened
	desks  []events.AgencyID  // by whom
	paired bool               // with another case, from which the hub says what it does
}

// pick chooses evenly. rapid prefers the first, which here ends every case
// early; it still draws the seed and shortens a failing history.
func pick[V any](h *history, from ...V) V { return from[h.dice.IntN(len(from))] }

// once says yes one time in n.
func (h *history) once(n int) bool { return h.dice.IntN(n) == 0 }

func some[C interface {
	~string
	Codes() []string
}](h *history,
) C {
	var c C
	return C(pick(h, c.Codes()...))
}

// several picks one to three different ones.
func several[V ~string](h *history, from ...V) events.Set[V] {
	set := make(events.Set[V], 0, len(from))
	for _, i := range h.dice.Perm(len(from)) {
		set = append(set, from[i])
	}
	return set[:min(1+h.dice.IntN(3), len(set))]
}

// rolled makes the dice of one history.
func rolled(t *rapid.T) *rand.Rand {
	return rand.New(rand.NewChaCha8(sha256.Sum256(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "seed"))))
}

// draw is the next thing that somebody tries to say.
func (h *history) draw() mou.Act {
	if a, other := h.aside(); other {
		return a
	}
	h.now = h.now.Add(pick(h, slices.Concat(slices.Repeat([]time.Duration{time.Second, time.Minute, 20 * time.Minute}, 8), []time.Duration{5 * time.Hour, 80 * time.Hour})...))
	due, stopped := h.c.Due(h.now, h.staffed), h.c.Recallable(h.now)
	switch {
	case len(due) > 0 && !h.once(4):
		return h.act(events.HubAgency, due[0].Referral, due[0].Payload)
	case len(stopped) > 0 && !h.once(4):
		recalled := pick(h, stopped...)
		return h.act(events.HubAgency, referralOf(h.c, recalled), recalled)
	case h.number == 0:
		return h.opening()
	case h.number == 1 && !h.once(10):
		return h.act(h.c.Owner(), "", h.facts(events.TypeRightsInformed, ""))
	case h.number == 2 && !h.once(10):
		return h.act(h.c.Owner(), "", h.consent())
	case h.number == 3 && !h.once(4):
		return h.act(h.c.Owner(), "", h.request())
	case h.once(10):
		t := pick(h, h.types()...)
		return h.act(pick(h, append(agencies(), events.HubAgency)...), h.anyReferral(), h.facts(t, h.anyReferral()))
	}
	by := pick(h, h.parties()...)
	var moves []mou.Move
	for _, move := range h.c.Next(by, h.now) {
		if move.Allowed && move.Type != events.TypeCaseOpened && (move.Type != events.TypeConsentWithdrawn || h.once(6)) {
			moves = append(moves, slices.Repeat([]mou.Move{move}, weight(move.Type))...)
		}
	}
	if len(moves) == 0 {
		return h.act(h.c.Owner(), "", h.facts(events.TypeRightsInformed, ""))
	}
	move := pick(h, moves...)
	return h.act(by, move.Referral, h.facts(move.Type, move.Referral))
}

// weight makes the rare rare: most of what can be said ends something.
func weight(t events.Type) int {
	if w, ok := map[events.Type]int{
		events.TypeRecordSealed: 40, events.TypeReferralAccepted: 40, events.TypeReferralAnswered: 24, events.TypeReferralConfirmed: 40, events.TypeHandoverCompleted: 40, events.TypeReferralRequested: 40,
		events.TypeConsentGiven: 20, events.TypeEmergencyDisclosed: 6, events.TypeReferralAsked: 6,
		events.TypeConsentWithdrawn: 1, events.TypeConsentRefused: 1, events.TypeCaseClosed: 1,
		events.TypeRightsInformed: 1, events.TypeRiskAssessed: 1, events.TypeRecordOpened: 2, events.TypeNoticeSent: 1,
		events.TypeAgeDetermined: 1, events.TypeGuardianConflicted: 1, events.TypeHelpDeclined: 1, events.TypePersonMissing: 1,
		events.TypeCaseLinked: 1, events.TypeIncidentLinked: 1, events.TypeAsylumSought: 1, events.TypeAsylumEnded: 1,
	}[t]; ok {
		return w
	}
	return 12
}

// parties are the contact desk and whoever was asked, more than once.
func (h *history) parties() []events.AgencyID {
	all := []events.AgencyID{h.c.Owner(), h.c.Owner()}
	for _, r := range h.c.Referrals() {
		for _, l := range r.Legs {
			if l.State != mou.LegDeclined && l.State != mou.LegNotChosen && !waits(l) && (l.State != mou.LegWithdrawn || l.Owes) {
				all = append(all, l.To, l.To, r.By)
			}
		}
	}
	return all
}

func (h *history) types() []events.Type {
	var all []events.Type
	for _, t := range h.m.Terms() {
		all = append(all, t.Event)
	}
	return all
}

func (h *history) act(by events.AgencyID, r events.ReferralID, p events.Payload) mou.Act {
	if (p.Type() == events.TypeRecordDisputed || p.Type() == events.TypeRecordOpened) && !h.once(4) {
		r = referralOf(h.c, p)
	}
	a := newAct(h.id, h.number+1, h.now, by, r, p)
	if trail := h.c.Trail(); len(trail) > 0 && by != events.HubAgency && h.once(6) {
		a.Event.CausationID = pick(h, trail...).ID
	}
	return a
}

func (h *history) anyReferral() events.ReferralID {
	ids := []events.ReferralID{"", events.ReferralID(uuid(1 << 40))}
	for _, r := range h.c.Referrals() {
		ids = append(ids, r.ID, r.ID)
	}
	return pick(h, ids...)
}

func (h *history) said() events.Said {
	ago := pick(h, 0, 0, time.Minute, 3*time.Hour, 60*time.Hour)
	return events.Said{Happened: events.At(h.now.Add(-ago)), Recorded: events.At(h.now), Channel: some[events.Channel](h)}
}

// sharing is what a consent or a request may be about.
type sharing struct {
	purpose  events.Purpose
	class    events.AgencyKind
	to       []events.AgencyID
	sections []events.Section
}

func (h *history) sharing() sharing {
	if x, other := h.otherSharing(); other {
		return x
	}
	bed := sharing{events.PurposeAccommodation, events.Shelter, []events.AgencyID{lightship, harbour}, []events.Section{"identity", "contact", "needs", "risk", "question"}}
	return pick(
		h, bed, bed, bed, bed,
		sharing{events.PurposeCounselling, events.Counselling, []events.AgencyID{talk}, []events.Section{"contact", "needs", "risk"}},
		sharing{events.PurposeConsular, events.ForeignMission, []events.AgencyID{embassy}, []events.Section{"identity", "travel"}},
		sharing{events.PurposeChildProtection, events.ChildProtection, []events.AgencyID{childcare}, []events.Section{"identity", "needs"}},
	)
}

func (h *history) recipient(x sharing) events.Recipient {
	if h.once(3) {
		return events.Recipient{Agency: pick(h, x.to...)}
	}
	r := events.Recipient{Class: x.class}
	if h.once(5) {
		r.Except = events.Set[events.AgencyID]{pick(h, harbour, harbour, harbour, "nobody")}
	}
	return r
}

func (h *history) consent() events.Payload {
	x := h.sharing()
	c := &events.ConsentGiven{
		Said: h.said(), Recipient: h.recipient(x), Purpose: x.purpose, Sections: x.sections,
		Language: pick[events.Language](h, "ron", "ron", "ron", "ron", "ron", "bul"),
		By:       events.ByPerson, Capacity: pick(h, events.Clear, events.Clear, events.Clear, events.Doubtful),
		Interpreter: pick(h, events.Independent, events.Independent, events.Independent, events.NotIndependent), Present: events.Set[events.Present]{"lawyer"},
	}
	if (h.c.Age() == events.Adult) == h.once(10) {
		c.By = events.ByGuardian
	}
	if (h.c.Age() == events.Adult) == h.once(10) {
		c.ChildView = "agrees"
	}
	if h.once(4) {
		c.Sections = several(h, x.sections...)
	}
	c.Expires = events.At(c.Happened.Time().Add(pick(h, 2*time.Hour, 30*24*time.Hour, 30*24*time.Hour)))
	return c
}

// request asks for something that the person has agreed to, mostly.
func (h *history) request() events.Payload {
	if p := h.urgent(); p != nil {
		return p
	}
	x := h.sharing()
	for _, i := range h.c.Trail() {
		if c, ok := i.Facts.(*events.ConsentGiven); ok && !h.once(3) {
			x.purpose, x.sections = c.Purpose, c.Sections
			x.to = slices.DeleteFunc(agencies(), func(a events.AgencyID) bool { return !c.Recipient.Covers(a, h.m.Directory[a]) })
		}
	}
	if len(x.to) == 0 || h.once(10) {
		x.to, x.sections = agencies(), append(slices.Clone(x.sections), "testimony")
	}
	return &events.ReferralRequested{
		Said: h.said(), To: several(h, x.to...), Purpose: x.purpose, Sections: several(h, x.sections...),
		Needs: several[events.Need](h, "emergency-shelter", "counselling"), Urgency: some[events.Urgency](h), Age: events.Adult, Order: h.order(),
	}
}

// record seals a section that a referral asked for, mostly.
func (h *history) record(id events.ReferralID) events.Payload {
	for _, r := range h.c.Referrals() {
		if r.ID == id && !h.once(10) {
			return &events.Record{Header: events.RecordHeader{Type: events.TypeRecordSealed, To: pick(h, r.Legs...).To, Purpose: r.Purpose, Section: pick(h, r.Sections...)}}
		}
	}
	return &events.Record{Header: events.RecordHeader{Type: events.TypeRecordSealed, To: pick(h, agencies()...), Purpose: h.sharing().purpose, Section: some[events.Section](h)}}
}

func (h *history) facts(t events.Type, id events.ReferralID) events.Payload {
	x := h.sharing()
	if said, ok := map[events.Type]func() events.Payload{
		events.TypeConsentGiven: h.consent,
		events.TypeConsentRefused: func() events.Payload {
			return &events.ConsentRefused{Said: h.said(), Recipient: h.recipient(x), Purpose: x.purpose}
		},
		events.TypeConsentWithdrawn: func() events.Payload {
			return &events.ConsentWithdrawn{Said: h.said(), Recipient: h.recipient(x), Purpose: pick(h, "", x.purpose)}
		},
		events.TypeReferralRequested: h.request,
		events.TypeRightsInformed: func() events.Payload {
			return &events.RightsInformed{Said: h.said(), Language: pick[events.Language](h, "ron", "ron", "ron", "bul"), Interpreter: pick(h, events.Independent, events.Independent, events.NoInterpreter, events.NotIndependent)}
		},
		events.TypeNoticeSent: func() events.Payload {
			return &events.NoticeSent{Said: h.said(), To: pick(h, office, childcare, childcare, police), Age: events.Adult}
		},
		events.TypeHandoverArranged: func() events.Payload {
			return &events.HandoverArranged{Said: h.said(), Planned: events.At(h.now.Add(time.Hour))}
		},
		events.TypeRecordSealed: func() events.Payload { return h.record(id) },
	}[t]; ok {
		return said()
	}
	if p := h.turnFacts(t, id); p != nil {
		return p
	}
	if p := h.pathFacts(t); p != nil {
		return p
	}
	return h.plain(t)
}

// plain is a statement with few choices.
func (h *history) plain(t events.Type) events.Payload {
	said, need := h.said(), pick[events.Need](h, "emergency-shelter", "counselling")
	id, to, purpose := events.EventID(uuid(1<<41)), lightship, events.PurposeAccommodation
	if all := h.c.Records(); len(all) > 0 {
		r := pick(h, all...)
		id, to = r.ID, r.To
		if !h.once(4) {
			purpose = r.Purpose
		}
	}
	for _, p := range []events.Payload{
		&events.CaseOpened{Said: said, Age: events.Adult},
		&events.CaseClosed{Said: said, Reason: "completed"},
		&events.RiskAssessed{Said: said, WithPerson: true},
		&events.ReferralAccepted{Said: said},
		&events.ReferralDeclined{Said: said, Reason: "full"},
		&events.ReferralWithdrawn{Said: said, Reason: "no-longer-needed"},
		&events.ReferralFeedback{Said: said, Outcome: "completed"},
		&events.HandoverCompleted{Said: said},
		&events.HandoverFailed{Said: said, Reason: "not-reached"},
		&events.ServiceStarted{Said: said, Need: need},
		&events.ServiceEnded{Said: said, Need: need, Reason: "completed"},
		&events.RecordReleased{Said: said, Record: id, To: to},
		&events.RecordErased{Said: said, Record: id, Reason: some[events.ErasureReason](h)},
		&events.RecordDisputed{Said: said, Record: id},
		&events.RecordOpened{Said: said, Record: id, Role: "case-worker", Purpose: purpose, Basis: "consent"},
		&events.ErasureConfirmed{Said: said, Answer: events.Erased},
	} {
		if p.Type() == t {
			return p
		}
	}
	panic("the memorandum has a term that this test does not know: " + t)
}
