package ledger

import (
	"context"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"testing"
	"time"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/ledger/audit"
)

// watching lets agencies of a world witness.
func (w *world) watching(ids ...events.AgencyID) {
	for _, id := range ids {
		w.agencies[id].watches()
	}
}

// remembers gives a witness another memory than it has.
func (s *site) remembers(of tlog.Witness) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch.witness = of
}

func (s *site) memory() tlog.Witness {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.watch.witness
}

func (w *world) size() uint64 { return uint64(w.count("SELECT max(size) FROM checkpoint")) }

// cosignedAll waits until the agencies have cosigned the whole log and the hub knows.
func (w *world) cosignedAll(ids ...events.AgencyID) {
	w.t.Helper()
	for _, id := range ids {
		w.eventually(string(id)+" has cosigned the whole log", func() bool {
			return w.count("SELECT count(*) FROM cosignature WHERE agency = $1 AND size = (SELECT max(size) FROM checkpoint)", string(id)) == 1
		})
	}
}

func TestEveryAgencyCosignsAtMostOnceASecond(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	all := []events.AgencyID{police, shelter, shelter2, coordinator}
	w.watching(all...)
	began := time.Now()
	_, run := w.load(120)
	run()
	w.cosignedAll(all...)
	seconds := int(time.Since(began).Seconds()) + 2
	for _, id := range all {
		s := w.agencies[id]
		s.mu.Lock()
		offers := s.watch.offers
		s.mu.Unlock()
		if _, findings := s.cosigned(); offers > seconds || len(findings) > 0 {
			t.Errorf("%s was offered %d checkpoints in %d s and found %v", id, offers, seconds, findings)
		}
	}
	status, body := w.ask(http.MethodGet, url+"/v1/tlog/checkpoint", "", w.agencies[shelter])
	found, err := tlog.Cosignatures(body, w.cosigners())
	if err != nil || status != http.StatusOK || len(found) != len(all) {
		t.Errorf("the newest checkpoint bears %d cosignatures: %d %s %v", len(found), status, body, err)
	}
	d, err := audit.Doctor(t.Context(), url)
	w.must(err)
	if !d.Witnessed || d.WitnessedSize != w.size() || d.Agencies[police].Witness == nil || d.Agencies[police].Witness.Size != d.WitnessedSize || d.Agencies[police].Witness.At == nil {
		t.Errorf("the doctor says %+v", d)
	}
	if n := w.count("SELECT count(*) FROM entry WHERE number NOT IN (SELECT number FROM submission)"); n != 0 {
		t.Errorf("%d entries are nobody's submission: cosigning is not logged", n)
	}
	w.check()
}

// A hub that forgot a cosignature is told, and goes on from what the witness shows.
func TestAHubThatForgotACosignatureGoesOnFromTheWitnesss(t *testing.T) {
	w := newWorld(t)
	w.watching(police, shelter)
	w.open()
	w.cosignedAll(police, shelter)
	first := w.size()
	w.open()
	w.cosignedAll(police, shelter)
	w.stop()
	admin := as(t, w.database, "")
	_, err := admin.Exec(t.Context(), "SET session_replication_role = replica") // no trigger
	w.must(err)
	_, err = admin.Exec(t.Context(), "DELETE FROM cosignature WHERE agency = $1 AND size > $2", string(shelter), int64(first))
	w.must(err)
	w.start()
	w.open()
	w.cosignedAll(police, shelter)
	if _, findings := w.agencies[shelter].cosigned(); !slices.Equal(findings, []events.Finding{events.FindingOldSize}) {
		t.Errorf("the witness found %v", findings)
	}
	if _, findings := w.agencies[police].cosigned(); len(findings) != 0 {
		t.Errorf("the other witness found %v", findings)
	}
}

// A witness whose state is lost cosigns nothing until its people reset it, which
// everyone sees in the log.
func TestAWitnessThatLostItsStateIsResetByItsPeople(t *testing.T) {
	for name, left := range map[string]func(tlog.Witness) tlog.Witness{
		"nothing is left":     func(tlog.Witness) tlog.Witness { return tlog.Witness{} },
		"an old copy is left": func(old tlog.Witness) tlog.Witness { return old },
	} {
		t.Run(name, func(t *testing.T) { resetByItsPeople(t, left) })
	}
}

func resetByItsPeople(t *testing.T, left func(old tlog.Witness) tlog.Witness) {
	t.Helper()
	listen, url := listening(t)
	w := newWorld(t, listen)
	w.watching(police, shelter)
	w.open()
	w.cosignedAll(police, shelter)
	one := w.agencies[shelter]
	old := one.memory()
	w.open()
	w.cosignedAll(police, shelter)
	kept := one.memory()
	one.remembers(left(old))
	w.open()
	w.cosignedAll(police)
	finding := func(want events.Finding) {
		t.Helper()
		w.eventually("the doctor says: "+string(want), func() bool {
			d, err := audit.Doctor(t.Context(), url)
			w.must(err)
			return d.Agencies[shelter].Witness.Finding == want
		})
	}
	finding(events.FindingStateLost)
	reset := func(c tlog.Checkpoint) events.Event {
		return one.say(&events.WitnessReset{Said: now(), Because: events.ResetStateLost, Size: c.Size, Root: hex.EncodeToString(c.Root[:])}, "", "")
	}
	other := kept.Last
	other.Root[0] ^= 1
	one.refused(reset(other), events.RuleDataRange)
	other = kept.Last
	other.Size = 1 << 40
	one.refused(reset(other), events.RuleDataRange)

	w.stop() // a hub that begins anew knows it too
	w.start()
	w.open()
	w.cosignedAll(police)
	finding(events.FindingStateLost)
	one.remembers(tlog.Witness{Last: kept.Last}) // what its people compared: no note, so it can show none
	said := reset(kept.Last)
	one.admitted(said)
	w.cosignedAll(police, shelter)
	finding("")
	w.agencies[police].has(said)
	w.agencies[coordinator].has(said)
	d, err := audit.Doctor(t.Context(), url)
	w.must(err)
	if d.Agencies[shelter].Witness.Reset != uint64(w.entryOf(said)) || d.Agencies[police].Witness.Reset != 0 {
		t.Errorf("the doctor says %+v", d.Agencies[shelter].Witness)
	}
}

// ends runs a ledger until it ends by itself, and gives why.
func (w *world) ends() error {
	w.t.Helper()
	l, err := ledger.New(w.config)
	w.must(err)
	ctx, cancel := context.WithTimeout(w.t.Context(), time.Minute)
	defer cancel()
	if err := l.Run(ctx); err != nil {
		return err
	}
	w.t.Error("the ledger did not end by itself")
	return nil
}

// signedElsewhere is what a witness remembers that saw the log's own key sign
// another history, of a size that this one has or has not.
func (s *site) signedElsewhere(size uint64) tlog.Witness {
	s.w.t.Helper()
	c := tlog.Checkpoint{Origin: hubID.Origin(), Size: size, Root: tlog.Hash{1, 2, 3}}
	signed, err := c.Sign(s.w.logSigner())
	s.w.must(err)
	signed, err = s.witness.Cosign(signed, s.w.verifier.Log, time.Now())
	s.w.must(err)
	return tlog.Witness{Last: c, Note: signed}
}

// A hub that hears from one witness what its own key signed, and its database does
// not hold, stops for good: also after a restart, and as a standby. Every witness
// is still shown what it must not cosign.
func TestAHubThatIsBehindOrForkedStopsForGood(t *testing.T) {
	for name, c := range map[string]struct {
		more    uint64
		want    error
		finding events.Finding
	}{
		"rolled back": {7, ledger.ErrRolledBack, events.FindingRolledBack},
		"forked":      {0, ledger.ErrForked, events.FindingInconsistent},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.watching(police, shelter, coordinator)
			w.open()
			w.cosignedAll(police, shelter, coordinator)
			w.stop()
			size := w.size()
			seen := map[events.AgencyID]tlog.Witness{}
			for _, id := range []events.AgencyID{police, shelter} {
				seen[id] = w.agencies[id].signedElsewhere(size + c.more)
				w.agencies[id].remembers(seen[id])
			}
			if err := w.ends(); !errors.Is(err, c.want) {
				t.Errorf("the ledger ended with %v", err)
			}
			for _, id := range []events.AgencyID{police, shelter} {
				w.eventually(string(id)+" found it too", func() bool {
					_, findings := w.agencies[id].cosigned()
					return slices.Contains(findings, c.finding)
				})
			}
			if n := w.size(); n != size {
				t.Errorf("the ledger signed up to %d entries, %d were cosigned", n, size)
			}
			for id, s := range w.agencies { // the proof is kept: no witness need show it again
				if s.watch != nil {
					w.agencies[id].mu.Lock()
					s.watch = nil
					w.agencies[id].mu.Unlock()
				}
			}
			if err := w.ends(); !errors.Is(err, c.want) {
				t.Errorf("started again, the ledger ended with %v", err)
			}
			w.goesOnAnyway(seen)
		})
	}
}

// goesOnAnyway accepts, as the owner, what was lost, and lets witnesses of the lost
// history show it once more: the ledger goes on, and they cosign when they are reset.
func (w *world) goesOnAnyway(seen map[events.AgencyID]tlog.Witness) {
	w.t.Helper()
	accept := func() { w.must(ledger.AcceptHistory(w.t.Context(), w.ownerURL())) }
	accept()
	w.agencies[police].watches()
	w.agencies[police].remembers(seen[police])
	w.agencies[shelter].watches() // it was away, and saw less of the lost history
	w.agencies[shelter].remembers(w.agencies[shelter].signedElsewhere(seen[shelter].Last.Size - 1))
	w.agencies[coordinator].watches()
	known := w.count("SELECT count(*) FROM contradiction")
	w.start()
	w.open()
	if n := w.count("SELECT count(*) FROM contradiction"); n != known {
		w.t.Errorf("%d checkpoints more contradict the log", n-known)
	}
	for _, id := range []events.AgencyID{police, shelter} {
		w.eventually("a lost checkpoint was shown again", func() bool { _, findings := w.agencies[id].cosigned(); return len(findings) > 0 })
	}
	w.open()
	if n := w.count("SELECT count(*) FROM contradiction"); n != known {
		w.t.Errorf("%d more checkpoints of what was given up contradict the log", n-known)
	}
}

// What the log's key did not sign stops nobody: anybody could write it.
func TestAWitnessThatShowsForgeriesStopsNothing(t *testing.T) {
	listen, url := listening(t)
	w := newWorld(t, listen)
	w.watching(police, shelter, coordinator)
	one := w.agencies[shelter]
	w.open()
	w.cosignedAll(police, shelter, coordinator)
	forged := one.signedElsewhere(w.size() + 100)
	forged.Note[len(forged.Note)/2] ^= 1
	one.remembers(forged)
	w.open()
	w.cosignedAll(police, coordinator)
	w.eventually("the doctor names the witness", func() bool {
		d, err := audit.Doctor(t.Context(), url)
		w.must(err)
		return d.Active && d.Agencies[shelter].Witness.Finding == events.FindingUnsigned
	})
	w.check()
}
