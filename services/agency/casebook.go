package agency

import (
	"context"
	"slices"
	"strconv"
	"sync/atomic"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
)

// provisional is where the numbers begin under which own unanswered events are
// folded: far above any entry of the ledger.
const provisional = 1 << 62

// casebook is every case that this agency may see, folded from its journal. It
// is guarded by Agency.mu.
type casebook struct {
	viewer events.AgencyID
	memo   *mou.Memorandum // nil until genesis
	alarms *alarms
	files  map[events.CaseID]*file

	capacities map[events.AgencyID]published // what each agency last told all
	awaited    uint64                        // how many own events were folded without an answer
}

// file is one case: as the ledger has it, and as it will be once this agency's
// own unanswered events are admitted, so that people can work while cut off.
type file struct {
	settled   mou.Case
	tentative mou.Case
	waiting   []mou.Act                    // own, unanswered, in order
	traces    map[events.ReferralID]string // traceparent of each request, which its answers continue
	folds     uint64                       // how often the tentative view was made
	came      map[uint64]uint64            // delivery number of each entry; nil: none
	glance    atomic.Pointer[glance]       // of the tentative view; nil: nobody looked since
}

func (b *casebook) file(id events.CaseID) *file {
	f := b.files[id]
	if f == nil {
		fresh := b.memo.NewCase(b.viewer)
		f = &file{settled: fresh, tentative: fresh, traces: map[events.ReferralID]string{}}
		b.files[id] = f
	}
	return f
}

// settle folds what the hub delivered: others' events, and the answers to this
// agency's own.
func (b *casebook) settle(ctx context.Context, p proven) {
	id := p.event.Case()
	switch {
	case b.memo == nil:
		return
	case id == "": // about an agency, a tombstone, or a refusal of what is not ours
		if p.delivery.Kind != tlog.KindRefusal {
			b.publish(p)
		}
		return
	}
	f := b.file(id)
	if p.rests() {
		return // it waits on
	}
	f.cameAs(p.entry.Number, p.delivery.Number)
	f.waiting = slices.DeleteFunc(f.waiting, func(a mou.Act) bool { return a.Event.ID == p.event.ID })
	if p.delivery.Kind != tlog.KindRefusal && p.payload != nil {
		act := mou.Act{Number: p.entry.Number, Event: lighten(p.event), Payload: p.payload}
		next, err := f.settled.Apply(act, p.entry.Admitted)
		if err != nil {
			b.alarms.raise(ctx, "fold-differs", strconv.FormatUint(p.delivery.Number, 10),
				"The ledger admitted an event that this agency's own reading of the memorandum does not. Compare the versions of the programs.", err)
		} else {
			f.settled = next
		}
		f.note(act.Event)
	}
	f.refold()
	if f.settled.ID() == "" && len(f.waiting) == 0 {
		delete(b.files, id) // its opening was refused
	}
}

// await adds an own event that the ledger has not answered.
func (b *casebook) await(e events.Event, payload events.Payload) {
	if e.Case() == "" {
		return // it is shown once it is admitted
	}
	b.awaited++
	f := b.file(e.Case())
	f.waiting = append(f.waiting, mou.Act{Number: provisional + b.awaited, Event: lighten(e), Payload: payload})
	f.note(e)
	f.refold()
}

// refold gives the tentative view: what does not fit it yet stays waiting.
func (f *file) refold() {
	f.tentative = f.settled
	f.folds++
	f.glance.Store(nil)
	for _, act := range f.waiting {
		if next, err := f.tentative.Apply(act, act.Event.Time.Time()); err == nil {
			f.tentative = next
		}
	}
}

func (f *file) note(e events.Event) {
	if e.Type == events.TypeReferralRequested {
		f.traces[e.ID] = e.TraceParent
	}
}

// lighten drops a sealed record's ciphertext: the fold needs its header only.
func lighten(e events.Event) events.Event {
	if e.Type.Sealed() {
		e.Data = nil
	}
	return e
}

// ids lists the cases, oldest first (the ids are UUIDv7).
func (b *casebook) ids() []events.CaseID {
	ids := make([]events.CaseID, 0, len(b.files))
	for id := range b.files {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// request finds a referral in a case as this agency sees it.
func request(c mou.Case, id events.ReferralID) (*events.ReferralRequested, events.AgencyID, bool) {
	for _, item := range c.Trail() {
		if facts, ok := item.Facts.(*events.ReferralRequested); ok && item.ID == id {
			return facts, item.By, true
		}
	}
	return nil, "", false
}
