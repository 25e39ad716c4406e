package mou_test

import (
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// recalls says for one released record that the hub stops it on its way.
func (s *story) recalls() events.ErasureReason {
	s.t.Helper()
	may := s.c.Recallable(s.now)
	if len(may) != 1 {
		s.t.Fatalf("%d records may be recalled, want one", len(may))
	}
	s.says(events.HubAgency, referralOf(s.c, may[0]), may[0])
	if again := s.c.Recallable(s.now); len(again) != 0 {
		s.t.Errorf("recalled once, %v may be recalled again", again)
	}
	return may[0].Reason
}

func TestARecordOnItsWayIsRecalledWhenTheProvidersPartEnds(t *testing.T) {
	for name, end := range map[string]struct {
		by     events.AgencyID
		says   func(*story) events.Payload
		reason events.ErasureReason
	}{
		"the person withdraws": {police, func(s *story) events.Payload {
			return &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Class: events.Shelter}}
		}, events.ErasedNoConsent},
		"the police withdraw": {police, func(s *story) events.Payload {
			return &events.ReferralWithdrawn{Said: s.said(), Reason: "person-left"}
		}, events.ErasedWithdrawn},
		"the hand-over fails": {lightship, func(s *story) events.Payload {
			return &events.HandoverFailed{Said: s.said(), Reason: "not-reached"}
		}, events.ErasedWithdrawn},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory(t)
			r := s.accepted(lightship)
			if may := s.c.Recallable(s.now); may != nil {
				t.Fatalf("while all is well %v may be recalled", may)
			}
			p := end.says(s)
			var about events.ReferralID
			if p.Type() != events.TypeConsentWithdrawn {
				about = r
			}
			s.says(end.by, about, p)
			ended := s.number
			if reason := s.recalls(); reason != end.reason {
				t.Errorf("recalled because %s, want %s", reason, end.reason)
			}
			if got := s.c.Records()[0].State; got != mou.RecordRecalled {
				t.Errorf("the record is %s", got)
			}
			if c := s.clock(mou.ClockErasure, lightship); c.State != mou.ClockPending || c.Set != ended {
				t.Errorf("the shelter's erasure answer is %s, set by entry %d; want pending since %d: it may have stored the record", c.State, c.Set, ended)
			}
			s.says(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
		})
	}
}

func TestARecordThatDidNotArriveBeforeConsentRanOutIsRecalled(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	s.now = s.now.Add(31 * 24 * time.Hour)
	if reason := s.recalls(); reason != events.ErasedNoConsent {
		t.Errorf("recalled because %s", reason)
	}
	if c := s.clock(mou.ClockErasure, lightship); c.State != mou.ClockPending || c.Set != s.number {
		t.Errorf("the shelter's erasure answer is %s, set by entry %d; want pending since the recall", c.State, c.Set)
	}
	if got := s.leg(r); got != mou.LegAccepted {
		t.Errorf("the referral is %s: consent to share ran out, not the help", got)
	}
}

func TestNothingIsRecalledFromAShelterWhereThePersonLives(t *testing.T) {
	s := newStory(t)
	s.arrived(lightship)
	s.now = s.now.Add(31 * 24 * time.Hour)
	if may := s.c.Recallable(s.now); len(may) != 0 {
		t.Errorf("%v may be recalled after consent ran out", may)
	}
	record := s.c.Records()[0].ID
	s.mayNot(mou.RuleRecordUnknown, events.HubAgency, "", &events.RecordErased{Said: s.said(), Record: record, Reason: events.ErasedNoConsent})
	s.says(lightship, "", &events.ConsentWithdrawn{Said: s.said(), Recipient: events.Recipient{Agency: lightship}})
	if reason := s.recalls(); reason != events.ErasedNoConsent {
		t.Errorf("withdrawn while on its way, recalled because %s", reason)
	}
}

// Whoever was given a tombstone for a record still knows that it was released,
// and answers for it.
func TestAShelterThatGotATombstoneCanAnswer(t *testing.T) {
	s := newStory(t)
	r := s.accepted(lightship)
	s.says(police, r, &events.ReferralWithdrawn{Said: s.said(), Reason: "person-left"})
	s.recalls()
	whole := s.c.View(lightship)
	sealed := whole.Records()[0]
	view := whole.Without(sealed.Number)
	got := view.Records()
	if len(got) != 1 || got[0].State != mou.RecordRecalled || got[0].ID != sealed.ID || got[0].Purpose != sealed.Purpose || got[0].Number != 0 || got[0].By != "" {
		t.Fatalf("the shelter's records are %+v", got)
	}
	if one, two := view.Clocks(s.now), whole.Clocks(s.now); len(one) != len(two) || one[len(one)-1] != two[len(two)-1] {
		t.Errorf("without the record the clocks are %+v, with it %+v", one, two)
	}
	answer := s.act(lightship, r, &events.ErasureConfirmed{Said: s.said(), Answer: events.Erased})
	if _, err := view.Apply(answer, s.now); err != nil {
		t.Errorf("its own reading does not let it answer: %v", err)
	}
}
