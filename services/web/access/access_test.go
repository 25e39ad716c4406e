package access_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/services/web/access"
)

const site events.AgencyID = "harbour-shelter"

// rows is the table as people agreed on it: who may do an act, then what else is needed.
const rows = `
inbox      case-worker duty-lead coordinator
case       case-worker duty-lead coordinator dpo   : assigned
say        case-worker duty-lead coordinator       : assigned
report     case-worker duty-lead
tonight    case-worker duty-lead
draft      case-worker duty-lead                   : assigned
open       case-worker duty-lead                   : assigned again
providers  case-worker duty-lead coordinator
publish    duty-lead
erasure    duty-lead dpo case-worker
readlog    dpo auditor
overdue    case-worker duty-lead coordinator
rota       duty-lead
shift      case-worker duty-lead
assign     duty-lead
take       case-worker duty-lead coordinator
trail      auditor dpo duty-lead
export     auditor dpo
sheet      case-worker duty-lead dpo               : assigned
rights     case-worker duty-lead dpo coordinator
ledger     auditor
counts     coordinator rapporteur duty-lead
settings   case-worker duty-lead dpo auditor coordinator rapporteur
sessions   duty-lead
`

// row is one line of the table.
type row struct {
	act             access.Act
	roles           []access.Role
	assigned, again bool
}

func table(t *testing.T) (list []row) {
	t.Helper()
	for line := range strings.Lines(strings.TrimSpace(rows)) {
		who, needs, _ := strings.Cut(line, ":")
		words := strings.Fields(who)
		one := row{act: access.Act(words[0]), assigned: strings.Contains(needs, "assigned"), again: strings.Contains(needs, "again")}
		for _, role := range words[1:] {
			if !access.Role(role).Known() {
				t.Fatalf("%q is no role", role)
			}
			one.roles = append(one.roles, access.Role(role))
		}
		list = append(list, one)
	}
	return list
}

func TestTheTableIsAsAgreed(t *testing.T) {
	var named []access.Act
	for _, one := range table(t) {
		named = append(named, one.act)
		need := access.NeedOf(one.act)
		if need.Assigned != one.assigned || need.Again != one.again {
			t.Errorf("%s: assigned %t, again %t", one.act, need.Assigned, need.Again)
		}
	}
	slices.Sort(named)
	if got := access.Acts(); !slices.Equal(got, named) {
		t.Errorf("the table has %v, agreed is %v", got, named)
	}
}

// TestEachRoleMayWhatItsRowSaysAndNothingElse goes through every role and every act,
// of somebody who has just proved who they are and works on the case.
func TestEachRoleMayWhatItsRowSaysAndNothingElse(t *testing.T) {
	now := time.Now()
	for _, one := range table(t) {
		for _, role := range access.Roles() {
			p := &access.Person{Agency: site, Code: "worker-1", Roles: []access.Role{role}, Proved: now}
			want := access.NotYourRole
			if slices.Contains(one.roles, role) {
				want = access.Allowed
			}
			if got := access.May(p, site, one.act, &access.Case{Assigned: []string{"worker-1"}}, now); got != want {
				t.Errorf("%s: a %s is %s, want %s", one.act, role, got, want)
			}
		}
	}
}

func TestOnlyWhoIsAssignedAndTheDutyLeadOpenACase(t *testing.T) {
	now := time.Now()
	others := &access.Case{Assigned: []string{"worker-2"}}
	for _, one := range table(t) {
		if !one.assigned {
			continue
		}
		for _, role := range one.roles {
			want := access.NotAssigned
			if role == access.DutyLead || role == access.DPO {
				want = access.Allowed
			}
			p := &access.Person{Agency: site, Code: "worker-1", Roles: []access.Role{role}, Proved: now}
			for name, of := range map[string]*access.Case{"somebody else's": others, "nobody's": {}} {
				if got := access.May(p, site, one.act, of, now); got != want {
					t.Errorf("%s of %s case: a %s is %s, want %s", one.act, name, role, got, want)
				}
			}
		}
	}
}

func TestWhatIsDeniedByDefault(t *testing.T) {
	now := time.Now()
	lead := func(change func(*access.Person)) *access.Person {
		p := &access.Person{Agency: site, Code: "lead-1", Roles: []access.Role{access.DutyLead}, Proved: now}
		change(p)
		return p
	}
	same := func(*access.Person) {}
	for name, c := range map[string]struct {
		who  *access.Person
		act  access.Act
		want access.Verdict
	}{
		"nobody":                     {nil, access.SeeInbox, access.NotSignedIn},
		"somebody without a code":    {lead(func(p *access.Person) { p.Code = "" }), access.SeeInbox, access.NotSignedIn},
		"another agency's":           {lead(func(p *access.Person) { p.Agency = "hill-shelter" }), access.SeeInbox, access.OtherAgency},
		"somebody without a role":    {lead(func(p *access.Person) { p.Roles = nil }), access.OwnSettings, access.NotYourRole},
		"a role that there is not":   {lead(func(p *access.Person) { p.Roles = []access.Role{"admin"} }), access.SeeInbox, access.NotYourRole},
		"an act that there is not":   {lead(same), "everything", access.NoRowForThis},
		"a lead who proved long ago": {lead(func(p *access.Person) { p.Proved = now.Add(-access.Fresh - time.Second) }), access.OpenSealed, access.ProveAgain},
		"a lead who never proved":    {lead(func(p *access.Person) { p.Proved = time.Time{} }), access.OpenSealed, access.ProveAgain},
		"a lead who just proved":     {lead(func(p *access.Person) { p.Proved = now.Add(-access.Fresh) }), access.OpenSealed, access.Allowed},
	} {
		if got := access.May(c.who, site, c.act, &access.Case{}, now); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}
