package audit

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"iter"
	"maps"
	"path/filepath"
	"slices"

	"github.com/go-json-experiment/json"
	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// What a hub shows of the book, to those who ask.

// checkpoint signs the log as it is, cosigned by some.
func (b *book) checkpoint(by ...events.AgencyID) []byte {
	b.t.Helper()
	signed, err := tlog.Checkpoint{Origin: hubID.Origin(), Size: b.tree.Size(), Root: b.tree.Root()}.Sign(b.log)
	b.must(err)
	verifier, err := note.NewVerifier(b.logKey)
	b.must(err)
	for _, agency := range by {
		signed, err = b.witness[agency].Cosign(signed, verifier, b.now)
		b.must(err)
	}
	return signed
}

func (b *book) pins() Pins {
	sum := sha256.Sum256(b.entries[0].Data)
	return Pins{Log: b.logKey, Hub: b.founded.Signing, Genesis: hex.EncodeToString(sum[:])}
}

// proved is an entry as a trail has it.
func (b *book) proved(p *tlog.Prover, number uint64) ledger.TrailEntry {
	b.t.Helper()
	e := b.entries[number]
	proof, err := p.Prove(number)
	b.must(err)
	out := ledger.TrailEntry{Number: number, Leaf: b.nodes[0][number], Proof: proof, Opening: e.Opening, Data: e.Data, Erased: e.Erased}
	if e.Opening != nil {
		out.Salt = e.Salt[:]
	}
	if header := cmp.Or(string(e.Record), string(b.headers[number])); header != "" && e.Opening != nil {
		h, err := seal.ParseProtectedHeader([]byte(header))
		b.must(err)
		out.Record = &h
	}
	return out
}

func (b *book) trail(id events.CaseID, by ...events.AgencyID) ledger.Trail {
	b.t.Helper()
	f := b.cases[id]
	p := tlog.NewProver(b.tree.Size(), func(level int, from, to int64) ([]tlog.Hash, error) { return b.nodes[level][from:to], nil })
	pins := b.pins()
	t := ledger.Trail{
		Case: id, Hub: hubID, Profile: b.m.Profile.Ref(), Semantics: mou.Semantics, LogKey: pins.Log, Genesis: pins.Genesis,
		Checkpoint: b.checkpoint(by...), Founding: b.proved(p, 0), State: b.state(id),
	}
	for _, number := range b.directory {
		t.Directory = append(t.Directory, b.proved(p, number))
	}
	for _, number := range b.capacity {
		t.Capacity = append(t.Capacity, b.proved(p, number))
	}
	for _, number := range f.reads {
		t.Readings = append(t.Readings, b.proved(p, number))
	}
	for _, number := range f.numbers {
		t.Entries = append(t.Entries, b.proved(p, number))
	}
	if f.retired != 0 {
		end := b.proved(p, f.retired)
		t.Retired = &end
	}
	return t
}

func (b *book) state(id events.CaseID) []byte {
	f := b.cases[id]
	if f.retired != 0 && b.entries[f.numbers[0]].Opening == nil || f.state.ID() == "" {
		return []byte("null")
	}
	if f.stored == nil || f.storedAt != len(f.numbers) {
		state, err := json.Marshal(f.state)
		b.must(err)
		f.stored, f.storedAt = state, len(f.numbers)
	}
	return f.stored
}

// Entries implements LogSource.
func (b *book) Entries(_ context.Context, from, to uint64) iter.Seq2[*ledger.LogEntry, error] {
	return func(yield func(*ledger.LogEntry, error) bool) {
		for _, e := range b.entries[min(from, uint64(len(b.entries))):min(to, uint64(len(b.entries)))] {
			if !yield(e, nil) {
				return
			}
		}
	}
}

// Cases implements LogSource.
func (b *book) Cases(_ context.Context, after events.CaseID) iter.Seq2[CaseEntries, error] {
	return func(yield func(CaseEntries, error) bool) {
		for _, id := range slices.Sorted(maps.Keys(b.cases)) {
			if id <= after {
				continue
			}
			f := b.cases[id]
			one := CaseEntries{Head: ledger.LogCase{Case: id, Entries: uint64(len(f.numbers)), Retired: f.retired}}
			if state := b.state(id); string(state) != "null" {
				one.Head.State = state
			}
			for _, number := range f.numbers {
				one.Entries = append(one.Entries, b.entries[number])
			}
			if !yield(one, nil) {
				return
			}
		}
	}
}

// verification is the whole book, to verify.
func (b *book) verification() LogVerification {
	return LogVerification{Source: b, Hub: hubID, Pins: b.pins(), Checkpoint: b.checkpoint(police, shelter), Texts: b.texts}
}

// auditor is an auditor of the book's hub; there is no hub to ask.
func (b *book) auditor() *Auditor {
	b.t.Helper()
	key := filepath.Join(b.t.TempDir(), "signing.pem")
	b.must(b.signing[auditor].Save(key))
	p := b.pins()
	a, err := New(Config{Ledger: "http://127.0.0.1:1", Hub: hubID, Agency: auditor, KeyFile: key, LogKey: p.Log, HubKey: p.Hub, Genesis: p.Genesis})
	b.must(err)
	return a
}
