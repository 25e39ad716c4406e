package agency

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/strict"
)

// providerAnswer is whom to ask, and what they need to know to say yes or no.
type providerAnswer struct {
	asked
	To       events.Set[events.AgencyID] `json:"to"`
	Bundle   string                      `json:"bundle"`
	Needs    events.Set[events.Need]     `json:"needs"`
	Urgency  events.Urgency              `json:"urgency"`
	Region   events.Region               `json:"region,omitzero"`
	Sex      events.Sex                  `json:"sex,omitzero"`
	Children events.Children             `json:"children,omitzero"`
	Language events.Language             `json:"language,omitzero"`
	Access   events.Set[events.Access]   `json:"access,omitzero"`
	Safety   events.Set[events.Safety]   `json:"safety,omitzero"`
}

func chooseProvider() question {
	return question{
		prompt: "Choose whom to ask to take the person. They see what you state here; the sealed sections only reach the one that accepts.",
		gate:   events.TypeReferralRequested,
		stands: providerStands,
		known:  providerKnown,
		note:   providerNote,
		fields: providerFields,
		answer: answerProvider,
	}
}

// providerKnown: for everything that the person agreed to, somebody is asked who
// may still help, or helps. A request that all declined leaves the question open.
func providerKnown(a *Agency, f *file, now time.Time) bool {
	all := a.offers(f, now)
	return !slices.ContainsFunc(all, offer.waits) && slices.ContainsFunc(all, func(o offer) bool { return o.alive })
}

// providerStands asks for an offer that the person agreed to.
func providerStands(a *Agency, f *file, now time.Time) *events.Violation {
	if slices.ContainsFunc(a.offers(f, now), offer.waits) {
		return nil
	}
	return events.Refuse(mou.RuleConsentRequired, "", "the person has agreed to nothing for which somebody of the directory could be asked; ask them first")
}

// providerNote tells who cannot take the person, and why.
func providerNote(a *Agency, f *file, now time.Time) string {
	why := map[events.AgencyID]string{}
	for _, item := range f.tentative.Trail() {
		switch p := item.Facts.(type) {
		case *events.ReferralDeclined:
			why[item.By] = string(p.Reason)
		case *events.HandoverFailed:
			why[item.By] = "the hand-over failed"
		}
	}
	var cannot []string
	for _, o := range a.offers(f, now) {
		if !o.waits() {
			continue
		}
		for _, id := range o.declined {
			if why[id] == "" {
				why[id] = "no answer in time"
			}
			if line := string(id) + " (" + why[id] + ")"; !slices.Contains(cannot, line) {
				cannot = append(cannot, line)
			}
		}
	}
	return told("These could not when they were last asked: ", cannot)
}

func providerFields(a *Agency, t task) []Field {
	h, o, found := t.hints, offer{}, false
	if f := a.book.files[t.of]; f != nil {
		all := a.offers(f, a.now())
		if at := slices.IndexFunc(all, offer.waits); at >= 0 {
			o, found = all[at], true
		}
	}
	facts := &events.ReferralRequested{Purpose: o.bundle.Purpose, Needs: h.Needs, Region: h.Region, Age: a.ageOf(t.of), Sex: h.Sex}
	first, open := a.config.Desk.Ask(o.agreed, facts), a.config.Desk.Ask(o.open(), facts)
	return askedFields(
		Field{Name: "to", Says: "Whom to ask; several are asked at once.", Form: "many", Codes: agencyCodes(first), Needed: true, Suggested: suggest(open[:min(1, len(open))], len(open) > 0)},
		Field{Name: "bundle", Says: "What the person agreed to, if it is more than one thing.", Form: "one", Codes: bundleCodes(a), Suggested: suggest(o.name, found)},
		Field{Name: "needs", Says: "What the person needs.", Form: "many", Codes: events.Need("").Codes(), Needed: true, Suggested: suggest(h.Needs, h.Needs != nil)},
		Field{Name: "urgency", Says: "Tonight, or standard.", Form: "one", Codes: events.Urgency("").Codes(), Needed: true},
		Field{Name: "region", Says: "Where, as ISO 3166-2.", Form: "one", Suggested: suggest(h.Region, h.Region != "")},
		Field{Name: "sex", Says: "Only if it matters to the placement.", Form: "one", Codes: events.Sex("").Codes(), Suggested: suggest(h.Sex, h.Sex != "")},
		Field{Name: "children", Says: "How many children come along, by age band.", Form: "object", Suggested: suggest(h.Children, h.Children != events.Children{})},
		Field{Name: "language", Says: "As ISO 639-3.", Form: "one", Suggested: suggest(h.Language, h.Language != "")},
		Field{Name: "access", Says: "What a place must offer.", Form: "many", Codes: events.Access("").Codes(), Suggested: suggest(h.Access, h.Access != nil)},
		Field{Name: "safety", Says: "Dangers that a provider must know of.", Form: "many", Codes: events.Safety("").Codes(), Suggested: suggest(h.Safety, h.Safety != nil)},
	)
}

// consentedBundle is what the person agreed to and nobody is asked for yet, if
// there is just one such offer.
func (a *Agency) consentedBundle(id events.CaseID, now time.Time) string {
	f := a.book.files[id]
	if f == nil {
		return ""
	}
	if waiting := names(a.offers(f, now), offer.waits); len(waiting) == 1 {
		return waiting[0]
	}
	return ""
}

// couldAsk lists the agencies of the bundle's kind.
func (a *Agency) couldAsk(b mou.Bundle) []Provider {
	could := []Provider{}
	for _, id := range a.directory.OfKind(b.Class) {
		if id != a.config.Agency {
			could = append(could, a.offerOf(id, b.Class))
		}
	}
	return could
}

func bundleCodes(a *Agency) []string {
	return slices.Sorted(maps.Keys(a.book.memo.Profile.Bundles))
}

// answerProvider makes the request and, for each provider asked, one sealed
// record of each section that the bundle names, the agreement allows, and this
// agency holds back.
func answerProvider(a *Agency, ctx context.Context, t task, body []byte, now time.Time) (reply, error) {
	var given providerAnswer
	if err := strict.Read(body, &given); err != nil {
		return reply{}, err
	}
	if given.Bundle == "" {
		given.Bundle = a.consentedBundle(t.of, now)
	}
	err := errors.Join(strict.Wanted(given.To != nil, "to"), strict.Wanted(given.Bundle != "", "bundle"), strict.Wanted(given.Needs != nil, "needs"), strict.Wanted(given.Urgency != "", "urgency"))
	if err != nil {
		return reply{}, err
	}
	bundle, ok := a.book.memo.Profile.Bundles[given.Bundle]
	if !ok {
		return reply{}, events.Refuse(events.RuleDataCode, "/bundle", "the country profile has no bundle of that name")
	}
	sections, err := a.sharable(ctx, t.of, bundle, given.To, now)
	if err != nil {
		return reply{}, err
	}
	id, err := newID("", now)
	if err != nil {
		return reply{}, err
	}
	made := reply{statements: []Statement{{ID: id, Payload: &events.ReferralRequested{
		Said: given.said(now), To: given.To, Purpose: bundle.Purpose, Sections: sections, Needs: given.Needs, Urgency: given.Urgency,
		Region: given.Region, Age: a.ageOf(t.of), Sex: given.Sex, Children: given.Children, Language: given.Language, Access: given.Access, Safety: given.Safety,
	}}}}
	for _, to := range given.To {
		sealed, err := a.sealings(ctx, Sealing{Case: t.of, Referral: id, To: to, Purpose: bundle.Purpose, Sections: sections})
		if err != nil {
			return reply{}, err
		}
		made.statements = append(made.statements, sealed...)
	}
	return made, nil
}

// sharable lists the sections of a bundle that may go to every provider asked,
// and that are held back here.
func (a *Agency) sharable(ctx context.Context, id events.CaseID, b mou.Bundle, to events.Set[events.AgencyID], now time.Time) (events.Set[events.Section], error) {
	held, err := draftSections(ctx, a.journal.reader, id, now)
	if err != nil {
		return nil, err
	}
	sections, err := a.allowedTo(b, to, func(section events.Section) bool { return slices.Contains(held, section) })
	if err != nil {
		return nil, err
	}
	if sections == nil {
		return nil, events.Refuse(mou.RuleAgreementTable, "/to", "no section that is held back here may go to all of these providers for this purpose")
	}
	return sections, nil
}

// allowedTo lists the sections of a bundle that are there and that the agreement lets
// this agency send to every provider asked. Agency.mu is held.
func (a *Agency) allowedTo(b mou.Bundle, to events.Set[events.AgencyID], there func(events.Section) bool) (sections events.Set[events.Section], err error) {
	for _, section := range b.Sections {
		allowed := there(section)
		for _, provider := range to {
			kind, listed := a.book.memo.Directory[provider]
			if !listed {
				return nil, events.Refuse(mou.RuleRecipientUnknown, "/to", "the directory lists no agency of that id")
			}
			allowed = allowed && a.book.memo.Profile.Allows(a.config.Kind, kind, b.Purpose, section)
		}
		if allowed {
			sections = append(sections, section)
		}
	}
	return sections, nil
}
