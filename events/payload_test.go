package events_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"handrail/events"
)

func TestEveryTypeReadsWhatItWrites(t *testing.T) {
	for _, of := range events.Types() {
		t.Run(of.Name(), func(t *testing.T) {
			if of.Sealed() {
				_, err := events.Decode(of, []byte("{}"))
				refused(t, err, events.RuleTypeUnknown, "attribute type")
				return
			}
			p, err := events.Decode(of, []byte(examples()[of]))
			must(t, err)
			if p.Type() != of || events.New(of).Type() != of {
				t.Error("the payload belongs to another type")
			}
			again, err := events.Encode(p)
			must(t, err)
			if string(again) != examples()[of] {
				t.Errorf("read and written again it is\n%s, not\n%s", again, examples()[of])
			}
		})
	}
}

// Every member of every payload, taken away in turn: the required ones are
// missed by name, and exactly those documented as optional are not.
func TestRequiredMembersAreRequired(t *testing.T) {
	optional := []string{
		"case.opened/for", "consent.given/child_view", "referral.requested/order", "referral.acknowledged/duty", "referral.escalated/urgency",
		"capacity.published/children", "capacity.published/access", "capacity.published/languages", "capacity.published/region",
		"risk.assessed/safety", "consent.given/recipient/class", "consent.given/recipient/except", "consent.refused/recipient/agency",
		"consent.withdrawn/recipient/class", "consent.withdrawn/recipient/except", "consent.withdrawn/purpose", "notice.sent/region",
		"referral.requested/region", "referral.requested/sex", "referral.requested/children", "referral.requested/children/0-8", "referral.requested/children/9-17",
		"referral.requested/language", "referral.requested/access", "referral.requested/safety",
		"erasure.confirmed/ground", "erasure.confirmed/until", "control.inbox-position/resume", "control.inbox-position/again",
		"control.checkpoint-offered/proof", "control.checkpoint-cosigned/checkpoint", "control.checkpoint-cosigned/finding",
		"directory.founded/agencies/0/witness", "directory.founded/agencies/1/witness", "trail.read/case", "trail.read/approved", "witness.reset/lost",
		"directory.joined/listing/witness", "directory.keyed/listing/witness",
	}
	for of, example := range examples() {
		var whole any
		must(t, json.Unmarshal([]byte(example), &whole))
		for pointer, data := range withoutEach(t, whole, "") {
			_, err := events.Decode(of, data)
			if slices.Contains(optional, of.Name()+pointer) {
				if err != nil && strings.Contains(err.Error(), "required") {
					t.Errorf("%s%s is optional: %v", of.Name(), pointer, err)
				}
				continue
			}
			refused(t, err, events.RuleDataMalformed, pointer)
		}
	}
}

// withoutEach gives the JSON of whole without each of its members in turn.
func withoutEach(t *testing.T, whole any, at string) map[string][]byte {
	t.Helper()
	found := map[string][]byte{}
	encode := func() []byte {
		data, err := json.Marshal(whole)
		must(t, err)
		return data
	}
	var walk func(value any, at string)
	walk = func(value any, at string) {
		switch value := value.(type) {
		case []any:
			for i := range value {
				walk(value[i], fmt.Sprintf("%s/%d", at, i))
			}
		case map[string]any:
			for _, name := range slices.Collect(maps.Keys(value)) {
				walk(value[name], at+"/"+name)
				taken := value[name]
				delete(value, name)
				found[at+"/"+name] = encode()
				value[name] = taken
			}
		}
	}
	walk(whole, at)
	return found
}

func TestFactsAreReadStrictly(t *testing.T) {
	open := func(members string) string { return `{` + said + members + `}` }
	request := examples()[events.TypeReferralRequested]
	swap := func(old, new string) string { return strings.Replace(request, old, new, 1) }
	for _, c := range []struct {
		name    string
		of      events.Type
		data    string
		rule    events.Rule
		pointer string
	}{
		{"nothing", events.TypeCaseOpened, ``, events.RuleDataMalformed, ""},
		{"null", events.TypeCaseOpened, `null`, events.RuleDataMalformed, ""},
		{"null member", events.TypeCaseOpened, open(`,"age":null`), events.RuleDataMalformed, ""},
		{"an array", events.TypeCaseOpened, `["` + marker + `"]`, events.RuleDataMalformed, ""},
		{"unknown member", events.TypeCaseOpened, open(`,"age":"adult","` + marker + `":1`), events.RuleDataMalformed, ""},
		{"unknown member below", events.TypeReferralRequested, swap(`"0-8":1`, `"`+marker+`":1`), events.RuleDataMalformed, "/children"},
		{"repeated member", events.TypeCaseOpened, open(`,"age":"adult","age":"child"`), events.RuleDataMalformed, "/age"},
		{"repeated unknown member", events.TypeReferralRequested, swap(`["lighthouse-shelter"]`, `{"`+marker+`":1,"`+marker+`":2}`), events.RuleDataMalformed, "/to"},
		{"capitals", events.TypeCaseOpened, open(`,"Age":"adult"`), events.RuleDataMalformed, ""},
		{"trailing bytes", events.TypeCaseOpened, open(`,"age":"adult"`) + `{}`, events.RuleDataMalformed, ""},
		{"invalid UTF-8", events.TypeCaseOpened, open(`,"age":"` + "\xff" + `"`), events.RuleDataMalformed, "/age"},
		{"lone surrogate", events.TypeCaseOpened, open(`,"age":"\ud800"`), events.RuleDataMalformed, "/age"},
		{"NUL", events.TypeCaseOpened, open(`,"age":"\u0000"`), events.RuleDataMalformed, ""},
		{"byte order mark", events.TypeCaseOpened, "\ufeff" + open(`,"age":"adult"`), events.RuleDataMalformed, ""},
		{"nested", events.TypeCaseOpened, open(`,"age":` + strings.Repeat("[", 7) + strings.Repeat("]", 7)), events.RuleDataMalformed, ""},
		{"deeply nested", events.TypeCaseOpened, strings.Repeat("[", 60_000), events.RuleDataMalformed, ""},
		{"long number", events.TypeControlPosition, `{"position":12345678901234567}`, events.RuleDataMalformed, ""},
		{"fraction", events.TypeControlPosition, `{"position":1.5}`, events.RuleDataMalformed, "/position"},
		{"negative", events.TypeControlPosition, `{"position":-1}`, events.RuleDataMalformed, "/position"},
		{"number as text", events.TypeControlPosition, `{"position":"1"}`, events.RuleDataMalformed, "/position"},
		{"too large", events.TypeCaseOpened, open(`,"age":"adult"` + strings.Repeat(" ", 64<<10)), events.RuleEventTooLarge, ""},
		{"free text", events.TypeCaseOpened, open(`,"age":"` + marker + `"`), events.RuleDataCode, "/age"},
		{"empty code", events.TypeCaseOpened, open(`,"age":""`), events.RuleDataCode, "/age"},
		{"time with zone", events.TypeHandoverArranged, open(`,"planned":"2026-11-22T20:00:00+00:00"`), events.RuleDataCode, "/planned"},
		{"time with fraction", events.TypeHandoverArranged, open(`,"planned":"2026-11-22T20:00:00.0Z"`), events.RuleDataCode, "/planned"},
		{"no such day", events.TypeHandoverArranged, open(`,"planned":"2026-02-30T20:00:00Z"`), events.RuleDataCode, "/planned"},
		{"language", events.TypeRightsInformed, open(`,"language":"Romanian","interpreter":"none"`), events.RuleDataCode, "/language"},
		{"a name in a language's place", events.TypeRightsInformed, open(`,"language":"ann","interpreter":"none"`), events.RuleDataCode, "/language"},
		{"region", events.TypeReferralRequested, swap("GB-ENG", "12 High Street"), events.RuleDataCode, "/region"},
		{"a word in a region's place", events.TypeReferralRequested, swap("GB-ENG", "GB-ANN"), events.RuleDataCode, "/region"},
		{"a region finer than the first level", events.TypeReferralRequested, swap("GB-ENG", "GB-LND"), events.RuleDataCode, "/region"},
		{"a region of a country out of scope", events.TypeReferralRequested, swap("GB-ENG", "FR-75C"), events.RuleDataCode, "/region"},
		{"agency", events.TypeReferralRequested, swap("lighthouse-shelter", "Lighthouse Shelter"), events.RuleDataCode, "/to/0"},
		{"repeated in a list", events.TypeReferralRequested, swap(`["pursued"]`, `["pursued","pursued"]`), events.RuleDataRange, "/safety"},
		{"empty list", events.TypeReferralRequested, swap(`["pursued"]`, `[]`), events.RuleDataRange, "/safety"},
		{"long list", events.TypeReferralRequested, swap(`["pursued"]`, `["a`+strings.Repeat(`","a`, 32)+`"]`), events.RuleDataCode, "/safety/0"},
		{"too many children", events.TypeReferralRequested, swap(`"0-8":1`, `"0-8":21`), events.RuleDataRange, "/children"},
		{"an order of no list", events.TypeReferralRequested, swap(`"in-turn"`, `"`+marker+`"`), events.RuleDataCode, "/order"},
		{"a candidate's place in words", events.TypeReferralRequested, swap(`"in-turn"`, `1`), events.RuleDataMalformed, "/order"},
		{"a duty worker's name", events.TypeReferralAcknowledged, open(`,"duty":"` + marker + `"`), events.RuleDataCode, "/duty"},
		{"no duty worker", events.TypeReferralAcknowledged, open(`,"duty":""`), events.RuleDataCode, "/duty"},
		{"a provider's name", events.TypeReferralConfirmed, open(`,"provider":"` + marker + `"`), events.RuleDataCode, "/provider"},
		{"why somebody is not needed", events.TypeReferralNotNeeded, open(`,"to":"harbour-shelter","reason":"` + marker + `"`), events.RuleDataMalformed, ""},
		{"a step of no list", events.TypeReferralEscalated, open(`,"step":"minister","to":"a","because":"handover","call":"b"`), events.RuleDataCode, "/step"},
		{"a duty of no list", events.TypeDeadlineMissed, open(`,"duty":"tea","set":1,"owes":"a","due":"2026-11-22T09:30:00Z"`), events.RuleDataCode, "/duty"},
		{"an entry before the first", events.TypeDeadlineMissed, open(`,"duty":"handover","set":-1,"owes":"a","due":"2026-11-22T09:30:00Z"`), events.RuleDataMalformed, "/set"},
		{"who failed, by name", events.TypeDeadlineMissed, open(`,"duty":"handover","set":1,"owes":"a","due":"2026-11-22T09:30:00Z","staff":"duty-3"`), events.RuleDataMalformed, ""},
		{"a danger in words", events.TypeEmergencyDisclosed, open(`,"reason":"` + marker + `","to":"a","sections":["risk"],"staff":"duty-3"`), events.RuleDataCode, "/reason"},
		{"an emergency without sections", events.TypeEmergencyDisclosed, open(`,"reason":"life","to":"a","sections":[],"staff":"duty-3"`), events.RuleDataRange, "/sections"},
		{"an emergency of nobody", events.TypeEmergencyDisclosed, open(`,"reason":"life","to":"a","sections":["risk"],"staff":"` + marker + `"`), events.RuleDataCode, "/staff"},
		{"why the person was not told", events.TypeEmergencyConfirmed, open(`,"disclosure":"` + recordID + `","staff":"lead-1","person":"` + marker + `"`), events.RuleDataCode, "/person"},
		{"a link of no kind", events.TypeCaseLinked, open(`,"case":"` + linkedCase + `","for":"family"`), events.RuleDataCode, "/for"},
		{"a link to a person", events.TypeCaseLinked, open(`,"case":"` + marker + `","for":"consular"`), events.RuleDataCode, "/case"},
		{"an incident by its place", events.TypeIncidentLinked, open(`,"incident":"` + marker + `"`), events.RuleDataCode, "/incident"},
		{"a way back in words", events.TypeHelpDeclined, open(`,"way_back":"` + marker + `"`), events.RuleDataCode, "/way_back"},
		{"where the person was found", events.TypePersonFound, open(`,"region":"LT-VL"`), events.RuleDataMalformed, ""},
		{"why a mission is barred", events.TypeConsularBarred, open(`,"reason":"asylum"`), events.RuleDataMalformed, ""},
		{"what asylum is sought from", events.TypeAsylumSought, open(`,"country":"` + marker + `"`), events.RuleDataMalformed, ""},
		{"which nationality", events.TypeNationalityVerified, open(`,"nationality":"FRL"`), events.RuleDataMalformed, ""},
		{"a view in words", events.TypeConsentGiven, strings.Replace(examples()[events.TypeConsentGiven], `"agrees"`, `"`+marker+`"`, 1), events.RuleDataCode, "/child_view"},
		{"an outcome of no list", events.TypeReturnRiskAssessed, open(`,"outcome":"unclear"`), events.RuleDataCode, "/outcome"},
		{"a return agreed by a mission", events.TypeReturnAgreed, open(`,"by":"mission"`), events.RuleDataCode, "/by"},
		{"record id", events.TypeRecordDisputed, open(`,"record":"` + strings.ToUpper(recordID) + `"`), events.RuleDataCode, "/record"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := events.Decode(c.of, []byte(c.data))
			refused(t, err, c.rule, c.pointer)
		})
	}
}

func TestWhatOneMemberSaysOfAnother(t *testing.T) {
	consent, kept := examples()[events.TypeConsentGiven], examples()[events.TypeErasureConfirmed]
	genesis, listed, capacity := examples()[events.TypeDirectoryFounded], examples()[events.TypeDirectoryListed], examples()[events.TypeCapacityPublished]
	first := genesis[strings.Index(genesis, `[`)+1 : strings.Index(genesis, `},{`)+1]
	auditor := strings.ReplaceAll(strings.Replace(first, `"police"`, `"auditor"`, 1), "sampletown-police", "sampleland-audit")
	joined, keyed := examples()[events.TypeDirectoryJoined], examples()[events.TypeDirectoryKeyed]
	read, position, cosigned := examples()[events.TypeTrailRead], examples()[events.TypeControlPosition], examples()[events.TypeControlCosigned]
	proof := base64.StdEncoding.EncodeToString(make([]byte, 64))
	var vouchers []string
	for n := range 8 {
		vouchers = append(vouchers, fmt.Sprintf(`{"agency":"shelter-%d","key":"%s","signature":"%s"}`, n, hashed, proof))
	}
	crowd := strings.Join(vouchers, ",")
	for _, c := range []struct {
		name          string
		of            events.Type
		data, old, to string
		rule          events.Rule
		pointer       string
	}{
		{"nobody", events.TypeConsentGiven, consent, `"class":"shelter","except":["other-shelter"]`, ``, events.RuleDataRange, "/recipient"},
		{"agency and class", events.TypeConsentGiven, consent, `"class"`, `"agency":"a","class"`, events.RuleDataRange, "/recipient"},
		{"exception of one", events.TypeConsentGiven, consent, `"class":"shelter"`, `"agency":"a"`, events.RuleDataRange, "/recipient/except"},
		{"expired when given", events.TypeConsentGiven, consent, "2027-02-22T00:00:00Z", "2026-11-22T09:00:00Z", events.RuleDataRange, "/expires"},
		{"kept without a ground", events.TypeErasureConfirmed, kept, `"ground":"court-order",`, ``, events.RuleDataRange, "/ground"},
		{"kept for ever", events.TypeErasureConfirmed, kept, `,"until":"2027-11-22T00:00:00Z"`, ``, events.RuleDataRange, "/ground"},
		{"erased with a ground", events.TypeErasureConfirmed, kept, `"kept"`, `"erased"`, events.RuleDataRange, "/ground"},
		{"an agency twice", events.TypeDirectoryFounded, genesis, `"lighthouse-shelter"`, `"sampletown-police"`, events.RuleDataRange, "/agencies"},
		{"an agency called hub", events.TypeDirectoryFounded, genesis, `"lighthouse-shelter"`, `"hub"`, events.RuleDataRange, "/agencies"},
		{"one kind", events.TypeDirectoryFounded, genesis, `"kind":"shelter"`, `"kind":"police"`, events.RuleDataRange, "/agencies"},
		{"auditors do not found", events.TypeDirectoryFounded, genesis, `"kind":"shelter"`, `"kind":"auditor"`, events.RuleDataRange, "/agencies"},
		{"a foreign mission founds nothing", events.TypeDirectoryFounded, genesis, `"kind":"shelter"`, `"kind":"foreign-mission"`, events.RuleDataRange, "/agencies"},
		{"a founding agency that witnesses nothing", events.TypeDirectoryFounded, genesis, witnessOf("lighthouse-shelter"), ``, events.RuleDataRange, "/agencies"},
		{"an auditor who witnesses", events.TypeDirectoryFounded, genesis, `}]`, `},` + auditor + `]`, events.RuleDataRange, "/agencies"},
		{"another's witness key", events.TypeDirectoryFounded, genesis, witnessOf("lighthouse-shelter"), witnessOf("sampletown-police"), events.RuleDataRange, "/agencies"},
		{"a key of no witness", events.TypeDirectoryFounded, genesis, "+0123abcd+AAAA", marker, events.RuleDataCode, "/log"},
		{"a text of the profile in words", events.TypeDirectoryFounded, genesis, hashed, marker, events.RuleDataCode, "/text"},
		{"a foreign mission that witnesses", events.TypeDirectoryListed, listed, `,"proof"`, witnessOf("farland-mission") + `,"proof"`, events.RuleDataRange, "/agencies"},
		{"another kind that witnesses nothing", events.TypeDirectoryListed, listed, `"foreign-mission"`, `"shelter"`, events.RuleDataRange, "/agencies"},
		{"an export of no case", events.TypeTrailRead, read, `,"case":"` + retiredCase + `"`, ``, events.RuleDataRange, "/case"},
		{"a list of cases of one case", events.TypeTrailRead, read, `"export"`, `"cases"`, events.RuleDataRange, "/case"},
		{"a replay for completeness", events.TypeTrailRead, read, `"approved"`, `"agency"`, events.RuleDataRange, "/case"},
		{"what was read in words", events.TypeTrailRead, read, `"export"`, `"` + marker + `"`, events.RuleDataCode, "/what"},
		{"why a witness began anew in words", events.TypeWitnessReset, examples()[events.TypeWitnessReset], `"state-lost"`, `"` + marker + `"`, events.RuleDataCode, "/because"},
		{"a copy again that is not stored yet", events.TypeControlPosition, position, `[7,9]`, `[7,42]`, events.RuleDataRange, "/again"},
		{"a copy again before the first", events.TypeControlPosition, position, `[7,9]`, `[0,9]`, events.RuleDataRange, "/again"},
		{"copies again out of order", events.TypeControlPosition, position, `[7,9]`, `[9,7]`, events.RuleDataRange, "/again"},
		{"a copy again, twice", events.TypeControlPosition, position, `[7,9]`, `[9,9]`, events.RuleDataRange, "/again"},
		{"no copy again, at length", events.TypeControlPosition, position, `[7,9]`, `[]`, events.RuleDataRange, "/again"},
		{"copies again by the hundred", events.TypeControlPosition, position, `[7,9]`, `[` + strings.Repeat("1,", 32) + `1]`, events.RuleDataRange, "/again"},
		{"a checkpoint that was never cosigned", events.TypeControlCosigned, cosigned, `"size":41`, `"size":0`, events.RuleDataRange, "/checkpoint"},
		{"cosigned, and not shown", events.TypeControlCosigned, cosigned, cosigned[strings.Index(cosigned, `,"checkpoint"`):strings.Index(cosigned, `,"finding"`)], ``, events.RuleDataRange, "/checkpoint"},
		{"a finding in words", events.TypeControlCosigned, cosigned, `"old-size"`, `"` + marker + `"`, events.RuleDataCode, "/finding"},
		{"nobody is listed", events.TypeDirectoryListed, listed, listed[strings.Index(listed, `[`)+1 : strings.Index(listed, `]`)], ``, events.RuleDataRange, "/agencies"},
		{"the hub listed as an agency", events.TypeDirectoryListed, listed, `"farland-mission"`, `"hub"`, events.RuleDataRange, "/agencies"},
		{"the hub joins", events.TypeDirectoryJoined, joined, `"agency":"harbour-shelter"`, `"agency":"hub"`, events.RuleDataRange, "/listing"},
		{"a shelter joins and witnesses nothing", events.TypeDirectoryJoined, joined, witnessOf("harbour-shelter"), ``, events.RuleDataRange, "/listing"},
		{"one vouches", events.TypeDirectoryJoined, joined, joined[strings.LastIndex(joined, `,{`):strings.LastIndex(joined, `]`)], ``, events.RuleDataRange, "/vouching"},
		{"one vouches twice", events.TypeDirectoryJoined, joined, `"lighthouse-shelter"`, `"sampletown-police"`, events.RuleDataRange, "/vouching"},
		{"one vouches for itself", events.TypeDirectoryJoined, joined, `"agency":"lighthouse-shelter"`, `"agency":"harbour-shelter"`, events.RuleDataRange, "/vouching"},
		{"a crowd vouches", events.TypeDirectoryJoined, joined, joined[strings.LastIndex(joined, `{`):strings.LastIndex(joined, `]`)], crowd, events.RuleDataRange, "/vouching"},
		{"a vouching in words", events.TypeDirectoryJoined, joined, `"signature":"AA`, `"signature":"` + marker, events.RuleDataCode, "/vouching/0/signature"},
		{"the hub has other keys", events.TypeDirectoryKeyed, keyed, `"agency":"harbour-shelter"`, `"agency":"hub"`, events.RuleDataRange, "/listing"},
		{"another's witness key for one's own", events.TypeDirectoryKeyed, keyed, witnessOf("harbour-shelter"), witnessOf("sampletown-police"), events.RuleDataRange, "/listing"},
		{"why one rests in words", events.TypeDirectorySuspended, examples()[events.TypeDirectorySuspended], `"device-lost"`, `"` + marker + `"`, events.RuleDataCode, "/because"},
		{"why one left in words", events.TypeDirectoryRevoked, examples()[events.TypeDirectoryRevoked], `"keys-stolen"`, `"` + marker + `"`, events.RuleDataCode, "/because"},
		{"who read, by name", events.TypeRecordOpened, examples()[events.TypeRecordOpened], `"case-worker"`, `"` + marker + `"`, events.RuleDataCode, "/role"},
		{"why one read in words", events.TypeRecordOpened, examples()[events.TypeRecordOpened], `"accommodation"`, `"` + marker + `"`, events.RuleDataCode, "/purpose"},
		{"a free profile for a mission", events.TypeDirectoryListed, listed, "uk@1", marker, events.RuleDataCode, "/profile"},
		{"a document that was never valid", events.TypeTravelDocumentIssued, examples()[events.TypeTravelDocumentIssued], "2027-02-22T00:00:00Z", "2026-11-22T09:00:00Z", events.RuleDataRange, "/until"},
		{"more children than a house holds", events.TypeCapacityPublished, capacity, `"children":3`, `"children":21`, events.RuleDataRange, "/children"},
		{"children below none", events.TypeCapacityPublished, capacity, `"children":3`, `"children":-1`, events.RuleDataRange, "/children"},
		{"nobody served", events.TypeCapacityPublished, capacity, `"sexes":["woman"]`, `"sexes":[]`, events.RuleDataRange, "/sexes"},
		{"an address", events.TypeCapacityPublished, capacity, `"region":"LT-VL"`, `"address":"` + marker + `"`, events.RuleDataMalformed, ""},
		{"places counted", events.TypeCapacityPublished, capacity, `"few"`, `"3"`, events.RuleDataCode, "/places"},
		{"a free profile", events.TypeDirectoryFounded, genesis, "uk@1", marker, events.RuleDataCode, "/profile"},
		{"a free log key", events.TypeDirectoryFounded, genesis, "+0123abcd+", marker, events.RuleDataCode, "/log"},
		{"a free proof", events.TypeDirectoryFounded, genesis, `"proof":"AA`, `"proof":"` + marker, events.RuleDataCode, "/agencies/0/proof"},
		{"a key with a line end", events.TypeDirectoryFounded, genesis, `"signing":"AA`, `"signing":"A\nA`, events.RuleDataCode, "/signing"},
		{"a short key", events.TypeDirectoryFounded, genesis, `"signing":"AAAA`, `"signing":"`, events.RuleDataCode, "/signing"},
	} {
		t.Run(c.name, func(t *testing.T) {
			changed := strings.Replace(c.data, c.old, c.to, 1)
			if changed == c.data {
				t.Fatal("nothing was changed")
			}
			_, err := events.Decode(c.of, []byte(changed))
			refused(t, err, c.rule, c.pointer)
		})
	}
}

func TestEncodingChecksWhatItWrites(t *testing.T) {
	for _, p := range []events.Payload{&events.CaseOpened{}, &events.ReferralRequested{}, &events.HandoverArranged{}, &events.Record{}} {
		if _, err := events.Encode(p); err == nil {
			t.Errorf("an empty %s was encoded", p.Type().Name())
		}
	}
}

func TestTimesAreInOrder(t *testing.T) {
	e := signed(t, events.TypeCaseOpened)
	for times, ok := range map[[2]string]bool{
		{"2026-11-22T09:00:00Z", "2026-11-22T09:15:00Z"}: true,
		{"2026-11-22T09:30:00Z", "2026-11-22T09:30:00Z"}: true,
		{"2026-11-22T09:15:01Z", "2026-11-22T09:15:00Z"}: false,
		{"2026-11-22T09:00:00Z", "2026-11-22T09:30:01Z"}: false,
	} {
		p, err := events.Decode(e.Type, fmt.Appendf(nil, `{"happened":"%s","recorded":"%s","channel":"system","age":"adult"}`, times[0], times[1]))
		must(t, err)
		if err := events.CheckTimes(e, p); !ok {
			refused(t, err, events.RuleTimesOrder, "/recorded")
		} else {
			must(t, err)
		}
	}
	must(t, events.CheckTimes(e, &events.InboxPosition{Position: 1}))
}

func TestAClassConsentCoversTheNextProvider(t *testing.T) {
	class := events.Recipient{Class: events.Shelter, Except: events.Set[events.AgencyID]{"in-my-town"}}
	one := events.Recipient{Agency: "lighthouse-shelter"}
	if !class.Covers("lighthouse-shelter", events.Shelter) || class.Covers("in-my-town", events.Shelter) || class.Covers("sampletown-police", events.Police) {
		t.Error("a class covers its members but the excluded")
	}
	if !one.Covers("lighthouse-shelter", events.Shelter) || one.Covers("in-my-town", events.Shelter) {
		t.Error("one agency covers itself only")
	}
}

// Decoding never panics, never repeats its input, and reads again what it wrote.
func FuzzDecode(f *testing.F) {
	types := events.Types()
	for i, of := range types {
		f.Add(byte(i), []byte(examples()[of]))
		f.Add(byte(i), []byte(`{"`+marker+`":{"`+marker+`":["`+marker+`"]}}`))
	}
	f.Fuzz(func(t *testing.T, i byte, data []byte) {
		of := types[int(i)%len(types)]
		p, err := events.Decode(of, data)
		if err != nil {
			if strings.Contains(err.Error(), marker) {
				t.Error("the error repeats what was sent")
			}
			return
		}
		written, err := events.Encode(p)
		must(t, err)
		again, err := events.Decode(of, written)
		must(t, err)
		if twice, err := events.Encode(again); err != nil || !bytes.Equal(written, twice) {
			t.Error("what was written is read as something else")
		}
	})
}
