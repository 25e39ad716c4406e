package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// playChild says that it is there and ends in an orderly way on SIGTERM; it ends with its parent by standard input
// alone, because SIGHUP stands for what the kernel would send.
func playChild() {
	terminated := make(chan os.Signal, 1)
	signal.Notify(terminated, syscall.SIGTERM)
	fmt.Println("child is up", os.Getenv("HANDRAIL_TEST_WORD"))
	gone := make(chan struct{})
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		close(gone)
	}()
	select {
	case <-terminated:
		fmt.Println("child ended in an orderly way")
	case <-gone:
		fmt.Println("parent is gone")
		os.Exit(3)
	}
}

// ownChild starts a child, says its pid and lives until it is killed.
func ownChild(dir string) {
	child, err := StartChild(context.Background(), testChild(dir))
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(child.PID())
	select {}
}

func testChild(dir string) Child {
	return Child{
		Name:    "police",
		Env:     []string{roleVariable + "=child", "HANDRAIL_TEST_WORD=hello"},
		LogFile: filepath.Join(dir, "police.log"),
	}
}

func awaitLog(t *testing.T, dir, want string) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for {
		log, _ := os.ReadFile(filepath.Join(dir, "police.log"))
		if strings.Contains(string(log), want) {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the log says %q, want %q in it", log, want)
		}
		time.Sleep(10 * time.Millisecond)
	}
}

func TestChildRunsEndsAndRunsAgain(t *testing.T) {
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	child, err := StartChild(ctx, testChild(dir))
	if err != nil {
		t.Fatal(err)
	}
	awaitLog(t, dir, "child is up hello")
	if group, err := syscall.Getpgid(child.PID()); err != nil || group != child.PID() {
		t.Errorf("process group %d %v: Ctrl-C would reach the child", group, err)
	}
	if err := child.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) || !strings.HasPrefix(err.Error(), "police: ") {
		t.Errorf("a killed child ended with %v", err)
	}

	child, err = StartChild(ctx, testChild(dir))
	if err != nil {
		t.Fatal(err)
	}
	for deadline := time.Now().Add(time.Minute); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if log, _ := os.ReadFile(filepath.Join(dir, "police.log")); strings.Count(string(log), "child is up") == 2 {
			break
		}
	}
	cancel()
	<-child.Done()
	awaitLog(t, dir, "child ended in an orderly way")
	if info, err := os.Stat(filepath.Join(dir, "police.log")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("log mode %v %v, want 0600", info.Mode(), err)
	}
}

func TestChildEndsWithItsParent(t *testing.T) {
	parent, child := play(t, "parent", t.TempDir())
	if err := parent.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, child)
}

func TestChildSeesTheEndOfItsInput(t *testing.T) {
	ours, theirs, err := lifeline()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), roleVariable+"=child")
	child.Stdin = theirs
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(theirs.Close(), ours.Close()); err != nil { // as the kernel does when we end
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := child.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 3 {
		t.Errorf("the child ended with %v, want its own exit code 3", err)
	}
}

func TestWatchdogEndsAProcessThatDoesNotWatch(t *testing.T) {
	owner, watched := play(t, "watchdog-owner", "")
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	awaitGone(t, watched)
}

func TestNextOwnerWaitsForAChildThatWasPassedTheClaim(t *testing.T) {
	dir := t.TempDir()
	claim, err := ClaimDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	heir := testChild(dir)
	heir.Claim = claim
	child, err := StartChild(t.Context(), heir)
	if err != nil {
		t.Fatal(err)
	}
	if err := claim.Release(); err != nil {
		t.Fatal(err)
	}
	short, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if _, err := ClaimDir(short, dir); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("claiming over a living child got %v, want to wait", err)
	}
	if err := child.Kill(); err != nil {
		t.Fatal(err)
	}
	next, err := ClaimDir(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := next.Release(); err != nil {
		t.Fatal(err)
	}
}
