package keyring

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"
)

// Arrange gives the keys in force the plain names and every other one the name of
// its id, one rename after the other. A file's time says since when its key is set
// aside. step is told the name of each step once it is durable. While nothing is
// listed no file is renamed.
func (k *Keyring) Arrange(now time.Time, step func(string)) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.listed == nil {
		return nil
	}
	for _, use := range Uses(k.config.Kind) {
		wanted, held := k.find(use, use.of(*k.listed))
		if !held || wanted.file == use.File() {
			continue
		}
		for i := range k.held {
			if k.held[i].use == use && k.held[i].file == use.File() {
				if err := os.Chtimes(k.config.path(use.File()), now, now); err != nil {
					return fmt.Errorf("setting a key aside: %w", err)
				}
				if err := k.rename(&k.held[i], use.fileOf(k.held[i].id)); err != nil {
					return err
				}
			}
		}
		step("old key set aside")
		if err := k.rename(&k.held[k.at(use, wanted.id)], use.File()); err != nil {
			return err
		}
		step("new key in place")
	}
	return nil
}

// rename is durable when it returns, and replaces no file.
func (k *Keyring) rename(key *heldKey, to string) error {
	if _, err := os.Lstat(k.config.path(to)); err == nil {
		return fmt.Errorf("renaming a key file: there is a %s already", to)
	}
	if err := os.Rename(k.config.path(key.file), k.config.path(to)); err != nil {
		return fmt.Errorf("renaming a key file: %w", err)
	}
	key.file = to
	return syncFolder(k.config.Dir)
}

// Destroy overwrites and removes the file of a key that is set aside, and forgets the
// key; it is no error if it is not here. It does not look at the time: whoever calls
// it knows that nothing needs the key any more. Error: the key counts.
func (k *Keyring) Destroy(use Use, id string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	at := k.at(use, id)
	if at < 0 {
		return nil
	}
	if k.state(k.held[at]) != Aside {
		return errors.New("destroying a key: it is in force")
	}
	if err := wipe(k.config.path(k.held[at].file)); err != nil {
		return fmt.Errorf("destroying a key: %w", err)
	}
	k.held = slices.Delete(k.held, at, at+1)
	return syncFolder(k.config.Dir)
}

// wipe overwrites a file and removes it.
func wipe(path string) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // a key file of the agency's own directory
	if err != nil {
		return err
	}
	info, err := f.Stat()
	if err == nil {
		_, err = f.WriteAt(make([]byte, info.Size()), 0)
	}
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Remove(path)
}

// wiped says whether a file is one that wipe had no time to remove.
func wiped(path string) bool {
	content, err := os.ReadFile(path) //nolint:gosec // a key file of the agency's own directory
	return err == nil && len(content) > 0 && len(bytes.Trim(content, "\x00")) == 0
}

func syncFolder(path string) error {
	dir, err := os.Open(path) //nolint:gosec // the agency's own directory
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
