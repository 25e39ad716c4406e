package audit

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// exported is a case's trail as the auditor's file.
func (b *book) exported(t ledger.Trail) []byte {
	b.t.Helper()
	x := Export{Format: exportFormat, Exported: events.At(b.now), By: auditor, Trail: t, Profile: b.texts, Pins: b.pins()}
	text, err := x.signed()
	b.must(err)
	x.Signature = b.signing[auditor].SignBytes(text)
	data, err := x.bytes()
	b.must(err)
	return data
}

func TestAnExportVerifiesWithNothingButTheFile(t *testing.T) {
	b := newBook(t)
	id := b.referred(true)
	b.isRead(id)
	data := b.exported(b.trail(id, police, shelter))
	x, v, err := VerifyExport(data, nil)
	b.must(err)
	if x.By != auditor || !v.Witnessed || v.Pins != b.pins() || len(v.Erasures()) == 0 {
		t.Errorf("by %s, witnessed %v, pins %+v, erased %v", x.By, v.Witnessed, v.Pins, v.Erasures())
	}
	pins := b.pins()
	_, _, err = VerifyExport(data, &pins)
	b.must(err)
	pins.Genesis = strings.Repeat("0", 64)
	if _, _, err := VerifyExport(data, &pins); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), "genesis") {
		t.Errorf("with other pins: %v", err)
	}
	var text bytes.Buffer
	b.must(ShowExport(&text, x, v, false, b.now, false))
	for _, want := range []string{"Exported by sampleland-audit", b.pins().Genesis, "Compare with"} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("it does not show %q", want)
		}
	}
	b.must(ShowExport(io.Discard, x, v, true, b.now, true))
	for name, change := range map[string]func(*Export){
		"signed by no auditor":   func(x *Export) { x.By = police },
		"signed by another":      func(x *Export) { x.By = second },
		"another day":            func(x *Export) { x.Exported = events.At(b.now.Add(-24 * time.Hour)) },
		"another reason":         func(x *Export) { x.Trail.Entries[2].Reason = "because" },
		"other pins":             func(x *Export) { x.Pins.Genesis = strings.Repeat("0", 64) },
		"another profile's text": func(x *Export) { x.Profile[0].Text = append(x.Profile[0].Text, '\n') },
		"no profile":             func(x *Export) { x.Profile = nil },
		"two profiles":           func(x *Export) { x.Profile = append(x.Profile, x.Profile[0]) },
	} {
		other, err := ReadExport(data)
		b.must(err)
		change(&other)
		if _, err := other.Verify(); !errors.Is(err, ErrUnverified) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestARetiredCaseIsExported(t *testing.T) {
	b := newBook(t)
	id := b.referred(false)
	b.retires(id, true)
	_, v, err := VerifyExport(b.exported(b.trail(id, police, shelter)), nil)
	b.must(err)
	if v.Retirement == nil || !v.Retirement.Destroyed {
		t.Errorf("its end is %+v", v.Retirement)
	}
}

// Every byte of an export counts: whatever one is changed to, it is noticed. The
// changes are checked until the file reads as an export again; those are verified.
func TestEveryByteOfAnExportCounts(t *testing.T) {
	b := newBook(t)
	id := b.open()
	b.say(police, id, "", &events.CaseOpened{Said: b.said(), Age: events.Adult})
	b.refuses(police, id)
	data := b.exported(b.trail(id, police, shelter))
	known := newProfiles()
	x, err := ReadExport(data)
	b.must(err)
	if _, err := x.verify(known); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	decoded := 0
	from := bytes.Index(data, []byte(`"text":"`)) + 64 // of the profile: most of the file, one base64 after the other, of which every 17th byte has to do
	to := bytes.LastIndex(data, []byte(`"pins":`)) - 64
	for at := range data {
		if at > from && at < to && at%17 != 0 {
			continue
		}
		ways := []byte{1 << random.IntN(8), byte(1 + random.IntN(255))}
		for _, way := range ways {
			other := bytes.Clone(data)
			other[at] ^= way
			x, err := ReadExport(other)
			if err == nil {
				decoded++
				_, err = x.verify(known)
			}
			if !errors.Is(err, ErrUnverified) {
				t.Fatalf("byte %d changed from %q to %q is not noticed: %v", at, data[at], other[at], err)
			}
		}
	}
	if decoded == 0 {
		t.Error("no change left an export: the test says nothing about verifying")
	}
	for _, cut := range []int{0, 1, len(data) / 2, len(data) - 1} {
		if _, err := ReadExport(data[:cut]); !errors.Is(err, ErrUnverified) {
			t.Errorf("cut at %d: %v", cut, err)
		}
	}
	for name, other := range map[string][]byte{
		"white space":  bytes.Replace(data, []byte(`","by"`), []byte(`", "by"`), 1),
		"an escape":    bytes.Replace(data, []byte(`"sampleland"`), []byte(`"sample\u006cand"`), 1),
		"twice":        append(bytes.Clone(data), data...),
		"a new member": bytes.Replace(data, []byte(`{"format"`), []byte(`{"more":1,"format"`), 1),
		"twice said":   bytes.Replace(data, []byte(`{"format"`), []byte(`{"by":"police","format"`), 1),
	} {
		if _, err := ReadExport(other); !errors.Is(err, ErrUnverified) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func FuzzExport(f *testing.F) {
	b := newBook(f)
	id := b.referred(true)
	data := b.exported(b.trail(id, police))
	f.Add(data)
	f.Add([]byte("{}"))
	known := newProfiles()
	f.Fuzz(func(t *testing.T, other []byte) {
		x, err := ReadExport(other)
		if err != nil {
			return
		}
		if v, err := x.verify(known); err == nil && v.Pins != x.Pins {
			t.Error("an export verifies that says other pins than its log has")
		}
	})
}

// FuzzTrail has everything but the file's own form changed: what does not decode
// is left out, so that the verifier sees more of it.
func FuzzTrail(f *testing.F) {
	b := newBook(f)
	id := b.referred(true)
	whole, err := json.Marshal(b.trail(id, police), json.Deterministic(true))
	b.must(err)
	f.Add(whole, uint16(0), byte(1))
	a := b.auditor()
	f.Fuzz(func(t *testing.T, data []byte, at uint16, flip byte) {
		if len(data) > 0 {
			data = bytes.Clone(data)
			data[int(at)%len(data)] ^= flip
		}
		var trail ledger.Trail
		if json.Unmarshal(data, &trail) != nil {
			return
		}
		_, _ = a.Verify(trail) // it must not panic
	})
}

func TestAProofVerifiesAndSaysWhoWitnessedIt(t *testing.T) {
	b := newBook(t)
	id := b.referred(true)
	trail := b.trail(id, police, shelter)
	e := trail.Entries[1]
	proof := tlog.NewProof(e.Number, tlog.Opening{Salt: [32]byte(e.Salt), Entry: e.Opening}, e.Proof, trail.Checkpoint).Marshal()
	if !IsProof(proof) || IsProof(b.exported(trail)) {
		t.Error("proofs and exports are taken for each other")
	}
	p, err := VerifyProof(proof, b.pins(), nil)
	b.must(err)
	if p.Number != e.Number || p.Who != police || p.What != "rights.informed" || p.Judged || p.Subject != string(id) {
		t.Errorf("it proves %+v", p)
	}
	_, v, err := VerifyExport(b.exported(trail), nil)
	b.must(err)
	p, err = VerifyProof(proof, b.pins(), &v)
	b.must(err)
	if !p.Witnessed || len(p.Witnesses) != 2 {
		t.Errorf("witnessed by %+v", p.Witnesses)
	}
	b.must(ShowProof(io.Discard, p, false))
	b.must(ShowProof(io.Discard, p, true))
	for at := range proof {
		other := bytes.Clone(proof)
		other[at] ^= 1
		if p, err := VerifyProof(other, b.pins(), &v); err == nil && len(p.Witnesses) == 2 { // a cosignature that names nobody known counts for nobody
			t.Fatalf("byte %d changed is not noticed", at)
		}
	}
	if _, err := VerifyProof(proof, Pins{}, nil); err == nil || errors.Is(err, ErrUnverified) {
		t.Errorf("with no log key: %v", err)
	}
}
