package agency

import (
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
)

// mayUse checks that a record was released and that nothing has ended its use
// since (domain rule 2). Help that has begun may go on without it.
func (a *Agency) mayUse(c mou.Case, r mou.SealedRecord) error {
	leg, asked := legOf(c, r.Referral, a.config.Agency)
	said, answered := a.answeredFor(c, r)
	switch {
	case said == events.Erased:
		return events.Refuse(RuleRecordErased, "", "this agency erased the record, as it confirmed")
	case r.State == mou.RecordRecalled:
		return events.Refuse(RuleUseEnded, "", "the record was withdrawn just after it arrived: answer erasure instead of reading on")
	case r.State != mou.RecordReleased:
		return events.Refuse(RuleNotReleased, "", "the hub has not released the record to this agency")
	case answered:
		return events.Refuse(RuleUseEnded, "", "this agency confirmed that it keeps the record without using it further")
	case asked && (leg.Owes || over(leg.State)):
		return events.Refuse(RuleUseEnded, "", "the referral ended or the person's consent was withdrawn: answer erasure instead of reading on")
	}
	switch c.Consent(a.config.Agency, r.Purpose, r.Section, a.now()) {
	case mou.ConsentRefused, mou.ConsentWithdrawn, mou.ConsentExpired:
		return events.Refuse(RuleUseEnded, "", "the person's consent to this section has run out or was taken back: the person is to be asked again before it is read")
	case mou.ConsentNone: // how consent stands was not told to this agency; the hub released under it
	case mou.ConsentGiven, mou.ConsentProvisional, mou.ConsentNotRequired:
	}
	return nil
}

// answeredFor is what this agency last answered about a record after it was
// released to it; a record that was sealed anew later is not meant.
func (a *Agency) answeredFor(c mou.Case, r mou.SealedRecord) (last events.ErasureAnswer, answered bool) {
	for _, item := range c.Trail() {
		switch facts := item.Facts.(type) {
		case *events.RecordReleased:
			if facts.Record == r.ID {
				last, answered = "", false
			}
		case *events.ErasureConfirmed:
			if item.By == a.config.Agency && item.Referral == r.Referral {
				last, answered = facts.Answer, true
			}
		}
	}
	return last, answered
}

// over says whether an agency's part in a referral ended without the person
// being in its care.
func over(s mou.LegState) bool {
	return slices.Contains([]mou.LegState{mou.LegDeclined, mou.LegNotChosen, mou.LegWithdrawn, mou.LegFailed}, s)
}

// legOf finds how a referral stands with an agency.
func legOf(c mou.Case, referral events.ReferralID, to events.AgencyID) (mou.Leg, bool) {
	for _, r := range c.Referrals() {
		for _, leg := range r.Legs {
			if r.ID == referral && leg.To == to {
				return leg, true
			}
		}
	}
	return mou.Leg{}, false
}
