package directory

import (
	"cmp"
	"maps"
	"math"
	"slices"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
)

// Now asks for what stands at the end of what a directory knows, where a method
// takes the number of an entry.
const Now uint64 = math.MaxUint64

// MaxAgencies is the most that one directory ever lists, revoked ones included.
const MaxAgencies = 128

// RuleStanding refuses to suspend, resume or revoke an agency that does not stand
// as that takes.
const RuleStanding events.Rule = "agency-standing"

// Standing says whether an agency takes part.
type Standing string

// The standings.
const (
	Active    Standing = "active"
	Suspended Standing = "suspended" // nothing of it is admitted, nothing goes to it; its keys stay its keys
	Revoked   Standing = "revoked"   // none of its keys counts; it comes back by being listed anew
)

// Directory is who takes part, as one viewer knows it: everybody, or the part that
// a foreign mission may know. Its methods are safe for concurrent use.
type Directory struct {
	hub     events.HubID
	mission events.AgencyID // whose partial view it is; empty: the whole directory
	founded *events.DirectoryFounded
	hubID   events.KeyID

	agencies map[events.AgencyID]*agency
	met      map[events.AgencyID]map[events.AgencyID]bool // whom each foreign mission was shown, itself included
	last     uint64                                       // the largest number that it took
	opening  bool                                         // nothing but founding missions followed genesis
	before   uint64                                       // what stands at this entry or behind it does not count; see At
}

// Member is an agency as a directory lists it.
type Member struct {
	Agency    events.AgencyID
	Kind      events.AgencyKind // never changes
	Standing  Standing
	Listing   events.Listing // the newest; of a revoked agency the last
	KeyID     events.KeyID   // of its signing key
	SealingID events.KeyID   // of its sealing key
	Witness   note.Verifier  // of its cosignatures; nil: it does not witness
	Since     uint64         // the entry that lists it so
	Changed   uint64         // the entry of its newest change, of listing or standing
}

// Hub is whose directory it is.
func (d *Directory) Hub() events.HubID { return d.hub }

// Founded is genesis or, for a foreign mission, its own listing in the same form:
// the hub's keys, the profile, and who was listed first. It is shared and read-only.
func (d *Directory) Founded() *events.DirectoryFounded { return d.founded }

// Last is the largest number of an entry that the directory took.
func (d *Directory) Last() uint64 { return d.last }

// At is the directory under which the entry of a number is judged: without that
// entry and all behind it. [Now] gives all that it knows.
func (d *Directory) At(number uint64) *Directory {
	then := *d
	then.before = min(d.before, number)
	return &then
}

// Member is an agency as it is listed now; false if it is not. The hub is none.
func (d *Directory) Member(a events.AgencyID) (Member, bool) {
	e := d.agencies[a].at(d.before)
	if e == nil {
		return Member{}, false
	}
	return e.member(), true
}

// Members are all that are or were listed, in the order of their ids.
func (d *Directory) Members() []Member {
	all := make([]Member, 0, len(d.agencies))
	for _, one := range d.agencies {
		if e := one.at(d.before); e != nil {
			all = append(all, e.member())
		}
	}
	slices.SortFunc(all, func(a, b Member) int { return cmp.Compare(a.Agency, b.Agency) })
	return all
}

// Kinds is the directory as the memorandum reads it: everybody who is or was
// listed. See Away for those who take no part now.
func (d *Directory) Kinds() map[events.AgencyID]events.AgencyKind {
	kinds := make(map[events.AgencyID]events.AgencyKind, len(d.agencies))
	for _, m := range d.Members() {
		kinds[m.Agency] = m.Kind
	}
	return kinds
}

// Away are the suspended and the revoked; nil if there are none.
func (d *Directory) Away() map[events.AgencyID]bool {
	var away map[events.AgencyID]bool
	for _, m := range d.Members() {
		if m.Standing != Active {
			if away == nil {
				away = map[events.AgencyID]bool{}
			}
			away[m.Agency] = true
		}
	}
	return away
}

// Recipients are all to whom deliveries are numbered, in the order of their ids:
// everyone but auditors, who read over HTTP. To a suspended or revoked one nothing is
// sent until it is resumed or joins again; then it has no gap.
func (d *Directory) Recipients() []events.AgencyID {
	return d.which(func(m Member) bool { return m.receives() })
}

// Insiders are the recipients that are no foreign missions: they have the whole
// directory.
func (d *Directory) Insiders() []events.AgencyID {
	return d.which(func(m Member) bool { return m.receives() && m.Kind != events.ForeignMission })
}

// Missions are the recipients that are foreign missions.
func (d *Directory) Missions() []events.AgencyID {
	return d.which(func(m Member) bool { return m.Kind == events.ForeignMission })
}

// OfKind lists the agencies of a kind that are not away, in the order of their ids.
func (d *Directory) OfKind(kind events.AgencyKind) []events.AgencyID {
	return d.which(func(m Member) bool { return m.Kind == kind && m.Standing == Active })
}

func (d *Directory) which(take func(Member) bool) []events.AgencyID {
	var all []events.AgencyID
	for _, m := range d.Members() {
		if take(m) {
			all = append(all, m.Agency)
		}
	}
	return all
}

// Receives says whether deliveries to the agency are numbered.
func (d *Directory) Receives(a events.AgencyID) bool {
	m, listed := d.Member(a)
	return listed && m.receives()
}

func (m Member) receives() bool { return m.Kind != events.Auditor }

// Audience is to whom an entry about an agency goes once it is taken: the insiders,
// and the foreign missions that know the agency, in the order of their ids.
func (d *Directory) Audience(about events.AgencyID) []events.AgencyID {
	return d.which(func(m Member) bool {
		return m.receives() && (m.Kind != events.ForeignMission || d.Knows(m.Agency, about))
	})
}

// Knows says whether a foreign mission was shown an agency; it knows itself once it
// is listed. The listings that show it others must have been applied here.
func (d *Directory) Knows(mission, agency events.AgencyID) bool { return d.met[mission][agency] }

// Cosigners are whose cosignatures of a checkpoint of this size count: the agencies
// that the directory lists with a witness key as of that size, and that are not away.
func (d *Directory) Cosigners(size uint64) []tlog.Cosigner {
	var all []tlog.Cosigner
	for _, m := range d.At(size).Members() {
		if m.Witness != nil && m.Standing == Active {
			all = append(all, tlog.Cosigner{Agency: m.Agency, Kind: m.Kind, Key: m.Witness})
		}
	}
	return all
}

// ListedOf is what shows a foreign mission one listing: the hub's word about itself
// as it founded the directory.
func (d *Directory) ListedOf(l events.Listing) *events.DirectoryListed {
	return &events.DirectoryListed{Log: d.founded.Log, Signing: d.founded.Signing, Profile: d.founded.Profile, Text: d.founded.Text, Agencies: []events.Listing{l}}
}

// fork is a copy that may be changed before anybody sees it.
func (d *Directory) fork(number uint64) *Directory {
	next := *d
	next.agencies, next.last, next.opening = maps.Clone(d.agencies), max(d.last, number), false
	return &next
}
