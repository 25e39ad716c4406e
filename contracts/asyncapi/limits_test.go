package asyncapi_test

import (
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/nats-io/jwt/v2"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"handrail/contracts/asyncapi"
	"handrail/contracts/conform"
	"handrail/events"
	"handrail/events/exchange"
)

// At a limit something is accepted, one beyond it is refused.
func TestLimitsAreThoseOfTheCode(t *testing.T) {
	limits := asyncapi.ThisHub()
	facts := func(data string) error {
		_, err := events.Decode(events.TypeControlHead, []byte(data))
		return err
	}
	message := func(change func(*exchange.Message)) error {
		x, err := conform.ExampleOf(events.TypeCaseOpened, rand.Reader)
		must(t, err)
		m := x.Message()
		change(&m)
		_, err = exchange.Decode(m)
		return err
	}
	for name, limit := range map[string]struct {
		at  int
		try func(n int) error
	}{
		"facts": {limits.Facts, func(n int) error {
			const data = `{"delivered":1}`
			return facts(strings.Repeat(" ", n-len(data)) + data)
		}},
		"a number": {limits.Number, func(n int) error { return facts(`{"delivered":1` + strings.Repeat("0", n-1) + `}`) }},
		"headers": {limits.Headers, func(n int) error {
			return message(func(m *exchange.Message) {
				for i := len(m.Header); i < n; i++ {
					m.Header[fmt.Sprintf("x-%d", i)] = []string{"1"}
				}
			})
		}},
		"an event": {limits.Event, func(n int) error {
			return message(func(m *exchange.Message) {
				for name, values := range m.Header {
					n -= len(strings.TrimPrefix(name, "ce-")) + len(values[0])
				}
				m.Data = []byte(strings.Repeat(" ", n))
			})
		}},
		"an attribute": {limits.Attribute, func(n int) error {
			return message(func(m *exchange.Message) { m.Header["ce-dssematerial"] = []string{strings.Repeat("A", n)} })
		}},
	} {
		if err := limit.try(limit.at); err != nil {
			t.Errorf("%s at the limit: %v", name, err)
		}
		if err := limit.try(limit.at + 1); err == nil {
			t.Errorf("%s one beyond the limit is accepted", name)
		}
	}
	if facts(`{"x":`+strings.Repeat("[", limits.Nesting)+strings.Repeat("]", limits.Nesting)+`}`) == nil {
		t.Error("nesting beyond the limit is accepted")
	}
}

// What the document tells an agency to publish to is what the broker lets it, and
// no more.
func TestTheBrokerAllowsWhatTheDocumentSays(t *testing.T) {
	const agency events.AgencyID = "sampletown-police"
	operator, err := exchange.NewOperator()
	must(t, err)
	accounts, err := operator.Grant("sampleland", []events.AgencyID{agency})
	must(t, err)
	token, err := jwt.ParseDecoratedJWT(accounts.Creds[agency])
	must(t, err)
	user, err := jwt.DecodeUserClaims(token)
	must(t, err)
	want := []string{
		"in." + string(agency), "hub.api.CONSUMER.MSG.NEXT.OUT.out-" + string(agency), "hub.api.CONSUMER.INFO.OUT.out-" + string(agency),
		"$JS.ACK.OUT.out-" + string(agency) + ".>",
	}
	if got := []string(user.Pub.Allow); !slices.Equal(got, want) {
		t.Errorf("an agency may publish to\n%v, the document says\n%v", got, want)
	}
	if got := []string(user.Sub.Allow); !slices.Equal(got, []string{"_INBOX.>"}) {
		t.Errorf("an agency may subscribe to %v", got)
	}
	limits := asyncapi.ThisHub()
	for _, account := range accounts.Resolver {
		claims, err := jwt.DecodeAccountClaims(account)
		must(t, err)
		if claims.Name != string(agency) {
			continue
		}
		if claims.Limits.Conn != int64(limits.Connections) || claims.Limits.Subs != int64(limits.Subscriptions) || claims.Limits.Payload != int64(limits.Submission) {
			t.Errorf("the account's limits are %+v, the document's %+v", claims.Limits, limits)
		}
	}
}

// The headers of every example are those that the document describes, and none
// may be left out.
func TestHeadersAreDescribedAsTheyAre(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft7)
	must(t, c.AddResource("asyncapi.json", any(document(t))))
	for _, typ := range events.Types() {
		schema, err := c.Compile("asyncapi.json#/components/messages/" + typ.Name() + "/headers")
		must(t, err)
		x, err := conform.ExampleOf(typ, rand.Reader)
		must(t, err)
		message, _ := document(t)["components"].(map[string]any)["messages"].(map[string]any)[typ.Name()].(map[string]any)
		if about, _ := message["summary"].(string); strings.HasSuffix(about, "the subject is the case.") != (x.Event.Case() != "") {
			t.Errorf("%s: %s", typ.Name(), about)
		}
		headers := map[string]any{}
		for name, values := range x.Message().Header {
			headers[name] = values[0]
		}
		if err := schema.Validate(headers); err != nil {
			t.Errorf("%s: %v", typ.Name(), err)
		}
		for name := range headers {
			value := headers[name]
			delete(headers, name)
			if schema.Validate(headers) == nil {
				t.Errorf("%s without %s is described as complete", typ.Name(), name)
			}
			headers[name] = value
		}
	}
}
