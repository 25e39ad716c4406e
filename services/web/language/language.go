// Package language gives the pages their words: one message file per language, plural forms, dates, and the names of
// languages and countries.
//
// A message that a file lacks is an error, never an empty string and never another language's words: a reader of
// Ukrainian must not be shown Russian. The tests fail on any message that is missing.
package language

import (
	"cmp"
	"embed"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

//go:embed messages/*.yaml
var messages embed.FS

// Tags lists the codes of the languages of the screens, English first.
func Tags() (tags []string) {
	for _, n := range Names() {
		tags = append(tags, n.Tag)
	}
	return tags
}

// file is a message file.
type file struct {
	Language string         `yaml:"language"`
	Name     string         `yaml:"name"`
	Reviewed bool           `yaml:"reviewed"`
	Messages map[string]any `yaml:"messages"`
}

// Name is a language, what it calls itself, and whether a person who speaks it has
// read its file. The files say the same.
type Name struct {
	Tag, Name string
	Reviewed  bool
}

// Names lists the languages of the screens, English first.
func Names() []Name {
	return []Name{
		{Tag: "en", Name: "English", Reviewed: true},
		{Tag: "et", Name: "eesti"},
		{Tag: "lv", Name: "latviešu"},
		{Tag: "lt", Name: "lietuvių"},
		{Tag: "fi", Name: "suomi"},
		{Tag: "sv", Name: "svenska"},
		{Tag: "nb", Name: "norsk bokmål"},
		{Tag: "da", Name: "dansk"},
		{Tag: "is", Name: "íslenska"},
		{Tag: "de", Name: "Deutsch"},
		{Tag: "pl", Name: "polski"},
		{Tag: "ru", Name: "русский"},
		{Tag: "uk", Name: "українська"},
	}
}

// Book is the message files of all languages, each read when somebody first reads
// that language: a site holds in memory what its people speak. It may be shared.
type Book struct {
	words map[string]func() (*Words, error)
}

// Words speaks one language, in one place's time.
type Words struct {
	Tag      string
	Name     string // the language's own name for itself
	Reviewed bool   // a person who speaks it has read the file

	keys   map[string]map[string]string // the forms of each message, "other" if it has one only
	says   *i18n.Localizer
	tag    language.Tag
	place  *time.Location
	spoken display.Namer
	lands  display.Namer
}

// Load reads the English file; place is where the readers are, for the hours.
func Load(place *time.Location) (*Book, error) {
	book := &Book{words: map[string]func() (*Words, error){}}
	for _, tag := range Tags() {
		book.words[tag] = sync.OnceValues(func() (*Words, error) { return load(tag, place) })
	}
	_, err := book.words["en"]()
	return book, err
}

func load(tag string, place *time.Location) (*Words, error) {
	parsed, err := language.Parse(tag)
	if err != nil {
		return nil, fmt.Errorf("reading the language %q: %w", tag, err)
	}
	bundle := i18n.NewBundle(parsed)
	w := &Words{Tag: tag, tag: parsed, place: place, keys: map[string]map[string]string{}, spoken: display.Languages(parsed), lands: display.Regions(parsed)}
	if err := w.read(bundle, "messages/"+tag+".yaml"); err != nil {
		return nil, err
	}
	w.says = i18n.NewLocalizer(bundle, tag)
	return w, nil
}

func (w *Words) read(bundle *i18n.Bundle, name string) error {
	text, err := messages.ReadFile(name)
	if err != nil {
		return fmt.Errorf("reading messages: %w", err)
	}
	var f file
	if err := yaml.UnmarshalWithOptions(text, &f, yaml.Strict()); err != nil {
		return fmt.Errorf("reading %s: %w", name, err)
	}
	w.Name, w.Reviewed = f.Name, f.Reviewed
	for key, value := range f.Messages {
		if w.Has(key) {
			return fmt.Errorf("%s: the message %q is there twice", name, key)
		}
		m, forms, err := message(key, value)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := bundle.AddMessages(w.tag, m); err != nil {
			return fmt.Errorf("%s: the message %q: %w", name, key, err)
		}
		w.keys[key] = forms
	}
	return nil
}

func message(key string, value any) (*i18n.Message, map[string]string, error) {
	forms := map[string]string{}
	switch value := value.(type) {
	case string:
		forms["other"] = value
	case map[string]any:
		for form, text := range value {
			says, isText := text.(string)
			if !isText || !slices.Contains([]string{"zero", "one", "two", "few", "many", "other"}, form) {
				return nil, nil, fmt.Errorf("the message %q has a form that is none: %q", key, form)
			}
			forms[form] = says
		}
	default:
		return nil, nil, fmt.Errorf("the message %q is neither text nor plural forms", key)
	}
	if forms["other"] == "" {
		return nil, nil, fmt.Errorf("the message %q is empty", key)
	}
	m := &i18n.Message{ID: key, Zero: forms["zero"], One: forms["one"], Two: forms["two"], Few: forms["few"], Many: forms["many"], Other: forms["other"]}
	return m, forms, nil
}

// Of gives the words of a language of the list. It says false for another, and for
// one whose file cannot be read, which the tests rule out.
func (b *Book) Of(tag string) (*Words, bool) {
	read, known := b.words[tag]
	if !known {
		return nil, false
	}
	w, err := read()
	return w, err == nil
}

// Best gives the words for a reader: what was chosen, if it is a language of the
// list, else the first language of the list that the browser asks for, else English.
// Nearness counts for nothing: whoever asks for Belarusian is not given Russian.
func (b *Book) Best(chosen, accepted string) *Words {
	if w, ok := b.Of(chosen); ok {
		return w
	}
	wanted, _, err := language.ParseAcceptLanguage(accepted)
	if err != nil {
		wanted = nil
	}
	for _, tag := range wanted {
		base, _ := tag.Base()
		name := base.String()
		if name == "no" || name == "nn" {
			name = "nb"
		}
		if w, ok := b.Of(name); ok {
			return w
		}
	}
	english, _ := b.Of("en") // [Load] read it
	return english
}

// Keys lists every message of the file, in the order of the alphabet.
func (w *Words) Keys() []string {
	list := make([]string, 0, len(w.keys))
	for key := range w.keys {
		list = append(list, key)
	}
	slices.Sort(list)
	return list
}

// Has says whether the file has a message.
func (w *Words) Has(key string) bool { return w.keys[key] != nil }

// Source gives a message as the file has it, by plural form; one without plural
// forms has only "other".
func (w *Words) Source(key string) map[string]string { return maps.Clone(w.keys[key]) }

// Say gives a message. The members are pairs of a name and a value; one named
// Count, an int, chooses the plural form. Errors: the file lacks the message, or it
// names a member that was not given.
func (w *Words) Say(key string, members ...any) (string, error) {
	if !w.Has(key) {
		return "", fmt.Errorf("language %s lacks the message %q", w.Tag, key)
	}
	if len(members)%2 != 0 {
		return "", errors.New("members of a message come in pairs")
	}
	data := map[string]any{}
	for i := 0; i < len(members); i += 2 {
		name, ok := members[i].(string)
		if !ok {
			return "", fmt.Errorf("the message %q: a member's name is no text", key)
		}
		data[name] = members[i+1] //nolint:gosec // the members are even, as checked above
	}
	config := &i18n.LocalizeConfig{MessageID: key, TemplateData: data}
	if count, ok := data["Count"]; ok && len(w.keys[key]) > 1 { // words that do not change with the number have one form
		config.PluralCount = count
	}
	said, err := w.says.Localize(config)
	switch {
	case err != nil:
		return "", fmt.Errorf("language %s, message %q: %w", w.Tag, key, err)
	case strings.Contains(said, "<no value>"):
		return "", fmt.Errorf("language %s, message %q: a member that it names was not given", w.Tag, key)
	}
	return said, nil
}

// Code gives the words for a code of a closed list: list is the Go type's name in
// kebab case, such as agency-kind. Languages and countries come from CLDR.
func (w *Words) Code(list, code string) (string, error) {
	switch list {
	case "language":
		tag, err := language.Parse(code)
		if err != nil {
			return "", fmt.Errorf("%q is no language: %w", code, err)
		}
		return cmp.Or(w.spoken.Name(tag), code), nil
	case "country":
		land, err := language.ParseRegion(code)
		if err != nil {
			return "", fmt.Errorf("%q is no country: %w", code, err)
		}
		return cmp.Or(w.lands.Name(land), code), nil
	case "region":
		return regionName(code)
	}
	return w.Say("code." + list + "." + code)
}

// Sorted orders a list by a text of each, as the language does: Å behind Z in
// Swedish, Õ where Estonian has it.
func Sorted[T any](w *Words, list []T, text func(T) string) {
	order := collate.New(w.tag)
	slices.SortStableFunc(list, func(x, y T) int { return order.CompareString(text(x), text(y)) })
}
