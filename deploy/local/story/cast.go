package story

import (
	"slices"
	"strings"

	"handrail/deploy/local"
	"handrail/events"
)

// part is one agency of the cast, by the name that the stories call it.
type part struct {
	name   string
	member local.Member
}

// parts lists the cast in the order of the directory: plainly fictional
// agencies, of every kind that a story needs.
func parts() []part {
	one := func(name string, agency events.AgencyID, kind events.AgencyKind) part {
		return part{name, local.Member{Agency: agency, Kind: kind}}
	}
	return []part{
		one("police", "sampletown-police", events.Police),
		one("shelter", "lighthouse-shelter", events.Shelter),
		one("harbour", "harbour-shelter", events.Shelter),
		one("hotline", "sampleland-hotline", events.Hotline),
		one("social", "sampletown-social", events.Social),
		one("embassy", "sampleland-embassy-abroad", events.OwnMission),
		one("mission", "farland-mission", events.ForeignMission),
		one("coordination", "sampleland-coordination", events.Coordinator),
		one("children", "sampleland-children", events.ChildProtection),
		one("inspectorate", "sampleland-inspectorate", events.LabourInspectorate),
		one("migration", "sampleland-migration", events.Migration),
		one("homeward", "sampleland-return", events.IOM),
		one("dawn", "dawn-counselling", events.Counselling),
		one("river", "river-counselling", events.Counselling),
		one("quay", "quay-counselling", events.Counselling),
		one("auditor", "sampleland-audit", events.Auditor),
	}
}

// cast finds an agency by the name that the stories call it.
func cast() map[string]local.Member {
	all := map[string]local.Member{}
	for _, p := range parts() {
		all[p.name] = p.member
	}
	return all
}

// Subjects that are no agency.
const (
	hubName   = "hub"
	attacker  = "attacker"
	operator  = "operator"
	narrator  = "story"
	demoState = "sampleland@1"
)

// Subjects lists everybody who can stand at the beginning of a line.
func Subjects() []string {
	subjects := []string{hubName, attacker, operator, narrator}
	for _, p := range parts() {
		subjects = append(subjects, p.name)
	}
	slices.Sort(subjects)
	return subjects
}

// Founding is the hub that the stories are about. It serves the agencies that
// speak in the texts given, and all of them when none is given: what no story
// needs costs nothing.
func Founding(texts ...string) local.Founding {
	f := local.Founding{Hub: "sampleland", Profile: demoState}
	speaks := speakers(texts)
	for _, p := range parts() {
		p.member.Served = local.DeskOf(p.member.Kind) != "" && (len(texts) == 0 || slices.Contains(speaks, p.name))
		f.Members = append(f.Members, p.member)
	}
	return f
}

// speakers are the agencies that do something in a text of their own accord, so
// that their service has to run. What the hub alone can tell of one needs none.
func speakers(texts []string) []string {
	var names []string
	for _, text := range texts {
		for _, line := range Parse(text) {
			if len(line.Words) == 0 {
				continue
			}
			words := line.Words
			if words[0] == "!" {
				words = words[1:]
			}
			if !quiet(words[1:]) {
				names = append(names, words[0])
			}
			if words[0] == attacker && len(words) > 4 {
				names = append(names, words[4])
			}
		}
	}
	return names
}

// quiet says whether an act looks at an agency from the hub only.
func quiet(act []string) bool {
	said := strings.Join(act, " ")
	return strings.HasPrefix(said, "is sent ") || said == "learns nothing of the case" || said == "hears nothing at all"
}
