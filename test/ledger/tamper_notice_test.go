package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger/audit"
)

// notice is a check that can see that something stored was changed.
type notice string

const (
	atStart        notice = "start"        // the ledger refuses to lead
	byTrail        notice = "trail"        // an auditor verifies each case's trail
	byLog          notice = "log"          // an auditor verifies the whole log
	byCompleteness notice = "completeness" // an auditor compares what an agency can show
	byWitness      notice = "witness"      // an agency does not cosign what the hub offers
	byCourier      notice = "courier"      // an agency that is delivered everything again cannot believe it, or gets other bytes
)

// looked is what notices that the hub that runs now stands on something changed.
// The witness and the courier are asked only if nobody else noticed.
func (w *whole) looked() map[notice]string {
	w.t.Helper()
	found := map[notice]string{}
	see := func(by notice, err error) {
		if err != nil {
			found[by] = err.Error()
		}
	}
	finds := func(by notice, err error) {
		if problem := (*audit.ProblemError)(nil); err != nil && !errors.Is(err, audit.ErrUnverified) && !errors.As(err, &problem) {
			w.t.Logf("%s fails as if the network had: %v", by, err) // nobody would suspect the hub
			err = nil
		}
		see(by, err)
	}
	finds(byTrail, w.trails())
	finds(byLog, w.wholeLog())
	finds(byCompleteness, w.complete())
	if len(found) == 0 {
		see(byWitness, w.offered())
		see(byCourier, w.again())
	}
	return found
}

// trails verifies the trail of each case.
func (w *whole) trails() error {
	a := w.auditor(w.url)
	cases, err := a.Cases(w.t.Context())
	if err != nil {
		return err
	}
	for _, c := range cases {
		trail, err := a.Trail(w.t.Context(), c.Case)
		if err != nil {
			return err
		}
		if _, err := a.Verify(trail); err != nil {
			return err
		}
	}
	return nil
}

// offered has the log grow, by a reading, and waits for what the witnesses say of it.
func (w *whole) offered() error {
	w.reading(w.url, w.agencies[auditor], events.ReadingCases, "")
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		all := 0
		for s, was := range w.seen {
			size, findings := s.cosigned()
			if len(findings) > 0 {
				return fmt.Errorf("%s answers %v", s.id, findings)
			}
			if size > was.witness.Last.Size {
				all++
			}
		}
		if all == len(w.seen) {
			return nil
		}
	}
	return fmt.Errorf("no witness was offered anything")
}

// again has each agency ask for everything from its first delivery, and compares.
func (w *whole) again() error {
	var asked []*site
	for _, s := range w.agencies {
		if s.link == nil {
			continue
		}
		s.mu.Lock()
		s.repeated, s.doubts = nil, nil
		s.mu.Unlock()
		asked = append(asked, s)
	}
	for _, s := range asked {
		w.eventually("the hub hears that "+string(s.id)+" has nothing", func() bool { return s.sayPosition(w.t.Context(), 0, true) == nil })
	}
	for _, s := range asked {
		if err := w.sameAgain(s); err != nil {
			return err
		}
	}
	return nil
}

// sameAgain waits until the site got everything once more, byte for byte as it
// came again when nothing was changed.
func (w *whole) sameAgain(s *site) error {
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		s.mu.Lock()
		missing, doubts := len(s.got), slices.Clone(s.doubts)
		numbers := map[uint64]string{}
		for _, g := range s.repeated {
			numbers[g.Number] = g.header
			if was := w.came[s]; was != nil && was[g.Number] != g.header {
				doubts = append(doubts, fmt.Errorf("delivery %d of %s came again as something else", g.Number, s.id))
			}
		}
		s.mu.Unlock()
		switch missing -= len(numbers); {
		case len(doubts) > 0:
			return doubts[0]
		case missing == 0 && w.came[s] == nil:
			w.came[s] = numbers
			return nil
		case missing == 0:
			return nil
		case time.Now().After(end):
			return fmt.Errorf("%s did not get %d of its deliveries again", s.id, missing)
		}
	}
}

// wholeLog verifies the whole log.
func (w *whole) wholeLog() error {
	a := w.auditor(w.url)
	checkpoint, err := a.Checkpoint(w.t.Context())
	if err != nil {
		return err
	}
	texts, err := mou.ProfileTexts(w.founded.Profile)
	w.must(err)
	_, err = audit.VerifyLog(w.t.Context(), audit.LogVerification{Source: a.Log(false), Hub: hubID, Pins: a.Pins(), Checkpoint: checkpoint, Texts: texts})
	return err
}

// complete compares what each agency can show with what the ledger says it had.
func (w *whole) complete() error {
	a := w.auditor(w.url)
	for _, id := range []events.AgencyID{police, shelter, social, embassy} {
		if _, err := a.Completeness(w.t.Context(), id, bytes.NewReader(w.agencies[id].evidence())); err != nil {
			return err
		}
	}
	return nil
}

// evidence is what the site can show of its dealings with the hub.
func (s *site) evidence() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out bytes.Buffer
	line := func(v any) {
		text, err := json.Marshal(v)
		s.w.must(err)
		out.Write(append(text, '\n'))
	}
	line(map[string]any{"agency": s.id, "hub": hubID})
	answered := map[events.EventID]uint64{}
	for _, g := range s.got {
		switch g.Kind {
		case tlog.KindReceipt:
			answered[events.EventID(g.entry.Attribute("id"))] = g.Number
		case tlog.KindRefusal:
			answered[g.ID] = g.Number
		case tlog.KindEvent, tlog.KindTombstone:
		}
	}
	for id, e := range s.said {
		line(map[string]any{"submission": map[string]any{
			"id": id, "sequence": e.Sequence, "key": s.signing.ID(), "digest": hexDigest(tlog.SubmissionDigest(e.Attributes(), e.Data)), "answered": answered[id],
		}})
	}
	for _, g := range s.got {
		line(map[string]any{"delivery": g.header})
	}
	return out.Bytes()
}
