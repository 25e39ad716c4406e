package tlog

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"handrail/events"
)

// MaxEntryBytes is more than the longest entry that the syntax allows.
const MaxEntryBytes = 8 << 10

// maxNumber keeps numbers exact in every JSON reader.
const maxNumber = 1<<53 - 1

var (
	agencySyntax  = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)
	profileSyntax = regexp.MustCompile(`^[a-z][a-z0-9-]{0,31}@[1-9][0-9]{0,5}$`)
	clauseSyntax  = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9.()-]{0,31}$`)
	ruleSyntax    = regexp.MustCompile(`^[a-z][a-z0-9-]{0,47}$`)
	pointerSyntax = regexp.MustCompile(`^(attribute [a-z]{1,20}|(/[A-Za-z0-9_-]{1,32}){1,8})$`)
)

// ParseEntry reads entry bytes. It accepts exactly what [Entry.Bytes] gives for
// a well-formed entry, so one entry has one byte form.
func ParseEntry(b []byte) (Entry, error) {
	e, _, err := ParseEvent(b)
	return e, err
}

// ParseEvent reads entry bytes like [ParseEntry], and gives the admitted event
// without its data too, as [Entry.Event] does; the zero one of a refusal.
func ParseEvent(b []byte) (Entry, events.Event, error) {
	e, event, err := parseEntry(b)
	if err != nil {
		return Entry{}, events.Event{}, fmt.Errorf("reading an entry: %w", err)
	}
	return e, event, nil
}

func parseEntry(b []byte) (e Entry, event events.Event, err error) {
	if len(b) > MaxEntryBytes {
		return e, event, errors.New("it is longer than any entry")
	}
	l := &lines{rest: string(b)}
	if l.must("handrail-entry") != "v1" {
		return e, event, errors.New("it is not of version 1")
	}
	e.Number = l.number("number")
	at := l.must("admitted")
	e.Verdict = Verdict(l.must("verdict"))
	e.Submitter = events.AgencyID(l.matching("submitter", agencySyntax))
	switch e.Verdict {
	case Refused:
		l.refused(&e)
	case Admitted:
		l.admitted(&e)
	default:
		l.fail("verdict")
	}
	if l.err != nil {
		return e, event, l.err
	}
	if e.Admitted, err = time.Parse(AdmittedFormat, at); err != nil {
		return e, event, errors.New("the line admitted is no time in UTC with six decimals")
	}
	if event, err = e.consistent(); err != nil {
		return e, event, err
	}
	if !bytes.Equal(e.appendTo(make([]byte, 0, usualEntryBytes)), b) {
		return e, event, errors.New("it is not in the one form that entries have")
	}
	return e, event, nil
}

// consistent checks what one line says of another, and gives the event.
func (e Entry) consistent() (event events.Event, err error) {
	if e.Verdict == Refused {
		return event, nil
	}
	event, err = e.Event()
	switch {
	case err != nil:
		return event, fmt.Errorf("its attributes: %w", err)
	case event.Type.IsControl():
		return event, errors.New("control messages are never logged")
	case !slices.Equal(event.Attributes(), e.Attributes):
		return event, errors.New("its attributes are not in the contract's order")
	case event.Agency() != e.Submitter:
		return event, errors.New("submitter and source differ")
	case e.Previous != nil && e.Previous.Number >= e.Number:
		return event, errors.New("the previous entry is not an earlier one")
	}
	return event, nil
}

// lines takes an entry apart line by line and keeps the first error.
type lines struct {
	rest string
	err  error
}

func (l *lines) fail(name string) {
	if l.err == nil {
		l.err = fmt.Errorf("the line %s is missing or malformed", name)
	}
}

// optional takes the next line if it has the name; its value is never empty.
func (l *lines) optional(name string) string {
	line, rest, complete := strings.Cut(l.rest, "\n")
	value, found := strings.CutPrefix(line, name+" ")
	if !complete || !found || value == "" {
		return ""
	}
	l.rest = rest
	return value
}

func (l *lines) must(name string) string {
	value := l.optional(name)
	if value == "" {
		l.fail(name)
	}
	return value
}

func (l *lines) matching(name string, syntax *regexp.Regexp) string {
	value := l.must(name)
	if !syntax.MatchString(value) {
		l.fail(name)
	}
	return value
}

func (l *lines) number(name string) uint64 {
	n, err := strconv.ParseUint(l.must(name), 10, 64)
	if err != nil || n > maxNumber {
		l.fail(name)
	}
	return n
}

func (l *lines) digest(name string) (digest [32]byte) {
	raw, err := hex.DecodeString(l.must(name))
	if err != nil || len(raw) != len(digest) {
		l.fail(name)
		return digest
	}
	return [32]byte(raw)
}

func (l *lines) refused(e *Entry) {
	e.Rule = events.Rule(l.matching("rule", ruleSyntax))
	if e.Rule == RuleFlood {
		if e.Count, e.Root = l.number("refusals"), l.digest("refusals-root"); e.Count < 2 {
			l.fail("refusals")
		}
		return
	}
	if e.Pointer = l.optional("pointer"); e.Pointer != "" && !pointerSyntax.MatchString(e.Pointer) {
		l.fail("pointer")
	}
	if id := l.optional("case"); id != "" && e.Case.UnmarshalText([]byte(id)) != nil {
		l.fail("case")
	}
	e.Salted = l.digest("salted-digest")
}

func (l *lines) admitted(e *Entry) {
	e.Profile = l.matching("profile", profileSyntax)
	if e.Clause = l.optional("clause"); e.Clause != "" && !clauseSyntax.MatchString(e.Clause) {
		l.fail("clause")
	}
	e.Attributes = make([]events.Attribute, 0, 15)
	semantics, err := strconv.ParseUint(l.must("semantics"), 10, 31)
	if err != nil || semantics == 0 {
		l.fail("semantics")
	}
	e.Semantics = int(semantics)
	for strings.HasPrefix(l.rest, "ce-") && l.err == nil {
		name, _, _ := strings.Cut(l.rest, " ")
		e.Attributes = append(e.Attributes, events.Attribute{Name: strings.TrimPrefix(name, "ce-"), Value: l.must(name)})
	}
	e.DataDigest = l.digest("data-sha256")
	if strings.HasPrefix(l.rest, "previous-number ") {
		e.Previous = &Link{Number: l.number("previous-number"), Leaf: l.digest("previous-leaf")}
	}
}
