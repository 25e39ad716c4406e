package conform

import (
	"handrail/events"
	"handrail/events/seal"
)

// order is what messages say of one another: sentences 18 to 20 and 27.
type order struct {
	from     events.Sequence
	expected map[events.KeyID]events.Sequence
	said     map[identity][32]byte
	control  map[identity]events.Time
}

// identity of a submission, or the speaker and type of a control message.
type identity struct{ source, id string }

func newOrder(from events.Sequence) order {
	return order{from, map[events.KeyID]events.Sequence{}, map[identity][32]byte{}, map[identity]events.Time{}}
}

// next judges a message against those before it.
func (o *order) next(r *Report, e events.Event) {
	if e.Type.IsControl() {
		speaker := identity{e.Source, string(e.Type)}
		if last, spoke := o.control[speaker]; spoke && !e.Time.Time().After(last.Time()) {
			r.add(RuleControlStale, "attribute time", "a control message is strictly newer than the last of its type: wait for the next second")
		}
		o.control[speaker] = e.Time
		return
	}
	who, digest := identity{e.Source, string(e.ID)}, seal.Digest(e)
	if before, known := o.said[who]; known {
		if before != digest {
			r.add(events.RuleIDReused, "attribute id", "an earlier message had this id and said something else: a new statement gets a new id, what is sent again is the same to the byte")
		}
		return // the hub would give its first answer again
	}
	o.said[who] = digest
	key, err := seal.KeyOf(e)
	got, errSequence := events.ParseSequence(e.Sequence)
	if err != nil || errSequence != nil {
		return
	}
	want, known := o.expected[key]
	if !known {
		want = o.from
	}
	switch {
	case want != 0 && got < want:
		r.add(events.RuleSequenceReused, "attribute sequence", "an earlier message of this key had this number: count on, "+want.String()+" is next")
	case want != 0 && got > want:
		r.add(RuleSequenceGap, "attribute sequence", "a number was left out: the hub judges nothing before "+want.String()+" comes")
	}
	o.expected[key] = max(want, got+1)
}
