package audit

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/services/ledger"
)

// forsaken is a case in which every provider declined, and the hub then told a duty.
func (b *book) forsaken(id events.CaseID, r events.EventID) uint64 {
	b.t.Helper()
	for _, a := range []events.AgencyID{shelter, harbour} {
		b.say(a, id, r, &events.ReferralDeclined{Said: b.said(), Reason: "full"})
	}
	b.hubWith(id, func(a events.AgencyID) bool { return a == social })
	for _, number := range slices.Backward(b.cases[id].numbers) {
		if b.parsed(number).Attribute("type") == string(events.TypeReferralEscalated) {
			return number
		}
	}
	b.t.Fatal("the hub told no duty")
	return 0
}

// TestADutyIsToldWhileItIsStaffed, by what it had published itself ahead of that.
func TestADutyIsToldWhileItIsStaffed(t *testing.T) {
	const always, never = events.Hours("daily 00:00-24:00"), events.Hours("daily 00:00-01:00")
	says := func(by events.AgencyID, hours ...events.Hours) func(*book) {
		return func(b *book) {
			for _, one := range hours {
				b.capacity = append(b.capacity, b.aside(by, by, b.roomFor(one)))
			}
		}
	}
	nothing := func(*book) {}
	for name, c := range map[string]struct {
		before, after func(*book)
		staffed       bool
	}{
		"at all hours":         {says(social, always), nothing, true},
		"since it said more":   {says(social, never, always), nothing, true},
		"until it said less":   {says(social, always), says(social, never), true},
		"never":                {nothing, nothing, false},
		"at other hours":       {says(social, never), nothing, false},
		"no more":              {says(social, always, never), nothing, false},
		"said afterwards":      {nothing, says(social, always), false},
		"said so by a shelter": {says(shelter, always), nothing, false},
		"in another order":     {says(social, always, never), func(b *book) { slices.Reverse(b.capacity) }, false},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			b.joins(social, events.Social, police, shelter)
			c.before(b)
			told := b.forsaken(b.waiting())
			c.after(b)
			want := fmt.Sprintf("entry %d: nothing shows that %s had published", told, social)
			_, err := b.auditor().Verify(b.trail(b.caseOf(told)))
			if found := errors.Is(err, ErrUnverified) && strings.Contains(err.Error(), want); found == c.staffed || err == nil != c.staffed {
				t.Errorf("of the trail it says %v", err)
			}
			_, err = VerifyLog(t.Context(), b.verification())
			if found := errors.Is(err, ErrUnverified) && strings.Contains(err.Error(), want); found == c.staffed || err == nil != c.staffed {
				t.Errorf("of the log it says %v", err)
			}
		})
	}
}

// Hours count in a trail as in the whole log: of whoever may publish them.
func TestHoursThatNobodyMayPublishAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		tell func(*book) uint64
		want string
	}{
		"of a mission": {func(b *book) uint64 { return b.aside(embassy, embassy, b.roomFor("daily 00:00-24:00")) }, "the powers of its sender's kind do not include this"},
		"that something else caused": {func(b *book) uint64 {
			return b.asideAs(b.roomFor("daily 00:00-24:00"), func(e *events.Event) { e.CausationID = events.EventID(b.uuid()) })
		}, "names a cause that it cannot have"},
		"by something that has none": {func(b *book) uint64 { return b.aside(shelter, shelter, b.reset()) }, "it is no capacity of an agency"},
	} {
		b := newBook(t)
		id := b.referred(true)
		number := c.tell(b)
		b.capacity = append(b.capacity, number)
		want := fmt.Sprintf("entry %d, published hours: ", number)
		if _, err := b.auditor().Verify(b.trail(id)); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: it says %v, want %s%s", name, err, want, c.want)
		}
	}
}

// caseOf is the case that an entry is of.
func (b *book) caseOf(number uint64) events.CaseID {
	for id, f := range b.cases {
		if slices.Contains(f.numbers, number) {
			return id
		}
	}
	return ""
}

// genesis founds a directory by other facts or in another hub's name; nothing is in a log.
func (b *book) genesis(change func(*events.DirectoryFounded, *events.Event)) ledger.TrailEntry {
	b.t.Helper()
	p := *b.founded
	e := b.signed(events.HubAgency, string(events.HubAgency), "", p.Type(), events.EventID(b.uuid()), nil, "")
	change(&p, &e)
	data, err := events.Encode(&p)
	b.must(err)
	e.Data = data
	e, err = b.signing[events.HubAgency].Sign(e)
	b.must(err)
	entry := b.admitted(e, nil)
	entry.Admitted, entry.DataDigest = b.now, sha256.Sum256(data)
	o, err := tlog.NewOpening(entry, b.random)
	b.must(err)
	return ledger.TrailEntry{Leaf: o.LeafHash(), Salt: o.Salt[:], Opening: o.Entry, Data: data}
}

func TestTheFoundingOfAnotherHubIsNotBelieved(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*events.DirectoryFounded, *events.Event)
		want   string
	}{
		"of this hub": {func(*events.DirectoryFounded, *events.Event) {}, ""},
		"of another hub": {func(_ *events.DirectoryFounded, e *events.Event) {
			e.Hub, e.Source = events.HubID("otherland").Origin(), events.Source("otherland", events.HubAgency)
		}, "it does not found the directory of this hub"},
		"by another profile's name": {func(p *events.DirectoryFounded, _ *events.Event) { p.Profile = "uk@1" }, "the profile in force is uk@1, and the text is of model@1"},
		"by another text":           {func(p *events.DirectoryFounded, _ *events.Event) { p.Text = strings.Repeat("0", 64) }, "is another than the one that the parties founded the hub on"},
		"with another hub's key":    {func(p *events.DirectoryFounded, _ *events.Event) { p.Signing = p.Agencies[0].Signing }, string(events.RuleSignatureInvalid)},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBook(t)
			_, err := found(hubID, b.genesis(c.change), b.texts, newProfiles())
			if err == nil != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
				t.Errorf("it says %v, want %q", err, c.want)
			}
		})
	}
	b := newBook(t)
	other := b.genesis(func(*events.DirectoryFounded, *events.Event) {})
	other.Data = b.genesis(func(p *events.DirectoryFounded, _ *events.Event) { p.Agencies = p.Agencies[:4] }).Data
	if _, err := found(hubID, other, b.texts, newProfiles()); err == nil || !strings.Contains(err.Error(), "not the ones that were signed") {
		t.Errorf("with facts that nobody signed it says %v", err)
	}
}

// Who witnessed a proof is said by an export of the same hub, not by any.
func TestAnExportOfAnotherHubSaysNothingOfAProof(t *testing.T) {
	b := newBook(t)
	trail := b.trail(b.referred(true), police, shelter)
	e := trail.Entries[1]
	proof := tlog.NewProof(e.Number, tlog.Opening{Salt: [32]byte(e.Salt), Entry: e.Opening}, e.Proof, trail.Checkpoint).Marshal()
	_, v, err := VerifyExport(b.exported(trail), nil)
	b.must(err)
	for what, change := range map[string]func(*Pins){
		"genesis":               func(p *Pins) { p.Genesis = strings.Repeat("0", 64) },
		"the hub's signing key": func(p *Pins) { p.Hub = b.signing[police].Public() },
	} {
		pins := b.pins()
		change(&pins)
		if p, err := VerifyProof(proof, pins, &v); !errors.Is(err, ErrUnverified) || !strings.Contains(err.Error(), what) || p.Judged {
			t.Errorf("with another pin of %s it says %v, and %+v", what, err, p)
		}
	}
}
