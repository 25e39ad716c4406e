package story

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/deploy/local"
	"handrail/events"
	"handrail/services/ledger/audit"
)

// operatorActs are what whoever runs the hub may do to it, well or badly.
func (w *World) operatorActs() []act {
	return []act{
		{"is unplugged", w.unplug},
		{"is plugged in again", w.plugIn},
		{"alters TYPE in the database", w.alters},
		{"puts the row back", w.putsBack},
		{"replays the trail and it does not hold at TYPE", w.doesNotHold},
		{"replays the trail and it holds", w.trailHolds},
	}
}

// unplug kills the hub's two services, as a cut cable or a power failure would.
func (w *World) unplug(context.Context, local.Member, []string) (string, error) {
	w.unplugged = true
	return "broker and ledger are killed", errors.Join(w.hub.Kill(local.ServiceBroker), w.hub.Kill(local.ServiceLedger))
}

// plugIn starts both again, and waits until they work.
func (w *World) plugIn(ctx context.Context, _ local.Member, _ []string) (string, error) {
	lasting := context.WithoutCancel(ctx) // they outlive this line; whoever started the hub stops them
	if err := errors.Join(w.hub.Start(lasting, local.ServiceBroker), w.hub.Start(lasting, local.ServiceLedger)); err != nil {
		return "", err
	}
	w.unplugged = false
	return until(ctx, func(ctx context.Context) (string, error) {
		state, err := w.ledger(ctx)
		if err == nil && (!state.Active || !state.Broker) {
			err = errors.New("the ledger does not lead yet")
		}
		return "broker and ledger are up again", err
	})
}

// row is one payload of the log as it was before somebody altered it.
type row struct {
	number uint64
	data   []byte
}

// alters changes what one entry of the case says, past the ledger and with the
// rights of the database's owner: who was met in person was telephoned.
func (w *World) alters(ctx context.Context, _ local.Member, given []string) (string, error) {
	number, err := w.entry(ctx, given[0])
	if err != nil {
		return "", err
	}
	rows, err := w.hub.AsOwner(ctx, "SELECT data FROM payload WHERE number = $1", int64(number)) //nolint:gosec // entries do not reach the sign bit
	if err != nil {
		return "", err
	}
	if len(rows) != 1 {
		return "", fmt.Errorf("entry %d has no row", number)
	}
	data, _ := rows[0][0].([]byte)
	forged, err := otherwise(data)
	if err != nil {
		return "", fmt.Errorf("altering entry %d: %w", number, err)
	}
	w.altered = &row{number, data}
	return fmt.Sprintf("one row of one table: entry %d now says that it was by telephone", number), w.write(ctx, row{number, forged})
}

// otherwise has facts say that what was said in person was said by telephone.
func otherwise(facts []byte) ([]byte, error) {
	members := map[string]jsontext.Value{}
	if err := json.Unmarshal(facts, &members); err != nil {
		return nil, err
	}
	members["channel"] = jsontext.Value(`"telephone"`)
	return json.Marshal(members, json.Deterministic(true))
}

func (w *World) putsBack(ctx context.Context, _ local.Member, _ []string) (string, error) {
	if w.altered == nil {
		return "", errors.New("nothing is altered")
	}
	err := w.write(ctx, *w.altered)
	w.altered = nil
	return "", err
}

// write takes the trigger away that keeps everybody from altering what was said,
// which whoever owns the database can.
func (w *World) write(ctx context.Context, r row) error {
	_, err := w.hub.AsOwner(ctx, "ALTER TABLE payload DISABLE TRIGGER USER")
	if err == nil {
		_, err = w.hub.AsOwner(ctx, "UPDATE payload SET data = $1 WHERE number = $2", r.data, int64(r.number)) //nolint:gosec // entries do not reach the sign bit
	}
	_, again := w.hub.AsOwner(ctx, "ALTER TABLE payload ENABLE TRIGGER USER")
	return errors.Join(err, again)
}

// entry finds the first entry of a type in the case.
func (w *World) entry(ctx context.Context, kind string) (uint64, error) {
	verified, err := w.trail(ctx)
	if err != nil {
		return 0, err
	}
	for _, step := range verified.Steps {
		if step.Type.Name() == kind {
			return step.Entry.Number, nil
		}
	}
	return 0, fmt.Errorf("the trail holds no %s", kind)
}

// doesNotHold checks that the auditor's replay fails and names the entry.
func (w *World) doesNotHold(ctx context.Context, _ local.Member, _ []string) (string, error) {
	_, err := w.trail(ctx)
	switch {
	case !errors.Is(err, audit.ErrUnverified):
		return "", errors.Join(errors.New("the trail verifies"), err)
	case w.altered == nil || !strings.Contains(err.Error(), fmt.Sprintf("entry %d:", w.altered.number)):
		return "", fmt.Errorf("the replay names another entry: %w", err)
	}
	return err.Error(), nil
}

func (w *World) trailHolds(ctx context.Context, _ local.Member, _ []string) (string, error) {
	verified, err := w.trail(ctx)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d entries: every signature, leaf, proof, link and verdict", len(verified.Steps)), nil
}

// narratorActs are the story's own words about itself.
func (w *World) narratorActs() []act {
	return []act{
		{"calls the case NAME", func(_ context.Context, _ local.Member, given []string) (string, error) {
			w.named[given[0]] = string(w.Case)
			return "", nil
		}},
		{"calls the referral NAME", func(_ context.Context, _ local.Member, given []string) (string, error) {
			w.named[given[0]] = string(w.referral)
			return "", nil
		}},
		{"calls the statement NAME", func(_ context.Context, _ local.Member, given []string) (string, error) {
			w.named[given[0]] = string(w.last)
			return "", nil
		}},
		{"turns to the case ID", func(_ context.Context, _ local.Member, given []string) (string, error) {
			w.Case, w.referral = events.CaseID(given[0]), ""
			return "", nil
		}},
		{"turns to the referral ID", func(_ context.Context, _ local.Member, given []string) (string, error) {
			w.referral = events.ReferralID(given[0])
			return "", nil
		}},
	}
}
