package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"
	"sync"

	"handrail/events"
	"handrail/services/ledger"
)

// maxCaseBytes is the most that one case may weigh in the stream by case.
const maxCaseBytes = 256 << 20

// entriesAtOnce is how many entries are asked for: while the hub looks for them, as
// many are on their way through the workers.
const entriesAtOnce = 2048

// hubLog reads a whole log from the auditor's hub, page by page.
type hubLog struct {
	auditor *Auditor
	only    string
}

// Log is the hub's log as [VerifyLog] reads it; with leavesOnly it has no more than
// [LogVerification.LeavesOnly] needs.
func (a *Auditor) Log(leavesOnly bool) LogSource {
	if leavesOnly {
		return hubLog{a, "leaves"}
	}
	return hubLog{a, ""}
}

// logPage is a page of entries as they came.
type logPage struct {
	entries []*ledger.LogEntry
	err     error
}

// Entries implements LogSource. Two pages are on their way at a time: while one
// travels, the hub looks for the other.
func (l hubLog) Entries(ctx context.Context, from, to uint64) iter.Seq2[*ledger.LogEntry, error] {
	return func(yield func(*ledger.LogEntry, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var asking sync.WaitGroup
		defer asking.Wait()
		defer cancel()
		ask := func(next uint64) <-chan logPage {
			come := make(chan logPage, 1)
			asking.Go(func() { come <- l.entries(ctx, next, to) })
			return come
		}
		for next, come, behind := from, ask(from), ask(from+entriesAtOnce); next < to; {
			page := <-come
			for _, e := range page.entries {
				if !yield(e, nil) {
					return
				}
			}
			if page.err != nil {
				yield(nil, page.err)
			}
			if page.err != nil || len(page.entries) == 0 {
				return // what is missing, the verification names
			}
			next += uint64(len(page.entries))
			if come = behind; len(page.entries) < entriesAtOnce { // it was full of large ones
				come = ask(next)
			}
			behind = ask(next + entriesAtOnce)
		}
	}
}

// entries asks for one page.
func (l hubLog) entries(ctx context.Context, from, to uint64) (p logPage) {
	if from >= to {
		return p
	}
	page, err := l.page(ctx, "/v1/log/entries", url.Values{"from": {number(from)}, "to": {number(to)}, "limit": {number(entriesAtOnce)}, "only": {l.only}})
	if err != nil {
		return logPage{err: err}
	}
	for {
		c, e, err := page.Read()
		if errors.Is(err, io.EOF) {
			return p
		}
		next := from + uint64(len(p.entries))
		switch {
		case err != nil:
			p.err = fmt.Errorf("reading the log: %w", err)
			return p
		case c != nil:
			p.err = errors.New("reading the log: a case stands among the entries")
			return p
		case e.Number != next:
			p.err = unverified("entry %d: the hub does not show it at its place", next)
			return p
		}
		p.entries = append(p.entries, e)
	}
}

func number(n uint64) string { return strconv.FormatUint(n, 10) }

func (l hubLog) page(ctx context.Context, path string, query url.Values) (*ledger.LogReader, error) {
	body, err := l.auditor.getBytes(ctx, ledger.ReadingRequest{What: events.ReadingLog}, path, query)
	if err != nil {
		return nil, err
	}
	return ledger.NewLogReader(body), nil
}

// Cases implements LogSource.
func (l hubLog) Cases(ctx context.Context, after events.CaseID) iter.Seq2[CaseEntries, error] {
	return func(yield func(CaseEntries, error) bool) {
		for {
			query := url.Values{}
			if after != "" {
				query.Set("after", string(after))
			}
			page, err := l.page(ctx, "/v1/log/cases", query)
			if err != nil {
				yield(CaseEntries{}, err)
				return
			}
			before := after
			for {
				one, err := readCase(page)
				if errors.Is(err, io.EOF) {
					break
				}
				if err == nil && one.Head.Case <= after {
					err = errors.New("the hub shows cases out of order")
				}
				if !yield(one, err) || err != nil {
					return
				}
				after = one.Head.Case
			}
			if after == before {
				return
			}
		}
	}
}

// readCase reads one whole case from the stream; behind the last it is io.EOF.
func readCase(page *ledger.LogReader) (CaseEntries, error) {
	head, e, err := page.Read()
	if errors.Is(err, io.EOF) {
		return CaseEntries{}, io.EOF
	}
	if err == nil && e != nil {
		err = errors.New("an entry stands outside of any case")
	}
	if err != nil {
		return CaseEntries{}, fmt.Errorf("reading the log by case: %w", err)
	}
	one := CaseEntries{Head: *head}
	weight := len(head.State)
	for range head.Entries {
		_, e, err := page.Read()
		switch {
		case errors.Is(err, io.EOF), err == nil && e == nil:
			err = io.ErrUnexpectedEOF
		case err == nil:
			if weight += len(e.Opening) + len(e.Data) + len(e.Record); weight > maxCaseBytes {
				err = errors.New("a case weighs more than any")
			}
		}
		if err != nil {
			return CaseEntries{}, fmt.Errorf("reading the log by case: %w", err)
		}
		one.Entries = append(one.Entries, e)
	}
	return one, nil
}
