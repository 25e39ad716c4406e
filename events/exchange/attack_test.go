package exchange

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/jwt/v2"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"handrail/events"
)

// attack is one try by somebody who has the police's credentials against the
// shelter. "secret" is what the hub holds for the shelter, "genuine" what the
// shelter submitted.
type attack struct {
	t     *testing.T
	b     *testBroker
	h     *Hub
	conn  *nats.Conn // the attacker's
	own   *Site      // the attacked
	taken uint64     // deliveries that the shelter has pulled during the attack
	asked []string
	inbox string
	heard *nats.Subscription
}

// attackers are the police's real credentials and, so that the walls between
// accounts are tried without the user's permissions, a user who may do whatever
// the account may.
func attackers(b *testBroker) map[string][]byte {
	own := b.operator.seeds.Agencies[police]
	account, _, err := pair(own.Account)
	if err != nil {
		b.t.Fatal(err)
	}
	free, err := credentials(account, own.User, "free", jwt.Permissions{})
	if err != nil {
		b.t.Fatal(err)
	}
	return map[string][]byte{"real credentials": b.accounts.Creds[police], "user without limits": free}
}

func newAttack(t *testing.T, b *testBroker) *attack {
	t.Helper()
	a := &attack{t: t, b: b, h: b.hub(nil), own: b.site(shelter), inbox: nats.NewInbox()}
	ctx := deadline(t)
	for _, agency := range []events.AgencyID{shelter, police} {
		if err := a.h.Send(ctx, agency, Message{Data: []byte("secret of " + agency)}); err != nil {
			t.Fatal(err)
		}
	}
	submitted(ctx, t, a.own, Message{Data: []byte("genuine")})
	return a
}

func (a *attack) connect(creds []byte) error {
	a.t.Helper()
	var err error
	quiet := nats.ErrorHandler(func(*nats.Conn, *nats.Subscription, error) {})
	if a.conn, err = nats.Connect(a.b.url(), nats.UserCredentials(a.b.file("attacker", creds)), quiet); err != nil {
		return err
	}
	a.t.Cleanup(a.conn.Close)
	a.heard, err = a.conn.SubscribeSync(a.inbox + ".*")
	return err
}

// say publishes with any reply subject and headers.
func (a *attack) say(subject, reply, body string, header nats.Header) {
	a.t.Helper()
	if err := a.conn.PublishMsg(&nats.Msg{Subject: subject, Reply: reply, Header: header, Data: []byte(body)}); err != nil {
		a.t.Fatal(err)
	}
}

// ask makes a request whose answer must be a refusal or nothing: see settle.
func (a *attack) ask(subject, body string) {
	a.t.Helper()
	a.say(subject, fmt.Sprintf("%s.%d", a.inbox, len(a.asked)), body, nil)
	a.asked = append(a.asked, subject)
}

// settle waits until the broker has answered what it will answer.
func (a *attack) settle() {
	a.t.Helper()
	if err := a.conn.Flush(); err != nil {
		a.t.Fatal(err)
	}
	for {
		m, err := a.heard.NextMsg(100 * time.Millisecond)
		if errors.Is(err, nats.ErrNoResponders) || err == nil && bytes.Contains(m.Data, []byte(`"error"`)) {
			continue
		}
		if err != nil {
			return
		}
		var index int
		_, _ = fmt.Sscan(m.Subject[len(a.inbox)+1:], &index)
		a.t.Errorf("%s was answered: %s %q", a.asked[index], m.Header, m.Data)
	}
}

// wallsStand checks that nothing of the shelter's or the hub's was touched, and
// that shelter and hub go on.
func (a *attack) wallsStand() {
	a.t.Helper()
	ctx := deadline(a.t)
	a.streamsAreAsProvided(ctx)
	if got := a.stored(ctx, streamIn, subjectIn(shelter)); !slices.Equal(got, []string{"genuine"}) {
		a.t.Errorf("in the shelter's name stands %q", got)
	}
	for _, agency := range []events.AgencyID{shelter, police} {
		if got := a.stored(ctx, streamOut, subjectOut(agency)); !slices.Equal(got, []string{"secret of " + string(agency)}) {
			a.t.Errorf("for %s waits %q", agency, got)
		}
	}
	if in := a.stored(ctx, streamIn, "in.>"); slices.ContainsFunc(in, func(s string) bool { return strings.Contains(s, string(shelter)) }) {
		a.t.Errorf("what was the shelter's reached the hub as a submission: %q", in)
	}
	submitted(ctx, a.t, a.own, Message{Data: []byte("goes on")})
	ctx, cancel := context.WithCancel(ctx)
	err := a.own.Receive(ctx, func(_ context.Context, m Message) error {
		if string(m.Data) != "secret of "+string(shelter) {
			a.t.Errorf("the shelter got %q", m.Data)
		}
		cancel()
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		a.t.Errorf("the shelter's delivery: %v", err)
	}
	if got := a.stored(deadline(a.t), streamIn, subjectIn(shelter)); !slices.Equal(got, []string{"genuine", "goes on"}) {
		a.t.Errorf("the shelter's submissions: %q", got)
	}
}

func (a *attack) streamsAreAsProvided(ctx context.Context) {
	a.t.Helper()
	var names []string
	for s := range a.h.js.ListStreams(ctx).Info() {
		names = append(names, s.Config.Name)
		i := slices.IndexFunc(a.h.config.streams(), func(c jetstream.StreamConfig) bool { return c.Name == s.Config.Name })
		if i < 0 {
			continue
		}
		want := a.h.config.streams()[i]
		if !slices.Equal(s.Config.Subjects, want.Subjects) || s.Config.MaxMsgsPerSubject != want.MaxMsgsPerSubject || s.Config.AllowRollup || s.Config.AllowMsgTTL || s.Config.AllowMsgSchedules || s.Config.AllowDirect {
			a.t.Errorf("stream %s is now %+v", want.Name, s.Config)
		}
	}
	if slices.Sort(names); !slices.Equal(names, []string{streamIn, streamOut}) {
		a.t.Errorf("streams are %v", names)
	}
	out, err := a.h.js.Stream(ctx, streamOut)
	if err != nil {
		a.t.Fatal(err)
	}
	var readers []string
	for c := range out.ListConsumers(ctx).Info() {
		readers = append(readers, c.Name)
		if c.Name == durable(shelter) && (c.Delivered.Consumer != a.taken || c.Paused || c.NumWaiting != 0) {
			a.t.Errorf("the shelter's consumer was used: %+v", c)
		}
	}
	if slices.Sort(readers); !slices.Equal(readers, []string{durable(shelter), durable(council), durable(police)}) {
		a.t.Errorf("consumers are %v", readers)
	}
	in, err := a.h.js.Stream(ctx, streamIn)
	if err != nil {
		a.t.Fatal(err)
	}
	for name := range in.ConsumerNames(ctx).Name() {
		a.t.Errorf("consumer %s reads submissions", name)
	}
}

// stored lists the bodies that a stream holds on a subject.
func (a *attack) stored(ctx context.Context, stream, subject string) []string {
	a.t.Helper()
	s, err := a.h.js.Stream(ctx, stream)
	if err != nil {
		a.t.Fatal(err)
	}
	var bodies []string
	for next := uint64(1); ; {
		m, err := s.GetMsg(ctx, next, jetstream.WithGetMsgSubject(subject))
		if errors.Is(err, jetstream.ErrMsgNotFound) {
			return bodies
		}
		if err != nil {
			a.t.Fatal(err)
		}
		next = m.Sequence + 1
		bodies = append(bodies, string(m.Data))
	}
}

// askAPI tries both names by which the police could reach the hub's JetStream API.
func (a *attack) askAPI(verb, body string) {
	a.t.Helper()
	a.ask("$JS.API."+verb, body)
	a.ask(apiPrefix+"."+verb, body)
}

func TestAttacks(t *testing.T) {
	for name, try := range attacks() {
		t.Run(name, func(t *testing.T) {
			for _, who := range []string{"real credentials", "user without limits"} {
				t.Run(who, func(t *testing.T) {
					b := startBroker(t)
					a := newAttack(t, b)
					if err := a.connect(attackers(b)[who]); err != nil {
						t.Fatal(err)
					}
					try(a)
					a.settle()
					a.wallsStand()
				})
			}
		})
	}
	t.Run("stolen activation token", func(t *testing.T) {
		a := newAttack(t, brokerWithTheft(t, true))
		if err := a.connect(attackers(a.b)["user without limits"]); !errors.Is(err, nats.ErrAuthorization) {
			t.Errorf("an account with a stolen token gets in: %v", err)
		}
		a.wallsStand()
	})
	t.Run("import without an activation token", func(t *testing.T) {
		a := newAttack(t, brokerWithTheft(t, false))
		if err := a.connect(attackers(a.b)["user without limits"]); err != nil {
			t.Fatal(err)
		}
		publishAsAnother(a)
		a.askAPI("CONSUMER.MSG.NEXT.OUT.out-lighthouse-shelter", `{"batch":5,"no_wait":true}`)
		a.askAPI("CONSUMER.INFO.OUT.out-lighthouse-shelter", "")
		acknowledgeForAnother(a)
		a.settle()
		a.wallsStand()
	})
}

// brokerWithTheft has accounts in which the police import what is the shelter's.
func brokerWithTheft(t *testing.T, token bool) *testBroker {
	t.Helper()
	b := startBroker(t)
	b.stop()
	if err := stealing(b, token); err != nil {
		t.Fatal(err)
	}
	b.start()
	return b
}

// The attacks prove something only if the way that they abuse is open.
func TestWhatAnAgencyMayDo(t *testing.T) {
	for _, who := range []string{"real credentials", "user without limits"} {
		t.Run(who, func(t *testing.T) {
			b := startBroker(t)
			a := newAttack(t, b)
			if err := a.connect(attackers(b)[who]); err != nil {
				t.Fatal(err)
			}
			for _, right := range []struct{ subject, body, want string }{
				{"in.sampletown-police", "own", `"stream":"IN"`},
				{"hub.api.CONSUMER.INFO.OUT.out-sampletown-police", "", `"num_pending":1`},
				{"hub.api.CONSUMER.MSG.NEXT.OUT.out-sampletown-police", "1", "secret of sampletown-police"},
			} {
				m, err := a.conn.Request(right.subject, []byte(right.body), 5*time.Second)
				if err != nil || !strings.Contains(string(m.Data), right.want) {
					t.Errorf("%s gives %v, %v", right.subject, m, err)
				}
			}
		})
	}
}
