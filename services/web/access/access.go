// Package access decides who may see and do what on the pages: one table, denied by default.
//
// It decides about people of one agency. What the agency itself may say or see is decided before that by the memorandum
// (contracts/mou); a page needs both. Nothing here reads a clock, a file or the network.
package access

import (
	"maps"
	"slices"
	"sync"
	"time"

	"handrail/events"
)

// Role is what a person does for the agency.
type Role string

// The roles, as the identity provider or the agency's own list gives them.
const (
	CaseWorker  Role = "case-worker"
	DutyLead    Role = "duty-lead"
	DPO         Role = "dpo"
	Auditor     Role = "auditor"
	Coordinator Role = "coordinator"
	Rapporteur  Role = "rapporteur"
)

// Roles lists every role.
func Roles() []Role {
	return []Role{CaseWorker, DutyLead, DPO, Auditor, Coordinator, Rapporteur}
}

// Known says whether a role is one of the list. An unknown one allows nothing.
func (r Role) Known() bool { return slices.Contains(Roles(), r) }

// Person is somebody who is signed in: a code of the agency's staff, never a name.
type Person struct {
	Agency events.AgencyID
	Code   string // 1 to 32 of a-z, 0-9 and hyphen
	Roles  []Role
	Proved time.Time // when the person last proved who they are
	Shared bool      // at a computer that others use too
}

// Has says whether the person has a role.
func (p Person) Has(r Role) bool { return slices.Contains(p.Roles, r) }

// Act is something that a page shows or does.
type Act string

// The acts that pages need.
const (
	SeeInbox      Act = "inbox"     // what waits for the agency, coded
	SeeCase       Act = "case"      // one case: timeline, referrals, what may be said
	Say           Act = "say"       // a statement in a case
	Report        Act = "report"    // a new case
	AskTonight    Act = "tonight"   // a bed for the night
	OpenDraft     Act = "draft"     // a form that was begun and not sent; its author is who is assigned
	OpenSealed    Act = "open"      // what was sealed to the agency; asked again who it is
	SeeProviders  Act = "providers" // the directory and published capacity
	Publish       Act = "publish"   // own capacity
	SeeErasure    Act = "erasure"   // what the agency must erase, and who has not answered
	SeeReadLog    Act = "readlog"   // who read what
	SeeOverdue    Act = "overdue"   // what is late
	KeepRota      Act = "rota"      // who is on duty
	HandOverShift Act = "shift"     // the shift hand-over page
	Assign        Act = "assign"    // who of the staff works on a case
	TakeOn        Act = "take"      // a case that nobody works on, for oneself
	SeeTrail      Act = "trail"     // a replay with its proofs
	Export        Act = "export"    // a trail's file
	PrintSheet    Act = "sheet"     // who knows what, for the person
	ShowRights    Act = "rights"    // the person's rights, in the person's language
	ReadLedger    Act = "ledger"    // every case of the hub, as an auditor
	SeeCounts     Act = "counts"    // numbers only
	OwnSettings   Act = "settings"  // language, passkey, PIN, alerts of one's own
	EndSessions   Act = "sessions"  // sign somebody out everywhere: who left, or lost a device
)

// Need says how far an act reaches.
type Need struct {
	Roles    []Role
	Assigned bool // in a case: only who is assigned to it, and the duty lead
	Again    bool // only within [Fresh] of proving who one is
}

// Fresh is how long after proving who one is a person may open what is sealed
// without being asked again (own choice: one conversation).
const Fresh = 10 * time.Minute

func everybody() []Role { return Roles() }

// NeedOf gives the row of an act. An act without a row is nobody's.
func NeedOf(a Act) Need { return table()[a] }

// Acts lists every act of the table, in the order of their names.
func Acts() []Act { return slices.Sorted(maps.Keys(table())) }

//nolint:gochecknoglobals // made once and read-only: lists ask it for every line
var table = sync.OnceValue(func() map[Act]Need {
	staff := []Role{CaseWorker, DutyLead}
	return map[Act]Need{
		SeeInbox:      {Roles: []Role{CaseWorker, DutyLead, Coordinator}},
		SeeCase:       {Roles: []Role{CaseWorker, DutyLead, Coordinator, DPO}, Assigned: true},
		Say:           {Roles: []Role{CaseWorker, DutyLead, Coordinator}, Assigned: true},
		Report:        {Roles: staff},
		AskTonight:    {Roles: staff},
		OpenDraft:     {Roles: staff, Assigned: true},
		OpenSealed:    {Roles: staff, Assigned: true, Again: true},
		SeeProviders:  {Roles: []Role{CaseWorker, DutyLead, Coordinator}},
		Publish:       {Roles: []Role{DutyLead}},
		SeeErasure:    {Roles: []Role{DutyLead, DPO, CaseWorker}},
		SeeReadLog:    {Roles: []Role{DPO, Auditor}},
		SeeOverdue:    {Roles: []Role{CaseWorker, DutyLead, Coordinator}},
		KeepRota:      {Roles: []Role{DutyLead}},
		HandOverShift: {Roles: staff},
		Assign:        {Roles: []Role{DutyLead}},
		TakeOn:        {Roles: []Role{CaseWorker, DutyLead, Coordinator}},
		SeeTrail:      {Roles: []Role{Auditor, DPO, DutyLead}},
		Export:        {Roles: []Role{Auditor, DPO}},
		PrintSheet:    {Roles: []Role{CaseWorker, DutyLead, DPO}, Assigned: true},
		ShowRights:    {Roles: []Role{CaseWorker, DutyLead, DPO, Coordinator}},
		ReadLedger:    {Roles: []Role{Auditor}},
		SeeCounts:     {Roles: []Role{Coordinator, Rapporteur, DutyLead}},
		OwnSettings:   {Roles: everybody()},
		EndSessions:   {Roles: []Role{DutyLead}},
	}
})

// Verdict is an answer: allowed, denied, or allowed once the person has proved
// again who they are.
type Verdict string

// The verdicts.
const (
	Allowed      Verdict = "allowed"
	NotSignedIn  Verdict = "not-signed-in"
	NotYourRole  Verdict = "not-your-role"
	NotAssigned  Verdict = "not-assigned"
	ProveAgain   Verdict = "prove-again"
	OtherAgency  Verdict = "other-agency"
	NoRowForThis Verdict = "no-row"
)

// Case is what a verdict about one case needs: the codes of the staff who are
// assigned to it.
type Case struct{ Assigned []string }

// May says whether a person may do an act at now; of is nil when the act is about
// no case. An act that needs a case and is asked about without one is denied only
// where it is done, not where its menu entry is drawn: ask with the case then.
func May(p *Person, site events.AgencyID, a Act, of *Case, now time.Time) Verdict {
	need := NeedOf(a)
	switch {
	case len(need.Roles) == 0:
		return NoRowForThis
	case p == nil || p.Code == "":
		return NotSignedIn
	case p.Agency != site:
		return OtherAgency
	case !slices.ContainsFunc(need.Roles, p.Has):
		return NotYourRole
	case need.Assigned && of != nil && !p.Has(DutyLead) && !p.Has(DPO) && !slices.Contains(of.Assigned, p.Code):
		return NotAssigned
	case need.Again && now.Sub(p.Proved) > Fresh:
		return ProveAgain
	}
	return Allowed
}
