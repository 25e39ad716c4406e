package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"handrail/contracts/mou"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
)

// Two more shelters, so that four race for every bed.
const (
	auditor events.AgencyID = "sampleland-audit"
	beacon  events.AgencyID = "beacon-shelter"
	lantern events.AgencyID = "lantern-shelter"
)

// TestOneAcceptanceWinsWhateverTheRace has four shelters accept the same requests
// at the same moment, again and again, while the ledger, a shelter and the broker
// are killed. What each was told, and when, must be what one register could have
// said: the first acceptance takes the person, and nobody is ever told otherwise.
func TestOneAcceptanceWinsWhateverTheRace(t *testing.T) {
	t.Logf("seed %d: go test ./test/faults -run '^%s$' -seed %d", chosen.seed, t.Name(), chosen.seed)
	h := start(t, local.Member{Agency: beacon, Kind: events.Shelter, Served: true}, local.Member{Agency: lantern, Kind: events.Shelter, Served: true})
	race := &race{hub: h, random: rand.New(rand.NewPCG(chosen.seed, 3)), begun: time.Now()}
	for _, killed := range [][]string{
		{}, {local.ServiceLedger}, {string(lantern), wipeStorage}, {local.ServiceLedger, string(harbour)}, {killPostgres},
	} {
		race.wave(t.Context(), func(ctx context.Context) { race.kill(ctx, killed) })
		t.Logf("%v killed: over after %s", killed, time.Since(race.begun).Round(100*time.Millisecond))
	}
	race.judge(t)
	h.check(race.faults)
	t.Logf("%s in all", time.Since(race.begun).Round(time.Second))
}

// race is a history of what was done and seen, by one clock.
type race struct {
	hub    *hub
	random *rand.Rand
	begun  time.Time
	faults int // of ledgers that were killed

	mu      sync.Mutex
	history []porcupine.Operation
	rules   map[events.Rule]int // how the ledger's own no was given
	told    int                 // how often a desk knew before it asked
}

// errAway says that somebody cannot be asked just now.
var errAway = errors.New("nobody is there to be asked")

// did does something and notes what it saw: nothing, if nobody was there.
func (r *race) did(d deed, do func() (seen, error)) error {
	called := time.Since(r.begun)
	saw, err := do()
	returned := time.Since(r.begun)
	if errors.Is(err, errAway) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("%s %s: %w", d.by, d.what, err)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.history = append(r.history, porcupine.Operation{Input: d, Output: saw, Call: int64(called), Return: int64(returned)})
	return nil
}

// wave has everybody race for as many beds as there are rounds, and lets something
// strike as they do.
func (r *race) wave(ctx context.Context, strike func(context.Context)) {
	h := r.hub
	h.t.Helper()
	beds := make([]*referral, chosen.rounds)
	var asking sync.WaitGroup
	failures := make([]error, len(beds))
	for i := range beds {
		beds[i] = h.newReferral(lighthouse, harbour, beacon, lantern)
		asking.Go(func() { failures[i] = errors.Join(run(ctx, beds[i].asking()), beds[i].known(ctx)) })
	}
	asking.Wait()
	h.must(errors.Join(failures...))

	gate, over := make(chan struct{}), make(chan struct{})
	var racing, watching sync.WaitGroup
	var mu sync.Mutex
	note := func(err error) {
		mu.Lock()
		defer mu.Unlock()
		failures = append(failures, err)
	}
	for _, one := range beds {
		for _, s := range one.shelters {
			racing.Go(func() {
				<-gate
				for range 2 { // who is told no may ask again, and who was told yes
					note(r.accept(ctx, one, s))
				}
			})
		}
		watching.Go(func() { note(r.watch(ctx, one, over)) })
	}
	close(gate)
	time.Sleep(time.Duration(r.random.IntN(30)) * time.Millisecond)
	strike(ctx)
	racing.Wait()
	close(over)
	watching.Wait()
	h.must(errors.Join(failures...))
	h.must(h.keep(ctx, beds[0].id))
}

// known waits until every shelter has the request.
func (r *referral) known(ctx context.Context) error {
	for _, s := range r.shelters {
		if err := s.holds(ctx, r.id, "referral.requested", r.police.id); err != nil {
			return err
		}
	}
	return nil
}

func (r *race) kill(ctx context.Context, services []string) {
	r.hub.t.Helper()
	for _, service := range services {
		if state, err := r.hub.doctor(ctx); err == nil && service == local.ServiceLedger {
			r.faults += state.Faults
		}
		r.hub.must(r.hub.strike(service))
	}
	if len(services) > 0 {
		time.Sleep(time.Duration(100+r.random.IntN(300)) * time.Millisecond)
	}
	for _, service := range services {
		r.hub.must(r.hub.mend(ctx, service))
	}
}

// accept is one acceptance from the moment at which a person says it until the
// desk has the ledger's answer. A desk that knows already says no itself.
func (r *race) accept(ctx context.Context, of *referral, by *desk) error {
	return r.did(deed{of.of, by.id, accepts}, func() (seen, error) {
		begun := time.Now().Add(-time.Millisecond)
		err := of.says(by, "referral.accepted", nil)(ctx)
		if refused(err) != nil {
			r.count("")
			return seen{lost: true}, nil
		}
		if err != nil {
			return seen{}, err
		}
		var answer agency.SaidView
		err = until(ctx, string(by.id)+" has its answer", func(ctx context.Context) error {
			var out agency.OutboxView
			if err := by.people.Get(ctx, "/v1/outbox", &out); err != nil {
				return err
			}
			i := slices.IndexFunc(out.Said, func(v agency.SaidView) bool {
				return v.Case == of.id && v.Type == "referral.accepted" && v.Stored.After(begun)
			})
			if i < 0 || out.Said[i].State == "waiting" {
				return errors.New("it waits")
			}
			answer = out.Said[i]
			return nil
		})
		if err != nil {
			return seen{}, err
		}
		if answer.State == "refused" {
			r.count(answer.Rule)
			return seen{lost: true}, nil
		}
		return seen{winner: by.id}, nil
	})
}

func (r *race) count(rule events.Rule) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if rule == "" {
		r.told++
		return
	}
	if r.rules == nil {
		r.rules = map[events.Rule]int{}
	}
	r.rules[rule]++
}

// watch reads the log and looks at the police's desk until the race is over, and
// once more. Who cannot be asked just now is asked again.
func (r *race) watch(ctx context.Context, of *referral, over <-chan struct{}) error {
	for last := false; ; {
		err := errors.Join(
			r.did(deed{of.of, auditor, audits}, func() (seen, error) { return r.logged(ctx, of.id) }),
			r.did(deed{of.of, of.police.id, looks}, func() (seen, error) { return shown(ctx, of) }),
		)
		if last || err != nil {
			return err
		}
		select {
		case <-over:
			last = true
		case <-time.After(10 * time.Millisecond):
		}
	}
}

// logged is whose acceptance the ledger shows as admitted.
func (r *race) logged(ctx context.Context, id events.CaseID) (seen, error) {
	auditor, err := r.hub.reader(ctx)
	if err != nil {
		return seen{}, errors.Join(errAway, err)
	}
	trail, err := auditor.Trail(ctx, id)
	if err != nil {
		return seen{}, errors.Join(errAway, err)
	}
	v, err := auditor.Verify(trail)
	if err != nil {
		return seen{}, err
	}
	return accepted(v.Case.Referrals()), nil
}

func shown(ctx context.Context, of *referral) (seen, error) {
	view, err := of.police.show(ctx, of.id)
	if err != nil {
		return seen{}, errors.Join(errAway, err)
	}
	return accepted(view.Referrals), nil
}

// accepted is who took the person, of the one referral of a case: two, if that is
// what is shown, whom no model ever lets win.
func accepted(all []mou.Referral) seen {
	var saw seen
	for _, leg := range all[0].Legs {
		if leg.State == mou.LegAccepted {
			saw.winner += leg.To
		}
	}
	return saw
}

// judge holds the history to the model, and the model to histories that it must
// not believe.
func (r *race) judge(t *testing.T) {
	t.Helper()
	wins, deeds, overlaps := map[events.ReferralID]int{}, map[string]int{}, 0
	for i, o := range r.history {
		did := o.Input.(deed)
		deeds[did.what]++
		if did.what != accepts {
			continue
		}
		if o.Output.(seen).winner != "" {
			wins[did.referral]++
		}
		for _, other := range r.history[:i] {
			if with := other.Input.(deed); with.what == accepts && with.referral == did.referral && other.Call < o.Return && o.Call < other.Return {
				overlaps++
			}
		}
	}
	if result := follows(r.history, oneWins); result != porcupine.Ok {
		t.Errorf("what was seen is no race that one wins (%s):\n%s", result, told(r.history))
	}
	for referral, n := range wins {
		if n != 1 {
			t.Errorf("%d acceptances of %s were admitted", n, referral)
		}
	}
	refusals := 0
	for _, n := range r.rules {
		refusals += n
	}
	if overlaps == 0 || refusals == 0 || r.told == 0 || deeds[audits] == 0 || deeds[looks] == 0 {
		t.Errorf("it was no race, or nobody watched it: %v, %d at the same time as another, %d refused by the ledger, %d by a desk that knew", deeds, overlaps, refusals, r.told)
	}
	for i, o := range r.history {
		if o.Output.(seen).lost && follows(changed(r.history, i, seen{winner: o.Input.(deed).by}), oneWins) != porcupine.Illegal {
			t.Errorf("a history in which %s won too would be believed", o.Input.(deed).by)
		}
	}
	t.Logf("%d races: %v, %d at the same time as another; refused by the ledger: %v, by a desk that knew: %d", len(wins), deeds, overlaps, r.rules, r.told)
}
