package vectors

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

const (
	hubID   events.HubID    = "vectorland"
	police  events.AgencyID = "vectortown-police"
	shelter events.AgencyID = "harbour-shelter"
)

// clock is what the hub's clock shows when the first message arrives.
var clock = time.Date(2026, 11, 22, 9, 30, 0, 0, time.UTC)

// key is a key pair as published: whoever replays the script has the seeds.
type key struct {
	Seed   string           `json:"seed_hex,omitempty"`
	Scalar string           `json:"scalar_hex,omitempty"`
	Public events.PublicKey `json:"public"`
	ID     events.KeyID     `json:"keyid"`
}

func seedOf(of string) []byte {
	sum := sha256.Sum256([]byte("a test key of the golden vectors: " + of))
	return sum[:]
}

func signingKey(t *testing.T, of string) seal.SigningKey {
	t.Helper()
	k, err := seal.NewSigningKey(bytes.NewReader(seedOf(of)))
	must(t, err)
	return k
}

func publicSigning(t *testing.T, of string) key {
	t.Helper()
	k := signingKey(t, of)
	return key{Seed: hex.EncodeToString(seedOf(of)), Public: k.Public(), ID: k.ID()}
}

// given is the world of the script: a hub that was founded with test keys.
func given(t *testing.T) map[string]any {
	t.Helper()
	_, vkey, err := tlog.NewLogKey(hubID.Origin(), bytes.NewReader(seedOf("log")))
	must(t, err)
	texts, err := mou.ProfileTexts("uk@1")
	must(t, err)
	founded := events.DirectoryFounded{Log: vkey, Signing: signingKey(t, "hub").Public(), Profile: "uk@1", Text: mou.ProfileDigest(texts)}
	var agencies []map[string]any
	for _, a := range []struct {
		id   events.AgencyID
		kind events.AgencyKind
	}{{police, events.Police}, {shelter, events.Shelter}} {
		sealing, err := seal.NewSealingKey(bytes.NewReader(seedOf("sealing " + string(a.id))))
		must(t, err)
		_, witness, err := tlog.NewWitnessKey(hubID.Origin(), a.id, bytes.NewReader(seedOf("witness "+string(a.id))))
		must(t, err)
		founded.Agencies = append(founded.Agencies, seal.NewListing(a.id, a.kind, signingKey(t, string(a.id)), sealing, witness, hubID.Origin()))
		agencies = append(agencies, map[string]any{
			"agency": a.id, "kind": a.kind, "signing": publicSigning(t, string(a.id)),
			"sealing": key{Scalar: hex.EncodeToString(seedOf("sealing " + string(a.id))), Public: sealing.Public(), ID: sealing.ID()},
			"witness": map[string]any{"seed_hex": hex.EncodeToString(seedOf("witness " + string(a.id))), "public": witness},
		})
	}
	data, err := events.Encode(&founded)
	must(t, err)
	digest := sha256.Sum256(data)
	return map[string]any{
		"hub": hubID, "clock": clock.Format(time.RFC3339), "hub_key": publicSigning(t, "hub"),
		"log_key": map[string]any{"seed_hex": hex.EncodeToString(seedOf("log")), "public": vkey},
		"genesis": map[string]any{"data": string(data), "sha256_hex": hex.EncodeToString(digest[:])}, "agencies": agencies,
	}
}

// change is how an event differs from the plain one before it is signed.
type change func(*events.Event)

// opened is a case.opened of an agency: the nth id, about the nth case.
func opened(t *testing.T, by events.AgencyID, n int, sequence events.Sequence, changes ...change) events.Event {
	t.Helper()
	about := fmt.Sprintf("01936a00-0000-7000-8000-0000ca5e%04d", n)
	e := events.Event{
		ID: events.EventID(fmt.Sprintf("01936a00-0000-7000-8000-00000000%04d", n)), Source: events.Source(hubID, by), Type: events.TypeCaseOpened,
		DataContentType: events.FactsContent, DataSchema: events.TypeCaseOpened.Schema(), Subject: about, Time: events.At(clock), Hub: hubID.Origin(),
		Sequence: sequence.String(), CorrelationID: events.EventID(about), TraceParent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
		Data: []byte(`{"happened":"2026-11-22T09:00:00Z","recorded":"2026-11-22T09:15:00Z","channel":"in-person","age":"adult"}`),
	}
	for _, c := range changes {
		c(&e)
	}
	if e.CausationID == "" {
		e.CausationID = e.ID
	}
	return signedBy(t, string(by), e)
}

func signedBy(t *testing.T, of string, e events.Event) events.Event {
	t.Helper()
	signed, err := signingKey(t, of).Sign(e)
	must(t, err)
	return signed
}

// structured is an event in the CloudEvents JSON format, its facts as they were signed.
func structured(t *testing.T, e events.Event) exchange.Message {
	t.Helper()
	members := []string{}
	for _, a := range e.Attributes() {
		value, err := json.Marshal(a.Value)
		must(t, err)
		members = append(members, `"`+a.Name+`":`+string(value))
	}
	return exchange.Message{
		Header: map[string][]string{"Content-Type": {"application/cloudevents+json"}},
		Data:   []byte("{" + strings.Join(members, ",") + `,"data":` + string(e.Data) + "}"),
	}
}
