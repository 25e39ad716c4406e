package audit

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

const (
	patience  = time.Minute
	maxAnswer = 64 << 20 // bytes
	maxDoctor = 1 << 20

	leaveFor  = 11 * time.Hour // a reading counts for 12
	standbys  = 10             // how often a ledger that does not lead is asked again
	standbyIn = time.Second
)

// leave is a reading that the hub recorded.
type leave struct {
	number uint64
	since  time.Time
}

// ProblemError is the hub's refusal of a request.
type ProblemError struct{ ledger.Problem }

// Error tells the refusal, and what to do where that is not plain from it.
func (e *ProblemError) Error() string {
	text := "the hub refuses: " + e.Title + ": " + e.Detail
	switch e.Rule() {
	case "approval-needed":
		text += " Ask a second auditor to run `handrail audit approve`, and name the file with --approval."
	case string(events.RuleKeyUnknown):
		text += " Is --auditor the folder of an auditor of this hub?"
	case "not-active":
		text += " Another ledger leads, or none; `handrail doctor` tells."
	}
	return text
}

// Rule that stands against the request, as the problem names it.
func (e *ProblemError) Rule() string {
	const prefix = "urn:handrail:problem:"
	if len(e.Type) < len(prefix) {
		return ""
	}
	return e.Type[len(prefix):]
}

// reading has the hub record what is about to be read, once for all requests of
// this auditor that it allows.
func (a *Auditor) reading(ctx context.Context, what ledger.ReadingRequest) (uint64, error) {
	a.mu.Lock()
	defer a.mu.Unlock() // also while asking: two readings of the same are one
	if known, ok := a.readings[what]; ok && time.Since(known.since) < leaveFor {
		return known.number, nil
	}
	asked, err := json.Marshal(what, json.Deterministic(true))
	if err != nil {
		return 0, fmt.Errorf("asking the hub: %w", err)
	}
	since := time.Now()
	body, err := a.fetch(ctx, http.MethodPost, "/v1/readings", asked)
	if err != nil {
		return 0, err
	}
	var recorded ledger.ReadingRecorded
	if err := decode(body, &recorded); err != nil {
		return 0, err
	}
	a.readings[what] = leave{recorded.Reading, since}
	return recorded.Reading, nil
}

// forget has a reading recorded anew the next time.
func (a *Auditor) forget(what ledger.ReadingRequest, number uint64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.readings[what].number == number {
		delete(a.readings, what)
	}
}

// getBytes asks for what a reading allows. A reading that the hub does not accept
// any more is recorded anew, once.
func (a *Auditor) getBytes(ctx context.Context, what ledger.ReadingRequest, path string, query url.Values) ([]byte, error) {
	for again := true; ; again = false {
		number, err := a.reading(ctx, what)
		if err != nil {
			return nil, err
		}
		with := url.Values{"reading": {strconv.FormatUint(number, 10)}}
		maps.Copy(with, query)
		body, err := a.fetch(ctx, http.MethodGet, path+"?"+with.Encode(), nil)
		if problem := (*ProblemError)(nil); again && errors.As(err, &problem) && problem.Rule() == "reading-unrecorded" {
			a.forget(what, number)
			continue
		}
		return body, err
	}
}

// fetch makes one signed request. A ledger that stands by is asked again for a
// while: another is about to lead.
func (a *Auditor) fetch(ctx context.Context, method, path string, sent []byte) ([]byte, error) {
	for try := 0; ; try++ {
		body, err := a.once(ctx, method, path, sent)
		if problem := (*ProblemError)(nil); !errors.As(err, &problem) || problem.Rule() != "not-active" || try == standbys {
			return body, err
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("asking the hub: %w", ctx.Err())
		case <-time.After(standbyIn):
		}
	}
}

func (a *Auditor) once(ctx context.Context, method, path string, sent []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, a.config.Ledger+path, bytes.NewReader(sent))
	if err != nil {
		return nil, fmt.Errorf("asking the hub: %w", err)
	}
	if sent != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	if a.config.Approval != "" {
		request.Header.Set(seal.ApprovalHeader, a.config.Approval)
	}
	if err := seal.SignRequest(request, a.key, a.config.Agency, a.config.Hub.Origin(), sent, time.Now()); err != nil {
		return nil, fmt.Errorf("asking the hub: %w", err)
	}
	response, err := a.http.Do(request)
	if err != nil {
		return nil, fmt.Errorf("the hub does not answer; is it running? `handrail doctor` tells: %w", err)
	}
	defer response.Body.Close()
	body, err := bounded(response.Body, maxAnswer)
	if err != nil {
		return nil, fmt.Errorf("reading the hub's answer: %w", err)
	}
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusCreated {
		problem := ledger.Problem{Title: response.Status}
		_ = json.Unmarshal(body, &problem) // without a readable problem the status has to do
		return nil, &ProblemError{problem}
	}
	return body, nil
}

// bounded reads all of r, and no more than it may be.
func bounded(r io.Reader, most int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, most+1))
	if err == nil && int64(len(body)) > most {
		err = fmt.Errorf("it is longer than %d bytes, which nothing of the kind is", most)
	}
	return body, err
}
