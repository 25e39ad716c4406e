package attacks

import (
	"crypto/rand"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"handrail/deploy/local/story"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// reachesNothingElse uses an agency's credentials past the exchange, straight on
// the broker.
func (s *site) reachesNothingElse(t *testing.T) {
	a := s.arena
	conn := a.dial(t, filepath.Join(a.hub.At.Agency(thief), "nats.creds"))
	heard := make(chan *nats.Msg, 1024)
	for _, subject := range []string{">", "in.>", "out.>", "$JS.>", "_INBOX.>"} {
		sub, err := conn.ChanSubscribe(subject, heard)
		if err == nil {
			defer func() { _ = sub.Unsubscribe() }()
		}
	}
	before := a.doctor(t)
	forged := exchange.Encode(s.sign(s.opening()))
	for _, subject := range []string{
		"in." + string(honest), "out." + string(shelter), "in.hub", "$JS.API.STREAM.PURGE.IN", "$JS.API.STREAM.DELETE.OUT", "$JS.API.STREAM.MSG.GET.OUT",
		"$JS.API.CONSUMER.MSG.NEXT.OUT.out-" + string(shelter), "hub.api.CONSUMER.MSG.NEXT.OUT.out-" + string(shelter), "hub.api.CONSUMER.CREATE.OUT.x", "$SYS.REQ.SERVER.PING", "$SYS.REQ.ACCOUNT.PING",
	} {
		m := &nats.Msg{Subject: subject, Header: forged.Header, Data: forged.Data, Reply: conn.NewRespInbox()}
		must(t, conn.PublishMsg(m))
	}
	must(t, conn.Flush())
	must(t, a.world.Tell(t.Context(), "police receives form referral\nhub records case.opened by police\n", quiet{}))
	after := a.doctor(t)
	for agency, connection := range after.Agencies { // every submission is answered by a delivery; readings of the auditor are entries too, and answered to nobody
		want := before.Agencies[agency].Assigned
		if agency == honest {
			want++
		}
		if connection.Assigned != want {
			t.Errorf("%s has %d deliveries, want %d: the one honest case and nothing else", agency, connection.Assigned, want)
		}
	}
	time.Sleep(100 * time.Millisecond) // what was overheard would be here by now
	for len(heard) > 0 {
		m := <-heard
		if m.Header.Get("ce-subject") == string(a.world.Case) || strings.Contains(m.Subject, string(shelter)) && strings.HasPrefix(m.Subject, "out.") && m.Header.Get(exchange.DeliveryHeader) != "" {
			t.Errorf("overheard on %s", m.Subject)
		}
	}
	s.admits(s.opening())
	a.healthy(t)
}

func (a *arena) dial(t *testing.T, creds string) *nats.Conn {
	t.Helper()
	conn, err := nats.Connect(a.file.Broker, nats.UserCredentials(creds), nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {}))
	must(t, err)
	t.Cleanup(conn.Close)
	return conn
}

// canOnlyDelay speaks to a shelter with the hub's own credentials for the
// broker, but without its keys.
func (a *arena) canOnlyDelay(t *testing.T) {
	conn := a.dial(t, filepath.Join(a.hub.At.Hub(), "nats.creds"))
	for _, m := range a.forgeries(t) {
		_, err := conn.RequestMsg(&nats.Msg{Subject: "out." + string(shelter), Header: m.Header, Data: m.Data}, patience)
		must(t, err)
	}
	people := client.People(a.hub.At.Agency(shelter))
	eventually(t, "the shelter is alarmed", func() bool {
		var examined agency.Health
		must(t, people.Get(t.Context(), "/v1/doctor", &examined))
		names := map[string]bool{}
		for _, alarm := range examined.Alarms {
			names[alarm.Name] = true
		}
		return names["copy-damaged"] && names["control-damaged"]
	})
	text, err := story.Text("referral")
	must(t, err)
	must(t, a.world.Tell(t.Context(), text, quiet{}))
	a.healthy(t)
}

// forgeries are deliveries and control messages that the hub never made.
func (a *arena) forgeries(t *testing.T) []exchange.Message {
	t.Helper()
	nonsense := make([]byte, 300)
	_, _ = rand.Read(nonsense)
	s := &site{arena: a, t: t, id: thief, next: 1, said: map[string]events.Event{}, signing: stranger(t)}
	e := s.sign(s.opening())
	delivered := exchange.Encode(e).WithDelivery(`{"kind":"event","number":2,"recipient":"` + string(shelter) + `","entry":1}`)
	control := s.draft(&events.HeadAnnounced{Delivered: 1 << 40}, "")
	control.Subject, control.Source = string(shelter), events.Source(a.file.Hub, events.HubAgency)
	signed, err := s.signing.Sign(control)
	must(t, err)
	return []exchange.Message{
		{Data: nonsense},
		exchange.Encode(e), delivered, exchange.Message{}.WithDelivery("{}"),
		exchange.Message{}.WithDelivery(strings.Repeat("[", 50000)), exchange.Encode(signed),
	}
}
