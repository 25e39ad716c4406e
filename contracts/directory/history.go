package directory

import (
	"cmp"
	"encoding/base64"
	"errors"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/sumdb/note"

	"handrail/contracts/tlog"
	"handrail/events"
	"handrail/events/seal"
)

// agency is all that one agency was listed as. It is never changed once it stands
// in a directory.
type agency struct {
	epochs []*epoch        // by number
	keys   map[string]bool // every key that was ever listed for it, as raw bytes
}

// epoch is how an agency stands from an entry on.
type epoch struct {
	number   uint64 // what is judged behind this entry is judged under it
	listed   *listing
	standing Standing
	lost     uint64 // sealing keys that were listed ahead of this entry ended for good
}

// listing is a checked listing with what is read from it.
type listing struct {
	events.Listing

	since            uint64 // the entry that lists it
	signing, sealing events.KeyID
	witness          note.Verifier
	keys             []string // raw bytes
}

func (e *epoch) member() Member {
	return Member{
		Agency: e.listed.Agency, Kind: e.listed.Kind, Standing: e.standing, Listing: e.listed.Listing, KeyID: e.listed.signing,
		SealingID: e.listed.sealing, Witness: e.listed.witness, Since: e.listed.since, Changed: e.number,
	}
}

// at is the epoch under which an entry is judged; nil if there is none yet.
func (a *agency) at(number uint64) *epoch {
	if a == nil {
		return nil
	}
	at, _ := slices.BinarySearchFunc(a.epochs, number, func(e *epoch, n uint64) int { return cmp.Compare(e.number, n) })
	if at == 0 {
		return nil
	}
	return a.epochs[at-1]
}

// with is the agency from an entry on.
func (a *agency) with(e *epoch) *agency {
	if a == nil {
		a = &agency{}
	}
	next := &agency{epochs: append(slices.Clip(a.epochs), e), keys: maps.Clone(a.keys)}
	if next.keys == nil {
		next.keys = map[string]bool{}
	}
	for _, key := range e.listed.keys {
		next.keys[key] = true
	}
	return next
}

// read checks a listing and takes from it what judging looks up.
func (d *Directory) read(l events.Listing, since uint64) (*listing, error) {
	if l.Agency == events.HubAgency {
		return nil, events.Refuse(events.RuleDataRange, "/agency", "the hub is no agency of the directory")
	}
	if err := seal.CheckListing(l, d.hub.Origin()); err != nil {
		return nil, err
	}
	out := &listing{Listing: l, since: since}
	var err error
	if out.signing, err = seal.SigningKeyID(l.Signing); err == nil {
		out.sealing, err = seal.SealingKeyID(l.Sealing)
	}
	if err != nil {
		return nil, events.Refuse(events.RuleKeyUnknown, "", "a key of the listing is none that could be used")
	}
	if l.Witness != "" {
		if out.witness, err = tlog.NewWitnessVerifier(l.Witness); err != nil || out.witness.Name() != tlog.WitnessName(d.hub.Origin(), l.Agency) {
			return nil, events.Refuse(events.RuleKeyUnknown, "/witness", "a witness key is an Ed25519 cosigner's verifier key, named after the log's origin and the agency")
		}
	} else if l.Kind != events.Auditor && l.Kind != events.ForeignMission {
		return nil, events.Refuse(events.RuleKeyUnknown, "/witness", "every agency but auditors and foreign missions witnesses the log: the listing needs a witness key")
	}
	out.keys, err = rawKeys(l)
	return out, err
}

// rawKeys are a listing's keys as raw bytes, whatever they are for: signing,
// sealing, and the witness's if there is one.
func rawKeys(l events.Listing) ([]string, error) {
	signing, err := l.Signing.Bytes()
	if err != nil {
		return nil, errNoKey
	}
	sealing, err := l.Sealing.Bytes()
	if err != nil {
		return nil, errNoKey
	}
	keys := []string{string(signing), string(sealing)}
	if l.Witness != "" {
		raw, err := verifierBytes(l.Witness)
		if err != nil {
			return nil, err
		}
		keys = append(keys, raw)
	}
	return keys, nil
}

var errNoKey = errors.New("it is no key")

// verifierBytes is the public key in a verifier key of signed-note form.
func verifierBytes(verifier string) (string, error) {
	parts := strings.SplitN(verifier, "+", 3)
	raw, err := base64.StdEncoding.DecodeString(parts[len(parts)-1])
	if err != nil || len(raw) < 2 {
		return "", errNoKey
	}
	return string(raw[1:]), nil // behind the byte that says its type
}
