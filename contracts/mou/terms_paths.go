package mou

import "handrail/events"

// Who may see a chain of the other paths, in the words of the table.
const (
	seenAge       = "as the case; besides, whoever holds released records"
	seenGuardian  = "contact desk; the providers that accepted; child protection that is asked"
	seenIncident  = "who said it"
	seenLink      = "who said it"
	seenAsylum    = "who said it; contact desk, unless its kind is law or a mission"
	seenConsular  = "nobody but the ledger and its auditors"
	seenEmergency = "who said it; contact desk; the agency that it addresses, which sees nothing else of the case for it"

	onAge       = "age"
	onGuardian  = "guardian"
	onIncident  = "incident/<statement>"
	onLink      = "link/<statement>"
	onAsylum    = "asylum/<desk>"
	onConsular  = "consular"
	onEmergency = "emergency/<statement>"

	byMission  = "the mission that accepted"
	byReturner = "the provider that accepted a return"
)

func pathTerms() []row {
	return []row{
		term("9.1", events.TypeAgeDetermined, byContact, "sets child-protection-told if the person may be a child after all", onAge, seenAge,
			needsCase(), needsOpenCase(), needsContact()),
		term("9.2", events.TypeGuardianConflicted, byContact+", or child protection that is asked", "", onGuardian, seenGuardian,
			needsCase(), needsOpenCase(), needsContactOrProtector(), needsGuardedChild()),
		term("9.3", events.TypeHelpDeclined, byContact+", for the person", "", onCase, seenCase,
			needsCase(), needsOpenCase(), needsContact(), needsNoneWaiting(), needsWayBack()),
		term("9.4", events.TypePersonMissing, byContact, "suspends handover, referral-feedback and consent-provisional, for as long as the profile says at most", onCare, seenCare,
			needsCase(), needsOpenCase(), needsContact(), needsNotMissing()),
		term("9.5", events.TypePersonFound, byContact, "lets them run on", onCare, seenCare,
			needsCase(), needsOpenCase(), needsContact(), needsMissing()),
		term("9.6", events.TypeIncidentLinked, "the contact desk", "", onIncident, seenIncident,
			needsCase(), needsOpenCase(), needsOwner()),
	}
}

func homewardTerms() []row {
	return []row{
		term("10.1", events.TypeCaseLinked, "the contact desk of both cases", "", onLink, seenLink,
			needsCase(), needsOpenCase(), needsOwner(), needsOwnCase(), needsNewLink(), needsNoAsylum()),
		term("10.2", events.TypeAsylumSought, byContact, "", onAsylum, seenAsylum,
			needsCase(), needsContact(), needsOwnCase()),
		term("10.3", events.TypeAsylumEnded, byContact+" that said so, or the contact desk that knows of it", "", onAsylum, seenAsylum,
			needsCase(), needsContact(), needsAsylum()),
		term("10.4", events.TypeConsularAllowed, byHub, "", onConsular, seenConsular,
			needsCase(), needsLinkable()),
		term("10.5", events.TypeConsularBarred, byHub, "sets erasure-answer for a mission that holds", onConsular, seenConsular,
			needsCase(), needsLinked()),
		term("10.6", events.TypeNationalityVerified, byMission, "", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsNeeded(), needsAccepted()),
		term("10.7", events.TypeTravelDocumentIssued, byMission, "", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsNeeded(), needsAccepted(), needsValidDocument()),
		term("10.8", events.TypeReturnRiskAssessed, byReturner, "", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsNeeded(), needsAccepted(), needsReturnReferral(), needsNotDeparted()),
		term("10.9", events.TypeReturnAgreed, byReturner+", for the person", "", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsNeeded(), needsAccepted(), needsReturnReferral(), needsNotDeparted(),
			needsAssessment(), needsReturnVoice(), needsFreeGuardian(), needsNoReturnRisk()),
		term("10.10", events.TypeReturnDeparted, byReturner, "", onLeg, seenLeg,
			needsCase(), needsOpenCase(), needsReferral(), needsAsked(), needsStanding(), needsNeeded(), needsAccepted(), needsReturnReferral(), needsNotDeparted(),
			needsAgreedReturn(), needsNoReturnRisk()),
		term("10.11", events.TypeReturnArrived, byReturner, "", onLeg, seenLeg,
			needsCase(), needsReferral(), needsAsked(), needsAccepted(), needsReturnReferral(), needsDeparture()),
	}
}

func emergencyTerms() []row {
	return []row{
		term("11.1", events.TypeEmergencyDisclosed, byContact, "sets emergency-confirmed", onEmergency, seenEmergency,
			needsCase(), needsOpenCase(), needsContact(), needsKnown(), needsMissionLinked(), needsMissionOpen(), needsNoWall(),
			needsAgreement("/sections"), needsDanger()),
		term("11.2", events.TypeEmergencyConfirmed, "a second person of the agency that disclosed", "meets emergency-confirmed", onEmergency, seenEmergency,
			needsCase(), needsOwnDisclosure(), needsSecondPerson(), needsNewsForPerson()),
	}
}
