package attacks

import (
	"crypto/rand"
	"crypto/sha256"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/deploy/local/story"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/agency"
	"handrail/services/agency/client"
)

// lie is a delivery that the operator makes up with all the keys of the hub.
type lie struct {
	event  events.Event
	number uint64 // of the delivery
	entry  uint64
	signed []byte // the checkpoint; nil: one over the log with the made-up entry
	spoil  func(*tlog.Delivery)
}

// TestAFalseHubIsFoundOut gives a shelter deliveries that stand in no log. The
// operator has the hub's key, the log's key and the database, so single deliveries
// can be made to look right; what they lead to does not go with what the shelter
// cosigned, and that it keeps as proof.
func TestAFalseHubIsFoundOut(t *testing.T) {
	o := newOperator(t)
	text, err := story.Text("referral")
	must(t, err)
	o.happens(strings.Split(text, "\n")...)
	o.cosigned(honest, shelter)
	t.Run("a delivery that names an entry of another", o.anothersEntry)
	t.Run("a delivery for another, sent on", o.anothersDelivery)
	t.Run("a statement in an agency's name, by the hub's key", o.inAnothersName)
	t.Run("a listing with another key for an agency", o.anotherKeyListed)
	t.Run("a new key for an agency, with vouchings made up", o.vouchingsMadeUp)
	t.Run("a delivery withheld", o.withholds)
	t.Run("a delivery without an entry", o.withoutEntry) // the last: from then on the shelter believes this hub nothing
}

// says makes an event of the hub's own.
func (o *operator) says(p events.Payload, about string) events.Event {
	o.t.Helper()
	key, err := seal.LoadSigningKey(o.hub.At.HubKey())
	must(o.t, err)
	s := &site{arena: o.arena, t: o.t, id: events.HubAgency}
	e := s.draft(p, events.CaseID(about))
	e.Subject, e.Sequence = about, events.Sequence(1<<40).String()
	if strings.HasPrefix(p.Type().Name(), "directory.") {
		e.CorrelationID = e.ID
	}
	e, err = key.Sign(e)
	must(o.t, err)
	return e
}

// tellsLie delivers to the shelter what stands in no log.
func (o *operator) tellsLie(l lie) {
	o.t.Helper()
	entry := tlog.Entry{
		Number: l.entry, Admitted: time.Now().UTC().Truncate(time.Microsecond), Verdict: tlog.Admitted, Submitter: l.event.Agency(),
		Profile: o.founded.Profile, Semantics: mou.Semantics, Attributes: l.event.Attributes(), DataDigest: sha256.Sum256(l.event.Data),
	}
	opening, err := tlog.NewOpening(entry, rand.Reader)
	must(o.t, err)
	h := o.reads()
	h.leaves = append(h.leaves[:l.entry:l.entry], opening.LeafHash())
	h = o.continued(h, l.entry+1)
	proof, err := tlog.Prove(h.checkpoint.Size, l.entry, func(level int, from, to int64) ([]tlog.Hash, error) { return h.leaves[from:to], nil })
	must(o.t, err)
	d := tlog.Delivery{Kind: tlog.KindEvent, Number: l.number, Recipient: shelter, Entry: l.entry, Salt: opening.Salt, EntryBytes: opening.Entry, Proof: proof, Checkpoint: h.signed}
	if l.signed != nil {
		d.Checkpoint = l.signed
	}
	if l.spoil != nil {
		l.spoil(&d)
	}
	o.sendsDelivery(l.event, d)
}

// sendsDelivery numbers and signs a delivery with the hub's key, and sends it.
func (o *operator) sendsDelivery(e events.Event, d tlog.Delivery) {
	o.t.Helper()
	key, err := seal.LoadSigningKey(o.hub.At.HubKey())
	must(o.t, err)
	signer, err := tlog.HubSigner(o.file.Hub, key.Public(), key.SignBytes)
	must(o.t, err)
	d, err = d.Sign(o.file.Hub, signer)
	must(o.t, err)
	header, err := d.Header()
	must(o.t, err)
	line, err := exchange.ConnectHub(o.t.Context(), exchange.HubConfig{URL: o.file.Broker, CredsFile: o.hub.At.HubCreds()})
	must(o.t, err)
	defer line.Close()
	must(o.t, line.Send(o.t.Context(), shelter, exchange.Encode(e).WithDelivery(header)))
}

// next is the number that the shelter expects.
func (o *operator) next() uint64 { return o.doctor(o.t).Agencies[shelter].Assigned + 1 }

// damaged waits until the shelter says that a delivery does not verify, and
// checks that the hub's own, when it comes, is taken in its place.
func (o *operator) damaged(t *testing.T, number uint64) {
	t.Helper()
	people := client.People(o.hub.At.Agency(shelter))
	o.within("the shelter is alarmed", func() bool {
		var examined agency.Health
		return people.Get(t.Context(), "/v1/doctor", &examined) == nil &&
			slices.ContainsFunc(examined.Alarms, func(one agency.Alarm) bool { return one.Name == "copy-damaged" })
	})
	o.happens("shelter publishes places=few languages=eng")
	o.within("the true delivery is taken", func() bool {
		var status agency.Status
		return people.Get(t.Context(), "/v1/status", &status) == nil && status.Position >= number && len(status.Alarms) == 0
	})
}

func (o *operator) during(t *testing.T) {
	outer := o.t
	o.t = t
	t.Cleanup(func() { o.t = outer })
}

// anothersEntry says of an entry that there is that it holds something else.
func (o *operator) anothersEntry(t *testing.T) {
	o.during(t)
	n := o.next()
	o.tellsLie(lie{event: o.says(&events.ReferralNotNeeded{Said: now(), To: shelter}, uuid(t)), number: n, entry: 3, signed: o.reads().signed})
	o.damaged(t, n)
}

// anothersDelivery sends the shelter what was signed for the police.
func (o *operator) anothersDelivery(t *testing.T) {
	o.during(t)
	n := o.next()
	o.tellsLie(lie{
		event: o.says(&events.ReferralNotNeeded{Said: now(), To: shelter}, uuid(t)), number: n, entry: uint64(len(o.reads().leaves)),
		spoil: func(d *tlog.Delivery) { d.Recipient = honest },
	})
	o.damaged(t, n)
}

// inAnothersName: only an agency's own key speaks for it.
func (o *operator) inAnothersName(t *testing.T) {
	o.during(t)
	key, err := seal.LoadSigningKey(o.hub.At.HubKey())
	must(t, err)
	s := &site{arena: o.arena, t: t, id: honest}
	e := s.draft(&events.CaseClosed{Said: now(), Reason: "completed"}, o.world.Case)
	e.Sequence = events.Sequence(1 << 40).String()
	e, err = key.Sign(e)
	must(t, err)
	n := o.next()
	o.tellsLie(lie{event: e, number: n, entry: uint64(len(o.reads().leaves))})
	o.damaged(t, n)
}

// anotherKeyListed: the hub lists no key for an agency that the shelter knows.
func (o *operator) anotherKeyListed(t *testing.T) {
	o.during(t)
	mine, err := seal.NewSigningKey(rand.Reader)
	must(t, err)
	sealing, err := seal.NewSealingKey(rand.Reader)
	must(t, err)
	listing := seal.NewListing(honest, events.Police, mine, sealing, o.listing(honest).Witness, o.file.Hub.Origin())
	n := o.next()
	o.tellsLie(lie{
		event:  o.says(&events.DirectoryListed{Log: o.founded.Log, Signing: o.founded.Signing, Profile: o.founded.Profile, Text: o.founded.Text, Agencies: []events.Listing{listing}}, string(honest)),
		number: n, entry: uint64(len(o.reads().leaves)),
	})
	o.damaged(t, n)
}

// vouchingsMadeUp swaps the police's keys for the operator's: the log holds that
// they were lost and that two agencies vouch for these, whose keys the operator has not.
func (o *operator) vouchingsMadeUp(t *testing.T) {
	o.during(t)
	origin := o.file.Hub.Origin()
	mine := o.identity(t, honest, events.Police, origin)
	joined := &events.DirectoryJoined{Listing: mine.listing}
	for _, by := range []events.AgencyID{provider, duty} {
		v := seal.NewVouching(by, mine.signing, mine.listing, origin)
		id, err := seal.SigningKeyID(o.listing(by).Signing)
		must(t, err)
		v.Key = id
		joined.Vouching = append(joined.Vouching, v)
	}
	n := o.next()
	o.tellsLie(lie{event: o.says(joined, string(honest)), number: n, entry: uint64(len(o.reads().leaves))})
	o.damaged(t, n)
	o.happens("police meets a person", "hub records case.opened by police") // its own keys still count
}

// listing is an agency's line of genesis.
func (a *arena) listing(id events.AgencyID) events.Listing {
	i := slices.IndexFunc(a.founded.Agencies, func(l events.Listing) bool { return l.Agency == id })
	return a.founded.Agencies[i]
}

// withholds skips a delivery: the shelter sees the gap as soon as the next one
// comes, takes nothing behind it, and asks until it has what is missing.
func (o *operator) withholds(t *testing.T) {
	o.during(t)
	people := client.People(o.hub.At.Agency(shelter))
	n := o.next()
	o.tellsLie(lie{event: o.says(&events.ReferralNotNeeded{Said: now(), To: shelter}, uuid(t)), number: n + 1, entry: uint64(len(o.reads().leaves))})
	time.Sleep(500 * time.Millisecond)
	var status agency.Status
	must(t, people.Get(t.Context(), "/v1/status", &status))
	if status.Position != n-1 {
		t.Errorf("the shelter stands at %d, and delivery %d was withheld", status.Position, n)
	}
	o.happens("shelter publishes places=some languages=eng", "shelter publishes places=few languages=eng")
	o.within("the shelter has what was missing", func() bool {
		return people.Get(t.Context(), "/v1/status", &status) == nil && status.Position >= n+1
	})
}

// withoutEntry is a delivery that is right in every way, but that it is in no log.
// The shelter takes it; then the log goes on without it, and its checkpoint is not
// of the log that the shelter cosigns.
func (o *operator) withoutEntry(t *testing.T) {
	o.during(t)
	size := uint64(len(o.reads().leaves))
	o.tellsLie(lie{event: o.says(&events.ReferralNotNeeded{Said: now(), To: shelter}, uuid(t)), number: o.next(), entry: size})
	o.happens("police meets a person", "hub records case.opened by police")
	o.alarmed(shelter, "log-forked")
}
