package language_test

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	xlanguage "golang.org/x/text/language"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/web/language"
)

// shared is one book for all tests, which only read it.
var shared = sync.OnceValues(func() (*language.Book, error) { return language.Load(time.UTC) })

func book(t *testing.T) *language.Book {
	t.Helper()
	b, err := shared()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func every(t *testing.T, all *language.Book) (list []*language.Words) {
	t.Helper()
	for _, n := range language.Names() {
		words, ok := all.Of(n.Tag)
		if !ok {
			t.Fatalf("the file of %s cannot be read", n.Tag)
		}
		if words.Name != n.Name || words.Reviewed != n.Reviewed {
			t.Errorf("the file of %s says %q, %t; the list %q, %t", n.Tag, words.Name, words.Reviewed, n.Name, n.Reviewed)
		}
		list = append(list, words)
	}
	return list
}

func TestEveryLanguageHasEveryMessage(t *testing.T) {
	all := book(t)
	english, _ := all.Of("en")
	for _, words := range every(t, all) {
		t.Run(words.Tag, func(t *testing.T) {
			for _, key := range english.Keys() {
				if !words.Has(key) {
					t.Errorf("%s is missing", key)
				}
			}
			for _, key := range words.Keys() {
				if !english.Has(key) {
					t.Errorf("%s is no message of the pages", key)
				}
			}
		})
	}
}

// Every message is said with a count for each plural form that a language has, and
// with every member that the English one names: it must name no other.
func TestEveryMessageCanBeSaid(t *testing.T) {
	all := book(t)
	english, _ := all.Of("en")
	for _, words := range every(t, all) {
		for _, key := range words.Keys() {
			members := membersOf(t, english, key)
			for _, count := range []int{0, 1, 2, 3, 5, 11, 21, 22, 25, 101} {
				given := []any{}
				for _, m := range members {
					if m == "Count" {
						given = append(given, m, count)
					} else {
						given = append(given, m, "·")
					}
				}
				said, err := words.Say(key, given...)
				if err != nil || strings.TrimSpace(said) == "" {
					t.Errorf("%s: %s said with the count %d: %q, %v", words.Tag, key, count, said, err)
				}
				if !slices.Contains(members, "Count") {
					break
				}
			}
		}
	}
}

var member = regexp.MustCompile(`\{\{ *\.([A-Za-z]+) *\}\}`)

func membersOf(t *testing.T, words *language.Words, key string) (names []string) {
	t.Helper()
	for _, text := range words.Source(key) {
		for _, found := range member.FindAllStringSubmatch(text, -1) {
			names = append(names, found[1])
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// A translation uses the members that the English message has, all of them: a
// deadline that is dropped is a wrong message.
func TestTranslationsKeepTheMembers(t *testing.T) {
	all := book(t)
	english, _ := all.Of("en")
	for _, words := range every(t, all) {
		for _, key := range words.Keys() {
			if got, want := membersOf(t, words, key), membersOf(t, english, key); !slices.Equal(got, want) && english.Has(key) {
				t.Errorf("%s: %s names the members %q, the English one %q", words.Tag, key, got, want)
			}
		}
	}
}

// A language has all the plural forms that its grammar needs wherever a count is said.
func TestPluralFormsAreComplete(t *testing.T) {
	forms := map[string][]string{
		"lv": {"zero", "one", "other"}, "lt": {"one", "few", "many", "other"}, "pl": {"one", "few", "many", "other"},
		"ru": {"one", "few", "many", "other"}, "uk": {"one", "few", "many", "other"},
	}
	for _, words := range every(t, book(t)) {
		want := forms[words.Tag]
		if want == nil {
			want = []string{"one", "other"}
		}
		for _, key := range words.Keys() {
			source := words.Source(key)
			if len(source) == 1 {
				continue
			}
			for _, form := range want {
				if source[form] == "" {
					t.Errorf("%s: %s lacks the form %q", words.Tag, key, form)
				}
			}
		}
	}
}

func TestOnlyEnglishIsReviewed(t *testing.T) {
	for _, words := range every(t, book(t)) {
		if words.Reviewed != (words.Tag == "en") {
			t.Errorf("%s says that it is reviewed: %t", words.Tag, words.Reviewed)
		}
		if words.Name == "" {
			t.Errorf("%s does not say its own name", words.Tag)
		}
	}
}

func TestWhatTheMemorandumSaysHasWords(t *testing.T) {
	words, _ := book(t).Of("en")
	need := func(key string) {
		if !words.Has(key) {
			t.Errorf("%s is missing", key)
		}
	}
	for _, term := range new(mou.Memorandum{Profile: profile(t)}).Terms() {
		need("event." + term.Event.Name())
	}
	for _, clause := range mou.Refusals() {
		need("rule." + string(clause.Rule))
	}
	for _, rule := range mou.ClockRules() {
		need("duty." + string(rule))
	}
	for _, state := range mou.LegStates() {
		need("state.leg." + string(state))
	}
}

func profile(t *testing.T) *mou.Profile {
	t.Helper()
	p, err := mou.LoadProfile(mou.ProfileRefs()[0])
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestEveryCodeHasWordsInEveryLanguage(t *testing.T) {
	lists := map[string][]string{
		"agency-kind": events.AgencyKind("").Codes(), "age-class": events.AgeClass("").Codes(), "channel": events.Channel("").Codes(), "section": events.Section("").Codes(),
		"purpose": events.Purpose("").Codes(), "need": events.Need("").Codes(), "urgency": events.Urgency("").Codes(), "language": events.Language("").Codes(),
		"region": events.Region("").Codes(), "sex": events.Sex("").Codes(), "access": events.Access("").Codes(), "safety": events.Safety("").Codes(),
		"decline-reason": events.DeclineReason("").Codes(), "end-reason": events.EndReason("").Codes(), "duty": events.Duty("").Codes(), "danger": events.Danger("").Codes(),
	}
	for _, words := range every(t, book(t)) {
		for list, codes := range lists {
			for _, code := range codes {
				if said, err := words.Code(list, code); err != nil || said == "" {
					t.Errorf("%s: %s %s: %q, %v", words.Tag, list, code, said, err)
				}
			}
		}
	}
}

func TestALanguageIsChosen(t *testing.T) {
	all := book(t)
	for _, c := range []struct{ chosen, accepted, want string }{
		{"", "", "en"},
		{"uk", "ru", "uk"},
		{"xx", "no,en;q=0.5", "nb"},
		{"", "nn-NO", "nb"},
		{"", "uk-UA,ru;q=0.8", "uk"},
		{"", "fr-FR,fr;q=0.9", "en"},
		{"", "de-AT", "de"},
		{"", "garbage;;;", "en"},
		{"", "be", "en"}, // never Russian because it is near
	} {
		if got := all.Best(c.chosen, c.accepted).Tag; got != c.want {
			t.Errorf("%q, %q: %s, want %s", c.chosen, c.accepted, got, c.want)
		}
	}
}

func TestAMissingMessageIsAnError(t *testing.T) {
	words, _ := book(t).Of("en")
	if said, err := words.Say("there.is.none"); err == nil {
		t.Errorf("said %q", said)
	}
	if said, err := words.Say("time.left.minutes"); err == nil {
		t.Errorf("without its member: said %q", said)
	}
}

func TestTimeIsNeverRoundedUp(t *testing.T) {
	words, _ := book(t).Of("en")
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		in   time.Duration
		want string
	}{
		{119*time.Minute + 59*time.Second, "119 minutes left"},
		{2 * time.Hour, "2 hours left"},
		{time.Minute, "1 minute left"},
		{59 * time.Second, "less than a minute left"},
		{-time.Second, "just late"},
		{-3 * time.Hour, "3 hours late"},
		{72 * time.Hour, "3 days left"},
	} {
		if got, err := words.Left(now.Add(c.in), now); err != nil || got != c.want {
			t.Errorf("%s: %q, %v; want %q", c.in, got, err, c.want)
		}
	}
}

func TestSortingIsTheLanguages(t *testing.T) {
	swedish, _ := book(t).Of("sv")
	list := []string{"Örebro", "Zeta", "Ängel", "Åland", "Anna"}
	language.Sorted(swedish, list, func(s string) string { return s })
	if got := strings.Join(list, " "); got != "Anna Zeta Åland Ängel Örebro" {
		t.Error(got)
	}
}

func TestTagsAreWellFormed(t *testing.T) {
	for _, tag := range language.Tags() {
		if _, err := xlanguage.Parse(tag); err != nil {
			t.Error(err)
		}
	}
}
