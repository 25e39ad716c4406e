package mou_test

import (
	"slices"
	"strings"
	"testing"

	"handrail/contracts/mou"
	"handrail/events"
)

// under is a story told under a country's profile.
func under(t *testing.T, ref string) *story {
	t.Helper()
	m := memorandum(t, ref)
	return &story{t: t, m: m, c: m.NewCase(ledger), now: morning, id: events.CaseID(uuid(0))}
}

// drain says what the hub must say, in its order, until nothing is left.
func (s *story) drain() {
	s.t.Helper()
	for due := s.c.Due(s.now, nobody); len(due) > 0; due = s.c.Due(s.now, nobody) {
		s.says(events.HubAgency, due[0].Referral, due[0].Payload)
	}
}

func TestEveryProfileCarriesAReferral(t *testing.T) {
	for _, ref := range mou.ProfileRefs() {
		t.Run(ref, func(t *testing.T) {
			s := under(t, ref)
			r := s.arrived(lightship)
			for a, kind := range s.m.Directory {
				if kind == s.m.Profile.Notices.To[0] {
					s.says(police, "", &events.NoticeSent{Said: s.said(), To: a, Age: events.Adult})
				}
			}
			s.says(lightship, r, &events.ServiceStarted{Said: s.said(), Need: "counselling"})
			s.says(lightship, r, &events.ReferralFeedback{Said: s.said(), Outcome: "completed"})
			s.says(police, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}})
			s.says(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
			s.says(lightship, r, &events.ServiceEnded{Said: s.said(), Need: "counselling", Reason: "completed"})
			s.says(police, "", &events.CaseClosed{Said: s.said(), Reason: "completed"})
			for _, c := range s.c.Clocks(s.now) {
				if !slices.Contains([]mou.ClockState{mou.ClockMet, mou.ClockLateMet, mou.ClockEnded}, c.State) {
					t.Errorf("at the end the clock %s of %s is %s", c.Rule, c.Owes, c.State)
				}
			}
		})
	}
}

// The story of the night: the first shelter is full, the second asks, accepts,
// and only then has the name; the person says no to police and embassy, and stays.
func TestEveryProfileCarriesTheNight(t *testing.T) {
	for _, ref := range mou.ProfileRefs() {
		t.Run(ref, func(t *testing.T) {
			s := under(t, ref)
			s.begun(police, events.Adult)
			s.says(police, "", s.bundle("bed"))
			bed := s.asks(lightship, harbour)
			bed.Urgency, bed.Order, bed.Sections = events.Tonight, events.InTurn, s.m.Profile.Bundles["bed"].Sections
			r := s.says(police, "", bed)
			for _, section := range []events.Section{events.SectionIdentity, events.SectionRisk} {
				s.says(police, r, seal(lightship, section))
				s.says(police, r, seal(harbour, section))
			}
			s.says(lightship, r, &events.ReferralDeclined{Said: s.said(), Reason: "full"})
			s.drain()
			s.says(harbour, r, &events.ReferralAcknowledged{Said: s.said(), Duty: "duty-3"})
			s.drain()
			s.reads(harbour, events.SectionRisk)
			s.says(harbour, r, ask(police))
			s.drain()
			s.says(police, r, answer(harbour))
			s.drain()
			s.reads(harbour, events.SectionRisk, events.SectionQuestion)
			s.says(harbour, r, &events.ReferralAccepted{Said: s.said()})
			s.drain()
			s.reads(harbour, events.SectionRisk, events.SectionQuestion, events.SectionIdentity)
			s.reads(lightship)
			s.says(harbour, r, &events.HandoverCompleted{Said: s.said()})
			for _, no := range []events.AgencyKind{events.Police, events.ForeignMission} {
				purpose := map[events.AgencyKind]events.Purpose{events.Police: events.PurposeInvestigation, events.ForeignMission: events.PurposeConsular}[no]
				s.says(harbour, "", &events.ConsentRefused{Said: s.said(), Recipient: events.Recipient{Class: no}, Purpose: purpose})
			}
			s.says(harbour, r, &events.ServiceStarted{Said: s.said(), Need: "emergency-shelter"})
			if got := s.c.SeenBy(embassy); got != nil {
				t.Errorf("the embassy sees %v", got)
			}
		})
	}
}

// reads expects that an agency has records of these sections and no others.
func (s *story) reads(a events.AgencyID, want ...events.Section) {
	s.t.Helper()
	var got []events.Section
	for _, r := range s.c.View(a).Records() {
		if r.To == a && r.State == mou.RecordReleased {
			got = append(got, r.Section)
		}
	}
	slices.Sort(got)
	if slices.Sort(want); !slices.Equal(got, want) {
		s.t.Errorf("%s has %v, want %v", a, got, want)
	}
}

// TestWhatIsSaidOfACountryNamesItsSource: nothing judges by these, so people must
// be able to see how sure we are.
func TestWhatIsSaidOfACountryNamesItsSource(t *testing.T) {
	for _, want := range []struct {
		ref, fact, says string
		confidence      mou.Confidence
	}{
		{"ee@1", mou.FactReflection, "30 to 60 days", mou.WellKnown},
		{"ee@1", mou.FactIdentification, "Social Insurance Board decides", mou.ReadInSource},
		{"lv@1", mou.FactReflection, "30 days", mou.WellKnown},
		{"lv@1", mou.FactAssistance, "180 days", mou.ReadInSource},
		{"lv@1", mou.FactIdentification, "commission of a mandated NGO", mou.ReadInSource},
		{"lt@1", mou.FactReflection, "30 days", mou.ReadInSource},
		{"lt@1", mou.FactIdentification, "missions abroad", mou.ReadInSource},
		{"fi@1", mou.FactReflection, "30 days to 6 months", mou.WellKnown},
		{"fi@1", mou.FactIdentification, "appealed", mou.ReadInSource},
	} {
		f := memorandum(t, want.ref).Profile.Facts[want.fact]
		if !strings.Contains(f.Says, want.says) || f.Confidence != want.confidence || f.Source == "" {
			t.Errorf("%s, %s: %+v", want.ref, want.fact, f)
		}
	}
	for _, ref := range []string{"ee@1", "lv@1", "lt@1", "fi@1"} {
		if n := memorandum(t, ref).Profile.Notices; n.Confidence.Says() != "to be confirmed" || !strings.Contains(n.Source, "to be confirmed by ") {
			t.Errorf("%s does not say that whom notices go to is to be confirmed, and by whom: %+v", ref, n)
		}
	}
}
