package agency

import (
	"testing"

	"handrail/events"
	"handrail/events/seal"
)

// An agency's word is only given where the hub could take it, and its people's part
// in it is kept.
func TestAnAgencyVouchesForAnotherOnly(t *testing.T) {
	l := newLog(t)
	a := l.joined()
	fresh := l.newKeys("testland-clinic", events.Health)
	origin := testHub.Origin()
	made, err := a.Vouch(t.Context(), Vouch{Listing: fresh.listing, Staff: "supervisor"})
	l.must(err)
	if err := seal.CheckVouching(made.Vouching, fresh.listing, origin, a.keys.Voice().Public()); err != nil || made.Digest != seal.ListingDigest(fresh.listing, origin) {
		t.Errorf("%v, digest %s", err, made.Digest)
	}
	own := l.newKeys(testAgency, events.Shelter).listing
	forged := fresh.listing
	forged.Sealing = own.Sealing
	other := l.newKeys(testSender, events.Shelter).listing // the sender is police
	reused := seal.NewListing("testland-clinic", events.Health, fresh.signing, l.sealing, fresh.listing.Witness, origin)
	for name, c := range map[string]struct {
		of    events.Listing
		staff string
		rule  events.Rule
	}{
		"for itself":            {own, "supervisor", events.RuleVouching},
		"for another kind":      {other, "supervisor", events.RuleVouching},
		"for keys of another":   {reused, "supervisor", events.RuleKeyReused},
		"for an unproved key":   {forged, "supervisor", events.RuleKeyUnknown},
		"by a person with name": {fresh.listing, "Robin Example", events.RuleDataCode},
	} {
		_, err := a.Vouch(t.Context(), Vouch{Listing: c.of, Staff: c.staff})
		if rule, _ := ruleAndReason(err); rule != c.rule {
			t.Errorf("%s: %v", name, err)
		}
	}
	var kept int
	l.must(a.journal.reader.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM key_ceremony WHERE kind = 'vouching' AND staff = 'supervisor'`).Scan(&kept))
	if kept != 1 {
		t.Errorf("%d are kept", kept)
	}
	l.gives(a, l.delivers(l.event(events.HubAgency, l.hub, string(testAgency), "", &events.DirectorySuspended{Because: "device-lost"})))
	_, err = a.Vouch(t.Context(), Vouch{Listing: fresh.listing, Staff: "supervisor"})
	if rule, _ := ruleAndReason(err); rule != events.RuleAgencySuspended {
		t.Errorf("while it rests: %v", err)
	}
}
