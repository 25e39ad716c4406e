package attacks

import (
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

// keyed is a change of keys as its subject would say it.
func (s *site) keyed(l events.Listing) events.Event {
	e := s.draft(&events.DirectoryKeyed{Listing: l}, "")
	e.Subject = string(l.Agency)
	return e
}

func (g *gate) keyedBadly(t *testing.T) {
	during(t, g.s, g.other)
	origin := g.file.Hub.Origin()
	s, mine := g.s, g.identity(t, thief, events.Police, origin)
	theirs := g.identity(t, provider, events.Shelter, origin)
	for _, attempt := range []struct {
		name    string
		listing events.Listing
	}{
		{"of another agency", theirs.listing},
		{"of an agency that is not listed", g.identity(t, newcomer, events.Shelter, origin).listing},
		{"in another kind", g.identity(t, thief, events.Coordinator, origin).listing},
		{"for another hub", g.identity(t, thief, events.Police, "handrail/elsewhere").listing},
		{"that nobody holds", func() events.Listing { l := mine.listing; l.Proof = theirs.listing.Proof; return l }()},
		{"with the old key's proof", func() events.Listing {
			l := mine.listing
			l.Proof = seal.NewListing(thief, events.Police, s.signing, mine.sealing, l.Witness, origin).Proof
			return l
		}()},
		{"with another's sealing key", func() events.Listing {
			l := mine.listing
			l.Sealing = g.listing(provider).Sealing
			return l
		}()},
		{"that are not new", g.listing(thief)},
	} {
		t.Run(attempt.name, func(t *testing.T) {
			during(t, s)
			before := g.doctor(t)
			e := s.keyed(attempt.listing)
			if attempt.listing.Agency != thief { // in its own name, and in the other's
				e.Subject = string(thief)
			}
			answer := s.answerTo(exchange.Encode(s.sign(e)))
			if answer.Kind != tlog.KindRefusal {
				t.Fatalf("it was answered %s", answer.Kind)
			}
			if answer.entry.Rule != events.RuleAttributeSyntax && answer.entry.Rule != events.RuleSignatureInvalid && answer.entry.Rule != events.RuleSourceMismatch || s.judged(answer) {
				s.next++
			}
			g.onlyTo(t, before, thief)
			s.admits(s.opening())
		})
	}
}

// judged says whether a refusal came in its turn, and so has used its number up.
func (s *site) judged(g got) bool {
	return g.Sequence == s.next.String() && g.entry.Rule != events.RuleAttributeSyntax
}

// oldKey replaces the thief's keys, then goes on with those of before.
func (g *gate) oldKey(t *testing.T) {
	during(t, g.s, g.other)
	s, old := g.s, g.s.signing
	mine := g.identity(t, thief, events.Police, g.file.Hub.Origin())
	s.admits(s.keyed(mine.listing))
	before := g.doctor(t)
	e := s.opening()
	e.Sequence = s.next.String()
	signed, err := old.Sign(e)
	must(t, err)
	if answer := s.answerTo(exchange.Encode(signed)); answer.Kind != tlog.KindRefusal || answer.entry.Rule != events.RuleKeyUnknown {
		t.Errorf("the old key is answered %s %s", answer.Kind, answer.entry.Rule)
	}
	again := g.identity(t, thief, events.Police, g.file.Hub.Origin()) // and takes the keys back
	e = s.keyed(again.listing)
	e.Sequence = (s.next + 1).String()
	signed, err = old.Sign(e)
	must(t, err)
	if answer := s.answerTo(exchange.Encode(signed)); answer.Kind != tlog.KindRefusal || answer.entry.Rule != events.RuleKeyUnknown {
		t.Errorf("new keys, signed with the old one, are answered %s %s", answer.Kind, answer.entry.Rule)
	}
	g.onlyTo(t, before, thief)
	s.signing, s.next = mine.signing, 1
	s.admits(s.opening())
}

// replacedSealingKey: what others seal from now on is for the new key.
func (g *gate) replacedSealingKey(t *testing.T) {
	during(t, g.s, g.other)
	s := g.s
	about, referral := s.refer()
	s.admits(s.sealed(about, referral, provider, provider))
	mine := g.identity(t, provider, events.Shelter, g.file.Hub.Origin())
	mine.listing = seal.NewListing(provider, events.Shelter, g.other.signing, mine.sealing, g.listing(provider).Witness, g.file.Hub.Origin())
	late := s.sealed(about, referral, provider, provider)
	g.other.admits(g.other.keyed(mine.listing))
	s.settles(t)
	s.denied(events.RuleKeyReplaced, late)
	s.admits(s.record(events.RecordHeader{
		To: provider, Case: about, Referral: referral, Purpose: events.PurposeAccommodation, Type: events.TypeRecordSealed, Section: events.SectionNeeds,
	}, provider))
	before := g.other.count() // what waited under the old key is released still: nobody says that it is lost
	g.other.admits(bed{about, referral}.about(g.other, &events.ReferralAccepted{Said: now()}))
	heard := names(g.other.since(before))
	if !slices.Contains(heard, "record.sealed") || !slices.Contains(heard, "record.released") {
		t.Errorf("accepted, the provider is sent %v", heard)
	}
}

// unheard submits something and checks that the ledger makes nothing of it that
// anybody is sent. Behind it an honest event is admitted.
func (g *gate) unheard(t *testing.T, s, honestly *site, m exchange.Message, rule events.Rule) {
	t.Helper()
	before := g.doctor(t)
	must(t, s.link.Submit(t.Context(), m))
	honestly.admits(honestly.opening())
	after := g.doctor(t)
	for id, c := range after.Agencies {
		if id != honestly.id && id != s.id && c.Assigned != before.Agencies[id].Assigned {
			t.Errorf("%s was sent something", id)
		}
	}
	rows, err := g.hub.AsOwner(t.Context(), "SELECT encode(entry, 'escape') FROM opening WHERE number >= $1", int64(before.Size))
	must(t, err)
	for _, row := range rows {
		text, _ := row[0].(string)
		if !strings.Contains(text, "submitter "+string(s.id)) {
			continue
		}
		if !strings.Contains(text, "verdict refused") || rule != "" && !strings.Contains(text, "rule "+string(rule)) {
			t.Errorf("what %s said stands in the log as\n%s", s.id, text)
		}
	}
}

// suspended: the log says it, and the broker does not know yet.
func (g *gate) suspended(t *testing.T) {
	during(t, g.s, g.other)
	s, other := g.s, g.other
	g.says(t, thief, &events.DirectorySuspended{Because: "device-lost"})
	count := s.count()
	g.unheard(t, s, other, exchange.Encode(s.sign(s.opening())), events.RuleAgencySuspended)
	keyed := s.keyed(g.identity(t, thief, events.Police, g.file.Hub.Origin()).listing)
	g.unheard(t, s, other, exchange.Encode(s.sign(keyed)), events.RuleAgencySuspended)
	g.unheard(t, s, other, exchange.Message{Data: []byte(uuid(t))}, "")
	about := other.draftCase(t)
	request := other.draft(&events.NoticeSent{Said: now(), To: thief, Age: events.Adult}, about)
	if answer := other.says(request); answer.Kind != tlog.KindRefusal {
		t.Errorf("somebody addresses a suspended agency, and is answered %s", answer.Kind)
	}
	g.refuses(t, newcomer, g.vouched(g.identity(t, newcomer, events.Shelter, g.file.Hub.Origin()).listing, thief, duty), events.RuleVouching)
	time.Sleep(300 * time.Millisecond)
	if now := s.count(); now != count {
		t.Errorf("a suspended agency was sent %v", names(s.got[count:]))
	}
	g.says(t, thief, &events.DirectoryResumed{})
	s.settles(t)
	s.admits(s.opening())
}

// draftCase opens a case and gives it.
func (s *site) draftCase(t testing.TB) events.CaseID {
	t.Helper()
	id := events.CaseID(uuid(t))
	s.admits(s.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, id))
	return id
}

// revoked: records wait for an agency, and its keys are revoked before it accepts.
func (g *gate) revoked(t *testing.T) {
	during(t, g.s, g.other)
	s, other := g.s, g.other
	about, referral := s.refer()
	record := s.record(events.RecordHeader{
		To: provider, Case: about, Referral: referral, Purpose: events.PurposeAccommodation, Type: events.TypeRecordSealed, Section: events.SectionIdentity,
	}, provider)
	s.admits(record)
	s.settles(t)
	before, theirs := s.count(), other.count()
	g.says(t, provider, &events.DirectoryRevoked{Because: "keys-stolen"})
	eventually(t, "the sender is told that its record was erased", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return slices.ContainsFunc(s.got[before:], func(d got) bool {
			return d.event != nil && d.event.Type == events.TypeRecordErased && strings.Contains(string(d.event.Data), string(record.ID)) && strings.Contains(string(d.event.Data), string(events.ErasedKeyEnded))
		})
	})
	accepted := bed{about, referral}.about(other, &events.ReferralAccepted{Said: now()})
	g.unheard(t, other, s, exchange.Encode(other.sign(accepted)), events.RuleKeyUnknown)
	g.unheard(t, other, s, exchange.Encode(other.sign(other.opening())), events.RuleKeyUnknown)
	if now := other.count(); now != theirs {
		t.Errorf("a revoked agency was sent %v", names(other.got[theirs:]))
	}
	rows, err := g.hub.AsOwner(t.Context(), "SELECT count(*) FROM payload WHERE position($1::bytea IN data) > 0", record.Data[len(record.Data)-64:])
	must(t, err)
	if n, _ := rows[0][0].(int64); n != 0 {
		t.Error("the hub still holds what was sealed to a revoked key")
	}
	g.refusesToAddress(t, s, about, referral)
}

// refusesToAddress: nobody seals to, or asks, an agency that is revoked.
func (g *gate) refusesToAddress(t *testing.T, s *site, about events.CaseID, referral events.ReferralID) {
	t.Helper()
	if answer := s.says(s.sealed(about, referral, provider, provider)); answer.Kind != tlog.KindRefusal {
		t.Errorf("a record sealed to a revoked key is answered %s", answer.Kind)
	}
	own := events.CaseID(uuid(t))
	s.admits(s.draft(&events.CaseOpened{Said: now(), Age: events.Adult}, own))
	s.admits(s.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, own))
	s.admits(s.draft(agreed(events.Recipient{Class: events.Shelter}, events.PurposeAccommodation, sections()), own))
	answer := s.says(s.draft(&events.ReferralRequested{
		Said: now(), To: events.Set[events.AgencyID]{provider}, Purpose: events.PurposeAccommodation, Sections: sections(),
		Needs: events.Set[events.Need]{"safe-accommodation"}, Urgency: events.Standard, Age: events.Adult,
	}, own))
	if answer.Kind != tlog.KindRefusal || answer.entry.Rule != mou.RuleRecipientUnknown {
		t.Errorf("a request to a revoked agency is answered %s %s", answer.Kind, answer.entry.Rule)
	}
}

// comesBack: with its old keys, or with the vouchings of before, nobody comes back.
func (g *gate) comesBack(t *testing.T) {
	during(t, g.s)
	origin := g.file.Hub.Origin()
	g.refuses(t, provider, &events.DirectoryResumed{}, "agency-standing")
	g.refuses(t, provider, g.vouched(g.listing(provider), honest, duty), events.RuleKeyReused)
	back := g.identity(t, provider, events.Shelter, origin)
	said := g.vouched(back.listing, honest, duty)
	g.says(t, provider, said)
	g.refuses(t, provider, said, events.RuleKeyReused)
	g.says(t, provider, &events.DirectoryRevoked{Because: "keys-stolen"})
	g.refuses(t, provider, said, events.RuleKeyReused) // the vouchings are good, and used
}
