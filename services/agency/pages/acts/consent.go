package acts

import (
	"maps"
	"net/url"
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/pages/acts/form"
	"handrail/services/agency/pages/ask"
)

// Staff offer the person the profile's few bundles in plain words, never the matrix
// of recipients, purposes and sections that each stands for.
const (
	bundleField = "bundle"
	onlyField   = "only"   // one agency alone, instead of all of the kind
	exceptField = "except" // all of the kind but these
)

func consent() manner {
	return manner{choices: consentChoices, fields: bundleFields, speak: speakConsent}
}

func refusal() manner {
	return manner{choices: bundled("recipient", "purpose"), fields: bundleFields, speak: speakRefusal}
}

// bundled hides what the bundle stands for: it is filled in when the form is read.
func bundled(members ...string) func(*act) error {
	return func(x *act) (err error) {
		if len(x.memo.Profile.Bundles) > 0 {
			for _, member := range members {
				x.choices.Fixed[member] = nil
			}
			return nil
		}
		all, err := x.agencies(anybody)
		x.choices.Offered["recipient.agency"], x.choices.Offered["recipient.except"] = all, all
		return err
	}
}

func anybody(events.AgencyID, events.AgencyKind) bool { return true }

// consentChoices offers who may speak for the person, and the languages in which they
// were told of their rights.
func consentChoices(x *act) error {
	if err := bundled("recipient", "purpose", "sections")(x); err != nil {
		return err
	}
	x.choices.Needed["expires"] = len(x.memo.Profile.Bundles) == 0
	if x.of.Age() == events.Adult {
		x.choices.Fixed["by"], x.choices.Fixed["child_view"] = events.ByPerson, nil
	} else {
		x.choices.Offered["by"] = codes([]events.Speaker{events.ByGuardian, events.ByAppointed})
		x.choices.Needed["child_view"] = true
	}
	var told []events.Language
	for _, item := range x.of.Trail() {
		if p, is := item.Facts.(*events.RightsInformed); is && !slices.Contains(told, p.Language) {
			told = append(told, p.Language)
			x.choices.First.Set("language", string(p.Language))
			x.choices.First.Set("interpreter", string(p.Interpreter))
		}
	}
	if len(told) > 0 {
		x.choices.Offered["language"] = codes(told)
	}
	return nil
}

// bundleFields asks for the bundle before everything else, and whether it is meant for all.
func bundleFields(x *act, p *page, given asked) error {
	if len(x.memo.Profile.Bundles) == 0 {
		return nil
	}
	c := x.choices
	c.Offered = maps.Clone(c.Offered)
	c.Offered[bundleField] = nil
	for _, name := range slices.Sorted(maps.Keys(x.memo.Profile.Bundles)) {
		option := ask.Option{Value: name}
		var err error
		if option.Label, err = x.Say("bundle." + name + ".says"); err != nil {
			return err
		}
		c.Offered[bundleField] = append(c.Offered[bundleField], option)
	}
	agencies, err := x.agencies(func(_ events.AgencyID, kind events.AgencyKind) bool { return x.bundleOfKind(kind) })
	if err != nil {
		return err
	}
	c.Offered[onlyField], c.Offered[exceptField] = agencies, agencies
	return x.poses(p, c, given,
		form.Member{Name: bundleField, Key: bundleField, Kind: ask.One, Needed: true},
		form.Member{Name: onlyField, Key: onlyField, Kind: ask.Pick, List: "agency"},
		form.Member{Name: exceptField, Key: exceptField, Kind: ask.Many, List: "agency"})
}

func (x *act) bundleOfKind(kind events.AgencyKind) bool {
	for _, b := range x.memo.Profile.Bundles {
		if b.Class == kind {
			return true
		}
	}
	return false
}

// recipient is whom the person means by a bundle; problems if that does not fit together.
func (x *act) recipient(values url.Values) (mou.Bundle, events.Recipient, ask.Problems) {
	b, known := x.memo.Profile.Bundles[values.Get(bundleField)]
	if !known {
		return b, events.Recipient{}, ask.Problems{bundleField: {Key: "acts.error.needed"}}
	}
	to := events.Recipient{Class: b.Class}
	only := events.AgencyID(values.Get(onlyField))
	for _, id := range values[exceptField] {
		if x.memo.Directory[events.AgencyID(id)] == b.Class {
			to.Except = append(to.Except, events.AgencyID(id))
		}
	}
	switch {
	case only == "":
		return b, to, nil
	case x.memo.Directory[only] != b.Class:
		return b, to, ask.Problems{onlyField: {Key: "acts.error.other-kind"}}
	case to.Except != nil:
		return b, to, ask.Problems{exceptField: {Key: "acts.error.only-or-except"}}
	}
	return b, events.Recipient{Agency: only}, nil
}

func speakConsent(x *act, given asked) error {
	if len(x.memo.Profile.Bundles) == 0 {
		return speakPlainly(x, given)
	}
	b, to, problems := x.recipient(given.values)
	agreed := b.Consent(x.Now)
	fixed := map[string]any{"recipient": to, "purpose": agreed.Purpose, "sections": agreed.Sections}
	if given.values.Get("expires.day") == "" {
		fixed["expires"] = agreed.Expires
	}
	payload, err := x.readParts(given, x.choices.With(fixed), problems)
	if err != nil {
		return err
	}
	return x.speak(payload)
}

func speakRefusal(x *act, given asked) error {
	if len(x.memo.Profile.Bundles) == 0 {
		return speakPlainly(x, given)
	}
	b, to, problems := x.recipient(given.values)
	payload, err := x.readParts(given, x.choices.With(map[string]any{"recipient": to, "purpose": b.Purpose}), problems)
	if err != nil {
		return err
	}
	return x.speak(payload)
}
