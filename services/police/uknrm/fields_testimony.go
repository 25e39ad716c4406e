package uknrm

import "handrail/events"

// testimony is what the person or the first responder tells, nearly all of it
// free text. It goes to no helper.
func testimony() (events.Section, map[string]string) {
	return events.SectionTestimony, map[string]string{
		"PVBirthplace": "birthplace", "PVFamily": "family", "PVEducation": "education", "PVEmploymentHistory": "employment",
		"VictimAccount": "account", "ExploitationUKAddress": "exploited_at", "ExploitationOverseasAddress": "exploited_abroad_at",
		"ExploiterDetails": "exploiters", "ExploitersLocationInformationPresent": "exploiters_whereabouts_known",
		"InformationOnExploitersCurrentLocation": "exploiters_whereabouts", "FurtherExploitationReasons": "further_exploitation_reasons",
		"WhatIsKeepingThemInSituation": "kept_by", "WillingToCooperate": "willing_to_cooperate", "CollaborationInfo": "cooperation",
		"CanPoliceContactPV": "police_may_contact", "OtherVictims": "other_persons", "OtherVictimsDetails": "other_persons_details",
		"ReportedCase": "reported", "PoliceForce": "police_force", "PoliceForceCRN": "police_reference", "DTNReason": "reason_without_referral",
		"ExploitationDates": "when", "MultipleExploitationSituations": "more_than_once", "HowExploitationStarted": "how_it_started",
		"ExploitationTakenSomewhere": "taken_somewhere", "ExploitationJourneyDetails": "journey", "ExploitationAverageDay": "average_day",
		"ExploitationLivingConditions": "living_conditions", "ExploitationTreatment": "treatment", "ExploitationWhyTheyStayed": "why_stayed",
		"ExploitationReasonTheyLeft": "why_left", "ExploitationOtherDetails": "other_exploitation", "DetailsLastContact": "last_contact",
		"FirstChanceToReport": "first_chance", "FirstChanceToReportDetails": "first_chance_details", "ReasonForReportingNow": "why_now",
		"ReasonForMakingReferral": "why_referred", "DetailsAboutInterview": "interview", "ModernSlaveryIndicators": "indicators",
		"DetailsOfModernSlaveryIndicators": "indicators_details", "ProfessionalsInvolved": "professionals_involved",
		"DetailsOfProfessionalsInvolved": "professionals", "ProfessionalInsight": "professional_insight", "EvidenceOfDishonesty": "dishonesty_suspected",
		"DetailsOfEvidenceOfDishonesty": "dishonesty", "EvidenceSubmitted": "evidence",
		"SomeoneElseForename1": "other_contact_first_name", "SomeoneElseSurname": "other_contact_last_name",
	}
}
