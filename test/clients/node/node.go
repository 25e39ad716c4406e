// Package node finds Node for the tests of systems that are not ours.
package node

import (
	"os/exec"
	"strconv"
	"strings"
	"testing"
)

// oldest is the major version that the public CloudEvents client asks for.
const oldest = 20

const advice = "the tests of systems that are not ours run programs for Node 20 or newer: install it with npm, " +
	"as root on Debian 13: apt-get install -y nodejs npm; elsewhere as your system does"

// Path is the node on PATH. Without one, or with an older one, the test fails and
// says what to install.
func Path(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("node")
	if err != nil {
		t.Fatalf("%s: %v", advice, err)
	}
	version, err := exec.CommandContext(t.Context(), path, "--version").Output()
	if err != nil {
		t.Fatalf("%s: %v", advice, err)
	}
	major, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(version)), "v"), ".")
	if n, err := strconv.Atoi(major); err != nil || n < oldest {
		t.Fatalf("%s: this is %s", advice, version)
	}
	return path
}

// NPM is the npm on PATH; without one the test fails and says what to install.
func NPM(t testing.TB) string {
	t.Helper()
	path, err := exec.LookPath("npm")
	if err != nil {
		t.Fatalf("%s: %v", advice, err)
	}
	return path
}
