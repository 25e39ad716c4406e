package attacks

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// operator is whoever runs the hub: its keys, its database and its services are
// in one hand, and the hand is false.
type operator struct {
	*arena

	t      *testing.T
	copies string // outside of the data directory
}

// noticed is how long a witness may take to be sure: a ledger that leads no more
// may still have something on its way.
const noticed = 40 * time.Second

func newOperator(t *testing.T) *operator {
	t.Helper()
	t.Setenv("HANDRAIL_DATABASE_URL", "") // the whole cluster is copied
	o := &operator{arena: newArena(t, nil), t: t}
	o.copies = filepath.Join(filepath.Dir(o.hub.At.Root), filepath.Base(o.hub.At.Root)+"-copies")
	must(t, os.Mkdir(o.copies, 0o700))
	t.Cleanup(func() { must(t, os.RemoveAll(o.copies)) })
	return o
}

// within waits longer than eventually does.
func (o *operator) within(what string, is func() bool) {
	o.t.Helper()
	for end := time.Now().Add(noticed); !is(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(end) {
			o.t.Fatalf("never happened: %s", what)
		}
	}
}

// cosigned waits until agencies have cosigned the whole log, and gives its size.
func (o *operator) cosigned(by ...events.AgencyID) uint64 {
	o.t.Helper()
	var size uint64
	o.within("the witnesses cosign the log", func() bool {
		d := o.doctor(o.t)
		size = d.Size
		for _, id := range by {
			if w := d.Agencies[id].Witness; w == nil || w.Size != size {
				return false
			}
		}
		return true
	})
	return size
}

// shut kills the ledger and lets the database end in good order, so that its files
// can be copied.
func (o *operator) shut() {
	o.t.Helper()
	must(o.t, o.hub.Kill(local.ServiceLedger))
	must(o.t, o.hub.Postgres.Stop())
}

func (o *operator) open() {
	o.t.Helper()
	must(o.t, o.hub.StartPostgres(context.Background()))
	must(o.t, o.hub.Start(context.Background(), local.ServiceLedger))
}

// keeps copies the database away while nothing runs on it.
func (o *operator) keeps(name string) {
	o.t.Helper()
	o.copy(o.hub.At.Postgres(), filepath.Join(o.copies, name))
}

// puts gives the hub a database that was kept: the same cluster, on the same
// timeline, as a copied disk is.
func (o *operator) puts(name string) {
	o.t.Helper()
	must(o.t, os.RemoveAll(o.hub.At.Postgres()))
	o.copy(filepath.Join(o.copies, name), o.hub.At.Postgres())
}

func (o *operator) copy(from, to string) {
	o.t.Helper()
	if out, err := exec.CommandContext(o.t.Context(), "cp", "-a", from, to).CombinedOutput(); err != nil { // with its owner
		o.t.Fatalf("copying the database: %v: %s", err, out)
	}
}

// empties has the broker forget all that waits there, of whatever history.
func (o *operator) empties() {
	o.t.Helper()
	must(o.t, o.hub.Kill(local.ServiceBroker))
	must(o.t, os.RemoveAll(filepath.Join(o.hub.At.Broker(), "jetstream")))
	must(o.t, o.hub.Start(context.Background(), local.ServiceBroker))
}

func (o *operator) sends(away ...events.AgencyID) {
	o.t.Helper()
	for _, id := range away {
		must(o.t, o.hub.Kill(string(id)))
	}
}

func (o *operator) brings(back ...events.AgencyID) {
	o.t.Helper()
	for _, id := range back {
		must(o.t, o.hub.Start(context.Background(), string(id)))
	}
	for _, id := range back {
		o.within(string(id)+" is back", func() bool { return o.hub.At.Probe(o.t.Context(), string(id)) == nil })
	}
}

// happens lets something be said, and waits until it is in the log.
func (o *operator) happens(lines ...string) {
	o.t.Helper()
	must(o.t, o.world.Tell(o.t.Context(), strings.Join(lines, "\n"), quiet{}))
}

// alarmed waits until an agency's doctor shows an alarm, and checks that it keeps
// what proves it: what it cosigned, and what it was shown.
func (o *operator) alarmed(id events.AgencyID, name string) {
	o.t.Helper()
	people := client.People(o.hub.At.Agency(id))
	o.within(string(id)+" is alarmed: "+name, func() bool {
		var examined agency.Health
		return people.Get(o.t.Context(), "/v1/doctor", &examined) == nil &&
			slices.ContainsFunc(examined.Alarms, func(one agency.Alarm) bool { return one.Name == name })
	})
	var witness agency.WitnessView
	must(o.t, people.Get(o.t.Context(), "/v1/witness", &witness))
	for _, f := range witness.Findings {
		ours, mine := tlog.ParseCheckpoint([]byte(f.Ours), o.verifier.Log)
		theirs, signed := tlog.ParseCheckpoint([]byte(f.Theirs), o.verifier.Log)
		if f.Name == name && mine == nil && signed == nil && ours != theirs {
			return
		}
	}
	o.t.Errorf("%s does not keep two checkpoints that the log's key signed and that contradict each other: %d findings", id, len(witness.Findings))
}

// quietAbout checks that an agency has no alarm of the log.
func (o *operator) quietAbout(id events.AgencyID) {
	o.t.Helper()
	var examined agency.Health
	must(o.t, client.People(o.hub.At.Agency(id)).Get(o.t.Context(), "/v1/doctor", &examined))
	for _, one := range examined.Alarms {
		if strings.HasPrefix(one.Name, "log-") || strings.HasPrefix(one.Name, "witness-") {
			o.t.Errorf("%s is alarmed though nothing is wrong: %s %s", id, one.Name, one.Text)
		}
	}
}

// refusesToLead waits until the ledger has ended by itself, and gives its last words.
func (o *operator) refusesToLead() string {
	o.t.Helper()
	p := o.hub.Process(local.ServiceLedger)
	select {
	case <-p.Done():
	case <-time.After(noticed):
		_ = p.Signal(syscall.SIGQUIT) // where it stands goes to its log
		<-p.Done()
		o.t.Fatal("the ledger goes on")
	}
	if err := p.Wait(); err == nil {
		o.t.Error("the ledger ended as if all were well")
	}
	text, err := os.ReadFile(o.hub.At.Log(local.ServiceLedger))
	must(o.t, err)
	return string(text[max(0, len(text)-4000):])
}

// history is one log as the database has it.
type history struct {
	checkpoint tlog.Checkpoint
	signed     []byte
	leaves     []tlog.Hash
}

// reads takes the whole tree out of the database that runs.
func (o *operator) reads() history {
	o.t.Helper()
	var h history
	rows, err := o.hub.AsOwner(o.t.Context(), "SELECT leaf_hash FROM entry ORDER BY number")
	must(o.t, err)
	for _, row := range rows {
		leaf, _ := row[0].([]byte)
		h.leaves = append(h.leaves, tlog.Hash(leaf))
	}
	rows, err = o.hub.AsOwner(o.t.Context(), "SELECT note FROM checkpoint ORDER BY size DESC LIMIT 1")
	must(o.t, err)
	h.signed, _ = rows[0][0].([]byte)
	h.checkpoint, err = tlog.ParseCheckpoint(h.signed, o.verifier.Log)
	must(o.t, err)
	if h.checkpoint.Size != uint64(len(h.leaves)) || len(h.leaves) > tlog.TileWidth {
		o.t.Fatalf("the log has %d entries, the checkpoint signs %d", len(h.leaves), h.checkpoint.Size)
	}
	return h
}

// proves that a history goes on from an older state of itself.
func (h history) proves(t *testing.T, old uint64) []tlog.Hash {
	t.Helper()
	proof, err := tlog.ProveConsistency(h.checkpoint.Size, old, func(level int, from, to int64) ([]tlog.Hash, error) {
		if level != 0 {
			return nil, errors.New("a log this small has no other level")
		}
		return h.leaves[from:to], nil
	})
	must(t, err)
	return proof
}

// shows offers a checkpoint to a witness, as the hub does, with the hub's keys.
func (o *operator) shows(to events.AgencyID, signed []byte, old uint64, proof []tlog.Hash) {
	o.t.Helper()
	key, err := seal.LoadSigningKey(o.hub.At.HubKey())
	must(o.t, err)
	s := &site{arena: o.arena, t: o.t, id: events.HubAgency}
	e := s.draft(&events.CheckpointOffered{
		Old: old, Checkpoint: base64.StdEncoding.EncodeToString(signed), Proof: base64.StdEncoding.EncodeToString(tlog.JoinHashes(proof)),
	}, "")
	e.Subject, e.Source = string(to), events.Source(o.file.Hub, events.HubAgency)
	e.Time = events.At(time.Now().Add(2 * time.Second)) // newer than what the hub said itself
	e, err = key.Sign(e)
	must(o.t, err)
	line, err := exchange.ConnectHub(o.t.Context(), exchange.HubConfig{URL: o.file.Broker, CredsFile: o.hub.At.HubCreds()})
	must(o.t, err)
	defer line.Close()
	must(o.t, line.Send(o.t.Context(), to, exchange.Encode(e)))
}

// signer is the log's own key.
func (o *operator) signer() note.Signer {
	o.t.Helper()
	text, err := os.ReadFile(o.hub.At.LogKey())
	must(o.t, err)
	signer, err := note.NewSigner(strings.TrimSpace(string(text)))
	must(o.t, err)
	return signer
}

// random is a leaf that nobody said.
func (o *operator) random() tlog.Hash {
	var h tlog.Hash
	_, _ = rand.Read(h[:])
	return h
}
