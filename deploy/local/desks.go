package local

import "handrail/events"

// Names of the services that agencies run, as `handrail serve` knows them.
const (
	DeskPolice      = "police"
	DeskSocial      = "social"
	DeskNGO         = "ngo"
	DeskEmbassy     = "embassy"
	DeskCoordinator = "coordinator"
)

// DeskOf is the service that organisations of a kind run; empty for a kind that
// runs none, as auditors.
func DeskOf(kind events.AgencyKind) string {
	switch kind {
	case events.Police, events.BorderGuard, events.Prosecutor:
		return DeskPolice
	case events.Social, events.Migration, events.LabourInspectorate, events.Health, events.ChildProtection, events.Municipality:
		return DeskSocial
	case events.Shelter, events.Counselling, events.Hotline, events.LegalAid, events.IOM:
		return DeskNGO
	case events.OwnMission, events.ForeignMission:
		return DeskEmbassy
	case events.Coordinator, events.FocalPoint:
		return DeskCoordinator
	case events.Rapporteur, events.Auditor:
	}
	return ""
}
