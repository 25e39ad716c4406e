package agency

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"handrail/services/agency"
	"handrail/services/agency/recovery"
)

// burns loses the agency's machine, with its journal, and restores its keys from
// the recovery kit into an empty folder.
func (s *site) burns(sheets [recovery.Sheets]recovery.Sheet) {
	s.w.t.Helper()
	s.stop()
	kit := filepath.Join(s.w.dir, "kit-of-"+string(s.config.Agency))
	s.w.must(os.CopyFS(kit, os.DirFS(filepath.Join(s.config.Dir, recovery.Dir))))
	s.w.must(os.RemoveAll(s.config.Dir))
	_, err := recovery.Restore(kit, s.config.Dir, sheets[0], sheets[2])
	s.w.must(err)
}

// The machine is gone, and with it the journal. With the keys of the recovery kit
// the agency gets its deliveries again, is heard with the first thing that it says,
// and witnesses again once its people compared the log.
func TestAnAgencyGoesOnFromTheRecoveryKitAlone(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	of := p.files("referral").Case
	p.agrees(of)
	p.refers(of, `["harbour-shelter"]`)
	p.settled()
	s.sees(of, "referral.requested")
	s.says(of, "referral.accepted", `{}`)
	w.eventually("what was sealed is released", func() bool { return len(s.readable(of)) == 4 })
	s.settled()
	sheets, err := recovery.Print(s.config.Dir, rand.Reader)
	w.must(err)
	s.rotates(`"signing","sealing"`)
	for range 3 {
		s.opensCase()
	}
	s.settled()
	size := w.watched(3, p, s)
	before, cases := s.status().Position, s.status().Cases

	s.burns(sheets)
	w.joined(theShelter)
	said := s.opensCase() // at once, and not once everything is here again
	w.eventually("its deliveries come again", func() bool { return s.status().Position >= before })
	s.settled()
	for _, one := range get[agency.OutboxView](s, "/v1/outbox").Said {
		if one.ID == said && one.State != "admitted" {
			t.Errorf("what it says first is %s, %s", one.State, one.Rule)
		}
	}
	if now := s.status().Cases; now != cases+1 || s.line(of, "referral.accepted").Number == 0 {
		t.Errorf("it had %d cases, said one more and has %d; what it said of the referral is %+v", cases, now, s.line(of, "referral.accepted"))
	}
	w.eventually("it reads again what it was sent", func() bool { return len(s.readable(of)) == 4 })
	for _, section := range s.sections(of) {
		if status, text := s.opens(of, section.Record, "accommodation"); status != http.StatusOK {
			t.Errorf("opening %s: %d %s", section.Section, status, text)
		}
	}
	if s.alarmed("fold-differs") {
		t.Errorf("its cases do not follow from what came again: %+v", s.status().Alarms)
	}
	if !s.alarmed("journal-behind") {
		t.Error("nobody is told that the journal is gone")
	}

	w.eventually("its witness asks for its people", func() bool { return s.alarmed("witness-lost") })
	if v := s.witness(); v.Size != 0 {
		t.Errorf("a witness that forgot cosigned %d entries", v.Size)
	}
	compared := p.witness()
	status, text := s.ask(http.MethodPost, "/v1/witness/reset", fmt.Sprintf(`{"staff":"lead-3","because":"state-lost","size":%d,"root":%q}`, compared.Size, compared.Root))
	if status != http.StatusAccepted && status != http.StatusOK {
		t.Fatalf("resetting the witness: %d %s", status, text)
	}
	w.eventually("it cosigns again", func() bool { v := s.witness(); return v.State == agency.WitnessCosigns && v.Size > size })
	s.rotates(`"signing"`)
	if gone := slices.DeleteFunc(get[agency.OutboxView](s, "/v1/outbox").Said, func(o agency.SaidView) bool { return o.State == "admitted" }); len(gone) != 0 {
		t.Errorf("not admitted: %+v", gone)
	}
}
