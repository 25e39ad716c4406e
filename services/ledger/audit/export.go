package audit

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/ledger"
)

// exportFormat is the first member of an export.
const exportFormat = "handrail-export/2"

// MaxExportBytes is the most that an export may weigh.
const MaxExportBytes = 128 << 20

// Export is one case's trail, taken away as one file: all that is needed to verify
// and judge it again, years later and with nothing else but the pins to compare.
// The file is this as compact JSON in the order of the members, and a line end; no
// other spelling of it is accepted.
//
// The auditor who took it away signs it. The log proves the rest; this signature
// stands for what the log does not hold: that this file is what the auditor got,
// the words of refusals, and headers of destroyed records.
type Export struct {
	Format    string            `json:"format"` // handrail-export/2
	Exported  events.Time       `json:"exported"`
	By        events.AgencyID   `json:"by"`
	Trail     ledger.Trail      `json:"trail"`
	Profile   []mou.ProfileText `json:"profile"` // as genesis commits to it
	Pins      Pins              `json:"pins"`
	Signature []byte            `json:"signature,omitzero"` // by the auditor's directory key, see [Export.signed]
}

// Export takes a case's trail away. The trail is verified first: what does not hold
// is worth no file.
func (a *Auditor) Export(ctx context.Context, id events.CaseID, now time.Time) ([]byte, Verified, error) {
	t, err := a.trail(ctx, events.ReadingExport, id)
	if err != nil {
		return nil, Verified{}, err
	}
	v, err := a.Verify(t)
	if err != nil {
		return nil, v, err
	}
	texts, err := a.profiles.embedded(t.Profile)
	if err != nil {
		return nil, v, err
	}
	x := Export{Format: exportFormat, Exported: events.At(now), By: a.config.Agency, Trail: t, Profile: texts, Pins: a.Pins()}
	text, err := x.signed()
	if err != nil {
		return nil, v, err
	}
	x.Signature = a.key.SignBytes(text)
	if err := x.verifySignature(v); err != nil {
		return nil, v, fmt.Errorf("the log up to its checkpoint does not list this auditor's key yet, or no more; export it again later: %w", err)
	}
	data, err := x.bytes()
	return data, v, err
}

// signed is what the auditor signs: a line that nothing else begins with, and the
// hexadecimal SHA-256 of the file as it is without the signature.
func (x Export) signed() ([]byte, error) {
	x.Signature = nil
	data, err := x.bytes()
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	return []byte("handrail-export v1\n" + hex.EncodeToString(sum[:]) + "\n"), nil
}

func (x Export) bytes() ([]byte, error) {
	data, err := json.Marshal(x, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("writing an export: %w", err)
	}
	return append(data, '\n'), nil
}

// ReadExport reads an export in the one form that exports have. It verifies
// nothing: see [Export.Verify]. Its errors are [ErrUnverified].
func ReadExport(data []byte) (Export, error) {
	var x Export
	if len(data) > MaxExportBytes {
		return x, unverified("the file is longer than any export")
	}
	if err := json.Unmarshal(data, &x, json.RejectUnknownMembers(true)); err != nil {
		return x, unverified("the file is no export, or was damaged: %v", err)
	}
	if x.Format != exportFormat {
		return x, unverified("the file is of another format than this program reads, which is %s", exportFormat)
	}
	again, err := x.bytes()
	if err != nil {
		return x, unverified("the file is no export, or was damaged")
	}
	if !bytes.Equal(again, data) {
		return x, unverified("the file is not as it was written: byte %d differs", firstDifference(again, data))
	}
	return x, nil
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// Verify verifies an export with nothing but the file. That it is of the hub that
// its reader means, only the pins can show: those that it gives are for comparing.
// Every error but a programming one is [ErrUnverified] and names the first entry
// that fails.
func (x Export) Verify() (Verified, error) { return x.verify(newProfiles()) }

func (x Export) verify(read *profiles) (Verified, error) {
	v, err := verifyTrail(x.Trail, x.Profile, read)
	if err != nil {
		return v, err
	}
	if what := v.Pins.differ(x.Pins); what != "" {
		return v, unverified("the file says other pins than its log has: %s differs", what)
	}
	return v, x.verifySignature(v)
}

// verifySignature checks that an auditor of this hub's directory signed the export.
func (x Export) verifySignature(v Verified) error {
	l, listed := v.directory.who.ListingAt(x.By, v.Size)
	if !listed || v.directory.kind(x.By, v.Size) != events.Auditor {
		return unverified("the file was exported by somebody who is no auditor of this hub")
	}
	key, err := base64.StdEncoding.DecodeString(string(l.Signing))
	if err != nil || len(key) != ed25519.PublicKeySize {
		return unverified("the key of the auditor who exported the file does not read")
	}
	text, err := x.signed()
	if err != nil {
		return err
	}
	if !ed25519.Verify(key, text, x.Signature) {
		return unverified("the file was changed after %s exported it: every entry holds, but its signature does not", x.By)
	}
	return nil
}

// VerifyExport reads and verifies an export; pins that its reader has from
// elsewhere are compared, unless they are nil.
func VerifyExport(data []byte, pins *Pins) (Export, Verified, error) {
	x, err := ReadExport(data)
	if err != nil {
		return x, Verified{}, err
	}
	v, err := x.Verify()
	if err == nil && pins != nil {
		err = v.Against(*pins)
	}
	return x, v, err
}

// Against compares a verified trail with pins that its reader has from elsewhere.
func (v Verified) Against(p Pins) error {
	if what := v.Pins.differ(p); what != "" {
		return otherHub(what)
	}
	return nil
}

// ErrNoPins means that a file names no keys, and nobody said whose it is.
var ErrNoPins = errors.New("a proof names no keys: say with --auditor whose log it must be of, or with --directory name an export of the same hub")
