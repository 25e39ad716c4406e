package hsds

import (
	"slices"
	"strings"
	"time"

	"handrail/contracts/match"
	"handrail/events"
)

// site is what is taken of one location of the service.
type site struct {
	times     []object // schedules of the service there
	languages []events.Language
	access    []events.Access
	regions   []events.Region // "" for a physical address whose region is not read
}

// sites reads where the service is given. Of an address only the country's
// subdivision is taken, and only as its ISO 3166-2 code.
func (r *reader) sites(o object) ([]site, error) {
	links, err := r.list(o, "service_at_locations", serviceAtLocation)
	if err != nil {
		return nil, err
	}
	var sites []site
	for _, link := range links {
		var s site
		if s.times, err = r.list(link, "schedules", schedule); err != nil {
			return nil, err
		}
		at, found, err := r.one(link, "location", location)
		if err != nil {
			return nil, err
		}
		if found {
			if err := r.site(at, &s); err != nil {
				return nil, err
			}
		}
		sites = append(sites, s)
	}
	return sites, nil
}

func (r *reader) site(at object, s *site) (err error) {
	if s.languages, err = r.languages(at); err != nil {
		return err
	}
	if s.access, err = r.access(at); err != nil {
		return err
	}
	s.regions, err = r.regions(at)
	return err
}

func (r *reader) languages(at object) ([]events.Language, error) {
	all, err := r.list(at, "languages", language)
	if err != nil {
		return nil, err
	}
	var list []events.Language
	for _, o := range all {
		code, err := o.text("code")
		if err != nil {
			return nil, err
		}
		if spoken := match.LanguageOf(code); spoken != "" {
			list = append(list, spoken)
		} else {
			r.ask("languages", "a language of the record has no code of ISO 639-1 or 639-3 from the closed list", false)
		}
	}
	return list, nil
}

// accessOf maps what HSDS has as free text, where the whole text is one of these
// words. The codes in capitals are those that HSDS 1 and 2 and the Ohana API
// offered for a location; the words are their labels. Anything longer has to be
// read by a person: a ramp at the back door is no step-free house.
func accessOf(text string) events.Access {
	return map[string]events.Access{
		"wheelchair": "step-free", "wheelchair access": "step-free", "wheelchair accessible": "step-free", "step free": "step-free", "step free access": "step-free",
		"deaf interpreter": "sign-language", "sign language": "sign-language", "sign language interpreter": "sign-language",
		"tape braille": "low-vision", "disability aids for the blind and visually impaired": "low-vision",
		"service animal": "service-animal", "service animals": "service-animal", "assistance dogs": "service-animal",
	}[plain(text)]
}

func (r *reader) access(at object) ([]events.Access, error) {
	all, err := r.list(at, "accessibility", accessibility)
	if err != nil {
		return nil, err
	}
	var list []events.Access
	for _, o := range all {
		says, err := o.text("description")
		if err != nil {
			return nil, err
		}
		if a := accessOf(says); a != "" {
			list = append(list, a)
		} else {
			r.ask("access", "the record describes access in free text, which is not read", false)
		}
	}
	return list, nil
}

func (r *reader) regions(at object) ([]events.Region, error) {
	all, err := r.list(at, "addresses", address)
	if err != nil {
		return nil, err
	}
	var list []events.Region
	for _, o := range all {
		says, err := o.texts("country", "state_province", "address_type")
		if err != nil {
			return nil, err
		}
		if says[2] != "" && says[2] != "physical" {
			continue
		}
		country, part := strings.ToUpper(says[0]), strings.ToUpper(says[1])
		region := events.Region(country + "-" + strings.TrimPrefix(part, country+"-"))
		if !slices.Contains(region.Codes(), string(region)) {
			region = ""
		}
		list = append(list, region)
	}
	return list, nil
}

// spoken are the languages of the service, and those of all its locations.
func spoken(r *reader, o object, sites []site, _ time.Time, to *Answers) error {
	own, err := r.languages(o)
	if err != nil {
		return err
	}
	to.Languages = set(append(own, everywhere(sites, func(s site) []events.Language { return s.languages })...))
	if to.Languages == nil {
		r.ask("languages", "the record names no language by its code", false)
	}
	return nil
}

// whereabouts are access that every location has, and the one region of all.
func whereabouts(r *reader, _ object, sites []site, _ time.Time, to *Answers) error {
	to.Access = set(everywhere(sites, func(s site) []events.Access { return s.access }))
	if to.Access == nil {
		r.ask("access", "the record names no access that all its locations have", false)
	}
	var regions []events.Region
	for _, s := range sites {
		regions = append(regions, s.regions...)
	}
	if regions = slices.Compact(regions); len(regions) == 1 && regions[0] != "" {
		to.Region = regions[0]
	} else {
		r.ask("region", "the record does not give one region for all its locations by its ISO 3166-2 code", false)
	}
	return nil
}

// everywhere is what all the sites have.
func everywhere[T comparable](sites []site, of func(site) []T) []T {
	if len(sites) == 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(of(sites[0])), func(one T) bool {
		return slices.ContainsFunc(sites[1:], func(s site) bool { return !slices.Contains(of(s), one) })
	})
}

// set is a list as a set, in order; nil if it is empty or too long for one.
func set[T ~string](list []T) events.Set[T] {
	sorted := slices.Clone(list)
	slices.Sort(sorted)
	sorted = slices.Compact(sorted)
	if len(sorted) == 0 || len(sorted) > 32 {
		return nil
	}
	return sorted
}
