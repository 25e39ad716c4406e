package hsds

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/events"
)

// night is 02:40 on a Tuesday in a country two hours ahead of UTC.
func night() time.Time {
	return time.Date(2026, 11, 24, 2, 40, 0, 0, time.FixedZone("", 2*60*60))
}

// record is a small service; extra members are given as name, JSON, name, JSON ...
func record(t testing.TB, members ...string) []byte {
	t.Helper()
	all := map[string]jsontext.Value{"id": jsontext.Value(`"s1"`), "status": jsontext.Value(`"active"`)}
	for i := 0; i < len(members); i += 2 {
		all[members[i]] = jsontext.Value(members[i+1])
	}
	body, err := json.Marshal(all, json.Deterministic(true))
	if err != nil {
		t.Fatal(err)
	}
	return body
}

func proposed(t testing.TB, members ...string) Proposal {
	t.Helper()
	all, err := Read(record(t, members...), night())
	if err != nil {
		t.Fatal(err)
	}
	return all[0]
}

// asks lists the fields asked about, the required ones with a mark.
func asks(p Proposal) string {
	var fields []string
	for _, q := range p.Questions {
		if q.Required {
			fields = append(fields, q.Field+"!")
		} else {
			fields = append(fields, q.Field)
		}
	}
	slices.Sort(fields)
	return strings.Join(slices.Compact(fields), " ")
}

func TestAnInventedShelterIsReadAndAskedOnlyWhatHSDSCannotSay(t *testing.T) {
	all, err := Read(Example(), night())
	if err != nil || len(all) != 1 {
		t.Fatalf("%d proposals, %v", len(all), err)
	}
	p := all[0]
	want := Answers{
		Needs: events.Set[events.Need]{"counselling", "emergency-shelter"}, Ages: events.Set[events.AgeClass]{events.Adult},
		Access: events.Set[events.Access]{"step-free"}, Languages: events.Set[events.Language]{"eng", "lit"},
		Hours: events.Set[events.Hours]{"daily 00:00-24:00"}, Places: events.SomePlaces, Region: "LT-VL",
	}
	if !reflect.DeepEqual(p.Capacity, want) {
		t.Errorf("proposed %+v, want %+v", p.Capacity, want)
	}
	if asks(p) != "children! sexes!" || p.Unknown != 1 || !p.Active || p.ID != "00000000-0000-4000-8000-00000000a001" {
		t.Errorf("asks %q, %d unknown, active %v, id %q", asks(p), p.Unknown, p.Active, p.ID)
	}
	for _, field := range []string{"service.name", "service.phones", "service.email", "service.contacts", "service.organization", "address.address_1", "address.city", "location.latitude", "service_capacity.maximum"} {
		if !slices.ContainsFunc(p.Dropped, func(d Dropped) bool { return d.Field == field && d.Why != "" }) {
			t.Errorf("%s is kept, or dropped without a word", field)
		}
	}
	told, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"Lighthouse", "Robin", "+00", "example", "Invented", "Sampletown", "00000\"", "12", "house_rules"} {
		if strings.Contains(string(told), secret) {
			t.Errorf("%q is kept", secret)
		}
	}
}

func TestTheProviderAnswersTheRest(t *testing.T) {
	all, err := Read(Example(), night())
	if err != nil {
		t.Fatal(err)
	}
	now := events.At(night())
	said, three := events.Said{Happened: now, Recorded: now, Channel: events.System}, 3
	for field, given := range map[string]Answers{
		"/sexes":    {Children: &three},
		"/children": {Sexes: events.Set[events.Sex]{"woman"}},
	} {
		var v *events.Violation
		if _, err := all[0].Complete(given, said); !errors.As(err, &v) || v.Pointer != field {
			t.Errorf("without %s: %v", field, err)
		}
	}
	given := Answers{Sexes: events.Set[events.Sex]{"woman"}, Children: &three, Places: events.FewPlaces}
	c, err := all[0].Complete(given, said)
	if err != nil {
		t.Fatal(err)
	}
	if c.Children != 3 || c.Places != events.FewPlaces || c.Region != "LT-VL" || !c.Staffed(night()) || c.Type() != events.TypeCapacityPublished {
		t.Errorf("%+v", c)
	}
	given.Sexes = events.Set[events.Sex]{"everybody"}
	if _, err := all[0].Complete(given, said); err == nil {
		t.Error("a sex outside the closed list was published")
	}
	all[0].Active = false
	if _, err := all[0].Complete(given, said); err == nil {
		t.Error("a service that is closed was published")
	}
}

func TestAnEmptyRecordEstablishesNothing(t *testing.T) {
	p := proposed(t)
	if !reflect.DeepEqual(p.Capacity, Answers{}) || asks(p) != "access ages! children! hours! languages needs! places! region sexes!" {
		t.Errorf("proposed %+v, asks %q", p.Capacity, asks(p))
	}
}

func TestAPageAListAndOneServiceAreTheSame(t *testing.T) {
	one := string(record(t, "minimum_age", "18"))
	for name, body := range map[string]string{"one": one, "list": " [" + one + "," + one + "]", "page": `{"total_items":2,"contents":[` + one + `]}`} {
		all, err := Read([]byte(body), night())
		if err != nil || !slices.Equal(all[len(all)-1].Capacity.Ages, events.Set[events.AgeClass]{events.Adult}) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAgesThatCoverNoWholeClassAreAsked(t *testing.T) {
	for _, c := range []struct {
		from, until string
		want        events.Set[events.AgeClass]
	}{
		{"18", "", events.Set[events.AgeClass]{events.Adult}},
		{"18", "100", events.Set[events.AgeClass]{events.Adult}},
		{"0", "", events.Set[events.AgeClass]{events.Adult, events.Child}},
		{"0", "17", events.Set[events.AgeClass]{events.Child}},
		{"12", "100", nil},
		{"18", "25", nil},
		{"", "17", nil},
		{"21", "", nil},
	} {
		var members []string
		if c.from != "" {
			members = append(members, "minimum_age", c.from)
		}
		if c.until != "" {
			members = append(members, "maximum_age", c.until)
		}
		p := proposed(t, members...)
		if !slices.Equal(p.Capacity.Ages, c.want) || strings.Contains(asks(p), "ages!") != (c.want == nil) {
			t.Errorf("from %q to %q: %v, asks %q", c.from, c.until, p.Capacity.Ages, asks(p))
		}
	}
}

func TestBedsAreNoneFewOrSomeWhileTheyAreFresh(t *testing.T) {
	for _, c := range []struct {
		capacities string
		want       events.Places
	}{
		{`[{"unit":{"name":"Bed"},"available":0,"updated":"2026-11-24T00:00:00Z"}]`, events.NoPlaces},
		{`[{"unit":{"name":"beds"},"available":3,"updated":"2026-11-24T00:00:00Z"}]`, events.FewPlaces},
		{`[{"unit":{"name":"Bed space"},"available":4,"updated":"2026-11-24T00:00:00Z"},{"unit":{"name":"Hours"},"available":0,"updated":"2026-11-24T00:00:00Z"}]`, events.SomePlaces},
		{`[{"unit":{"name":"Bed"},"available":4,"updated":"2026-11-20T00:00:00Z"}]`, ""},
		{`[{"unit":{"name":"Bed"},"available":4,"updated":"2027-11-20T00:00:00Z"}]`, ""},
		{`[{"unit":{"name":"Bed"},"available":4}]`, ""},
		{`[{"unit":{"name":"Kilogram"},"available":4,"updated":"2026-11-24T00:00:00Z"}]`, ""},
		{`[{"unit":{"name":"Bed"},"available":4,"updated":"2026-11-24T00:00:00Z"},{"unit":{"name":"Bed"},"available":0,"updated":"2026-11-24T00:00:00Z"}]`, ""},
	} {
		p := proposed(t, "capacities", c.capacities)
		if p.Capacity.Places != c.want || strings.Contains(asks(p), "places!") != (c.want == "") {
			t.Errorf("%s: %q, asks %q", c.capacities, p.Capacity.Places, asks(p))
		}
	}
}

func TestOnlyTermsOfAKnownTaxonomyAreNeeds(t *testing.T) {
	term := func(members string) string { return `[{"taxonomy_term":{` + members + `}}]` }
	for _, c := range []struct {
		attributes string
		want       events.Set[events.Need]
	}{
		{term(`"name":"Advocacy & Legal Aid","taxonomy_detail":{"name":"Open Eligibility Taxonomy"}`), events.Set[events.Need]{"legal-aid"}},
		{term(`"name":"x","code":"human_services:housing:residential_housing:safe_housing"`), events.Set[events.Need]{"safe-accommodation"}},
		{term(`"name":"A lawyer","code":"legal-aid","taxonomy_detail":{"uri":"urn:handrail:needs"}`), events.Set[events.Need]{"legal-aid"}},
		{term(`"name":"A lawyer","code":"lawyer","taxonomy":"urn:handrail:needs"`), nil},
		{term(`"name":"Emergency Shelter","taxonomy":"An invented taxonomy"`), nil},
		{term(`"name":"Citizenship & Immigration","taxonomy":"http://openeligibility.org"`), nil},
		{`[{"value":"Emergency Shelter"}]`, nil},
	} {
		p := proposed(t, "attributes", c.attributes)
		if !slices.Equal(p.Capacity.Needs, c.want) || strings.Contains(asks(p), "needs!") != (c.want == nil) {
			t.Errorf("%s: %v, asks %q", c.attributes, p.Capacity.Needs, asks(p))
		}
	}
}

func TestWhatNotEveryLocationHasIsNotClaimed(t *testing.T) {
	at := func(language, access, region string) string {
		return `{"location":{"languages":[{"code":"` + language + `"}],"accessibility":[{"description":"` + access + `"}],
			"addresses":[{"address_type":"postal","country":"LT","state_province":"KL"},{"address_type":"physical","country":"LT","state_province":"` + region + `"}]}}`
	}
	p := proposed(t, "languages", `[{"code":"LT"},{"code":"klingon"}]`, "service_at_locations", "["+at("ru", "Wheelchair", "VL")+","+at("ru", "step-free access", "LT-VL")+"]")
	if !slices.Equal(p.Capacity.Languages, events.Set[events.Language]{"lit", "rus"}) || !slices.Equal(p.Capacity.Access, events.Set[events.Access]{"step-free"}) || p.Capacity.Region != "LT-VL" {
		t.Errorf("%+v", p.Capacity)
	}
	p = proposed(t, "service_at_locations", "["+at("ru", "A ramp behind the house", "VL")+","+at("pl", "Wheelchair", "KL")+"]")
	if p.Capacity.Languages != nil || p.Capacity.Access != nil || p.Capacity.Region != "" {
		t.Errorf("claimed although one location has it not: %+v", p.Capacity)
	}
}

func TestMalformedRecordsAreRefusedByPlace(t *testing.T) {
	long := `"` + strings.Repeat("x", maxText+1) + `"`
	for name, c := range map[string]struct{ body, pointer string }{
		"no JSON":           {`service`, ""},
		"empty":             {``, ""},
		"a number":          {`1`, ""},
		"no services":       {`[]`, ""},
		"an empty page":     {`{"contents":[]}`, "/contents"},
		"no list in a page": {`{"contents":{}}`, "/contents"},
		"a member twice":    {`{"id":"a","id":"b","status":"active"}`, ""},
		"trailing":          {`{"id":"a","status":"active"} {}`, ""},
		"not UTF-8":         {"{\"id\":\"\xff\",\"status\":\"active\"}", ""},
		"no id":             {`{"status":"active"}`, "/id"},
		"a free id":         {`{"id":"Robin Person","status":"active"}`, "/id"},
		"no status":         {`{"id":"a"}`, "/status"},
		"another status":    {`[{"id":"a","status":"perhaps"}]`, "/0/status"},
		"a text for an age": {`{"contents":[{"id":"a","status":"active","minimum_age":"18"}]}`, "/contents/0/minimum_age"},
		"a list of texts":   {`{"id":"a","status":"active","languages":["lt"]}`, "/languages/0"},
		"no list":           {`{"id":"a","status":"active","languages":{}}`, "/languages"},
		"too long":          {`{"id":"a","status":"active","languages":[{"code":` + long + `}]}`, "/languages/0/code"},
		"NUL":               {`{"id":"a","status":"active","languages":[{"code":"\u0000"}]}`, "/languages/0/code"},
		"no date":           {`{"id":"a","status":"active","schedules":[{"valid_to":"soon"}]}`, "/schedules/0/valid_to"},
		"no time":           {`{"id":"a","status":"active","schedules":[{"opens_at":"25:00"}]}`, "/schedules/0/opens_at"},
		"past midnight":     {`{"id":"a","status":"active","schedules":[{"opens_at":"24:30"}]}`, "/schedules/0/opens_at"},
		"no instant":        {`{"id":"a","status":"active","capacities":[{"unit":{"name":"bed"},"updated":"now"}]}`, "/capacities/0/updated"},
		"a location's list": {`{"id":"a","status":"active","service_at_locations":[{"location":[]}]}`, "/service_at_locations/0/location"},
	} {
		var v *events.Violation
		if _, err := Read([]byte(c.body), night()); !errors.As(err, &v) || v.Pointer != c.pointer {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Read(make([]byte, MaxBytes+1), night()); err == nil {
		t.Error("a record without end is read")
	}
}

func TestTheTablesNameOnlyWhatTheClosedListsHave(t *testing.T) {
	for term, need := range openEligibility() {
		if !slices.Contains(need.Codes(), string(need)) || plain(term) != term {
			t.Errorf("%q maps to %q", term, need)
		}
	}
	for _, words := range []string{"Wheelchair", "deaf_interpreter", "tape_braille", "Service animals"} {
		if a := accessOf(words); !slices.Contains(a.Codes(), string(a)) {
			t.Errorf("%q maps to %q", words, a)
		}
	}
}
