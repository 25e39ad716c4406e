package seal

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"filippo.io/age"
)

const (
	// scryptWork is the cost of trying one passphrase: 2^17 rounds of scrypt, 128
	// MiB (OWASP Password Storage Cheat Sheet: 2^17 or more). A file that asks for
	// more than scryptMost is not one that WriteSecret wrote.
	scryptWork = 17
	scryptMost = 20

	minPassphrase = 16 // characters
	maxSecretFile = 16 << 10
	ageMagic      = "age-encryption.org/v1\n"
)

// ErrPassphrase means that a file is encrypted and the passphrase is missing or
// another one.
var ErrPassphrase = errors.New("the file is encrypted, and its passphrase is missing or another one")

// Passphrase protects secret files at rest. The zero value protects nothing:
// files are then plain, and readable by their owner only. Printing it shows
// nothing of it.
type Passphrase struct{ secret string }

// ReadPassphrase reads a passphrase of at least 16 characters from the first line
// of a file that only its owner may read. It is never taken from an argument or
// the environment, which other processes can read.
func ReadPassphrase(path string) (Passphrase, error) { return readPassphrase(path, othersOff) }

// ReadPassphraseCredential reads it from a file that a service manager made for this
// process. Such a file may show the right of its reader as a group's (systemd 254 and
// newer), so a group may read it; nobody else may, and nobody but its owner may write.
func ReadPassphraseCredential(path string) (Passphrase, error) {
	return readPassphrase(path, othersOff&^groupReads)
}

func readPassphrase(path string, off fs.FileMode) (Passphrase, error) {
	content, err := readSmall(path, off)
	if err != nil {
		return Passphrase{}, err
	}
	secret, _, _ := strings.Cut(string(content), "\n")
	secret = strings.TrimSuffix(secret, "\r")
	if len([]rune(secret)) < minPassphrase {
		return Passphrase{}, fmt.Errorf("reading the passphrase in %s: at least %d characters are needed", path, minPassphrase)
	}
	return Passphrase{secret}, nil
}

// IsZero says whether there is no passphrase.
func (p Passphrase) IsZero() bool { return p.secret == "" }

// String says that there is a passphrase, without revealing it.
func (p Passphrase) String() string {
	if p.IsZero() {
		return "no passphrase"
	}
	return "a passphrase"
}

// GoString is String.
func (p Passphrase) GoString() string { return p.String() }

// WriteSecret writes a new file for its owner only, durably: encrypted with the
// passphrase (age, scrypt recipient) unless that is the zero one. It never
// replaces a file.
func WriteSecret(path string, content []byte, p Passphrase) error {
	content, err := p.lock(content)
	if err != nil {
		return fmt.Errorf("encrypting %s: %w", path, err)
	}
	if err := writeNew(path, content); err != nil {
		return fmt.Errorf("writing key file %s: %w", path, err)
	}
	return nil
}

// writeNew makes the file whole or not at all, whenever the process dies.
func writeNew(path string, content []byte) error {
	draft := path + ".new"
	f, err := os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600) //nolint:gosec // the operator names the file
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(draft))
	}
	if err := errors.Join(os.Link(draft, path), os.Remove(draft)); err != nil { // a link replaces nothing
		return err
	}
	return syncFolder(path)
}

// ReplaceSecret replaces a file as a whole, durably, readable by its owner only: a
// machine that stops leaves the one of before or the new one, and the new one once
// it has returned.
func ReplaceSecret(path string, content []byte) error {
	part, err := os.CreateTemp(filepath.Dir(path), ".part-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(part.Name()) }()
	_, err = part.Write(content)
	if err := errors.Join(err, part.Sync(), part.Close()); err != nil {
		return err
	}
	if err := os.Rename(part.Name(), path); err != nil {
		return err
	}
	return syncFolder(path)
}

// syncFolder makes a file's new name last.
func syncFolder(path string) error {
	folder, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(folder.Sync(), folder.Close())
}

// ReadSecret reads what WriteSecret wrote; a plain file needs no passphrase. It
// refuses a file that its group or others may read. Errors: [ErrPassphrase].
func ReadSecret(path string, p Passphrase) ([]byte, error) {
	content, err := readPrivate(path)
	if err != nil || !bytes.HasPrefix(content, []byte(ageMagic)) {
		return content, err
	}
	if content, err = p.unlock(content); err != nil {
		return nil, fmt.Errorf("reading key file %s: %w", path, err)
	}
	return content, nil
}

// IsLocked says whether a secret file is encrypted with a passphrase.
func IsLocked(path string) (bool, error) {
	content, err := readPrivate(path)
	return bytes.HasPrefix(content, []byte(ageMagic)), err
}

func (p Passphrase) lock(content []byte) ([]byte, error) {
	if p.IsZero() {
		return content, nil
	}
	recipient, err := age.NewScryptRecipient(p.secret)
	if err != nil {
		return nil, err
	}
	recipient.SetWorkFactor(scryptWork)
	var out bytes.Buffer
	w, err := age.Encrypt(&out, recipient)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	err = w.Close()
	return out.Bytes(), err
}

func (p Passphrase) unlock(content []byte) ([]byte, error) {
	if p.IsZero() {
		return nil, ErrPassphrase
	}
	identity, err := age.NewScryptIdentity(p.secret)
	if err != nil {
		return nil, err
	}
	identity.SetMaxWorkFactor(scryptMost)
	r, err := age.Decrypt(bytes.NewReader(content), identity)
	if err != nil {
		return nil, ErrPassphrase // the cause names the format's parts, which help nobody
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		return nil, errors.New("the encrypted file is damaged")
	}
	return plain, nil
}

// What a secret file's mode must not have.
const (
	othersOff  fs.FileMode = 0o077
	groupReads fs.FileMode = 0o040
)

// readPrivate reads a small regular file that only its owner may read.
func readPrivate(path string) ([]byte, error) { return readSmall(path, othersOff) }

// readSmall reads a small regular file whose mode has nothing of off.
func readSmall(path string, off fs.FileMode) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("opening a key file: %w", err)
	}
	defer func() { _ = f.Close() }() // only read
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("reading key file %s: %w", path, err)
	}
	if !info.Mode().IsRegular() || info.Mode().Perm()&off != 0 {
		return nil, fmt.Errorf("reading key file %s: others than its owner may read it; set its mode to 0600", path)
	}
	content, err := io.ReadAll(io.LimitReader(f, maxSecretFile))
	if err != nil {
		return nil, fmt.Errorf("reading key file %s: %w", path, err)
	}
	return content, nil
}
