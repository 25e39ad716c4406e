package audit

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// wrongs are what a hub could have done to its directory, or let others do; each is
// found in an exported trail and in the whole log alike.
func wrongs() map[string]struct {
	tell func(b *book) (forged uint64)
	want string
} {
	return map[string]struct {
		tell func(b *book) (forged uint64)
		want string
	}{
		"the hub lists somebody by itself": {func(b *book) uint64 {
			p := b.vouched(b.listing(social, events.Social), police)
			p.Vouching = append(p.Vouching, seal.NewVouching(shelter, b.signing[events.HubAgency], p.Listing, hubID.Origin()))
			return b.forges(events.HubAgency, social, p)
		}, "vouching"},
		"the hub lists other keys for an agency": {func(b *book) uint64 {
			return b.forges(events.HubAgency, shelter, b.who.ListedOf(b.listing(shelter, events.Shelter)))
		}, "the rules of the directory do not allow it"},
		"an agency is keyed by a stranger": {func(b *book) uint64 {
			l := b.listing(shelter, events.Shelter) // signed with the new key, which nobody knows
			return b.forges(shelter, shelter, &events.DirectoryKeyed{Listing: l})
		}, "signature-invalid"},
		"two of one kind vouch": {func(b *book) uint64 {
			return b.forges(events.HubAgency, social, b.vouched(b.listing(social, events.Social), shelter, harbour))
		}, "vouching"},
		"a key is listed again": {func(b *book) uint64 {
			before := b.has(harbour)
			b.rotates(harbour)
			now := b.has(harbour)
			b.gives(harbour, before)
			l := seal.NewListing(harbour, events.Shelter, before.signing, before.sealing, before.witness.Verifier().Name(), hubID.Origin())
			m, _ := b.who.Member(harbour)
			l.Witness = m.Listing.Witness
			l.Proof = seal.NewListing(harbour, events.Shelter, before.signing, before.sealing, l.Witness, hubID.Origin()).Proof
			b.gives(harbour, now)
			return b.forges(harbour, harbour, &events.DirectoryKeyed{Listing: l})
		}, "key-reused"},
		"an agency revokes another": {func(b *book) uint64 {
			return b.forges(police, shelter, &events.DirectoryRevoked{Because: "keys-stolen"})
		}, "its sender may not say this"},
		"who takes part is resumed": {func(b *book) uint64 {
			return b.forges(events.HubAgency, shelter, &events.DirectoryResumed{})
		}, "agency-standing"},
		"somebody is suspended whom nobody knows": {func(b *book) uint64 {
			return b.forges(events.HubAgency, social, &events.DirectorySuspended{Because: "misuse"})
		}, "key-unknown"},
	}
}

func TestAForgedChangeOfTheDirectoryIsFound(t *testing.T) {
	for name, c := range wrongs() {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			id := b.referred(true)
			forged := c.tell(b)
			want := fmt.Sprintf("entry %d", forged)
			_, err := b.auditor().Verify(b.trail(id, police))
			if !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("of the trail it says %v, want %s and %q", err, want, c.want)
			}
			if _, err = VerifyLog(t.Context(), b.verification()); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("of the log it says %v, want %s and %q", err, want, c.want)
			}
		})
	}
}

// speech is what a hub admitted of somebody who had nothing to say any more.
func TestWhoHasNoKeyAndWhoRestsSaysNothing(t *testing.T) {
	for name, c := range map[string]struct {
		tell func(b *book, id events.CaseID)
		want string
	}{
		"with a key of before": {func(b *book, _ events.CaseID) {
			before := b.has(police)
			b.rotates(police)
			b.gives(police, before)
		}, "signature-invalid"},
		"after it was revoked": {func(b *book, _ events.CaseID) {
			b.changes(events.HubAgency, police, &events.DirectoryRevoked{Because: "keys-stolen"})
		}, "the directory has no key of its sender"},
		"while it rests": {func(b *book, _ events.CaseID) {
			b.changes(events.HubAgency, police, &events.DirectorySuspended{Because: "device-lost"})
		}, "its sender was suspended"},
		"with keys that nobody listed": {func(b *book, _ events.CaseID) {
			b.listing(police, events.Police) // keys that are not listed yet
		}, "signature-invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			id := b.referred(true)
			c.tell(b, id)
			b.say(police, id, "", &events.RightsInformed{Said: b.said(), Language: "eng", Interpreter: events.NoInterpreter})
			said := fmt.Sprintf("entry %d: ", b.tree.Size()-1)
			trail := b.trail(id)
			if _, err := b.auditor().Verify(trail); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("of the trail it says %v, want %s%s", err, said, c.want)
			}
			of := b.verification()
			of.Checkpoint = b.checkpoint()
			if _, err := VerifyLog(t.Context(), of); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("of the log it says %v, want %s%s", err, said, c.want)
			}
		})
	}
}

// What a hub did with records whose key had ended is judged with the key as it was then.
func TestARecordReleasedToALostKeyIsFound(t *testing.T) {
	for name, lost := range map[string]bool{"lost": true, "not lost, and said to be": false} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			b.joins(social, events.Social, police, shelter)
			id := b.open()
			b.say(police, id, "", &events.CaseOpened{Said: b.said(), Age: events.Adult})
			b.say(police, id, "", &events.RightsInformed{Said: b.said(), Language: "ron", Interpreter: events.Independent})
			yes := b.m.Profile.Bundles["bed"].Consent(b.now)
			yes.Recorded, yes.Channel, yes.By, yes.Capacity, yes.Language, yes.Interpreter = events.At(b.now), events.InPerson, events.ByPerson, events.Clear, "ron", events.Independent
			yes.Present = events.Set[events.Present]{"person-alone"}
			b.say(police, id, "", &yes)
			r := b.say(police, id, "", &events.ReferralRequested{
				Said: b.said(), To: []events.AgencyID{shelter}, Purpose: events.PurposeAccommodation, Sections: events.Set[events.Section]{events.SectionNeeds},
				Needs: events.Set[events.Need]{"emergency-shelter"}, Urgency: events.Standard, Age: events.Adult,
			})
			b.seals(id, r, shelter)
			record := b.cases[id].state.Records()[0].ID
			if lost {
				b.joins(shelter, events.Shelter, police, social)
				b.say(shelter, id, r, &events.ReferralAccepted{Said: b.said()})
			}
			honest := b.m.Ended
			m := *b.m
			m.Ended = func(events.AgencyID, events.KeyID) bool { return !lost } // the hub lies
			b.m = &m
			var p events.Payload = &events.RecordReleased{Said: b.said(), Record: record, To: shelter}
			if !lost {
				p = &events.RecordErased{Said: b.said(), Record: record, Reason: events.ErasedKeyEnded}
			}
			b.say(events.HubAgency, id, r, p)
			if m.Ended = honest; honest == nil {
				t.Fatal("the book has no directory to judge by")
			}
			said := fmt.Sprintf("entry %d: the memorandum does not allow it", b.tree.Size()-1)
			if _, err := b.auditor().Verify(b.trail(id)); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) {
				t.Errorf("of the trail it says %v, want %s", err, said)
			}
			if _, err := VerifyLog(t.Context(), b.verification()); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), said) {
				t.Errorf("of the log it says %v, want %s", err, said)
			}
		})
	}
}

func TestATrailIsNotBelievedWithAnotherDirectory(t *testing.T) {
	b, id := turbulent(t)
	a := b.auditor()
	keyed := slices.IndexFunc(b.directory, func(n uint64) bool { return b.parsed(n).Attribute("type") == string(events.TypeDirectoryKeyed) })
	revoked := slices.IndexFunc(b.directory, func(n uint64) bool {
		return b.parsed(n).Attribute("type") == string(events.TypeDirectoryRevoked)
	})
	for name, c := range map[string]struct {
		tamper func(*ledger.Trail)
		want   string
	}{
		"a change of keys is left out": {func(t *ledger.Trail) { t.Directory = slices.Delete(t.Directory, keyed, keyed+1) }, ""},
		"a revocation is left out":     {func(t *ledger.Trail) { t.Directory = slices.Delete(t.Directory, revoked, revoked+1) }, ""},
		"two are exchanged":            {func(t *ledger.Trail) { t.Directory[1], t.Directory[2] = t.Directory[2], t.Directory[1] }, "a change of the directory"},
		"one stands there twice":       {func(t *ledger.Trail) { t.Directory = slices.Insert(t.Directory, 2, t.Directory[1]) }, "a change of the directory"},
		"another entry stands there":   {func(t *ledger.Trail) { t.Directory = append(t.Directory, t.Entries[0]) }, "a change of the directory: it says nothing of who takes part"},
		"its facts are others": {func(t *ledger.Trail) {
			e := &t.Directory[1]
			e.Data = bytes.Replace(e.Data, []byte(`"social"`), []byte(`"police"`), 1)
		}, "its facts are not the ones that were signed"},
		"none at all": {func(t *ledger.Trail) { t.Directory = nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			trail := b.trail(id)
			c.tamper(&trail)
			if _, err := a.Verify(trail); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
}
