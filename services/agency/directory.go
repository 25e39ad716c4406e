package agency

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"

	"handrail/contracts/directory"
	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/keyring"
)

// Rules about keys and the directory, beside those of the directory itself.
const (
	RuleKeyUnwitnessed events.Rule = "key-unwitnessed" // the key's entry is not under a witnessed checkpoint yet
	RuleKeysUnlisted   events.Rule = "keys-unlisted"   // the directory lists other keys than this agency has
)

// alarmKeys rings when the directory lists this agency with keys that it does not have.
const alarmKeys = "keys-unlisted"

// found reads the directory from its first entry, which must be the pinned one. A
// foreign mission gets no genesis: its own listing takes the place. An agency that
// genesis does not list waits for its own directory.joined.
func (a *Agency) found(number uint64, data []byte) (*directory.Directory, error) {
	digest := sha256.Sum256(data)
	if hex.EncodeToString(digest[:]) != a.config.Pins.Genesis {
		return nil, errors.New("genesis is not the one that was pinned when joining")
	}
	first := events.TypeDirectoryFounded
	if a.config.Kind == events.ForeignMission {
		first = events.TypeDirectoryListed
	}
	payload, err := events.Decode(first, data)
	if err != nil {
		return nil, err
	}
	d, err := directory.Found(a.config.Hub, number, payload)
	if err != nil {
		return nil, err
	}
	if d.Founded().Signing != a.config.Pins.HubKey || d.Founded().Log != a.config.Pins.LogVKey {
		return nil, errors.New("genesis names other keys of the hub than were pinned when joining")
	}
	return d, a.ofOwnKind(d)
}

// ofOwnKind refuses a directory that has this agency as another kind than it is, or
// as a foreign mission's does not have it at all.
func (a *Agency) ofOwnKind(d *directory.Directory) error {
	own, listed := d.Member(a.config.Agency)
	if listed && own.Kind != a.config.Kind || !listed && a.config.Kind == events.ForeignMission {
		return errors.New("the directory lists this agency as another kind than it is")
	}
	return nil
}

// changed gives the directory with an entry that was proved; nil if the entry is
// none of its own, or stands in it already.
func (a *Agency) changed(d *directory.Directory, p proven) (*directory.Directory, error) {
	if p.founds != nil || p.payload == nil || !directory.Changes(p.event.Type) || a.holds(d, p) {
		return nil, nil
	}
	next, err := d.Apply(p.entry.Number, p.event, p.payload)
	if err != nil {
		return nil, err
	}
	return next, a.ofOwnKind(next)
}

// holds says whether a directory took an entry already. To a foreign mission an
// agency's earlier entries may come behind later ones of others.
func (a *Agency) holds(d *directory.Directory, p proven) bool {
	if a.config.Kind != events.ForeignMission {
		return p.entry.Number <= d.Last()
	}
	if listed, ok := p.payload.(*events.DirectoryListed); ok {
		_, known := d.Member(listed.Agencies[0].Agency)
		return known
	}
	m, known := d.Member(events.AgencyID(p.event.Subject))
	return known && p.entry.Number <= m.Changed
}

// enforce takes a directory into force, with what it says of this agency's own keys.
// Agency.mu is held.
func (a *Agency) enforce(ctx context.Context, d *directory.Directory, p proven) error {
	a.directory = d
	a.noteShown(p)
	own, listed := d.Member(a.config.Agency)
	if listed {
		if own.SealingID != a.sealing.id { // since the log's own time of it; the copy of genesis has none
			a.sealing.id, a.sealing.since = own.SealingID, p.entry.Admitted
		}
		a.keys.List(own.Listing)
		a.judgeKeys(ctx)
		a.endHeard(ctx)
	}
	switch {
	case a.book.memo == nil && listed:
		return a.join(d)
	case a.book.memo != nil:
		a.book.under(memorandumOf(a.book.memo.Profile, d))
	}
	return nil
}

// judgeKeys rings while the directory lists this agency with keys that it does not
// have. Then somebody else changed them, or the files are old.
func (a *Agency) judgeKeys(ctx context.Context) {
	lacks := a.keys.Lacks()
	if len(lacks) == 0 {
		a.alarms.over(alarmKeys, "directory")
		return
	}
	a.alarms.raise(ctx, alarmKeys, "directory", "The directory lists this agency with a "+string(lacks[0])+" key that it does not have. If this lasts, either the key files were restored from an old copy, or somebody else "+
		"has this agency's signing key and changed its keys: call the hub's operator at once, to have this agency suspended.", nil)
}

// memorandumOf is what cases are judged by, as the directory stands.
func memorandumOf(profile *mou.Profile, d *directory.Directory) *mou.Memorandum {
	return &mou.Memorandum{Profile: profile, Directory: d.Kinds(), Away: d.Away(), Ended: func(to events.AgencyID, key events.KeyID) bool {
		_, forGood := d.SealingEnded(to, key)
		return forGood
	}}
}

// under judges every case from now on by another memorandum of the same profile.
func (b *casebook) under(m *mou.Memorandum) {
	b.memo = m
	for _, f := range b.files {
		f.settled = f.settled.Under(m)
		f.refold()
	}
}

// sealingKey is the one policy for sealing: to a key that genesis lists, which is
// pinned, or one whose entry lies under a checkpoint that this agency counts as
// witnessed: so no hub can show a key to one agency and hide it from the others. A
// foreign mission, which knows no witnesses, takes what its listings prove. Agency.mu
// is held.
func (a *Agency) sealingKey(to events.AgencyID) (events.PublicKey, error) {
	key, since, listed := a.directory.Sealing(to)
	switch {
	case !listed:
		return "", events.Refuse(mou.RuleRecipientUnknown, "/to", "the directory lists no agency of that id with a key to seal to")
	case since > 0 && a.config.Kind != events.ForeignMission && (a.shown[since] == 0 || a.shown[since] > a.witnessed):
		return "", events.Refuse(RuleKeyUnwitnessed, "/to", "the key of that agency is new, and not enough agencies have witnessed it yet: wait a moment, and try again")
	}
	return key, nil
}

// mayBeHeard refuses to sign with keys that count for nothing. Agency.mu is held.
func (a *Agency) mayBeHeard() error {
	if slices.Contains(a.keys.Lacks(), keyring.Signing) {
		return events.Refuse(RuleKeysUnlisted, "", "the directory lists this agency with another signing key than it has: nothing that it says would count")
	}
	return nil
}
