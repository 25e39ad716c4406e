package faults

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"handrail/events"
)

// What is done in a race.
const (
	accepts = "accepts"       // a shelter says so, and hears what became of it
	audits  = "reads the log" // an auditor, at the ledger: what it shows is so
	looks   = "looks"         // the police, at their own desk, which may be behind
)

// deed is what somebody did in a race for one referral.
type deed struct {
	referral events.ReferralID
	by       events.AgencyID
	what     string
}

// seen is whom a deed saw take the person: nobody, if it is empty. A shelter that
// is told no has seen somebody else, not whom.
type seen struct {
	winner events.AgencyID
	lost   bool
}

// bed is how a referral stands: who took the person, and whether the police's
// desk has shown it.
type bed struct {
	winner events.AgencyID
	shown  bool
}

// oneWins is the model: exactly one acceptance wins, whoever comes later is told
// no, and once won stays won.
func oneWins(state, input, output any) (bool, any) {
	b, did, saw := state.(bed), input.(deed), output.(seen)
	switch {
	case did.what == accepts && saw.lost:
		return b.winner != "", b
	case did.what == accepts:
		return b.winner == "", bed{did.by, b.shown}
	case did.what == looks && saw.winner == "":
		return !b.shown, b // a desk may be behind the ledger, never behind itself
	case did.what == looks:
		return saw.winner == b.winner, bed{b.winner, true}
	default:
		return saw.winner == b.winner, b
	}
}

// model is a register of its own for each referral.
func model(step func(state, input, output any) (bool, any)) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return bed{} },
		Step: step,
		Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
			parts := map[events.ReferralID][]porcupine.Operation{}
			for _, o := range history {
				of := o.Input.(deed).referral
				parts[of] = append(parts[of], o)
			}
			var all [][]porcupine.Operation
			for _, part := range parts {
				all = append(all, part)
			}
			return all
		},
	}
}

func follows(history []porcupine.Operation, step func(state, input, output any) (bool, any)) porcupine.CheckResult {
	return porcupine.CheckOperationsTimeout(model(step), history, 10*time.Second)
}

// changed is a history in which one deed saw something else.
func changed(history []porcupine.Operation, i int, saw seen) []porcupine.Operation {
	other := slices.Clone(history)
	other[i].Output = saw
	return other
}

// told is a history as text, in the order in which it began.
func told(history []porcupine.Operation) string {
	sorted := slices.SortedFunc(slices.Values(history), func(a, b porcupine.Operation) int { return int(a.Call - b.Call) })
	var b strings.Builder
	for _, o := range sorted {
		did, saw := o.Input.(deed), o.Output.(seen)
		fmt.Fprintf(&b, "%8.3f to %8.3f s  %s  %s %s: %s %s\n", time.Duration(o.Call).Seconds(), time.Duration(o.Return).Seconds(), did.referral, did.by, did.what,
			saw.winner, map[bool]string{true: "too late"}[saw.lost])
	}
	return b.String()
}

// The checker believes what a hub may do, and nothing of what a broken one does.
func TestTheCheckerSeesABrokenRace(t *testing.T) {
	type o struct {
		call, back int64
		by         events.AgencyID
		what       string
		saw        seen
	}
	won := func(by events.AgencyID) seen { return seen{winner: by} }
	nobody, late := seen{}, seen{lost: true}
	for _, c := range []struct {
		name string
		want porcupine.CheckResult
		did  []o
	}{
		{"one after the other", porcupine.Ok, []o{{1, 2, lighthouse, accepts, won(lighthouse)}, {3, 4, harbour, accepts, late}}},
		{"the later one may win while both are under way", porcupine.Ok, []o{{1, 4, lighthouse, accepts, late}, {2, 3, harbour, accepts, won(harbour)}}},
		{"a log that is read meanwhile may show it or not", porcupine.Ok, []o{{1, 9, lighthouse, accepts, won(lighthouse)}, {2, 3, auditor, audits, nobody}, {4, 5, auditor, audits, won(lighthouse)}}},
		{"a desk may be behind", porcupine.Ok, []o{{1, 2, lighthouse, accepts, won(lighthouse)}, {3, 4, sampletown, looks, nobody}, {5, 6, sampletown, looks, won(lighthouse)}}},
		{"who won is told no when they ask again", porcupine.Ok, []o{{1, 2, lighthouse, accepts, won(lighthouse)}, {3, 4, lighthouse, accepts, late}}},
		{"two beds are promised", porcupine.Illegal, []o{{1, 4, lighthouse, accepts, won(lighthouse)}, {2, 3, harbour, accepts, won(harbour)}}},
		{"one wins twice", porcupine.Illegal, []o{{1, 2, lighthouse, accepts, won(lighthouse)}, {3, 4, lighthouse, accepts, won(lighthouse)}}},
		{"all are told no", porcupine.Illegal, []o{{1, 4, lighthouse, accepts, late}, {2, 3, harbour, accepts, late}}},
		{"no is said before anybody accepted", porcupine.Illegal, []o{{1, 2, lighthouse, accepts, late}, {3, 4, harbour, accepts, won(harbour)}}},
		{"the log forgets", porcupine.Illegal, []o{{1, 2, lighthouse, accepts, won(lighthouse)}, {3, 4, auditor, audits, nobody}}},
		{"the log shows another", porcupine.Illegal, []o{{1, 4, lighthouse, accepts, won(lighthouse)}, {2, 3, auditor, audits, won(harbour)}}},
		{"the log shows two", porcupine.Illegal, []o{{1, 2, lighthouse, accepts, won(lighthouse)}, {3, 4, auditor, audits, won(lighthouse + harbour)}}},
		{"the log shows somebody too early", porcupine.Illegal, []o{{1, 2, auditor, audits, won(lighthouse)}, {3, 4, lighthouse, accepts, won(lighthouse)}}},
		{"the winner changes", porcupine.Illegal, []o{{1, 9, lighthouse, accepts, won(lighthouse)}, {2, 3, auditor, audits, won(lighthouse)}, {4, 5, auditor, audits, nobody}}},
		{"a desk forgets", porcupine.Illegal, []o{{1, 2, lighthouse, accepts, won(lighthouse)}, {3, 4, sampletown, looks, won(lighthouse)}, {5, 6, sampletown, looks, nobody}}},
		{"a desk shows another", porcupine.Illegal, []o{{1, 2, lighthouse, accepts, won(lighthouse)}, {3, 4, sampletown, looks, won(harbour)}}},
	} {
		var history []porcupine.Operation
		for _, one := range c.did {
			history = append(history, porcupine.Operation{Input: deed{"the bed", one.by, one.what}, Output: one.saw, Call: one.call, Return: one.back})
		}
		if got := follows(history, oneWins); got != c.want {
			t.Errorf("%s: got %s", c.name, got)
		}
	}
}
