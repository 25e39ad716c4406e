// Package recovery is an agency's way back to its keys when the machine that
// held them is gone: an encrypted backup, and three printed sheets of words of
// which any two open it.
//
// The backup is sealed (age, post-quantum hybrid) to a key made for it, so it can
// be written anew at every change of keys without the sheets. That key lies beside
// it three times, each time under the words of one pair of sheets (age, scrypt).
// No sheet's words are kept.
//
// An attacker who holds the backup and one sheet still has 128 bits to guess, and
// learns the names and sizes of nothing. One who holds two sheets and the backup
// has every key of the agency: suspend and revoke it at the hub.
package recovery

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"

	"handrail/contracts/words"
	"handrail/events/seal"
)

// Names in the agency's folder.
const (
	Dir           = "recovery" // of all that follows; ciphertext and a public key: copy it elsewhere after every change
	backupFile    = "backup.age"
	recipientFile = "recipient" // the public key that the backup is sealed to
	partDir       = Dir + ".part"
	oldDir        = Dir + ".old"
	workFactor    = 16 // scrypt takes 64 MiB; the strength is in the words, 128 bits that one sheet lacks
)

// Sheets is how many sheets a kit has; any two open the backup.
const Sheets = 3

// Sheet is what one person keeps.
type Sheet struct {
	Number int      // 1 to 3
	Kit    string   // eight hexadecimal digits that the sheets of one kit share
	Words  []string // twelve
}

// Print makes a new kit for the agency of a folder and a first backup. The sheets
// of an earlier kit open nothing that is written from now on.
func Print(folder string, random io.Reader) ([Sheets]Sheet, error) {
	var sheets [Sheets]Sheet
	identity, err := age.GenerateHybridIdentity()
	if err != nil {
		return sheets, fmt.Errorf("making a recovery kit: %w", err)
	}
	recipient := identity.Recipient().String()
	for i := range sheets {
		sheets[i] = Sheet{Number: i + 1, Kit: kitOf(recipient)}
		if sheets[i].Words, err = words.Secret(random); err != nil {
			return sheets, fmt.Errorf("making a recovery kit: %w", err)
		}
	}
	if err := lay(folder, identity, sheets); err != nil {
		return sheets, fmt.Errorf("making a recovery kit: %w", err)
	}
	return sheets, nil
}

func kitOf(recipient string) string {
	sum := sha256.Sum256([]byte(recipient))
	return hex.EncodeToString(sum[:4])
}

// lay writes a kit's files beside those of the one before and takes their place.
func lay(folder string, identity *age.HybridIdentity, sheets [Sheets]Sheet) error {
	part := filepath.Join(folder, partDir)
	if err := errors.Join(os.RemoveAll(part), os.MkdirAll(part, 0o700)); err != nil {
		return err
	}
	if err := seal.ReplaceSecret(filepath.Join(part, recipientFile), []byte(identity.Recipient().String()+"\n")); err != nil {
		return err
	}
	for i, one := range sheets {
		for _, two := range sheets[i+1:] {
			to, err := age.NewScryptRecipient(pairOf(one, two))
			if err != nil {
				return err
			}
			to.SetWorkFactor(workFactor)
			text, err := encrypt([]byte(identity.String()), to)
			if err != nil {
				return err
			}
			if err := seal.ReplaceSecret(filepath.Join(part, unlockFile(one, two)), text); err != nil {
				return err
			}
		}
	}
	if err := backup(folder, part, identity.Recipient()); err != nil {
		return err
	}
	return replace(folder)
}

// replace puts the finished kit into its place; [settle] ends what it began.
func replace(folder string) error {
	current, old := filepath.Join(folder, Dir), filepath.Join(folder, oldDir)
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(current, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.Rename(filepath.Join(folder, partDir), current); err != nil {
		return err
	}
	return os.RemoveAll(old)
}

// settle takes the earlier kit back when the machine stopped while it was replaced.
func settle(folder string) error {
	if _, err := os.Stat(filepath.Join(folder, Dir)); err == nil {
		return nil
	}
	if err := os.Rename(filepath.Join(folder, oldDir), filepath.Join(folder, Dir)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// Printed says whether the agency of a folder has a kit, and which.
func Printed(folder string) (kit string, has bool) {
	text, err := os.ReadFile(filepath.Join(folder, Dir, recipientFile)) //nolint:gosec // the folder is the agency's own
	if err != nil {
		return "", false
	}
	return kitOf(strings.TrimSpace(string(text))), true
}

// Refresh writes the backup anew after keys changed. Without a kit it does nothing.
func Refresh(folder string) error {
	if err := settle(folder); err != nil {
		return fmt.Errorf("refreshing the backup of the keys: %w", err)
	}
	text, err := os.ReadFile(filepath.Join(folder, Dir, recipientFile)) //nolint:gosec // the folder is the agency's own
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("refreshing the backup of the keys: %w", err)
	}
	to, err := age.ParseHybridRecipient(strings.TrimSpace(string(text)))
	if err != nil {
		return fmt.Errorf("refreshing the backup of the keys: %w", err)
	}
	if err := backup(folder, filepath.Join(folder, Dir), to); err != nil {
		return fmt.Errorf("refreshing the backup of the keys: %w", err)
	}
	return nil
}

func backup(folder, kit string, to age.Recipient) error {
	content, err := pack(folder)
	if err != nil {
		return err
	}
	text, err := encrypt(content, to)
	if err != nil {
		return err
	}
	return seal.ReplaceSecret(filepath.Join(kit, backupFile), text)
}

// Restore opens the backup in kit with two sheets and writes the files into an
// agency's folder, which it makes; it replaces no file. It gives their names.
// Errors: the sheets are not of this kit, or the words are wrong.
func Restore(kit, folder string, one, two Sheet) ([]string, error) {
	if one.Number > two.Number {
		one, two = two, one
	}
	if one.Number < 1 || two.Number > Sheets || one.Number == two.Number {
		return nil, errors.New("restoring keys: two different sheets are needed, of the numbers 1 to 3")
	}
	secret, err := unlock(kit, one, two)
	if err != nil {
		return nil, fmt.Errorf("restoring keys: %w", err)
	}
	content, err := decrypt(filepath.Join(kit, backupFile), secret)
	if err != nil {
		return nil, fmt.Errorf("restoring keys: opening the backup: %w", err)
	}
	return unpack(content, folder)
}

func unlock(kit string, one, two Sheet) (age.Identity, error) {
	under, err := age.NewScryptIdentity(pairOf(one, two))
	if err != nil {
		return nil, err
	}
	under.SetMaxWorkFactor(workFactor)
	text, err := decrypt(filepath.Join(kit, unlockFile(one, two)), under)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if err != nil {
		return nil, errors.New("these sheets do not open this backup: compare the number of the kit on them, and read the words again")
	}
	return age.ParseHybridIdentity(string(text))
}

func pairOf(one, two Sheet) string {
	return strings.Join(one.Words, " ") + " " + strings.Join(two.Words, " ")
}

func unlockFile(one, two Sheet) string {
	return fmt.Sprintf("sheets-%d-%d.age", one.Number, two.Number)
}

func encrypt(content []byte, to age.Recipient) ([]byte, error) {
	var b bytes.Buffer
	w, err := age.Encrypt(&b, to)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err = w.Close() // writes the last of it
	return b.Bytes(), err
}

func decrypt(file string, with age.Identity) ([]byte, error) {
	f, err := os.Open(file) //nolint:gosec // the file is the one that its user names
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	r, err := age.Decrypt(io.LimitReader(f, maxBackup), with)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(r)
}
