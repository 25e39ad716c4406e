package trail

import (
	"slices"

	"handrail/contracts/mou"
	"handrail/events"
)

// agreed is what the person's words were about: one recipient, one purpose. A withdrawal may name no purpose, which is
// all of them.
type agreed struct {
	recipient events.Recipient
	purpose   events.Purpose
	sections  []events.Section // that any yes of it named
	last      uint64
}

// consents is the person's last word for each recipient and purpose, and what the memorandum made of it at the moment.
func (w writer) consents(p *Page) error {
	for _, one := range w.agreed() {
		c := Consent{Entry: one.last}
		var err error
		if c.To, err = w.recipient(one.recipient); err != nil {
			return err
		}
		if c.Purpose, err = w.words.Code("purpose", string(one.purpose)); err != nil {
			return err
		}
		if c.States, err = w.worth(one); err != nil {
			return err
		}
		p.Consents = append(p.Consents, c)
	}
	return nil
}

// agreed gathers the yeses and noes up to the moment. A withdrawal shows at the consents that it ends, by what it did
// to them.
func (w writer) agreed() []agreed {
	var all []agreed
	add := func(number uint64, to events.Recipient, purpose events.Purpose, sections []events.Section) {
		at := slices.IndexFunc(all, func(a agreed) bool {
			return a.purpose == purpose && a.recipient.Agency == to.Agency && a.recipient.Class == to.Class && slices.Equal(a.recipient.Except, to.Except)
		})
		if at < 0 {
			all, at = append(all, agreed{recipient: to, purpose: purpose}), len(all)
		}
		all[at].last = number
		for _, s := range sections {
			if !slices.Contains(all[at].sections, s) {
				all[at].sections = append(all[at].sections, s)
			}
		}
	}
	for _, e := range w.Entries[:w.count] {
		if e.Item == nil || e.Waiting {
			continue
		}
		switch said := e.Item.Facts.(type) {
		case *events.ConsentGiven:
			add(e.Number, said.Recipient, said.Purpose, said.Sections)
		case *events.ConsentRefused:
			add(e.Number, said.Recipient, said.Purpose, nil)
		case *events.ConsentWithdrawn:
			for i := range all {
				if reaches(said.Recipient, all[i].recipient) && (said.Purpose == "" || said.Purpose == all[i].purpose) {
					all[i].last = e.Number
				}
			}
		}
	}
	return all
}

// reaches says whether a withdrawal names the recipient of a consent.
func reaches(no, yes events.Recipient) bool {
	return no.Agency != "" && no.Agency == yes.Agency || no.Class != "" && no.Class == yes.Class
}

// worth groups the sections of a consent by how it stands. What a consent for a class is worth is asked for one agency
// of it, which the words must cover.
func (w writer) worth(one agreed) ([]Fact, error) {
	to := one.recipient.Agency
	for _, id := range w.agencies() {
		if to == "" && one.recipient.Covers(id, w.Kinds[id]) {
			to = id
		}
	}
	sections := one.sections
	if len(sections) == 0 {
		sections = []events.Section{events.SectionIdentity} // a no is a no to all
	}
	var order []mou.ConsentState
	by := map[mou.ConsentState][]events.Section{}
	for _, s := range sections {
		state := mou.ConsentNone
		if to != "" {
			state = w.then.Consent(to, one.purpose, s, w.clock)
		}
		if by[state] == nil {
			order = append(order, state)
		}
		by[state] = append(by[state], s)
	}
	var all []Fact
	for _, state := range order {
		says, err := w.words.Say("state.consent." + string(state))
		if err != nil {
			return nil, err
		}
		text := ""
		if len(one.sections) > 0 {
			if text, err = codes(w, "section", by[state]); err != nil {
				return nil, err
			}
		}
		all = append(all, Fact{says, text})
	}
	return all, nil
}

// agencies lists the directory in the order of the ids.
func (w writer) agencies() []events.AgencyID {
	all := make([]events.AgencyID, 0, len(w.Kinds))
	for id := range w.Kinds {
		all = append(all, id)
	}
	slices.Sort(all)
	return all
}
