package mou_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"handrail/contracts/mou"
	"handrail/events"
)

// hub is the ledger and every agency's own fold of what it was given.
type hub struct {
	*history
	own   map[events.AgencyID]*mou.Memorandum // as far as the agency sees the directory
	views map[events.AgencyID]mou.Case
	seen  map[events.AgencyID][]uint64
	acts  map[uint64]mou.Act

	// late are records that were released to an agency and have not reached it.
	// One that is recalled meanwhile never does: a tombstone took its place.
	late map[events.AgencyID][]uint64

	keys map[events.AgencyID]keys // see TestAnyDirectory
}

func newHub(t *rapid.T, m *mou.Memorandum) *hub {
	h := &hub{
		history: &history{t: t, m: m, c: m.NewCase(ledger), now: morning, id: events.CaseID(uuid(0)), dice: rolled(t)},
		own:     map[events.AgencyID]*mou.Memorandum{ledger: m}, views: map[events.AgencyID]mou.Case{}, seen: map[events.AgencyID][]uint64{}, acts: map[uint64]mou.Act{},
		late: map[events.AgencyID][]uint64{},
	}
	for _, a := range agencies() {
		own := m
		if a == embassy { // a foreign mission sees of the directory itself and whom it deals with
			own = &mou.Memorandum{Profile: m.Profile, Directory: map[events.AgencyID]events.AgencyKind{embassy: events.ForeignMission, police: events.Police}}
		}
		h.own[a], h.views[a] = own, own.NewCase(a)
	}
	return h
}

// TestAnyHistory tries anything in any order and checks, after each statement,
// what the memorandum promises.
func TestAnyHistory(t *testing.T) {
	m := memorandum(t, "model@1")
	rapid.Check(t, func(t *rapid.T) {
		h := newHub(t, m)
		for range rapid.IntRange(10, 60).Draw(t, "statements") {
			if h.c.Status() == mou.StatusClosed && h.once(3) {
				break
			}
			h.tell(h.draw())
		}
		h.checkWhole()
	})
}

// tell submits an act and, if it is admitted, checks all that must hold then.
func (h *hub) tell(a mou.Act) bool {
	before := h.c
	if !h.try(a) {
		return false
	}
	h.deliver(before, a)
	h.checkRelease(before, a)
	h.checkSent(before, a)
	h.checkRecall(before, a)
	h.checkKeys(before, a)
	h.checkMission(before, a)
	h.checkHelpGoesOn(before, a)
	h.checkWall()
	h.checkVoices()
	h.checkEntitlement()
	h.checkOracle(before)
	h.checkClocksStay(before)
	h.checkConsents()
	h.checkLooks()
	h.checkTurns()
	h.checkDeadlines(before, a)
	if h.once(6) {
		h.checkSettles()
	}
	return true
}

// checkWhole checks what must hold of a whole history.
func (h *hub) checkWhole() {
	h.checkChains()
	h.checkCauses()
	h.checkClocks()
	h.checkStored()
}

// try submits an act; admitted acts extend the ledger's case.
func (h *hub) try(a mou.Act) bool {
	before := h.told(h.c)
	judged := h.c.Judge(a, h.now)
	next, applied := h.c.Apply(a, h.now)
	if before != h.told(h.c) {
		h.t.Fatal("applying an act changed the case that it was applied to")
	}
	if judged == nil && applied != nil {
		h.t.Fatalf("judged as admitted, yet refused: %v", applied)
	}
	if judged != nil {
		return false
	}
	by := a.Event.Agency()
	if by != events.HubAgency && !slices.ContainsFunc(h.c.Next(by, h.now), func(m mou.Move) bool {
		return m.Allowed && m.Type == a.Event.Type && (m.Referral == "" || m.Referral == a.Event.Referral())
	}) {
		h.t.Fatalf("%s was told that it may not say %s, and then did", by, a.Event.Type.Name())
	}
	h.acts[a.Number], h.c, h.number = a, next, h.number+1
	return true
}

// told is everything that a case tells, derived or stored.
func (h *hub) told(c mou.Case) string {
	return fmt.Sprintf("%s %+v %+v %+v %+v %v", marshal(h.t, c), c.Referrals(), c.Records(), c.Clocks(h.now), c.Next(c.Owner(), h.now), c.Parties())
}

// deliver gives every agency what it may newly see; its fold must equal its view.
func (h *hub) deliver(before mou.Case, a mou.Act) {
	admitted := map[uint64]mou.Item{}
	for _, i := range h.c.Trail() {
		admitted[i.Number] = i
	}
	for _, agency := range agencies() {
		now := h.c.SeenBy(agency)
		if (len(now) > 0) != slices.Contains(h.c.Parties(), agency) {
			h.t.Fatalf("%s sees %v, and is among the parties: %v", agency, now, len(now) == 0)
		}
		for _, n := range h.seen[agency] {
			if !slices.Contains(now, n) {
				h.t.Fatalf("%s no longer sees entry %d", agency, n)
			}
		}
		if !slices.Equal(h.seen[agency], before.SeenBy(agency)) {
			h.t.Fatal("what an agency sees depends on more than the case")
		}
		for _, n := range now {
			if slices.Contains(h.seen[agency], n) {
				continue
			}
			// A question is never recalled, so it is never late.
			if record, ok := h.acts[n].Payload.(*events.Record); ok && record.Header.To == agency && record.Header.Type != events.TypeReferralAsked && h.once(2) {
				h.late[agency] = append(h.late[agency], n)
				continue
			}
			h.fold(agency, admitted[n])
		}
		h.seen[agency] = now
		h.arrive(agency, admitted)
		if own, given := marshal(h.t, h.views[agency]), marshal(h.t, h.c.View(agency).Without(h.late[agency]...)); !bytes.Equal(own, given) {
			h.t.Fatalf("after %s the fold of %s differs from its view:\n%s\n%s", a.Event.Type.Name(), agency, own, given)
		}
	}
}

// checkRelease: no record is released before its recipient may open it and
// without an active consent, by a slow reading of the trail.
func (h *hub) checkRelease(before mou.Case, a mou.Act) {
	released, ok := a.Payload.(*events.RecordReleased)
	if !ok {
		return
	}
	var header events.RecordHeader
	for _, i := range before.Trail() {
		if p, ok := i.Facts.(*events.Record); ok && i.ID == released.Record {
			header = p.Header
		}
	}
	if !opened(before, header) || header.To != released.To {
		h.t.Fatal("a record was released that its recipient may not open yet")
	}
	if header.Type == events.TypeReferralAsked {
		return
	}
	if !h.mayHave(before, header) {
		h.t.Fatal("a record was released without an active consent")
	}
}

// checkEntitlement: nobody sees what the memorandum does not give them.
func (h *hub) checkEntitlement() {
	owner := h.c.Owner()
	for _, agency := range agencies() {
		for _, i := range h.c.View(agency).Trail() {
			if i.By == agency {
				continue
			}
			if may, known := h.pathEntitled(agency, i); known {
				if !may {
					h.t.Fatalf("%s saw %s", agency, i.Name())
				}
				continue
			}
			switch p := i.Facts.(type) {
			case *events.ConsentGiven:
				if agency != owner && !h.relies(agency) {
					h.t.Fatalf("%s, which neither asked nor accepted, learned how consent was given", agency)
				}
			case *events.ConsentRefused:
				if agency != owner && !h.named(agency, p) {
					h.t.Fatalf("%s learned of a refused consent that is not about it", agency)
				}
			case *events.Record:
				if p.Header.To != agency || !h.released(i.ID) {
					h.t.Fatalf("%s saw a record that is not its own, or not yet", agency)
				}
			case *events.RecordOpened:
				h.t.Fatalf("%s saw who reads at another agency", agency)
			case *events.NoticeSent:
				if p.To != agency {
					h.t.Fatalf("%s saw a notice to another", agency)
				}
			case *events.ReferralEscalated, *events.DeadlineDueSoon, *events.DeadlineMissed:
				if agency != owner && !h.entitled(agency, i) {
					h.t.Fatalf("%s saw %s, which is not about it", agency, i.Name())
				}
			default:
				if agency != owner && !h.party(agency) {
					h.t.Fatalf("%s, which nobody asked, saw %s", agency, i.Name())
				}
			}
		}
	}
}

func (h *hub) released(id events.EventID) bool {
	return slices.ContainsFunc(h.c.Records(), func(r mou.SealedRecord) bool {
		return r.ID == id && (r.State == mou.RecordReleased || r.State == mou.RecordRecalled)
	})
}

func (h *hub) party(a events.AgencyID) bool {
	return slices.ContainsFunc(h.c.Referrals(), func(r mou.Referral) bool {
		return r.By == a || slices.ContainsFunc(r.Legs, func(l mou.Leg) bool { return l.To == a && l.Turn != 0 })
	})
}

// checkOracle: where the last statement changed nothing that an agency sees, the
// agency's next attempt is answered as before, or with not-permitted.
func (h *hub) checkOracle(before mou.Case) {
	by := pick(h.history, agencies()...)
	if !bytes.Equal(marshal(h.t, before.View(by)), marshal(h.t, h.c.View(by))) {
		return
	}
	for range 3 {
		r := h.anyReferral()
		probe := h.act(by, r, h.facts(pick(h.history, h.types()...), r))
		one, two := ruleOf(before.Judge(probe, h.now)), ruleOf(h.c.Judge(probe, h.now))
		if one != two && one != mou.RuleNotPermitted && two != mou.RuleNotPermitted {
			h.t.Fatalf("%s can tell two cases apart by %s: %q, then %q", by, probe.Event.Type.Name(), one, two)
		}
		if view := ruleOf(h.c.View(by).Judge(probe, h.now)); view != "" && view != two {
			h.t.Fatalf("%s is told %q where its own view says %q", by, two, view)
		}
	}
}

func ruleOf(err error) events.Rule {
	if v, refused := errors.AsType[*events.Violation](err); refused {
		return v.Rule
	}
	return ""
}

// checkChains: whoever may see one entry of a chain may see all earlier ones.
func (h *hub) checkChains() {
	chains := map[string][]uint64{}
	for _, n := range slices.Sorted(maps.Keys(h.acts)) {
		name := h.c.Chain(h.acts[n])
		if name == "" || strings.Contains(name, "//") {
			h.t.Fatalf("entry %d has the chain %q", n, name)
		}
		chains[name] = append(chains[name], n)
	}
	for _, agency := range agencies() {
		for _, name := range slices.Sorted(maps.Keys(chains)) {
			numbers := chains[name]
			hidden := false
			for _, n := range numbers {
				sees := slices.Contains(h.seen[agency], n)
				if sees && hidden {
					h.t.Fatalf("%s sees entry %d of %s but not all before it", agency, n, name)
				}
				hidden = hidden || !sees
			}
		}
	}
}

// checkClocks: an agency sees its own clocks as the ledger does, but for what
// ended one of them out of its sight.
func (h *hub) checkClocks() {
	all := h.c.Clocks(h.now)
	for _, agency := range agencies() {
		for _, own := range h.views[agency].Clocks(h.now) {
			at := slices.IndexFunc(all, func(c mou.Clock) bool {
				return c.Rule == own.Rule && c.Set == own.Set && c.Owes == own.Owes && c.Referral == own.Referral
			})
			if at < 0 {
				h.t.Fatalf("%s sees a clock %s that the ledger does not", agency, own.Rule)
			}
			theirs := all[at]
			if own.Rule == mou.ClockEscalated && (theirs.Met != 0 || theirs.State == mou.ClockMissed && own.State == mou.ClockEnded) {
				continue // a duty does not see who accepted, nor a miss before the hub says it
			}
			if own.Owes == agency && theirs.State != mou.ClockEnded && theirs != own {
				h.t.Fatalf("%s sees its clock as %+v, the ledger as %+v", agency, own, theirs)
			}
		}
	}
}

// checkStored: what is stored comes back the same, and goes on the same.
func (h *hub) checkStored() {
	a := h.act(police, "", h.facts(events.TypeRightsInformed, ""))
	cases := []mou.Case{h.c}
	for _, agency := range agencies() {
		cases = append(cases, h.views[agency])
	}
	for _, c := range cases {
		stored := marshal(h.t, c)
		back, err := h.own[c.Viewer()].RestoreCase(stored)
		if err != nil {
			h.t.Fatal(err)
		}
		if h.told(c) != h.told(back) {
			h.t.Fatal("a restored case differs")
		}
		if one, two := ruleOf(c.Judge(a, h.now)), ruleOf(back.Judge(a, h.now)); one != two {
			h.t.Fatalf("a restored case judges %q, the first %q", two, one)
		}
	}
}
