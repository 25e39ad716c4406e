package providers

import (
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
	"handrail/services/web/language"
)

// most is how many children may come along, as the wire has it.
const most = 20

// capacityView is the form about whom this agency can take.
type capacityView struct {
	Fields    map[string]ask.Field
	Languages []ask.Field
	Problems  ask.Wrong
	Rule      events.Rule // what stands against publishing it
	Days      []day
	Hours     ask.Field // its problem, if any
	Always    bool
	Told      bool // it was just published
}

func (p pages) form(v *web.Visit) (web.Answer, error) {
	given := url.Values{}
	if last, _ := p.agency.Capacity(); last != nil {
		given = valuesOf(last)
	}
	return p.shown(v, given, nil, "", 0)
}

func (p pages) shown(v *web.Visit, given url.Values, problems ask.Problems, rule events.Rule, status int) (web.Answer, error) {
	title, err := v.Say("providers.capacity.title")
	if err != nil {
		return nil, err
	}
	profile, err := p.agency.Profile()
	if err != nil {
		return nil, err
	}
	if !profile.May(p.agency.Kind(), events.TypeCapacityPublished) {
		return nil, events.Refuse(mou.RulePower, "", "the country profile does not let an agency of this kind publish capacity")
	}
	s := ask.NewSheet(v, "providers.capacity", given, problems)
	s.Listed("places", ask.One, "places", events.Places("").Codes()...)
	many := func(name, list string, free bool, codes []string) {
		s.Add(ask.Field{Name: name, Kind: ask.Many, Free: free, Beside: true, Groups: []ask.Group{{Options: s.Options(name, list, codes...)}}})
	}
	many("needs", "need", false, events.Need("").Codes())
	many("sexes", "sex", false, events.Sex("").Codes())
	many("ages", "age-class", false, events.AgeClass("").Codes())
	s.Add(ask.Field{Name: "children", Kind: ask.Count, Most: most, Free: true})
	many("access", "access", true, events.Access("").Codes())
	slots := languageSlots(given)
	for i, name := range slots {
		addLanguage(s, v.Words, name, i+1)
	}
	s.Region("region", profile.Name)
	s.Add(ask.Field{Name: "hours", Kind: ask.Line})
	fields, err := s.Fields()
	if err != nil {
		return nil, err
	}
	byName := ask.ByName(fields)
	var spoken []ask.Field
	for _, name := range slots {
		spoken = append(spoken, byName[name])
	}
	return web.Show{Template: "providers-capacity", Title: title, Status: status, Data: capacityView{
		Fields: byName, Languages: spoken, Problems: ask.WrongIn(fields), Rule: rule, Days: daysOf(given), Hours: byName["hours"], Always: given.Get("always") != "", Told: v.URL.Query().Get("told") == "1",
	}}, nil
}

// languageSlots names the form's questions about a language: at least four, and one for
// each that was given or published.
func languageSlots(given url.Values) (names []string) {
	for i := 1; i <= 4 || given.Has("language-"+strconv.Itoa(i)); i++ {
		names = append(names, "language-"+strconv.Itoa(i))
	}
	return names
}

// addLanguage asks for one of the languages that are spoken.
func addLanguage(s *ask.Sheet, words *language.Words, name string, number int) {
	options := s.Options(name, "language", events.Language("").Codes()...)
	language.Sorted(words, options, func(o ask.Option) string { return o.Label })
	s.Add(ask.Field{
		Name: name, Kind: ask.Pick, Free: true, Label: s.Say("providers.capacity.language", "Number", number), Groups: []ask.Group{{Options: options}},
	})
}

func (p pages) publish(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	r := ask.NewReader(v.PostForm)
	facts := p.read(r, v.PostForm)
	if len(r.Problems) > 0 {
		return p.shown(v, v.PostForm, r.Problems, "", http.StatusUnprocessableEntity)
	}
	if _, err := p.agency.Publish(v.Context(), facts); err != nil {
		rule, refused := ruleOf(err)
		if !refused {
			return nil, err
		}
		return p.shown(v, v.PostForm, nil, rule, http.StatusUnprocessableEntity)
	}
	return web.Go("/capacity?told=1"), nil
}

func (p pages) read(r *ask.Reader, given url.Values) *events.CapacityPublished {
	now := events.At(p.agency.Now())
	facts := &events.CapacityPublished{
		Said:   events.Said{Happened: now, Recorded: now, Channel: events.System},
		Places: ask.Code[events.Places](r, "places", true), Needs: ask.Codes[events.Need](r, "needs", true), Sexes: ask.Codes[events.Sex](r, "sexes", true),
		Ages: ask.Codes[events.AgeClass](r, "ages", true), Children: r.Count("children", most), Access: ask.Codes[events.Access](r, "access", false),
		Region: ask.Code[events.Region](r, "region", false), Hours: hoursOf(r, given),
	}
	for _, name := range languageSlots(given) {
		if one := ask.Code[events.Language](r, name, false); one != "" && !slices.Contains(facts.Languages, one) {
			facts.Languages = append(facts.Languages, one)
		}
	}
	return facts
}
