package ledger

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// ErrLogStream means that what was read is no log stream.
var ErrLogStream = errors.New("this is no log stream of the form that its contract gives")

// LogReader reads a log stream. It trusts nothing of it but its form.
type LogReader struct {
	in    *bufio.Reader
	next  uint64
	ended bool
}

// logBuffer is enough for some tens of entries.
const logBuffer = 64 << 10

// NewLogReader reads from r.
func NewLogReader(r io.Reader) *LogReader {
	return &LogReader{in: bufio.NewReaderSize(r, logBuffer)}
}

// Read gives what comes next: a case or an entry, whose bytes are the caller's.
// Behind the end it is io.EOF; of a stream that was cut off, io.ErrUnexpectedEOF;
// of anything else, [ErrLogStream].
func (r *LogReader) Read() (*LogCase, *LogEntry, error) {
	if r.ended {
		return nil, nil, io.EOF
	}
	kind, err := r.in.ReadByte()
	if err != nil {
		return nil, nil, cutOff(err)
	}
	switch {
	case kind == frameEnd:
		if r.next, err = r.number(); err != nil {
			return nil, nil, err
		}
		if _, err := r.in.ReadByte(); !errors.Is(err, io.EOF) {
			return nil, nil, fmt.Errorf("%w: something stands behind its end", ErrLogStream)
		}
		r.ended = true
		return nil, nil, io.EOF
	case kind == frameCase:
		c, err := r.readCase()
		return c, nil, err
	case kind >= frameUnknown || kind&frameData != 0 && kind&frameRecord != 0:
		return nil, nil, fmt.Errorf("%w: a frame is of no kind", ErrLogStream)
	}
	e, err := r.entry(kind)
	return nil, e, err
}

// Next is what the end said: the number to go on with. It counts once Read gave io.EOF.
func (r *LogReader) Next() uint64 { return r.next }

func (r *LogReader) readCase() (*LogCase, error) {
	id := make([]byte, caseIDBytes)
	if _, err := io.ReadFull(r.in, id); err != nil {
		return nil, cutOff(err)
	}
	c := new(LogCase)
	if err := c.Case.UnmarshalText(id); err != nil {
		return nil, fmt.Errorf("%w: a case has no id", ErrLogStream)
	}
	var err error
	if c.Entries, err = r.number(); err != nil {
		return nil, err
	}
	if c.Retired, err = r.number(); err != nil {
		return nil, err
	}
	if c.State, err = r.part(maxFrameState); len(c.State) == 0 {
		c.State = nil
	}
	return c, err
}

func (r *LogReader) entry(flags byte) (e *LogEntry, err error) {
	e = &LogEntry{Damaged: flags&frameDamaged != 0}
	if e.Number, err = r.number(); err != nil {
		return nil, err
	}
	if _, err = io.ReadFull(r.in, e.MAC[:]); err != nil {
		return nil, cutOff(err)
	}
	if flags&frameOpened != 0 {
		if _, err = io.ReadFull(r.in, e.Salt[:]); err != nil {
			return nil, cutOff(err)
		}
		if e.Opening, err = r.part(maxFrameOpening); err != nil {
			return nil, err
		}
	}
	if flags&frameData != 0 {
		if e.Data, err = r.part(maxFrameData); err != nil {
			return nil, err
		}
	}
	if flags&frameRecord != 0 {
		if e.Record, err = r.part(maxFrameData); err != nil {
			return nil, err
		}
	}
	if flags&frameErased != 0 {
		e.Erased, err = r.number()
	}
	return e, err
}

func (r *LogReader) number() (uint64, error) {
	n, err := binary.ReadUvarint(r.in)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return 0, io.ErrUnexpectedEOF
	}
	return 0, fmt.Errorf("%w: a number cannot be read: %w", ErrLogStream, err)
}

// part reads bytes behind their length. It takes memory for what there is, not for
// what the length promises.
func (r *LogReader) part(most uint64) ([]byte, error) {
	n, err := r.number()
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, fmt.Errorf("%w: a part is longer than it may be", ErrLogStream)
	}
	if n <= logBuffer {
		b := make([]byte, n)
		_, err := io.ReadFull(r.in, b)
		return b, cutOff(err)
	}
	var b bytes.Buffer
	_, err = io.CopyN(&b, r.in, int64(n&math.MaxInt64))
	return b.Bytes(), cutOff(err)
}

// cutOff tells an end where none may be.
func cutOff(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
