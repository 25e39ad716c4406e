package acts

import (
	"crypto/rand"
	"maps"
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
	"handrail/services/agency/pages/ask"
	"handrail/services/web/language"
)

// agencies lists the other agencies that take part now and that something holds for,
// by name, each with its kind in words.
func (x *act) agencies(holds func(events.AgencyID, events.AgencyKind) bool) ([]ask.Option, error) {
	var all []ask.Option
	for _, id := range slices.Sorted(maps.Keys(x.memo.Directory)) {
		kind := x.memo.Directory[id]
		if id == x.me || id == events.HubAgency || x.memo.Away[id] || !holds(id, kind) {
			continue
		}
		option, err := x.agency(id)
		if err != nil {
			return nil, err
		}
		all = append(all, option)
	}
	return all, nil
}

// agency is one agency as a choice.
func (x *act) agency(id events.AgencyID) (ask.Option, error) { return Agency(x.Words, x.memo, id) }

// Agency is one agency as a choice: its name, and its kind in words.
func Agency(words *language.Words, memo *mou.Memorandum, id events.AgencyID) (ask.Option, error) {
	o := ask.Option{Value: string(id), Label: string(id)}
	kind, listed := memo.Directory[id]
	if !listed {
		return o, nil
	}
	says, err := words.Code("agency-kind", string(kind))
	o.Label += " (" + says + ")"
	return o, err
}

// onDuty fills in who of the staff speaks, where their code is one that the wire
// takes; else they are asked for one.
func onDuty(member string) func(*act) error {
	return func(x *act) error {
		if new(events.Staff).UnmarshalText([]byte(x.Person.Code)) == nil {
			x.choices.Fixed[member] = x.Person.Code
		}
		return nil
	}
}

// notice goes to whom the country's profile names for the duty to notify.
func notice(x *act) (err error) {
	x.choices.First.Set("age", string(x.of.Age()))
	x.choices.Offered["to"], err = x.agencies(func(_ events.AgencyID, kind events.AgencyKind) bool {
		return slices.Contains(x.memo.Profile.Notices.To, kind)
	})
	return err
}

// provider offers those whose acceptance by telephone can be confirmed.
func provider(x *act) error {
	if x.about == nil {
		return nil
	}
	for _, leg := range x.about.Legs {
		if leg.State == mou.LegWaiting || leg.State == mou.LegDeclined {
			continue
		}
		option, err := x.agency(leg.To)
		if err != nil {
			return err
		}
		x.choices.Offered["provider"] = append(x.choices.Offered["provider"], option)
	}
	return nil
}

// needsAsked offers the services that the request names.
func needsAsked(x *act) error {
	if x.about == nil {
		return nil
	}
	x.choices.Offered["need"] = codes(x.about.Needs)
	if len(x.about.Needs) == 1 {
		x.choices.First.Set("need", string(x.about.Needs[0]))
	}
	return nil
}

func codes[C ~string](list []C) []ask.Option {
	all := make([]ask.Option, len(list))
	for i, code := range list {
		all[i].Value = string(code)
	}
	return all
}

// incidents offers those that other cases here were linked with, and a new one.
func incidents(x *act) error {
	var known []ask.Option
	for _, summary := range x.a.Cases() {
		c, err := x.a.Stands(summary.Case)
		if err != nil {
			continue // it was given up meanwhile
		}
		for _, id := range c.Incidents() {
			if slices.ContainsFunc(known, func(o ask.Option) bool { return o.Value == string(id) }) {
				continue
			}
			label, err := x.Say("acts.incident.known", "Case", string(summary.Case)[:8])
			if err != nil {
				return err
			}
			known = append(known, ask.Option{Value: string(id), Label: label})
		}
	}
	label, err := x.Say("acts.incident.new")
	if err != nil {
		return err
	}
	fresh := x.PostFormValue("incident")
	is := func(o ask.Option) bool { return o.Value == fresh }
	if fresh == "" || slices.ContainsFunc(known, is) {
		if fresh, err = events.NewUUID(x.Now, rand.Reader); err != nil {
			return err
		}
	}
	x.choices.Offered["incident"] = append([]ask.Option{{Value: fresh, Label: label}}, known...)
	return nil
}

// opened offers the details that were released to this agency.
func opened(x *act) error {
	for _, r := range x.of.Records() {
		if r.To != x.me || r.State != mou.RecordReleased || r.Disputed {
			continue
		}
		label, err := x.Words.Code("section", string(r.Section))
		if err != nil {
			return err
		}
		from, err := x.agency(r.By)
		if err != nil {
			return err
		}
		x.choices.Offered["record"] = append(x.choices.Offered["record"], ask.Option{Value: string(r.ID), Label: label, Hint: from.Label})
	}
	return nil
}

// speakDispute says it in the referral that the details belong to.
func speakDispute(x *act, given asked) error {
	for _, r := range x.of.Records() {
		if r.To == x.me && string(r.ID) == given.values.Get("record") {
			x.referral = r.Referral
		}
	}
	return speakPlainly(x, given)
}

// grounds offers those of the country's profile.
func grounds(x *act) error {
	var all []events.KeepGround
	for _, g := range x.memo.Profile.Grounds {
		all = append(all, g.Ground)
	}
	x.choices.Offered["ground"] = codes(all)
	return nil
}

// emergency goes to whom the agreement lets this kind of agency tell something in an emergency.
func emergency(x *act) error {
	profile := x.memo.Profile
	var sections []events.Section
	to, err := x.agencies(func(_ events.AgencyID, kind events.AgencyKind) bool {
		any := false
		for _, code := range events.Section("").Codes() {
			section := events.Section(code)
			if !profile.Allows(x.kind, kind, events.PurposeEmergency, section) {
				continue
			}
			any = true
			if !slices.Contains(sections, section) {
				sections = append(sections, section)
			}
		}
		return any
	})
	if err != nil {
		return err
	}
	slices.Sort(sections)
	x.choices.Offered["to"], x.choices.Offered["sections"] = to, codes(sections)
	return onDuty("staff")(x)
}

// unconfirmed offers the emergencies of this agency that wait for a second person, and
// those of which the person was not told.
func unconfirmed(x *act) error {
	for _, e := range x.of.Emergencies() {
		if e.By != x.me || e.Confirmed && e.Told {
			continue
		}
		danger, err := x.Words.Code("danger", string(e.Reason))
		if err != nil {
			return err
		}
		to, err := x.agency(e.To)
		if err != nil {
			return err
		}
		x.choices.Offered["disclosure"] = append(x.choices.Offered["disclosure"], ask.Option{Value: string(e.ID), Label: danger, Hint: to.Label})
	}
	if all := x.choices.Offered["disclosure"]; len(all) == 1 {
		x.choices.First.Set("disclosure", all[0].Value)
	}
	return onDuty("staff")(x)
}
