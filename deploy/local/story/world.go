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
	patience = 20 * time.Second // for what another service has to do first
	pause    = 20 * time.Millisecond
)

// World is a running hub as the people and systems of its agencies meet it.
type World struct {
	at         local.Layout
	directions local.Directions
	auditor    *audit.Auditor

	// What the story is about right now.
	Case     events.CaseID
	Cases    []events.CaseID // every case that the story opened
	referral events.ReferralID
	form     []byte       // the last form that was filled in
	filed    agency.Filed // the answer to it

	// What only its sender may hear of, and what everybody had been sent before.
	sender  events.AgencyID
	before  map[events.AgencyID]ledger.Connection
	refused map[events.AgencyID]uint64 // the last refusal that the story looked at
}

// Enter connects to the hub of a data directory.
func Enter(ctx context.Context, at local.Layout) (*World, error) {
	directions, err := at.Directions()
	if err != nil {
		return nil, err
	}
	auditor, err := local.Auditor(at.Agency(directions.Auditor), "")
	if err != nil {
		return nil, err
	}
	w := &World{at: at, directions: directions, auditor: auditor, refused: map[events.AgencyID]uint64{}}
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
	return slices.Concat(w.intakeActs(), w.deskActs(), w.attackActs(), w.checkActs())
}

// Do carries out one line: who, and what.
func (w *World) Do(ctx context.Context, words []string) (string, error) {
	who, known := cast()[words[0]]
	if !known && words[0] != "hub" && words[0] != "attacker" {
		return "", fmt.Errorf("nobody here is called %q", words[0])
	}
	for _, a := range w.acts() {
		if given, ok := match(a.phrase, words[1:]); ok {
			return a.do(ctx, who, given)
		}
	}
	return "", errors.New("no act or check reads like this")
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
