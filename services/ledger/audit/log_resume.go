package audit

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

const (
	resumeFormat = "handrail-log-verification/2"
	saveEvery    = 5 * time.Second
	saveShare    = 20 // at most one part in so many of the time goes into saving
	maxResume    = 2 << 30
)

// progressFile is the file that a run goes on from. Whoever can write to it can
// have entries counted as verified that are not: it is its owner's only, and is
// kept beside nothing that anybody else writes to.
type progressFile struct {
	next time.Time // when it is saved again
}

// saved is the file's first line; the tags follow, 8 bytes each, and the SHA-256 of all.
type saved struct {
	Format      string                      `json:"format"`
	Pins        Pins                        `json:"pins"`
	Profile     string                      `json:"profile"` // digest of the texts
	Checkpoint  []byte                      `json:"checkpoint"`
	Phase       int                         `json:"phase"`
	Key         []byte                      `json:"key"`
	Size        uint64                      `json:"size"`
	Edges       [][]tlog.Hash               `json:"edges"`
	Admitted    string                      `json:"admitted"`
	Cased       uint64                      `json:"cased"`
	Hours       map[events.AgencyID][]spans `json:"hours"`
	Retirements map[events.CaseID]savedEnd  `json:"retirements"`
	Gone        map[uint64]string           `json:"gone,omitzero"`
	Early       []uint64                    `json:"early,omitzero"`
	Directory   []savedChange               `json:"directory,omitzero"`
	After       events.CaseID               `json:"after,omitzero"`
	Again       uint64                      `json:"again"`
	Counts      LogCounts                   `json:"counts"`
}

// savedChange is an entry that changed the directory.
type savedChange struct {
	Number  uint64 `json:"number"`
	Salt    []byte `json:"salt"`
	Opening []byte `json:"opening"`
	Data    []byte `json:"data"`
}

type savedEnd struct {
	Number  uint64 `json:"number"`
	Entries uint64 `json:"entries"`
	Digest  string `json:"digest"`

	At time.Time `json:"at"`
}

// keep saves the state if it is time to.
func (f *progressFile) keep(r *logRun, s *logState) error {
	begin := time.Now()
	if r.Resume == "" || r.LeavesOnly || begin.Before(f.next) {
		return nil
	}
	if r.saveAlways || !f.next.IsZero() { // not at once
		if err := f.save(r, s); err != nil || r.saveAlways {
			return err
		}
	}
	f.next = time.Now().Add(max(saveEvery, saveShare*time.Since(begin)))
	return nil
}

func (f *progressFile) save(r *logRun, s *logState) error {
	told := saved{
		Format: resumeFormat, Pins: r.Pins, Profile: r.directory.founded.Text, Checkpoint: r.Checkpoint, Phase: s.phase, Key: s.key[:],
		Size: s.tree.Size(), Edges: s.edges, Admitted: s.admitted, Cased: s.cased, Hours: s.hours.of,
		Retirements: map[events.CaseID]savedEnd{}, Gone: s.gone, Early: s.early, Directory: s.changes, After: s.after, Again: s.again, Counts: s.counts,
	}
	for id, one := range s.retirements {
		told.Retirements[id] = savedEnd{one.number, one.entries, one.digest, one.at}
	}
	line, err := json.Marshal(told, json.Deterministic(true))
	if err != nil {
		return fmt.Errorf("saving how far the verification came: %w", err)
	}
	if err := writeWhole(r.Resume, func(w io.Writer) error { return s.write(w, append(line, '\n')) }); err != nil {
		return fmt.Errorf("saving how far the verification came: %w", err)
	}
	return nil
}

func (s *logState) write(w io.Writer, line []byte) error {
	digest := sha256.New()
	all := io.MultiWriter(w, digest)
	if _, err := all.Write(line); err != nil {
		return err
	}
	if err := binary.Write(all, binary.LittleEndian, s.tags); err != nil {
		return err
	}
	_, err := w.Write(digest.Sum(nil))
	return err
}

// writeWhole writes a file for its owner only, whole or not at all.
func writeWhole(path string, write func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), ".handrail-*") // 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(f.Name()))
		}
	}()
	w := bufio.NewWriterSize(f, 1<<20)
	if err := errors.Join(write(w), w.Flush(), f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// remove removes the file, if there is one.
func (*progressFile) remove(path string) error {
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("removing what the verification went on from: %w", err)
	}
	return nil
}

// load takes up an earlier run; without a file there is none. The run goes on to
// the checkpoint that it began with.
func (*progressFile) load(r *logRun, s *logState) error {
	f, err := os.Open(r.Resume)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("reading how far the verification came: %w", err)
	}
	defer f.Close()
	data, err := bounded(f, maxResume)
	if err == nil {
		err = s.read(r, data)
	}
	if err != nil {
		return fmt.Errorf("reading how far the verification came: %w; remove %s to begin anew", err, r.Resume)
	}
	return nil
}

func (s *logState) read(r *logRun, data []byte) error {
	if len(data) < sha256.Size {
		return errors.New("the file is cut off")
	}
	data, digest := data[:len(data)-sha256.Size], data[len(data)-sha256.Size:]
	if sum := sha256.Sum256(data); !bytes.Equal(sum[:], digest) {
		return errors.New("the file is damaged")
	}
	line, tags, _ := bytes.Cut(data, []byte("\n"))
	var told saved
	if err := json.Unmarshal(line, &told, json.RejectUnknownMembers(true)); err != nil {
		return errors.New("the file is none of this program")
	}
	if told.Format != resumeFormat || told.Pins != r.Pins || told.Profile != r.directory.founded.Text {
		return errors.New("it is of another hub, or of another version of this program")
	}
	return s.restore(r, told, tags)
}

// restore takes over what was saved, if it belongs together.
func (s *logState) restore(r *logRun, told saved, tags []byte) error {
	checkpoint, err := r.reopen(told.Checkpoint)
	if err != nil {
		return err
	}
	apart := errors.New("its parts do not belong together")
	if uint64(len(tags)) != 8*told.Size || len(told.Key) != len(s.key) || told.Size > checkpoint.Size || told.Phase != phaseOrder && told.Phase != phaseCases {
		return apart
	}
	s.tree, err = tlog.RestoreTree(told.Size, func(level int, from, to int64) ([]tlog.Hash, error) {
		if level >= len(told.Edges) || int64(len(told.Edges[level])) != to-from {
			return nil, apart
		}
		return told.Edges[level], nil
	})
	if err != nil || told.Phase == phaseCases && (told.Size != checkpoint.Size || s.tree.Root() != checkpoint.Root) {
		return apart
	}
	for _, one := range told.Directory {
		change := ledger.TrailEntry{Number: one.Number, Salt: one.Salt, Opening: one.Opening, Data: one.Data}
		if len(one.Salt) == 32 {
			change.Leaf = tlog.Opening{Salt: [32]byte(one.Salt), Entry: one.Opening}.LeafHash()
		}
		if err := r.directory.changed(change); err != nil || one.Number >= told.Size {
			return apart
		}
	}
	s.changes = told.Directory
	r.Checkpoint, r.checkpoint = told.Checkpoint, checkpoint
	s.phase, s.key, s.edges, s.admitted, s.cased = told.Phase, [32]byte(told.Key), told.Edges, told.Admitted, told.Cased
	s.tags = make([]uint64, told.Size)
	for i := range s.tags {
		s.tags[i] = binary.LittleEndian.Uint64(tags[8*i:])
	}
	if told.Hours != nil {
		s.hours.of = told.Hours
	}
	for id, one := range told.Retirements {
		s.retirements[id] = retirement{one.Number, one.Entries, one.Digest, one.At}
	}
	if told.Gone != nil {
		s.gone = told.Gone
	}
	s.after, s.again, s.counts, s.early = told.After, told.Again, told.Counts, told.Early
	return nil
}
