// Package rights holds the texts about the person's rights, to show or to print in the person's own language.
//
// A text counts for a person only when people have reviewed it: a lawyer of the country, against the sources that it
// names, and somebody who speaks the language, for how it is understood. The law differs between countries, so a review
// holds for the country profiles that it names and for no other. Until then staff tell the rights themselves, with an
// interpreter: one wrong word about a right can cost somebody their protection. The file of a language is its slot; a
// language without a file has an empty one. How a text is reviewed stands in README.md.
package rights

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/language"
)

//go:embed *.yaml
var files embed.FS

// Tags lists the languages that have a slot: those of the screens, and those of which many of the people who are met
// speak one (from the CBSS regional country pages and the EU's yearly figures; own choice).
func Tags() []string {
	return []string{"en", "et", "lv", "lt", "fi", "sv", "nb", "da", "is", "de", "pl", "ru", "uk", "ro", "bg", "es", "th", "vi", "ar"}
}

// Text is the rights in one language, in the person's own voice.
type Text struct {
	Language string   `yaml:"language"`
	Name     string   `yaml:"name"`     // the language's own name for itself
	Reviewed bool     `yaml:"reviewed"` // by a lawyer and by a speaker: see Reviews
	Reviews  []Review `yaml:"reviews"`
	Source   string   `yaml:"source"` // what the text was written from
	Title    string   `yaml:"title"`
	Lead     string   `yaml:"lead"`
	Points   []Point  `yaml:"points"`
	End      string   `yaml:"end"`
}

// Review says for which country a text was reviewed, when, and by whom: their roles, never their names.
type Review struct {
	Profile string `yaml:"profile"` // name of the country profile, without its version
	On      string `yaml:"on"`      // a day: 2026-11-22
	By      string `yaml:"by"`
}

// Point is one right.
type Point struct {
	Title  string `yaml:"title"`
	Text   string `yaml:"text"`
	Source string `yaml:"source"` // the article, for whoever reviews it
}

// Holds gives the review by which a text may be shown to a person where a country profile is in force.
func (t Text) Holds(profile string) (Review, bool) {
	if !t.Reviewed {
		return Review{}, false
	}
	at := slices.IndexFunc(t.Reviews, func(r Review) bool { return r.Profile == profile })
	if at < 0 {
		return Review{}, false
	}
	return t.Reviews[at], true
}

// Load reads every text that there is, by language.
func Load() (map[string]Text, error) {
	names, err := fs.Glob(files, "*.yaml")
	if err != nil {
		return nil, fmt.Errorf("looking for texts of rights: %w", err)
	}
	all := map[string]Text{}
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("reading the rights in %s: %w", name, err)
		}
		t, err := parse(data)
		if err != nil {
			return nil, fmt.Errorf("reading the rights in %s: %w", name, err)
		}
		if t.Language != strings.TrimSuffix(name, ".yaml") {
			return nil, fmt.Errorf("the rights in %s are in the language %q", name, t.Language)
		}
		all[t.Language] = t
	}
	return all, nil
}

func parse(data []byte) (Text, error) {
	var t Text
	if err := yaml.UnmarshalWithOptions(data, &t, yaml.Strict()); err != nil {
		return t, err
	}
	switch {
	case !slices.Contains(Tags(), t.Language):
		return t, fmt.Errorf("the language %q has no slot", t.Language)
	case t.Title == "" || t.Name == "" || t.Source == "" || len(t.Points) == 0:
		return t, errors.New("title, name, source and points are needed")
	case t.Reviewed != (len(t.Reviews) > 0):
		return t, errors.New("a reviewed text names its reviews, and no other does")
	}
	for _, r := range t.Reviews {
		if _, err := time.Parse(time.DateOnly, r.On); err != nil || r.Profile == "" || r.By == "" || strings.Contains(r.Profile, "@") {
			return t, errors.New("a review names its profile without the version, its day and the roles of who did it")
		}
	}
	for _, p := range t.Points {
		if p.Title == "" || p.Text == "" || p.Source == "" {
			return t, errors.New("each point has a title, a text and its source")
		}
	}
	return t, nil
}

// Direction is how a language is written: ltr or rtl.
func Direction(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil {
		return "ltr"
	}
	script, _ := parsed.Script()
	if slices.Contains([]string{"Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm"}, script.String()) {
		return "rtl"
	}
	return "ltr"
}
