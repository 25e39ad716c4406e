package agency

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/strict"
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
	ChildView   events.ChildView            `json:"child_view,omitzero"` // of a child, or while the age is unsure
	Capacity    events.Capacity             `json:"capacity,omitzero"`
	Language    events.Language             `json:"language,omitzero"`
	Interpreter events.Interpreter          `json:"interpreter,omitzero"`
	Present     events.Set[events.Present]  `json:"present,omitzero"`
}

func askConsent() question {
	return question{
		prompt: "Ask the person what they want, in plain words: one offer at a time. No is an answer, and so is not now.",
		gate:   events.TypeConsentGiven,
		known:  consentKnown,
		note:   consentNote,
		fields: consentFields,
		answer: answerConsent,
	}
}

// consentKnown: a firm consent may still lead to help, or the person said no to
// everything. A no to one offer, a consent that is provisional, has run out or was
// taken back, and providers that all declined leave the question open.
func consentKnown(a *Agency, f *file, now time.Time) bool {
	all := a.offers(f, now)
	return slices.ContainsFunc(all, offer.leads) || !slices.ContainsFunc(all, func(o offer) bool { return !refused(o) })
}

func refused(o offer) bool { return o.last == events.TypeConsentRefused }

func consentNote(a *Agency, f *file, now time.Time) string {
	all := a.offers(f, now)
	exhausted := func(o offer) bool { return o.consent == mou.ConsentGiven && !o.leads() }
	return told("The person said no to this; only they bring it up again: ", names(all, refused)) +
		told("The person took this back: ", names(all, func(o offer) bool { return o.last == events.TypeConsentWithdrawn })) +
		told("Ask again, without pressure on the person: ", names(all, func(o offer) bool { return o.consent == mou.ConsentProvisional })) +
		told("Nobody who was asked can help with this, so offer something else too: ", names(all, exhausted))
}

func consentFields(a *Agency, t task) []Field {
	bundles := bundleCodes(a)
	says := []string{"What was offered."}
	for _, name := range bundles {
		says = append(says, name+": "+a.book.memo.Profile.Bundles[name].Says)
	}
	var child []Field
	if a.ageOf(t.of) != events.Adult {
		child = []Field{{Name: "child_view", Says: "What the child itself wants.", Form: "one", Codes: events.ChildView("").Codes(), Needed: true}}
	}
	return askedFields(slices.Concat([]Field{
		{Name: "answer", Says: "What the person says.", Form: "one", Codes: []string{"yes", "no", "not-now"}, Needed: true},
		{Name: "bundle", Says: strings.Join(says, " "), Form: "one", Codes: bundles, Needed: true},
		{Name: "agency", Says: "Only this provider, if the person named one.", Form: "one"},
		{Name: "except", Says: "Not these providers.", Form: "many"},
		{Name: "by", Says: "Who agreed: the person, or for a child a guardian; one whom an authority appointed if the guardian may be involved.", Form: "one", Codes: events.Speaker("").Codes(), Needed: true},
		{Name: "capacity", Says: "Clear, or was there doubt that the person could decide?", Form: "one", Codes: events.Capacity("").Codes(), Needed: true},
		{Name: "present", Says: "Who was there.", Form: "many", Codes: events.Present("").Codes(), Needed: true},
	}, child, languageFields(t))...)
}

func answerConsent(a *Agency, _ context.Context, t task, body []byte, now time.Time) (reply, error) {
	var given consentAnswer
	if err := errors.Join(strict.Read(body, &given), strict.Wanted(given.Answer != "", "answer")); err != nil {
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
		no := &events.ConsentRefused{Said: said, Recipient: consent.Recipient, Purpose: consent.Purpose}
		if a.saidAlready(t.of, no) {
			return reply{later: true}, nil // whoever did not hear the answer sent it again
		}
		return one(no), nil
	}
	err := errors.Join(
		strict.Wanted(given.By != "", "by"), strict.Wanted(given.Capacity != "", "capacity"), strict.Wanted(given.Present != nil, "present"),
		strict.Wanted(given.Language != "", "language"), strict.Wanted(given.Interpreter != "", "interpreter"),
		strict.Wanted(given.ChildView != "" || a.ageOf(t.of) == events.Adult, "child_view"))
	if err != nil {
		return reply{}, err
	}
	consent.Said, consent.Language, consent.Interpreter, consent.Present = said, given.Language, given.Interpreter, given.Present
	consent.By, consent.Capacity, consent.ChildView = given.By, given.Capacity, given.ChildView
	return one(&consent), nil
}

// saidAlready says whether this very no is the last word on what it is about.
func (a *Agency) saidAlready(id events.CaseID, no *events.ConsentRefused) bool {
	last := false
	if f := a.book.files[id]; f != nil {
		for _, item := range f.tentative.Trail() {
			switch p := item.Facts.(type) {
			case *events.ConsentRefused:
				last = last || sameRecipient(p.Recipient, no.Recipient) && p.Purpose == no.Purpose
			case *events.ConsentGiven:
				last = last && p.Purpose != no.Purpose
			}
		}
	}
	return last
}

func sameRecipient(x, y events.Recipient) bool {
	return x.Agency == y.Agency && x.Class == y.Class && slices.Equal(x.Except, y.Except)
}
