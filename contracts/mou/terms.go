package mou

import (
	"slices"

	"handrail/events"
)

// terms is the memorandum: one row for each statement about a case, in the order
// of the clauses. Powers, periods and the agreement table are the profile's.
func terms() []row {
	var all []row
	for _, chapter := range [][]row{caseTerms(), consentTerms(), referralTerms(), handoverTerms(), recordTerms(), pathTerms(), homewardTerms(), emergencyTerms(), deadlineTerms()} {
		all = append(all, chapter...)
	}
	return all
}

// term builds a row; the rules that it names are those of its demands.
func term(clause string, t events.Type, who, within, chain, seenBy string, demands ...demand) row {
	r := row{Term{clause, t, who, nil, within, seenBy, chain}, append([]demand{needsPower()}, demands...)}
	for _, d := range r.demands {
		if !slices.Contains(r.Requires, d.rule) {
			r.Requires = append(r.Requires, d.rule)
		}
	}
	return r
}

// Who may see a chain, in the words of the table.
const (
	seenCase     = "contact desk; every provider asked, from its turn until its part is over"
	seenCare     = "contact desk; the providers that accepted"
	seenConsent  = "contact desk; who recorded it; providers that it covers once they accepted, and who asked them"
	seenStop     = "contact desk; who recorded it; providers that it covers: asked ones whose part it ends, holders that must answer, ones that accepted if it takes back a consent; and who asked them"
	seenNotice   = "sender; addressee, which sees nothing else of the case"
	seenReferral = "contact desk; who asked; providers asked, until they decline or another accepts"
	seenLeg      = "contact desk; who asked; this provider"
	seenRecord   = "sender; recipient, once released"
	seenOpened   = "who said it"

	seenEscalation = "contact desk; who asked; the agency that it turns to, which sees nothing else for it unless it is the next provider"
	seenDeadline   = "contact desk; who owes it; who asked"

	onCase     = "case"
	onCare     = "care"
	onConsent  = "consent/<recipient>/<purpose>/<desk>"
	onStop     = "stop/<statement>"
	onNotice   = "notice/<sender>/<addressee>"
	onReferral = "referral/<id>"
	onLeg      = "referral/<id>/<provider>"
	onRecord   = "record/<id>"
	onOpened   = "opened/<recipient>"

	onEscalation = "escalation/<referral or case>/<addressee>"
	onDeadline   = "deadline/<entry>/<duty>/<referral or case>/<who owes it>"

	byAny      = "any desk that meets the person"
	byContact  = "a desk in contact"
	byProvider = "a provider asked"
	byAccepted = "the provider that accepted"
	byHub      = "the hub"
)

func caseTerms() []row {
	return []row{
		term("1.1", events.TypeCaseOpened, byAny, "sets child-protection-told, unless adult", onCase, seenCase, needsNewCase()),
		term("1.2", events.TypeCaseClosed, "the contact desk: the one that opened the case", "", onCase, seenCase,
			needsCase(), needsOpenCase(), needsOwner(), needsNoneWaiting()),
		term("2.1", events.TypeRightsInformed, byContact, "", onCase, seenCase,
			needsCase(), needsOpenCase(), needsContact()),
		term("2.2", events.TypeRiskAssessed, byContact, "", onCare, seenCare,
			needsCase(), needsOpenCase(), needsContact(), needsPersonInRisk()),
	}
}

func consentTerms() []row {
	return []row{
		term("3.1", events.TypeConsentGiven, byContact+", for the person", "sets consent-expiry; sets consent-provisional, or meets it", onConsent, seenConsent,
			needsCase(), needsOpenCase(), needsContact(), needsRights(), needsRightsLanguage(), needsRightVoice(), needsFreeGuardian(), needsChildView(), needsOrdinaryPurpose(), needsKnownRecipient()),
		term("3.2", events.TypeConsentRefused, byContact+", for the person", "sets erasure-answer for each holder", onStop, seenStop,
			needsCase(), needsOpenCase(), needsContact(), needsRights(), needsKnownRecipient()),
		term("3.3", events.TypeConsentWithdrawn, "the person, through any desk that takes part", "sets erasure-answer for each holder", onStop, seenStop,
			needsCase(), needsParty(), needsKnownRecipient()),
		term("4.1", events.TypeNoticeSent, byContact, "meets child-protection-told", onNotice, seenNotice,
			needsCase(), needsOpenCase(), needsContact(), needsKnown(), needsMissionLinked(), needsMissionOpen(), needsNoWall(), needsNoticeTo()),
	}
}

func referralTerms() []row {
	return []row{
		term("5.1", events.TypeReferralRequested, byContact, "sets referral-acknowledge and referral-answer for each provider", onReferral, seenReferral,
			needsCase(), needsOpenCase(), needsContact(), needsKnown(), needsMissionLinked(), needsMissionOpen(), needsNoWall(), needsAgreement("/sections"), needsConsent("/sections")),
		term("5.2", events.TypeReferralAcknowledged, byProvider, "meets referral-acknowledge", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsNeeded(), needsNoAnswer(), needsNotAcknowledged(), needsNoOther()),
		term("5.3", events.TypeReferralAccepted, byProvider, "meets referral-acknowledge and referral-answer; sets referral-confirm by telephone, or meets it", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsNeeded(), needsOpenAnswer(), needsNoOther()),
		term("5.4", events.TypeReferralDeclined, byProvider, "meets referral-acknowledge and referral-answer", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsNeeded(), needsOpenAnswer(), needsNoOther()),
		term("5.5", events.TypeReferralWithdrawn, "the agency that asked, or the contact desk", "sets erasure-answer for a holder", onReferral, seenReferral,
			needsCase(), needsOpenCase(), needsReferral(), needsReferrerOrOwner(), needsNotWithdrawn(), needsSomethingToWithdraw()),
		term("5.6", events.TypeReferralFeedback, byAccepted, "meets referral-feedback", onLeg, seenLeg,
			needsCase(), needsReferral(), needsAsked(), needsAccepted(), needsArrival()),
		term("5.7", events.TypeReferralAsked, byProvider, "", onRecord, seenRecord,
			needsCase(), needsOpenCase(), needsReferral(), needsHeader(), needsAsked(), needsQuestionTo(), needsStanding(), needsNeeded(), needsNoOther(), needsPartRunning()),
		term("5.8", events.TypeReferralAnswered, "the agency that asked", "", onRecord, seenRecord,
			needsCase(), needsOpenCase(), needsReferral(), needsHeader(), needsReferrer(saysSealedByReferrer), needsKnown(), needsMissionLinked(), needsMissionOpen(), needsNoWall(),
			needsAgreement("/section"), needsRecordCandidate(), needsQuestion(), needsRecordStanding(), needsRecordInTime(), needsConsent("/section")),
		term("5.9", events.TypeReferralConfirmed, "the agency that asked", "makes an acceptance by telephone count; meets referral-confirm, and referral-escalated with it", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsReferrer("only the agency that asked confirms an acceptance"), needsProviderAsked(),
			needsProviderStanding(), needsProviderFree(), needsProviderWilling(), needsUnconfirmed()),
		term("5.10", events.TypeReferralNotNeeded, byHub, "sets erasure-answer for a holder", onLeg, seenLeg,
			needsCase(), needsReferral(), needsNotNeeded()),
		term("5.11", events.TypeReferralEscalated, byHub, "sets referral-acknowledge and referral-answer for the next provider; sets referral-escalated for a duty", onEscalation, seenEscalation,
			needsCase(), needsStep()),
	}
}

func deadlineTerms() []row {
	return []row{
		term("12.1", events.TypeDeadlineDueSoon, byHub, "reminds of any", onDeadline, seenDeadline, needsCase(), needsDeadline()),
		term("12.2", events.TypeDeadlineMissed, byHub, "ends none", onDeadline, seenDeadline, needsCase(), needsDeadline()),
	}
}

func handoverTerms() []row {
	return []row{
		term("6.1", events.TypeHandoverArranged, "the agency that asked, or "+byAccepted, "sets handover", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsEnd(), needsStanding(), needsAccepted(), needsBeforeArrival()),
		term("6.2", events.TypeHandoverCompleted, byAccepted, "meets handover; sets referral-feedback", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsAccepted(), needsBeforeArrival()),
		term("6.3", events.TypeHandoverFailed, byAccepted, "meets handover; sets erasure-answer for a holder", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsAccepted(), needsBeforeArrival()),
		term("6.4", events.TypeServiceStarted, byAccepted, "", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsAccepted(), needsArrival(), needsAskedService()),
		term("6.5", events.TypeServiceEnded, byAccepted, "", onLeg, seenLeg,
			needsCase(), needsReferral(), needsAsked(), needsAccepted(), needsArrival(), needsRunningService()),
	}
}

func recordTerms() []row {
	return []row{
		term("7.1", events.TypeRecordSealed, "the agency that asked", "", onRecord, seenRecord,
			needsCase(), needsOpenCase(), needsReferral(), needsHeader(), needsReferrer(saysSealedByReferrer), needsKnown(), needsMissionLinked(), needsMissionOpen(), needsNoWall(), needsAgreement("/section"),
			needsRecordCandidate(), needsRecordAsked(), needsRecordStanding(), needsRecordInTime(), needsConsent("/section")),
		term("7.2", events.TypeRecordReleased, byHub, "", onRecord, seenRecord,
			needsCase(), needsOpenCase(), needsHeld(), needsMissionOpen(), needsOpening(), needsReleaseConsent()),
		term("7.3", events.TypeRecordErased, byHub, "", onRecord, seenRecord,
			needsCase(), needsNotErased(), needsErasureDue()),
		term("7.4", events.TypeRecordDisputed, "the record's recipient", "", onRecord, seenRecord,
			needsCase(), needsReleasedToMe()),
		term("7.5", events.TypeRecordOpened, "the record's recipient", "", onOpened, seenOpened,
			needsCase(), needsReadable(), needsItsPurpose()),
		term("8.1", events.TypeErasureConfirmed, "a provider that holds released records", "meets erasure-answer", onLeg, seenLeg,
			needsCase(), needsReferral(), needsAsked(), needsHolding(), needsGround()),
	}
}
