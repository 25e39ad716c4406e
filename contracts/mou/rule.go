package mou

import "handrail/events"

// Rules of the memorandum, as refusals name them.
const (
	RulePower            events.Rule = "power"
	RuleCaseUnknown      events.Rule = "case-unknown"
	RuleCaseExists       events.Rule = "case-exists"
	RuleCaseClosed       events.Rule = "case-closed"
	RuleNotInContact     events.Rule = "not-in-contact"
	RuleNotOwner         events.Rule = "not-owner"
	RuleRightsFirst      events.Rule = "rights-first"
	RuleRightsLanguage   events.Rule = "rights-language"
	RuleRiskWithPerson   events.Rule = "risk-with-person"
	RuleConsentRequired  events.Rule = "consent-required"
	RuleChildGuardian    events.Rule = "child-guardian"
	RuleAgreementTable   events.Rule = "agreement-table"
	RuleRecipientUnknown events.Rule = "recipient-unknown"
	RuleReferralUnknown  events.Rule = "referral-unknown"
	RuleReferralWithdraw events.Rule = "referral-withdrawn"
	RuleReferralOver     events.Rule = "referral-over"
	RuleReferralPending  events.Rule = "referral-pending"
	RuleNotReferrer      events.Rule = "not-referrer"
	RuleNotCandidate     events.Rule = "not-candidate"
	RuleNotAccepted      events.Rule = "not-accepted"
	RuleNotHandedOver    events.Rule = "not-handed-over"
	RuleAlreadyAnswered  events.Rule = "already-answered"
	RuleAlreadyAccepted  events.Rule = "already-accepted"
	RuleNeedAsked        events.Rule = "need-asked"
	RuleRecordNotAsked   events.Rule = "record-not-expected"
	RuleRecordUnknown    events.Rule = "record-unknown"
	RulePurposeOther     events.Rule = "purpose-other"
	RuleErasureGround    events.Rule = "erasure-ground"
	RuleNothingHeld      events.Rule = "nothing-held"
	RuleGuardianConflict events.Rule = "guardian-conflict"
	RuleChildView        events.Rule = "child-view"
	RuleWayBack          events.Rule = "way-back"
	RulePersonMissing    events.Rule = "person-missing"
	RuleMissionLinked    events.Rule = "mission-linked"
	RuleMissionClosed    events.Rule = "mission-closed"
	RuleAsylumSought     events.Rule = "asylum-sought"
	RuleWall             events.Rule = "wall"
	RuleTravelDocument   events.Rule = "travel-document"
	RuleReturnOrder      events.Rule = "return-order"
	RuleReturnRisk       events.Rule = "return-risk"
	RuleEmergency        events.Rule = "emergency"
	RuleSecondPerson     events.Rule = "second-person"
	RulePersonTold       events.Rule = "person-told"
	RuleCorrelation      events.Rule = "correlation"
	RuleCauseUnknown     events.Rule = "cause-unknown"
	RuleNotPermitted     events.Rule = "not-permitted"
	RuleNotDue           events.Rule = "not-due"
)

// Rules that mark or qualify a statement and never refuse it.
const (
	// RuleLateByChannel marks a statement that reached the ledger long after it happened.
	RuleLateByChannel events.Rule = "late-by-channel"
	// RuleConsentProvisional shortens a consent that was given in doubtful circumstances.
	RuleConsentProvisional = events.Rule(events.DutyProvisional)
)

// Rules that set a clock, by the duty that it waits for. consent-provisional is one
// of them too.
const (
	ClockChildProtection = events.Rule(events.DutyChildProtection)
	ClockAcknowledge     = events.Rule(events.DutyAcknowledge)
	ClockAnswer          = events.Rule(events.DutyAnswer)
	ClockConfirm         = events.Rule(events.DutyConfirm)
	ClockEscalated       = events.Rule(events.DutyEscalated)
	ClockHandover        = events.Rule(events.DutyHandover)
	ClockFeedback        = events.Rule(events.DutyFeedback)
	ClockErasure         = events.Rule(events.DutyErasure)
	ClockConsentExpiry   = events.Rule(events.DutyConsentExpiry)
	ClockEmergency       = events.Rule(events.DutyEmergency)
)

// Clause is one sentence of the memorandum that can refuse a statement.
type Clause struct {
	Rule events.Rule
	Says string // plain English
}

// Refusals lists every rule that can refuse a statement, in the order in which
// the memorandum reads.
func Refusals() []Clause {
	return []Clause{
		{RulePower, "The powers of the agency's kind include this statement; some statements are the hub's alone."},
		{RuleCaseUnknown, "The case was opened, as far as the agency may know."},
		{RuleCaseExists, "A case is opened once."},
		{RuleCaseClosed, "A closed case takes only what protects the person's data: withdrawal, erasure, dispute, and what a provider still owes."},
		{RuleNotInContact, "The agency is in contact with the person: it opened the case, or has accepted a referral that is not over."},
		{RuleNotOwner, "Only the desk that opened the case closes it, links it with another or with an incident."},
		{RuleRightsFirst, "The person was told of their rights before consent is asked."},
		{RuleRightsLanguage, "Consent is asked in a language in which the person was told of their rights."},
		{RuleRiskWithPerson, "Risk is assessed together with the person."},
		{RuleConsentRequired, "An active consent covers every recipient, the purpose and every section, unless the profile needs none."},
		{RuleChildGuardian, "For a child, or while the age is unsure, a guardian consents; an adult consents for themselves."},
		{RuleAgreementTable, "The agreement table lets the sender's kind send these sections to the recipient's kind for this purpose."},
		{RuleRecipientUnknown, "The recipient is another agency of the directory, which takes part now: it is neither suspended nor revoked."},
		{RuleReferralUnknown, "The referral belongs to this case."},
		{RuleReferralWithdraw, "The referral was not withdrawn for this agency."},
		{RuleReferralOver, "This step of the referral is not over yet."},
		{RuleReferralPending, "A case is closed when no referral is waiting for an answer or a hand-over."},
		{RuleNotReferrer, "Only the agency that asked, or the desk that opened the case where the term says so, may say this."},
		{RuleNotCandidate, "The agency was asked in this referral."},
		{RuleNotAccepted, "The agency accepted this referral."},
		{RuleNotHandedOver, "The person has arrived."},
		{RuleAlreadyAnswered, "A request is acknowledged once and answered once."},
		{RuleAlreadyAccepted, "One provider accepts a referral."},
		{RuleNeedAsked, "The service is one that the request asked for, and it runs when it ends."},
		{RuleRecordNotAsked, "A record is of a section and for the purpose that the request named, and its header agrees with its envelope."},
		{RuleRecordUnknown, "The record is of this case, and in the state that the statement needs."},
		{RulePurposeOther, "A record is opened for the purpose for which it was shared."},
		{RuleErasureGround, "What is kept is kept on a ground of the profile, until a time still to come."},
		{RuleNothingHeld, "The agency holds a released record of this referral."},
		{RuleGuardianConflict, "A guardian who may be involved does not speak for the child; an appointed guardian does."},
		{RuleChildView, "When a guardian consents, what the child itself said is recorded; for an adult there is nothing of the kind."},
		{RuleWayBack, "Whoever wants no help now is offered a safe way back; a child is always left one."},
		{RulePersonMissing, "A person is missing once until found."},
		{RuleMissionLinked, "A foreign mission is addressed only in a case that was opened for it and linked once, and nobody but missions is addressed there."},
		{RuleMissionClosed, "The hub allows foreign missions in the case. No agency sees whether it does; a refusal says not-permitted."},
		{RuleAsylumSought, "While the person seeks asylum no case is linked for a mission; who ends that knows of it."},
		{RuleWall, "Nobody is addressed from whom the profile walls off the sender, another addressee or anybody who takes part in the case."},
		{RuleTravelDocument, "A travel document is valid for some time to come."},
		{RuleReturnOrder, "A return has a referral of its own. Its risks are assessed, the person agrees and has not taken it back, leaves, and arrives: in this order, once."},
		{RuleReturnRisk, "A child does not return while the newest assessment of the risks is adverse."},
		{RuleEmergency, "A disclosure without consent names the danger, and its own agency confirms it. Nobody is asked to consent to an emergency."},
		{RuleSecondPerson, "Another member of staff confirms a disclosure than the one who signed it."},
		{RulePersonTold, "A disclosure is confirmed once; after that only that the person was told at last."},
		{RuleNotDue, "The hub says what becomes of others, of time and of a chase when it is due, and once."},
		{RuleCorrelation, "Every statement: an answer, a step or a record is correlated with its referral, a request with itself, everything else with the case."},
		{RuleCauseUnknown, "Every statement: its cause is itself, or an earlier statement of the case that whoever may see this one may see too."},
		{RuleNotPermitted, "Something that the sender may not see stands against it."},
	}
}

// ClockRules lists every rule that sets a clock.
func ClockRules() []events.Rule {
	return []events.Rule{
		ClockChildProtection, RuleConsentProvisional, ClockConsentExpiry,
		ClockAcknowledge, ClockAnswer, ClockConfirm, ClockEscalated, ClockHandover, ClockFeedback, ClockErasure, ClockEmergency,
	}
}
