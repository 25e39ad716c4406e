package uknrm

import (
	"slices"
	"strconv"
	"strings"

	"handrail/events"
)

// place is where a member of the form goes. Without a section it is read for
// its code only, or dropped for the reason that why gives.
type place struct {
	section events.Section
	name    string // in the section
	flag    bool   // Yes or No
	why     string
}

// Why a member is not kept.
const (
	whyStaff     = "staff appear as role and code only"
	whyAuthority = "other authorities are in the directory"
	whyAnonymous = "a duty to notify is anonymous: nothing about the person is kept"
	whyLeak      = "the form copies this although the person did not agree; a duty to notify is anonymous"
)

// read lists the members of which only a code is taken.
func read() []string {
	return []string{
		"Type", "ExternalId", "AdultOrChild", "NRMOrDuty", "Case.Jurisdiction", "Customer.Judrisdiction", "Jurisdiction", "Country", "CountryLabel",
	}
}

// leaks lists what the form copies into a duty to notify.
func leaks() []string {
	return []string{"PVBirthplace", "PVFamily", "PVEducation", "PVEmploymentHistory"}
}

func known(member string) bool {
	p := placeOf(member)
	return p.section != "" || p.why != "" || slices.Contains(read(), member)
}

// placeOf is the form's table: every member that versions of the form have.
func placeOf(member string) place {
	for _, prefix := range []string{"Agent.", "CaseContact", "AlternateFREmail", "LAFirstName", "LALastName", "LAPhone", "LAEmail"} {
		if strings.HasPrefix(member, prefix) && plain(member) {
			return place{why: whyStaff}
		}
	}
	if member == "LocalAuthority" {
		return place{why: whyAuthority}
	}
	for _, table := range []func() (events.Section, map[string]string){identity, contact, needs, risk, statistics, travel, testimony} {
		section, names := table()
		if name, ok := names[member]; ok {
			return place{section: section, name: name, flag: section == events.SectionStatistics && strings.HasPrefix(member, "Component")}
		}
	}
	for _, numbered := range []string{"City", "Country", "Region", "ExploitationOverseasRegion"} {
		digits, found := strings.CutPrefix(member, numbered)
		if n, err := strconv.Atoi(digits); found && (digits == "" && numbered == "ExploitationOverseasRegion" || err == nil && n >= 1 && n <= 10 && strconv.Itoa(n) == digits) {
			return place{section: events.SectionTestimony, name: "exploited_in_" + strings.ToLower(member)}
		}
	}
	return place{}
}

// plain says whether a member's name is one that may be told to the sender.
func plain(member string) bool {
	return len(member) <= 64 && strings.Trim(member, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._") == ""
}

func identity() (events.Section, map[string]string) {
	return events.SectionIdentity, map[string]string{
		"Customer.Forename1": "first_name", "Customer.FirstName": "first_name_given", "Customer.Surname": "last_name", "Customer.Alias": "also_called",
		"Customer.DOB": "date_of_birth", "Customer.Custom7": "date_of_birth_known", "Customer.Custom17": "gender", "Customer.Gender": "gender_given",
	}
}

func contact() (events.Section, map[string]string) {
	return events.SectionContact, map[string]string{
		"Customer.Address": "street", "Customer.Town": "town", "Customer.County": "county", "Customer.Postcode": "postcode",
		"Customer.Email": "email", "Customer.Phone": "phone", "Customer.Mobile": "mobile", "Customer.ContactMethod": "reach_by", "Customer.ContactTime": "reach_at",
		"SafeToEmail": "safe_to_email", "SafeToPostal": "safe_to_post", "SafeToCall": "safe_to_call",
		"HowToNotify": "notify_by", "HowToNotfy": "notify_by_given", "WhoToSendDecisionTo": "send_decision_to",
		"PVCurrentCityTown": "now_in_town", "PVCurrentCounty": "now_in_county",
	}
}

func needs() (events.Section, map[string]string) {
	return events.SectionNeeds, map[string]string{
		"NeedSupport": "wants_support", "Customer.Custom13": "needs_interpreter", "Customer.Custom14": "language",
		"Customer.Custom15": "needs_help_to_communicate", "Customer.Custom16": "help_to_communicate",
		"Customer.Custom9": "has_children", "Customer.Custom10": "number_of_children",
	}
}

// risk is coded answers only. Who the suspects are and where stays in
// testimony: a shelter gets no more than a warning (domain rule 5).
func risk() (events.Section, map[string]string) {
	return events.SectionRisk, map[string]string{
		"ConcernsOfFurtherExploitationToPV": "further_exploitation_feared", "ExploitersInUK": "exploiters_in_country",
		"PVExploitersLastContact": "last_contact_with_exploiters", "StillInExploitativeSituation": "still_exploited",
	}
}

func statistics() (events.Section, map[string]string) {
	return events.SectionStatistics, map[string]string{
		"Customer.Nationality": "nationality", "Customer.Custom11": "second_nationality", "ExploitationLocationPresented": "exploited_where",
		"AdultOrChildDuringExploitation":  "age_when_exploited",
		"ComponentForcedToWorkForNothing": "forced_work", "ComponentWagesTaken": "wages_taken", "ComponentFraud": "forced_fraud",
		"ComponentProstitution": "prostitution", "ComponentChildExploitation": "child_exploitation", "ComponentSexuallyassaulted": "taken_somewhere",
		"ComponentForcedCrime": "forced_crime", "ComponentOrgansRemoved": "organs_removed", "ComponentDomesticServitude": "domestic_servitude",
		"ComponentOther": "other_exploitation",
	}
}

// travel holds what concerns residence: it never goes from the police to a
// helper (domain rule 5).
func travel() (events.Section, map[string]string) {
	return events.SectionTravel, map[string]string{
		"CIDReference": "home_office_reference", "HORefType": "home_office_reference_type", "Customer.AlternativeId2": "passport", "Customer.Custom12": "address_country",
	}
}
