package trail

import (
	"net/http"
	"strings"

	"handrail/services/web"
	"handrail/services/web/language"
	"handrail/services/web/language/rights"
)

// rightsPage is for staff: which texts there are, and what to do where there is none.
type rightsPage struct {
	Ready   []rightsLanguage
	Waits   []rightsLanguage // written, not reviewed for this country
	Drafts  bool             // these may be looked at, marked
	Missing string
	Refused string // the language of a text that cannot be shown yet; empty: none was asked for
}

type rightsLanguage struct{ Tag, Name string }

// rightsText is one text, for the person.
type rightsText struct {
	rights.Text

	Dir    string
	Draft  bool
	Review rights.Review
}

// showRights shows a text that is reviewed for this country or, to staff, which texts
// there are. What is not reviewed is shown to nobody, except in the demonstration and marked.
func (p *area) showRights(v *web.Visit) (web.Answer, error) {
	tag := v.FormValue("lang")
	text, written := p.rights[tag]
	review, holds := text.Holds(p.country())
	if written && (holds || p.drafts) {
		return web.Show{
			Template: "trail-rights", Title: text.Title, Print: true,
			Data: rightsText{Text: text, Dir: rights.Direction(tag), Draft: !holds, Review: review},
		}, nil
	}
	page, err := p.listRights(v.Words)
	if err != nil {
		return nil, err
	}
	status := http.StatusOK
	title, err := v.Say("trail.rights.title")
	if tag != "" {
		status = http.StatusNotFound
		if name, err := v.Words.Code("language", tag); err == nil {
			page.Refused = name
		}
	}
	return web.Show{Template: "trail-rights-list", Title: title, Data: page, Status: status}, err
}

// country is the profile in force, without its version; empty before the agency joined.
func (p *area) country() string {
	profile, err := p.agency.Profile()
	if err != nil {
		return ""
	}
	return profile.Name
}

func (p *area) listRights(words *language.Words) (rightsPage, error) {
	page := rightsPage{Drafts: p.drafts}
	var missing []string
	for _, tag := range rights.Tags() {
		text, written := p.rights[tag]
		if !written {
			name, err := words.Code("language", tag)
			if err != nil {
				return page, err
			}
			missing = append(missing, name)
			continue
		}
		to := &page.Waits
		if _, holds := text.Holds(p.country()); holds {
			to = &page.Ready
		}
		*to = append(*to, rightsLanguage{tag, text.Name})
	}
	language.Sorted(words, missing, func(name string) string { return name })
	page.Missing = strings.Join(missing, ", ")
	return page, nil
}
