package directory_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"strings"
	"testing"

	"handrail/contracts/directory"
	"handrail/events"
	"handrail/events/seal"
)

var update = flag.Bool("update", false, "write the published files anew instead of comparing them")

const (
	published    = "../vectors/directory.json"
	wireContract = "../decisions/0001-wire-contract.md"

	sentenceOnce    = "A key is listed once, for one agency and one purpose, the hub's own included (`key-reused`)."
	sentenceKind    = "An agency's kind never changes."
	sentenceVouched = "Two or more agencies of different kinds vouch for it: agencies that take part, no auditors and no foreign missions."
	sentenceKeyed   = "`directory.keyed` replaces one or more of an agency's own keys and is signed with its signing key of before."
	sentenceNumbers = "Which key counts is a matter of entry numbers, never of claimed time: an event is judged with the keys that the entries ahead of it list."
	sentenceRests   = "Of a suspended agency nothing is admitted (`agency-suspended`), which consumes no sequence and remembers no id; its keys stay its keys."
	sentenceRevoked = "Of a revoked one no key counts (`key-unknown`) until it joins anew."
	sentenceSealed  = "A record is sealed to the sealing key that its recipient has when the record is admitted: one that it had before is refused `key-replaced`, one that it never had `record-header`."
	sentenceLost    = "What waits for an agency is never released once the key that it is sealed to was lost or revoked; the hub erases it with the reason `key-ended`, and it may be sealed anew."
	sentenceShown   = "A foreign mission is shown an agency, once, by `directory.listed` as the directory listed it first; every entry about that agency since then follows, under its own number."
)

// vectorFile is the published file of golden vectors.
type vectorFile struct {
	Contract string         `json:"contract"`
	About    string         `json:"about"`
	Given    map[string]any `json:"given"`
	Vectors  []vector       `json:"vectors"`
}

type vector struct {
	Name     string         `json:"name"`
	Sentence string         `json:"sentence"`
	Input    map[string]any `json:"input"`
	Output   map[string]any `json:"output,omitempty"`
	Refused  map[string]any `json:"refused,omitempty"`
}

// script writes what happens to one directory, entry by entry, as vectors.
type script struct {
	*story

	vectors []vector
}

// entry has somebody try an entry, and writes what becomes of it.
func (s *script) entry(name, sentence string, by, about events.AgencyID, p events.Payload) {
	s.t.Helper()
	data, err := events.Encode(p)
	must(s.t, err)
	input := map[string]any{"entry": s.number + 1, "source": events.Source(hub, by), "type": p.Type(), "subject": about, "data": string(data)}
	v := vector{Name: name, Sentence: sentence, Input: input}
	next, err := s.d.Apply(s.number+1, event(by, about, p), p)
	if refused, ok := errors.AsType[*events.Violation](err); ok {
		v.Refused = map[string]any{"rule": refused.Rule, "pointer": refused.Pointer}
	} else {
		must(s.t, err)
		s.d, s.number = next, s.number+1
		m, _ := next.Member(about)
		v.Output = map[string]any{"standing": m.Standing, "signing": m.KeyID, "sealing": m.SealingID}
	}
	s.vectors = append(s.vectors, v)
}

// signer writes whether a key counts for an entry.
func (s *script) signer(name, sentence string, a events.AgencyID, n int, number uint64) {
	key := keys(s.t, a, n).signing.ID()
	_, counts := s.d.Signer(a, key, number)
	input := map[string]any{"agency": a, "signing": key, "for_entry": number}
	if number == directory.Now {
		input["for_entry"] = s.number + 1
	}
	s.vectors = append(s.vectors, vector{Name: name, Sentence: sentence, Input: input, Output: map[string]any{"counts": counts}})
}

// sealed writes what becomes of a new record that is sealed to a key, and of one that waits.
func (s *script) sealed(name, sentence string, a events.AgencyID, n int) {
	key := keys(s.t, a, n).sealing.ID()
	_, forGood := s.d.SealingEnded(a, key)
	v := vector{Name: name, Sentence: sentence, Input: map[string]any{"to": a, "kid": key}, Output: map[string]any{"released": !forGood}}
	if refused, ok := errors.AsType[*events.Violation](s.d.CheckSealing(a, key)); ok {
		v.Refused = map[string]any{"rule": refused.Rule, "pointer": refused.Pointer}
	}
	s.vectors = append(s.vectors, v)
}

func TestDirectoryVectors(t *testing.T) {
	founded := genesis(t)
	d, err := directory.Found(hub, 0, founded)
	must(t, err)
	data, err := events.Encode(founded)
	must(t, err)
	s := &script{story: &story{t: t, d: d}}
	s.tell()
	s.publish(t, vectorFile{
		Contract: "contracts/decisions/0001-wire-contract.md",
		About: "A script of what happens to one directory, in this order, from given.genesis (the data of entry 0) on. input.entry is an entry that source wants to make: output is how its subject is listed behind it; " +
			"what is refused leaves the directory as it was, and its number free. input.signing asks whether a key counts for an entry; input.kid what becomes, at that place of the script, of a new record that is sealed to it (refused, if it is), " +
			"and whether one that waits may still be released.",
		Given:   map[string]any{"origin": origin, "genesis": string(data)},
		Vectors: s.vectors,
	})
}

// tell is the script.
func (s *script) tell() {
	s.founding()
	s.rotation()
	s.rest()
	s.loss()
}

func (s *script) founding() {
	t := s.t
	s.entry("a founding mission", sentenceShown, events.HubAgency, embassy, s.d.ListedOf(list(t, embassy, 0)))
	one := vouched(t, list(t, harbour, 0), both())
	one.Vouching[1] = seal.NewVouching(embassy, keys(t, embassy, 0).signing, one.Listing, origin)
	s.entry("a mission vouches", sentenceVouched, events.HubAgency, harbour, one)
	s.entry("one joins", sentenceVouched, events.HubAgency, harbour, vouched(t, list(t, harbour, 0), both()))
	s.entry("two of one kind vouch", sentenceVouched, events.HubAgency, social, vouched(t, list(t, social, 0), map[events.AgencyID]int{lightship: 0, harbour: 0}))
	k := keys(t, social, 0)
	stolen := seal.NewListing(social, events.Social, k.signing, keys(t, harbour, 0).sealing, k.witness, origin)
	s.entry("with another's sealing key", sentenceOnce, events.HubAgency, social, vouched(t, stolen, both()))
	s.entry("another joins", sentenceVouched, events.HubAgency, social, vouched(t, list(t, social, 0), both()))
	s.entry("a mission is shown the police", sentenceShown, events.HubAgency, embassy, s.d.ListedOf(list(t, police, 0)))
	s.entry("and again", sentenceShown, events.HubAgency, embassy, s.d.ListedOf(list(t, police, 0)))
}

func (s *script) rotation() {
	t := s.t
	s.entry("the police replace their keys", sentenceKeyed, police, police, &events.DirectoryKeyed{Listing: list(t, police, 1)})
	s.signer("the key of before says which follows", sentenceKeyed, police, 0, s.number)
	s.signer("and nothing behind", sentenceNumbers, police, 0, s.number+1)
	s.signer("the new key for that entry", sentenceNumbers, police, 1, s.number)
	s.signer("the new key behind it", sentenceNumbers, police, 1, directory.Now)
	s.entry("nothing is new", sentenceOnce, police, police, &events.DirectoryKeyed{Listing: list(t, police, 1)})
	s.entry("back to the key of before", sentenceOnce, police, police, &events.DirectoryKeyed{Listing: list(t, police, 0)})
	s.entry("for another agency", sentenceKeyed, harbour, police, &events.DirectoryKeyed{Listing: list(t, police, 2)})
	k := keys(t, police, 2)
	s.entry("of another kind", sentenceKind, police, police, &events.DirectoryKeyed{Listing: seal.NewListing(police, events.Prosecutor, k.signing, k.sealing, k.witness, origin)})
	s.sealed("to the key that was replaced", sentenceSealed, police, 0)
	s.sealed("to the key that they have", sentenceSealed, police, 1)
	s.sealed("to a key that they never had", sentenceSealed, police, 3)
	s.entry("with the key of before they vouch", sentenceVouched, events.HubAgency, consulate, vouched(t, list(t, consulate, 0), both()))
}

func (s *script) rest() {
	t := s.t
	s.entry("the harbour rests", sentenceRests, events.HubAgency, harbour, &events.DirectorySuspended{Because: "device-lost"})
	s.signer("its key is its key", sentenceRests, harbour, 0, directory.Now)
	s.entry("but says nothing", sentenceRests, harbour, harbour, &events.DirectoryKeyed{Listing: list(t, harbour, 1)})
	s.entry("and vouches for nobody", sentenceVouched, events.HubAgency, consulate, vouched(t, list(t, consulate, 0), map[events.AgencyID]int{harbour: 0, police: 1}))
	s.entry("the harbour is back", sentenceRests, events.HubAgency, harbour, &events.DirectoryResumed{})
	s.entry("who takes part is not resumed", sentenceRests, events.HubAgency, harbour, &events.DirectoryResumed{})
}

func (s *script) loss() {
	t := s.t
	s.entry("the harbour's keys were stolen", sentenceRevoked, events.HubAgency, harbour, &events.DirectoryRevoked{Because: "keys-stolen"})
	s.signer("what it said before stands", sentenceNumbers, harbour, 0, s.number)
	s.signer("and the thief says nothing", sentenceRevoked, harbour, 0, directory.Now)
	s.sealed("what waits for the thief", sentenceLost, harbour, 0)
	by := map[events.AgencyID]int{police: 1, social: 0}
	s.entry("the thief's keys again", sentenceOnce, events.HubAgency, harbour, vouched(t, list(t, harbour, 0), by))
	s.entry("the harbour joins anew", sentenceRevoked, events.HubAgency, harbour, vouched(t, list(t, harbour, 1), by))
	s.sealed("what waited for the thief", sentenceLost, harbour, 0)
	s.sealed("what is sealed anew", sentenceSealed, harbour, 1)
	s.entry("the hub is not revoked", sentenceRevoked, events.HubAgency, events.HubAgency, &events.DirectoryRevoked{Because: "left"})
	s.entry("nobody revokes another", sentenceRevoked, police, harbour, &events.DirectoryRevoked{Because: "left"})
}

func (s *script) publish(t *testing.T, file vectorFile) {
	t.Helper()
	contract, err := os.ReadFile(wireContract)
	must(t, err)
	text, names := strings.Join(strings.Fields(string(contract)), " "), map[string]bool{}
	for _, v := range s.vectors {
		if !strings.Contains(text, v.Sentence) {
			t.Errorf("%s: the wire contract has no sentence %q", v.Name, v.Sentence)
		}
		if names[v.Name] {
			t.Errorf("two vectors are named %s", v.Name)
		}
		names[v.Name] = true
	}
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	must(t, encoder.Encode(file))
	if *update {
		must(t, os.WriteFile(published, b.Bytes(), 0o644))
		return
	}
	want, err := os.ReadFile(published)
	must(t, err)
	if !bytes.Equal(want, b.Bytes()) {
		t.Error("directory.json is not what the code gives; if the wire contract changed, run go test with -update and read the difference")
	}
}
