package local

import (
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"testing"
)

func TestOneOwnerAtATime(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := ClaimDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ClaimDir(t.Context(), dir); !errors.Is(err, ErrBusy) {
		t.Fatalf("a second claim got %v, want ErrBusy", err)
	}
	if err := first.Release(); err != nil {
		t.Fatal(err)
	}
	second, err := ClaimDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := second.Release(); err != nil {
		t.Fatal(err)
	}
}

func TestWipeKeepsOnlyTheClaim(t *testing.T) {
	dir := t.TempDir()
	claim, err := ClaimDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"postgres", "police"} {
		inner, err := ClaimDir(t.Context(), filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(os.WriteFile(filepath.Join(inner.Dir(), "key"), nil, 0o600), inner.Release()); err != nil {
			t.Fatal(err)
		}
	}
	if err := claim.Wipe(t.Context()); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 2 {
		t.Errorf("left after wiping: %v %v, want the two lock files", entries, err)
	}
	if _, err := ClaimDir(t.Context(), dir); !errors.Is(err, ErrBusy) {
		t.Errorf("after wiping, a second claim got %v, want ErrBusy", err)
	}
}

func TestWipeRefusesADirectoryInUse(t *testing.T) {
	dir := t.TempDir()
	claim, err := ClaimDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ClaimDir(t.Context(), filepath.Join(dir, "postgres")); err != nil {
		t.Fatal(err)
	}
	if err := claim.Wipe(t.Context()); !errors.Is(err, ErrBusy) {
		t.Errorf("wiping under a live owner got %v, want ErrBusy", err)
	}
}

func TestDefaultDirMustBeOurs(t *testing.T) {
	temp := shortDir(t)
	if err := os.Chmod(temp, 0o711); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temp)
	dir, err := DefaultDir()
	if err != nil {
		t.Fatal(err)
	}
	if want := filepath.Join(temp, "handrail-"+strconv.Itoa(os.Geteuid())); dir != want {
		t.Errorf("default directory %s, want %s", dir, want)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o711 {
		t.Errorf("mode %v %v, want 0711", info.Mode(), err)
	}
	if err := os.Remove(dir); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(t.TempDir(), dir); err != nil {
		t.Fatal(err)
	}
	if _, err := DefaultDir(); err == nil {
		t.Error("a symbolic link in place of the directory was followed")
	}
}
