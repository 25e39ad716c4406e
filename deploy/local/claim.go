package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"time"
)

// ErrBusy means that another live process owns the directory.
var ErrBusy = errors.New("another process already uses this directory")

const (
	ownerLock = "owner.lock" // held by the owning process only
	heirsLock = "heirs.lock" // held by the owner and by every child it was passed to

	// heirPatience is how long a new owner waits for the children of a dead one to end.
	heirPatience = 20 * time.Second
	lockRetry    = 20 * time.Millisecond
)

// Claim is the exclusive hold of one process on one directory. It ends with [Claim.Release] or with the process.
type Claim struct {
	dir   string
	owner *os.File
	heirs *os.File
	once  sync.Once
	err   error
}

// ClaimDir creates dir (0711) if needed and takes hold of it. A live owner is answered with [ErrBusy] at once. Of an
// owner that died, the children that it left behind are waited for, at most 20 seconds; so whoever has a claim knows
// that no process of an earlier run still writes there.
func ClaimDir(ctx context.Context, dir string) (*Claim, error) {
	if err := makeSearchable(dir); err != nil {
		return nil, fmt.Errorf("claiming %s: %w", dir, err)
	}
	owner, err := lockFile(ctx, filepath.Join(dir, ownerLock), 0)
	if err != nil {
		return nil, fmt.Errorf("claiming %s: %w", dir, err)
	}
	heirs, err := lockFile(ctx, filepath.Join(dir, heirsLock), heirPatience)
	if err != nil {
		return nil, errors.Join(fmt.Errorf("waiting for processes left over in %s: %w", dir, err), owner.Close())
	}
	return &Claim{dir: dir, owner: owner, heirs: heirs}, nil
}

// Dir is the claimed directory.
func (c *Claim) Dir() string { return c.dir }

// Wipe removes everything in the directory, after the processes that still use its subdirectories have ended.
func (c *Claim) Wipe(ctx context.Context) error {
	entries, err := os.ReadDir(c.dir)
	if err != nil {
		return fmt.Errorf("wiping %s: %w", c.dir, err)
	}
	for _, entry := range entries {
		if entry.Name() == ownerLock || entry.Name() == heirsLock {
			continue
		}
		if err := wipeEntry(ctx, filepath.Join(c.dir, entry.Name())); err != nil {
			return fmt.Errorf("wiping %s: %w", c.dir, err)
		}
	}
	return nil
}

func wipeEntry(ctx context.Context, path string) error {
	if _, err := os.Lstat(filepath.Join(path, heirsLock)); err == nil {
		inner, err := ClaimDir(ctx, path)
		if err != nil {
			return err
		}
		return errors.Join(os.RemoveAll(path), inner.Release())
	}
	return os.RemoveAll(path)
}

// Release gives the directory up; again does nothing. Children that were passed the claim keep a next owner waiting
// until they end.
func (c *Claim) Release() error {
	c.once.Do(func() { c.err = errors.Join(c.owner.Close(), c.heirs.Close()) })
	return c.err
}

// lockFile locks path exclusively, trying again for as long as patience lasts; then it answers ErrBusy.
func lockFile(ctx context.Context, path string, patience time.Duration) (*os.File, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR|syscall.O_NOFOLLOW, 0o600)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(patience)
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			return file, nil
		case !errors.Is(err, syscall.EWOULDBLOCK):
			return nil, errors.Join(fmt.Errorf("locking %s: %w", path, err), file.Close())
		case !time.Now().Before(deadline):
			return nil, errors.Join(ErrBusy, file.Close())
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(ctx.Err(), file.Close())
		case <-time.After(lockRetry):
		}
	}
}

// DefaultDir returns the directory that the demo uses unless it is told another: handrail-<uid> below the temporary
// directory, created 0711. It refuses a symbolic link and a directory of another user, who could otherwise read keys
// or swap files.
func DefaultDir() (string, error) {
	dir := filepath.Join(sharedTemp(), "handrail-"+strconv.Itoa(os.Geteuid()))
	if err := makeOwned(dir); err != nil {
		return "", fmt.Errorf("default data directory: %w", err)
	}
	return dir, nil
}

// makeOwned creates dir (0711) and refuses one that is not really a directory of this user.
func makeOwned(dir string) error {
	if err := os.Mkdir(dir, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(dir)
	if err != nil {
		return err
	}
	owner, known := info.Sys().(*syscall.Stat_t)
	if !info.IsDir() || !known || int(owner.Uid) != os.Geteuid() {
		return fmt.Errorf("%s is not a directory of this user: remove it or choose another with --data", dir)
	}
	return os.Chmod(dir, 0o711) // Mkdir was subject to the umask
}

// makeSearchable creates dir and its missing parents; dir itself lets other users pass but not list.
func makeSearchable(dir string) error {
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return err
	}
	return os.Chmod(dir, 0o711)
}
