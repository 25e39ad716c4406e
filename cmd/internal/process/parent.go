package process

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

const (
	// parentVariable is set by deploy/local for the children that it starts.
	parentVariable = "HANDRAIL_PARENT"
	parentPause    = 250 * time.Millisecond
)

var errParentGone = errors.New("the process that started this one has ended")

// followParent returns a context that ends when the parent vanishes, in the two cases in which nobody else would end
// this process: deploy/local started it (standard input ends then), or `go run` did and was killed first.
func followParent(ctx context.Context) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	switch {
	case os.Getenv(parentVariable) == "stdin":
		go func() {
			_, _ = io.Copy(io.Discard, os.Stdin) // an unreadable pipe is a vanished parent too
			cancel(errParentGone)
		}()
	case startedByGoRun(ctx):
		go watchParent(ctx, os.Getppid(), cancel)
	}
	return ctx, func() { cancel(nil) }
}

func watchParent(ctx context.Context, parent int, cancel context.CancelCauseFunc) {
	ticks := time.NewTicker(parentPause)
	defer ticks.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks.C:
			if os.Getppid() != parent {
				cancel(errParentGone)
				return
			}
		}
	}
}

// startedByGoRun looks at the parent's name: a shell may well end before what it started, `go run` never should.
func startedByGoRun(ctx context.Context) bool {
	parent := os.Getppid()
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", parent))
	if errors.Is(err, os.ErrNotExist) {
		name, err = exec.CommandContext(ctx, "ps", "-o", "comm=", "-p", strconv.Itoa(parent)).Output()
	}
	return err == nil && filepath.Base(strings.TrimSpace(string(name))) == "go"
}
