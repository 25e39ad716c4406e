package agency

import (
	"crypto/rand"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
	"handrail/services/agency"
	"handrail/services/agency/keyring"
)

// lies has the police's own system, past their service, seal to the shelter
// something else than it commits to. The hub cannot tell.
func (s *site) lies(to *site, of events.CaseID, referral events.ReferralID) events.EventID {
	w := s.w
	w.t.Helper()
	said := get[agency.OutboxView](s, "/v1/outbox").Said
	last, err := events.ParseSequence(said[len(said)-1].Sequence)
	w.must(err)
	s.stop()
	signing, err := seal.LoadSigningKey(filepath.Join(s.config.Dir, keyring.Signing.File()))
	w.must(err)
	theirs, err := seal.LoadSealingKey(filepath.Join(to.config.Dir, keyring.Sealing.File()))
	w.must(err)
	id, err := events.NewUUID(time.Now(), rand.Reader)
	w.must(err)
	header := events.RecordHeader{
		KeyID: theirs.ID(), Source: events.Source(hubID, s.config.Agency), ID: events.EventID(id), To: to.config.Agency, Case: of, Referral: referral,
		Purpose: events.PurposeAccommodation, Type: events.TypeRecordSealed, Section: events.SectionNeeds,
	}
	jwe, _, err := seal.Seal(theirs.Public(), header, []byte(`{"diet":"invented"}`), rand.Reader)
	w.must(err)
	_, other, err := seal.Seal(theirs.Public(), header, []byte(`{"diet":"another"}`), rand.Reader)
	w.must(err)
	e, err := signing.Sign(events.Event{
		ID: header.ID, Source: header.Source, Type: header.Type, DataContentType: events.SealedContent, DataSchema: header.Type.Schema(),
		Subject: string(of), Time: events.At(time.Now()), Hub: hubID.Origin(), Sequence: (last + 1).String(),
		CorrelationID: referral, CausationID: header.ID, TraceParent: exchange.TraceParent(w.t.Context()), PlainCommit: other, Data: jwe,
	})
	w.must(err)
	line, err := exchange.ConnectSite(w.t.Context(), exchange.SiteConfig{
		URL: s.config.NATS, CredsFile: filepath.Join(s.config.Dir, agency.CredsFile), Hub: hubID, Agency: s.config.Agency, Log: w.log,
	})
	w.must(err)
	defer line.Close()
	w.eventually("the broker takes it", func() bool { return line.Submit(w.t.Context(), exchange.Encode(e)) == nil })
	return e.ID
}

// What a sender committed to is not what it sealed: its recipient sees nothing of
// it, and says so in the log.
func TestARecordThatIsNotWhatWasCommittedIsDisputedInTheLog(t *testing.T) {
	w := newWorld(t)
	p, s := w.joined(thePolice), w.joined(theShelter)
	of := p.files("referral").Case
	p.agrees(of)
	p.refers(of, `["harbour-shelter"]`)
	p.settled()
	s.sees(of, "referral.requested")
	record := p.lies(s, of, p.line(of, "referral.requested").ID)
	s.says(of, "referral.accepted", `{}`)
	w.eventually("the record is released", func() bool {
		return slices.ContainsFunc(s.sections(of), func(v agency.SectionView) bool { return v.Record == record && v.Open })
	})
	status, text := s.opens(of, record, "accommodation")
	if status != http.StatusUnprocessableEntity || member(text, "rule") != `"record-disputed"` || strings.Contains(text, "invented") {
		t.Errorf("opening it: %d %s", status, text)
	}
	s.settled()
	said := map[string]string{}
	for _, line := range get[agency.OutboxView](s, "/v1/outbox").Said {
		said[line.Type] = line.State
	}
	if said["record.opened"] != "admitted" || said["record.disputed"] != "admitted" {
		t.Errorf("the shelter's words are %+v", said)
	}
}
