package papers

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"text/template"

	"github.com/go-json-experiment/json"

	"handrail/contracts/mou"
	"handrail/contracts/schemas"
	"handrail/events"
)

// Paper is one of the papers, and the name of its file without .md.
type Paper string

// The papers.
const (
	RecordOfProcessing Paper = "record-of-processing"
	ImpactAssessment   Paper = "impact-assessment"
	JointControllers   Paper = "joint-controllers"
)

// All lists the papers.
func All() []Paper { return []Paper{RecordOfProcessing, ImpactAssessment, JointControllers} }

//go:embed *.md.tmpl
var templates embed.FS

// Write gives a paper for a profile, as Markdown.
func Write(p Paper, profile *mou.Profile) (string, error) {
	page, err := template.New(string(p)+".md.tmpl").Funcs(template.FuncMap{"row": row, "plain": plain, "list": list}).ParseFS(templates, "*.md.tmpl")
	if err != nil {
		return "", fmt.Errorf("reading the paper's template: %w", err)
	}
	facts, err := inClear()
	if err != nil {
		return "", err
	}
	var out strings.Builder
	if err := page.Execute(&out, parts{profile, (&mou.Memorandum{Profile: profile}).Terms(), facts}); err != nil {
		return "", fmt.Errorf("writing the %s: %w", p, err)
	}
	return out.String(), nil
}

// parts are what the templates draw on.
type parts struct {
	Profile *mou.Profile
	Terms   []mou.Term
	Facts   []fact
}

// purpose is everything that the agreement table says of one purpose.
type purpose struct {
	Name events.Purpose
	Rows []mou.Agreement
}

// Purposes groups the agreement table, in its own order.
func (p parts) Purposes() []purpose {
	var all []purpose
	for _, r := range p.Profile.Agreement {
		at := slices.IndexFunc(all, func(one purpose) bool { return one.Name == r.Purpose })
		if at < 0 {
			at, all = len(all), append(all, purpose{Name: r.Purpose})
		}
		all[at].Rows = append(all[at].Rows, r)
	}
	return all
}

// Bundled are the bundles that staff offer for a purpose, in plain words.
func (p parts) Bundled(of events.Purpose) []string {
	var all []string
	for _, b := range p.Profile.Bundles {
		if b.Purpose == of {
			all = append(all, b.Says)
		}
	}
	slices.Sort(all)
	return all
}

// Period is a named period of the profile with where it comes from.
func (p parts) Period(name string) string {
	d := p.Profile.Durations[name]
	return fmt.Sprintf("%s [%s]", d.Value, d.Confidence.Says())
}

// Abroad says whether a purpose reaches a mission of another state.
func (p parts) Abroad(of purpose) bool {
	return slices.ContainsFunc(of.Rows, func(r mou.Agreement) bool {
		return slices.ContainsFunc(r.To, func(to string) bool {
			return to == string(events.ForeignMission) || slices.Contains(p.Profile.Groups[to], events.ForeignMission)
		})
	})
}

// Clocked are the terms that set or meet a clock.
func (p parts) Clocked() []mou.Term {
	return slices.DeleteFunc(slices.Clone(p.Terms), func(t mou.Term) bool { return t.Within == "" })
}

// Open lists the values that the parties have to confirm before they sign.
func (p parts) Open() []string {
	var all []string
	for _, name := range slices.Sorted(keys(p.Profile.Durations)) {
		if d := p.Profile.Durations[name]; d.Confidence == mou.OwnChoice || d.Confidence == mou.ToConfirm {
			all = append(all, fmt.Sprintf("%s: %s (%s)", name, d.Value, d.Source))
		}
	}
	return all
}

func keys[V any](m map[string]V) func(func(string) bool) {
	return func(yield func(string) bool) {
		for k := range m {
			if !yield(k) {
				return
			}
		}
	}
}

// fact is one member of an event that travels in the clear, and what reads it.
type fact struct{ Event, Member, ReadBy string }

// inClear reads from the published schemas what is not sealed in events about a person.
func inClear() ([]fact, error) {
	var all []fact
	for _, t := range events.Types() {
		if t.IsControl() || t.Sealed() || !aboutPerson(t) {
			continue
		}
		text, err := schemas.Of(t)
		if err != nil {
			return nil, err
		}
		var schema struct {
			Properties map[string]struct {
				ReadBy string `json:"x-read-by"`
			} `json:"properties"`
		}
		if err := json.Unmarshal(text, &schema); err != nil {
			return nil, fmt.Errorf("reading the schema of %s: %w", t.Name(), err)
		}
		for _, member := range slices.Sorted(keys(schema.Properties)) {
			if member != "happened" && member != "recorded" && member != "channel" {
				all = append(all, fact{t.Name(), member, schema.Properties[member].ReadBy})
			}
		}
	}
	return all, nil
}

// aboutPerson leaves out what is about agencies and the log.
func aboutPerson(t events.Type) bool {
	thing, _, _ := strings.Cut(t.Name(), ".")
	return !slices.Contains([]string{"directory", "capacity", "witness", "trail", "retention"}, thing)
}

func row(cells ...string) string { return "| " + strings.Join(cells, " | ") + " |" }

func plain(code any) string { return strings.ReplaceAll(fmt.Sprint(code), "-", " ") }

// list joins codes of any type in plain words.
func list(codes any) string {
	texts := strings.Fields(strings.Trim(fmt.Sprint(codes), "[]"))
	for i, one := range texts {
		texts[i] = plain(one)
	}
	return strings.Join(texts, ", ")
}
