package attacks

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"testing"
	"time"

	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/deploy/local"
	"handrail/events"
)

// missionInOrdinaryCase: in the person's own case nothing reaches a mission, by
// whatever name, and nobody links a case that is not theirs.
func (n *night) missionInOrdinaryCase(t *testing.T) {
	b := n.tonight(events.AtOnce, provider)
	n.consents(b.of)
	n.embassy.settles(t)
	before := n.embassy.count()
	n.police.denied(mou.RuleMissionLinked, n.addressed(b.of))
	n.police.denied(mou.RuleMissionLinked, n.sends(b))
	n.police.denied(mou.RuleMissionLinked, n.police.draft(&events.NoticeSent{Said: now(), To: mission, Age: events.Adult}, b.of))
	n.police.denied(mou.RuleMissionLinked, n.police.draft(&events.EmergencyDisclosed{
		Said: now(), Reason: "life", To: mission, Sections: consular(), Staff: "officer-1",
	}, b.of))
	unlinked := n.opens(events.LinkConsular)
	n.consents(unlinked)
	n.police.denied(mou.RuleNotPermitted, n.addressed(unlinked))

	must(t, n.world.Tell(t.Context(), "police receives form referral\nhub records case.opened by police\n", quiet{}))
	var reasons []string
	for _, id := range []events.CaseID{n.world.Case, events.CaseID(uuid(t)), b.of} {
		g := n.police.denied("", n.police.draft(&events.CaseLinked{Said: now(), Case: id, For: events.LinkConsular}, n.opens("")))
		if g.entry.Rule != mou.RuleCaseUnknown {
			t.Errorf("linking a case that cannot be linked is refused %s", g.entry.Rule)
		}
		reasons = append(reasons, g.Reason)
	}
	if len(slices.Compact(reasons)) != 1 {
		t.Errorf("the answers tell which case exists: %q", reasons)
	}
	n.embassy.hears(before)
}

// foreignMission: a mission helps with papers, the person seeks asylum, and the
// mission is not told why it is no longer needed. Then all that it was ever sent
// is read through.
func (n *night) foreignMission(t *testing.T) {
	own, papers := n.opens(""), n.opens(events.LinkConsular)
	n.police.admits(n.police.draft(&events.CaseLinked{Said: now(), Case: papers, For: events.LinkConsular}, own))
	n.consents(papers)
	request := n.addressed(papers)
	n.police.admits(request)
	b := bed{papers, request.ID}
	record := n.sends(b)
	n.police.admits(record)
	n.embassy.admits(b.about(n.embassy, &events.ReferralAccepted{Said: now()}))
	n.embassy.admits(b.about(n.embassy, &events.NationalityVerified{Said: now()}))
	n.embassy.settles(t)
	before := n.embassy.count()
	n.police.admits(n.police.draft(&events.AsylumSought{Said: now()}, own))
	n.notNeeded(n.embassy, before, b)
	n.embassy.denied(mou.RuleReferralOver, b.about(n.embassy, &events.TravelDocumentIssued{Said: now(), Until: events.At(time.Now().Add(240 * time.Hour))}))
	n.police.denied(mou.RuleNotPermitted, n.addressed(papers))
	for _, id := range []events.CaseID{own, events.CaseID(uuid(t))} {
		n.embassy.denied(mou.RuleCaseUnknown, bed{id, ""}.about(n.embassy, &events.ConsentWithdrawn{Said: now(), Recipient: events.Recipient{Agency: mission}}))
	}
	n.embassy.admits(b.about(n.embassy, &events.ErasureConfirmed{Said: now(), Answer: events.Erased}))
	n.wholeStream(t, own, papers)
}

// wholeStream reads everything that the mission was sent since the founding.
func (n *night) wholeStream(t *testing.T, own, papers events.CaseID) {
	file, err := local.ReadAgencyFile(n.hub.At.Agency(mission))
	must(t, err)
	all := n.embassy.since(0)
	first := sha256.Sum256(all[0].event.Data)
	if all[0].event.Type != events.TypeDirectoryListed || hex.EncodeToString(first[:]) != file.Genesis {
		t.Errorf("it begins with %s, which is not what was pinned", all[0].event.Type.Name())
	}
	allowed := []string{
		"directory.listed", "case.opened", "rights.informed", "consent.given", "referral.requested", "referral.not-needed", "record.sealed", "record.released", "record.erased", "receipt", "refusal",
	}
	for i, g := range all {
		if name := names([]got{g})[0]; !slices.Contains(allowed, name) {
			t.Errorf("delivery %d is %s", i+1, name)
		}
		if g.event != nil && g.event.Type != events.TypeDirectoryListed && g.event.Case() != papers {
			t.Errorf("delivery %d, %s, is of another case", i+1, g.event.Type.Name())
		}
		if g.event != nil && g.Kind == tlog.KindEvent && g.event.Agency() != events.HubAgency && g.event.Agency() != thief {
			t.Errorf("delivery %d is a statement of %s", i+1, g.event.Agency())
		}
		n.namesNobody(g, mission, thief)
		for _, word := range []string{string(own), "asylum", "consular.barred", "consular.allowed", "case.linked", "capacity.published", "directory.founded", "escalated"} {
			if strings.Contains(g.body, word) && g.Kind != tlog.KindRefusal {
				t.Errorf("delivery %d, %v, tells of %q", i+1, names([]got{g}), word)
			}
		}
	}
	listed := slices.DeleteFunc(names(all), func(name string) bool { return name != "directory.listed" })
	if len(listed) != 2 {
		t.Errorf("it was told of %d agencies, want itself and who addressed it", len(listed))
	}
}
