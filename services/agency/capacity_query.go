package agency

import (
	"encoding"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"handrail/contracts/match"
	"handrail/events"
	"handrail/services/agency/strict"
)

// wishOf reads a wish from a query, strictly: an unknown or repeated name, and a
// word outside its list, is refused by name. Lists are written with commas.
func wishOf(query url.Values) (match.Wish, error) {
	w := match.Wish{}
	for name, values := range query {
		if len(values) != 1 || values[0] == "" {
			return w, events.Refuse(events.RuleDataRange, placeOf(name), "give this once, and not empty; write a list with commas")
		}
		if err := wishFor(&w, name, values[0]); err != nil {
			return w, err
		}
	}
	return w, nil
}

func wishFor(w *match.Wish, name, value string) error {
	switch name {
	case "need":
		return codes(name, value, &w.Needs)
	case "access":
		return codes(name, value, &w.Access)
	case "age":
		return strict.Inside(w.Age.UnmarshalText([]byte(value)), "/age")
	case "sex":
		return strict.Inside(w.Sex.UnmarshalText([]byte(value)), "/sex")
	case "language":
		if w.Language = match.LanguageOf(value); w.Language == "" {
			return events.Refuse(events.RuleDataCode, "/language", "a language is written by its code of two or three letters, like lt or lit")
		}
		return nil
	case "region":
		return strict.Inside(w.Region.UnmarshalText([]byte(value)), "/region")
	case "urgency":
		return strict.Inside(w.Urgency.UnmarshalText([]byte(value)), "/urgency")
	case "children":
		n, err := strconv.ParseUint(value, 10, 8)
		if err != nil || n > 40 {
			return events.Refuse(events.RuleDataRange, "/children", "0 to 40 children may come along")
		}
		w.Children = int(n)
		return nil
	}
	return events.Refuse(events.RuleDataMalformed, "", "ask by need, age, sex, children, language, access, region and urgency")
}

// placeOf is the place of a known member of the query; the name of an unknown one
// came from outside and is not repeated.
func placeOf(name string) string {
	if slices.Contains([]string{"need", "age", "sex", "children", "language", "access", "region", "urgency"}, name) {
		return "/" + name
	}
	return ""
}

// codes reads a list of codes, each once.
func codes[T ~string, P interface {
	*T
	encoding.TextUnmarshaler
}](name, value string, to *events.Set[T]) error {
	for word := range strings.SplitSeq(value, ",") {
		var code T
		if err := P(&code).UnmarshalText([]byte(word)); err != nil {
			return strict.Inside(err, "/"+name)
		}
		if !slices.Contains(*to, code) {
			*to = append(*to, code)
		}
	}
	return nil
}

func (a *Agency) getProviders(r *http.Request) (any, error) {
	wish, err := wishOf(r.URL.Query())
	if err != nil {
		return nil, err
	}
	providers, err := a.Providers(wish)
	return list("providers", providers, err)
}
