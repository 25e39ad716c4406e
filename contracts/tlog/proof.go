package tlog

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"

	sumdb "golang.org/x/mod/sumdb/tlog"
)

// MaxProofBytes bounds the text of a [Proof]: above the longest opening, path and
// cosigned checkpoint together.
const MaxProofBytes = 64 << 10

const proofVersion = "c2sp.org/tlog-proof@v1"

// Proof is a C2SP tlog-proof: all that shows that the log holds an entry, to be
// checked years later with nothing but the pinned keys.
type Proof struct {
	Index      uint64 // number of the entry
	Extra      []byte // salt and entry bytes, one behind the other, see [Proof.Opening]; empty when they were destroyed
	Path       []Hash
	Checkpoint []byte // signed by the log and, when witnessed, cosigned
}

// NewProof is the proof of an entry with its opening.
func NewProof(number uint64, o Opening, path []Hash, checkpoint []byte) Proof {
	return Proof{number, append(o.Salt[:], o.Entry...), path, checkpoint}
}

// Opening is the opening that Extra carries.
func (p Proof) Opening() (Opening, error) {
	if len(p.Extra) <= 32 || len(p.Extra) > 32+MaxEntryBytes {
		return Opening{}, errors.New("the proof carries no opening")
	}
	return Opening{Salt: [32]byte(p.Extra[:32]), Entry: bytes.Clone(p.Extra[32:])}, nil
}

// Marshal is the proof's one text form, of media type text/plain.
func (p Proof) Marshal() []byte {
	var b bytes.Buffer
	b.WriteString(proofVersion + "\n")
	if len(p.Extra) > 0 {
		b.WriteString("extra " + base64.StdEncoding.EncodeToString(p.Extra) + "\n")
	}
	b.WriteString("index " + strconv.FormatUint(p.Index, 10) + "\n")
	for _, h := range p.Path {
		b.WriteString(h.String() + "\n")
	}
	b.WriteString("\n")
	b.Write(p.Checkpoint)
	return b.Bytes()
}

// ParseProof reads what [Proof.Marshal] gives, and nothing else. It judges the
// form only; [Verifier.VerifyProof] judges the rest.
func ParseProof(data []byte) (Proof, error) {
	p, err := parseProof(data)
	if err != nil {
		return Proof{}, fmt.Errorf("reading a proof: %w", err)
	}
	if !bytes.Equal(p.Marshal(), data) {
		return Proof{}, errors.New("reading a proof: it is not in the one form that proofs have")
	}
	return p, nil
}

func parseProof(data []byte) (Proof, error) {
	if len(data) > MaxProofBytes {
		return Proof{}, errors.New("it is longer than any proof")
	}
	head, checkpoint, found := strings.Cut(string(data), "\n\n")
	if !found || checkpoint == "" {
		return Proof{}, errors.New("its checkpoint is missing")
	}
	lines := strings.Split(head, "\n")
	if lines[0] != proofVersion {
		return Proof{}, errors.New("it is not of version 1")
	}
	p, lines := Proof{Checkpoint: []byte(checkpoint)}, lines[1:]
	if len(lines) > 0 && strings.HasPrefix(lines[0], "extra ") {
		extra, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(lines[0], "extra "))
		if err != nil {
			return Proof{}, errors.New("its extra data are no base64")
		}
		p.Extra, lines = extra, lines[1:]
	}
	if len(lines) == 0 || !strings.HasPrefix(lines[0], "index ") {
		return Proof{}, errors.New("its index is missing")
	}
	index, err := strconv.ParseUint(strings.TrimPrefix(lines[0], "index "), 10, 64)
	if err != nil || index > maxNumber {
		return Proof{}, errors.New("its index is no number of an entry")
	}
	if p.Index, lines = index, lines[1:]; len(lines) > maxPath {
		return Proof{}, errors.New("its path is longer than any")
	}
	for _, line := range lines {
		h, err := sumdb.ParseHash(line)
		if err != nil {
			return Proof{}, errors.New("a line of its path is no hash")
		}
		p.Path = append(p.Path, h)
	}
	return p, nil
}

// VerifyProof checks that the log signed a checkpoint that holds the entry that
// the proof opens, and returns both. Who cosigned the checkpoint, see [Cosignatures].
func (v Verifier) VerifyProof(p Proof) (Entry, Checkpoint, error) {
	o, err := p.Opening()
	if err != nil {
		return Entry{}, Checkpoint{}, fmt.Errorf("%w: %w", ErrEntry, err)
	}
	return v.VerifyEntry(p.Index, o, p.Path, p.Checkpoint)
}
