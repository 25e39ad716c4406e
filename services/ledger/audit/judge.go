package audit

import (
	"errors"
	"fmt"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// Step is one verified entry of a trail.
type Step struct {
	Entry    tlog.Entry
	Type     events.Type // of an admitted event
	By       events.AgencyID
	Facts    events.Payload // of an admitted event
	Erased   bool           // the sealed record itself was destroyed at the hub
	ErasedBy uint64         // the entry that says so
	Item     mou.Item       // as the fold has it
	Reason   string         // of a refusal; the hub's words, which nothing proves
	Chained  bool           // linked to an earlier entry of its visibility chain

	after mou.Case // as the case stood behind it
}

// judge folds one case again, entry by entry in the order of the log, and holds
// every verdict against the memorandum. It trusts nothing but the directory.
type judge struct {
	directory *parties
	id        events.CaseID
	staffed   func(agency events.AgencyID, before uint64, at time.Time) bool // whether somebody was there, by the hours that the log shows
	check     func(number uint64, claim seal.Claim) error                    // of signatures, at once or later

	folded mou.Case
	heads  map[string]tlog.Link
	last   uint64
	at     time.Time
	erased map[uint64]uint64 // records that are said to be destroyed, and by which entry
}

func (d *parties) newJudge(id events.CaseID) *judge {
	return &judge{
		directory: d, id: id, folded: d.memos[0].NewCase(""), heads: map[string]tlog.Link{}, erased: map[uint64]uint64{},
		check: func(_ uint64, claim seal.Claim) error { return claim.Verify() },
	}
}

// step judges the next entry of the case. That its opening is of its leaf the
// caller knows.
func (j *judge) step(e ledger.TrailEntry) (Step, error) {
	entry, event, err := parsed(e)
	if err != nil {
		return Step{}, err
	}
	if err := j.inOrder(e.Number, entry.Admitted); err != nil {
		return Step{}, err
	}
	if !j.directory.listed(entry.Submitter, e.Number) {
		return Step{}, errors.New("the directory does not list its sender")
	}
	if entry.Verdict == tlog.Refused {
		if entry.Case != j.id {
			return Step{}, errNotOfCase
		}
		return Step{Entry: entry, By: entry.Submitter, Reason: e.Reason, after: j.folded}, nil
	}
	payload, err := j.directory.judged(e, entry, event, func(claim seal.Claim) error { return j.check(e.Number, claim) })
	if err != nil {
		return Step{}, err
	}
	return j.fold(e, entry, event, payload)
}

var errNotOfCase = errors.New("it is of another case than this one")

func (j *judge) inOrder(number uint64, admitted time.Time) error {
	switch {
	case number <= j.last:
		return errors.New("it is out of order")
	case admitted.Before(j.at):
		return errors.New("it was admitted before an entry that stands ahead of it")
	}
	j.last, j.at = number, admitted
	return nil
}

// fold judges an admitted event again and takes it into the case.
func (j *judge) fold(e ledger.TrailEntry, entry tlog.Entry, event events.Event, payload events.Payload) (Step, error) {
	if event.Case() != j.id {
		return Step{}, errNotOfCase
	}
	act := mou.Act{Number: e.Number, Event: event, Payload: payload}
	memorandum := j.directory.under(e.Number)
	if _, known := memorandum.Term(event.Type); !known {
		return Step{}, errors.New("it says nothing of a case")
	}
	if told, ok := payload.(*events.ReferralEscalated); ok && told.Step == events.StaffedDuty && !j.staffed(told.To, e.Number, entry.Admitted) {
		return Step{}, fmt.Errorf("nothing shows that %s had published that it is there at that hour", told.To)
	}
	chain := j.folded.Chain(act)
	head, chained := j.heads[chain]
	if chained != (entry.Previous != nil) || chained && head != *entry.Previous {
		return Step{}, errors.New("it does not link to the entry before it of its visibility chain: one was dropped or inserted")
	}
	next, err := j.folded.Under(memorandum).Apply(act, entry.Admitted)
	if err != nil {
		return Step{}, fmt.Errorf("the memorandum does not allow it, although the hub admitted it: %w", err)
	}
	j.folded = next
	j.heads[chain] = tlog.Link{Number: e.Number, Leaf: e.Leaf}
	if e.Erased != 0 {
		j.erased[e.Number] = e.Erased
	}
	return Step{Entry: entry, Type: event.Type, By: event.Agency(), Facts: payload, Erased: e.Erased != 0, ErasedBy: e.Erased, Chained: chained, after: next}, nil
}

// destroyed checks that each record that is said to be destroyed was erased by the
// entry that is said to have done it, once the whole case is folded.
func (j *judge) destroyed() (number uint64, err error) {
	if len(j.erased) == 0 {
		return 0, nil
	}
	erasedBy := map[events.EventID]uint64{}
	for _, item := range j.folded.Trail() {
		if p, ok := item.Facts.(*events.RecordErased); ok {
			erasedBy[p.Record] = item.Number
		}
	}
	for _, item := range j.folded.Trail() {
		by, gone := j.erased[item.Number]
		if _, sealed := item.Facts.(*events.Record); gone && (!sealed || erasedBy[item.ID] != by) {
			return item.Number, errors.New("its content is gone, and the entry that is said to have erased it does not say so")
		}
	}
	return 0, nil
}
