package ledger

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// logBuffer is enough for some tens of entries.
const logBuffer = 64 << 10

// logStream writes one page.
type logStream struct {
	out    *bufio.Writer
	frame  []byte
	bytes  int
	leaves bool // without the data of what is not of the directory
}

func newLogStream(w http.ResponseWriter) *logStream {
	w.Header().Set("Content-Type", LogContent)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	return &logStream{out: bufio.NewWriterSize(w, logBuffer)}
}

// room says whether the page may grow.
func (s *logStream) room() bool { return s.bytes < pageBytes }

func (s *logStream) write(frame []byte) error {
	s.frame, s.bytes = frame, s.bytes+len(frame)
	_, err := s.out.Write(frame)
	return err
}

// cases writes cases, which follow one another behind a case, with their entries until
// the page is full, and its end. The key of case_entry gives them in order, and each
// entry is looked up alone: joined otherwise, Postgres sorts the page on disk.
func (s *logStream) cases(ctx context.Context, tx pgx.Tx, after events.CaseID, all []LogCase) error {
	if len(all) == 0 {
		return s.end(0)
	}
	found, err := tx.Query(ctx, selectCases, string(after), string(all[len(all)-1].Case))
	if err != nil {
		return err
	}
	defer found.Close()
	written := uint64(0)
	for _, c := range all {
		if !s.room() {
			break
		}
		if err := s.write(c.appendTo(s.frame[:0])); err != nil {
			return err
		}
		for range c.Entries {
			if !found.Next() {
				return errors.Join(fmt.Errorf("%d entries of a case are expected, and there are fewer", c.Entries), found.Err())
			}
			if _, err := s.entry(found.RawValues()); err != nil {
				return err
			}
		}
		written++
	}
	return s.end(written)
}

func (s *logStream) end(next uint64) error {
	if err := s.write(appendEnd(s.frame[:0], next)); err != nil {
		return err
	}
	return s.out.Flush()
}

// entry writes the frame of a row of [selectLog], given as it came over the
// wire: copying every value would cost more than all the rest.
func (s *logStream) entry(raw [][]byte) (number uint64, err error) {
	var e LogEntry
	if len(raw[0]) != 8 || len(raw[5]) != 8 {
		return 0, fmt.Errorf("the database gave a number of %d bytes", len(raw[0]))
	}
	e.Number, e.Erased = binary.BigEndian.Uint64(raw[0]), binary.BigEndian.Uint64(raw[5])
	if raw[1] == nil { // said to be of a case, and of no log: whoever reads both finds what is missing
		e.Damaged = true
		return e.Number, s.write(e.appendTo(s.frame[:0]))
	}
	if len(raw[1]) != len(e.MAC) {
		return 0, fmt.Errorf("the MAC of entry %d has not 32 bytes", e.Number)
	}
	e.MAC = [32]byte(raw[1])
	e.stored(raw[2], raw[3], raw[4], s.leaves)
	return e.Number, s.write(e.appendTo(s.frame[:0]))
}

// stored takes what is stored of an entry, marking what cannot be so.
func (e *LogEntry) stored(salt, opening, data []byte, leaves bool) {
	if opening == nil || len(salt) != len(e.Salt) || len(opening) > tlog.MaxEntryBytes {
		e.Damaged = e.Erased == 0
		return
	}
	e.Salt, e.Opening = [32]byte(salt), opening
	switch {
	case isRefused(opening), leaves && !isDirectory(opening):
	case data == nil:
		e.Damaged = e.Erased == 0
	case isRecord(opening):
		header, err := seal.ProtectedHeader(data)
		e.Record, e.Damaged = header, err != nil
	case len(data) > maxFrameData:
		e.Damaged = true
	default:
		e.Data = data
	}
}
