package tlog_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	othernote "github.com/transparency-dev/formats/note"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

const hotline events.AgencyID = "harbour-hotline"

// witnesses is a hub with a history and the witness keys of three agencies.
type witnesses struct {
	*hub
	logKey  note.Verifier
	secret  map[events.AgencyID]string
	vkey    map[events.AgencyID]string
	witness map[events.AgencyID]tlog.WitnessKey
}

func newWitnesses(t testing.TB, seed string) witnesses {
	t.Helper()
	w := witnesses{newHub(t, sampleland, seed), nil, map[events.AgencyID]string{}, map[events.AgencyID]string{}, map[events.AgencyID]tlog.WitnessKey{}}
	for n := range events.Sequence(3) {
		w.admit(w.opened(n + 1))
	}
	w.logKey = w.pins(police).Log
	for _, agency := range []events.AgencyID{police, shelter, hotline} {
		secret, vkey, err := tlog.NewWitnessKey(sampleland.Origin(), agency, w.random)
		must(t, err)
		w.secret[agency], w.vkey[agency] = secret, vkey
		w.witness[agency], err = tlog.ParseWitnessKey(secret)
		must(t, err)
	}
	return w
}

func (w witnesses) cosign(signed []byte, agency events.AgencyID, at time.Time) []byte {
	w.t.Helper()
	out, err := w.witness[agency].Cosign(signed, w.logKey, at)
	must(w.t, err)
	return out
}

func (w witnesses) cosigners() []tlog.Cosigner {
	kinds := map[events.AgencyID]events.AgencyKind{police: events.Police, shelter: events.Shelter, hotline: events.Hotline}
	var all []tlog.Cosigner
	for _, agency := range []events.AgencyID{police, shelter, hotline} {
		key, err := tlog.NewWitnessVerifier(w.vkey[agency])
		must(w.t, err)
		all = append(all, tlog.Cosigner{Agency: agency, Kind: kinds[agency], Key: key})
	}
	return all
}

// What our witness signs, transparency-dev's verifier believes, with its time.
func TestOurCosignatureChecksWithIndependentCode(t *testing.T) {
	w := newWitnesses(t, "cosignature")
	signed := w.cosign(w.checkpoint(), shelter, epoch)
	theirs, err := othernote.NewVerifierForCosignatureV1(w.vkey[shelter])
	must(t, err)
	if key := w.witness[shelter].Verifier(); theirs.Name() != key.Name() || theirs.KeyHash() != key.KeyHash() || key.Name() != "handrail/sampleland/lighthouse-shelter" {
		t.Fatalf("they read the key as %s %08x", theirs.Name(), theirs.KeyHash())
	}
	n, err := note.Open(signed, note.VerifierList(theirs, w.logKey))
	must(t, err)
	if len(n.Sigs) != 2 || len(n.UnverifiedSigs) != 0 {
		t.Fatalf("they believe %d signatures", len(n.Sigs))
	}
	at, err := othernote.CoSigV1Timestamp(n.Sigs[1])
	if err != nil || !at.Equal(epoch) {
		t.Fatalf("they read the time %s: %v", at, err)
	}
	if _, err := tlog.ParseCheckpoint(signed, w.logKey); err != nil {
		t.Error(err)
	}
}

// And what their cosigner signs with our secret, our verifier believes.
func TestTheirCosignatureChecksWithOurs(t *testing.T) {
	w := newWitnesses(t, "their cosignature")
	theirs, err := othernote.NewSignerForCosignatureV1(w.secret[shelter])
	must(t, err)
	n, err := note.Open(w.checkpoint(), note.VerifierList(w.logKey))
	must(t, err)
	before := time.Now().Add(-time.Second)
	signed, err := note.Sign(n, theirs)
	must(t, err)
	got, err := tlog.Cosignatures(signed, w.cosigners())
	must(t, err)
	if len(got) != 1 || got[0].Agency != shelter || got[0].At.Before(before.Truncate(time.Second)) || got[0].At.After(time.Now()) {
		t.Fatalf("read %+v", got)
	}
}

func TestCosignatureIsDeterministicAndReplacesTheOlderOne(t *testing.T) {
	w := newWitnesses(t, "again")
	one := w.cosign(w.checkpoint(), police, epoch)
	if !bytes.Equal(one, w.cosign(w.checkpoint(), police, epoch)) {
		t.Error("the same instant gave another cosignature")
	}
	key, err := tlog.NewWitnessVerifier(w.vkey[police])
	must(t, err)
	n, err := note.Open(one, note.VerifierList(w.logKey, key))
	must(t, err)
	if len(n.Sigs) != 2 {
		t.Fatalf("%d signatures", len(n.Sigs))
	}
	later := w.cosign(one, police, epoch.Add(time.Hour))
	got, err := tlog.Cosignatures(later, w.cosigners())
	must(t, err)
	if len(got) != 1 || !got[0].At.Equal(epoch.Add(time.Hour)) || strings.Count(string(later), "— ") != 2 {
		t.Errorf("read %+v of\n%s", got, later)
	}
}

// A witness key signs checkpoints of its own log and nothing else.
func TestAWitnessSignsOnlyCheckpoints(t *testing.T) {
	w := newWitnesses(t, "only checkpoints")
	key := w.witness[shelter]
	for name, text := range otherCheckpointTexts(tlog.Checkpoint{Origin: sampleland.Origin(), Size: 1, Root: leafHash(1)}.Text()) {
		signed, err := note.Sign(&note.Note{Text: text}, w.log)
		must(t, err)
		if _, err := key.Cosign(signed, w.logKey, epoch); !errors.Is(err, tlog.ErrCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := newHub(t, sampleland, "a second history of the same name")
	other.admit(other.opened(1))
	for name, signed := range map[string][]byte{"of a forged key": other.checkpoint(), "nothing": nil, "noise": []byte("\n\n"), "huge": append(w.checkpoint(), bytes.Repeat([]byte("— x AAAAAAAA\n"), 3000)...)} {
		if _, err := key.Cosign(signed, w.logKey, epoch); !errors.Is(err, tlog.ErrCheckpoint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, at := range []time.Time{{}, time.Unix(0, 0), time.Unix(-1, 0), time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if _, err := key.Cosign(w.checkpoint(), w.logKey, at); err == nil {
			t.Errorf("cosigned at %s", at)
		}
	}
}

func TestWitnessKeysHaveOneForm(t *testing.T) {
	w := newWitnesses(t, "keys")
	secret, vkey := w.secret[shelter], w.vkey[shelter]
	if _, err := tlog.NewWitnessVerifier(vkey); err != nil {
		t.Fatal(err)
	}
	for name, change := range otherKeys() {
		if changed := change(vkey); changed == vkey {
			t.Errorf("%s: changed nothing", name)
		} else if _, err := tlog.NewWitnessVerifier(changed); err == nil {
			t.Errorf("%s: read %q", name, changed)
		}
		if _, err := tlog.ParseWitnessKey(change(secret)); err == nil {
			t.Errorf("%s: read a secret", name)
		}
	}
	for name, bad := range map[string]string{"a verifier": vkey, "the log's": w.vkeyAsSecret(), "without prefix": strings.TrimPrefix(secret, "PRIVATE+KEY+")} {
		if _, err := tlog.ParseWitnessKey(bad); err == nil {
			t.Errorf("%s: read as a secret", name)
		}
	}
	if _, err := tlog.NewWitnessVerifier(w.hub.vkey); err == nil {
		t.Error("a log key counts as a witness")
	}
	if _, err := tlog.NewWitnessVerifier(secret); err == nil {
		t.Error("a secret counts as a verifier key")
	}
	_, plain, err := tlog.NewLogKey("witness.example", w.random)
	must(t, err)
	outside, err := othernote.VKeyToCosignatureV1(plain)
	must(t, err)
	if _, err := tlog.NewWitnessVerifier(outside); err == nil {
		t.Error("a cosigner who is no agency counts as a witness")
	}
	key := w.witness[shelter]
	if shown := fmt.Sprintf("%v %+v %#v %s", key, key, key, key); strings.Contains(shown, secret[len(secret)-20:]) || strings.Contains(shown, "0x") {
		t.Errorf("shows %s", shown)
	}
	for name, origin := range map[string]string{"no origin": "", "a space": "handrail/sample land", "a plus": "handrail/sample+land", "no hub": "sampleland"} {
		if _, _, err := tlog.NewWitnessKey(origin, police, w.random); err == nil {
			t.Errorf("%s: made a key", name)
		}
	}
	if _, _, err := tlog.NewWitnessKey(sampleland.Origin(), police, bytes.NewReader(make([]byte, 31))); err == nil {
		t.Error("made a key of 31 bytes")
	}
}

// otherKeys change a key's text so that it is another key's, or no key's.
func otherKeys() map[string]func(string) string {
	last := func(key string, f func(b byte) byte) string { return key[:len(key)-1] + string(f(key[len(key)-1])) }
	return map[string]func(string) string{
		"another name":   func(k string) string { return strings.Replace(k, "lighthouse", "lightbulb", 1) },
		"upper case":     func(k string) string { return strings.Replace(k, "lighthouse", "Lighthouse", 1) },
		"upper-case id":  func(k string) string { return strings.Replace(k, "shelter+", "shelter+A", 1) },
		"another key":    func(k string) string { return last(k, func(b byte) byte { return b ^ 1 }) },
		"cut":            func(k string) string { return k[:len(k)-1] },
		"a line feed":    func(k string) string { return k + "\n" },
		"a line feed in": func(k string) string { return k[:len(k)-4] + "\n" + k[len(k)-4:] },
		"longer":         func(k string) string { return k + "AAAA" },
		"a space":        func(k string) string { return " " + k },
		"nothing":        func(string) string { return "" },
		"pluses":         func(string) string { return "PRIVATE+KEY++++" },
	}
}

func (w witnesses) vkeyAsSecret() string { return "PRIVATE+KEY+" + w.hub.vkey }

func TestCosignaturesAreThoseOfTheListed(t *testing.T) {
	w := newWitnesses(t, "listed")
	signed := w.checkpoint()
	got, err := tlog.Cosignatures(signed, w.cosigners())
	if err != nil || len(got) != 0 {
		t.Fatalf("%+v %v", got, err)
	}
	both := w.cosign(w.cosign(signed, hotline, epoch), police, epoch.Add(time.Minute))
	got, err = tlog.Cosignatures(both, w.cosigners())
	must(t, err)
	if len(got) != 2 || got[0].Agency != hotline || got[1].Agency != police || got[0].Kind != events.Hotline || !got[1].At.Equal(epoch.Add(time.Minute)) || got[1].At.Location() != time.UTC {
		t.Fatalf("read %+v", got)
	}
	again := tlog.WithCosignatures(signed, [][]byte{got[0].Line, got[1].Line})
	if !bytes.Equal(again, both) {
		t.Errorf("the lines do not give the note again:\n%s", again)
	}
	if got, err := tlog.Cosignatures(both, w.cosigners()[:1]); err != nil || len(got) != 1 {
		t.Errorf("who is not listed counts: %+v %v", got, err)
	}
	// An agency that changed its key counts once, by whichever comes first.
	newer := newWitnesses(t, "a newer key")
	twice := append(w.cosigners(), newer.cosigners()[0])
	n := w.cosign(signed, police, epoch)
	n, err = newer.witness[police].Cosign(n, w.logKey, epoch)
	must(t, err)
	if got, err := tlog.Cosignatures(n, twice); err != nil || len(got) != 1 {
		t.Errorf("an agency with two keys counts %d times: %v", len(got), err)
	}
	if _, err := tlog.Cosignatures(n, append(twice, twice[0])); err == nil {
		t.Error("two cosigners of one key were allowed")
	}
	text, err := note.Sign(&note.Note{Text: "hello\n"}, w.log)
	must(t, err)
	for _, bad := range [][]byte{nil, []byte("\n\n"), text} {
		if _, err := tlog.Cosignatures(bad, w.cosigners()); !errors.Is(err, tlog.ErrCheckpoint) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// No changed byte of a cosigned checkpoint leaves all that it said.
// TestOneKeyUnderTwoNamesCountsOnce: a cosignature does not name its witness, so
// anybody could write one agency's also under the name of another that lists its key.
func TestOneKeyUnderTwoNamesCountsOnce(t *testing.T) {
	w := newWitnesses(t, "one key under two names")
	for _, agency := range []events.AgencyID{police, shelter} {
		secret, vkey, err := tlog.NewWitnessKey(sampleland.Origin(), agency, bytes.NewReader(make([]byte, 32)))
		must(t, err)
		w.vkey[agency] = vkey
		w.witness[agency], err = tlog.ParseWitnessKey(secret)
		must(t, err)
	}
	signed := w.cosign(w.cosign(w.cosign(w.checkpoint(), police, epoch), shelter, epoch), hotline, epoch)
	if got, err := tlog.Cosignatures(signed, w.cosigners()); err != nil || len(got) != 2 || got[1].Agency != hotline {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestEveryFlippedByteOfACosignedCheckpointIsNoticed(t *testing.T) {
	w := newWitnesses(t, "flips")
	signed, cosigners := w.cosign(w.cosign(w.checkpoint(), police, epoch), shelter, epoch), w.cosigners()
	for i := range signed {
		flip := byte(1) << (i % 8)
		bad := bytes.Clone(signed)
		bad[i] ^= flip
		_, err := tlog.ParseCheckpoint(bad, w.logKey)
		got, also := tlog.Cosignatures(bad, cosigners)
		if err == nil && also == nil && len(got) == 2 {
			t.Fatalf("byte %d changed by %#x: believed", i, flip)
		}
	}
}

// A cosignature of a time that nobody can write down is none, however well signed.
func TestCosignatureOfAnImpossibleTimeIsNone(t *testing.T) {
	w := newWitnesses(t, "times")
	key, err := tlog.NewWitnessVerifier(w.vkey[police])
	must(t, err)
	seed, err := base64.StdEncoding.DecodeString(strings.SplitN(w.secret[police], "+", 5)[4])
	must(t, err)
	text := []byte(checkpointOf(leafHashes(3)).Text())
	for seconds, possible := range map[uint64]bool{1: true, uint64(epoch.Unix()): true, 253402300799: true, 0: false, 253402300800: false, 1 << 62: false, 1 << 63: false, 1<<64 - 1: false} {
		message := fmt.Appendf(nil, "cosignature/v1\ntime %d\n%s", seconds, text)
		signature := append(binary.BigEndian.AppendUint64(nil, seconds), ed25519.Sign(ed25519.NewKeyFromSeed(seed[1:]), message)...)
		if key.Verify(text, signature) != possible {
			t.Errorf("time %d: believed: %v", seconds, !possible)
		}
		if key.Verify(text, signature[:71]) || key.Verify(text, append(signature, 0)) {
			t.Errorf("time %d: believed at another length", seconds)
		}
	}
	if key.Verify(text, nil) {
		t.Error("believed nothing")
	}
}

func TestOnlySignatureLinesAreAdded(t *testing.T) {
	w := newWitnesses(t, "lines")
	signed := w.checkpoint()
	cosigned := w.cosign(signed, police, epoch)
	line := cosigned[len(signed):]
	for name, bad := range map[string][]byte{
		"nothing": nil, "text": []byte("hello\n"), "no line feed": line[:len(line)-1], "two lines": append(bytes.Clone(line), line...), "a blank line": append([]byte("\n"), line...),
		"a blank line behind": append(bytes.Clone(line), '\n'), "loose base64": []byte("— x AAAAAAB=\n"), "another note": cosigned, "the log's own": signed[bytes.Index(signed, []byte("— ")):],
	} {
		if got := tlog.WithCosignatures(signed, [][]byte{bad}); !bytes.Equal(got, signed) {
			t.Errorf("%s: added", name)
		}
	}
	if got := tlog.WithCosignatures(signed, [][]byte{line, line}); !bytes.Equal(got, cosigned) {
		t.Error("not added once")
	}
	if got := tlog.WithCosignatures([]byte("no note"), [][]byte{line}); string(got) != "no note" {
		t.Error("added to what is no note")
	}
	var many [][]byte
	for n := range 300 {
		_, vkey, err := tlog.NewWitnessKey(sampleland.Origin(), events.AgencyID(fmt.Sprintf("%s-%03d", strings.Repeat("a", 28), n)), w.random)
		must(t, err)
		name, rest, _ := strings.Cut(vkey, "+")
		many = append(many, fmt.Appendf(nil, "— %s %s\n", name, strings.Repeat("A", 90)+rest[:6]))
	}
	var long [][]byte
	for n := range 99 {
		long = append(long, fmt.Appendf(nil, "— %s%d AAAAAAA=\n", strings.Repeat("a", 400), n))
	}
	for _, lines := range [][][]byte{many, long} {
		full := tlog.WithCosignatures(signed, lines)
		if _, err := tlog.ParseCheckpoint(full, w.logKey); err != nil || bytes.Count(full, []byte("— ")) < 50 || len(full) > tlog.MaxCheckpointBytes {
			t.Errorf("%d signatures, %d bytes: %v", bytes.Count(full, []byte("— ")), len(full), err)
		}
	}
}
