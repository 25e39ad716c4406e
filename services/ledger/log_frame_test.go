package ledger

import (
	"bytes"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
)

const testCase = "01890000-0000-7000-8000-000000000001"

// everyFrame is a stream with a frame of every shape.
func everyFrame() (cases []LogCase, entries []LogEntry, stream []byte) {
	mac := [32]byte{1, 2, 3}
	cases = []LogCase{{Case: testCase, Entries: 300, Retired: 1 << 40, State: []byte("{}")}, {Case: testCase}}
	entries = []LogEntry{
		{Number: 0, MAC: mac, Opening: []byte("genesis"), Data: []byte("{}")},
		{Number: 1, MAC: mac, Salt: mac, Opening: []byte("a record"), Record: []byte(`{"alg":"x"}`)},
		{Number: 2, MAC: mac, Salt: mac, Opening: []byte("an erased record"), Erased: 7},
		{Number: 3, MAC: mac, Erased: 1 << 50},
		{Number: 4, MAC: mac, Damaged: true},
		{Number: 1<<53 - 1, MAC: mac, Opening: []byte{}, Data: bytes.Repeat([]byte("f"), 3*logBuffer)},
	}
	for _, c := range cases {
		stream = c.appendTo(stream)
	}
	for _, e := range entries {
		stream = e.appendTo(stream)
	}
	return cases, entries, appendEnd(stream, 99)
}

func TestALogStreamIsReadAsItWasWritten(t *testing.T) {
	cases, entries, stream := everyFrame()
	r := NewLogReader(stream)
	var gotCases []LogCase
	var gotEntries []LogEntry
	for {
		c, e, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if c != nil {
			gotCases = append(gotCases, *c)
		} else {
			gotEntries = append(gotEntries, *e)
		}
	}
	if !reflect.DeepEqual(gotCases, cases) || !reflect.DeepEqual(gotEntries, entries) || r.Next() != 99 {
		t.Errorf("read %+v %+v, next %d", gotCases, gotEntries, r.Next())
	}
	if _, _, err := r.Read(); !errors.Is(err, io.EOF) {
		t.Errorf("behind the end there is %v", err)
	}
}

func TestALogStreamThatWasCutOffNeverLooksWhole(t *testing.T) {
	_, _, stream := everyFrame()
	for n := 0; n < len(stream); n++ {
		if n == 1000 { // the rest is one long part
			n = len(stream) - 20
		}
		r := NewLogReader(stream[:n])
		var err error
		for err == nil {
			_, _, err = r.Read()
		}
		if !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Fatalf("cut off behind byte %d of %d: %v", n, len(stream), err)
		}
	}
}

func TestWhatIsNoLogStreamIsRefused(t *testing.T) {
	entry := (&LogEntry{Number: 1}).appendTo(nil)
	for what, stream := range map[string]string{
		"a frame of no kind":                  "\x20",
		"facts that are a record too":         string(append([]byte{frameData | frameRecord}, entry[1:]...)),
		"something behind the end":            "\xff\x00\x00",
		"a number that never ends":            "\xff" + strings.Repeat("\xff", 12),
		"an opening longer than any":          string(entry[:0]) + string(append([]byte{frameOpened}, entry[1:]...)) + strings.Repeat("s", 32) + "\xff\xff\x03",
		"a case without an id":                "\x80" + strings.Repeat("x", caseIDBytes) + "\x00\x00\x00",
		"a state longer than any (4 GiB - 1)": "\x80" + testCase + "\x00\x00\xff\xff\xff\xff\x0f",
	} {
		r := NewLogReader([]byte(stream))
		var err error
		for err == nil {
			_, _, err = r.Read()
		}
		if !errors.Is(err, ErrLogStream) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func FuzzLogReader(f *testing.F) {
	_, _, stream := everyFrame()
	f.Add(stream)
	f.Add([]byte("\xff\x00"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := NewLogReader(stream)
		var again []byte
		for {
			c, e, err := r.Read()
			switch {
			case errors.Is(err, io.EOF):
				if again = appendEnd(again, r.Next()); len(again) > len(stream) {
					t.Error("what was read is longer than what there was")
				}
				return
			case err != nil:
				return
			case c != nil:
				again = c.appendTo(again)
			default:
				again = e.appendTo(again)
			}
		}
	})
}

func TestWhatIsStoredOfAnEntryIsMarkedWhenItCannotBe(t *testing.T) {
	salt := make([]byte, 32)
	listed := []byte("handrail-entry v1\nce-type org.handrail.directory.listed.v1\n")
	facts, record, refused := []byte("handrail-entry v1\nce-type org.handrail.case.opened.v1\n"), []byte("handrail-entry v1\nce-type org.handrail.record.sealed.v1\n"), []byte("handrail-entry v1\nnumber 1\nadmitted x\nverdict refused\n")
	for _, c := range []struct {
		what                string
		erased              uint64
		salt, opening, data []byte
		want                LogEntry
	}{
		{"facts", 0, salt, facts, []byte("{}"), LogEntry{Opening: facts, Data: []byte("{}")}},
		{"a refusal", 0, salt, refused, nil, LogEntry{Opening: refused}},
		{"a record", 0, salt, record, []byte("e30.x.y.z.a"), LogEntry{Opening: record, Record: []byte("{}")}},
		{"an erased record", 5, salt, record, nil, LogEntry{Opening: record, Erased: 5}},
		{"behind retention", 9, nil, nil, nil, LogEntry{Erased: 9}},
		{"a missing opening", 0, nil, nil, []byte("{}"), LogEntry{Damaged: true}},
		{"missing facts", 0, salt, facts, nil, LogEntry{Opening: facts, Damaged: true}},
		{"a record that is none", 0, salt, record, []byte("{}"), LogEntry{Opening: record, Damaged: true}},
		{"a salt too short", 0, salt[1:], facts, []byte("{}"), LogEntry{Damaged: true}},
		{"an opening too long", 0, salt, make([]byte, maxFrameOpening+1), []byte("{}"), LogEntry{Damaged: true}},
		{"facts too long", 0, salt, facts, make([]byte, maxFrameData+1), LogEntry{Opening: facts, Damaged: true}},
	} {
		got := LogEntry{Erased: c.erased}
		got.stored(c.salt, c.opening, c.data, false)
		if !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: %+v", c.what, got)
		}
	}
	for _, c := range []struct {
		opening, data []byte
		want          LogEntry
	}{
		{facts, nil, LogEntry{Opening: facts}},
		{record, nil, LogEntry{Opening: record}},
		{listed, []byte("{}"), LogEntry{Opening: listed, Data: []byte("{}")}},
		{listed, nil, LogEntry{Opening: listed, Damaged: true}},
		{nil, nil, LogEntry{Damaged: true}},
	} {
		got := LogEntry{}
		if got.stored(salt, c.opening, c.data, true); !reflect.DeepEqual(got, c.want) {
			t.Errorf("for leaves alone, %q: %+v", c.opening, got)
		}
	}
}
