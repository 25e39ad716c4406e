package exchange

import (
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// aims are subjects on which a message of the attacker's, or the broker's answer
// to one, would do harm.
func aims() []string {
	return []string{
		"in.lighthouse-shelter", "out.lighthouse-shelter", "out.sampletown-police",
		"$JS.API.STREAM.PURGE.IN", "$JS.API.STREAM.DELETE.OUT", "$JS.API.CONSUMER.DELETE.OUT.out-lighthouse-shelter",
		"hub.api.CONSUMER.MSG.NEXT.OUT.out-lighthouse-shelter",
		"$JS.ACK.OUT.out-lighthouse-shelter.1.1.1.1700000000000000000.0",
	}
}

func attacks() map[string]func(*attack) {
	return map[string]func(*attack){
		"publish as another agency":        publishAsAnother,
		"subscribe on others' subjects":    subscribeToOthers,
		"reply subject injected by PubAck": replyByPubAck,
		"MSG.NEXT of another": func(a *attack) {
			a.askAPI("CONSUMER.MSG.NEXT.OUT.out-lighthouse-shelter", `{"batch":5,"no_wait":true}`)
		},
		"MSG.NEXT with an injected reply":     replyByPull,
		"INFO of another":                     func(a *attack) { a.askAPI("CONSUMER.INFO.OUT.out-lighthouse-shelter", "") },
		"INFO with an injected reply":         replyByInfo,
		"acknowledge for another":             acknowledgeForAnother,
		"consumer create":                     createConsumer,
		"consumer delete, pause, reset":       spoilConsumer,
		"stream API calls":                    streamCalls,
		"message get":                         getMessages,
		"message delete and purge":            deleteMessages,
		"system account requests":             systemRequests,
		"Nats-Trace-Dest":                     traceTo,
		"rollup header":                       withHeader("Nats-Rollup", "all", "sub"),
		"TTL header":                          withHeader("Nats-TTL", "1s", "never"),
		"schedule headers":                    schedule,
		"batch and counter headers":           batch,
		"expected-sequence headers":           withHeader("Nats-Expected-Last-Sequence", "0", "999"),
		"message id of another, used earlier": squat,
	}
}

func publishAsAnother(a *attack) {
	for _, subject := range aims() {
		a.say(subject, "", "forged", nil)
		a.ask(subject, "forged")
	}
	a.ask("in.lighthouse-shelter", "forged")
	a.ask("in.*", "forged")
}

func subscribeToOthers(a *attack) {
	var spies []*nats.Subscription
	for _, subject := range []string{">", "in.>", "in.lighthouse-shelter", "out.>", "out.lighthouse-shelter", "_INBOX.>", "_R_.>", "$JS.>", "$JSC.>", "$SYS.>", "hub.>"} {
		spy, err := a.conn.SubscribeSync(subject)
		if err != nil {
			a.t.Fatal(err)
		}
		spies = append(spies, spy)
	}
	if err := a.conn.Flush(); err != nil {
		a.t.Fatal(err)
	}
	ctx := deadline(a.t)
	other := a.b.site(council)
	submitted(ctx, a.t, other, Message{Data: []byte("of the coordinator")})
	if err := a.h.Send(ctx, council, numbered(7)); err != nil {
		a.t.Fatal(err)
	}
	box := a.b.receive(other)
	box.holds(ctx, a.t, 1)
	time.Sleep(100 * time.Millisecond)
	for _, spy := range spies {
		if n, _, _ := spy.Pending(); n > 0 {
			m, _ := spy.NextMsg(time.Second)
			a.t.Errorf("a subscription on %s heard %s", spy.Subject, m.Subject)
		}
		_ = spy.Unsubscribe()
	}
}

func replyByPubAck(a *attack) {
	for _, reply := range aims() {
		a.say("in.sampletown-police", reply, "the police's own", nil)
	}
}

func replyByPull(a *attack) {
	for _, reply := range aims() {
		a.say("hub.api.CONSUMER.MSG.NEXT.OUT.out-sampletown-police", reply, `{"batch":5,"no_wait":true}`, nil)
		a.say("hub.api.CONSUMER.MSG.NEXT.OUT.out-sampletown-police", reply, `{"batch":5,"expires":1000000000,"idle_heartbeat":100000000}`, nil)
	}
}

func replyByInfo(a *attack) {
	for _, reply := range aims() {
		a.say("hub.api.CONSUMER.INFO.OUT.out-sampletown-police", reply, "", nil)
	}
}

// acknowledgeForAnother tries it while the shelter has its delivery in hand.
func acknowledgeForAnother(a *attack) {
	consumer, err := a.own.inbox(deadline(a.t))
	if err != nil {
		a.t.Fatal(err)
	}
	delivery, err := consumer.Next(jetstream.FetchMaxWait(30 * time.Second))
	if err != nil {
		a.t.Fatal(err)
	}
	for _, word := range []string{"+ACK", "+TERM", "-NAK", "+WPI"} {
		a.say(delivery.Reply(), "", word, nil)
		a.ask(delivery.Reply(), word)
	}
	a.settle()
	info, err := consumer.Info(deadline(a.t))
	if err != nil {
		a.t.Fatal(err)
	}
	if a.taken = info.Delivered.Consumer; a.taken != 1 || info.NumAckPending != 1 {
		a.t.Errorf("the shelter's delivery was touched: %+v", info)
	}
	if err := delivery.Nak(); err != nil {
		a.t.Fatal(err)
	}
}

func createConsumer(a *attack) {
	for _, stream := range []string{"IN", "OUT"} {
		config := fmt.Sprintf(`{"stream_name":%q,"config":{"name":"spy","durable_name":"spy","ack_policy":"explicit"}}`, stream)
		push := fmt.Sprintf(`{"stream_name":%q,"config":{"name":"spy","deliver_subject":"in.sampletown-police","ack_policy":"none"}}`, stream)
		for _, body := range []string{config, push} {
			a.askAPI("CONSUMER.CREATE."+stream, body)
			a.askAPI("CONSUMER.CREATE."+stream+".spy", body)
			a.askAPI("CONSUMER.CREATE."+stream+".spy.out.lighthouse-shelter", strings.Replace(body, `"name"`, `"filter_subject":"out.lighthouse-shelter","name"`, 1))
			a.askAPI("CONSUMER.DURABLE.CREATE."+stream+".spy", body)
		}
	}
}

func spoilConsumer(a *attack) {
	for _, agency := range []string{"lighthouse-shelter", "sampletown-police"} {
		a.askAPI("CONSUMER.DELETE.OUT.out-"+agency, "")
		a.askAPI("CONSUMER.PAUSE.OUT.out-"+agency, `{"pause_until":"2099-01-01T00:00:00Z"}`)
		a.askAPI("CONSUMER.RESET.OUT.out-"+agency, `{"seq":1}`)
		a.askAPI("CONSUMER.UNPIN.OUT.out-"+agency, `{"group":"a"}`)
		a.askAPI("CONSUMER.LEADER.STEPDOWN.OUT.out-"+agency, "")
	}
	a.askAPI("CONSUMER.LIST.OUT", "")
	a.askAPI("CONSUMER.NAMES.OUT", "")
}

func streamCalls(a *attack) {
	a.askAPI("INFO", "")
	a.askAPI("STREAM.NAMES", "")
	a.askAPI("STREAM.LIST", "")
	a.askAPI("ACCOUNT.PURGE.x", "")
	a.askAPI("STREAM.CREATE.MINE", `{"name":"MINE","subjects":["in.>"],"sources":[{"name":"IN"}]}`)
	for _, stream := range []string{"IN", "OUT"} {
		a.askAPI("STREAM.INFO."+stream, `{"subjects_filter":">"}`)
		a.askAPI("STREAM.UPDATE."+stream, fmt.Sprintf(`{"name":%q,"subjects":["x"],"allow_rollup_hdrs":true}`, stream))
		a.askAPI("STREAM.SNAPSHOT."+stream, `{"deliver_subject":"`+a.inbox+`.9"}`)
		a.askAPI("STREAM.RESTORE."+stream, "{}")
		a.askAPI("STREAM.DELETE."+stream, "")
	}
}

func getMessages(a *attack) {
	for _, stream := range []string{"IN", "OUT"} {
		a.askAPI("STREAM.MSG.GET."+stream, `{"seq":1}`)
		a.askAPI("STREAM.MSG.GET."+stream, `{"last_by_subj":"out.lighthouse-shelter"}`)
		a.askAPI("DIRECT.GET."+stream, `{"seq":1}`)
		a.askAPI("DIRECT.GET."+stream+".out.lighthouse-shelter", "")
	}
}

func deleteMessages(a *attack) {
	for _, stream := range []string{"IN", "OUT"} {
		a.askAPI("STREAM.MSG.DELETE."+stream, `{"seq":1}`)
		a.askAPI("STREAM.PURGE."+stream, "")
		a.askAPI("STREAM.PURGE."+stream, `{"filter":"out.lighthouse-shelter"}`)
	}
}

func systemRequests(a *attack) {
	for _, what := range []string{"CONNZ", "SUBSZ", "JSZ", "INFO"} {
		a.ask("$SYS.REQ.ACCOUNT."+a.b.accounts.SystemAccount+"."+what, "")
	}
	for _, what := range []string{"STATSZ", "VARZ", "JSZ", "ACCOUNTZ"} {
		a.ask("$SYS.REQ.SERVER.PING."+what, "")
	}
	// The server tells any account of its own connections: one here, while hub and shelter are connected too.
	if m, err := a.conn.Request("$SYS.REQ.SERVER.PING.CONNZ", nil, 300*time.Millisecond); err == nil && !strings.Contains(string(m.Data), `"num_connections":1,`) {
		a.t.Errorf("the attacker sees others' connections: %s", m.Data)
	}
	a.ask("$SYS.REQ.CLAIMS.LIST", "")
	a.ask("$SYS.REQ.CLAIMS.UPDATE", a.b.accounts.OperatorJWT)
}

func traceTo(a *attack) {
	for _, to := range aims() {
		for _, only := range []string{"", "true"} {
			header := nats.Header{"Nats-Trace-Dest": {to}}
			if only != "" {
				header.Set("Nats-Trace-Only", only)
			}
			a.say("in.sampletown-police", "", "traced", header)
			a.say("hub.api.CONSUMER.INFO.OUT.out-sampletown-police", a.inbox+"-own", "", header)
		}
	}
}

func withHeader(name string, values ...string) func(*attack) {
	return func(a *attack) {
		for _, value := range values {
			a.say("in.sampletown-police", "", "with a header", nats.Header{name: {value}})
		}
	}
}

func schedule(a *attack) {
	for _, target := range []string{"in.lighthouse-shelter", "out.lighthouse-shelter", "in.sampletown-police"} {
		for _, when := range []string{"@at 2020-01-01T00:00:00Z", "@every 1s"} {
			a.say("in.sampletown-police", "", "scheduled", nats.Header{
				"Nats-Schedule": {when}, "Nats-Schedule-Target": {target}, "Nats-Schedule-TTL": {"1m"},
				"Nats-Schedule-Source": {"in.lighthouse-shelter"}, "Nats-Schedule-Rollup": {"sub"},
			})
		}
	}
	time.Sleep(1200 * time.Millisecond) // a schedule, if it were taken, fires each second
}

func batch(a *attack) {
	a.say("in.sampletown-police", "", "batched", nats.Header{"Nats-Batch-Id": {"b"}, "Nats-Batch-Sequence": {"1"}})
	a.say("in.sampletown-police", "", "batched", nats.Header{"Nats-Batch-Id": {"b"}, "Nats-Batch-Sequence": {"2"}, "Nats-Batch-Commit": {"1"}})
	a.say("in.sampletown-police", "", "1", nats.Header{"Nats-Incr": {"+1"}})
}

// squat takes the ids of the shelter's next events beforehand. The shelter's site
// sets no Nats-Msg-Id, so wallsStand finds what it submits next.
func squat(a *attack) {
	for _, id := range []string{"", "goes on", "urn:handrail:sampleland:agency:lighthouse-shelter"} {
		a.say("in.sampletown-police", "", "goes on", nats.Header{"Nats-Msg-Id": {id}})
	}
}

// stealing gives the police an import of the shelter's submissions, with the
// shelter's own activation token or with none.
func stealing(b *testBroker, token bool) error {
	_, shelterKey, err := pair(b.operator.seeds.Agencies[shelter].Account)
	if err != nil {
		return err
	}
	theirs, err := jwt.DecodeAccountClaims(b.accounts.Resolver[shelterKey])
	if err != nil {
		return err
	}
	_, policeKey, err := pair(b.operator.seeds.Agencies[police].Account)
	if err != nil {
		return err
	}
	own, err := jwt.DecodeAccountClaims(b.accounts.Resolver[policeKey])
	if err != nil {
		return err
	}
	for _, stolen := range theirs.Imports {
		if !token {
			stolen.Token = ""
		}
		own.Imports.Add(stolen)
	}
	operator, _, err := pair(b.operator.seeds.Operator)
	if err != nil {
		return err
	}
	b.accounts.Resolver[policeKey], err = own.Encode(operator)
	return err
}
