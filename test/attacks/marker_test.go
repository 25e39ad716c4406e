package attacks

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A marker is a planted word: its stem says whose it is, its number which one.
// Stems are words that stand nowhere else, in letters that no codec changes.
const (
	ofPerson = "zq7persondata4k"  // what a form says of a person
	ofJunk   = "zq7anybodys4text" // what somebody puts where it does not belong
)

// planted numbers the markers of one stem.
type planted struct {
	stem  string
	names []string
}

// mark gives the marker of a place; the same place has the same marker.
func (p *planted) mark(name string) string {
	i := slices.Index(p.names, name)
	if i < 0 {
		i = len(p.names)
		p.names = append(p.names, name)
	}
	return fmt.Sprintf("%s%04d", p.stem, i)
}

var numbered = regexp.MustCompile(`[0-9]{4}`)

// found says which markers of a stem stand in content, in the clear in any
// case, in base64 or in hexadecimal. What is encoded shows as "encoded".
func (p *planted) found(content []byte) []string {
	names := map[string]bool{}
	for rest := bytes.ToLower(content); ; {
		at := bytes.Index(rest, []byte(p.stem))
		if at < 0 {
			break
		}
		rest = rest[at+len(p.stem):]
		name := "a part of a marker"
		if digits := rest[:min(4, len(rest))]; numbered.Match(digits) {
			var i int
			_, _ = fmt.Sscanf(string(digits), "%d", &i)
			if i < len(p.names) {
				name = p.names[i]
			}
		}
		names[name] = true
	}
	for _, form := range encoded(p.stem) {
		if bytes.Contains(content, form) {
			names["encoded"] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}

// encoded gives what stands in the base64 and in the hexadecimal of any text
// around a stem, wherever in it the stem begins.
func encoded(stem string) [][]byte {
	forms := [][]byte{[]byte(hex.EncodeToString([]byte(stem))), []byte(strings.ToUpper(hex.EncodeToString([]byte(stem))))}
	for lead := range 3 {
		text := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", lead) + stem))
		first := (lead*8 + 5) / 6                       // characters that the lead has a part in
		last := (lead + len(stem)) * 8 / 6              // characters that only lead and stem have a part in
		forms = append(forms, []byte(text[first:last])) // letters and digits only: the URL alphabet writes them alike
	}
	return forms
}

// search looks for the markers in every file below a directory.
func (p *planted) search(t *testing.T, root string) map[string][]string {
	t.Helper()
	places := map[string][]string{}
	must(t, filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return ignoreGone(err)
		}
		content, err := os.ReadFile(path)
		if err != nil {
			return ignoreGone(err)
		}
		if names := p.found(content); len(names) > 0 {
			name, err := filepath.Rel(root, path)
			if err != nil {
				return err
			}
			places[name] = names
		}
		return nil
	}))
	return places
}

// ignoreGone lets Postgres recycle a file of its log meanwhile.
func ignoreGone(err error) error {
	if os.IsNotExist(err) {
		return nil
	}
	return err
}

func TestASearchFindsWhatIsHidden(t *testing.T) {
	p := &planted{stem: ofPerson}
	marker := p.mark("name")
	for lead := range 4 {
		text := []byte(strings.Repeat("a", lead) + marker + " and more")
		for what, hidden := range map[string][]byte{
			"plain": text, "upper case": bytes.ToUpper(text), "base64": []byte(base64.StdEncoding.EncodeToString(text)),
			"base64 of URLs": []byte(base64.RawURLEncoding.EncodeToString(text)), "hexadecimal": []byte(hex.EncodeToString(text)),
		} {
			if len(p.found(hidden)) != 1 {
				t.Errorf("%s, %d bytes in: found %v", what, lead, p.found(hidden))
			}
		}
	}
	if names := p.found([]byte("nothing here")); len(names) != 0 {
		t.Errorf("found %v in nothing", names)
	}
}
