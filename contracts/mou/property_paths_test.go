package mou_test

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"handrail/contracts/mou"
	"handrail/events"
)

// mayHave reads slowly whether a record may go to its recipient: the person's
// last words, by a voice that spoke for them ever since, or the child rule, or
// an emergency that opened this section to this agency.
func (h *hub) mayHave(c mou.Case, r events.RecordHeader) bool {
	kind, age := h.m.Directory[r.To], events.AgeClass("")
	var live []events.Speaker
	ends := func(to events.Recipient, purpose events.Purpose) {
		if to.Covers(r.To, kind) && (purpose == "" || purpose == r.Purpose) {
			live = nil
		}
	}
	for _, i := range c.Trail() {
		switch p := i.Facts.(type) {
		case *events.CaseOpened:
			age = p.Age
		case *events.AgeDetermined:
			age = p.Age
			live = slices.DeleteFunc(live, func(by events.Speaker) bool { return (by == events.ByPerson) != (age == events.Adult) })
		case *events.GuardianConflicted:
			live = slices.DeleteFunc(live, func(by events.Speaker) bool { return by == events.ByGuardian })
		case *events.ConsentGiven:
			running := h.now.Before(p.Expires.Time()) && (p.Capacity == events.Clear && p.Interpreter == events.Independent || h.now.Before(p.Happened.Time().Add(72*time.Hour)))
			if p.Recipient.Covers(r.To, kind) && p.Purpose == r.Purpose && slices.Contains(p.Sections, r.Section) && running {
				live = append(live, p.By)
			}
		case *events.ConsentRefused:
			ends(p.Recipient, p.Purpose)
		case *events.ConsentWithdrawn:
			ends(p.Recipient, p.Purpose)
		case *events.EmergencyDisclosed:
			if r.Purpose == events.PurposeEmergency && p.To == r.To && slices.Contains(p.Sections, r.Section) && h.now.Before(i.Admitted.Add(72*time.Hour)) {
				return true
			}
		}
	}
	return len(live) > 0 || age != events.Adult && kind == events.ChildProtection
}

// checkSent: consent, exemption or emergency stood when a record was sealed too.
func (h *hub) checkSent(before mou.Case, a mou.Act) {
	if r, ok := a.Payload.(*events.Record); ok && r.Header.Type != events.TypeReferralAsked && !h.mayHave(before, r.Header) {
		h.t.Fatalf("%s was sealed for %s without an active consent", r.Header.Section, r.Header.To)
	}
}

// checkVoices: whatever counts as agreed counts by the slow reading too, so no
// guardian's word counts after a conflict, and none of the wrong voice.
func (h *hub) checkVoices() {
	for _, r := range h.c.Referrals() {
		for _, l := range r.Legs {
			for _, section := range r.Sections {
				if shares(h.c.Consent(l.To, r.Purpose, section, h.now)) && !h.mayHave(h.c, events.RecordHeader{To: l.To, Purpose: r.Purpose, Section: section}) {
					h.t.Fatalf("%s may have %s without a voice that agreed", l.To, section)
				}
			}
		}
	}
}

// checkMission: a foreign mission sees nothing of a case that was not opened for
// it, and gets no record while it is barred.
func (h *hub) checkMission(before mou.Case, a mou.Act) {
	open := false
	for _, i := range before.Trail() {
		switch i.Facts.(type) {
		case *events.ConsularAllowed:
			open = true
		case *events.ConsularBarred:
			open = false
		}
	}
	if seen := h.seen[embassy]; len(seen) > 0 && !h.forMission() {
		h.t.Fatalf("the embassy sees %v of a case that is not for it", seen)
	}
	switch p := a.Payload.(type) {
	case *events.RecordReleased:
		if p.To == embassy && !open {
			h.t.Fatal("a record went to an embassy that is barred")
		}
	case *events.ReferralRequested:
		if slices.Contains(p.To, embassy) && !open {
			h.t.Fatal("an embassy was asked that is barred")
		}
	}
}

// checkWall: nothing that is said in a case of the inspectorate reaches migration
// control, nor the other way.
func (h *hub) checkWall() {
	if len(h.seen[inspector]) > 0 && len(h.seen[migration]) > 0 {
		h.t.Fatal("inspectorate and migration control are parties to one case")
	}
}

// TestACaseOfAChildOrOfARaid checks the same promises where they matter most.
func TestACaseOfAChildOrOfARaid(t *testing.T) {
	m := memorandum(t, "model@1")
	raid := *m
	raid.Profile = walled(t)
	for name, x := range map[string]struct {
		m     *mou.Memorandum
		age   events.AgeClass
		desks []events.AgencyID
		bears func(h *history) events.Payload
	}{
		"a child": {m, events.Child, []events.AgencyID{police, social, lightship}, func(h *history) events.Payload {
			return pick[events.Payload](h, &events.GuardianConflicted{Said: h.said()}, &events.AgeDetermined{Said: h.said(), Age: some[events.AgeClass](h)})
		}},
		"a raid": {&raid, events.Adult, []events.AgencyID{inspector, inspector, migration, social}, func(h *history) events.Payload {
			return pick(h, events.Payload(&events.NoticeSent{Said: h.said(), To: inspector, Age: events.Adult}), h.request())
		}},
	} {
		t.Run(name, func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				h := newHub(t, x.m)
				h.begins, h.desks = &events.CaseOpened{Age: x.age}, x.desks
				for range rapid.IntRange(10, 50).Draw(t, "statements") {
					before := h.c
					a := h.draw()
					if len(h.c.Trail()) > 2 && h.once(4) {
						a = h.act(pick(h.history, h.parties()...), "", x.bears(h.history))
					}
					if h.try(a) {
						for _, agency := range agencies() {
							h.seen[agency] = h.c.SeenBy(agency)
						}
						h.checkRelease(before, a)
						h.checkSent(before, a)
						h.checkVoices()
						h.checkWall()
					}
				}
			})
		})
	}
}

// checkHelpGoesOn: the person's no to somebody changes nothing for anybody else.
func (h *hub) checkHelpGoesOn(before mou.Case, a mou.Act) {
	var to events.Recipient
	switch p := a.Payload.(type) {
	case *events.ConsentRefused:
		to = p.Recipient
	case *events.ConsentWithdrawn:
		to = p.Recipient
	default:
		return
	}
	after := h.c.Referrals()
	for ri, r := range before.Referrals() {
		for li, l := range r.Legs {
			if !to.Covers(l.To, h.m.Directory[l.To]) && after[ri].Legs[li] != l {
				h.t.Fatalf("a no to somebody else made the part of %s %+v", l.To, after[ri].Legs[li])
			}
		}
	}
}

// pathEntitled says whether a statement of the other paths may be seen by an
// agency that did not make it; known is false for any other statement.
func (h *hub) pathEntitled(agency events.AgencyID, i mou.Item) (may, known bool) {
	owner := agency == h.c.Owner()
	police := slices.Contains([]events.AgencyKind{events.Police, events.OwnMission, events.ForeignMission}, h.m.Directory[agency])
	switch p := i.Facts.(type) {
	case *events.EmergencyDisclosed:
		return owner || p.To == agency, true
	case *events.EmergencyConfirmed:
		return owner || slices.ContainsFunc(h.c.Emergencies(), func(e mou.Emergency) bool { return e.ID == p.Disclosure && e.To == agency }), true
	case *events.AsylumSought, *events.AsylumEnded:
		return owner && !police, true
	case *events.CaseLinked, *events.IncidentLinked, *events.ConsularAllowed, *events.ConsularBarred:
		return false, true
	}
	return false, false
}
