package main

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"handrail/cmd/internal/process"
)

// What a command takes away holds facts of a case: nothing of it may be left where
// nobody looks for it, and nothing may be destroyed by it.
func TestAFileIsWrittenWholeOrNotAtAll(t *testing.T) {
	folder := t.TempDir()
	inside := filepath.Join(folder, "inside")
	if err := os.Mkdir(inside, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "case.json")
	says := func(text string) func(io.Writer) error {
		return func(w io.Writer) error { _, err := io.WriteString(w, text); return err }
	}
	if err := toFile(file, io.Discard, says("first")); err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	half := func(w io.Writer) error { return errors.Join(says("sec")(w), full) }
	if err := toFile(file, io.Discard, half); !errors.Is(err, full) {
		t.Errorf("a disk that is full: %v", err)
	}
	if err := toFile(inside, io.Discard, says("third")); process.ExitCode(err) != process.ExitUsage {
		t.Errorf("a directory: %v", err)
	}
	text, err := os.ReadFile(file)
	info, statErr := os.Stat(file)
	if errors.Join(err, statErr) != nil || string(text) != "first" || info.Mode().Perm() != 0o600 {
		t.Errorf("the file holds %q: %v, %v", text, info, err)
	}
	for at, want := range map[string]int{folder: 2, inside: 0} {
		if left, err := os.ReadDir(at); err != nil || len(left) != want {
			t.Errorf("in %s are %v, %v", filepath.Base(at), left, err)
		}
	}
	if left, err := filepath.Glob(inside + "*"); err != nil || len(left) != 1 {
		t.Errorf("beside the directory are %v, %v", left, err)
	}
}

func TestWhatIsNoFileIsWrittenTo(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	name := filepath.Join("/dev/fd", fd(write))
	if err := toFile(name, io.Discard, func(w io.Writer) error { _, err := io.WriteString(w, "proof"); return err }); err != nil {
		t.Fatal(err)
	}
	if err := write.Close(); err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(read); err != nil || string(text) != "proof" {
		t.Errorf("the pipe got %q, %v", text, err)
	}
}

func fd(f *os.File) string { return strconv.FormatUint(uint64(f.Fd()), 10) }
