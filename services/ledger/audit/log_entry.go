package audit

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"strconv"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	sumdb "golang.org/x/mod/sumdb/tlog"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// macBytes is the length of the MAC at the end of a leaf.
const macBytes = 32

// shown is an entry of the stream in the form in which trails have entries, with
// the leaf that it has for certain: an opening that does not give the MAC is an error.
func (r *logRun) shown(e *ledger.LogEntry, number uint64) (ledger.TrailEntry, sumdb.Hash, error) {
	out := ledger.TrailEntry{Number: e.Number, Data: e.Data, Erased: e.Erased}
	if e.Number != number {
		return out, sumdb.Hash{}, errors.New("the hub does not show it at its place")
	}
	if e.Damaged {
		out.Damaged = ledger.DamagedData
		if e.Opening == nil {
			out.Damaged = ledger.DamagedOpening
		}
	}
	var leaf []byte
	if e.Opening != nil {
		o := tlog.Opening{Salt: e.Salt, Entry: e.Opening}
		if leaf = o.Leaf(); !bytes.Equal(leaf[len(leaf)-macBytes:], e.MAC[:]) {
			return out, sumdb.Hash{}, errors.New("its content is not what its leaf commits to: it was altered after it was admitted")
		}
		out.Salt, out.Opening = e.Salt[:], e.Opening
	} else {
		var err error
		if leaf, err = tlog.LeafOfMAC(e.MAC[:]); err != nil {
			return out, sumdb.Hash{}, err
		}
	}
	out.Leaf = sumdb.RecordHash(leaf)
	return out, out.Leaf, nil
}

// record reads the header of a sealed record from the stream; nil if it has none.
func record(e *ledger.LogEntry) (*events.RecordHeader, error) {
	if e.Record == nil {
		return nil, nil //nolint:nilnil // no record, which is no error
	}
	header, err := seal.ParseProtectedHeader(e.Record)
	if err != nil {
		return nil, errors.New("its record's header cannot be read")
	}
	return &header, nil
}

// storedHeaders are the headers of destroyed records, of which the stored state of
// their case is all that is left. That the state is the one that the entries give
// is found out when all of them are judged.
type storedHeaders struct {
	state  []byte
	facts  map[uint64]jsontext.Value // by entry; nil: not read yet
	broken bool
}

// of gives the header of the record of an entry, if the state has one.
func (h *storedHeaders) of(number uint64) (*events.RecordHeader, error) {
	if h.facts == nil && !h.broken {
		var stored struct {
			Trail []struct {
				Number uint64         `json:"number"`
				Facts  jsontext.Value `json:"facts"`
			} `json:"trail"`
		}
		h.broken = json.Unmarshal(h.state, &stored) != nil
		h.facts = map[uint64]jsontext.Value{}
		for _, item := range stored.Trail {
			h.facts[item.Number] = item.Facts
		}
	}
	header := new(events.RecordHeader)
	if facts, there := h.facts[number]; h.broken || !there || json.Unmarshal(facts, header, json.RejectUnknownMembers(true)) != nil {
		return nil, errors.New("its content was erased, and " + otherState)
	}
	return header, nil
}

// firstLines takes number and admission time from entry bytes that nobody has
// parsed yet. Whoever parses them later holds them to the same form.
func firstLines(opening []byte) (number uint64, admitted string, err error) {
	malformed := errors.New("it does not begin as entries do")
	rest, ok := bytes.CutPrefix(opening, []byte("handrail-entry v1\nnumber "))
	text, rest, ok2 := bytes.Cut(rest, []byte("\nadmitted "))
	at, _, ok3 := bytes.Cut(rest, []byte("\n"))
	if !ok || !ok2 || !ok3 || len(at) != len(tlog.AdmittedFormat) {
		return 0, "", malformed
	}
	if number, err = strconv.ParseUint(string(text), 10, 64); err != nil {
		return 0, "", malformed
	}
	return number, string(at), nil
}

// looksCased says whether entry bytes seem to be about a case: the subject of an
// event is then 36 characters long, a refusal names the case. It decides only where
// an entry is verified, in its order or with its case; each place finds out what
// does not belong there.
func looksCased(opening []byte) bool {
	if bytes.Contains(opening, []byte("\nverdict refused\n")) {
		return bytes.Contains(opening, []byte("\ncase "))
	}
	_, rest, _ := bytes.Cut(opening, []byte("\nce-subject "))
	subject, _, _ := bytes.Cut(rest, []byte("\n"))
	return len(subject) == caseIDLength
}

const caseIDLength = 36

// looksOfDirectory says whether entry bytes seem to be of the directory, which is
// read whole whatever else is left out: who witnessed a log depends on it.
func looksOfDirectory(opening []byte) bool {
	return bytes.Contains(opening, []byte("\nce-type org.handrail.directory."))
}

// leafGone stands for the leaf of an entry without an opening in its tag, so that
// both readings must name the same entry as the one that destroyed it.
func leafGone(leaf tlog.Hash, by uint64) tlog.Hash {
	return sha256.Sum256(binary.BigEndian.AppendUint64(leaf[:], by))
}

// tag is a short mark of an entry under a key that only this verification knows:
// whoever shows the entry a second time cannot show another one with the same tag,
// but by luck of 1 in 2^64.
func (s *logState) tag(number uint64, leaf tlog.Hash) uint64 {
	var text [32 + 8 + 32]byte
	copy(text[:], s.key[:])
	binary.BigEndian.PutUint64(text[32:], number)
	copy(text[40:], leaf[:])
	sum := sha256.Sum256(text[:])
	return max(binary.BigEndian.Uint64(sum[:]), 1) // 0: nothing to come
}
