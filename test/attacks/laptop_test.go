package attacks

import (
	"context"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats.go"

	"handrail/deploy/enrolment"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/test/hubtest"
)

// drill is deploy/LOST-LAPTOP.md, run: a shelter's device is gone, with its whole
// folder, and whoever has it knows the passphrase.
type drill struct {
	*arena

	t      *testing.T
	home   string // the shelter's folder
	stolen string // where the thief keeps it
	old    seal.SealingKey
	thief  *nats.Conn // at the broker, with the stolen credentials
}

// TestALostLaptop follows the drill step by step and looks, after each, at what the
// thief can do and read.
func TestALostLaptop(t *testing.T) {
	a := newArena(t, nil)
	d := &drill{arena: a, t: t, home: a.hub.At.Agency(shelter)}
	must(t, a.world.Tell(t.Context(), `
police receives form referral
hub records case.opened by police
police answers inform-rights language=ron interpreter=independent
police answers assess-risk with_person=yes
police answers ask-consent bundle=bed answer=yes by=person capacity=clear language=ron interpreter=independent present=person-alone,interpreter
police answers choose-provider to=lighthouse-shelter bundle=bed needs=safe-accommodation urgency=standard language=ron
shelter sees referral urgency=standard
shelter says referral.accepted
shelter reads identity for accommodation as case-worker on consent
`, quiet{}))
	d.isLost()
	waiting := d.asksForABed()
	t.Run("before anybody calls", d.before)
	t.Run("suspended", d.suspended)
	t.Run("revoked", func(t *testing.T) { d.revoked(t, waiting) })
	t.Run("joined anew", d.joinsAnew)
	t.Run("sealed anew", d.sealedAnew)
}

func (d *drill) isLost() {
	d.t.Helper()
	must(d.t, ignoreKilled(d.hub.Kill(string(shelter))))
	d.stolen = d.t.TempDir()
	must(d.t, os.Remove(d.stolen))
	must(d.t, os.Rename(d.home, d.stolen))
	var err error
	d.old, err = seal.LoadSealingKey(filepath.Join(d.stolen, "sealing.pem"))
	must(d.t, err)
}

func ignoreKilled(err error) error {
	if err != nil && strings.Contains(err.Error(), "killed") {
		return nil
	}
	return err
}

// run is somebody at a terminal of the hub or of an agency.
func (d *drill) run(t *testing.T, args ...string) {
	t.Helper()
	out, errs, code := hubtest.Run(t.Context(), t, append([]string{"--data", d.hub.At.Root, "--output", "json"}, args...)...)
	if code != 0 {
		t.Fatalf("handrail %s ends with %d: %s%s", strings.Join(args, " "), code, out, errs)
	}
}

// asksForABed: somebody else needs a bed while the device is gone; what the police
// seal for the shelter waits at the hub.
func (d *drill) asksForABed() (records []events.EventID) {
	d.t.Helper()
	before := d.sealedTo(d.old.ID())
	d.run(d.t, "tonight", "--as", string(honest), "--age", "adult", "--sex", "woman", "--language", "lt", "--bundle", "bed", "--call-back", "+00 000 0009", "--to", string(shelter))
	eventually(d.t, "what the police sealed for the shelter waits", func() bool { return len(d.sealedTo(d.old.ID())) > len(before) })
	for id := range d.sealedTo(d.old.ID()) {
		if before[id] == nil {
			records = append(records, id)
		}
	}
	return records
}

// sealedTo are the records that the hub holds under a key.
func (d *drill) sealedTo(key events.KeyID) map[events.EventID][]byte {
	d.t.Helper()
	rows, err := d.hub.AsOwner(d.t.Context(), "SELECT data FROM payload WHERE get_byte(data, 0) <> 123") // no JSON
	must(d.t, err)
	found := map[events.EventID][]byte{}
	for _, row := range rows {
		data, _ := row[0].([]byte)
		if h, err := seal.ParseRecord(data); err == nil && h.KeyID == key {
			found[h.ID] = data
		}
	}
	return found
}

// connects tries the stolen credentials.
func (d *drill) connects() (*nats.Conn, error) {
	return nats.Connect(d.file.Broker, nats.UserCredentials(filepath.Join(d.stolen, "nats.creds")), nats.NoReconnect(), nats.Timeout(5*time.Second))
}

// before: until somebody calls, the thief is the shelter. It reads what the device
// had received; what waits sealed has not been sent to anybody.
func (d *drill) before(t *testing.T) {
	var err error
	d.thief, err = d.connects()
	must(t, err)
	d.t.Cleanup(d.thief.Close)
	opened := 0
	for _, data := range d.sealedTo(d.old.ID()) {
		if _, err := d.old.Open(data, ""); err == nil || errors.Is(err, seal.ErrDisputed) { // it decrypts; the commitment stands in the event
			opened++
		}
	}
	if opened == 0 {
		t.Error("the stolen key opens nothing: the test would show nothing")
	}
	journal, err := os.ReadFile(filepath.Join(d.stolen, "journal.db"))
	must(t, err)
	wal, _ := os.ReadFile(filepath.Join(d.stolen, "journal.db-wal")) // what was written last
	journal = append(journal, wal...)
	received := false
	for _, data := range d.sealedTo(d.old.ID()) {
		received = received || strings.Contains(string(journal), string(data[len(data)-40:])) || strings.Contains(string(journal), base64.StdEncoding.EncodeToString(data)[40:80])
	}
	if !received {
		t.Error("the device holds nothing that was released to it")
	}
}

func (d *drill) suspended(t *testing.T) {
	d.run(t, "agency", "suspend", string(shelter), "--because", "device-lost")
	eventually(t, "the thief's connection ends", d.thief.IsClosed)
	if conn, err := d.connects(); err == nil {
		conn.Close()
		t.Error("the stolen credentials still connect")
	}
	if _, errs, code := hubtest.Run(t.Context(), t, "--data", d.hub.At.Root, "agency", "resume", string(shelter)); code == 0 || !strings.Contains(errs, "--renew") {
		t.Errorf("resumed with the credentials that are on the device: %d %s", code, errs)
	}
	if conn, err := d.connects(); err == nil {
		conn.Close()
		t.Error("the stolen credentials connect after somebody tried to resume")
	}
}

// revoked: what waits under the stolen key is destroyed at the hub.
func (d *drill) revoked(t *testing.T, waiting []events.EventID) {
	d.run(t, "agency", "revoke", string(shelter), "--because", "keys-stolen")
	eventually(t, "what waits under the stolen key is destroyed", func() bool {
		held := d.sealedTo(d.old.ID())
		for _, id := range waiting {
			if held[id] != nil {
				return false
			}
		}
		return true
	})
	rows, err := d.hub.AsOwner(t.Context(), "SELECT count(*) FROM erasure WHERE reason = 'key-ended'")
	must(t, err)
	if n, _ := rows[0][0].(int64); int(n) < len(waiting) {
		t.Errorf("%d records were erased because their key ended, and %d waited", n, len(waiting))
	}
	if conn, err := d.connects(); err == nil {
		conn.Close()
		t.Error("the stolen credentials still connect")
	}
}

// joinsAnew: on another machine, with new keys, for which two agencies vouch.
func (d *drill) joinsAnew(t *testing.T) {
	post := t.TempDir()
	d.run(t, "join", d.home, "--hub-id", string(d.file.Hub), "--agency", string(shelter), "--kind", string(events.Shelter))
	request := filepath.Join(d.home, enrolment.RequestFile)
	r, err := enrolment.ReadRequest(request)
	must(t, err)
	words := strings.Join(r.Words(), " ")
	first, second := filepath.Join(post, "first.json"), filepath.Join(post, "second.json")
	d.run(t, "agency", "vouch", request, "--as", string(honest), "--words", words, "--vouching", first)
	must(t, enrolment.WriteVouching(second, r, seal.NewVouching(duty, d.keyOfFolder(t, duty), r.Listing, d.file.Hub.Origin())))
	admission := filepath.Join(post, "admission.json")
	d.run(t, "enrol", request, "--vouching", first, "--vouching", second, "--admission", admission, "--words", words)
	a, err := enrolment.ReadAdmission(admission)
	must(t, err)
	d.run(t, "join", d.home, "--admission", admission, "--words", strings.Join(a.Words(), " "))
	must(t, d.hub.Start(context.Background(), string(shelter))) // it outlives the step
	must(t, d.hub.Ready(t.Context()))
	d.witnesses(t)
	if conn, err := d.connects(); err == nil {
		conn.Close()
		t.Error("the stolen credentials connect, now that the agency is back")
	}
}

// witnesses waits until the shelter cosigns with its new key. If its witness says
// that it remembers nothing, its people have the police read to them, on the
// telephone, what these cosigned, and reset it.
func (d *drill) witnesses(t *testing.T) {
	t.Helper()
	state := func(id events.AgencyID) (view agency.WitnessView) {
		must(t, client.People(d.hub.At.Agency(id)).Get(t.Context(), "/v1/witness", &view))
		return view
	}
	var now string
	eventually(t, "the shelter's witness is asked", func() bool {
		now = state(shelter).State
		return now == "lost" || now == "cosigns"
	})
	if now == "lost" {
		police := state(honest)
		d.run(t, "witness", "reset", "--as", string(shelter), "--staff", "lead-1", "--because", "state-lost", "--size", strconv.FormatUint(police.Size, 10), "--root", police.Root)
	}
}

// sealedAnew: the police's service seals by itself what it still holds, to the new
// key; the thief opens none of it.
func (d *drill) sealedAnew(t *testing.T) {
	fresh, err := seal.LoadSealingKey(filepath.Join(d.home, "sealing.pem"))
	must(t, err)
	var found map[events.EventID][]byte
	for end := time.Now().Add(60 * time.Second); ; time.Sleep(100 * time.Millisecond) { // a new key is sealed to when it is witnessed
		if found = d.sealedTo(fresh.ID()); len(found) > 0 {
			break
		}
		if time.Now().After(end) {
			t.Fatal("nothing is sealed to the new key")
		}
	}
	for id, data := range found {
		if _, err := d.old.Open(data, ""); !errors.Is(err, seal.ErrOtherKey) {
			t.Errorf("the stolen key on record %s, sealed after: %v", id, err)
		}
	}
}
