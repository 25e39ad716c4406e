package local

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The test binary plays other processes of the story: they must be real ones, to be killed.
const roleVariable = "HANDRAIL_TEST_ROLE"

func TestMain(m *testing.M) {
	_ = os.Unsetenv("HANDRAIL_DATABASE_URL") // these tests are about a cluster of our own
	switch os.Getenv(roleVariable) {
	case "":
		os.Exit(m.Run())
	case "postgres-owner":
		ownPostgres(os.Getenv("HANDRAIL_TEST_DIR"))
	case "watchdog-owner":
		ownWatchedProcess()
	case "parent":
		ownChild(os.Getenv("HANDRAIL_TEST_DIR"))
	case "child":
		playChild()
	}
}

// ownPostgres starts a cluster, says its pid and holds it until it is killed.
func ownPostgres(dir string) {
	postgres, err := StartPostgres(context.Background(), Options{Dir: dir})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(postgres.PID())
	select {}
}

func ownWatchedProcess() {
	sleeper := exec.Command("sleep", "600")
	if err := sleeper.Start(); err != nil {
		os.Exit(1)
	}
	if _, err := watchdog(context.Background(), sleeper.Process.Pid, "INT"); err != nil {
		os.Exit(1)
	}
	fmt.Println(sleeper.Process.Pid)
	select {}
}

// play starts this test binary in a role and returns the pid that it says.
func play(t *testing.T, role, dir string) (actor *exec.Cmd, said int) {
	t.Helper()
	actor = exec.Command(os.Args[0])
	actor.Env = append(os.Environ(), roleVariable+"="+role, "HANDRAIL_TEST_DIR="+dir)
	out, err := actor.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := actor.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = actor.Process.Kill()
		_ = actor.Wait()
	})
	line := make([]byte, 512)
	n, _ := out.Read(line)
	said, err = strconv.Atoi(strings.TrimSpace(string(line[:n])))
	if err != nil {
		t.Fatalf("%s said %q instead of a pid", role, line[:n])
	}
	return actor, said
}

// shortDir is a directory that the server's user can reach, unlike t.TempDir, when the tests run as root.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp(sharedTemp(), "handrail-test-") //nolint:usetesting // the server's user cannot enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// awaitGone waits until a process has ended; a zombie has.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	deadline := time.Now().Add(time.Minute)
	for alive(pid) {
		if time.Now().After(deadline) {
			t.Fatalf("process %d outlived its parent", pid)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func alive(pid int) bool {
	if syscall.Kill(pid, 0) != nil {
		return false
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return os.IsNotExist(err) && !hasParentDeathSignal
	}
	_, state := processState(string(stat))
	return state != "Z"
}
