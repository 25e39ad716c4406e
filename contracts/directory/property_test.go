package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"handrail/contracts/directory"
	"handrail/events"
	"handrail/events/seal"
)

// reference is the directory as a list of what was taken, and everything is looked
// up by reading it from the beginning: slow, and too simple to be wrong.
type reference []told

// stands is how an agency stands ahead of an entry, and since when its sealing key
// is lost, if it was.
func (r reference) stands(a events.AgencyID, before uint64) (l events.Listing, at directory.Standing, lost uint64) {
	for _, one := range r {
		if one.number >= before || one.event.Subject != string(a) && one.number != 0 {
			continue
		}
		switch p := one.facts.(type) {
		case *events.DirectoryFounded:
			for _, founding := range p.Agencies {
				if founding.Agency == a {
					l, at = founding, directory.Active
				}
			}
		case *events.DirectoryListed:
			if p.Agencies[0].Agency == a {
				l, at = p.Agencies[0], directory.Active
			}
		case *events.DirectoryJoined:
			l, at, lost = p.Listing, directory.Active, one.number
		case *events.DirectoryKeyed:
			l = p.Listing
		case *events.DirectorySuspended:
			at = directory.Suspended
		case *events.DirectoryResumed:
			at = directory.Active
		case *events.DirectoryRevoked:
			at, lost = directory.Revoked, one.number
		}
	}
	return l, at, lost
}

// listings are all that were ever taken, each with its entry.
func (r reference) listings() (all []events.Listing, since []uint64) {
	for _, one := range r {
		var some []events.Listing
		switch p := one.facts.(type) {
		case *events.DirectoryFounded:
			some = p.Agencies
		case *events.DirectoryListed:
			some = p.Agencies
		case *events.DirectoryJoined:
			some = []events.Listing{p.Listing}
		case *events.DirectoryKeyed:
			some = []events.Listing{p.Listing}
		}
		for _, l := range some {
			all, since = append(all, l), append(since, one.number)
		}
	}
	return all, since
}

// listed says whether any of the keys was ever listed.
func (r reference) listed(keys ...string) bool {
	all, _ := r.listings()
	return slices.ContainsFunc(all, func(l events.Listing) bool {
		return slices.ContainsFunc(keys, func(k string) bool {
			return k != "" && (k == string(l.Signing) || k == string(l.Sealing) || k == l.Witness)
		})
	})
}

// takes says whether the rules take an entry next; what is damaged in it, drawing says.
func (r reference) takes(one drawn) bool {
	l, standing, _ := r.stands(one.about, directory.Now)
	if one.damaged || one.by != speaker(one.about, one.facts) {
		return false
	}
	switch p := one.facts.(type) {
	case *events.DirectoryJoined:
		kinds := map[events.AgencyKind]bool{}
		for _, v := range p.Vouching {
			m, at, _ := r.stands(v.Agency, directory.Now)
			if at != directory.Active || v.Agency == one.about || string(v.Key) != keyID(m.Signing) || m.Kind == events.Auditor || m.Kind == events.ForeignMission {
				return false
			}
			kinds[m.Kind] = true
		}
		return len(kinds) > 1 && !r.listed(string(p.Listing.Signing), string(p.Listing.Sealing), p.Listing.Witness)
	case *events.DirectoryKeyed:
		if standing != directory.Active {
			return false
		}
		var fresh []string
		for _, key := range [][2]string{{string(l.Signing), string(p.Listing.Signing)}, {string(l.Sealing), string(p.Listing.Sealing)}, {l.Witness, p.Listing.Witness}} {
			if key[0] != key[1] {
				fresh = append(fresh, key[1])
			}
		}
		return len(fresh) > 0 && !r.listed(fresh...)
	case *events.DirectorySuspended:
		return standing == directory.Active
	case *events.DirectoryResumed:
		return standing == directory.Suspended
	case *events.DirectoryRevoked:
		return standing == directory.Active || standing == directory.Suspended
	}
	return false
}

func keyID(public events.PublicKey) string {
	id, err := seal.SigningKeyID(public)
	if err != nil {
		panic(err)
	}
	return string(id)
}

// drawn is an entry that somebody tries to bring in.
type drawn struct {
	by, about events.AgencyID
	facts     events.Payload
	damaged   bool
}

func everybody() []events.AgencyID {
	return []events.AgencyID{police, lightship, harbour, social, auditor, embassy, consulate}
}

const generations = 6 // of each agency's keys

func draw(t *rapid.T, r reference) drawn {
	one := drawn{by: events.HubAgency, about: rapid.SampledFrom(everybody()).Draw(t, "about")}
	now, _, _ := r.stands(one.about, directory.Now)
	switch rapid.IntRange(0, 9).Draw(t, "what") {
	case 0:
		one.facts = &events.DirectorySuspended{Because: "device-lost"}
	case 1, 2:
		one.facts = &events.DirectoryResumed{}
	case 3:
		one.facts = &events.DirectoryRevoked{Because: "left"}
	case 4, 5, 6:
		l := mixed(t, one.about, now)
		one.facts, one.by = &events.DirectoryKeyed{Listing: l}, one.about
		one.damaged = damage(t, &l, one.facts)
	default:
		l := mixed(t, one.about, events.Listing{})
		p := &events.DirectoryJoined{Listing: l}
		for _, a := range everybody() {
			if rapid.Bool().Draw(t, "vouches") {
				n := rapid.IntRange(0, generations-1).Draw(t, "with")
				if m, at, _ := r.stands(a, directory.Now); at != "" && rapid.IntRange(0, 9).Draw(t, "as it should be") > 0 {
					n = generation(t, m)
				}
				p.Vouching = append(p.Vouching, seal.NewVouching(a, keys(t, a, n).signing, l, origin))
			}
		}
		one.facts = p
		one.damaged = damage(t, &p.Listing, nil)
	}
	if rapid.IntRange(0, 19).Draw(t, "speaks") == 0 {
		one.by = rapid.SampledFrom(append(everybody(), events.HubAgency)).Draw(t, "by")
	}
	return one
}

// generation is which of its agency's signing keys a listing has.
func generation(t *rapid.T, l events.Listing) int {
	for n := range generations {
		if keys(t, l.Agency, n).signing.Public() == l.Signing {
			return n
		}
	}
	panic("a key that nobody made")
}

// mixed is a listing with keys of several generations: where now has some, perhaps those.
func mixed(t *rapid.T, a events.AgencyID, now events.Listing) events.Listing {
	n := func() pair { return keys(t, a, rapid.IntRange(0, generations-1).Draw(t, "generation")) }
	one := n()
	k := one
	if rapid.IntRange(0, 2).Draw(t, "mixed") == 0 {
		k.sealing, k.witness = n().sealing, n().witness
	}
	if now.Agency != "" && rapid.Bool().Draw(t, "signing stays") {
		k.signing = keys(t, a, generation(t, now)).signing
	}
	return seal.NewListing(a, kindOf(a), k.signing, k.sealing, k.witness, origin)
}

// damage now and then makes a listing one that nobody may believe.
func damage(t *rapid.T, l *events.Listing, keyed events.Payload) bool {
	switch rapid.IntRange(0, 15).Draw(t, "damage") {
	case 0:
		l.Kind = events.Coordinator
	case 1:
		l.Proof = l.Proof[:20] + "AAAA" + l.Proof[24:]
	case 2:
		l.Agency = "nobody"
	default:
		return false
	}
	if p, ok := keyed.(*events.DirectoryKeyed); ok {
		p.Listing = *l
	}
	return true
}

// TestAnyDirectory tries anything in any order: the directory takes what the
// reference takes, and both say the same of every key at every entry.
func TestAnyDirectory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStory(t)
		r := reference{{0, events.Event{Subject: "hub"}, genesis(t)}, s.told[0]}
		var snapshots []*directory.Directory
		var texts []string
		for range rapid.IntRange(5, 40).Draw(t, "entries") {
			s.passes(uint64(rapid.IntRange(0, 2).Draw(t, "between")))
			one := draw(t, r)
			e := event(one.by, one.about, one.facts)
			next, err := s.d.Apply(s.number+1, e, one.facts)
			if took, takes := err == nil, r.takes(one); took != takes {
				t.Fatalf("%s of %s by %s: taken %v (%v), by the reference %v", one.facts.Type().Name(), one.about, one.by, took, err, takes)
			}
			if ruleOf(err) == "" && err != nil {
				t.Fatalf("refused without a rule: %v", err)
			}
			snapshots, texts = append(snapshots, s.d), append(texts, text(s.d))
			if err != nil {
				continue
			}
			s.number++
			s.d, r = next, append(r, told{s.number, e, one.facts})
		}
		for i, d := range snapshots {
			if text(d) != texts[i] {
				t.Fatal("a directory changed after it was given")
			}
			if text(s.d.At(d.Last()+1)) != texts[i] {
				t.Fatalf("looking back to entry %d gives\n%s\nand there was\n%s", d.Last(), text(s.d.At(d.Last()+1)), texts[i])
			}
		}
		compare(t, s.d, r, s.number)
	})
}

// text is all that a directory says of who takes part now.
func text(d *directory.Directory) string {
	var out strings.Builder
	fmt.Fprintln(&out, d.Members(), d.Recipients(), d.Insiders(), d.Missions(), d.Away(), d.Kinds())
	for _, m := range d.Members() {
		key, since, ok := d.Sealing(m.Agency)
		fmt.Fprintln(&out, m.Agency, key, since, ok)
	}
	return out.String()
}

// compare asks both of every key at every entry.
func compare(t *rapid.T, d *directory.Directory, r reference, last uint64) {
	all, since := r.listings()
	for number := range last + 2 {
		then := d.At(number)
		for _, a := range everybody() {
			l, standing, lost := r.stands(a, number)
			if got := d.StandingAt(a, number); got != standing {
				t.Fatalf("%s at %d is %q, by the reference %q", a, number, got, standing)
			}
			for n := range generations {
				k := keys(t, a, n)
				_, signs := d.Signer(a, k.signing.ID(), number)
				if want := k.signing.Public() == l.Signing && standing != directory.Revoked; signs != want {
					t.Fatalf("key %d of %s counts for %d: %v, by the reference %v", n, a, number, signs, want)
				}
				ended, forGood := then.SealingEnded(a, k.sealing.ID())
				wantEnded, wantForGood := k.sealing.Public() != l.Sealing || standing == directory.Revoked, true
				for i := range all {
					if all[i].Agency == a && all[i].Sealing == k.sealing.Public() && since[i] < number {
						wantForGood = since[i] < lost
						break
					}
				}
				if ended != wantEnded || forGood != wantForGood {
					t.Fatalf("sealing key %d of %s at %d ended %v, for good %v; by the reference %v, %v", n, a, number, ended, forGood, wantEnded, wantForGood)
				}
			}
		}
	}
}

// TestAMissionBelievesWhatEverybodyDoes: of whom a mission was shown, its own part
// says of every key what the whole directory says, from the first listing on.
func TestAMissionBelievesWhatEverybodyDoes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStory(t)
		r := reference{{0, events.Event{Subject: "hub"}, genesis(t)}, s.told[0]}
		for range rapid.IntRange(5, 30).Draw(t, "entries") {
			if a := rapid.SampledFrom(everybody()).Draw(t, "shown"); rapid.IntRange(0, 3).Draw(t, "show") == 0 && !s.d.Knows(embassy, a) {
				if l, listed := s.d.FirstListing(a); listed {
					s.does(embassy, s.d.ListedOf(l))
				}
				continue
			}
			one := draw(t, r)
			if r.takes(one) {
				s.does(one.about, one.facts)
				r = append(r, s.told[len(s.told)-1])
			}
		}
		view := s.given(embassy)
		for _, m := range view.Members() {
			whole, _ := s.d.Member(m.Agency)
			if m.Listing != whole.Listing || m.Standing != whole.Standing {
				t.Fatalf("%s is listed to the mission as\n%+v\nand to all as\n%+v", m.Agency, m, whole)
			}
			for number := range s.number + 2 {
				if s.d.StandingAt(m.Agency, number) == "" {
					continue // the mission takes it as listed from the beginning
				}
				for n := range generations {
					key := keys(t, m.Agency, n)
					_, toMission := view.Signer(m.Agency, key.signing.ID(), number)
					_, toAll := s.d.Signer(m.Agency, key.signing.ID(), number)
					if toMission != toAll {
						t.Fatalf("key %d of %s counts for entry %d: %v to the mission, %v to all", n, m.Agency, number, toMission, toAll)
					}
					ended, forGood := view.At(number).SealingEnded(m.Agency, key.sealing.ID())
					if wholeEnded, wholeForGood := s.d.At(number).SealingEnded(m.Agency, key.sealing.ID()); ended != wholeEnded || forGood != wholeForGood {
						t.Fatalf("sealing key %d of %s at %d: ended %v, %v to the mission, %v, %v to all", n, m.Agency, number, ended, forGood, wholeEnded, wholeForGood)
					}
				}
			}
		}
	})
}
