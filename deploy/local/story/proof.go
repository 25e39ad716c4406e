package story

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/agency"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
)

// proofActs are about what can be proved to somebody who trusts nobody here, and
// who notices when the log is not what it was.
func (w *World) proofActs() []act {
	return []act{
		{"sees the trail witnessed by AGENCIES", w.seesWitnessed},
		{"takes the case away as a file", w.takesAway},
		{"verifies the file, and it is witnessed by AGENCIES", w.verifiesFile},
		{"changes TYPE in the file, and it holds no more", w.changesFile},
		{"sees that it read the case for READING", w.seesReading},
		{"shows AGENCY a log in which TYPE is another", w.showsForked},
		{"is alarmed: ALARM", w.isAlarmed},
		{"resets its witness to what AGENCY cosigned, by STAFF", w.resetsWitness},
		{"cosigns the log again", w.cosignsAgain},
	}
}

// cosigners lists who cosigned a trail's checkpoint, and checks that some are among them.
func cosigners(v audit.Verified, names string) (string, error) {
	var by []string
	for _, c := range v.Witnesses {
		by = append(by, fmt.Sprintf("%s (%s)", c.Agency, c.Kind))
	}
	if !v.Witnessed {
		return "", fmt.Errorf("it is unwitnessed: cosigned by %d", len(by))
	}
	for name := range strings.SplitSeq(names, ",") {
		if !slices.ContainsFunc(v.Witnesses, func(c tlog.Cosignature) bool { return c.Agency == byName(name) }) {
			return "", fmt.Errorf("%s has not cosigned it", name)
		}
	}
	return fmt.Sprintf("the log of %d entries, cosigned by %s", v.Size, strings.Join(by, ", ")), nil
}

// seesWitnessed waits until the witnesses have cosigned a log that holds the case.
func (w *World) seesWitnessed(ctx context.Context, _ local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		v, err := w.trail(ctx)
		if err != nil {
			return "", err
		}
		return cosigners(v, given[0])
	})
}

// takesAway exports the case; nothing of the hub is needed to verify the file.
func (w *World) takesAway(ctx context.Context, _ local.Member, _ []string) (string, error) {
	file, v, err := w.auditor.Export(ctx, w.Case, time.Now())
	if err != nil {
		return "", err
	}
	w.taken = file
	return fmt.Sprintf("%d entries, their proofs, the keys and the memorandum's profile: %d KiB", len(v.Steps), len(file)>>10), nil
}

func (w *World) verifiesFile(_ context.Context, _ local.Member, given []string) (string, error) {
	if w.taken == nil {
		return "", errors.New("no case was taken away")
	}
	pins := w.auditor.Pins()
	_, v, err := audit.VerifyExport(w.taken, &pins)
	if err != nil {
		return "", err
	}
	return cosigners(v, given[0])
}

// changesFile has the file say that who spoke in person telephoned, and checks
// that it is then refused at that very entry.
func (w *World) changesFile(_ context.Context, _ local.Member, given []string) (string, error) {
	_, v, err := audit.VerifyExport(w.taken, nil)
	if err != nil {
		return "", err
	}
	i := slices.IndexFunc(v.Steps, func(s audit.Step) bool { return s.Type.Name() == given[0] })
	if i < 0 {
		return "", fmt.Errorf("the file holds no %s", given[0])
	}
	number := v.Steps[i].Entry.Number
	at := slices.IndexFunc(v.Trail.Entries, func(e ledger.TrailEntry) bool { return e.Number == number })
	forged, err := otherwise(v.Trail.Entries[at].Data)
	if err != nil {
		return "", err
	}
	was, is := base64.StdEncoding.EncodeToString(v.Trail.Entries[at].Data), base64.StdEncoding.EncodeToString(forged)
	changed := strings.Replace(string(w.taken), was, is, 1)
	if changed == string(w.taken) {
		return "", errors.New("the file does not hold the entry's facts as they are")
	}
	switch _, _, err = audit.VerifyExport([]byte(changed), nil); {
	case !errors.Is(err, audit.ErrUnverified):
		return "", errors.Join(errors.New("the changed file verifies"), err)
	case !strings.Contains(err.Error(), fmt.Sprintf("entry %d", number)):
		return "", fmt.Errorf("another entry is named: %w", err)
	}
	return err.Error(), nil
}

// seesReading checks that the auditor's own reading stands in the log, once a
// witnessed checkpoint covers it.
func (w *World) seesReading(ctx context.Context, _ local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		v, err := w.trail(ctx)
		if err != nil {
			return "", err
		}
		for _, r := range v.Readings {
			if string(r.What) == given[0] && r.Auditor == w.auditor.Agency() {
				return fmt.Sprintf("entry %d of the log says so", r.Number), nil
			}
		}
		return "", fmt.Errorf("none of %d readings of the case is one", len(v.Readings))
	})
}

// showsForked signs, with the log's own key, a log that is as long as the one
// that a witness cosigned and differs in one entry, and offers it to that witness.
func (w *World) showsForked(ctx context.Context, _ local.Member, given []string) (string, error) {
	number, err := w.entry(ctx, given[1])
	if err != nil {
		return "", err
	}
	to := byName(given[0])
	state, err := w.ledger(ctx)
	if err != nil {
		return "", err
	}
	witness := state.Agencies[to].Witness
	if witness == nil || witness.Size <= number {
		return "", fmt.Errorf("%s has not cosigned entry %d", given[0], number)
	}
	signed, err := w.forge(ctx, witness.Size, number)
	if err != nil {
		return "", err
	}
	if err := w.offer(ctx, to, &events.CheckpointOffered{Old: witness.Size, Checkpoint: base64.StdEncoding.EncodeToString(signed)}); err != nil {
		return "", err
	}
	return fmt.Sprintf("%d entries, signed with the log's own key; entry %d is not what it was", witness.Size, number), nil
}

// forge signs the first entries of the log with another one in the place of one.
func (w *World) forge(ctx context.Context, size, number uint64) ([]byte, error) {
	rows, err := w.hub.AsOwner(ctx, "SELECT leaf_hash FROM entry ORDER BY number LIMIT $1", int64(size)) //nolint:gosec // entries do not reach the sign bit
	if err != nil {
		return nil, err
	}
	var tree tlog.Tree
	for i, row := range rows {
		leaf, _ := row[0].([]byte)
		hash := tlog.Hash(leaf)
		if uint64(i) == number {
			_, _ = rand.Read(hash[:])
		}
		tree.Append(hash, nil)
	}
	secret, err := os.ReadFile(w.at.LogKey())
	if err != nil {
		return nil, err
	}
	signer, err := note.NewSigner(strings.TrimSpace(string(secret)))
	if err != nil {
		return nil, err
	}
	return tlog.Checkpoint{Origin: w.directions.Hub.Origin(), Size: tree.Size(), Root: tree.Root()}.Sign(signer)
}

// offer sends a control message to an agency in the hub's name, with its key.
func (w *World) offer(ctx context.Context, to events.AgencyID, facts events.Payload) error {
	key, err := seal.LoadSigningKey(w.at.HubKey())
	if err != nil {
		return err
	}
	data, err := events.Encode(facts)
	if err != nil {
		return err
	}
	now := time.Now()
	id, err := events.NewUUID(now, rand.Reader)
	if err != nil {
		return err
	}
	e, err := key.Sign(events.Event{
		ID: events.EventID(id), Source: events.Source(w.directions.Hub, events.HubAgency), Type: facts.Type(),
		DataContentType: events.FactsContent, DataSchema: facts.Type().Schema(), Subject: string(to), Time: events.At(now.Add(2 * time.Second)), // newer than the hub's own
		Hub: w.directions.Hub.Origin(), CorrelationID: events.EventID(id), CausationID: events.EventID(id), TraceParent: exchange.TraceParent(ctx), Data: data,
	})
	if err != nil {
		return err
	}
	hub, err := exchange.ConnectHub(ctx, exchange.HubConfig{URL: "nats://" + w.directions.Broker, CredsFile: w.at.HubCreds()})
	if err != nil {
		return err
	}
	defer hub.Close()
	return hub.Send(ctx, to, exchange.Encode(e))
}

// isAlarmed waits until an agency's own doctor shows an alarm.
func (w *World) isAlarmed(ctx context.Context, who local.Member, given []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		var health agency.Health
		if err := w.people(who).Get(ctx, "/v1/doctor", &health); err != nil {
			return "", err
		}
		for _, alarm := range health.Alarms {
			if alarm.Name == given[0] {
				return alarm.Text, nil
			}
		}
		return "", fmt.Errorf("none of its %d alarms is %s", len(health.Alarms), given[0])
	})
}

// resetsWitness is the ceremony: people of two agencies compare what the one
// cosigned, and the other's witness goes on from there, in everybody's sight.
func (w *World) resetsWitness(ctx context.Context, who local.Member, given []string) (string, error) {
	var theirs agency.WitnessView
	if err := w.people(cast()[given[0]]).Get(ctx, "/v1/witness", &theirs); err != nil {
		return "", err
	}
	err := w.people(who).Post(ctx, "/v1/witness/reset", agency.Reset{
		Staff: given[1], Because: events.ResetLogForked, Size: theirs.Size, Root: theirs.Root,
	}, nil)
	return fmt.Sprintf("compared by telephone: %d entries, root %.12s…; that it began anew is an entry that all agencies get", theirs.Size, theirs.Root), err
}

func (w *World) cosignsAgain(ctx context.Context, who local.Member, _ []string) (string, error) {
	return until(ctx, func(ctx context.Context) (string, error) {
		var view agency.WitnessView
		if err := w.people(who).Get(ctx, "/v1/witness", &view); err != nil {
			return "", err
		}
		if view.State != agency.WitnessCosigns {
			return "", errors.New(view.Says)
		}
		return view.Says, nil
	})
}
