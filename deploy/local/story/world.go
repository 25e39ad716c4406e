package story

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/client"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
)

const (
	patience   = time.Minute // for what another service has to do first
	impatience = time.Second // for what must not be possible
	pause      = 20 * time.Millisecond
)

// World is a running hub as the people and systems of its agencies meet it.
type World struct {
	hub        *local.Hub
	at         local.Layout
	directions local.Directions
	auditor    *audit.Auditor

	// What the story is about right now.
	Case     events.CaseID
	Cases    []events.CaseID // every case that the story opened
	referral events.ReferralID
	spoken   string            // the language in which the person was told of their rights
	last     events.EventID    // what somebody said last
	named    map[string]string // cases, referrals and statements that the story gave a name
	form     []byte            // the last form that was filled in
	filed    agency.Filed      // the answer to it

	began     map[events.AgencyID]ledger.Connection // what everybody had been sent before the story
	unplugged bool                                  // the hub is away, as the story wants it
	altered   *row                                  // what the operator altered, to be put back
	taken     []byte                                // the case as the auditor took it away
	phones    *phones                               // what rings on duty

	// What only its sender may hear of, and what everybody had been sent before.
	sender  events.AgencyID
	size    uint64 // of the log then
	before  map[events.AgencyID]ledger.Connection
	refused map[events.AgencyID]uint64 // the last refusal that the story looked at
}

// Enter connects to a running hub. What happened there before is no part of the
// stories that are told in this world.
func Enter(ctx context.Context, hub *local.Hub) (*World, error) {
	directions, err := hub.At.Directions()
	if err != nil {
		return nil, err
	}
	auditor, err := local.Auditor(hub.At.Agency(directions.Auditor), "")
	if err != nil {
		return nil, err
	}
	w := &World{
		hub: hub, at: hub.At, directions: directions, auditor: auditor,
		named: map[string]string{}, refused: map[events.AgencyID]uint64{},
	}
	return w, w.overlook(ctx)
}

// Auditor is the one who checks what the hub recorded.
func (w *World) Auditor() *audit.Auditor { return w.auditor }

// act is one thing that a subject can do or see: it gives what to tell about it.
type act struct {
	phrase string // words; NAME takes one word, NAME... the rest
	do     func(ctx context.Context, who local.Member, given []string) (string, error)
}

func (w *World) acts() []act {
	return slices.Concat(
		w.intakeActs(), w.personActs(), w.deskActs(), w.nightActs(), w.dutyActs(), w.matchActs(), w.lineActs(),
		w.attackActs(), w.operatorActs(), w.checkActs(), w.learnActs(), w.proofActs(), w.narratorActs(),
	)
}

// Do carries out one line: who, and what.
func (w *World) Do(ctx context.Context, words []string) (string, error) {
	who, known := cast()[words[0]]
	if !known && !slices.Contains(Subjects(), words[0]) {
		return "", fmt.Errorf("nobody here is called %q", words[0])
	}
	rest, err := w.unnamed(words[1:])
	if err != nil {
		return "", err
	}
	for _, a := range w.acts() {
		if given, ok := match(a.phrase, rest); ok {
			return a.do(ctx, who, given)
		}
	}
	return "", errors.New("no act or check reads like this")
}

// unnamed puts ids in the place of the names that a story gave: case=@home.
func (w *World) unnamed(words []string) ([]string, error) {
	out := slices.Clone(words)
	for i, word := range out {
		before, name, found := strings.Cut(word, "@")
		if !found {
			continue
		}
		id, known := w.named[name]
		if !known {
			return nil, fmt.Errorf("the story calls nothing %q", name)
		}
		out[i] = before + id
	}
	return out, nil
}

// match compares words with a phrase and gives the words that its capitals take.
func match(phrase string, words []string) ([]string, bool) {
	var given []string
	for i, part := range strings.Fields(phrase) {
		if strings.HasSuffix(part, "...") {
			return append(given, words[min(i, len(words)):]...), len(words) >= i
		}
		switch {
		case i >= len(words):
			return nil, false
		case part == strings.ToUpper(part):
			given = append(given, words[i])
		case part != words[i]:
			return nil, false
		}
	}
	return given, len(words) == len(strings.Fields(phrase))
}

func (w *World) people(who local.Member) *client.Client {
	return client.People(w.at.Agency(who.Agency))
}

func (w *World) system(who local.Member) (*client.Client, error) {
	address, ok := w.directions.Address(who.Agency)
	if !ok || address.Intake == "" {
		return nil, fmt.Errorf("%s has no service here", who.Agency)
	}
	return client.System(w.at.Agency(who.Agency), address.Intake)
}

// errSettled marks a finding that waiting does not change.
var errSettled = errors.New("settled")

// until tries a check again until it holds: other services are at work. The
// last reason is the error.
func until(ctx context.Context, check func(context.Context) (string, error)) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		said, err := check(ctx)
		if err == nil || errors.Is(err, errSettled) {
			return said, err
		}
		select {
		case <-ctx.Done():
			return "", err
		case <-time.After(pause):
		}
	}
}

// trail is the current case's trail, verified.
func (w *World) trail(ctx context.Context) (audit.Verified, error) {
	t, err := w.auditor.Trail(ctx, w.Case)
	if err != nil {
		return audit.Verified{}, err
	}
	return w.auditor.Verify(t)
}

// position is how many deliveries the hub has assigned to an agency.
func (w *World) position(ctx context.Context, id events.AgencyID) (uint64, error) {
	state, err := w.ledger(ctx)
	return state.Agencies[id].Assigned, err
}

func (w *World) ledger(ctx context.Context) (ledger.Doctor, error) {
	return audit.Doctor(ctx, "http://"+w.directions.Ledger)
}
