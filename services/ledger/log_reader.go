package ledger

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrLogStream means that what was read is no log stream.
var ErrLogStream = errors.New("this is no log stream of the form that its contract gives")

// LogReader reads a log stream. It trusts nothing of it but its form.
type LogReader struct {
	rest  []byte
	next  uint64
	ended bool
}

// NewLogReader reads a page, whole or cut off. What it gives of the page are parts of
// these bytes, which must not change any more: copying them would cost more than
// reading.
func NewLogReader(page []byte) *LogReader { return &LogReader{rest: page} }

// Read gives what comes next: a case or an entry.
// Behind the end it is io.EOF; of a stream that was cut off, io.ErrUnexpectedEOF;
// of anything else, [ErrLogStream].
func (r *LogReader) Read() (*LogCase, *LogEntry, error) {
	if r.ended {
		return nil, nil, io.EOF
	}
	first, err := r.take(1)
	if err != nil {
		return nil, nil, err
	}
	switch kind := first[0]; {
	case kind == frameEnd:
		if r.next, err = r.number(); err != nil {
			return nil, nil, err
		}
		if len(r.rest) > 0 {
			return nil, nil, fmt.Errorf("%w: something stands behind its end", ErrLogStream)
		}
		r.ended = true
		return nil, nil, io.EOF
	case kind == frameCase:
		c, err := r.readCase()
		return c, nil, err
	case kind >= frameUnknown || kind&frameData != 0 && kind&frameRecord != 0:
		return nil, nil, fmt.Errorf("%w: a frame is of no kind", ErrLogStream)
	default:
		e, err := r.entry(kind)
		return nil, e, err
	}
}

// Next is what the end said: the number to go on with. It counts once Read gave io.EOF.
func (r *LogReader) Next() uint64 { return r.next }

func (r *LogReader) readCase() (*LogCase, error) {
	id, err := r.take(caseIDBytes)
	if err != nil {
		return nil, err
	}
	c := new(LogCase)
	if err = c.Case.UnmarshalText(id); err != nil {
		return nil, fmt.Errorf("%w: a case has no id", ErrLogStream)
	}
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
	if e.MAC, err = r.digest(); err != nil {
		return nil, err
	}
	if flags&frameOpened != 0 {
		if e.Salt, err = r.digest(); err != nil {
			return nil, err
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
	n, length := binary.Uvarint(r.rest)
	switch {
	case length > 0:
		r.rest = r.rest[length:]
		return n, nil
	case length == 0:
		return 0, io.ErrUnexpectedEOF
	}
	return 0, fmt.Errorf("%w: a number is larger than any", ErrLogStream)
}

func (r *LogReader) digest() (digest [32]byte, err error) {
	taken, err := r.take(uint64(len(digest)))
	copy(digest[:], taken)
	return digest, err
}

// part gives bytes behind their length.
func (r *LogReader) part(most uint64) ([]byte, error) {
	n, err := r.number()
	if err != nil {
		return nil, err
	}
	if n > most {
		return nil, fmt.Errorf("%w: a part is longer than it may be", ErrLogStream)
	}
	return r.take(n)
}

// take gives the next bytes. An end where none may be cuts the stream off.
func (r *LogReader) take(n uint64) ([]byte, error) {
	if n > uint64(len(r.rest)) {
		return nil, io.ErrUnexpectedEOF
	}
	taken := r.rest[:n:n]
	r.rest = r.rest[n:]
	return taken, nil
}
