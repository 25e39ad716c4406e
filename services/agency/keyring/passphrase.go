package keyring

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"handrail/events/seal"
)

// passphrase reads what protects the key files, from where the configuration says;
// else from systemd's credential of that name, if there is one.
func (c Config) passphrase() (seal.Passphrase, error) {
	path, read := c.PassphraseFile, seal.ReadPassphrase
	if folder := os.Getenv("CREDENTIALS_DIRECTORY"); path == "" && folder != "" { // where systemd puts the secrets of a unit; no secret itself
		name := c.PassphraseCredential
		if name == "" {
			name = "passphrase"
		}
		path, read = filepath.Join(folder, name), seal.ReadPassphraseCredential
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) && c.PassphraseCredential == "" { //nolint:gosec // the service manager names the folder
			return seal.Passphrase{}, nil
		}
	}
	switch {
	case path == "" && c.PassphraseCredential != "":
		return seal.Passphrase{}, errors.New("reading the passphrase: it is a credential of systemd, and this process was not given any")
	case path == "":
		return seal.Passphrase{}, nil
	case !filepath.IsAbs(path):
		path = c.path(path)
	}
	p, err := read(path)
	if err != nil {
		return p, fmt.Errorf("reading the passphrase of the key files: %w", err)
	}
	return p, nil
}

// Secret reads another secret file of the folder, which the same passphrase may
// protect. Both are read anew, so that either can be replaced meanwhile.
func (c Config) Secret(file string) ([]byte, error) {
	pass, err := c.passphrase()
	if err != nil {
		return nil, err
	}
	return seal.ReadSecret(c.path(file), pass)
}
