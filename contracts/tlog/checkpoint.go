package tlog

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	sumdb "golang.org/x/mod/sumdb/tlog"
)

// MaxCheckpointBytes bounds a signed checkpoint with all its cosignatures.
const MaxCheckpointBytes = 24 << 10

// Checkpoint is the size and root of the log at one moment, in the form of
// C2SP tlog-checkpoint without extension lines.
type Checkpoint struct {
	Origin string // "handrail/<hub>", also the name of the log key
	Size   uint64
	Root   Hash
}

// Text is what the log key signs: origin, size and base64 root, a line each.
func (c Checkpoint) Text() string {
	return c.Origin + "\n" + strconv.FormatUint(c.Size, 10) + "\n" + c.Root.String() + "\n"
}

// Sign gives the checkpoint as a signed note. The signer must bear the origin's name.
func (c Checkpoint) Sign(log note.Signer) ([]byte, error) {
	if log.Name() != c.Origin {
		return nil, errors.New("signing a checkpoint: the key is of another log")
	}
	signed, err := note.Sign(&note.Note{Text: c.Text()}, log)
	if err != nil {
		return nil, fmt.Errorf("signing a checkpoint: %w", err)
	}
	return signed, nil
}

// ParseCheckpoint checks the log's signature and reads the checkpoint. Further
// signatures, such as witnesses', are allowed and not judged. The error is
// [ErrCheckpoint].
func ParseCheckpoint(signed []byte, log note.Verifier) (Checkpoint, error) {
	text, err := openNote(signed, log)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	c, err := parseCheckpointText(text)
	if err != nil {
		return Checkpoint{}, fmt.Errorf("%w: %w", ErrCheckpoint, err)
	}
	if c.Origin != log.Name() {
		return Checkpoint{}, fmt.Errorf("%w: it is of another log", ErrCheckpoint)
	}
	return c, nil
}

func parseCheckpointText(text string) (Checkpoint, error) {
	parts := strings.Split(text, "\n")
	if len(parts) != 4 {
		return Checkpoint{}, errors.New("it has not exactly three lines")
	}
	size, err := strconv.ParseUint(parts[1], 10, 64)
	if err != nil || size > maxNumber {
		return Checkpoint{}, errors.New("its size is no number")
	}
	root, err := sumdb.ParseHash(parts[2])
	if err != nil {
		return Checkpoint{}, errors.New("its root is no hash")
	}
	c := Checkpoint{parts[0], size, root}
	if c.Text() != text {
		return Checkpoint{}, errors.New("it is not in the one form that checkpoints have")
	}
	return c, nil
}

// EmptyCheckpoint is the log before its first entry, which every log goes on from.
func EmptyCheckpoint(origin string) Checkpoint {
	return Checkpoint{Origin: origin, Root: new(Tree).Root()}
}
