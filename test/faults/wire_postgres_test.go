package faults

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// What the wire must understand of the PostgreSQL protocol: messages have a type
// and a length, what ends with a Sync is one transaction, and a Bind names the
// statement that an earlier Parse prepared.
const (
	parse      = 'P'
	bind       = 'B'
	describe   = 'D'
	execute    = 'E'
	closeIt    = 'C'
	syncIt     = 'S'
	ready      = 'Z'
	refusedIt  = 'E' // in the other direction
	appendsLog = "INSERT INTO entry "
	leadsAs    = "handrail-ledger" // the name of the connection that holds the advisory lock
	logKey     = "entry_pkey"
)

// message reads one message whole, as it came.
func message(in *bufio.Reader, typed bool) ([]byte, error) {
	head := make([]byte, 4, 5)
	if typed {
		head = head[:5]
	}
	if _, err := io.ReadFull(in, head); err != nil {
		return nil, err
	}
	length := binary.BigEndian.Uint32(head[len(head)-4:])
	if length < 4 || length > 1<<30 {
		return nil, errors.New("this is not the PostgreSQL protocol")
	}
	all := make([]byte, len(head)+int(length)-4)
	copy(all, head)
	_, err := io.ReadFull(in, all[len(head):])
	return all, err
}

// words gives the first two zero-ended texts of a message.
func words(m []byte) (first, second string) {
	a, rest, _ := bytes.Cut(m[5:], []byte{0})
	b, _, _ := bytes.Cut(rest, []byte{0})
	return string(a), string(b)
}

// toPostgres passes on what the ledger asks, a whole pipeline at a time.
func (l *link) toPostgres() error {
	in := bufio.NewReader(l.near)
	hello, err := message(in, false)
	if err != nil {
		return err
	}
	l.mu.Lock()
	l.lead = bytes.Contains(hello, []byte(leadsAs))
	l.mu.Unlock()
	if _, err := l.far.Write(hello); err != nil {
		return err
	}
	prepared := map[string]bool{} // statements that append to the log
	var pipeline [][]byte
	appends := false
	for {
		m, err := message(in, true)
		if err != nil {
			return err
		}
		pipeline = append(pipeline, m)
		switch m[0] {
		case parse:
			name, sql := words(m)
			prepared[name] = strings.Contains(sql, appendsLog)
			continue
		case bind:
			_, name := words(m)
			appends = appends || prepared[name]
			continue
		case describe, execute, closeIt:
			continue
		}
		if err := l.ask(pipeline, appends && m[0] == syncIt); err != nil {
			return err
		}
		pipeline, appends = nil, false
	}
}

// ask sends a pipeline. One that appends to the log passes its points.
func (l *link) ask(pipeline [][]byte, appends bool) error {
	if !appends {
		_, err := l.far.Write(bytes.Join(pipeline, nil))
		return err
	}
	trap := l.wire.trap
	trap.begins()
	l.wire.reset()
	trap.reached(l, pointJudged)
	l.mu.Lock()
	l.commits = true // from now on: a refusal comes before the batch is over
	l.mu.Unlock()
	half, last := len(pipeline)/2, len(pipeline)-1
	if _, err := l.far.Write(bytes.Join(pipeline[:half], nil)); err != nil {
		return err
	}
	trap.reached(l, pointHalf)
	if _, err := l.far.Write(bytes.Join(pipeline[half:last], nil)); err != nil {
		return err
	}
	trap.reached(l, pointWritten)
	_, err := l.far.Write(pipeline[last])
	return err
}

// fromPostgres passes answers on; that to a batch whole, when it is committed.
func (l *link) fromPostgres() error {
	in := bufio.NewReader(l.far)
	var answer [][]byte
	failed := false
	for {
		m, err := message(in, true)
		if err != nil {
			return err
		}
		l.mu.Lock()
		swallows, commits := l.swallows > 0, l.commits
		if m[0] == ready && swallows {
			l.swallows--
		}
		l.mu.Unlock()
		if swallows {
			continue
		}
		answer = append(answer, m)
		if m[0] == refusedIt && commits {
			failed = true
			l.wire.refused(m)
		}
		if commits && m[0] != ready {
			continue
		}
		if commits {
			l.answered(!failed)
		}
		if _, err := l.near.Write(bytes.Join(answer, nil)); err != nil {
			return err
		}
		answer, failed = nil, false
	}
}

// answered is the moment at which a batch is committed, or is not.
func (l *link) answered(committed bool) {
	l.mu.Lock()
	l.commits = false
	l.mu.Unlock()
	if !committed {
		return
	}
	l.wire.trap.reached(l, pointCommitted)
	l.wire.mu.Lock()
	defer l.wire.mu.Unlock()
	l.wire.after = true
}

// refused counts what the log's primary key keeps out.
func (w *wire) refused(m []byte) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if bytes.Contains(m, []byte(logKey)) {
		w.conflict++
	}
}

// unlock takes the right to sequence away from a ledger that is held and does
// not notice: its connection lives, and its lock is gone.
func (l *link) unlock() error {
	l.mu.Lock()
	l.swallows++
	l.mu.Unlock()
	text := append([]byte("SELECT pg_advisory_unlock_all()"), 0)
	query := binary.BigEndian.AppendUint32([]byte{'Q'}, uint32(len(text)+4))
	_, err := l.far.Write(append(query, text...))
	return err
}
