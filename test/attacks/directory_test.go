package attacks

import (
	"bytes"
	"crypto/rand"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// newcomer is an agency that nobody has listed yet.
const newcomer events.AgencyID = "hillside-shelter"

// gate is a hub whose directory is under attack by its own operator, who holds the
// hub's key, and by agencies.
type gate struct {
	*arena

	t     *testing.T
	s     *site // who replaces its keys and rests
	other *site // who is revoked
}

// identity is a set of keys with their listing.
type identity struct {
	signing seal.SigningKey
	sealing seal.SealingKey
	listing events.Listing
}

// TestNobodyEntersTheDirectoryUninvited has the operator list whom nobody vouched
// for, and agencies say what only others may say of keys. The ledger refuses, and
// the log stays as it was.
func TestNobodyEntersTheDirectoryUninvited(t *testing.T) {
	a := newArena(t, nil)
	g := &gate{arena: a, t: t, s: a.enter(t, thief), other: a.enter(t, provider)}
	t.Run("joined without vouchings that count", g.uninvited)
	t.Run("the directory changed by somebody else's request", g.strangersAtTheDoor)
	t.Run("keys replaced by somebody else, or badly", g.keyedBadly)
	t.Run("an old key after it was replaced", g.oldKey)
	t.Run("a record sealed to a key that was replaced", g.replacedSealingKey)
	t.Run("a suspended agency that speaks", g.suspended)
	t.Run("a revoked agency, and what waits for it", g.revoked)
	t.Run("a revoked agency that comes back with its old keys", g.comesBack)
	a.healthy(t)
}

// keysOf reads the signing key in an agency's folder.
func (a *arena) keyOfFolder(t testing.TB, id events.AgencyID) seal.SigningKey {
	t.Helper()
	key, err := seal.LoadSigningKey(filepath.Join(a.hub.At.Agency(id), "signing.pem"))
	must(t, err)
	return key
}

// identity makes fresh keys and a listing of them.
func (a *arena) identity(t testing.TB, id events.AgencyID, kind events.AgencyKind, origin string) identity {
	t.Helper()
	signing, err := seal.NewSigningKey(rand.Reader)
	must(t, err)
	sealing, err := seal.NewSealingKey(rand.Reader)
	must(t, err)
	_, witness, err := tlog.NewWitnessKey(origin, id, rand.Reader)
	must(t, err)
	if kind == events.Auditor || kind == events.ForeignMission {
		witness = ""
	}
	return identity{signing, sealing, seal.NewListing(id, kind, signing, sealing, witness, origin)}
}

// vouched is a listing with the words of agencies.
func (g *gate) vouched(l events.Listing, by ...events.AgencyID) *events.DirectoryJoined {
	g.t.Helper()
	joined := &events.DirectoryJoined{Listing: l}
	for _, id := range by {
		joined.Vouching = append(joined.Vouching, seal.NewVouching(id, g.keyOfFolder(g.t, id), l, g.file.Hub.Origin()))
	}
	return joined
}

// asks has the hub's operator ask the ledger to say something.
func (g *gate) asks(t *testing.T, about events.AgencyID, p events.Payload) (status int, answer string) {
	t.Helper()
	data, err := json.Marshal(p)
	must(t, err)
	body, err := json.Marshal(map[string]any{"type": p.Type(), "agency": about, "data": jsontext.Value(data)})
	must(t, err)
	v := visitor{g.arena, t, "http://" + g.directions.Ledger}
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.base+"/v1/directory", bytes.NewReader(body))
	must(t, err)
	r.Header.Set("Content-Type", "application/json")
	hub, err := seal.LoadSigningKey(g.hub.At.HubKey())
	must(t, err)
	must(t, seal.SignRequest(r, hub, events.HubAgency, g.file.Hub.Origin(), body, time.Now()))
	return v.ask(r)
}

// says has the ledger say what the operator may have it say.
func (g *gate) says(t *testing.T, about events.AgencyID, p events.Payload) {
	t.Helper()
	if status, answer := g.asks(t, about, p); status != http.StatusCreated {
		t.Fatalf("%s about %s was answered %d %s", p.Type().Name(), about, status, answer)
	}
}

// refuses has the hub's operator say something, and checks that the ledger does
// not: no entry, nothing delivered, and a rule.
func (g *gate) refuses(t *testing.T, about events.AgencyID, p events.Payload, rules ...events.Rule) {
	t.Helper()
	before := g.doctor(t)
	status, answer := g.asks(t, about, p)
	if status < 400 || status >= 500 || len(rules) > 0 && !slices.ContainsFunc(rules, func(r events.Rule) bool { return strings.Contains(answer, ":"+string(r)) }) {
		t.Errorf("%s about %s was answered %d %s, want one of %v", p.Type().Name(), about, status, answer, rules)
	}
	if after := g.doctor(t); after.Size != before.Size {
		t.Errorf("%d entries were made", after.Size-before.Size)
	}
	g.onlyTo(t, before, "")
}

func (g *gate) uninvited(t *testing.T) {
	origin := g.file.Hub.Origin()
	fresh := func() events.Listing { return g.identity(t, newcomer, events.Shelter, origin).listing }
	changed := func(l events.Listing, how func(*events.DirectoryJoined)) *events.DirectoryJoined {
		joined := g.vouched(l, thief, provider)
		how(joined)
		return joined
	}
	theirs, mine := g.listing(provider), g.identity(t, newcomer, events.Shelter, origin)
	elsewhere := g.identity(t, newcomer, events.Shelter, "handrail/elsewhere")
	stolen := func(change func(*events.Listing)) *events.DirectoryJoined {
		l := mine.listing
		change(&l)
		l = seal.NewListing(l.Agency, l.Kind, mine.signing, mine.sealing, l.Witness, origin)
		change(&l)
		return g.vouched(l, thief, provider)
	}
	for _, attempt := range []struct {
		name  string
		about events.AgencyID
		said  *events.DirectoryJoined
		rules []events.Rule
	}{
		{"nobody vouches", newcomer, g.vouched(fresh()), []events.Rule{events.RuleDataRange}},
		{"one vouches", newcomer, g.vouched(fresh(), thief), []events.Rule{events.RuleDataRange}},
		{"the same one twice", newcomer, g.vouched(fresh(), thief, thief), []events.Rule{events.RuleDataRange}},
		{"two of one kind", newcomer, g.vouched(fresh(), thief, honest), []events.Rule{events.RuleVouching}},
		{"an auditor among them", newcomer, g.vouched(fresh(), thief, g.directions.Auditor), []events.Rule{events.RuleVouching}},
		{"a foreign mission among them", newcomer, g.vouched(fresh(), thief, mission), []events.Rule{events.RuleVouching}},
		{"a forged signature", newcomer, changed(fresh(), func(j *events.DirectoryJoined) {
			j.Vouching[1].Signature = seal.NewVouching(provider, stranger(t), j.Listing, origin).Signature
		}), []events.Rule{events.RuleVouching}},
		{"a stranger's key under another's name", newcomer, changed(fresh(), func(j *events.DirectoryJoined) {
			j.Vouching[1] = seal.NewVouching(provider, stranger(t), j.Listing, origin)
		}), []events.Rule{events.RuleVouching}},
		{"one's own vouching under another's name", newcomer, changed(fresh(), func(j *events.DirectoryJoined) {
			j.Vouching[1] = seal.NewVouching(provider, g.keyOfFolder(t, thief), j.Listing, origin)
		}), []events.Rule{events.RuleVouching}},
		{"vouchings for another listing", newcomer, changed(fresh(), func(j *events.DirectoryJoined) { j.Listing = fresh() }), []events.Rule{events.RuleVouching}},
		{"vouchings for another hub", newcomer, changed(mine.listing, func(j *events.DirectoryJoined) {
			for i, by := range []events.AgencyID{thief, provider} {
				j.Vouching[i] = seal.NewVouching(by, g.keyOfFolder(t, by), j.Listing, "handrail/elsewhere")
			}
		}), []events.Rule{events.RuleVouching}},
		{"a listing of another hub", newcomer, g.vouched(elsewhere.listing, thief, provider), []events.Rule{events.RuleKeyUnknown}},
		{"another's signing key", newcomer, stolen(func(l *events.Listing) { l.Signing = theirs.Signing }), []events.Rule{events.RuleKeyUnknown, events.RuleKeyReused}},
		{"another's sealing key", newcomer, stolen(func(l *events.Listing) { l.Sealing = theirs.Sealing }), []events.Rule{events.RuleKeyUnknown, events.RuleKeyReused}},
		{"another's witness key", newcomer, stolen(func(l *events.Listing) { l.Witness = theirs.Witness }), []events.Rule{events.RuleKeyUnknown, events.RuleKeyReused, events.RuleDataRange}},
		{"a listed agency in another kind", rival, g.vouched(g.identity(t, rival, events.Police, origin).listing, thief, duty), []events.Rule{events.RuleDataRange}},
		{"another agency as the subject", rival, g.vouched(fresh(), thief, provider), []events.Rule{events.RuleDataRange, events.RuleAttributeSyntax, events.RuleDataMalformed}},
		{"the agency vouches for itself", provider, g.vouched(g.identity(t, provider, events.Shelter, origin).listing, thief, provider), []events.Rule{events.RuleDataRange}},
	} {
		t.Run(attempt.name, func(t *testing.T) { g.refuses(t, attempt.about, attempt.said, attempt.rules...) })
	}
	t.Run("a founding said again", func(t *testing.T) {
		g.refuses(t, events.HubAgency, g.founded)
	})
	t.Run("an agency shown to all by the hub alone", func(t *testing.T) {
		listed := &events.DirectoryListed{Log: g.founded.Log, Signing: g.founded.Signing, Profile: g.founded.Profile, Text: g.founded.Text, Agencies: []events.Listing{fresh()}}
		g.refuses(t, newcomer, listed)
	})
}

// strangersAtTheDoor asks the ledger to change the directory without the hub's key.
func (g *gate) strangersAtTheDoor(t *testing.T) {
	v := visitor{g.arena, t, "http://" + g.directions.Ledger}
	body := `{"type":"` + string(events.TypeDirectorySuspended) + `","agency":"` + string(rival) + `","data":{"because":"misuse"}}`
	request := func(as events.AgencyID, key seal.SigningKey, at time.Time) *http.Request {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, v.base+"/v1/directory", strings.NewReader(body))
		must(t, err)
		r.Header.Set("Content-Type", "application/json")
		if as != "" {
			must(t, seal.SignRequest(r, key, as, g.file.Hub.Origin(), []byte(body), at))
		}
		return r
	}
	hub, err := seal.LoadSigningKey(g.hub.At.HubKey())
	must(t, err)
	size := g.doctor(t).Size
	for what, r := range map[string]*http.Request{
		"nobody":                     request("", seal.SigningKey{}, time.Now()),
		"a stranger as the hub":      request(events.HubAgency, stranger(t), time.Now()),
		"an agency":                  request(thief, g.keyOfFolder(t, thief), time.Now()),
		"an agency's key as the hub": request(events.HubAgency, g.keyOfFolder(t, thief), time.Now()),
		"an auditor":                 request(g.directions.Auditor, g.keyOfFolder(t, g.directions.Auditor), time.Now()),
		"the hub, two minutes ago":   request(events.HubAgency, hub, time.Now().Add(-2*time.Minute)),
		"the hub, of another request": func() *http.Request {
			r := request(events.HubAgency, hub, time.Now())
			r.URL.RawQuery = "x=y"
			return r
		}(),
	} {
		t.Run(what, func(t *testing.T) {
			if status, answer := v.ask(r); status != http.StatusUnauthorized && status != http.StatusForbidden && status != http.StatusBadRequest {
				t.Errorf("it is answered %d %s", status, answer)
			}
		})
	}
	if now := g.doctor(t).Size; now != size {
		t.Errorf("%d entries were made", now-size)
	}
}
