package ledger

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// scripted is contracts/vectors/admission.json: a founded hub and what it must
// answer to one message after the other.
type scripted struct {
	Given struct {
		Hub     events.HubID
		Clock   time.Time
		HubKey  testKey `json:"hub_key"`
		LogKey  testKey `json:"log_key"`
		Genesis struct {
			Data   string
			SHA256 string `json:"sha256_hex"`
		}
		Agencies []struct {
			Agency  events.AgencyID
			Signing testKey
		}
	}
	Vectors []scriptedStep
}

type testKey struct {
	Seed   string `json:"seed_hex"`
	Public string
}

type scriptedStep struct {
	Name  string
	Input struct {
		From   events.AgencyID
		Header [][2]string
		Body   string
	}
	Output struct {
		Answer          string
		Of              string
		Entry, Delivery uint64
		Next            struct {
			Key      events.KeyID
			Sequence int64
		}
	}
	Refused struct {
		Rule    events.Rule
		Pointer string
	}
}

func (s scriptedStep) message() exchange.Message {
	m := exchange.Message{Header: map[string][]string{}, Data: []byte(s.Input.Body)}
	for _, h := range s.Input.Header {
		m.Header[h[0]] = append(m.Header[h[0]], h[1])
	}
	return m
}

// replayer is the world of the script. Its sites only listen.
type replayer struct {
	*world

	script  scripted
	began   time.Time
	links   map[events.AgencyID]*exchange.Site
	entries int64

	mu  sync.Mutex
	got map[events.AgencyID][]exchange.Message
}

func TestTheLedgerAnswersAsTheAdmissionVectorsSay(t *testing.T) {
	r := newReplayer(t)
	first := map[string]string{} // by the step that it answered
	for _, s := range r.script.Vectors {
		before := r.seen(s.Input.From)
		r.must(r.links[s.Input.From].Submit(t.Context(), s.message()))
		switch s.Output.Answer {
		case "receipt", "refusal":
			first[s.Name] = r.numbered(s, before)
			r.entries++
		case "again":
			r.eventually(s.Name+": the first answer comes again", func() bool {
				return slices.ContainsFunc(r.since(s.Input.From, before), func(m exchange.Message) bool {
					header, _, err := m.Delivery()
					return err == nil && header == first[s.Output.Of]
				})
			})
		case "resend-from":
			r.askedToResend(s, before)
		default:
			t.Fatalf("%s: no such answer: %s", s.Name, s.Output.Answer)
		}
		if n := r.count("SELECT next FROM signer WHERE key = $1", string(s.Output.Next.Key)); n != s.Output.Next.Sequence {
			t.Fatalf("%s: the hub expects %d next, the vector says %d", s.Name, n, s.Output.Next.Sequence)
		}
		if n := r.count("SELECT count(*) FROM entry"); n != r.entries {
			t.Fatalf("%s: the log has %d entries, the vectors say %d", s.Name, n, r.entries)
		}
	}
}

// numbered waits for a step's receipt or refusal, verifies it as its receiver would,
// and gives its header.
func (r *replayer) numbered(s scriptedStep, before int) string {
	r.t.Helper()
	var header string
	var d tlog.Delivery
	r.eventually(s.Name+": an answer", func() bool {
		for _, m := range r.since(s.Input.From, before) {
			var isNumbered bool
			var err error
			if header, isNumbered, err = m.Delivery(); err == nil && isNumbered {
				d, err = tlog.ParseDelivery(header)
			}
			r.must(err)
			if isNumbered && d.Entry == s.Output.Entry {
				return true
			}
		}
		return false
	})
	v := r.verifier
	v.Recipient = s.Input.From
	var of *events.Event
	if e, err := exchange.Decode(s.message()); err == nil {
		of = &e
	}
	entry, err := v.Verify(d, of)
	if err != nil {
		r.t.Fatalf("%s: %v", s.Name, err)
	}
	if string(d.Kind) != s.Output.Answer || d.Number != s.Output.Delivery || entry.Rule != s.Refused.Rule || entry.Pointer != s.Refused.Pointer {
		r.t.Fatalf("%s: %s %d by %q at %q, the vector says %s %d by %q at %q", s.Name, d.Kind, d.Number, entry.Rule, entry.Pointer, s.Output.Answer, s.Output.Delivery, s.Refused.Rule, s.Refused.Pointer)
	}
	if of != nil && d.Kind == tlog.KindRefusal && (d.ID != of.ID || d.Sequence != of.Sequence) {
		r.t.Errorf("%s: the refusal names another submission", s.Name)
	}
	return header
}

func (r *replayer) askedToResend(s scriptedStep, before int) {
	r.t.Helper()
	r.eventually(s.Name+": the hub asks for what is missing", func() bool {
		for _, m := range r.since(s.Input.From, before) {
			e, err := exchange.Decode(m)
			if err != nil || e.Type != events.TypeControlResend {
				continue
			}
			r.must(seal.Verify(e, events.PublicKey(r.script.Given.HubKey.Public)))
			ask := payloadOf[*events.ResendFrom](r.world, e)
			return ask.Key == s.Output.Next.Key && int64(ask.Sequence) == s.Output.Next.Sequence
		}
		return false
	})
}

func (r *replayer) seen(by events.AgencyID) int { return len(r.since(by, 0)) }

func (r *replayer) since(by events.AgencyID, before int) []exchange.Message {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got[by][before:])
}

// now is the clock of the script, which runs on from where it says.
func (r *replayer) now() time.Time { return r.script.Given.Clock.Add(time.Since(r.began)) }

func newReplayer(t *testing.T) *replayer {
	t.Helper()
	t.Parallel()
	content, err := os.ReadFile("../../contracts/vectors/admission.json")
	if err != nil {
		t.Fatal(err)
	}
	r := &replayer{
		world:   &world{t: t, dir: t.TempDir(), database: newDatabase(t)},
		began:   time.Now(),
		links:   map[events.AgencyID]*exchange.Site{},
		got:     map[events.AgencyID][]exchange.Message{},
		entries: 1, // genesis
	}
	r.must(json.Unmarshal(content, &r.script))
	r.found()
	r.start()
	for _, a := range r.script.Given.Agencies {
		r.listen(a.Agency, a.Signing)
	}
	for _, a := range r.script.Given.Agencies {
		r.eventually("genesis reaches "+string(a.Agency), func() bool {
			return slices.ContainsFunc(r.since(a.Agency, 0), func(m exchange.Message) bool { _, isNumbered, _ := m.Delivery(); return isNumbered })
		})
	}
	return r
}

// found writes the script's genesis with its keys.
func (r *replayer) found() {
	r.t.Helper()
	hub := r.script.Given.Hub
	logKey, vkey, err := tlog.NewLogKey(hub.Origin(), bytes.NewReader(r.seed(r.script.Given.LogKey)))
	r.must(err)
	hubKey := r.signingKey(r.script.Given.HubKey)
	r.must(hubKey.Save(filepath.Join(r.dir, "hub.pem")))
	r.must(os.WriteFile(filepath.Join(r.dir, "log.key"), []byte(logKey+"\n"), 0o600))
	var ids []events.AgencyID
	for _, a := range r.script.Given.Agencies {
		ids = append(ids, a.Agency)
	}
	r.startBrokerOf(hub, ids)
	log := slog.New(slog.DiscardHandler)
	r.config = ledger.Config{
		Hub: hub, DatabaseURL: postgres.DSN(r.database, local.RoleLedger), Log: log, Clock: r.now,
		Exchange:   exchange.HubConfig{URL: r.broker.ClientURL(), CredsFile: filepath.Join(r.dir, "hub.creds"), Log: log},
		LogKeyFile: filepath.Join(r.dir, "log.key"), SigningKeyFile: filepath.Join(r.dir, "hub.pem"),
	}
	founded, err := events.Decode(events.TypeDirectoryFounded, []byte(r.script.Given.Genesis.Data))
	r.must(err)
	r.genesis, err = ledger.Found(r.t.Context(), r.config, *founded.(*events.DirectoryFounded))
	r.must(err)
	if hexDigest(r.genesis) != r.script.Given.Genesis.SHA256 || vkey != r.script.Given.LogKey.Public || hexDigest(sha256.Sum256([]byte(r.script.Given.Genesis.Data))) != hexDigest(r.genesis) {
		r.t.Fatal("this is not the genesis of the vectors")
	}
	r.verifier.Hub = hub
	r.verifier.Log, err = note.NewVerifier(vkey)
	r.must(err)
	r.verifier.HubKey, err = tlog.HubVerifier(hub, hubKey.Public())
	r.must(err)
}

func (r *replayer) startBrokerOf(hub events.HubID, ids []events.AgencyID) {
	r.t.Helper()
	operator, err := exchange.NewOperator()
	r.must(err)
	accounts, err := operator.Grant(hub, ids)
	r.must(err)
	r.must(os.WriteFile(filepath.Join(r.dir, "hub.creds"), accounts.HubCreds, 0o600))
	for id, creds := range accounts.Creds {
		r.must(os.WriteFile(filepath.Join(r.dir, string(id)+".creds"), creds, 0o600))
	}
	r.broker, err = local.StartBroker(local.BrokerOptions{
		Dir: filepath.Join(r.dir, "broker"), Port: freePort(r.t),
		OperatorJWT: accounts.OperatorJWT, SystemAccount: accounts.SystemAccount, Accounts: accounts.Resolver,
	})
	r.must(err)
	r.t.Cleanup(func() { _ = r.broker.Stop() })
}

func (r *replayer) seed(k testKey) []byte {
	r.t.Helper()
	seed, err := hex.DecodeString(k.Seed)
	r.must(err)
	return seed
}

func (r *replayer) signingKey(k testKey) seal.SigningKey {
	r.t.Helper()
	key, err := seal.NewSigningKey(bytes.NewReader(r.seed(k)))
	r.must(err)
	if string(key.Public()) != k.Public {
		r.t.Fatal("a key of the vectors is not of its seed")
	}
	return key
}

// listen keeps all that an agency is sent, and tells the hub once that it holds nothing yet.
func (r *replayer) listen(agency events.AgencyID, signing testKey) {
	r.t.Helper()
	link, err := exchange.ConnectSite(r.t.Context(), exchange.SiteConfig{
		URL: r.config.Exchange.URL, CredsFile: filepath.Join(r.dir, string(agency)+".creds"), Hub: r.config.Hub, Agency: agency,
	})
	r.must(err)
	r.links[agency] = link
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() {
		_ = link.Receive(ctx, func(_ context.Context, m exchange.Message) error {
			r.mu.Lock()
			defer r.mu.Unlock()
			r.got[agency] = append(r.got[agency], m)
			return nil
		})
	})
	r.t.Cleanup(func() {
		cancel()
		link.Close()
		running.Wait()
	})
	data, err := events.Encode(&events.InboxPosition{Resume: true})
	r.must(err)
	id := events.EventID(r.uuid())
	position, err := r.signingKey(signing).Sign(events.Event{
		ID: id, Source: events.Source(r.config.Hub, agency), Type: events.TypeControlPosition, DataContentType: events.FactsContent,
		DataSchema: events.TypeControlPosition.Schema(), Subject: string(agency), Time: events.At(r.now()), Hub: r.config.Hub.Origin(),
		CorrelationID: id, CausationID: id, TraceParent: exchange.TraceParent(r.t.Context()), Data: data,
	})
	r.must(err)
	r.eventually("the hub hears "+string(agency), func() bool { return link.Submit(r.t.Context(), exchange.Encode(position)) == nil })
}
