package agency

import (
	"context"
	"errors"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/strict"
)

// stated is known once a statement of type P stands in the case.
func stated[P events.Payload](_ *Agency, f *file, _ time.Time) bool {
	return slices.ContainsFunc(f.tentative.Trail(), func(i mou.Item) bool {
		_, ok := i.Facts.(P)
		return ok
	})
}

func informRights() question {
	return question{
		prompt: "Tell the person of their rights, in a language that they understand. In which language, and who interpreted?",
		gate:   events.TypeRightsInformed,
		known:  stated[*events.RightsInformed],
		fields: func(_ *Agency, t task) []Field { return askedFields(languageFields(t)...) },
		answer: func(_ *Agency, _ context.Context, _ task, body []byte, now time.Time) (reply, error) {
			var given struct {
				asked
				Language    events.Language    `json:"language"`
				Interpreter events.Interpreter `json:"interpreter"`
			}
			if err := errors.Join(strict.Read(body, &given), strict.Wanted(given.Language != "", "language"), strict.Wanted(given.Interpreter != "", "interpreter")); err != nil {
				return reply{}, err
			}
			return one(&events.RightsInformed{Said: given.said(now), Language: given.Language, Interpreter: given.Interpreter}), nil
		},
	}
}

func languageFields(t task) []Field {
	return []Field{
		{Name: "language", Says: "The language, as ISO 639-3: eng, sqi, vie ...", Form: "one", Needed: true, Suggested: suggest(t.hints.Language, t.hints.Language != "")},
		{Name: "interpreter", Says: "Who interpreted.", Form: "one", Codes: events.Interpreter("").Codes(), Needed: true},
	}
}

func assessRisk() question {
	return question{
		prompt: "Assess the risk together with the person. Which dangers must a provider know of before it accepts?",
		gate:   events.TypeRiskAssessed,
		known:  stated[*events.RiskAssessed],
		fields: func(_ *Agency, t task) []Field {
			return askedFields(
				Field{Name: "with_person", Says: "Was it done with the person?", Form: "yes-no", Needed: true},
				Field{Name: "safety", Says: "The dangers; leave it out if there are none.", Form: "many", Codes: events.Safety("").Codes(), Suggested: suggest(t.hints.Safety, t.hints.Safety != nil)})
		},
		answer: func(_ *Agency, _ context.Context, _ task, body []byte, now time.Time) (reply, error) {
			var given struct {
				asked
				WithPerson *bool                     `json:"with_person"`
				Safety     events.Set[events.Safety] `json:"safety,omitzero"`
			}
			if err := errors.Join(strict.Read(body, &given), strict.Wanted(given.WithPerson != nil, "with_person")); err != nil {
				return reply{}, err
			}
			return one(&events.RiskAssessed{Said: given.said(now), WithPerson: *given.WithPerson, Safety: given.Safety}), nil
		},
	}
}

func tellChildProtection() question {
	return question{
		prompt: "The person is a child, or may be one. Tell child protection at once: it decides what happens next.",
		gate:   events.TypeNoticeSent,
		known: func(a *Agency, f *file, _ time.Time) bool {
			return slices.ContainsFunc(f.tentative.Trail(), func(i mou.Item) bool {
				notice, ok := i.Facts.(*events.NoticeSent)
				return ok && a.book.memo.Directory[notice.To] == events.ChildProtection
			})
		},
		fields: func(a *Agency, t task) []Field {
			listed := a.directory.OfKind(events.ChildProtection)
			return askedFields(
				Field{Name: "to", Says: "Which child protection.", Form: "one", Codes: agencyCodes(listed), Needed: true, Suggested: suggest(slices.Concat(listed, []events.AgencyID{""})[0], len(listed) > 0)},
				Field{Name: "region", Says: "Where the person is, as ISO 3166-2.", Form: "one", Suggested: suggest(t.hints.Region, t.hints.Region != "")})
		},
		answer: func(a *Agency, _ context.Context, t task, body []byte, now time.Time) (reply, error) {
			var given struct {
				asked
				To     events.AgencyID `json:"to"`
				Region events.Region   `json:"region,omitzero"`
			}
			if err := errors.Join(strict.Read(body, &given), strict.Wanted(given.To != "", "to")); err != nil {
				return reply{}, err
			}
			return one(&events.NoticeSent{Said: given.said(now), To: given.To, Age: a.ageOf(t.of), Region: given.Region}), nil
		},
	}
}

// ageOf is the age class under which the case runs now.
func (a *Agency) ageOf(id events.CaseID) events.AgeClass {
	if f := a.book.files[id]; f != nil && f.tentative.Age() != "" {
		return f.tentative.Age()
	}
	return events.Unsure // doubt means child until determined (domain rule 7)
}

func one(p events.Payload) reply { return reply{statements: []Statement{{Payload: p}}} }
