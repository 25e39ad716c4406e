package agency

import (
	"bytes"
	"database/sql"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"handrail/events"
	"handrail/services/agency"
)

// taken refers a person and has the shelter accept: four sections are released.
func (w *world) taken(p, s *site) (events.CaseID, []agency.SectionView) {
	w.t.Helper()
	c := p.files("referral").Case
	p.agrees(c)
	p.refers(c, `["harbour-shelter"]`)
	s.sees(c, "referral.requested")
	s.says(c, "referral.accepted", `{}`)
	w.eventually("four sections are released", func() bool {
		sections := s.sections(c)
		for _, section := range sections {
			if !section.Open {
				return false
			}
		}
		return len(sections) == 4
	})
	return c, s.sections(c)
}

func TestAWithdrawalEndsUseAndErasesForGood(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	c, sections := w.taken(p, s)
	p.says(c, "referral.withdrawn", `{"reason":"person-declined"}`)
	s.sees(c, "referral.withdrawn")
	if status, text := s.opens(c, sections[0].Record, "accommodation"); status != http.StatusUnprocessableEntity || member(text, "rule") != `"use-ended"` {
		t.Errorf("opened after the withdrawal: %d %s", status, text)
	}
	ciphertext := s.ciphertexts()
	if len(ciphertext) != 4 || !s.onDisk(ciphertext) {
		t.Fatalf("%d records on disk", len(ciphertext))
	}
	s.says(c, "erasure.confirmed", `{"answer":"erased"}`)
	s.settled()
	p.sees(c, "erasure.confirmed")
	w.eventually("the journal's files hold nothing of what was confirmed as erased", func() bool { return !s.onDisk(ciphertext) })
	s.stop()
	s = w.start(theShelter)
	if health := get[agency.Health](s, "/v1/doctor"); len(health.Alarms) != 0 {
		t.Errorf("after the erasure: %+v", health)
	}
	if len(s.sections(c)) != 4 {
		t.Error("the trail of the erased records is gone")
	}
}

// ciphertexts gives the sealed records that a site's journal holds.
func (s *site) ciphertexts() (all [][]byte) {
	s.w.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.config.Dir, "journal.db"))
	s.w.must(err)
	defer func() { _ = db.Close() }()
	rows, err := db.QueryContext(s.w.t.Context(), `SELECT data FROM inbox WHERE record IS NOT NULL`)
	s.w.must(err)
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var data []byte
		s.w.must(rows.Scan(&data))
		all = append(all, data)
	}
	s.w.must(rows.Err())
	return all
}

// onDisk says whether any part of a ciphertext is anywhere in the journal's files.
func (s *site) onDisk(ciphertexts [][]byte) bool {
	s.w.t.Helper()
	for _, file := range []string{"journal.db", "journal.db-wal"} {
		text, err := os.ReadFile(filepath.Join(s.config.Dir, file))
		s.w.must(err)
		for _, ciphertext := range ciphertexts {
			tail := ciphertext[bytes.LastIndexByte(ciphertext[:bytes.LastIndexByte(ciphertext, '.')], '.'):] // ciphertext and tag
			for at := 0; at+24 <= len(tail); at += 24 {
				if bytes.Contains(text, tail[at:at+24]) {
					return true
				}
			}
		}
	}
	return false
}

func TestOfTwoSheltersOnlyTheOneThatAcceptsIsGivenAnything(t *testing.T) {
	w := newWorld(t)
	p, s, o := w.joined(thePolice), w.joined(theShelter), w.joined(otherHouse)
	c := p.files("referral").Case
	p.agrees(c)
	p.refers(c, `["harbour-shelter","hillside-shelter"]`)
	s.sees(c, "referral.requested")
	o.sees(c, "referral.requested")
	p.sees(c, "referral.acknowledged") // by the other house, whose desk wants that
	s.says(c, "referral.accepted", `{}`)
	w.eventually("four sections are released", func() bool { return len(s.sections(c)) == 4 })
	p.sees(c, "record.erased")
	o.settled()
	if sections := o.sections(c); len(sections) != 0 {
		t.Errorf("the other house has %+v", sections)
	}
	if line := o.line(c, "record.sealed"); line.Type != "" {
		t.Error("the other house sees a record")
	}
	for _, at := range []*site{p, s, o} {
		at.once(c)
	}
}
