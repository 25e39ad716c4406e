package referral

import (
	"handrail/events"
	"handrail/services/web/access"
)

// readerRole is in which part somebody of the staff reads what is sealed: by their
// profession where the agency has one, else by their part in it. It is what the
// ledger is told; who it was stays in the agency's read log.
func readerRole(p *access.Person, kind events.AgencyKind) events.ReaderRole {
	if p.Has(access.DPO) && !p.Has(access.CaseWorker) && !p.Has(access.DutyLead) {
		return "data-protection-officer"
	}
	switch kind {
	case events.Police, events.BorderGuard, events.Prosecutor, events.LabourInspectorate:
		return "officer"
	case events.OwnMission, events.ForeignMission:
		return "consul"
	case events.Health:
		return "health-worker"
	case events.LegalAid:
		return "legal-adviser"
	case events.Social, events.Migration, events.ChildProtection, events.Municipality, events.Shelter, events.Counselling, events.Hotline,
		events.IOM, events.Coordinator, events.FocalPoint, events.Rapporteur, events.Auditor:
	}
	if p.Has(access.DutyLead) && !p.Has(access.CaseWorker) {
		return "supervisor"
	}
	return "case-worker"
}
