package audit

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"sort"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
	"handrail/services/ledger"
)

// parties is what a log's entries of the directory say: who takes part, with which
// keys and since which entry, under which memorandum. It grows while these entries
// are read in their order, and is read-only from then on.
type parties struct {
	hub     events.HubID
	founded *events.DirectoryFounded
	pins    Pins
	profile *mou.Profile
	who     *directory.Directory
	changes []uint64          // the entries that changed who takes part, ascending
	memos   []*mou.Memorandum // by which entries are judged: up to the first change, and behind each
}

// found checks genesis against its digest and takes the directory from it. The
// texts are of the profile that genesis names; their digest stands in it. Without
// any they are the ones that this program has.
func found(hub events.HubID, e ledger.TrailEntry, texts []mou.ProfileText, read *profiles) (*parties, error) {
	entry, err := opened(e)
	if err != nil {
		return nil, err
	}
	digest := sha256.Sum256(e.Data)
	event, err := events.Parse(entry.Attributes, e.Data)
	if err != nil {
		return nil, err
	}
	if e.Number != 0 || entry.DataDigest != digest {
		return nil, errors.New("its facts are not the ones that were signed")
	}
	payload, err := events.Decode(event.Type, e.Data)
	if err != nil {
		return nil, err
	}
	founded, ok := payload.(*events.DirectoryFounded)
	if !ok || event.Hub != hub.Origin() {
		return nil, errors.New("it does not found the directory of this hub")
	}
	if err := seal.Verify(event, founded.Signing); err != nil {
		return nil, err
	}
	d := &parties{hub: hub, founded: founded, pins: Pins{Log: founded.Log, Hub: founded.Signing, Genesis: hex.EncodeToString(digest[:])}}
	if texts == nil {
		if texts, err = read.embedded(founded.Profile); err != nil {
			return nil, fmt.Errorf("this program does not have the profile that it names: %w", err)
		}
	}
	if d.profile, err = d.read(texts, read); err != nil {
		return nil, err
	}
	if d.who, err = directory.Found(hub, 0, founded); err != nil {
		return nil, fmt.Errorf("a listing: %w", err)
	}
	d.memos = []*mou.Memorandum{d.memorandum(1, d.who.Kinds(), nil)}
	return d, nil
}

// read reads the profile in force from its texts, if they are the ones that
// genesis commits to.
func (d *parties) read(texts []mou.ProfileText, read *profiles) (*mou.Profile, error) {
	if mou.ProfileDigest(texts) != d.founded.Text {
		return nil, fmt.Errorf("the text of the profile %s is another than the one that the parties founded the hub on", d.founded.Profile)
	}
	profile, err := read.parse(texts)
	if err != nil {
		return nil, err
	}
	if profile.Ref() != d.founded.Profile {
		return nil, fmt.Errorf("the profile in force is %s, and the text is of %s", d.founded.Profile, profile.Ref())
	}
	return profile, nil
}

// memorandum is what entries from a number on are judged by, until the next change.
func (d *parties) memorandum(from uint64, kinds map[events.AgencyID]events.AgencyKind, away map[events.AgencyID]bool) *mou.Memorandum {
	return &mou.Memorandum{Profile: d.profile, Directory: kinds, Away: away, Ended: func(to events.AgencyID, key events.KeyID) bool {
		_, forGood := d.who.At(from).SealingEnded(to, key)
		return forGood
	}}
}

// under is what the entry of a number is judged by.
func (d *parties) under(number uint64) *mou.Memorandum {
	return d.memos[sort.Search(len(d.changes), func(i int) bool { return d.changes[i] >= number })]
}

// apply takes the next entry of the directory, if its rules allow it.
func (d *parties) apply(number uint64, event events.Event, payload events.Payload) error {
	about := events.AgencyID(event.Subject)
	listed, shows := payload.(*events.DirectoryListed)
	if shows {
		about = listed.Agencies[0].Agency
	}
	_, known := d.who.Member(about)
	next, err := d.who.Apply(number, event, payload)
	if err != nil {
		return fmt.Errorf("the rules of the directory do not allow it: %w", err)
	}
	d.who = next
	if shows && known {
		return nil // a mission was told of somebody
	}
	last := d.memos[len(d.memos)-1]
	kinds, away := last.Directory, last.Away
	if event.Type != events.TypeDirectoryKeyed {
		kinds, away = next.Kinds(), next.Away()
	}
	d.changes, d.memos = append(d.changes, number), append(d.memos, d.memorandum(number+1, kinds, away))
	return nil
}

// changed verifies one entry of the directory whole, and takes it.
func (d *parties) changed(e ledger.TrailEntry) error {
	entry, err := opened(e)
	if err != nil {
		return err
	}
	if entry.Verdict != tlog.Admitted {
		return errors.New("it was refused")
	}
	if !directory.Changes(events.Type(entry.Attribute("type"))) {
		return errors.New("it says nothing of who takes part")
	}
	event, payload, err := d.event(e, entry, seal.Claim.Verify)
	if err != nil {
		return err
	}
	return d.uncased(e.Number, event, payload)
}

// kind of an agency that took part when an entry was judged; empty if it did not.
func (d *parties) kind(a events.AgencyID, number uint64) events.AgencyKind {
	if d.who.StandingAt(a, number) != directory.Active {
		return ""
	}
	l, _ := d.who.ListingAt(a, number)
	return l.Kind
}

// listed says whether an agency was in the directory when an entry was judged,
// whether or not it took part. The hub always is.
func (d *parties) listed(a events.AgencyID, number uint64) bool {
	return a == events.HubAgency || d.who.StandingAt(a, number) != ""
}
