// Package scenarios runs every story on real hubs: the ones that the demo tells,
// and those in testdata.
package scenarios

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"handrail/deploy/local"
	"handrail/deploy/local/story"
	"handrail/test/hubtest"
)

// hubs is how many hubs tell stories side by side: a story mostly waits, for
// other services or for a deadline to pass.
const hubs = 3

// TestStories deals the stories out to the hubs. A hub tells its own one after
// another, since they share it and some check that nobody else was sent anything.
func TestStories(t *testing.T) {
	hands := deal(t)
	for i, hand := range hands {
		t.Run("hub"+strconv.Itoa(i+1), func(t *testing.T) {
			t.Parallel()
			var texts []string
			for _, file := range hand {
				texts = append(texts, read(t, file))
			}
			tellAll(t, hand, story.Founding(texts...))
		})
	}
}

// deal gives every hub its stories. Those that wait for a deadline come first, so
// that no hub gets two while another has none.
func deal(t *testing.T) [hubs][]string {
	t.Helper()
	var waiting, others []string
	for _, dir := range []string{"../../deploy/local/story/stories", "testdata"} {
		files, err := filepath.Glob(filepath.Join(dir, "*.txtar"))
		if err != nil || len(files) == 0 {
			t.Fatalf("no stories in %s: %v", dir, err)
		}
		for _, file := range files {
			if text := read(t, file); strings.Contains(text, "deadline.missed") || strings.Contains(text, " late\n") {
				waiting = append(waiting, file)
			} else {
				others = append(others, file)
			}
		}
	}
	var hands [hubs][]string
	for i, file := range slices.Concat(waiting, others) {
		hands[i%hubs] = append(hands[i%hubs], file)
	}
	return hands
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// tellAll tells stories on a hub of their own.
func tellAll(t *testing.T, files []string, founding local.Founding) {
	t.Helper()
	hub := hubtest.Start(t, func(o *local.HubOptions) { o.Founding = founding })
	testscript.RunT(inTurn{t}, testscript.Params{
		Files: files, Cmds: commands(t),
		Setup: func(env *testscript.Env) error {
			env.Values[worldKey{}] = hubtest.World(t, hub)
			env.Setenv("PATH", filepath.Dir(hubtest.Program(t))+string(os.PathListSeparator)+env.Getenv("PATH"))
			env.Setenv("HANDRAIL_DATA", hub.At.Root)
			return nil
		},
	})
}

// TestEveryStoryIsListed keeps the demo's list and its files together.
func TestEveryStoryIsListed(t *testing.T) {
	files, err := filepath.Glob("../../deploy/local/story/stories/*.txtar")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, file := range files {
		names = append(names, strings.TrimSuffix(filepath.Base(file), ".txtar"))
	}
	if listed := slices.Sorted(slices.Values(story.Names())); !slices.Equal(names, listed) {
		t.Errorf("the files are %v, the list is %v", names, listed)
	}
}

type worldKey struct{}

// commands lets testscript understand the stories' lines: each subject is a command.
func commands(t *testing.T) map[string]func(*testscript.TestScript, bool, []string) {
	t.Helper()
	all := map[string]func(*testscript.TestScript, bool, []string){}
	for _, subject := range story.Subjects() {
		all[subject] = func(ts *testscript.TestScript, neg bool, args []string) {
			world, ok := ts.Value(worldKey{}).(*story.World)
			if !ok {
				ts.Fatalf("the story has no world")
			}
			do := world.Do
			if neg {
				do = world.CannotDo
			}
			said, err := do(t.Context(), append([]string{subject}, args...))
			if err != nil {
				ts.Fatalf("%s %s: %v", subject, strings.Join(args, " "), err)
			}
			ts.Logf("%s", said)
		}
	}
	return all
}
