package attacks

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"handrail/test/hubtest"
)

// Exit codes, as cmd/internal/process documents them.
const (
	failure    = 1
	usage      = 2
	unverified = 3
)

// badCommand is what somebody types wrongly, and the exit code that it ends with.
type badCommand struct {
	typed string // words; FOLDER, CASE, EXPORT stand for what the test has
	code  int
	says  string // a word that the person needs to go on
}

// badCommands are wrong uses of every command that reads the log or proves from it.
func badCommands() []badCommand {
	const zeros = "01936a00-0000-7000-8000-000000000000"
	root := strings.Repeat("0a", 32)
	return []badCommand{
		{"audit replay", usage, "case"},
		{"audit replay x", usage, "UUIDv7"},
		{"audit replay -- -1", usage, "UUIDv7"},
		{"audit replay " + strings.ToUpper("0193abcd-0000-7000-8000-00000000abcd"), usage, "UUIDv7"},
		{"audit replay " + zeros, failure, ""},
		{"audit replay CASE --at -1", usage, "number of an entry"},
		{"audit replay CASE --at 99999999999999999999999", usage, "number of an entry"},
		{"audit replay CASE --at yesterday", usage, "number of an entry"},
		{"audit replay CASE --at 2026-13-01", usage, "number of an entry"},
		{"audit replay CASE --at 1000000", usage, "entries 0 to"},
		{"audit replay CASE --at 2199-01-01", usage, "still to come"},
		{"audit replay CASE EXTRA", usage, ""},
		{"audit export CASE -o FOLDER", usage, "is a directory"},
		{"audit export CASE -o FOLDER/none/file", usage, "none"},
		{"audit export " + zeros + " -o FOLDER/x.json", failure, ""},
		{"audit verify", usage, "file"},
		{"audit verify FOLDER/none", usage, "none"},
		{"audit verify FOLDER", usage, "directory"},
		{"audit verify FOLDER/empty", unverified, "export"},
		{"audit verify FOLDER/text", unverified, "export"},
		{"audit verify FOLDER/nested", unverified, "export"},
		{"audit verify FOLDER/huge", unverified, ""},
		{"audit verify FOLDER/proof", usage, "--auditor"},
		{"audit verify FOLDER/cut", unverified, ""},
		{"audit verify FOLDER/twice", unverified, ""},
		{"audit verify EXPORT --auditor FOLDER", usage, ""},
		{"audit log", usage, "--verify"},
		{"audit log --verify --leaves", usage, "--leaves"},
		{"audit log --leaves --resume FOLDER/text", usage, "--resume"},
		{"audit log --verify --resume FOLDER/text", failure, "begin anew"},
		{"audit log --verify --resume FOLDER", failure, "directory"},
		{"audit completeness", usage, "agency"},
		{"audit completeness Police", usage, "agency"},
		{"audit completeness sampletown-nobody", failure, ""},
		{"audit completeness sampletown-police --evidence FOLDER/none", usage, "none"},
		{"audit completeness sampletown-police --evidence FOLDER/text", failure, "handrail evidence"},
		{"audit completeness sampletown-police --evidence FOLDER/empty", failure, "empty"},
		{"audit approve glance --reader sampleland-audit", usage, "replay"},
		{"audit approve replay --reader sampleland-audit", usage, ""},
		{"audit approve cases", usage, "reader"},
		{"audit approve cases --reader x --for 25h", usage, ""},
		{"audit approve cases --reader x --for -1h", usage, ""},
		{"audit approve cases --reader x --for soon", usage, ""},
		{"audit cases --approval FOLDER/none", usage, "none"},
		{"audit cases --approval FOLDER/text", failure, "approval"},
		{"audit cases --hub nonsense", failure, "URL"},
		{"audit cases --hub http://127.0.0.1:1", failure, ""},
		{"audit cases -o yaml", usage, "json"},
		{"proof", usage, "entry"},
		{"proof x --as sampletown-police", usage, ""},
		{"proof -1 --as sampletown-police", usage, ""},
		{"proof 99999999999999999999999 --as sampletown-police", usage, ""},
		{"proof 1000000 --as sampletown-police", usage, "no such entry"},
		{"proof 1 --as sampletown-nobody", usage, "doctor"},
		{"proof " + zeros + " --as sampletown-police", usage, "no such entry"},
		{"evidence --as sampletown-nobody", usage, "doctor"},
		{"evidence --as sampletown-police -o FOLDER/none/file", usage, "none"},
		{"witness reset --as sampletown-police --staff lead-3 --because boredom --size 1 --root " + root, usage, "because"},
		{"witness reset --as sampletown-police --staff lead-3 --because state-lost --size -1 --root " + root, usage, "size"},
		{"witness reset --as sampletown-police --staff lead-3 --because state-lost --size 1 --root 0a", usage, ""},
		{"witness reset --as sampletown-police --staff Ann --because state-lost --size 1 --root " + root, usage, ""},
		{"witness status --as sampletown-nobody", usage, "doctor"},
		{"retention run --data FOLDER", failure, "FOLDER"},
		{"retention run now", usage, ""},
		{"retention walk", usage, ""},
		{"bench --runs 0", usage, "counts from 1"},
		{"bench --submitters 4,0", usage, "counts from 1"},
		{"bench --entries -5", usage, "-1"},
	}
}

// TestACommandTypedWronglySaysWhatIsWrong, in one plain line, and changes nothing.
func TestACommandTypedWronglySaysWhatIsWrong(t *testing.T) {
	a := newArena(t, nil)
	must(t, a.world.Tell(t.Context(), "police receives form referral\nhub records case.opened by police\n", quiet{}))
	folder := t.TempDir()
	export := filepath.Join(folder, "export.json")
	if _, stderr, code := hubtest.Run(t.Context(), t, "audit", "export", string(a.world.Case), "-o", export, "--data", a.hub.At.Root); code != 0 {
		t.Fatalf("the export ends with %d: %s", code, stderr)
	}
	good, err := os.ReadFile(export)
	must(t, err)
	for name, text := range map[string][]byte{
		"empty": {}, "text": []byte("Once upon a time\n"), "nested": []byte(strings.Repeat(`{"format":`, 100_000)), "huge": make([]byte, 80<<20),
		"proof": []byte("c2sp.org/tlog-proof@v1\nindex 18446744073709551616\n"), "cut": good[:len(good)/2], "twice": slices.Concat(good, good),
	} {
		must(t, os.WriteFile(filepath.Join(folder, name), text, 0o600))
	}
	for _, c := range badCommands() {
		t.Run(c.typed, func(t *testing.T) {
			typed := strings.NewReplacer("FOLDER", folder, "CASE", string(a.world.Case), "EXPORT", export).Replace(c.typed)
			args := strings.Fields(typed)
			if !strings.Contains(typed, "--data") {
				args = append([]string{"--data", a.hub.At.Root}, args...)
			}
			stdout, stderr, code := hubtest.Run(t.Context(), t, args...)
			if code != c.code || stdout != "" {
				t.Errorf("it ends with %d and %d bytes of output, want %d and none: %s", code, len(stdout), c.code, stderr)
			}
			line := strings.TrimSpace(stderr)
			if !strings.HasPrefix(line, "handrail: ") || strings.Contains(line, "\n") || strings.Contains(line, "goroutine") || len(line) > 600 {
				t.Errorf("it says %.300q, want one plain line", stderr)
			}
			if says := strings.ReplaceAll(c.says, "FOLDER", folder); !strings.Contains(strings.ToLower(line), strings.ToLower(says)) {
				t.Errorf("it says %.300q, and nothing of %q", line, says)
			}
		})
	}
	a.healthy(t)
}
