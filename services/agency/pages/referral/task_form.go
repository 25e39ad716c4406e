package referral

import (
	"maps"
	"net/url"
	"slices"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/acts"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/ask"
	"handrail/services/web"
)

// lists are the code lists of the members of answers, by their names.
func lists() map[string]string {
	return map[string]string{
		"language": "language", "interpreter": "interpreter", "safety": "safety", "to": "agency", "agency": "agency", "except": "agency", "region": "region",
		"answer": "consent-answer", "by": "speaker", "capacity": "capacity", "child_view": "child-view", "present": "present", "needs": "need",
		"urgency": "urgency", "sex": "sex", "access": "access", "channel": "channel", "bundle": "bundle",
	}
}

// read turns the members of a task's answer into questions of a form.
func (q *question) read(v *web.Visit, a *agency.Agency) error {
	memo, err := a.Memorandum()
	if err != nil {
		return err
	}
	q.choices = form.Choices{
		Offered: map[string][]ask.Option{}, Fixed: map[string]any{}, First: url.Values{"channel": {string(events.InPerson)}}, Needed: map[string]bool{},
		Place: v.Words.In(v.Now).Location(), Now: v.Now,
	}
	for _, f := range q.Answer {
		if f.Form == "object" && f.Codes != nil { // whole sections
			for _, s := range f.Codes {
				q.values = append(q.values, events.Section(s))
			}
			continue
		}
		m := memberOf(f)
		q.suggest(f, m)
		if err := q.offer(v, a, memo, m); err != nil {
			return err
		}
		q.members = append(q.members, m)
	}
	return nil
}

// memberOf is one member of an answer as a question.
func memberOf(f agency.Field) form.Member {
	m := form.Member{Name: f.Name, Key: f.Name, List: lists()[f.Name], Codes: f.Codes, Needed: f.Needed}
	switch f.Form {
	case "many":
		m.Kind = ask.Many
	case "yes-no":
		m.Kind = ask.YesNo
	case "time":
		m.Kind = ask.Moment
	case "object":
		m.Kind = ask.Nested
		for _, band := range []string{"0-8", "9-17"} {
			m.Members = append(m.Members, form.Member{Name: f.Name + "." + band, Key: band, Kind: ask.Count})
		}
	default:
		m.Kind = ask.One
	}
	switch {
	case m.Codes != nil:
	case m.List == "language":
		m.Codes = events.Language("").Codes()
	case m.List == "region":
		m.Codes = events.Region("").Codes()
	}
	if m.Kind == ask.One && m.List != "bundle" {
		m.Kind = form.OneOf(m.Codes)
	}
	return m
}

// suggest fills in what the form that opened the case suggests.
func (q *question) suggest(f agency.Field, m form.Member) {
	if f.Suggested == nil {
		return
	}
	switch m.Kind {
	case ask.Many:
		var list []string
		if json.Unmarshal(f.Suggested, &list) == nil { // a suggestion only
			q.choices.First[m.Name] = list
		}
	case ask.Nested:
		var bands map[string]jsontext.Value
		if json.Unmarshal(f.Suggested, &bands) == nil {
			for band, n := range bands {
				q.choices.First.Set(m.Name+"."+band, string(n))
			}
		}
	case ask.One, ask.Pick, ask.YesNo, ask.Moment, ask.Count, ask.Line, ask.Phone, ask.Text:
		var text string
		if json.Unmarshal(f.Suggested, &text) == nil {
			q.choices.First.Set(m.Name, text)
		}
	}
}

// offer puts agencies and bundles into words.
func (q *question) offer(v *web.Visit, a *agency.Agency, memo *mou.Memorandum, m form.Member) error {
	switch m.List {
	case "agency":
		ids := m.Codes
		if ids == nil {
			ids = bundled(memo)
		}
		for _, id := range ids {
			if me, _ := a.Me(); id == string(me) {
				continue
			}
			option, err := acts.Agency(v.Words, memo, events.AgencyID(id))
			if err != nil {
				return err
			}
			q.choices.Offered[m.Name] = append(q.choices.Offered[m.Name], option)
		}
	case "bundle":
		for _, name := range m.Codes {
			label, err := v.Say("bundle." + name + ".says")
			if err != nil {
				return err
			}
			q.choices.Offered[m.Name] = append(q.choices.Offered[m.Name], ask.Option{Value: name, Label: label})
		}
	}
	return nil
}

// bundled lists the agencies of the kinds that the profile's bundles name.
func bundled(memo *mou.Memorandum) (ids []string) {
	for _, id := range slices.Sorted(maps.Keys(memo.Directory)) {
		for _, b := range memo.Profile.Bundles {
			if b.Class == memo.Directory[id] && !memo.Away[id] {
				ids = append(ids, string(id))
				break
			}
		}
	}
	return ids
}
