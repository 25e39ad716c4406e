package exchange

import (
	"testing"

	"github.com/nats-io/nats.go"
)

// A header Status is the broker's word about a request; an agency that writes one
// must not be taken for the broker, or one message of one agency stops them all.
func TestASubmissionThatPosesAsTheBroker(t *testing.T) {
	b := startBroker(t)
	h := b.hub(nil)
	ctx := deadline(t)
	a := &attack{t: t, b: b, inbox: nats.NewInbox()}
	if err := a.connect(b.accounts.Creds[police]); err != nil {
		t.Fatal(err)
	}
	statuses := []string{"100", "400", "404", "408", "409", "423", "503", "999"}
	for _, status := range statuses {
		a.say(subjectIn(police), "", "", nats.Header{"Status": {status}, "Description": {"Server Shutdown"}, "Nats-Pin-Id": {"x"}})
	}
	if err := a.conn.Flush(); err != nil {
		t.Fatal(err)
	}
	submitted(ctx, t, b.site(shelter), numbered(1))
	from, err := h.Receive(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, status := range statuses {
		s := next(ctx, t, from)
		if s.From != police || s.Message.Header["Status"][0] != status {
			t.Errorf("came %v from %s, want %s", s.Message.Header, s.From, status)
		}
		if err := s.Ack(); err != nil {
			t.Fatal(err)
		}
	}
	if s := next(ctx, t, from); s.From != shelter || s.Message.number(t) != 1 {
		t.Errorf("came a submission of %s", s.From)
	}
}
