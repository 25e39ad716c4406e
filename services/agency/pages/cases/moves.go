package cases

import (
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/web"
	"handrail/services/web/access"
)

// move is one statement that may be made, or what stands against it.
type move struct {
	mou.Move

	Name  string // as people say it
	To    string
	Needs []events.Need // of the referral that it is about, if there are several
}

// movesOf sorts what the agency may say, in the order of the memorandum: what it owes
// now, what else it may say, and what it may not. A record is opened where it is
// shown, and a case is opened by reporting.
func movesOf(v *web.Visit, shown agency.CaseView, clocks []clock) (due, ready, against []move) {
	if v.May(access.Say, nil) != nil {
		return nil, nil, nil
	}
	elsewhere := []events.Type{events.TypeRecordOpened, events.TypeCaseOpened}
	for _, m := range shown.Next {
		one := move{Move: m, Name: m.Type.Name(), To: "/cases/" + string(shown.Case) + "/say/" + m.Type.Name()}
		if m.Referral != "" {
			one.To += "?referral=" + string(m.Referral)
			if at := slices.IndexFunc(shown.Referrals, func(r mou.Referral) bool { return r.ID == m.Referral }); at >= 0 && len(shown.Referrals) > 1 {
				one.Needs = shown.Referrals[at].Needs
			}
		}
		switch {
		case slices.Contains(elsewhere, m.Type):
		case !m.Allowed:
			against = append(against, one)
		case slices.ContainsFunc(clocks, func(k clock) bool {
			return k.owed() && k.Referral == m.Referral && slices.Contains(meets(k.Rule), m.Type)
		}):
			due = append(due, one)
		default:
			ready = append(ready, one)
		}
	}
	return due, ready, against
}

// owed says whether this agency is to do something about a clock now: a consent is
// renewed when little of its time is left, and no sooner.
func (k clock) owed() bool {
	renewal := k.Rule == mou.ClockConsentExpiry || k.Rule == mou.RuleConsentProvisional
	return k.Mine && (!renewal || k.State == mou.ClockDueSoon || k.State == mou.ClockMissed)
}

// meets lists what is said to meet a clock, so that it stands first. It decides an
// order on a screen and nothing else.
func meets(rule events.Rule) []events.Type {
	return map[events.Rule][]events.Type{
		mou.ClockChildProtection:   {events.TypeNoticeSent},
		mou.RuleConsentProvisional: {events.TypeConsentGiven},
		mou.ClockConsentExpiry:     {events.TypeConsentGiven},
		mou.ClockAcknowledge:       {events.TypeReferralAcknowledged},
		mou.ClockAnswer:            {events.TypeReferralAccepted, events.TypeReferralDeclined},
		mou.ClockConfirm:           {events.TypeReferralConfirmed},
		mou.ClockEscalated:         {events.TypeReferralRequested},
		mou.ClockHandover:          {events.TypeHandoverCompleted, events.TypeHandoverFailed},
		mou.ClockFeedback:          {events.TypeReferralFeedback},
		mou.ClockErasure:           {events.TypeErasureConfirmed},
		mou.ClockEmergency:         {events.TypeEmergencyConfirmed},
	}[rule]
}
