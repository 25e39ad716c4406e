package drive

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-json-experiment/json"
)

const (
	npmPatience = 5 * time.Minute
	nodeAdvice  = "the tests of the pages judge HTML with a program for Node 20 or newer: install it with npm, as root on Debian 13: apt-get install -y nodejs npm; elsewhere as your system does"
)

// Checks are the judges from outside: axe, which runs in the page, and
// html-validate, which runs in one Node process. Their versions are pinned in the
// folder's package-lock.json. Close it.
type Checks struct {
	axe string

	mu      sync.Mutex
	asking  io.WriteCloser
	answers *bufio.Scanner
	stop    func() error
	judged  map[[sha256.Size]byte][]string // what HTML was told
	turns   map[[sha256.Size]byte]*turn    // what axe judged
}

// changing is what differs between two pages that are alike: ids, numbers, times.
var changing = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f-]{18,}|[0-9]+`)

// alike is the digest of a page without what differs between pages that are alike.
func alike(parts ...string) [sha256.Size]byte {
	return sha256.Sum256([]byte(changing.ReplaceAllString(strings.Join(parts, "\x00"), "#")))
}

// turn is held by whoever judges pages that are alike.
type turn struct {
	sync.Mutex

	passed bool
}

// once has pages that are alike judged until one of them passes; who asks meanwhile waits.
func (c *Checks) once(page [sha256.Size]byte, judge func() (passed bool)) {
	c.mu.Lock()
	its := c.turns[page]
	if its == nil {
		its = &turn{}
		c.turns[page] = its
	}
	c.mu.Unlock()
	its.Lock()
	defer its.Unlock()
	its.passed = its.passed || judge()
}

// StartChecks installs the packages that the lock file in folder names, once for
// each lock file, and starts html-validate.
func StartChecks(ctx context.Context, folder string) (*Checks, error) {
	node, err := exec.LookPath("node")
	if err != nil {
		return nil, fmt.Errorf("%s: %w", nodeAdvice, err)
	}
	home, err := packages(ctx, folder)
	if err != nil {
		return nil, err
	}
	axe, err := os.ReadFile(filepath.Join(home, "node_modules", "axe-core", "axe.min.js"))
	if err != nil {
		return nil, fmt.Errorf("reading axe: %w", err)
	}
	program, err := os.ReadFile(filepath.Join(folder, "validate.mjs"))
	if err != nil {
		return nil, fmt.Errorf("reading the HTML check: %w", err)
	}
	command := exec.CommandContext(ctx, node, "--input-type=module", "--eval", string(program))
	command.Dir, command.Stderr = home, os.Stderr
	asking, err := command.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the HTML check: %w", err)
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("starting the HTML check: %w", err)
	}
	if err := command.Start(); err != nil {
		return nil, fmt.Errorf("starting the HTML check: %w", err)
	}
	answers := bufio.NewScanner(out)
	answers.Buffer(nil, 16<<20)
	stop := func() error { return errors.Join(asking.Close(), command.Wait()) }
	return &Checks{axe: string(axe), asking: asking, answers: answers, stop: stop, judged: map[[sha256.Size]byte][]string{}, turns: map[[sha256.Size]byte]*turn{}}, nil
}

// Close ends them.
func (c *Checks) Close() error { return c.stop() }

// HTML lists what the standard has against a document.
func (c *Checks) HTML(t testing.TB, text string) []string {
	t.Helper()
	c.mu.Lock()
	defer c.mu.Unlock()
	digest := alike(text)
	if known, ok := c.judged[digest]; ok {
		return known
	}
	line, err := json.Marshal(text)
	if err != nil {
		t.Fatalf("judging HTML: %v", err)
	}
	if _, err := c.asking.Write(append(line, '\n')); err != nil {
		t.Fatalf("judging HTML: %v", err)
	}
	if !c.answers.Scan() {
		t.Fatalf("judging HTML: the check ended: %v", c.answers.Err())
	}
	var problems []string
	if err := json.Unmarshal(c.answers.Bytes(), &problems); err != nil {
		t.Fatalf("judging HTML: %v", err)
	}
	c.judged[digest] = problems
	return problems
}

// packages is a cache of what one lock file installs: made once, used by every
// test run of this user until the lock file changes.
func packages(ctx context.Context, folder string) (string, error) {
	lock, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	if err != nil {
		return "", err
	}
	digest := sha256.Sum256(lock)
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	parent := filepath.Join(cache, "handrail")
	if err := os.MkdirAll(parent, 0o700); err != nil {
		return "", err
	}
	home := filepath.Join(parent, "page-checks-"+hex.EncodeToString(digest[:8]))
	if _, err := os.Stat(home); err == nil {
		return home, nil
	}
	fresh, err := os.MkdirTemp(parent, "page-checks-new-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(fresh)
	if err := npm(ctx, folder, fresh); err != nil {
		return "", err
	}
	// Two test runs may do this at once: the first to finish wins, both are the same.
	if err := os.Rename(fresh, home); err != nil && !errors.Is(err, fs.ErrExist) {
		if _, there := os.Stat(home); there != nil {
			return "", err
		}
	}
	return home, nil
}

func npm(ctx context.Context, folder, dir string) error {
	path, err := exec.LookPath("npm")
	if err != nil {
		return fmt.Errorf("%s: %w", nodeAdvice, err)
	}
	for _, name := range []string{"package.json", "package-lock.json", ".npmrc"} {
		content, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, npmPatience)
	defer cancel()
	ci := exec.CommandContext(ctx, path, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
	ci.Dir = dir
	if output, err := ci.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci of the pages' checks: %w\n%s", err, output)
	}
	return nil
}
