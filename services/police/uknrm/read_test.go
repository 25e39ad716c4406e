package uknrm

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/services/agency"
)

// payload builds a form; members are given as name, value, name, value ...
func payload(t testing.TB, members ...string) []byte {
	t.Helper()
	all := map[string]string{"Type": referral, "ExternalId": "3b2f6a8e-0009"}
	for i := 0; i < len(members); i += 2 {
		all[members[i]] = members[i+1]
	}
	body, err := json.Marshal(all, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func filed(t testing.TB, members ...string) agency.Filing {
	t.Helper()
	filing, err := Read(payload(t, members...))
	if err != nil {
		t.Fatal(err)
	}
	return filing
}

func kinds(filing agency.Filing) []agency.TaskKind {
	var all []agency.TaskKind
	for _, q := range filing.Tasks {
		all = append(all, q.Kind)
	}
	return all
}

func TestAReferralAsksForWhatTheFormDoesNotEstablish(t *testing.T) {
	filing := filed(t, "AdultOrChild", "Adult", "NeedSupport", "Yes", "Country", "ENG", "Customer.Custom14", "Romanian", "Customer.Custom17", "Female")
	want := []agency.TaskKind{agency.InformRights, agency.AssessRisk, agency.AskConsent, agency.ChooseProvider}
	if got := kinds(filing); !slices.Equal(got, want) {
		t.Errorf("tasks %v, want %v", got, want)
	}
	hints := filing.Tasks[3].Hints
	if filing.Age != events.Adult || hints.Region != "GB-ENG" || hints.Language != "ron" || hints.Sex != "woman" || filing.Notify {
		t.Errorf("%+v", filing)
	}
}

// A need is a fact that somebody signs: a form that names none suggests none.
func TestNeedsAreSuggestedOnlyAsTheFormSaysThem(t *testing.T) {
	suggested := func(members ...string) events.Set[events.Need] {
		filing := filed(t, append([]string{"AdultOrChild", "Adult", "NeedSupport", "Yes"}, members...)...)
		return filing.Tasks[len(filing.Tasks)-1].Hints.Needs
	}
	if got := suggested(); got != nil {
		t.Errorf("a form that asks for support is read as %v", got)
	}
	if got := suggested("Customer.Custom13", "Yes"); !slices.Equal(got, events.Set[events.Need]{"interpretation"}) {
		t.Errorf("a form that asks for an interpreter is read as %v", got)
	}
}

func TestNoNeedForSupportRequestsNoShelter(t *testing.T) {
	if got := kinds(filed(t, "AdultOrChild", "Adult", "NeedSupport", "No")); !slices.Equal(got, []agency.TaskKind{agency.InformRights, agency.AssessRisk}) {
		t.Errorf("tasks %v", got)
	}
}

func TestDoubtAboutAgeMeansChild(t *testing.T) {
	for _, said := range []string{"Unknown", "", "about twenty"} {
		filing := filed(t, "AdultOrChild", said)
		if filing.Age != events.Unsure || !slices.Contains(kinds(filing), agency.TellChildProtection) {
			t.Errorf("%q: %v %v", said, filing.Age, kinds(filing))
		}
	}
	if filing := filed(t, "AdultOrChild", "Child"); filing.Age != events.Child || !slices.Contains(kinds(filing), agency.TellChildProtection) {
		t.Errorf("a child: %v %v", filing.Age, kinds(filing))
	}
}

func TestNationalityAndExploitationAreSealedNotFacts(t *testing.T) {
	filing := filed(t, "Customer.Nationality", "Inventedlander", "ComponentForcedCrime", "Yes", "ComponentDomesticServitude", "an invented story",
		"CIDReference", "A1", "PVFamily", "a sister", "Customer.Forename1", "Robin")
	for section, want := range map[events.Section]string{
		events.SectionStatistics: `{"forced_crime":"Yes","nationality":"Inventedlander"}`,
		events.SectionTestimony:  `{"domestic_servitude":"an invented story","family":"a sister"}`,
		events.SectionTravel:     `{"home_office_reference":"A1"}`,
		events.SectionIdentity:   `{"first_name":"Robin"}`,
	} {
		if got := string(filing.Sections[section]); got != want {
			t.Errorf("%s: %s, want %s", section, got, want)
		}
	}
}

func TestADutyToNotifyIsAnonymousAndSaysWhatItDropped(t *testing.T) {
	filing := filed(t, "Type", dutyToNotify, "AdultOrChild", "Child", "Country", "SCT", "PVBirthplace", "Inventedville", "PVFamily", "a sister",
		"Customer.Forename1", "Robin", "Agent.Name", "Officer", "ReasonForMakingReferral", "because", "PVEducation", "")
	if !filing.Notify || len(filing.Sections) != 0 || len(filing.Tasks) != 0 || filing.Age != events.Child || filing.Region != "GB-SCT" {
		t.Errorf("%+v", filing)
	}
	var names []string
	for _, d := range filing.Dropped {
		names = append(names, d.Field)
	}
	if want := []string{"Agent.Name", "Customer.Forename1", "PVBirthplace", "PVFamily", "ReasonForMakingReferral"}; !slices.Equal(names, want) {
		t.Errorf("dropped %v, want %v", names, want)
	}
}

func TestWhatTheFormDoesNotHaveIsCountedNotNamed(t *testing.T) {
	filing := filed(t, "A secret in a name", "x", "Agent.my secret", "y")
	if filing.Unknown != 2 || len(filing.Dropped) != 0 {
		t.Errorf("%d unknown, dropped %v", filing.Unknown, filing.Dropped)
	}
}

func TestMalformedFormsAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		body    string
		pointer string
	}{
		"no object":        {`[]`, ""},
		"null":             {`null`, ""},
		"a member twice":   {`{"Type":"560734","Type":"662265","ExternalId":"a"}`, ""},
		"trailing":         {`{"Type":"560734","ExternalId":"a"} {}`, ""},
		"not UTF-8":        {"{\"Type\":\"560734\",\"ExternalId\":\"a\",\"PVFamily\":\"\xff\"}", ""},
		"no id":            {`{"Type":"560734"}`, "/ExternalId"},
		"a free id":        {`{"Type":"560734","ExternalId":"Robin Person"}`, "/ExternalId"},
		"another type":     {`{"Type":"1","ExternalId":"a"}`, "/Type"},
		"a number":         {`{"Type":"560734","ExternalId":"a","PVFamily":1}`, "/PVFamily"},
		"NUL":              {`{"Type":"560734","ExternalId":"a","PVFamily":"\u0000"}`, "/PVFamily"},
		"says two things":  {`{"Type":"560734","ExternalId":"a","NRMOrDuty":"Duty"}`, "/NRMOrDuty"},
		"too long a value": {`{"Type":"560734","ExternalId":"a","PVFamily":"` + strings.Repeat("x", maxValue+1) + `"}`, "/PVFamily"},
	} {
		var v *events.Violation
		if _, err := Read([]byte(c.body)); !errors.As(err, &v) || v.Pointer != c.pointer {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOrderOfMembersMakesNoOtherForm(t *testing.T) {
	one, err := Read([]byte(`{"Type":"560734","ExternalId":"a","PVFamily":"b"}`))
	if err != nil {
		t.Fatal(err)
	}
	two, err := Read([]byte(` {"PVFamily":"b", "ExternalId":"a","Type":"560734"} `))
	if err != nil {
		t.Fatal(err)
	}
	if string(one.Content) != string(two.Content) {
		t.Error("the same form in another order is another form")
	}
}

// everyMember lists all that the tables know.
func everyMember() []string {
	members := []string{"LocalAuthority", "City1", "City10", "Country3", "Region2", "ExploitationOverseasRegion", "ExploitationOverseasRegion7", "Agent.Name", "CaseContactEmail.Police_force"}
	for _, table := range []func() (events.Section, map[string]string){identity, contact, needs, risk, statistics, travel, testimony} {
		_, names := table()
		members = slices.AppendSeq(members, maps.Keys(names))
	}
	return members
}

// FuzzUKForm: no panic, and no free text ever leaves the sections: not in the
// codes, the names, the errors, and of a duty to notify not at all.
func FuzzUKForm(f *testing.F) {
	const marker = "m4rker-of-a-person"
	for i, member := range everyMember() {
		f.Add(payload(f, member, marker, "AdultOrChild", []string{"Adult", "Child", marker}[i%3]), i%2 == 0)
	}
	f.Add([]byte(`{"Type":"560734","ExternalId":"`+marker+`!","`+marker+`":"x"}`), false)
	f.Fuzz(func(t *testing.T, body []byte, duty bool) {
		if duty {
			body = []byte(strings.ReplaceAll(string(body), referral, dutyToNotify))
		}
		filing, err := Read(body)
		if err != nil {
			var v *events.Violation
			if !errors.As(err, &v) {
				t.Fatalf("an error that is no violation: %v", err)
			}
			if strings.Contains(v.Error(), marker) {
				t.Fatalf("an error repeats the form: %v", err)
			}
			return
		}
		if filing.Notify && len(filing.Sections) != 0 {
			t.Fatal("a duty to notify keeps personal data")
		}
		if filing.Name == marker { // the sender's own id is compared by keyed digest only
			filing.Name = ""
		}
		told, err := json.Marshal([]any{filing.Age, filing.Region, filing.Tasks, filing.Dropped, filing.Unknown})
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(told), marker) {
			t.Fatalf("what is told or said repeats the form: %s", told)
		}
		for _, d := range filing.Dropped {
			if !plain(d.Field) || !known(d.Field) {
				t.Fatalf("a name from outside is told: %q", d.Field)
			}
		}
	})
}
