// Package deploy tests what the papers for operators claim.
package deploy

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var cited = regexp.MustCompile("`((?:Test|Fuzz)[A-Za-z0-9]+)(?:/([^`]+))?`")

// A claim without a test, or with one that is gone, is no claim.
func TestEveryThreatNamesATestThatExists(t *testing.T) {
	tests := sources(t)
	for _, page := range []string{"THREATS.md", "LOST-LAPTOP.md", "systemd/README.md"} {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range cited.FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(tests, "func "+name[1]+"(") {
				t.Errorf("%s names the test %s, which does not exist", page, name[1])
			}
			if name[2] != "" && !strings.Contains(tests, `t.Run("`+name[2]+`"`) {
				t.Errorf("%s names %q of %s, which does not exist", page, name[2], name[1])
			}
		}
		for line := range strings.Lines(string(text)) {
			if page == "THREATS.md" && strings.Count(line, "|") == 5 && !strings.HasPrefix(line, "|---") && !strings.Contains(line, "shown by") && !cited.MatchString(line) {
				t.Errorf("a row names no test: %s", line)
			}
		}
	}
}

// sources are all test files of the repository, one behind the other.
func sources(t *testing.T) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all.String()
}
