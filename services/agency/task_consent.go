package agency

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
)

// consentAnswer is what the person said to a bundle that was offered in plain
// words.
type consentAnswer struct {
	asked
	Answer      string                      `json:"answer"` // yes, no, not-now
	Bundle      string                      `json:"bundle"`
	Agency      events.AgencyID             `json:"agency,omitzero"` // only this one, instead of every provider of the bundle's kind
	Except      events.Set[events.AgencyID] `json:"except,omitzero"` // every provider but these
	By          events.Speaker              `json:"by,omitzero"`
	Capacity    events.Capacity             `json:"capacity,omitzero"`
	Language    events.Language             `json:"language,omitzero"`
	Interpreter events.Interpreter          `json:"interpreter,omitzero"`
	Present     events.Set[events.Present]  `json:"present,omitzero"`
}

func askConsent() question {
	return question{
		prompt: "Ask the person what they want, in plain words: one offer at a time. No is an answer, and so is not now.",
		gate:   events.TypeConsentGiven,
		known: func(_ *Agency, i mou.Item) bool {
			return i.Type == events.TypeConsentGiven || i.Type == events.TypeConsentRefused
		},
		fields: consentFields,
		answer: answerConsent,
	}
}

func consentFields(a *Agency, t task) []Field {
	bundles := slices.Sorted(maps.Keys(a.book.memo.Profile.Bundles))
	says := []string{"What was offered."}
	for _, name := range bundles {
		says = append(says, name+": "+a.book.memo.Profile.Bundles[name].Says)
	}
	return askedFields(slices.Concat([]Field{
		{Name: "answer", Says: "What the person says.", Form: "one", Codes: []string{"yes", "no", "not-now"}, Needed: true},
		{Name: "bundle", Says: strings.Join(says, " "), Form: "one", Codes: bundles, Needed: true},
		{Name: "agency", Says: "Only this provider, if the person named one.", Form: "one"},
		{Name: "except", Says: "Not these providers.", Form: "many"},
		{Name: "by", Says: "Who spoke, if not the person.", Form: "one", Codes: events.Speaker("").Codes()},
		{Name: "capacity", Says: "Whether there was doubt that the person could decide.", Form: "one", Codes: events.Capacity("").Codes()},
		{Name: "present", Says: "Who was there.", Form: "many", Codes: events.Present("").Codes(), Needed: true},
	}, languageFields(t))...)
}

func answerConsent(a *Agency, _ context.Context, _ task, body []byte, now time.Time) (reply, error) {
	var given consentAnswer
	if err := errors.Join(readStrict(body, &given), wanted(given.Answer != "", "answer")); err != nil {
		return reply{}, err
	}
	bundle, ok := a.book.memo.Profile.Bundles[given.Bundle]
	switch {
	case given.Answer == "not-now":
		return reply{later: true}, nil
	case given.Answer != "yes" && given.Answer != "no":
		return reply{}, events.Refuse(events.RuleDataCode, "/answer", "the answer is yes, no or not-now")
	case !ok:
		return reply{}, events.Refuse(events.RuleDataCode, "/bundle", "the country profile has no bundle of that name")
	case given.Agency != "" && given.Except != nil:
		return reply{}, events.Refuse(events.RuleDataRange, "/except", "only a kind of provider has exceptions")
	}
	said := given.said(now)
	consent := bundle.Consent(said.Happened.Time())
	if given.Agency != "" {
		consent.Recipient = events.Recipient{Agency: given.Agency}
	}
	consent.Recipient.Except = given.Except
	if given.Answer == "no" {
		return one(&events.ConsentRefused{Said: said, Recipient: consent.Recipient, Purpose: consent.Purpose}), nil
	}
	err := errors.Join(wanted(given.Language != "", "language"), wanted(given.Interpreter != "", "interpreter"), wanted(given.Present != nil, "present"))
	if err != nil {
		return reply{}, err
	}
	consent.Said, consent.Language, consent.Interpreter, consent.Present = said, given.Language, given.Interpreter, given.Present
	consent.By, consent.Capacity = given.By, given.Capacity
	if consent.By == "" {
		consent.By = events.ByPerson
	}
	if consent.Capacity == "" {
		consent.Capacity = events.Clear
	}
	return one(&consent), nil
}
