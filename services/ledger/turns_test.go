package ledger

import (
	"slices"
	"testing"

	"pgregory.net/rapid"

	"handrail/events"
)

func from(agencies ...events.AgencyID) (all []*submission) {
	for _, a := range agencies {
		all = append(all, &submission{from: a})
	}
	return all
}

func senders(all []*submission) (out []events.AgencyID) {
	for _, s := range all {
		out = append(out, s.from)
	}
	return out
}

func TestWhatFitsGoesAsItCame(t *testing.T) {
	all := from("a", "a", "a", "b")
	batch, rest := inTurn(all, 4)
	if !slices.Equal(batch, all) || len(rest) != 0 {
		t.Errorf("%v go and %v wait", senders(batch), senders(rest))
	}
}

func TestAFloodWaitsBehindItself(t *testing.T) {
	batch, rest := inTurn(from("flood", "flood", "flood", "flood", "flood", "quiet", "flood", "other", "quiet"), 4)
	if got, want := senders(batch), []events.AgencyID{"flood", "flood", "quiet", "other"}; !slices.Equal(got, want) {
		t.Errorf("%v go, want %v", got, want)
	}
	if got, want := senders(rest), []events.AgencyID{"flood", "flood", "flood", "flood", "quiet"}; !slices.Equal(got, want) {
		t.Errorf("%v wait, want %v", got, want)
	}
}

// However the queue stands: nothing is lost or doubled, every sender's order is
// kept, and nobody has two in the batch more than somebody who still waits.
func TestTurnsAreFairAndLoseNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all := from(rapid.SliceOf(rapid.SampledFrom([]events.AgencyID{"a", "b", "c", "d"})).Draw(t, "waiting")...)
		most := rapid.IntRange(1, 20).Draw(t, "most")
		batch, rest := inTurn(all, most)
		if len(batch) != min(most, len(all)) || len(batch)+len(rest) != len(all) {
			t.Fatalf("%d of %d go and %d wait", len(batch), len(all), len(rest))
		}
		of := func(list []*submission, a events.AgencyID) (out []*submission) {
			for _, s := range list {
				if s.from == a {
					out = append(out, s)
				}
			}
			return out
		}
		most = 0
		for _, a := range []events.AgencyID{"a", "b", "c", "d"} {
			if !slices.Equal(append(of(batch, a), of(rest, a)...), of(all, a)) {
				t.Fatalf("the order of %s is not kept", a)
			}
			most = max(most, len(of(batch, a)))
		}
		for _, s := range rest {
			if len(of(batch, s.from)) < most-1 {
				t.Fatalf("%s waits with %d in the batch, another has %d", s.from, len(of(batch, s.from)), most)
			}
		}
	})
}
