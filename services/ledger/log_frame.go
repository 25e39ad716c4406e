package ledger

import (
	"encoding/binary"

	"handrail/contracts/tlog"
	"handrail/events"
)

// LogContent is the media type of the log stream: frames, one behind the other,
// the last of them an end. A stream without one was cut off. Each frame begins
// with a byte that says what it is; numbers and lengths are unsigned varints
// (encoding/binary):
//
//	entry  flags, number, 32 bytes of the leaf's MAC; then, by the flags, 32 bytes of salt and the
//	       entry bytes with their length; facts or the JSON of a record's protected header, with
//	       their length; the number of the entry by which something of it was destroyed
//	case   0x80, the 36 characters of its id, how many entries follow, the number of its
//	       retention.ended or 0, its stored state with its length (0: none)
//	end    0xff, the number to go on with: of entries the next; by case, how many cases there were
const LogContent = "application/vnd.handrail.log"

// What an entry's flags say.
const (
	frameOpened  byte = 1 << iota // salt and entry bytes follow
	frameData                     // facts follow
	frameRecord                   // a sealed record's header follows
	frameErased                   // the data were destroyed, or all of the opening
	frameDamaged                  // something is missing that nothing explains
	frameUnknown                  // this and all above it are of no entry

	frameCase byte = 0x80
	frameEnd  byte = 0xff
)

// What a part of a frame may weigh.
const (
	maxFrameOpening = tlog.MaxEntryBytes
	maxFrameData    = events.MaxBytes
	maxFrameState   = 64 << 20
	caseIDBytes     = 36
)

// LogEntry is one entry of the log stream.
type LogEntry struct {
	Number uint64
	MAC    [32]byte // the leaf is tlog's version tag and this

	Salt    [32]byte // with Opening it opens the leaf
	Opening []byte   // nil: destroyed by retention, or damaged
	Data    []byte   // facts as they were signed, or nil
	Record  []byte   // a sealed record's protected header for [seal.ParseProtectedHeader], or nil
	Erased  uint64   // the entry by which the record or the opening was destroyed; 0: none
	Damaged bool     // something is missing, or is no sealed record, and no erasure explains it
}

// LogCase is what the stream by case has ahead of a case's entries.
type LogCase struct {
	Case    events.CaseID
	Entries uint64 // that follow, in the order of the log
	Retired uint64 // its retention.ended; 0: none
	State   []byte // as it is stored; nil: none
}

// appendTo adds the entry's frame to b.
func (e *LogEntry) appendTo(b []byte) []byte {
	b = append(b, e.flags())
	b = binary.AppendUvarint(b, e.Number)
	b = append(b, e.MAC[:]...)
	if e.Opening != nil {
		b = appendPart(append(b, e.Salt[:]...), e.Opening)
	}
	switch {
	case e.Data != nil:
		b = appendPart(b, e.Data)
	case e.Record != nil:
		b = appendPart(b, e.Record)
	}
	if e.Erased != 0 {
		b = binary.AppendUvarint(b, e.Erased)
	}
	return b
}

func (e *LogEntry) flags() (flags byte) {
	if e.Opening != nil {
		flags |= frameOpened
	}
	switch {
	case e.Data != nil:
		flags |= frameData
	case e.Record != nil:
		flags |= frameRecord
	}
	if e.Erased != 0 {
		flags |= frameErased
	}
	if e.Damaged {
		flags |= frameDamaged
	}
	return flags
}

// appendTo adds the case's frame to b.
func (c *LogCase) appendTo(b []byte) []byte {
	b = append(b, frameCase)
	b = append(b, c.Case...)
	b = binary.AppendUvarint(b, c.Entries)
	b = binary.AppendUvarint(b, c.Retired)
	return appendPart(b, c.State)
}

// appendEnd adds the end to b.
func appendEnd(b []byte, next uint64) []byte {
	return binary.AppendUvarint(append(b, frameEnd), next)
}

func appendPart(b, part []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(part))), part...)
}
