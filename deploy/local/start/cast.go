package start

import (
	"slices"

	"handrail/deploy/local"
	"handrail/deploy/local/people"
	"handrail/events"
	"handrail/services/web/access"
)

// Cast lists everybody whom a visitor of the demonstration can be, agency by
// agency. The agencies are those of the demonstration's stories.
func Cast() []people.Person {
	return []people.Person{
		{Agency: "sampletown-police", Code: "officer-1", Roles: []access.Role{access.CaseWorker}},
		{Agency: "sampletown-police", Code: "officer-2", Roles: []access.Role{access.DutyLead}},
		{Agency: "lighthouse-shelter", Code: "duty-1", Roles: []access.Role{access.CaseWorker}},
		{Agency: "lighthouse-shelter", Code: "duty-2", Roles: []access.Role{access.DutyLead}},
		{Agency: "lighthouse-shelter", Code: "dpo-1", Roles: []access.Role{access.DPO}},
		{Agency: "harbour-shelter", Code: "duty-1", Roles: []access.Role{access.CaseWorker, access.DutyLead}},
		{Agency: "sampleland-hotline", Code: "duty-1", Roles: []access.Role{access.CaseWorker, access.DutyLead}},
		{Agency: "sampletown-social", Code: "worker-1", Roles: []access.Role{access.CaseWorker, access.DutyLead}},
		{Agency: "sampleland-embassy-abroad", Code: "consul-1", Roles: []access.Role{access.CaseWorker, access.DutyLead}},
		{Agency: "sampleland-coordination", Code: "lead-1", Roles: []access.Role{access.Coordinator}},
		{Agency: "sampleland-coordination", Code: "rapporteur-1", Roles: []access.Role{access.Rapporteur}},
		{Agency: "sampleland-audit", Code: "auditor-1", Roles: []access.Role{access.Auditor}},
	}
}

// Find gives somebody of the cast; without roles if there is nobody of that code.
func Find(agency events.AgencyID, code string) people.Person {
	for _, p := range Cast() {
		if p.Agency == agency && p.Code == code {
			return p
		}
	}
	return people.Person{Agency: agency, Code: code}
}

// Invite has a founding serve every agency of the cast that can run a service, so
// that there is a page for each person.
func Invite(f *local.Founding) {
	for i := range f.Members {
		m := &f.Members[i]
		if local.DeskOf(m.Kind) != "" && slices.ContainsFunc(Cast(), func(p people.Person) bool { return p.Agency == m.Agency }) {
			m.Served = true
		}
	}
}
