package faults

import (
	"bufio"
	"bytes"
	"io"
	"strconv"
	"strings"
)

// What the wire must understand of the NATS protocol: a line, and behind PUB and
// HPUB as many bytes as its last word says.

// frame is one thing that a ledger tells the broker.
type frame struct {
	bytes    []byte
	delivers bool // a numbered delivery to an agency
	acks     bool // that a submission is dealt with for good
}

func readFrame(in *bufio.Reader) (frame, error) {
	line, err := in.ReadBytes('\n')
	if err != nil {
		return frame{}, err
	}
	words := strings.Fields(string(line))
	if len(words) < 3 || words[0] != "PUB" && words[0] != "HPUB" {
		return frame{bytes: line}, nil
	}
	size, err := strconv.Atoi(words[len(words)-1])
	if err != nil {
		return frame{}, err
	}
	body := make([]byte, size+2)
	if _, err := io.ReadFull(in, body); err != nil {
		return frame{}, err
	}
	return frame{
		bytes:    append(line, body...),
		delivers: strings.HasPrefix(words[1], "out.") && bytes.Contains(bytes.ToLower(body), []byte("handrail-delivery:")),
		acks:     strings.HasPrefix(words[1], "$JS.ACK."),
	}, nil
}

// toBroker passes on what the ledger sends. Between a commit and what the trap
// waits for, it keeps back what shall not have been said yet.
func (l *link) toBroker() error {
	in := bufio.NewReader(l.near)
	var kept [][]byte
	for {
		f, err := readFrame(in)
		if err != nil {
			return err
		}
		w, trap := l.wire, l.wire.trap
		w.mu.Lock()
		after := w.after
		w.mu.Unlock()
		if after && (f.delivers || f.acks) {
			trap.reached(l, pointTold)
		}
		if after && (f.acks && trap.waits(pointSent) || f.delivers && trap.waits(pointAcknowledged)) {
			kept = append(kept, f.bytes)
			continue
		}
		if len(kept) > 0 && !trap.waits(pointSent) && !trap.waits(pointAcknowledged) {
			if _, err := l.far.Write(bytes.Join(kept, nil)); err != nil {
				return err
			}
			kept = nil
		}
		if _, err := l.far.Write(f.bytes); err != nil {
			return err
		}
		if after {
			l.followed(f)
		}
	}
}

// followed counts what followed a batch, and is at a point when it shows.
func (l *link) followed(f frame) {
	w := l.wire
	w.mu.Lock()
	if f.delivers {
		w.sent++
	}
	if f.acks {
		w.acked++
	}
	both := w.sent > 0 && w.acked > 0
	w.mu.Unlock()
	switch {
	case f.delivers && !both:
		w.trap.reached(l, pointSent)
	case f.acks && !both:
		w.trap.reached(l, pointAcknowledged)
	}
	if both {
		w.trap.reached(l, pointDone)
	}
}

// fromBroker passes everything on.
func (l *link) fromBroker() error {
	_, err := io.Copy(l.near, l.far)
	return err
}
