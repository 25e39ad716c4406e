package clients

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"handrail/test/clients/node"
)

const npmPatience = 5 * time.Minute

// workshop is a folder with the client's sources beside the packages that its
// lock file names, as `npm ci` leaves them for whoever uses the client.
func workshop(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	sources, err := filepath.Glob("native/*.mjs")
	must(t, err)
	if len(sources) == 0 {
		t.Fatal("the native client has no sources")
	}
	for _, source := range sources {
		must(t, copyFile(source, filepath.Join(dir, filepath.Base(source))))
	}
	must(t, os.Symlink(filepath.Join(packages(t), "node_modules"), filepath.Join(dir, "node_modules")))
	return dir
}

// packages is a cache of what one lock file installs: made once, used by every
// test run of this user until the lock file changes.
func packages(t *testing.T) string {
	t.Helper()
	lock, err := os.ReadFile("native/package-lock.json")
	must(t, err)
	digest := sha256.Sum256(lock)
	cache, err := os.UserCacheDir()
	must(t, err)
	parent := filepath.Join(cache, "handrail")
	must(t, os.MkdirAll(parent, 0o700))
	home := filepath.Join(parent, "native-client-"+hex.EncodeToString(digest[:8]))
	if _, err := os.Stat(home); err == nil {
		return home
	}
	fresh, err := os.MkdirTemp(parent, "native-client-new-") //nolint:usetesting // beside its later name, so that it can be renamed
	must(t, err)
	defer os.RemoveAll(fresh)
	must(t, install(t.Context(), node.NPM(t), fresh))
	// Two test runs may do this at once: the first to finish wins, both are the same.
	if err := os.Rename(fresh, home); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, there := os.Stat(home); there != nil {
			t.Fatal(err)
		}
	}
	return home
}

func install(ctx context.Context, npm, dir string) error {
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		if err := copyFile(filepath.Join("native", name), filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, npmPatience)
	defer cancel()
	ci := exec.CommandContext(ctx, npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	ci.Dir = dir
	if output, err := ci.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci of the native client: %w\n%s", err, output)
	}
	return nil
}

func copyFile(from, to string) error {
	content, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, content, 0o600)
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
