package events

import (
	"slices"
	"strings"
)

// Type is the CloudEvents type: org.handrail.<thing>.<verb>.v1.
type Type string

// The catalogue's core: what a referral from one agency to another needs.
const (
	TypeDirectoryFounded     Type = "org.handrail.directory.founded.v1"
	TypeCaseOpened           Type = "org.handrail.case.opened.v1"
	TypeCaseClosed           Type = "org.handrail.case.closed.v1"
	TypeRightsInformed       Type = "org.handrail.rights.informed.v1"
	TypeRiskAssessed         Type = "org.handrail.risk.assessed.v1"
	TypeConsentGiven         Type = "org.handrail.consent.given.v1"
	TypeConsentRefused       Type = "org.handrail.consent.refused.v1"
	TypeConsentWithdrawn     Type = "org.handrail.consent.withdrawn.v1"
	TypeNoticeSent           Type = "org.handrail.notice.sent.v1"
	TypeReferralRequested    Type = "org.handrail.referral.requested.v1"
	TypeReferralAcknowledged Type = "org.handrail.referral.acknowledged.v1"
	TypeReferralAccepted     Type = "org.handrail.referral.accepted.v1"
	TypeReferralDeclined     Type = "org.handrail.referral.declined.v1"
	TypeReferralWithdrawn    Type = "org.handrail.referral.withdrawn.v1"
	TypeReferralFeedback     Type = "org.handrail.referral.feedback.v1"
	TypeHandoverArranged     Type = "org.handrail.handover.arranged.v1"
	TypeHandoverCompleted    Type = "org.handrail.handover.completed.v1"
	TypeHandoverFailed       Type = "org.handrail.handover.failed.v1"
	TypeServiceStarted       Type = "org.handrail.service.started.v1"
	TypeServiceEnded         Type = "org.handrail.service.ended.v1"
	TypeRecordSealed         Type = "org.handrail.record.sealed.v1"
	TypeRecordReleased       Type = "org.handrail.record.released.v1"
	TypeRecordErased         Type = "org.handrail.record.erased.v1"
	TypeRecordDisputed       Type = "org.handrail.record.disputed.v1"
	TypeErasureConfirmed     Type = "org.handrail.erasure.confirmed.v1"

	TypeReferralAsked     Type = "org.handrail.referral.asked.v1"
	TypeReferralAnswered  Type = "org.handrail.referral.answered.v1"
	TypeReferralConfirmed Type = "org.handrail.referral.confirmed.v1"
	TypeReferralNotNeeded Type = "org.handrail.referral.not-needed.v1"
	TypeReferralEscalated Type = "org.handrail.referral.escalated.v1"

	TypeDeadlineDueSoon Type = "org.handrail.deadline.due-soon.v1"
	TypeDeadlineMissed  Type = "org.handrail.deadline.missed.v1"

	TypeCaseLinked         Type = "org.handrail.case.linked.v1"
	TypeIncidentLinked     Type = "org.handrail.incident.linked.v1"
	TypeAgeDetermined      Type = "org.handrail.age.determined.v1"
	TypeGuardianConflicted Type = "org.handrail.guardian.conflicted.v1"
	TypeHelpDeclined       Type = "org.handrail.help.declined.v1"
	TypePersonMissing      Type = "org.handrail.person.missing.v1"
	TypePersonFound        Type = "org.handrail.person.found.v1"
	TypeEmergencyDisclosed Type = "org.handrail.emergency.disclosed.v1"
	TypeEmergencyConfirmed Type = "org.handrail.emergency.confirmed.v1"

	TypeAsylumSought    Type = "org.handrail.asylum.sought.v1"
	TypeAsylumEnded     Type = "org.handrail.asylum.ended.v1"
	TypeConsularAllowed Type = "org.handrail.consular.allowed.v1"
	TypeConsularBarred  Type = "org.handrail.consular.barred.v1"

	TypeNationalityVerified  Type = "org.handrail.nationality.verified.v1"
	TypeTravelDocumentIssued Type = "org.handrail.traveldocument.issued.v1"
	TypeReturnRiskAssessed   Type = "org.handrail.return.risk-assessed.v1"
	TypeReturnAgreed         Type = "org.handrail.return.agreed.v1"
	TypeReturnDeparted       Type = "org.handrail.return.departed.v1"
	TypeReturnArrived        Type = "org.handrail.return.arrived.v1"

	TypeCapacityPublished Type = "org.handrail.capacity.published.v1"
	TypeDirectoryListed   Type = "org.handrail.directory.listed.v1"

	TypeDirectoryJoined    Type = "org.handrail.directory.joined.v1"
	TypeDirectoryKeyed     Type = "org.handrail.directory.keyed.v1"
	TypeDirectorySuspended Type = "org.handrail.directory.suspended.v1"
	TypeDirectoryResumed   Type = "org.handrail.directory.resumed.v1"
	TypeDirectoryRevoked   Type = "org.handrail.directory.revoked.v1"

	TypeRecordOpened Type = "org.handrail.record.opened.v1"

	TypeTrailRead      Type = "org.handrail.trail.read.v1"
	TypeRetentionEnded Type = "org.handrail.retention.ended.v1"
	TypeWitnessReset   Type = "org.handrail.witness.reset.v1"

	TypeControlPosition Type = "org.handrail.control.inbox-position.v1"
	TypeControlHead     Type = "org.handrail.control.head-announced.v1"
	TypeControlResend   Type = "org.handrail.control.resend-from.v1"
	TypeControlOffered  Type = "org.handrail.control.checkpoint-offered.v1"
	TypeControlCosigned Type = "org.handrail.control.checkpoint-cosigned.v1"
)

// Schema is the type's immutable dataschema.
func (t Type) Schema() string {
	return "urn:handrail:schema:" + strings.TrimPrefix(string(t), "org.handrail.")
}

// Name is the type without its prefix and version, as people say it: case.opened.
func (t Type) Name() string {
	name := strings.TrimPrefix(string(t), "org.handrail.")
	return name[:max(strings.LastIndexByte(name, '.'), 0)]
}

// IsControl says whether the type is a control message: signed, never logged.
func (t Type) IsControl() bool { return strings.HasPrefix(string(t), "org.handrail.control.") }

// HubOnly says whether only the hub itself may say it.
func (t Type) HubOnly() bool {
	return slices.Contains([]Type{
		TypeDirectoryFounded, TypeDirectoryListed, TypeDirectoryJoined, TypeDirectorySuspended, TypeDirectoryResumed, TypeDirectoryRevoked, TypeRecordReleased, TypeRecordErased, TypeReferralNotNeeded, TypeReferralEscalated,
		TypeDeadlineDueSoon, TypeDeadlineMissed, TypeConsularAllowed, TypeConsularBarred,
		TypeTrailRead, TypeRetentionEnded, TypeControlHead, TypeControlResend, TypeControlOffered,
	}, t)
}

// Sealed says whether an event of the type is a record sealed to one recipient.
func (t Type) Sealed() bool {
	return t == TypeRecordSealed || t == TypeReferralAsked || t == TypeReferralAnswered
}

// Types lists every type of the catalogue in its order.
func Types() []Type {
	return []Type{
		TypeDirectoryFounded, TypeDirectoryListed, TypeDirectoryJoined, TypeDirectoryKeyed, TypeDirectorySuspended, TypeDirectoryResumed, TypeDirectoryRevoked,
		TypeCapacityPublished,
		TypeCaseOpened, TypeCaseClosed, TypeRightsInformed, TypeRiskAssessed,
		TypeConsentGiven, TypeConsentRefused, TypeConsentWithdrawn,
		TypeNoticeSent,
		TypeReferralRequested, TypeReferralAcknowledged, TypeReferralAccepted, TypeReferralDeclined, TypeReferralWithdrawn, TypeReferralFeedback,
		TypeReferralAsked, TypeReferralAnswered, TypeReferralConfirmed, TypeReferralNotNeeded, TypeReferralEscalated,
		TypeHandoverArranged, TypeHandoverCompleted, TypeHandoverFailed, TypeServiceStarted, TypeServiceEnded,
		TypeRecordSealed, TypeRecordReleased, TypeRecordErased, TypeRecordDisputed, TypeRecordOpened, TypeErasureConfirmed,
		TypeDeadlineDueSoon, TypeDeadlineMissed,
		TypeCaseLinked, TypeIncidentLinked, TypeAgeDetermined, TypeGuardianConflicted, TypeHelpDeclined, TypePersonMissing, TypePersonFound,
		TypeEmergencyDisclosed, TypeEmergencyConfirmed, TypeAsylumSought, TypeAsylumEnded, TypeConsularAllowed, TypeConsularBarred,
		TypeNationalityVerified, TypeTravelDocumentIssued, TypeReturnRiskAssessed, TypeReturnAgreed, TypeReturnDeparted, TypeReturnArrived,
		TypeTrailRead, TypeRetentionEnded, TypeWitnessReset,
		TypeControlPosition, TypeControlHead, TypeControlResend, TypeControlOffered, TypeControlCosigned,
	}
}
