package attacks

import (
	"io/fs"
	"path/filepath"
	"testing"
)

// neighboursReadNothing checks what another user of the machine could open, if
// the data directory itself lets them pass: nothing, in whatever folder.
func (a *arena) neighboursReadNothing(t *testing.T) {
	closed := map[string]bool{} // folders that neither the group nor others may pass
	files := 0
	must(t, filepath.WalkDir(a.hub.At.Root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == a.hub.At.Root {
			return ignoreGone(err)
		}
		about, err := entry.Info()
		if err != nil {
			return ignoreGone(err)
		}
		mode, above := about.Mode().Perm(), closed[filepath.Dir(path)]
		if entry.IsDir() {
			closed[path] = above || mode&0o011 == 0
			return nil
		}
		files++
		if !above && mode&0o066 != 0 {
			t.Errorf("%s is %s, and the way to it is open", path[len(a.hub.At.Root):], about.Mode())
		}
		return nil
	}))
	if files < 100 {
		t.Errorf("only %d files were looked at", files)
	}
}
