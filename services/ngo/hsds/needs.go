package hsds

import (
	"slices"
	"strings"
	"time"

	"handrail/events"
)

// OwnTaxonomy names this project's own needs as a taxonomy of HSDS: a provider
// that tags its record with it (taxonomy or taxonomy_detail.uri), with a need as
// the term's code, is understood exactly.
const OwnTaxonomy = "urn:handrail:needs"

// openEligibility maps terms of the Open Eligibility taxonomy, which HSDS users
// take for services (repository auntbertha/openeligibility, CC BY-SA 3.0), to
// what a person needs. Terms are compared in lower case without punctuation.
// Those that fit no need exactly are left out: that a service helps with
// immigration does not say with which papers.
func openEligibility() map[string]events.Need {
	return map[string]events.Need{
		"emergency shelter": "emergency-shelter", "temporary shelter": "emergency-shelter", "safe housing": "safe-accommodation",
		"transportation": "transport", "emergency food": "subsistence", "emergency payments": "subsistence", "food pantry": "subsistence",
		"medical care": "medical", "primary care": "medical", "mental health care": "psychological", "psychiatric emergency services": "psychological",
		"counseling": "counselling", "translation interpretation": "interpretation", "clothing": "material", "baby supplies": "material",
		"personal care items": "material", "personal hygiene": "material", "childcare": "childcare", "alternative education": "education",
		"basic literacy": "education", "english as a second language esl": "education", "help find work": "employment", "job placement": "employment",
		"supported employment": "employment", "advocacy legal aid": "legal-aid", "representation": "legal-aid", "identification recovery": "documents",
	}
}

// needs come from the service's taxonomy terms.
func needs(r *reader, o object, _ []site, _ time.Time, to *Answers) error {
	all, err := r.list(o, "attributes", attribute)
	if err != nil {
		return err
	}
	var list []events.Need
	for _, a := range all {
		term, found, err := r.one(a, "taxonomy_term", taxonomyTerm)
		if err != nil {
			return err
		}
		if !found {
			continue
		}
		need, err := r.need(term)
		if err != nil {
			return err
		}
		if need == "" {
			r.drop(string(taxonomyTerm), "no table here maps this term to a need")
			continue
		}
		list = append(list, need)
	}
	if to.Needs = set(list); to.Needs == nil {
		r.ask("needs", "no taxonomy term of the record says what the service gives", true)
	}
	return nil
}

// need maps one term; none if no table has it.
func (r *reader) need(term object) (events.Need, error) {
	says, err := term.texts("code", "name", "taxonomy", "term_uri")
	if err != nil {
		return "", err
	}
	detail, found, err := r.one(term, "taxonomy_detail", taxonomy)
	if err != nil {
		return "", err
	}
	from := []string{says[2], says[3]}
	if found {
		about, err := detail.texts("name", "uri")
		if err != nil {
			return "", err
		}
		from = append(from, about...)
	}
	if slices.Contains(from, OwnTaxonomy) {
		if need := events.Need(says[0]); slices.Contains(need.Codes(), says[0]) {
			return need, nil
		}
		return "", nil
	}
	isOpen := func(s string) bool { return strings.Contains(strings.ReplaceAll(plain(s), " ", ""), "openeligibility") }
	if slug, ok := strings.CutPrefix(says[0], "human_services:"); ok {
		return openEligibility()[plain(slug[strings.LastIndex(slug, ":")+1:])], nil
	}
	if slices.ContainsFunc(from, isOpen) {
		return openEligibility()[plain(says[1])], nil
	}
	return "", nil
}

// plain is a label in lower case, its punctuation a single space.
func plain(label string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(label), func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < '0' || c > '9')
	}), " ")
}
