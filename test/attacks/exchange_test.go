package attacks

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"handrail/events"
	"handrail/events/exchange"
)

// intruder holds an agency's own credentials and speaks NATS itself. The same
// attacks with a user who may do whatever the account may, so that the walls
// between accounts stand alone, are those of events/exchange.
type intruder struct {
	*site

	t     *testing.T
	other *site // an agency that must not notice
	conn  *nats.Conn
	eyes  jetstream.JetStream // the hub's own eyes, to see what became of its streams
	inbox string
	heard *nats.Subscription
	asked []string
	owed  uint64 // deliveries that the other gets because of what it says itself
}

// atTheBroker uses an agency's credentials past the exchange, straight on the
// broker. After each attempt nobody else was sent anything, the hub's streams and
// consumers are as they were, and both an honest agency and the thief are served.
func (s *site) atTheBroker(t *testing.T) {
	x := &intruder{site: s, other: s.neighbour, conn: s.dial(t, filepath.Join(s.hub.At.Agency(thief), "nats.creds")), inbox: nats.NewInbox()}
	var err error
	x.eyes, err = jetstream.New(s.dial(t, s.hub.At.HubCreds()))
	must(t, err)
	x.heard, err = x.conn.SubscribeSync(x.inbox + ".*")
	must(t, err)
	for _, attack := range []struct {
		name string
		try  func()
	}{
		{"publish as another agency", x.publishAsAnother},
		{"publish with a wildcard", func() { x.askAll("in.*", "in.>", "out.*", "*", ">") }},
		{"publish what the broker itself says", func() { x.askAll("$JS.EVENT.ADVISORY.API", "_INBOX.x", "_R_.x", "$JSC.R.x", "$SYS.ACCOUNT.x.CONNECT") }},
		{"subscribe to others' subjects", x.overhear},
		{"subscribe to others' inboxes", x.overhearInboxes},
		{"stream list, info, create, update, delete", x.streamCalls},
		{"message get and direct get", x.getMessages},
		{"message delete and purge", x.deleteMessages},
		{"consumer create", x.createConsumers},
		{"consumer info and next message of another", func() {
			x.askAPI("CONSUMER.INFO.OUT.out-"+string(provider), "")
			x.askAPI("CONSUMER.MSG.NEXT.OUT.out-"+string(provider), "5")
		}},
		{"consumer delete, pause, reset, step-down", x.spoilConsumers},
		{"acknowledge for another", x.acknowledgeForAnother},
		{"the broker's system account", x.systemRequests},
		{"a reply subject that puts the broker's answer into a stream", func() { x.replies("in."+string(thief), "not an event") }},
		{"a reply subject that puts the next delivery into a stream", func() {
			x.replies("hub.api.CONSUMER.MSG.NEXT.OUT.out-"+string(thief), `{"batch":5,"no_wait":true}`)
			x.replies("hub.api.CONSUMER.MSG.NEXT.OUT.out-"+string(thief), `{"batch":5,"expires":300000000,"idle_heartbeat":100000000}`)
			time.Sleep(400 * time.Millisecond) // until then the next delivery to the thief goes nowhere, by its own wish
		}},
		{"a reply subject that puts the consumer's state into a stream", func() { x.replies("hub.api.CONSUMER.INFO.OUT.out-"+string(thief), "") }},
	} {
		t.Run(attack.name, func(t *testing.T) {
			during(t, x.site, x.other)
			x.t = t
			x.tries(attack.try)
		})
	}
	x.headers(t)
}

// tries makes one attempt and looks what became of everybody else.
func (x *intruder) tries(attempt func()) {
	x.t.Helper()
	before, streams := x.doctor(x.t), x.streams()
	x.owed = 0
	attempt()
	x.settle()
	after := x.doctor(x.t)
	for id, connection := range after.Agencies {
		want := before.Agencies[id].Assigned
		if id == provider {
			want += x.owed
		}
		if id != thief && connection.Assigned != want {
			x.t.Errorf("%s was sent %d deliveries", id, connection.Assigned-want)
		}
	}
	if now := x.streams(); now != streams {
		x.t.Errorf("the hub's streams were\n%s\nand are\n%s", streams, now)
	}
	x.other.admits(x.other.opening())
	x.settles(x.t)
	x.admits(x.opening())
	x.healthy(x.t)
}

// streams describes the hub's streams and the consumers of all agencies but the thief.
func (x *intruder) streams() string {
	x.t.Helper()
	var all []string
	for s := range x.eyes.ListStreams(x.t.Context()).Info() {
		text, err := json.Marshal(s.Config)
		must(x.t, err)
		all = append(all, string(text))
	}
	out, err := x.eyes.Stream(x.t.Context(), "OUT")
	must(x.t, err)
	for c := range out.ListConsumers(x.t.Context()).Info() {
		all = append(all, fmt.Sprintf("%s paused=%v", c.Name, c.Paused))
	}
	in, err := x.eyes.Stream(x.t.Context(), "IN")
	must(x.t, err)
	readers := 0
	for range in.ConsumerNames(x.t.Context()).Name() {
		readers++
	}
	slices.Sort(all)
	return strings.Join(append(all, fmt.Sprint("readers of IN: ", readers)), "\n")
}

func (x *intruder) say(subject, reply, body string, header nats.Header) {
	x.t.Helper()
	must(x.t, x.conn.PublishMsg(&nats.Msg{Subject: subject, Reply: reply, Header: header, Data: []byte(body)}))
}

// ask makes a request whose answer must be a refusal or nothing: see settle.
func (x *intruder) ask(subject, body string) {
	x.t.Helper()
	x.say(subject, fmt.Sprintf("%s.%d", x.inbox, len(x.asked)), body, nil)
	x.asked = append(x.asked, subject)
}

func (x *intruder) askAll(subjects ...string) {
	x.t.Helper()
	for _, subject := range subjects {
		x.ask(subject, "forged")
	}
}

// askAPI tries both names by which an agency could reach the hub's JetStream API.
func (x *intruder) askAPI(verb, body string) {
	x.t.Helper()
	x.ask("$JS.API."+verb, body)
	x.ask("hub.api."+verb, body)
}

// settle waits until the broker has answered what it will answer.
func (x *intruder) settle() {
	x.t.Helper()
	must(x.t, x.conn.Flush())
	for {
		m, err := x.heard.NextMsg(30 * time.Millisecond)
		if errors.Is(err, nats.ErrNoResponders) || err == nil && strings.Contains(string(m.Data), `"error"`) {
			continue
		}
		if err != nil {
			return
		}
		var index int
		_, _ = fmt.Sscan(m.Subject[len(x.inbox)+1:], &index)
		x.t.Errorf("%s was answered: %s %q", x.asked[index], m.Header, m.Data)
	}
}

// aims are subjects on which a message of the thief's, or the broker's answer to
// one, would do harm.
func aims() []string {
	return []string{
		"in." + string(provider), "in." + string(honest), "in.hub", "out." + string(provider), "out." + string(thief), "out." + string(shelter),
		"$JS.API.STREAM.PURGE.IN", "$JS.API.STREAM.DELETE.OUT", "$JS.API.CONSUMER.DELETE.OUT.out-" + string(provider),
		"hub.api.CONSUMER.MSG.NEXT.OUT.out-" + string(provider), "$JS.ACK.OUT.out-" + string(provider) + ".1.1.1.1700000000000000000.0",
	}
}

// publishAsAnother sends a whole event, rightly signed by the thief, from
// another's subject.
func (x *intruder) publishAsAnother() {
	forged := exchange.Encode(x.sign(x.opening()))
	for _, subject := range aims() {
		must(x.t, x.conn.PublishMsg(&nats.Msg{Subject: subject, Header: forged.Header, Data: forged.Data}))
		x.ask(subject, "forged")
	}
}

func (x *intruder) replies(subject, body string) {
	x.t.Helper()
	for _, reply := range aims() {
		x.say(subject, reply, body, nil)
	}
}

// overhear subscribes to everything while an honest agency is served.
func (x *intruder) overhear() {
	x.overhears("> * in.> in.* out.> out." + string(provider) + " $JS.> $JS.ACK.> $JSC.> hub.> $SYS.>")
}

// overhearInboxes subscribes to where an honest agency gets its answers.
func (x *intruder) overhearInboxes() { x.overhears("_INBOX.> _INBOX.*.* _R_.> $JS.FC.>") }

func (x *intruder) overhears(subjects string) {
	x.t.Helper()
	heard := make(chan *nats.Msg, 1024)
	for subject := range strings.FieldsSeq(subjects) {
		if sub, err := x.conn.ChanSubscribe(subject, heard); err == nil {
			defer func() { _ = sub.Unsubscribe() }()
		}
	}
	must(x.t, x.conn.Flush())
	e := x.other.opening()
	x.other.admits(e)
	x.owed++
	time.Sleep(50 * time.Millisecond) // what was overheard would be here by now
	for len(heard) > 0 {
		m := <-heard
		if text := fmt.Sprint(m.Subject, m.Header, string(m.Data)); strings.Contains(text, string(provider)) || strings.Contains(text, e.Subject) {
			x.t.Errorf("overheard on %s: %.200s", m.Subject, text)
		}
	}
}

func (x *intruder) streamCalls() {
	for _, verb := range []string{"INFO", "STREAM.NAMES", "STREAM.LIST", "ACCOUNT.PURGE.x"} {
		x.askAPI(verb, "")
	}
	x.askAPI("STREAM.CREATE.MINE", `{"name":"MINE","subjects":["in.>"],"sources":[{"name":"IN"}]}`)
	for _, stream := range []string{"IN", "OUT"} {
		x.askAPI("STREAM.INFO."+stream, `{"subjects_filter":">"}`)
		x.askAPI("STREAM.UPDATE."+stream, `{"name":"`+stream+`","subjects":["x"],"allow_rollup_hdrs":true}`)
		x.askAPI("STREAM.SNAPSHOT."+stream, `{"deliver_subject":"`+x.inbox+`.9"}`)
		x.askAPI("STREAM.RESTORE."+stream, "{}")
		x.askAPI("STREAM.DELETE."+stream, "")
	}
}

func (x *intruder) getMessages() {
	for _, stream := range []string{"IN", "OUT"} {
		x.askAPI("STREAM.MSG.GET."+stream, `{"seq":1}`)
		x.askAPI("STREAM.MSG.GET."+stream, `{"last_by_subj":"out.`+string(provider)+`"}`)
		x.askAPI("DIRECT.GET."+stream, `{"seq":1}`)
		x.askAPI("DIRECT.GET."+stream+".out."+string(provider), "")
	}
}

func (x *intruder) deleteMessages() {
	for _, stream := range []string{"IN", "OUT"} {
		x.askAPI("STREAM.MSG.DELETE."+stream, `{"seq":1}`)
		x.askAPI("STREAM.PURGE."+stream, "")
		x.askAPI("STREAM.PURGE."+stream, `{"filter":"out.`+string(provider)+`"}`)
	}
}

func (x *intruder) createConsumers() {
	for _, stream := range []string{"IN", "OUT"} {
		pull := `{"stream_name":"` + stream + `","config":{"name":"spy","durable_name":"spy","ack_policy":"explicit"}}`
		push := `{"stream_name":"` + stream + `","config":{"name":"spy","deliver_subject":"` + x.inbox + `.9","ack_policy":"none"}}`
		for _, body := range []string{pull, push} {
			x.askAPI("CONSUMER.CREATE."+stream, body)
			x.askAPI("CONSUMER.CREATE."+stream+".spy", body)
			x.askAPI("CONSUMER.CREATE."+stream+".spy.out."+string(provider), body)
			x.askAPI("CONSUMER.DURABLE.CREATE."+stream+".spy", body)
		}
	}
}

func (x *intruder) spoilConsumers() {
	for _, of := range []events.AgencyID{provider, thief} {
		x.askAPI("CONSUMER.DELETE.OUT.out-"+string(of), "")
		x.askAPI("CONSUMER.PAUSE.OUT.out-"+string(of), `{"pause_until":"2099-01-01T00:00:00Z"}`)
		x.askAPI("CONSUMER.RESET.OUT.out-"+string(of), `{"seq":1}`)
		x.askAPI("CONSUMER.UNPIN.OUT.out-"+string(of), `{"group":"a"}`)
		x.askAPI("CONSUMER.LEADER.STEPDOWN.OUT.out-"+string(of), "")
	}
	x.askAPI("CONSUMER.LIST.OUT", "")
	x.askAPI("CONSUMER.NAMES.OUT", "")
}

// acknowledgeForAnother would have the broker forget what waits for others.
func (x *intruder) acknowledgeForAnother() {
	for number := range 40 {
		subject := fmt.Sprintf("$JS.ACK.OUT.out-%s.1.%d.%d.1700000000000000000.0", provider, number+1, number+1)
		for _, word := range []string{"+ACK", "+TERM", "-NAK"} {
			x.say(subject, "", word, nil)
		}
		x.ask(subject, "+ACK")
	}
}

func (x *intruder) systemRequests() {
	for _, what := range []string{"SERVER.PING.STATSZ", "SERVER.PING.VARZ", "SERVER.PING.JSZ", "SERVER.PING.ACCOUNTZ", "CLAIMS.LIST"} {
		x.ask("$SYS.REQ."+what, "")
	}
	x.ask("$SYS.REQ.CLAIMS.UPDATE", "a.b.c")
	x.ask("$SYS.REQ.CLAIMS.DELETE", "a.b.c")
	x.ask("$SYS.REQ.CLAIMS.PACK", "")
	// The server tells any account of its own connections, and of no other's.
	if m, err := x.conn.Request("$SYS.REQ.SERVER.PING.CONNZ", nil, 100*time.Millisecond); err == nil && strings.Contains(string(m.Data), "hub") && strings.Contains(string(m.Data), string(provider)) {
		x.t.Errorf("the thief sees others' connections: %s", m.Data)
	}
}
