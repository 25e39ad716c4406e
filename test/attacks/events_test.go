package attacks

import (
	"bytes"
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/deploy/local/story"
	"handrail/events"
	"handrail/events/exchange"
	"handrail/events/seal"
)

func TestAttacks(t *testing.T) {
	a := newArena(t, nil)
	s := a.enter(t, thief)
	s.neighbour = a.enter(t, provider)
	t.Run("an agency's account at the broker", s.atTheBroker)
	t.Run("an agency may try anything", s.mayTryAnything)
	t.Run("what was signed is what counts", s.forgeries)
	t.Run("hostile payloads", s.hostilePayloads)
	t.Run("hostile headers", s.hostileHeaders)
	t.Run("a name hidden in every member of every type", s.smuggles)
	t.Run("a record that only its recipient can tell is false", s.swappedForAnothers)
	t.Run("whoever has a part in a night learns its part and nothing else", func(t *testing.T) { a.night(t, s) })
	t.Run("a rota that others could read alerts nobody", func(t *testing.T) { a.openRota(t, s) })
	t.Run("an agency's account reaches nothing else", s.reachesNothingElse)
	t.Run("the audit API answers auditors only", a.answersAuditorsOnly)
	t.Run("whoever holds the broker can only delay", a.canOnlyDelay)
	t.Run("neighbours on the machine read nothing", a.neighboursReadNothing)
}

// mayTryAnything is one agency, with its own good keys, against the hub and
// everybody else. After each attempt an honest event is admitted.
func (s *site) mayTryAnything(t *testing.T) {
	during(t, s)
	first := s.opening()
	receipt := s.admits(first)
	for _, attempt := range []struct {
		name string
		try  func(*testing.T)
	}{
		{"a broken signature", s.brokenSignature},
		{"another key", s.anotherKey},
		{"another agency as source", s.anotherSource},
		{"another agency's own bytes", s.anothersBytes},
		{"an id used before", func(t *testing.T) { s.usedID(t, first.ID) }},
		{"the same bytes again", func(t *testing.T) { s.sameAgain(t, first, receipt) }},
		{"a sequence that leaves a gap", s.gap},
		{"a sequence used before", s.usedSequence},
		{"a time far ahead", s.ahead},
		{"another agency's case", s.othersCase},
		{"what only the hub says", s.hubsWord},
		{"a record under another key", s.swappedKey},
		{"a record moved to another case", s.movedRecord},
		{"a record for somebody not asked", s.notAsked},
		{"messages that are no events", s.notEvents},
	} {
		t.Run(attempt.name, func(t *testing.T) {
			during(t, s)
			attempt.try(t)
			s.admits(s.opening())
			s.healthy(t)
		})
	}
	t.Run("a flood", s.flood)
}

func (s *site) brokenSignature(*testing.T) {
	e := s.sign(s.opening())
	e.Time = events.At(e.Time.Time().Add(-time.Second))
	s.refuses(events.RuleSignatureInvalid, exchange.Encode(e))
	e = s.sign(s.opening())
	e.Data = flip(e.Data)
	s.refuses(events.RuleSignatureInvalid, exchange.Encode(e))
}

func (s *site) anotherKey(t *testing.T) {
	e := s.opening()
	e.Sequence = s.next.String()
	signed, err := stranger(t).Sign(e)
	must(t, err)
	s.refuses(events.RuleKeyUnknown, exchange.Encode(signed))
}

func (s *site) anotherSource(*testing.T) {
	for _, other := range []events.AgencyID{honest, events.HubAgency} {
		e := s.opening()
		e.Source = events.Source(s.file.Hub, other)
		s.refuses(events.RuleSourceMismatch, exchange.Encode(s.sign(e)))
	}
}

// anothersBytes submits, unchanged, what another agency signed.
func (s *site) anothersBytes(t *testing.T) {
	during(t, s.neighbour)
	s.neighbour.refuses(events.RuleSourceMismatch, exchange.Encode(s.sign(s.opening())))
}

func (s *site) usedID(_ *testing.T, id events.EventID) {
	e := s.opening()
	e.ID, e.CausationID = id, id
	s.refuses(events.RuleIDReused, exchange.Encode(s.sign(e)))
	s.next++ // its turn had come, so the refusal consumed the number
}

func (s *site) sameAgain(t *testing.T, e events.Event, receipt got) {
	size := s.doctor(t).Size
	s.mu.Lock()
	signed := s.said[receipt.entry.Attribute("dssematerial")]
	s.repeated = nil
	s.mu.Unlock()
	if signed.ID != e.ID {
		t.Fatal("the receipt is for another event")
	}
	must(t, s.link.Submit(t.Context(), exchange.Encode(signed)))
	eventually(t, "the first answer again", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.repeated) > 0
	})
	if s.repeated[0].header != receipt.header {
		t.Error("the second answer is not the first one")
	}
	if now := s.doctor(t).Size; now != size {
		t.Errorf("the log grew by %d entries", now-size)
	}
}

func (s *site) gap(t *testing.T) {
	size := s.doctor(t).Size
	missing := s.sign(s.opening())
	e := s.opening()
	e.Sequence = (s.next + 1).String()
	behind := s.sign(e)
	must(t, s.link.Submit(t.Context(), exchange.Encode(behind)))
	eventually(t, "the hub asks for what is missing", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, e := range s.controls {
			payload, err := events.Decode(e.Type, e.Data)
			if ask, ok := payload.(*events.ResendFrom); err == nil && ok && events.Sequence(ask.Sequence) == s.next {
				return true
			}
		}
		return false
	})
	if now := s.doctor(t).Size; now != size {
		t.Error("something out of turn was recorded")
	}
	for _, e := range []events.Event{missing, behind} {
		if g := s.answerTo(exchange.Encode(e)); g.Kind != tlog.KindReceipt {
			t.Errorf("in its turn it was answered %s %s", g.Kind, g.entry.Rule)
		}
		s.next++
	}
}

func (s *site) usedSequence(*testing.T) {
	e := s.opening()
	e.Sequence = events.Sequence(1).String()
	s.refuses(events.RuleSequenceReused, exchange.Encode(s.sign(e)))
}

func (s *site) ahead(*testing.T) {
	e := s.opening()
	e.Time = events.At(time.Now().Add(10 * time.Minute))
	s.refuses(events.RuleTimeAhead, exchange.Encode(s.sign(e)))
	s.next++
}

// othersCase speaks of a case that this agency has never heard of: the answer
// is the same as for a case that does not exist.
func (s *site) othersCase(t *testing.T) {
	must(t, s.world.Tell(t.Context(), "police receives form referral\nhub records case.opened by police\n", quiet{}))
	var reasons []string
	for _, id := range []events.CaseID{s.world.Case, events.CaseID(uuid(t))} {
		e := s.draft(&events.RightsInformed{Said: now(), Language: "eng", Interpreter: events.NoInterpreter}, id)
		g := s.refuses(mou.RuleCaseUnknown, exchange.Encode(s.sign(e)))
		reasons = append(reasons, g.Reason)
		s.next++
	}
	if reasons[0] != reasons[1] {
		t.Errorf("the answers tell whether the case exists: %q", reasons)
	}
}

// hubsWord says, about itself and about others, all that only the hub says.
func (s *site) hubsWord(t *testing.T) {
	said, listing := now(), s.listed[s.id]
	d := events.Deadline{Duty: events.DutyAnswer, Set: 1, Owes: provider, Due: events.At(time.Now())}
	about := events.CaseID(uuid(t))
	spoken := map[events.Type]bool{}
	for _, p := range []events.Payload{
		&events.RecordReleased{Said: said, Record: events.EventID(uuid(t)), To: s.id},
		&events.RecordErased{Said: said, Record: events.EventID(uuid(t)), Reason: events.ErasedWithdrawn},
		&events.ReferralNotNeeded{Said: said, To: provider},
		&events.ReferralEscalated{Said: said, Step: events.NextCandidate, To: s.id, Because: events.DutyAnswer, Call: honest, Urgency: events.Tonight},
		&events.DeadlineDueSoon{Said: said, Deadline: d}, &events.DeadlineMissed{Said: said, Deadline: d},
		&events.ConsularAllowed{Said: said, Owner: s.id}, &events.ConsularBarred{Said: said},
		&events.DirectoryListed{Log: s.founded.Log, Signing: s.founded.Signing, Profile: s.founded.Profile, Text: s.founded.Text, Agencies: []events.Listing{listing}},
		&events.DirectoryFounded{Log: s.founded.Log, Signing: s.founded.Signing, Profile: s.founded.Profile, Text: s.founded.Text, Agencies: s.founded.Agencies},
		&events.TrailRead{What: events.ReadingCases},
		&events.DirectoryJoined{Listing: listing, Vouching: []events.Vouching{
			seal.NewVouching(honest, s.signing, listing, s.file.Hub.Origin()), seal.NewVouching(provider, s.signing, listing, s.file.Hub.Origin()),
		}},
		&events.DirectorySuspended{Because: "misuse"}, &events.DirectoryResumed{}, &events.DirectoryRevoked{Because: "left"},
		&events.RetentionEnded{Case: about, Entries: 1, Leaves: strings.Repeat("0a", 32)},
	} {
		spoken[p.Type()] = true
		t.Run(p.Type().Name(), func(t *testing.T) {
			during(t, s)
			e := s.draft(p, about)
			switch p.Type() {
			case events.TypeDirectoryListed, events.TypeTrailRead, events.TypeDirectoryJoined:
				e.Subject = string(s.id)
			case events.TypeDirectorySuspended, events.TypeDirectoryResumed, events.TypeDirectoryRevoked:
				e.Subject = string(honest)
			case events.TypeDirectoryFounded, events.TypeRetentionEnded:
				e.Subject = string(events.HubAgency)
			default:
			}
			s.refuses(mou.RulePower, exchange.Encode(s.sign(e)))
			s.next++
		})
	}
	for _, of := range events.Types() {
		if of.HubOnly() && !of.IsControl() && !spoken[of] {
			t.Errorf("nobody tried to say %s", of.Name())
		}
	}
}

func (s *site) swappedKey(*testing.T) {
	about, referral := s.refer()
	e := s.sealed(about, referral, provider, thief)
	s.refuses(events.RuleRecordHeader, exchange.Encode(s.sign(e)))
	s.next++
}

func (s *site) movedRecord(t *testing.T) {
	one, first := s.refer()
	other, second := s.refer()
	good := s.sealed(one, first, provider, provider)
	s.admits(good)
	moved := s.sealed(other, second, provider, provider)
	moved.Data, moved.PlainCommit = bytes.Clone(good.Data), good.PlainCommit
	s.refuses(events.RuleRecordHeader, exchange.Encode(s.sign(moved)))
	s.next++
	again := s.sealed(one, first, provider, provider) // the same ciphertext under another id
	again.Data, again.PlainCommit = bytes.Clone(good.Data), good.PlainCommit
	s.refuses(events.RuleRecordHeader, exchange.Encode(s.sign(again)))
	s.next++
	if bytes.Contains(good.Data, []byte("Invented")) {
		t.Error("the record is not sealed")
	}
}

func (s *site) notAsked(*testing.T) {
	about, referral := s.refer()
	s.refuses(mou.RuleNotCandidate, exchange.Encode(s.sign(s.sealed(about, referral, shelter, shelter))))
	s.next++
	s.refuses(mou.RuleAgreementTable, exchange.Encode(s.sign(s.sealed(about, referral, coordination, coordination))))
	s.next++
}

// flood sends nonsense for as long as others tell a whole referral.
func (s *site) flood(t *testing.T) {
	during(t, s)
	const many = 500
	before := s.count()
	text, err := story.Text("referral")
	must(t, err)
	sent := make(chan error, 1)
	go func() {
		for range many {
			nonsense := make([]byte, 200)
			_, _ = rand.Read(nonsense)
			if err := s.link.Submit(t.Context(), exchange.Message{Data: nonsense}); err != nil {
				sent <- err
				return
			}
		}
		sent <- nil
	}()
	must(t, s.world.Tell(t.Context(), text, quiet{}))
	must(t, <-sent)
	eventually(t, "every piece of nonsense is answered", func() bool { return s.count() >= before+many })
	for _, g := range s.got[before:] {
		if g.Kind != tlog.KindRefusal {
			t.Errorf("nonsense was answered %s", g.Kind)
		}
	}
	s.admits(s.opening())
	s.healthy(t)
}

// quiet is a teller that tells nobody.
type quiet struct{}

func (quiet) Heading(string)        {}
func (quiet) Done([]string, string) {}
