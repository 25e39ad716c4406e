package ledger

import (
	"os"
	"path/filepath"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"handrail/deploy/local"
	"handrail/events"
)

// wipeBroker stops the broker, destroys all that it stored, and starts it again.
func (w *world) wipeBroker() {
	w.t.Helper()
	w.must(w.broker.Stop())
	w.must(os.RemoveAll(filepath.Join(w.options.Dir, "jetstream")))
	var err error
	w.broker, err = local.StartBroker(w.options)
	w.must(err)
}

// pending counts the messages that wait for an agency at the broker.
func (w *world) pending(agency events.AgencyID) int {
	w.t.Helper()
	conn, err := nats.Connect(w.broker.ClientURL(), nats.UserCredentials(filepath.Join(w.dir, "hub.creds")))
	w.must(err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	w.must(err)
	stream, err := js.Stream(w.t.Context(), "OUT")
	w.must(err)
	info, err := stream.Info(w.t.Context(), jetstream.WithSubjectFilter("out."+string(agency)))
	w.must(err)
	return int(info.State.Subjects["out."+string(agency)])
}
