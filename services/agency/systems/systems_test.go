package systems

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"go.uber.org/goleak"

	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/agencytest"
)

// system is a system of the agency that posts and asks.
type system struct {
	t      *testing.T
	routes http.Handler
}

func systemOf(t *testing.T, a *agency.Agency) system {
	t.Helper()
	s, err := New(a, Config{})
	must(t, err)
	return system{t, s.routes()}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// asks sends a request; headers are name, value, name, value.
func (s system) asks(method, path, body string, headers ...string) (int, string) {
	s.t.Helper()
	r := httptest.NewRequest(method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", plainJSON)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.routes.ServeHTTP(w, r)
	if problem := w.Code >= 400; problem != (w.Header().Get("Content-Type") == "application/problem+json") {
		s.t.Errorf("%s %s: %d is answered as %s", method, path, w.Code, w.Header().Get("Content-Type"))
	}
	return w.Code, w.Body.String()
}

// says posts an event that is taken, and gives its id.
func (s system) says(body string, headers ...string) events.EventID {
	s.t.Helper()
	status, text := s.asks(http.MethodPost, "/v1/events", body, headers...)
	var said Said
	if err := json.Unmarshal([]byte(text), &said); err != nil || status != http.StatusAccepted || len(said.Events) != 1 {
		s.t.Fatalf("%d %s", status, text)
	}
	return said.Events[0]
}

// refused checks that a request is refused, by which rule and where.
func (s system) refused(status int, rule events.Rule, pointer, path, body string, headers ...string) {
	s.t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	got, text := s.asks(method, path, body, headers...)
	var p agency.Problem
	if err := json.Unmarshal([]byte(text), &p); err != nil || got != status || p.Status != status || p.Rule != rule || p.Pointer != pointer || p.Detail == "" {
		s.t.Errorf("%s %s: %d %s; wanted %d %s at %q", path, body, got, text, status, rule, pointer)
	}
	if strings.Contains(text, "planted") {
		s.t.Errorf("what was sent is repeated: %s", text)
	}
}

const metFacts = `{"happened":"2026-11-22T01:10:00Z","recorded":"2026-11-22T01:20:00Z","channel":"system","age":"adult"}`

func met(of events.CaseID) string {
	return `{"type":"org.handrail.case.opened.v1","case":"` + string(of) + `","data":` + metFacts + `}`
}

func TestASystemSaysTheSameInThreeForms(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	s := systemOf(t, l.Open())
	source := events.Source(agencytest.Hub, agencytest.Own)
	ids := []events.EventID{events.EventID(l.NewCase()), events.EventID(l.NewCase())}
	of := []events.CaseID{l.NewCase(), l.NewCase(), l.NewCase()}
	s.says(met(of[0]))
	structured := func(id events.EventID, of events.CaseID) string {
		return `{"specversion":"1.0","id":"` + string(id) + `","source":"` + source + `","type":"org.handrail.case.opened.v1","subject":"` + string(of) +
			`","time":"2026-11-22T01:21:00Z","datacontenttype":"application/json","data":` + metFacts + `}`
	}
	if got := s.says(structured(ids[0], of[1]), "Content-Type", "application/cloudevents+json; charset=utf-8"); got != ids[0] {
		t.Errorf("the event is another: %s", got)
	}
	binary := []string{"ce-specversion", "1.0", "CE-Id", string(ids[1]), "ce-source", source, "ce-type", "org.handrail.case.opened.v1", "ce-subject", string(of[2])}
	if got := s.says(metFacts, binary...); got != ids[1] {
		t.Errorf("the event is another: %s", got)
	}
	said := l.Unanswered()
	if len(said) != len(of) {
		t.Fatalf("%d said", len(said))
	}
	for i, one := range said {
		if one.Case() != of[i] || string(one.Data) != string(said[0].Data) || one.Source != source {
			t.Errorf("said %+v", one)
		}
	}
	cloud := "application/cloudevents+json"
	for from, rule := range map[string][3]string{
		`"specversion":"1.0"`: {`"specversion":"0.3"`, "attribute-syntax", "/specversion"},
		source:                {"urn:planted", "attribute-syntax", "/source"},
		`"adult"`:             {`"planted"`, "data-code", "/data/age"},
		`"time":"2026`:        {`"planted":"1","time":"2026`, "data-malformed", ""},
		`application/json`:    {"text/planted", "attribute-syntax", "/datacontenttype"},
	} {
		status := http.StatusBadRequest
		if rule[1] == "data-code" {
			status = http.StatusUnprocessableEntity
		}
		s.refused(status, events.Rule(rule[1]), rule[2], "/v1/events", strings.Replace(structured(events.EventID(l.NewCase()), of[0]), from, rule[0], 1), "Content-Type", cloud)
	}
	s.refused(http.StatusBadRequest, "data-malformed", "", "/v1/events", metFacts, append(binary, "ce-comment", "planted")...)
	s.refused(http.StatusConflict, "id-reused", "/id", "/v1/events", metFacts, binary...)
	s.refused(http.StatusUnprocessableEntity, "data-code", "/data/age", "/v1/events", strings.Replace(metFacts, "adult", "planted", 1), binary...)
	s.refused(http.StatusUnsupportedMediaType, "content-type", "", "/v1/events", met(of[0]), "Content-Type", "text/planted")
	s.refused(http.StatusRequestEntityTooLarge, "body-too-large", "", "/v1/events", `{"type":"`+strings.Repeat("planted", eventBody/7)+`"}`)
	s.refused(http.StatusUnprocessableEntity, "type-unknown", "/type", "/v1/events", `{"type":"org.handrail.witness.reset.v1","data":{}}`)
	s.refused(http.StatusNotFound, "not-found", "", "/v1/planted", "")
}

func TestARequestIsDoneOnceUnderItsKey(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	early, err := agency.New(l.Config())
	must(t, err)
	systemOf(t, early).refused(http.StatusServiceUnavailable, agency.RuleNotJoined, "", "/v1/events", met(l.NewCase()), "Idempotency-Key", "early")
	must(t, early.Close())
	a := l.Open()
	s := systemOf(t, a)
	of := l.NewCase()
	const key, planted = "Idempotency-Key", `"planted-key-1"`
	first := s.says(met(of), key, planted)
	if again := s.says(met(of), key, "planted-key-1"); again != first || len(l.Unanswered()) != 1 {
		t.Errorf("%s, then %s; %d said", first, again, len(l.Unanswered()))
	}
	s.refused(http.StatusUnprocessableEntity, agency.RuleKeyReused, "header Idempotency-Key", "/v1/events", met(l.NewCase()), key, planted)
	s.refused(http.StatusUnprocessableEntity, ruleParameter, "header Idempotency-Key", "/v1/events", met(of), key, strings.Repeat("planted", 40))

	// A refusal keeps no key: mended, the request is done.
	s.refused(http.StatusUnprocessableEntity, events.RuleDataCode, "/data/age", "/v1/events", strings.Replace(met(l.NewCase()), "adult", "planted", 1), key, "second")
	s.says(met(l.NewCase()), key, "second")

	must(t, a.Close())
	if again := systemOf(t, l.Open()).says(met(of), key, planted); again != first || len(l.Unanswered()) != 2 {
		t.Errorf("after a restart: %s; %d said", again, len(l.Unanswered()))
	}
	for _, file := range []string{"journal.db", "journal.db-wal"} {
		text, err := os.ReadFile(filepath.Join(l.Config().Dir, file))
		must(t, err)
		if strings.Contains(string(text), "planted-key") {
			t.Error("the key itself is kept")
		}
	}
}

func TestASystemLearnsWhatBecameOfWhatItSaid(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	s := systemOf(t, l.Open())
	good, bad := s.says(met(l.NewCase())), s.says(met(l.NewCase()))
	became := func(id events.EventID) (got Submission) {
		status, text := s.asks(http.MethodGet, "/v1/submissions/"+string(id), "")
		must(t, json.Unmarshal([]byte(text), &got))
		if status != http.StatusOK || got.ID != id {
			t.Errorf("%d %s", status, text)
		}
		return got
	}
	if got := became(good); got.State != "waiting" || got.Delivery != 0 || got.Type != events.TypeCaseOpened {
		t.Errorf("%+v", got)
	}
	said := l.Unanswered()
	l.Receipt(said[0])
	l.Refuse(said[1], "power")
	if got := became(good); got.State != "receipt" || got.Delivery != 2 || got.Entry == nil || *got.Entry != 1 {
		t.Errorf("%+v", got)
	}
	if got := became(bad); got.State != "refused" || got.Rule != "power" || got.Delivery != 3 || got.Reason == "" {
		t.Errorf("%+v", got)
	}
	s.refused(http.StatusNotFound, agency.RuleSubmissionUnknown, "", "/v1/submissions/"+string(l.NewCase()), "")
}

func (s system) deliveries(query string) (list Deliveries) {
	s.t.Helper()
	status, text := s.asks(http.MethodGet, "/v1/deliveries"+query, "")
	if err := json.Unmarshal([]byte(text), &list); err != nil || status != http.StatusOK {
		s.t.Fatalf("%d %s", status, text)
	}
	return list
}

func TestASystemFetchesWhatWasDeliveredAndNoSealedText(t *testing.T) {
	l := agencytest.New(t, events.Shelter)
	a := l.Open()
	s := systemOf(t, a)
	of, referral, record := taken(t, l, a)
	all := s.deliveries("")
	status, err := a.Status(t.Context())
	must(t, err)
	if last := status.Position; last < 7 || all.Last != last || len(all.Deliveries) != int(last) {
		t.Fatalf("%d of %d, %v", len(all.Deliveries), all.Last, err)
	}
	var kinds []string
	for i, d := range all.Deliveries {
		if d.Number != uint64(i+1) || d.Entry == nil || d.Admitted == nil {
			t.Errorf("%+v", d)
		}
		kinds = append(kinds, d.Kind)
		if d.Event == nil || d.Event.ID != record {
			continue
		}
		r := d.Event.Record
		if r == nil || d.Event.Data != nil || r.Case != of || r.Referral != referral || r.To != agencytest.Own || r.Section != events.SectionIdentity {
			t.Errorf("the record is posted as %+v", d.Event)
		}
	}
	if got := fmt.Sprint(kinds); !strings.Contains(got, "event") || !strings.Contains(got, "receipt") {
		t.Errorf("kinds: %s", got)
	}
	if some := s.deliveries("?after=2&limit=2"); len(some.Deliveries) != 2 || some.Deliveries[0].Number != 3 || some.Last != all.Last {
		t.Errorf("%+v", some)
	}
	if none := s.deliveries(fmt.Sprintf("?after=%d", all.Last)); none.Deliveries == nil || len(none.Deliveries) != 0 {
		t.Errorf("%+v", none)
	}
	s.refused(http.StatusUnprocessableEntity, ruleParameter, "query after", "/v1/deliveries?after=planted", "")

	path := "/v1/records/" + string(record) + "/open"
	reading := `{"case":"` + string(of) + `","purpose":"accommodation","basis":"consent"}`
	s.refused(http.StatusBadRequest, events.RuleDataMalformed, "/basis", path, strings.Replace(reading, `,"basis":"consent"`, "", 1))
	s.refused(http.StatusUnprocessableEntity, agency.RulePurposeOther, "/purpose", path, strings.Replace(reading, "accommodation", "medical", 1))
	code, text := s.asks(http.MethodPost, path, reading)
	if code != http.StatusOK || !strings.HasPrefix(text, `{"section":{`) {
		t.Errorf("%d %s", code, text)
	}
	if reads, err := a.ReadLog(t.Context()); err != nil || len(reads) != 1 || reads[0].Record != record {
		t.Errorf("the reading is not recorded: %+v, %v", reads, err)
	}
}

// taken is a record of a referral that the agency accepted and completed.
func taken(t *testing.T, l *agencytest.Log, a *agency.Agency) (events.CaseID, events.ReferralID, events.EventID) {
	t.Helper()
	of := l.NewCase()
	l.Says(agencytest.Police, of, "", &events.CaseOpened{Said: l.Now(), Age: events.Adult})
	l.Says(agencytest.Police, of, "", &events.ConsentGiven{
		Said: l.Now(), Recipient: events.Recipient{Class: events.Shelter}, Purpose: events.PurposeAccommodation,
		Sections: events.Set[events.Section]{events.SectionIdentity}, Expires: events.At(time.Now().Add(30 * 24 * time.Hour)),
		By: events.ByPerson, Capacity: events.Clear, Language: "ron", Interpreter: events.Independent, Present: events.Set[events.Present]{"person-alone"},
	})
	asked := l.Says(agencytest.Police, of, "", &events.ReferralRequested{
		Said: l.Now(), To: events.Set[events.AgencyID]{agencytest.Own}, Purpose: events.PurposeAccommodation,
		Sections: events.Set[events.Section]{events.SectionIdentity}, Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: events.Tonight, Age: events.Adult,
	})
	record := l.Seals(agencytest.Police, events.TypeRecordSealed, of, asked.ID, events.PurposeAccommodation, events.SectionIdentity, `{"first_name":"Robin"}`)
	for _, p := range []events.Payload{&events.ReferralAccepted{Said: l.Now()}, &events.HandoverCompleted{Said: l.Now()}} {
		_, err := a.Say(t.Context(), agency.Statement{Case: of, Referral: asked.ID, Payload: p})
		must(t, err)
		l.Admit(a)
	}
	l.Releases(record)
	return of, asked.ID, record.ID
}

// formDesk takes one form.
type formDesk struct{ agencytest.PlainDesk }

func (formDesk) Intakes() []agency.Intake {
	return []agency.Intake{{Name: "met", MaxBytes: 1 << 10, Read: func(body []byte) (agency.Filing, error) {
		return agency.Filing{Name: string(body[:5]), Content: body, Age: events.Adult, Sections: map[events.Section]jsontext.Value{events.SectionIdentity: body}}, nil
	}}}
}

func TestAFormIsFiledOnceUnderItsKeyToo(t *testing.T) {
	s := systemOf(t, agencytest.NewWith(t, events.Shelter, formDesk{}).Open())
	status, text := s.asks(http.MethodPost, "/v1/intake/met", `{"a":1}`, "Idempotency-Key", "one")
	if status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	for _, key := range []string{"one", "two", ""} {
		if _, again := s.asks(http.MethodPost, "/v1/intake/met", `{"a":1}`, "Idempotency-Key", key); again != text {
			t.Errorf("under %q another answer: %s, then %s", key, text, again)
		}
	}
	for _, key := range []string{"one", "two"} {
		s.refused(http.StatusUnprocessableEntity, agency.RuleKeyReused, "header Idempotency-Key", "/v1/intake/met", `{"b":1}`, "Idempotency-Key", key)
	}
	s.refused(http.StatusConflict, agency.RuleFormChanged, "", "/v1/intake/met", `{"a":2}`)
	s.refused(http.StatusNotFound, "not-found", "", "/v1/intake/planted", `{"a":2}`)
	s.refused(http.StatusRequestEntityTooLarge, "body-too-large", "", "/v1/intake/met", `{"a":"`+strings.Repeat("planted", 200)+`"}`)
	status, self := s.asks(http.MethodGet, "/v1/self", "")
	if status != http.StatusOK || !strings.Contains(self, `"forms":["met"]`) || !strings.Contains(self, `"source":"urn:handrail:testland:agency:harbour-shelter"`) {
		t.Errorf("%d %s", status, self)
	}
	for path, want := range map[string]string{"/v1/openapi.yaml": "openapi: 3.1.0", "/v1/schemas/case.opened.v1.json": "urn:handrail:schema:case.opened.v1"} {
		if status, text := s.asks(http.MethodGet, path, ""); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("%s: %d", path, status)
		}
	}
}

// Whatever a system posts as an event is read or refused by a rule.
func FuzzWhatASystemPosts(f *testing.F) {
	const id = "01890a5d-ac96-774b-bcce-b302099a8057"
	f.Add([]byte(met(id)), "", "", false)
	f.Add([]byte(`{"specversion":"1.0","id":"`+id+`","source":"urn:handrail:testland:agency:harbour-shelter","type":"org.handrail.case.opened.v1","subject":"`+id+`","data":`+metFacts+`}`), "", "", true)
	f.Add([]byte(metFacts), "specversion", "1.0", false)
	f.Add([]byte(`{"type":"org.handrail.record.sealed.v1","case":"`+id+`","referral":"`+id+`","to":"testtown-police","section":"identity","value":{}}`), "data", "\xff", false)
	a, err := agency.New(agencytest.New(f, events.Shelter).Config()) // it has not joined: nothing is said
	must(f, err)
	f.Cleanup(func() { _ = a.Close() })
	s := &Systems{agency: a}
	f.Fuzz(func(t *testing.T, body []byte, attribute, value string, structured bool) {
		in := &Sent{RawBody: body, attributes: map[string]string{}}
		if attribute != "" {
			in.attributes[attribute] = value
		}
		kind := plainJSON
		if structured {
			kind = structuredEvent
		}
		given, err := s.readEvent(kind, in)
		if err == nil {
			_, err = a.SayOnce(t.Context(), agency.Once{}, given.SystemSays)
		}
		if _, ok := errors.AsType[*events.Violation](err); !ok && !errors.Is(err, agency.ErrNotJoined) {
			t.Errorf("%q %q %q: %v", body, attribute, value, err)
		}
	})
}

func TestSystemsAreServedOnThisMachineToWhoHoldsTheToken(t *testing.T) {
	defer goleak.VerifyNone(t)
	l := agencytest.New(t, events.Shelter)
	a := l.Open()
	config := Config{Dir: l.Config().Dir, Listen: "127.0.0.1:0"}
	token := filepath.Join(config.Dir, TokenFile)
	if _, err := New(a, config); err == nil {
		t.Error("systems are served without a token")
	}
	must(t, os.WriteFile(token, []byte(strings.Repeat("x", 40)+"\n"), 0o644))
	if _, err := New(a, config); err == nil {
		t.Error("a token that others can read was taken")
	}
	must(t, os.Chmod(token, 0o600))
	for _, open := range []string{"0.0.0.0:0", ":0", "192.0.2.7:443", "systems.example:443", "nowhere"} {
		if _, err := New(a, Config{Dir: config.Dir, Listen: open}); err == nil {
			t.Errorf("systems are served on %s", open)
		}
	}
	s, err := New(a, config)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	<-s.Ready()
	if status, err := a.Status(t.Context()); err != nil || status.Systems != s.Address() || s.Address() == "" {
		t.Errorf("they are served at %q, the status says %q, %v", s.Address(), status.Systems, err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for sent, want := range map[string]int{"Bearer " + strings.Repeat("x", 40): http.StatusOK, "Bearer wrong": http.StatusUnauthorized, "": http.StatusUnauthorized} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Address()+"/v1/self", nil)
		must(t, err)
		r.Header.Set("Authorization", sent)
		w, err := client.Do(r)
		must(t, err)
		_ = w.Body.Close()
		if w.StatusCode != want {
			t.Errorf("%q is answered %d", sent, w.StatusCode)
		}
	}
	cancel()
	must(t, <-ended)
	must(t, a.Close())
}
