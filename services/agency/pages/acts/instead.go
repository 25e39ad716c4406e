package acts

import (
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
)

// Instead is a statement that may be made now and would take away what stands against
// another.
type Instead struct {
	Type string // as people say it
	Path string
}

// allows lists what takes a rule away, in the order in which it is said.
func allows(rule events.Rule) []events.Type {
	return map[events.Rule][]events.Type{
		mou.RuleRightsFirst:     {events.TypeRightsInformed},
		mou.RuleRightsLanguage:  {events.TypeRightsInformed},
		mou.RuleConsentRequired: {events.TypeRightsInformed, events.TypeConsentGiven},
		mou.RuleNotInContact:    {events.TypeReferralAccepted},
		mou.RuleNotAccepted:     {events.TypeReferralAccepted},
		mou.RuleNotHandedOver:   {events.TypeHandoverCompleted},
		mou.RuleReferralPending: {events.TypeReferralWithdrawn},
		mou.RuleMissionLinked:   {events.TypeCaseLinked},
		mou.RuleAsylumSought:    {events.TypeAsylumEnded},
		mou.RulePersonMissing:   {events.TypePersonMissing, events.TypePersonFound},
		mou.RuleReturnOrder:     {events.TypeReturnRiskAssessed, events.TypeReturnAgreed, events.TypeReturnDeparted},
		mou.RuleReturnRisk:      {events.TypeReturnRiskAssessed},
	}[rule]
}

// instead lists what may be said now and would allow the statement. Consent is
// offered once the person was told of their rights, telling them only before.
func (x *act) instead() (all []Instead) {
	moves := x.of.Next(x.me, x.Now)
	for _, t := range allows(x.move.Rule) {
		at := slices.IndexFunc(moves, func(m mou.Move) bool {
			return m.Type == t && m.Allowed && (x.referral == "" || m.Referral == "" || m.Referral == x.referral)
		})
		if at < 0 || t == events.TypeRightsInformed && x.told() && x.move.Rule == mou.RuleConsentRequired {
			continue
		}
		link := Instead{Type: t.Name(), Path: "/cases/" + string(x.id) + "/say/" + t.Name()}
		if moves[at].Referral != "" {
			link.Path += "?referral=" + string(moves[at].Referral)
		}
		all = append(all, link)
	}
	return all
}

// told says whether the person was told of their rights.
func (x *act) told() bool {
	return slices.ContainsFunc(x.of.Trail(), func(i mou.Item) bool { return i.Type == events.TypeRightsInformed })
}
