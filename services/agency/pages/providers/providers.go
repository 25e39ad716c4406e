// Package providers shows who could help, as the providers themselves published it, and takes down whom the own agency
// can take.
//
// What is looked for is coded and belongs to no case. It is sent as a form, so that it stands in no address, and is not
// kept.
package providers

import (
	"net/url"
	"slices"
	"time"

	"handrail/contracts/match"
	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
	"handrail/services/web/access"
)

// Register adds the area's pages.
func Register(site *web.Site, a *agency.Agency) {
	p := pages{a}
	site.Page("GET /providers", access.SeeProviders, p.list)
	site.Page("POST /providers", access.SeeProviders, p.list)
	site.Page("GET /capacity", access.Publish, p.form)
	site.Page("POST /capacity", access.Publish, p.publish)
}

// pages are the area's pages of one agency.
type pages struct{ agency *agency.Agency }

// view is the list of providers, and the directory.
type view struct {
	Fields    map[string]ask.Field
	Problems  ask.Wrong
	Asked     bool // a wish was sent
	Providers []provider
	Silent    []provider // who published nothing
	Members   []agency.MemberView
	Own       *events.CapacityPublished
	OwnAt     time.Time
	Publishes bool // the country profile lets this agency publish capacity
	MayTell   bool // and whoever looks may
}

// provider is one of those who could help.
type provider struct {
	agency.ProviderView

	There bool // somebody is there now, as they published
}

// Old says whether a provider's word is older than a day.
func (p provider) Old() bool { return slices.Contains(p.Against, match.Stale) }

func (p pages) list(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	title, err := v.Say("providers.title")
	if err != nil {
		return nil, err
	}
	profile, err := p.agency.Profile()
	if err != nil {
		return nil, err
	}
	wish, problems := wishOf(v.PostForm)
	seen := view{Asked: v.Method == "POST"}
	sheet := wishSheet(v, v.PostForm, problems, profile)
	fields, err := sheet.Fields()
	if err != nil {
		return nil, err
	}
	seen.Fields, seen.Problems = ask.ByName(fields), ask.WrongIn(fields)
	ranked, err := p.agency.Providers(wish)
	if err != nil {
		return nil, err
	}
	now := profile.Local(v.Now)
	for _, r := range ranked {
		one := provider{ProviderView: r, There: r.Capacity != nil && r.Capacity.Staffed(now)}
		if r.Capacity == nil {
			seen.Silent = append(seen.Silent, one)
		} else {
			seen.Providers = append(seen.Providers, one)
		}
	}
	if seen.Members, err = p.agency.Directory(); err != nil {
		return nil, err
	}
	seen.Own, seen.OwnAt = p.agency.Capacity()
	seen.Publishes = profile.May(p.agency.Kind(), events.TypeCapacityPublished)
	seen.MayTell = seen.Publishes && v.May(access.Publish, nil) == nil
	return web.Show{Template: "providers-page", Title: title, Data: seen}, nil
}

// wishOf reads what is looked for. Nothing of it is needed.
func wishOf(given url.Values) (match.Wish, ask.Problems) {
	r := ask.NewReader(given)
	wish := match.Wish{
		Needs: ask.Codes[events.Need](r, "needs", false), Age: ask.Code[events.AgeClass](r, "age", false), Sex: ask.Code[events.Sex](r, "sex", false),
		Children: r.Count("children", 40), Language: ask.Code[events.Language](r, "language", false), Access: ask.Codes[events.Access](r, "access", false),
		Region: ask.Code[events.Region](r, "region", false), Urgency: ask.Code[events.Urgency](r, "urgency", false),
	}
	return wish, r.Problems
}

func wishSheet(v *web.Visit, given url.Values, problems ask.Problems, profile *mou.Profile) *ask.Sheet {
	s := ask.NewSheet(v, "providers.wish", given, problems)
	many := func(name, list string, codes []string) {
		s.Add(ask.Field{Name: name, Kind: ask.Many, Free: true, Beside: true, Groups: []ask.Group{{Options: s.Options(name, list, codes...)}}})
	}
	many("needs", "need", events.Need("").Codes())
	pick := func(name, list string, codes []string) {
		s.Add(ask.Field{Name: name, Kind: ask.Pick, Free: true, Groups: []ask.Group{{Options: s.Options(name, list, codes...)}}})
	}
	pick("urgency", "urgency", events.Urgency("").Codes())
	pick("age", "age-class", events.AgeClass("").Codes())
	pick("sex", "sex", events.Sex("").Codes())
	s.Add(ask.Field{Name: "children", Kind: ask.Count, Most: 40, Free: true})
	s.Language("language")
	s.Region("region", profile.Name)
	many("access", "access", events.Access("").Codes())
	return s
}
