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

	TypeControlPosition Type = "org.handrail.control.inbox-position.v1"
	TypeControlHead     Type = "org.handrail.control.head-announced.v1"
	TypeControlResend   Type = "org.handrail.control.resend-from.v1"
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
	return slices.Contains([]Type{TypeDirectoryFounded, TypeRecordReleased, TypeRecordErased, TypeControlHead, TypeControlResend}, t)
}

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
	payload func() Payload // nil for sealed records
}

// Types lists every type of the catalogue in its order.
func Types() []Type {
	return []Type{
		TypeDirectoryFounded,
		TypeCaseOpened, TypeCaseClosed, TypeRightsInformed, TypeRiskAssessed,
		TypeConsentGiven, TypeConsentRefused, TypeConsentWithdrawn,
		TypeNoticeSent,
		TypeReferralRequested, TypeReferralAcknowledged, TypeReferralAccepted, TypeReferralDeclined, TypeReferralWithdrawn, TypeReferralFeedback,
		TypeHandoverArranged, TypeHandoverCompleted, TypeHandoverFailed, TypeServiceStarted, TypeServiceEnded,
		TypeRecordSealed, TypeRecordReleased, TypeRecordErased, TypeRecordDisputed, TypeErasureConfirmed,
		TypeControlPosition, TypeControlHead, TypeControlResend,
	}
}

func facts[P any, PP interface {
	*P
	Payload
}](subject about) form {
	return form{subject, FactsContent, func() Payload { return PP(new(P)) }}
}

// form of a type: the one place that ties a type to its payload.
func (t Type) form() (form, error) {
	switch t {
	case TypeDirectoryFounded:
		return facts[DirectoryFounded](aboutAgency), nil
	case TypeCaseOpened:
		return facts[CaseOpened](aboutCase), nil
	case TypeCaseClosed:
		return facts[CaseClosed](aboutCase), nil
	case TypeRightsInformed:
		return facts[RightsInformed](aboutCase), nil
	case TypeRiskAssessed:
		return facts[RiskAssessed](aboutCase), nil
	case TypeConsentGiven:
		return facts[ConsentGiven](aboutCase), nil
	case TypeConsentRefused:
		return facts[ConsentRefused](aboutCase), nil
	case TypeConsentWithdrawn:
		return facts[ConsentWithdrawn](aboutCase), nil
	case TypeNoticeSent:
		return facts[NoticeSent](aboutCase), nil
	case TypeReferralRequested:
		return facts[ReferralRequested](aboutCase), nil
	case TypeReferralAcknowledged:
		return facts[ReferralAcknowledged](aboutCase), nil
	case TypeReferralAccepted:
		return facts[ReferralAccepted](aboutCase), nil
	case TypeReferralDeclined:
		return facts[ReferralDeclined](aboutCase), nil
	case TypeReferralWithdrawn:
		return facts[ReferralWithdrawn](aboutCase), nil
	case TypeReferralFeedback:
		return facts[ReferralFeedback](aboutCase), nil
	case TypeHandoverArranged:
		return facts[HandoverArranged](aboutCase), nil
	case TypeHandoverCompleted:
		return facts[HandoverCompleted](aboutCase), nil
	case TypeHandoverFailed:
		return facts[HandoverFailed](aboutCase), nil
	case TypeServiceStarted:
		return facts[ServiceStarted](aboutCase), nil
	case TypeServiceEnded:
		return facts[ServiceEnded](aboutCase), nil
	case TypeRecordSealed:
		return form{aboutCase, SealedContent, nil}, nil
	case TypeRecordReleased:
		return facts[RecordReleased](aboutCase), nil
	case TypeRecordErased:
		return facts[RecordErased](aboutCase), nil
	case TypeRecordDisputed:
		return facts[RecordDisputed](aboutCase), nil
	case TypeErasureConfirmed:
		return facts[ErasureConfirmed](aboutCase), nil
	case TypeControlPosition:
		return facts[InboxPosition](aboutAgency), nil
	case TypeControlHead:
		return facts[HeadAnnounced](aboutAgency), nil
	case TypeControlResend:
		return facts[ResendFrom](aboutAgency), nil
	}
	return form{}, Refuse(RuleTypeUnknown, "attribute type", "the catalogue has no event of this type")
}
