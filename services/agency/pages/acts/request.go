package acts

import (
	"encoding"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"

	"handrail/contracts/match"
	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/acts/section"
	"handrail/services/agency/pages/ask"
)

// A button of the form that asks for nothing but the providers in another order.
const (
	stepField = "step"
	rankStep  = "rank"
)

// request asks providers to take the person, with the sealed sections that go to the
// one that accepts.
func request() manner {
	return manner{
		choices: requestChoices, fields: requestFields, last: []string{"order", "to"}, speak: speakRequest,
		again: func(_ *act, given asked) bool { return given.values.Get(stepField) == rankStep },
		leads: func(x *act) string { return x.path(x.statement) },
	}
}

func requestChoices(x *act) error {
	x.choices.Fixed["purpose"], x.choices.Fixed["sections"], x.choices.Fixed["age"] = nil, nil, x.of.Age()
	x.choices.Needed["order"] = true
	x.choices.First.Set("order", string(events.InTurn))
	if len(x.offers()) == 0 && x.move.Allowed {
		x.move.Allowed, x.move.Rule = false, mou.RuleConsentRequired // nobody could be asked for anything
		return nil
	}
	for _, item := range x.of.Trail() {
		switch p := item.Facts.(type) {
		case *events.RightsInformed:
			x.choices.First.Set("language", string(p.Language))
		case *events.RiskAssessed:
			x.choices.First["safety"] = texts(p.Safety)
		case *events.ReferralRequested: // asked before: what was needed then is needed now
			if item.By == x.me {
				x.choices.First["needs"], x.choices.First["access"] = texts(p.Needs), texts(p.Access)
				x.choices.First.Set("region", string(p.Region))
				x.choices.First.Set("sex", string(p.Sex))
				x.choices.First.Set("urgency", string(p.Urgency))
				x.choices.First.Set("children.0-8", strconv.Itoa(p.Children.Under9))
				x.choices.First.Set("children.9-17", strconv.Itoa(p.Children.Under18))
			}
		}
	}
	if offers := x.offers(); len(offers) == 1 {
		x.choices.First.Set(bundleField, offers[0].name)
	}
	return x.ranked()
}

func texts[T ~string](list []T) []string {
	all := make([]string, len(list))
	for i, one := range list {
		all[i] = string(one)
	}
	return all
}

// ranked offers whom to ask: first who says that it can take the person.
func (x *act) ranked() error {
	values := x.choices.First
	if x.Method == http.MethodPost {
		values = x.PostForm
	}
	wish := x.wish(values)
	listed, err := x.a.Providers(wish)
	if err != nil {
		return err
	}
	could := x.couldAsk(values.Get(bundleField))
	var all []ask.Option
	for _, p := range listed {
		if !slices.Contains(could, p.Agency) {
			continue
		}
		could = slices.DeleteFunc(could, func(id events.AgencyID) bool { return id == p.Agency })
		option, err := x.agency(p.Agency)
		if err == nil {
			option.Hint, err = x.why(p)
		}
		if err != nil {
			return err
		}
		all = append(all, option)
	}
	for _, id := range could {
		option, err := x.agency(id)
		if err != nil {
			return err
		}
		all = append(all, option)
	}
	x.choices.Offered["to"] = all
	return nil
}

// couldAsk lists whom the chosen offer may be asked of, or any of them.
func (x *act) couldAsk(chosen string) (all []events.AgencyID) {
	for _, o := range x.offers() {
		if chosen != "" && chosen != o.name {
			continue
		}
		for _, id := range x.reachable(o) {
			if !slices.Contains(all, id) {
				all = append(all, id)
			}
		}
	}
	return all
}

// why puts the reasons of a provider's place in the list into words.
func (x *act) why(p agency.ProviderView) (string, error) {
	text := ""
	for _, reason := range slices.Concat(p.Against, p.For) {
		says, err := x.Say("match." + string(reason))
		if err != nil {
			return "", err
		}
		if text != "" {
			text += "; "
		}
		text += says
	}
	return text, nil
}

// wish reads what can be read of a form that may be half filled.
func (x *act) wish(values url.Values) match.Wish {
	w := match.Wish{Age: x.of.Age()}
	each(values["needs"], &w.Needs)
	each(values["access"], &w.Access)
	_ = w.Sex.UnmarshalText([]byte(values.Get("sex"))) // what cannot be read is not wished for
	_ = w.Region.UnmarshalText([]byte(values.Get("region")))
	_ = w.Urgency.UnmarshalText([]byte(values.Get("urgency")))
	_ = w.Language.UnmarshalText([]byte(values.Get("language")))
	for _, band := range []string{"children.0-8", "children.9-17"} {
		if n, err := strconv.Atoi(values.Get(band)); err == nil && n > 0 && n <= 20 {
			w.Children += n
		}
	}
	return w
}

func each[T ~string, P interface {
	*T
	encoding.TextUnmarshaler
}](from []string, to *events.Set[T]) {
	for _, text := range from {
		var code T
		if P(&code).UnmarshalText([]byte(text)) == nil && !slices.Contains(*to, code) {
			*to = append(*to, code)
		}
	}
}

func requestFields(x *act, p *page, given asked) error {
	p.Ranks = true
	c := x.choices
	c.Offered = map[string][]ask.Option{}
	var wanted []events.Section
	for _, o := range x.offers() {
		label, err := x.Say(o.label)
		if err != nil {
			return err
		}
		option := ask.Option{Value: o.name, Label: label}
		if o.only != "" {
			option.Hint = string(o.only)
		}
		c.Offered[bundleField] = append(c.Offered[bundleField], option)
		for _, s := range o.sections {
			if !slices.Contains(wanted, s) && s != events.SectionQuestion {
				wanted = append(wanted, s)
			}
		}
	}
	err := x.poses(p, c, given, form.Member{Name: bundleField, Key: bundleField, Kind: ask.One, Needed: true})
	if err != nil {
		return err
	}
	p.Sections, err = x.sectionForms(wanted, given)
	return err
}

func speakRequest(x *act, given asked) error {
	problems := ask.Problems{}
	offers := x.offers()
	at := slices.IndexFunc(offers, func(o offer) bool { return o.name == given.values.Get(bundleField) })
	fixed := map[string]any{"purpose": events.PurposeStatistics, "sections": []string{string(events.SectionQuestion)}} // until the offer is known; then the form is shown again
	var values map[events.Section]jsontext.Value
	if at < 0 {
		problems.Refuse(bundleField, "acts.error.needed")
	} else {
		var sections []events.Section
		var err error
		if sections, values, err = x.toShare(offers[at], given.values, problems); err != nil {
			return err
		}
		fixed["purpose"] = offers[at].purpose
		if len(sections) > 0 {
			fixed["sections"] = sections
		}
	}
	payload, err := x.readParts(given, x.choices.With(fixed), problems)
	if err != nil {
		return err
	}
	facts, is := payload.(*events.ReferralRequested)
	if !is {
		return events.Refuse(events.RuleDataMalformed, "", "this is no request")
	}
	_, err = x.a.Refer(x.Context(), agency.Referring{Case: x.id, ID: x.statement, Facts: facts, Values: values})
	return err
}

// toShare is what goes, sealed, to whoever accepts: the sections of the offer that
// are held back or were written, and may go to every provider asked.
func (x *act) toShare(o offer, values url.Values, problems ask.Problems) (sections []events.Section, written map[events.Section]jsontext.Value, err error) {
	held, err := x.a.HeldSections(x.Context(), x.id)
	if err != nil {
		return nil, nil, err
	}
	var to []events.AgencyID
	for _, id := range values["to"] {
		if agency := events.AgencyID(id); !slices.Contains(x.reachable(o), agency) {
			problems.Refuse("to", "rule."+string(mou.RuleConsentRequired))
		} else {
			to = append(to, agency)
		}
	}
	written = map[events.Section]jsontext.Value{}
	for _, s := range o.sections {
		value, tooLong, err := section.Read(s, values.Get)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range tooLong {
			problems.Refuse(name, "acts.error.long")
		}
		may := !slices.ContainsFunc(to, func(id events.AgencyID) bool { return !x.shares(id, o, s) })
		switch {
		case value != nil && !may:
			problems.Refuse(section.Field(s, section.Members(s)[0].Name), "rule."+string(mou.RuleAgreementTable))
		case value != nil:
			written[s] = value
			sections = append(sections, s)
		case may && slices.Contains(held, s) && sendsHeld(values, s):
			sections = append(sections, s)
		}
	}
	if len(sections) == 0 && len(to) > 0 {
		problems.Refuse("", "acts.error.nothing-shared")
	}
	return sections, written, nil
}
