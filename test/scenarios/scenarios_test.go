// Package scenarios runs every story on a real hub: the ones that the demo
// tells, and those in testdata.
package scenarios

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"handrail/deploy/local"
	"handrail/deploy/local/story"
	"handrail/test/hubtest"
)

func TestStories(t *testing.T) {
	hub := hubtest.Start(t)
	for _, dir := range []string{"../../deploy/local/story/stories", "testdata"} {
		scripts, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
		if err != nil || len(scripts) == 0 {
			t.Fatalf("no stories in %s: %v", dir, err)
		}
		testscript.RunT(inTurn{t}, testscript.Params{
			Files: scripts, Cmds: commands(t, hub),
			Setup: func(env *testscript.Env) error {
				env.Values[worldKey{}] = hubtest.World(t, hub)
				return nil
			},
		})
	}
}

type worldKey struct{}

// commands lets testscript understand the stories' lines: each subject is a command.
func commands(t *testing.T, hub *local.Hub) map[string]func(*testscript.TestScript, bool, []string) {
	t.Helper()
	all := map[string]func(*testscript.TestScript, bool, []string){
		"handrail": func(ts *testscript.TestScript, neg bool, args []string) {
			out, errs, code := hubtest.Run(t.Context(), t, append(args, "--data", hub.At.Root)...)
			if (code != 0) != neg {
				ts.Fatalf("exit code %d\n%s%s", code, out, errs)
			}
		},
	}
	for _, subject := range story.Subjects() {
		all[subject] = func(ts *testscript.TestScript, neg bool, args []string) {
			world, ok := ts.Value(worldKey{}).(*story.World)
			if !ok {
				ts.Fatalf("the story has no world")
			}
			said, err := world.Do(t.Context(), append([]string{subject}, args...))
			switch {
			case err != nil && !neg:
				ts.Fatalf("%s %s: %v", subject, strings.Join(args, " "), err)
			case err == nil && neg:
				ts.Fatalf("%s %s: this must not be possible", subject, strings.Join(args, " "))
			}
			ts.Logf("%s", said)
		}
	}
	return all
}
