package audit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net/url"
	"strconv"

	"handrail/events"
	"handrail/services/ledger"
)

// maxCaseBytes is the most that one case may weigh in the stream by case.
const maxCaseBytes = 256 << 20

// entriesAtOnce is how many entries are asked for: while the hub looks for them, as
// many are on their way through the workers.
const entriesAtOnce = "2048"

// hubLog reads a whole log from the auditor's hub, page by page.
type hubLog struct{ auditor *Auditor }

// Log is the hub's log as [VerifyLog] reads it.
func (a *Auditor) Log() LogSource { return hubLog{a} }

// Entries implements LogSource.
func (l hubLog) Entries(ctx context.Context, from, to uint64) iter.Seq2[*ledger.LogEntry, error] {
	return func(yield func(*ledger.LogEntry, error) bool) {
		for next := from; next < to; {
			page, err := l.page(ctx, "/v1/log/entries", url.Values{"from": {number(next)}, "to": {number(to)}, "limit": {entriesAtOnce}})
			if err != nil {
				yield(nil, err)
				return
			}
			before := next
			for {
				c, e, err := page.Read()
				if errors.Is(err, io.EOF) {
					break
				}
				if err == nil && (c != nil || e.Number != next) {
					err = fmt.Errorf("the hub does not show entry %d at its place", next)
				}
				if err != nil {
					yield(nil, fmt.Errorf("reading the log: %w", err))
					return
				}
				next++
				if !yield(e, nil) {
					return
				}
			}
			if next == before {
				return // what is missing, the verification names
			}
		}
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
