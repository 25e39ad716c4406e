package events

// about says what the subject of a type is.
type about int

const (
	aboutCase about = iota
	aboutAgency
)

// form is what the envelope of a type must look like.
type form struct {
	subject about
	content string
	payload func() Payload // nil for what is sealed
}

func facts[P any, PP interface {
	*P
	Payload
}](subject about) form {
	return form{subject, FactsContent, func() Payload { return PP(new(P)) }}
}

// form of a type: the one place that ties a type to its payload.
func (t Type) form() (form, error) {
	if t.Sealed() {
		return form{aboutCase, SealedContent, nil}, nil
	}
	for _, of := range []func(Type) form{caseForm, referralForm, pathForm, agencyForm} {
		if f := of(t); f.payload != nil {
			return f, nil
		}
	}
	return form{}, Refuse(RuleTypeUnknown, "attribute type", "the catalogue has no event of this type")
}

// agencyForm is the form of what is about an agency: directory, capacity, control messages.
func agencyForm(t Type) form {
	switch t {
	case TypeDirectoryFounded:
		return facts[DirectoryFounded](aboutAgency)
	case TypeDirectoryListed:
		return facts[DirectoryListed](aboutAgency)
	case TypeDirectoryJoined:
		return facts[DirectoryJoined](aboutAgency)
	case TypeDirectoryKeyed:
		return facts[DirectoryKeyed](aboutAgency)
	case TypeDirectorySuspended:
		return facts[DirectorySuspended](aboutAgency)
	case TypeDirectoryResumed:
		return facts[DirectoryResumed](aboutAgency)
	case TypeDirectoryRevoked:
		return facts[DirectoryRevoked](aboutAgency)
	case TypeCapacityPublished:
		return facts[CapacityPublished](aboutAgency)
	case TypeControlPosition:
		return facts[InboxPosition](aboutAgency)
	case TypeControlHead:
		return facts[HeadAnnounced](aboutAgency)
	case TypeControlResend:
		return facts[ResendFrom](aboutAgency)
	case TypeControlOffered:
		return facts[CheckpointOffered](aboutAgency)
	case TypeControlCosigned:
		return facts[CheckpointCosigned](aboutAgency)
	case TypeTrailRead:
		return facts[TrailRead](aboutAgency)
	case TypeRetentionEnded:
		return facts[RetentionEnded](aboutAgency)
	case TypeWitnessReset:
		return facts[WitnessReset](aboutAgency)
	default:
		return form{}
	}
}

// caseForm is the form of what is about the person and the case as a whole.
func caseForm(t Type) form {
	switch t {
	case TypeCaseOpened:
		return facts[CaseOpened](aboutCase)
	case TypeCaseClosed:
		return facts[CaseClosed](aboutCase)
	case TypeRightsInformed:
		return facts[RightsInformed](aboutCase)
	case TypeRiskAssessed:
		return facts[RiskAssessed](aboutCase)
	case TypeConsentGiven:
		return facts[ConsentGiven](aboutCase)
	case TypeConsentRefused:
		return facts[ConsentRefused](aboutCase)
	case TypeConsentWithdrawn:
		return facts[ConsentWithdrawn](aboutCase)
	case TypeNoticeSent:
		return facts[NoticeSent](aboutCase)
	case TypeRecordReleased:
		return facts[RecordReleased](aboutCase)
	case TypeRecordErased:
		return facts[RecordErased](aboutCase)
	case TypeRecordDisputed:
		return facts[RecordDisputed](aboutCase)
	case TypeRecordOpened:
		return facts[RecordOpened](aboutCase)
	case TypeErasureConfirmed:
		return facts[ErasureConfirmed](aboutCase)
	default:
		return form{}
	}
}

// referralForm is the form of what belongs to a referral, deadlines included.
func referralForm(t Type) form {
	switch t {
	case TypeReferralRequested:
		return facts[ReferralRequested](aboutCase)
	case TypeReferralAcknowledged:
		return facts[ReferralAcknowledged](aboutCase)
	case TypeReferralAccepted:
		return facts[ReferralAccepted](aboutCase)
	case TypeReferralDeclined:
		return facts[ReferralDeclined](aboutCase)
	case TypeReferralWithdrawn:
		return facts[ReferralWithdrawn](aboutCase)
	case TypeReferralFeedback:
		return facts[ReferralFeedback](aboutCase)
	case TypeReferralConfirmed:
		return facts[ReferralConfirmed](aboutCase)
	case TypeReferralNotNeeded:
		return facts[ReferralNotNeeded](aboutCase)
	case TypeReferralEscalated:
		return facts[ReferralEscalated](aboutCase)
	case TypeHandoverArranged:
		return facts[HandoverArranged](aboutCase)
	case TypeHandoverCompleted:
		return facts[HandoverCompleted](aboutCase)
	case TypeHandoverFailed:
		return facts[HandoverFailed](aboutCase)
	case TypeServiceStarted:
		return facts[ServiceStarted](aboutCase)
	case TypeServiceEnded:
		return facts[ServiceEnded](aboutCase)
	case TypeDeadlineDueSoon:
		return facts[DeadlineDueSoon](aboutCase)
	case TypeDeadlineMissed:
		return facts[DeadlineMissed](aboutCase)
	default:
		return form{}
	}
}

// pathForm is the form of what happens on the other paths.
func pathForm(t Type) form {
	switch t {
	case TypeCaseLinked:
		return facts[CaseLinked](aboutCase)
	case TypeIncidentLinked:
		return facts[IncidentLinked](aboutCase)
	case TypeAgeDetermined:
		return facts[AgeDetermined](aboutCase)
	case TypeGuardianConflicted:
		return facts[GuardianConflicted](aboutCase)
	case TypeHelpDeclined:
		return facts[HelpDeclined](aboutCase)
	case TypePersonMissing:
		return facts[PersonMissing](aboutCase)
	case TypePersonFound:
		return facts[PersonFound](aboutCase)
	case TypeEmergencyDisclosed:
		return facts[EmergencyDisclosed](aboutCase)
	case TypeEmergencyConfirmed:
		return facts[EmergencyConfirmed](aboutCase)
	case TypeAsylumSought:
		return facts[AsylumSought](aboutCase)
	case TypeAsylumEnded:
		return facts[AsylumEnded](aboutCase)
	case TypeConsularAllowed:
		return facts[ConsularAllowed](aboutCase)
	case TypeConsularBarred:
		return facts[ConsularBarred](aboutCase)
	case TypeNationalityVerified:
		return facts[NationalityVerified](aboutCase)
	case TypeTravelDocumentIssued:
		return facts[TravelDocumentIssued](aboutCase)
	case TypeReturnRiskAssessed:
		return facts[ReturnRiskAssessed](aboutCase)
	case TypeReturnAgreed:
		return facts[ReturnAgreed](aboutCase)
	case TypeReturnDeparted:
		return facts[ReturnDeparted](aboutCase)
	case TypeReturnArrived:
		return facts[ReturnArrived](aboutCase)
	default:
		return form{}
	}
}
