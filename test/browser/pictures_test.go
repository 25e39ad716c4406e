package browser

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"testing"

	"handrail/test/browser/drive"
)

var update = flag.Bool("update", false, "take the pictures of README.md anew") // a flag

// heaviest is how large a picture may be, in bytes.
const heaviest = 80 << 10

// picture keeps what the page shows for README.md, from the element of a CSS selector
// down, when the tests are run with -update.
func picture(t *testing.T, p *drive.Page, name, css string) {
	t.Helper()
	if !*update {
		return
	}
	width, height := 1040, 720
	if p.Way().Phone {
		width, height = 390, 720
	}
	if err := os.MkdirAll("pictures", 0o755); err != nil { // part of the repository
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join("pictures", name+".png"), p.Snap(css, width, height), 0o644); err != nil { // part of the repository
		t.Fatal(err)
	}
}

func TestThePicturesOfTheReadmeAreThereAndSmall(t *testing.T) {
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	shown := map[string]bool{}
	for _, match := range regexp.MustCompile(`test/browser/pictures/([a-z-]+\.png)`).FindAllStringSubmatch(string(readme), -1) {
		shown[match[1]] = true
	}
	kept, err := filepath.Glob("pictures/*.png")
	if err != nil || len(kept) == 0 {
		t.Fatalf("there are no pictures: `make pictures` takes them (%v)", err)
	}
	for _, file := range kept {
		name := filepath.Base(file)
		if info, err := os.Stat(file); err != nil || info.Size() > heaviest {
			t.Errorf("%s is too large, or cannot be read: %v", name, err)
		}
		if !shown[name] {
			t.Errorf("README.md does not show %s", name)
		}
		delete(shown, name)
	}
	for name := range shown {
		t.Errorf("README.md shows %s, which `make pictures` does not take", name)
	}
}
