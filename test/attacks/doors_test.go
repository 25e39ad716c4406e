package attacks

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"handrail/events"
	"handrail/events/exchange"
)

// filing posts a form as one of the police's systems, and remembers the answer.
func (x *trial) filing(body []byte) (int, string) {
	x.t.Helper()
	address, _ := x.directions.Address(honest)
	r, err := http.NewRequestWithContext(x.t.Context(), http.MethodPost, "http://"+address.Intake+"/v1/intake/uk-nrm", bytes.NewReader(body))
	must(x.t, err)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+x.token(honest))
	return x.ask(http.DefaultClient, r)
}

func (x *trial) token(id events.AgencyID) string {
	token, err := os.ReadFile(filepath.Join(x.hub.At.Agency(id), "token"))
	must(x.t, err)
	return strings.TrimSpace(string(token))
}

func (x *trial) ask(by *http.Client, r *http.Request) (int, string) {
	x.t.Helper()
	response, err := by.Do(r)
	must(x.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	must(x.t, err)
	var headers bytes.Buffer
	must(x.t, response.Header.Write(&headers))
	x.answers = append(x.answers, heard{r.Method + " " + r.URL.Path, headers.String() + string(text)})
	return response.StatusCode, string(text)
}

// door is one way into a service.
type door struct {
	name   string
	base   string
	client *http.Client
	token  string
	paths  []string
}

func (x *trial) doors() []door {
	some := uuid(x.t)
	systems := []string{
		"/v1/intake/uk-nrm", "/v1/events", "/v1/self", "/v1/deliveries", "/v1/submissions/" + some, "/v1/records/" + some + "/open", "/v1/openapi.yaml", "/v1/schemas/case.opened.v1.json",
		"/v1/nothing", "/",
	}
	people := []string{
		"/v1/status", "/v1/doctor", "/v1/cases", "/v1/cases/" + string(x.world.Case), "/v1/cases/" + string(x.world.Case) + "/sections", "/v1/inbox", "/v1/outbox",
		"/v1/tasks", "/v1/readlog", "/v1/say", "/v1/records", "/v1/nothing", "/",
		"/v1/tonight", "/v1/questions", "/v1/questions/answer", "/v1/capacity", "/v1/providers", "/v1/overdue", "/v1/withdrawals/" + string(x.world.Case), "/v1/links",
		"/v1/contacts", "/v1/alerts", "/v1/alerts/K7Q2/acknowledge", "/v1/keys", "/v1/keys/rotate", "/v1/directory", "/v1/directory/vouchings", "/v1/witness",
	}
	doors := []door{{name: "ledger", base: "http://" + x.directions.Ledger, client: http.DefaultClient, paths: []string{"/healthz", "/readyz", "/v1/doctor", "/v1/tlog/checkpoint", "/v1/cases", "/v1/directory", "/v1/nothing"}}}
	for _, id := range []events.AgencyID{honest, shelter} {
		address, _ := x.directions.Address(id)
		doors = append(doors, door{name: string(id) + " systems", base: "http://" + address.Intake, client: http.DefaultClient, token: x.token(id), paths: systems})
		socket := filepath.Join(x.hub.At.Agency(id), "desk.sock")
		doors = append(doors, door{name: string(id) + " people", base: "http://desk", paths: people, client: &http.Client{Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return new(net.Dialer).DialContext(ctx, "unix", socket)
			},
		}}})
	}
	return doors
}

// misuse puts planted words into every part of requests to every door, and of
// messages to the broker.
func (x *trial) misuse() {
	for _, d := range x.doors() {
		for _, path := range d.paths {
			x.knock(d, path)
		}
		for _, path := range []string{"/v1/cases/%s", "/v1/cases/%s/trail", "/v1/cases/%s/sections", "/v1/cases/%s/sections/%s/open", "/v1/tasks/%s/answer", "/v1/intake/%s", "/v1/submissions/%s", "/v1/records/%s/open", "/v1/deliveries?after=%s", "/v1/schemas/%s", "/%s"} {
			x.knock(d, strings.ReplaceAll(path, "%s", x.junk.mark("segment")))
		}
	}
	x.messages()
}

// knock tries a path with each method, and each kind of body.
func (x *trial) knock(d door, path string) {
	word := func(place string) string { return x.junk.mark(d.name + " " + place) }
	bodies := []string{
		word("raw body"), `{"` + word("member") + `":"` + word("value") + `"}`, `{"case":"` + word("case") + `","type":"` + word("type") + `"}`,
		`{"type":"case.opened","data":{"age":"` + word("age") + `"}}`, `{"type":"org.handrail.case.opened.v1","case":"` + string(x.world.Case) + `","data":{"` + word("fact") + `":1}}`,
		`{"case":"` + string(x.world.Case) + `","referral":"` + word("referral") + `","to":"` + word("to") + `","sections":["` + word("section") + `"]}`,
		`{"purpose":"` + word("purpose") + `","reader":"` + word("reader") + `"}`, `{"Type":"560734","ExternalId":"` + word("form id") + ` !"}`,
		`{"Type":"` + word("form type") + `","ExternalId":"1"}`, `["` + word("list") + `"`,
		`{"age":"adult","language":"` + word("language") + `","bundle":"bed","call_back":"` + word("call_back") + `"}`,
		`{"topic":"` + word("topic") + `","note":"` + word("note") + `"}`, `{"staff":"` + word("staff") + `"}`, `{"case":"` + string(x.world.Case) + `","text":"` + word("text") + `"}`,
		`{"listing":{"agency":"` + word("agency") + `","kind":"` + word("kind") + `"},"staff":"` + word("voucher") + `"}`, `{"keys":["` + word("key") + `"],"staff":"lead-1"}`,
		`{"purpose":"accommodation","role":"` + word("role") + `","basis":"` + word("basis") + `"}`, `{"specversion":"1.0","id":"` + word("event id") + `","source":"` + word("source") + `","type":"case.opened","data":{}}`,
	}
	for i, body := range append(bodies, "", "") {
		method := http.MethodPost
		if i >= len(bodies) {
			method = []string{http.MethodGet, http.MethodDelete}[i-len(bodies)]
		}
		r, err := http.NewRequestWithContext(x.t.Context(), method, d.base+path+join(path)+url.QueryEscape(word("query"))+"="+word("parameter"), strings.NewReader(body))
		must(x.t, err)
		r.Header.Set("Content-Type", "application/json; charset=\""+word("charset")+"\"")
		for _, name := range []string{"User-Agent", "X-Forwarded-For", "Traceparent", "Tracestate", "Baggage", "Cookie", "Referer", "X-" + word("header name"), "Authorization", "Idempotency-Key", "Ce-Id", "Ce-Type", "Ce-Subject", "Ce-" + word("attribute")} {
			r.Header.Set(name, word("header "+name))
		}
		if d.token != "" {
			r.Header.Set("Authorization", "Bearer "+d.token)
		}
		if status, answer := x.ask(d.client, r); status >= 500 && status != http.StatusNotImplemented {
			x.t.Errorf("%s %s %s is answered %d %s", d.name, method, path, status, answer)
		}
	}
	r, err := http.NewRequestWithContext(x.t.Context(), http.MethodPost, d.base+path, strings.NewReader(word("body of no type")))
	must(x.t, err)
	r.Header.Set("Content-Type", "text/"+word("type"))
	r.Header.Set("Authorization", "Bearer "+word("token"))
	x.ask(d.client, r)
}

// join is what stands between a path and more of its query.
func join(path string) string {
	if strings.Contains(path, "?") {
		return "&"
	}
	return "?"
}

// messages gives the broker planted words as an agency's account can: in every
// header, in the body, beside and inside good events.
func (x *trial) messages() {
	s := x.enter(x.t, thief)
	word := func(place string) string { return x.junk.mark("message " + place) }
	beside := exchange.Encode(s.sign(s.opening())) // a good event with other headers beside it
	beside.Header["X-"+word("header name")] = []string{word("header")}
	beside.Header["baggage"] = []string{word("baggage")}
	beside.Header["traceparent"] = []string{word("traceparent")}
	if g := s.answerTo(beside); g.Kind != "receipt" {
		x.t.Errorf("a good event with headers of transport beside it is answered %s %s", g.Kind, g.entry.Rule)
	}
	s.next++
	wrong := []exchange.Message{{Data: []byte(word("bytes"))}, typed("application/cloudevents+json", `{"`+word("json name")+`":"`+word("json value")+`"}`), typed("application/cloudevents+"+word("format"), "x")}
	for _, attribute := range s.sign(s.opening()).Attributes() {
		m := exchange.Encode(s.sign(s.opening()))
		m.Header["ce-"+attribute.Name] = []string{word("attribute " + attribute.Name)}
		wrong = append(wrong, m)
	}
	unknown := exchange.Encode(s.sign(s.opening()))
	unknown.Header["ce-"+word("attribute name")] = []string{word("attribute value")}
	inside := exchange.Encode(s.sign(s.opening()))
	inside.Data = []byte(`{"` + word("fact name") + `":"` + word("fact") + `"}`)
	for _, m := range append(wrong, unknown, inside) {
		if g := s.answerTo(m); g.Kind != "refusal" {
			x.t.Errorf("it is answered %s", g.Kind)
		} else {
			x.answers = append(x.answers, heard{"a refusal", g.header + string(g.EntryBytes) + g.Reason})
		}
	}
	e := s.opening() // signed, so that it is judged and not only read
	e.Data, _ = json.Marshal(map[string]string{"happened": word("happened"), word("signed fact"): word("signed")})
	g := s.answerTo(exchange.Encode(s.sign(e)))
	x.answers = append(x.answers, heard{"a refusal of what was signed", g.header + string(g.EntryBytes) + g.Reason})
	s.next++
	s.admits(s.opening())
}
