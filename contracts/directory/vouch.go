package directory

import (
	"handrail/events"
	"handrail/events/seal"
)

// vouched refuses a listing for which not at least two agencies of different kinds
// vouch: each takes part, sees more than a foreign mission, judges nobody as an
// auditor does, and signed with the key that it has now.
func (d *Directory) vouched(p *events.DirectoryJoined) error {
	kinds, names := map[events.AgencyKind]bool{}, map[events.AgencyID]bool{p.Listing.Agency: true}
	for _, v := range p.Vouching {
		m, listed := d.Member(v.Agency)
		switch {
		case names[v.Agency]:
			return events.Refuse(events.RuleVouching, "/vouching", "each agency vouches once, and none for itself")
		case !listed || m.Standing != Active || m.KeyID != v.Key:
			return events.Refuse(events.RuleVouching, "/vouching", "who vouches takes part, and signs with the key that it has now")
		case m.Kind == events.Auditor || m.Kind == events.ForeignMission:
			return events.Refuse(events.RuleVouching, "/vouching", "auditors and foreign missions vouch for nobody")
		}
		if err := seal.CheckVouching(v, p.Listing, d.hub.Origin(), m.Listing.Signing); err != nil {
			return err
		}
		names[v.Agency], kinds[m.Kind] = true, true
	}
	if len(kinds) < 2 {
		return events.Refuse(events.RuleVouching, "/vouching", "at least two agencies of different kinds vouch for a listing")
	}
	return nil
}
