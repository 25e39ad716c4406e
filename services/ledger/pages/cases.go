package pages

import (
	"cmp"
	"slices"
	"time"

	"handrail/events"
	"handrail/services/ledger"
	"handrail/services/web"
)

// casesPage is the list of cases.
type casesPage struct {
	Read  string // when, and under which entry
	Cases []caseLine
}

type caseLine struct {
	Case       events.CaseID
	Status     string // in words; empty: it cannot be read, or is no more
	Entries    int
	Opened     string
	OpenedISO  string
	Owner      events.AgencyID
	Retired    bool
	Unreadable bool
}

// cases lists every case, newest first, or asks first whether they are to be listed.
func (p *Pages) cases(v *web.Visit) (web.Answer, error) {
	b, ok := p.held.take(place{v.Person.Code, ""})
	if !ok {
		return p.ask(v, asking{What: events.ReadingCases})
	}
	at, err := v.Words.Moment(b.at, v.Now)
	if err != nil {
		return nil, err
	}
	var page casesPage
	if page.Read, err = v.Say("trail.cases.read", "Moment", at, "Entry", b.entry); err != nil {
		return nil, err
	}
	for _, c := range b.cases {
		line, err := lineOf(v, c)
		if err != nil {
			return nil, err
		}
		page.Cases = append(page.Cases, line)
	}
	title, err := v.Say("trail.cases.title")
	return web.Show{Template: "ledger-cases", Title: title, Data: page}, err
}

func lineOf(v *web.Visit, c ledger.CaseSummary) (line caseLine, err error) {
	line = caseLine{Case: c.Case, Entries: c.Entries, Owner: c.Owner, Retired: c.Retired != 0, Unreadable: c.Unreadable}
	if c.Status != "" {
		if line.Status, err = v.Say("state.case." + string(c.Status)); err != nil {
			return line, err
		}
	}
	if !c.Opened.IsZero() {
		line.OpenedISO = c.Opened.UTC().Format(time.RFC3339)
		line.Opened, err = v.Words.Moment(c.Opened, v.Now)
	}
	return line, err
}

// readCases has the hub record that a person reads the list of cases, and reads it.
func (p *Pages) readCases(v *web.Visit) (web.Answer, error) {
	if err := v.Form(); err != nil {
		return nil, err
	}
	asks := asking{What: events.ReadingCases}
	reader := p.config.Auditor.For(approval(v))
	all, err := reader.Cases(v.Context())
	p.note(v.Context(), v.Person.Code, asks, reader)
	if err != nil {
		return p.refused(v, asks, err)
	}
	slices.SortStableFunc(all, func(a, b ledger.CaseSummary) int { return cmp.Compare(b.Case, a.Case) }) // the ids begin with the time
	entry, at, _ := reader.Recorded(asks.request())
	p.held.put(place{v.Person.Code, ""}, &book{reader: reader, entry: entry, at: at, cases: all})
	return web.Go("/"), nil
}
