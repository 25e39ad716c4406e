package agency

import (
	"net/http"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
)

// submitted waits until the broker holds something of an agency for the hub.
func (w *world) submitted(by events.AgencyID) {
	w.t.Helper()
	conn, err := nats.Connect(w.broker.ClientURL(), nats.UserCredentials(filepath.Join(w.dir, "hub.creds")))
	w.must(err)
	defer conn.Close()
	js, err := jetstream.New(conn)
	w.must(err)
	stream, err := js.Stream(w.t.Context(), "IN")
	w.must(err)
	w.eventually("the broker holds what "+string(by)+" said", func() bool {
		info, err := stream.Info(w.t.Context(), jetstream.WithSubjectFilter("in."+string(by)))
		return err == nil && info.State.Subjects["in."+string(by)] > 0
	})
}

// The shelter accepts and is then away; the referral is withdrawn before it is
// back. No record reaches it; it knows what was withdrawn, and answers.
func TestRecordsThatAreWithdrawnOnTheirWayAreTombstonesToTheShelter(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	c := p.files("referral").Case
	p.agrees(c)
	p.refers(c, `["harbour-shelter"]`)
	s.sees(c, "referral.requested")
	w.stop()
	s.says(c, "referral.accepted", `{}`)
	w.submitted(theShelter)
	s.stop()
	w.startLedger()
	p.sees(c, "record.released")
	p.says(c, "referral.withdrawn", `{"reason":"person-declined"}`)
	p.sees(c, "record.erased")
	s = w.start(theShelter)
	s.sees(c, "record.erased")
	s.settled()
	if ciphertexts := s.ciphertexts(); len(ciphertexts) != 0 {
		t.Fatalf("%d records reached the shelter", len(ciphertexts))
	}
	sections := s.sections(c)
	if len(sections) != 4 {
		t.Fatalf("the shelter sees %+v, want the tombstones of four sections", sections)
	}
	for _, section := range sections {
		if !section.Tombstone || section.Open || section.Rule != agency.RuleRecordRecalled {
			t.Errorf("a record that was withdrawn on its way is shown as %+v", section)
		}
		if status, text := s.opens(c, section.Record, "accommodation"); status != http.StatusGone || member(text, "rule") != `"record-recalled"` {
			t.Errorf("opening it is answered %d %s", status, text)
		}
	}
	owes := func() (pending int) {
		for _, clock := range get[agency.CaseView](s, "/v1/cases/"+string(c)).Clocks {
			if clock.Rule == mou.ClockErasure && clock.Owes == theShelter && clock.State == mou.ClockPending {
				pending++
			}
		}
		return pending
	}
	if owes() != 1 {
		t.Error("the shelter does not see that it owes an answer")
	}
	s.says(c, "erasure.confirmed", `{"answer":"erased"}`)
	p.sees(c, "erasure.confirmed")
	s.settled()
	if owes() != 0 {
		t.Error("the shelter owes an answer that it gave")
	}
	s.once(c)
	s.stop()
	s = w.start(theShelter)
	if health := get[agency.Health](s, "/v1/doctor"); len(health.Alarms) != 0 || len(s.sections(c)) != 4 {
		t.Errorf("after a restart: %+v, %d sections", health.Alarms, len(s.sections(c)))
	}
}
