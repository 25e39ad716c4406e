package local

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// serverIdentity is the user that Postgres runs as: it refuses to run as root, so root drops to postgres or nobody by
// uid. Nil means: as ourselves.
func serverIdentity() *syscall.Credential {
	if os.Geteuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		account, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.ParseUint(account.Uid, 10, 32)
		gid, gidErr := strconv.ParseUint(account.Gid, 10, 32)
		if uidErr == nil && gidErr == nil && uid != 0 {
			return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
		}
	}
	return &syscall.Credential{Uid: 65534, Gid: 65534} // "nobody" by convention where no account file names it
}

// sharedTemp is the first temporary directory that the server's user can reach: root's own may lie below its home.
func sharedTemp() string {
	identity := serverIdentity()
	for _, dir := range []string{os.TempDir(), "/var/tmp", "/tmp"} {
		if reachable(dir, identity) == nil {
			return dir
		}
	}
	return os.TempDir()
}

// reachable checks that identity may pass through every directory on the way to dir.
func reachable(dir string, identity *syscall.Credential) error {
	if identity == nil {
		return nil
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(dir); err == nil {
		dir = real
	}
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if owner, known := info.Sys().(*syscall.Stat_t); known && !passable(info.Mode().Perm(), owner, identity) {
			return fmt.Errorf("%s is closed to user id %d, which Postgres runs as: choose a directory outside", dir, identity.Uid)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}

func passable(mode os.FileMode, owner *syscall.Stat_t, identity *syscall.Credential) bool {
	switch {
	case owner.Uid == identity.Uid:
		return mode&0o100 != 0
	case owner.Gid == identity.Gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}
