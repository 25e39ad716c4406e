package vectors

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the published files anew instead of comparing them")

const (
	contract     = "contracts/decisions/0001-wire-contract.md"
	wireContract = "../decisions/0001-wire-contract.md"
)

// sentence is one numbered sentence of the wire contract on one line.
type sentence struct{ number, part, text string }

var numbered = regexp.MustCompile(`^([0-9]+)\. `)

func sentences(t *testing.T) []sentence {
	t.Helper()
	content, err := os.ReadFile(wireContract)
	must(t, err)
	_, decision, found := strings.Cut(string(content), "\n## Decision\n")
	decision, _, ended := strings.Cut(decision, "\n## ")
	if !found || !ended {
		t.Fatal("the wire contract has no part Decision")
	}
	var all []sentence
	part := ""
	for line := range strings.Lines(decision) {
		switch number := numbered.FindStringSubmatch(line); {
		case strings.HasPrefix(line, "### "):
			part = strings.TrimSpace(strings.TrimPrefix(line, "### "))
		case number != nil:
			all = append(all, sentence{number: number[1], part: part, text: line})
		case len(all) > 0:
			all[len(all)-1].text += line
		}
	}
	for i := range all {
		all[i].text = strings.Join(strings.Fields(all[i].text), " ")
		if all[i].number != fmt.Sprint(i+1) {
			t.Fatalf("sentence %s of the wire contract is its %dth", all[i].number, i+1)
		}
	}
	return all
}

// published is what every file of vectors has.
type published struct {
	Contract string
	Vectors  []struct{ Name, Sentence string }
}

func files(t *testing.T) map[string]published {
	t.Helper()
	names, err := filepath.Glob("*.json")
	must(t, err)
	all := map[string]published{}
	for _, name := range names {
		content, err := os.ReadFile(name)
		must(t, err)
		var file published
		must(t, json.Unmarshal(content, &file))
		if file.Contract != contract || len(file.Vectors) == 0 {
			t.Errorf("%s names the contract %q and has %d vectors", name, file.Contract, len(file.Vectors))
		}
		all[name] = file
	}
	return all
}

func TestEverySentenceOfTheContractHasAVector(t *testing.T) {
	all := sentences(t)
	shownBy := map[string][]string{}
	for name, file := range files(t) {
		for _, v := range file.Vectors {
			at := slices.IndexFunc(all, func(s sentence) bool { return v.Sentence != "" && strings.Contains(s.text, v.Sentence) })
			if at < 0 {
				t.Errorf("%s: %s: no numbered sentence says %q", name, v.Name, v.Sentence)
				continue
			}
			if number := all[at].number; !slices.Contains(shownBy[number], name) {
				shownBy[number] = append(shownBy[number], name)
			}
		}
	}
	var table strings.Builder
	table.WriteString("| Part | Sentence | Files |\n|---|---|---|\n")
	for _, s := range all {
		if len(shownBy[s.number]) == 0 {
			t.Errorf("no vector shows sentence %s: %s", s.number, s.text)
		}
		slices.Sort(shownBy[s.number])
		table.WriteString("| " + s.part + " | " + s.number + " | `" + strings.Join(shownBy[s.number], "`, `") + "` |\n")
	}
	readme(t, table.String())
}

// readme compares the table in README.md, between its two marks, or writes it.
func readme(t *testing.T, table string) {
	t.Helper()
	const begin, end = "<!-- from the vectors: make golden -->\n", "<!-- end -->\n"
	content, err := os.ReadFile("README.md")
	must(t, err)
	before, rest, found := strings.Cut(string(content), begin)
	_, after, ended := strings.Cut(rest, end)
	if !found || !ended {
		t.Fatal("README.md has no place for the table of sentences")
	}
	want := before + begin + table + end + after
	if *update {
		must(t, os.WriteFile("README.md", []byte(want), 0o644))
		return
	}
	if string(content) != want {
		t.Error("the table of sentences in README.md is not what the vectors say; run make golden and read the difference")
	}
}

func TestEveryFileIsExplained(t *testing.T) {
	content, err := os.ReadFile("README.md")
	must(t, err)
	for name := range files(t) {
		if !strings.Contains(string(content), "\n| `"+name+"` |") {
			t.Errorf("README.md does not explain %s", name)
		}
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
